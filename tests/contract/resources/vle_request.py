"""/vle/{vle}/course/{course}/activity/{activity}/learner/{ann}/request/{request}/: requests, for VLEs."""

from tests.contract.declared import Resource
from tests.contract.vle_calls import REQUEST_KEYS

RESOURCE = Resource(
    "vle_request",
    "vle/{vle_id}/course/{course_id}/activity/{activity_id}/learner/{learner_id}/request/{id}/",
    "vle course activity ann request",
    matrix={"list": 200, "read": 200},
    queries={"list": "vle 5", "read": "vle 5"},
    golden="vle",
    orderable="id status error_message created_at updated_at learner activity session message_code instruments",
    default_order="session",
    searched="error_message message_code",
    keys=REQUEST_KEYS,
)  # fmt: skip
