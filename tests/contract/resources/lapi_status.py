"""/lapi/v1/status/{institution}/{learner_id}/: what has become of samples."""

from tests.contract.declared import Resource
from tests.contract.prepared import learner_id
from tests.world import World


def body(world: World) -> dict:
    return {"learner_id": learner_id(world), "samples": []}


RESOURCE = Resource(
    "lapi_status",
    "lapi/v1/status/{institution_id}/{learner_id}/",
    "i learner_id",
    matrix={
        #      ann launched token session vle vle with ann's number, away vle
        "ask": (200, 200, 200, 200, 403, 403, 403),
    },
    bodies={"ask": body},
    actions={"ask": "post {row}"},
)  # fmt: skip
