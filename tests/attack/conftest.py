"""A world in which every table has rows, and the pages and operations that show them."""

import pytest

from institutions.models import VLEWarning
from learners.models import ServedText
from signin.models import CallerSession
from tests.admin.test_pages import filled
from tests.contract.calls import CALLS
from tests.contract.conftest import caller, stage, world
from tests.contract.desk import fill_desk
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
    for home in (world.home, world.away):
        VLEWarning.objects.create(vle=home.vle, setting="locale", text="Not understood.")
    ServedText.objects.create(
        session=CallerSession.objects.order_by("pk").first(), version="1.0.0", language="en", sha256="0"
    )
    fill_desk(world, 1)
    for call in CALLS.values():
        if call.method == "get" and call.before is not None:
            call.before(world)


@pytest.fixture(scope="module")
def standing(stage):
    with stage(everything) as before:
        yield before
