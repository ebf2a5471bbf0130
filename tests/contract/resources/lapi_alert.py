"""/lapi/v1/alert/{institution}/{learner_id}/: alerts of the learner's sensors."""

from tests.contract.declared import Resource
from tests.contract.prepared import captures_are_taken, learner_id, place
from tests.world import World


def body(world: World) -> dict:
    return {
        "learner_id": learner_id(world), "level": "warning", "raised_at": "2026-11-25T09:00:00.000Z",
        "data": {"message_code": "SENSOR_CAMERA_BLACK_IMAGE", "window": "other"}, **place(world),
    }  # fmt: skip


RESOURCE = Resource(
    "lapi_alert",
    "lapi/v1/alert/{institution_id}/{learner_id}/",
    "i learner_id",
    matrix={
        #       ann launched token session vle vle with ann's number, away vle
        "send": (200, 200, 200, 200, 403, 403, 403),
    },
    bodies={"send": body},
    before={"send": captures_are_taken},
    actions={"send": "post {row}"},
)  # fmt: skip
