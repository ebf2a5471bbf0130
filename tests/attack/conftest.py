"""A world in which every table has rows, and the pages and operations that show them."""

import pytest

from tests.admin.test_pages import filled
from tests.contract.calls import CALLS
from tests.contract.conftest import caller, stage, world
from tests.contract.filling import fill, fill_administration
from tests.pages.conftest import signed_in
from tests.world import World

__all__ = ["caller", "signed_in", "stage", "world"]


def everything(world: World) -> None:
    """Rows of every kind, in both institutions."""
    fill(world, 3)
    fill_administration(3)
    filled(world.home, 1)
    filled(world.away, 2)
    for call in CALLS.values():
        if call.method == "get" and call.before is not None:
            call.before(world)


@pytest.fixture(scope="module")
def standing(stage):
    with stage(everything) as before:
        yield before
