"""Browsers for the console's pages."""

import pytest

from tests.pages.conftest import signed_in, visitor
from tests.world import World

__all__ = ["signed_in", "visitor"]


@pytest.fixture
def address(world):
    """address("courses/{course}/", home=...): of a page, ids filled in from the world."""

    def filled(path: str, home=None) -> str:
        return f"/console/{(home or world.home).institution.pk}/{path}".format(**ids(world, home))

    return filled


def ids(world: World, home=None) -> dict[str, int]:
    home = home or world.home
    return {
        "course": home.course.pk,
        "activity": home.activity.pk,
        "group": home.group.pk,
        "job": home.job.pk,
        "vle": home.vle.pk,
        "report": home.report.pk,
        "contest": home.contest.pk,
        **{name: person.pk for name, person in home.people.items()},
    }
