"""/lapi/v1/enrolment/{institution}/{learner_id}/: samples by which instruments learn to know a learner."""

from tests.captures import sample
from tests.contract.declared import Resource
from tests.contract.prepared import captures_are_taken, learner_id
from tests.world import World


def body(world: World) -> dict:
    return sample(learner_id=learner_id(world))


RESOURCE = Resource(
    "lapi_enrolment",
    "lapi/v1/enrolment/{institution_id}/{learner_id}/",
    "i learner_id",
    matrix={
        #       ann launched token session vle vle with ann's number, away vle
        "send": (200, 200, 200, 403, 403, 403, 403),
    },
    bodies={"send": body},
    before={"send": captures_are_taken},
    actions={"send": "post {row}"},
)  # fmt: skip
