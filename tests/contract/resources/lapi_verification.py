"""/lapi/v1/verification/{institution}/{learner_id}/: samples of a learner at work."""

from tests.captures import FA, sample
from tests.contract.declared import Resource
from tests.contract.prepared import captures_are_taken, learner_id, place
from tests.world import World


def body(world: World) -> dict:
    return sample(instruments=[FA], learner_id=learner_id(world)) | place(world)


RESOURCE = Resource(
    "lapi_verification",
    "lapi/v1/verification/{institution_id}/{learner_id}/",
    "i learner_id",
    matrix={
        #       ann launched token session vle vle with ann's number, away vle
        "send": (200, 200, 200, 200, 200, 200, 404),
    },
    refused_for_good={"send": ("vle with ann's number",)},
    bodies={"send": body},
    before={"send": captures_are_taken},
    actions={"send": "post {row}"},
)  # fmt: skip
