"""/vle/{vle}/assessment/: a VLE opens, continues or closes an assessment session."""

from tests.contract.declared import Resource
from tests.courses.sittings import NEW, consented, enrolled
from tests.world import World


def bob_is_ready(world: World) -> None:
    enrolled(consented(world.home, "bob"))


RESOURCE = Resource(
    "vle_assessment",
    "vle/{vle_id}/assessment/",
    "vle",
    matrix={"open": 200},
    bodies={"open": NEW},
    before={"open": bob_is_ready},
    actions={"open": "post {row}"},
)
