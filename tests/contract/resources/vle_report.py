"""/vle/{vle}/course/{course}/activity/{activity}/report/{report}/: reports of an activity, for VLEs."""

from tests.contract.declared import Resource
from tests.contract.vle_calls import LONG_REPORT_KEYS, REPORT_KEYS

RESOURCE = Resource(
    "vle_report",
    "vle/{vle_id}/course/{course_id}/activity/{activity_id}/report/{id}/",
    "vle course activity report",
    matrix={"list": 200, "read": 200},
    queries={"list": "vle 4", "read": "vle 6"},
    golden="vle",
    orderable="id learner identity_level content_level integrity_level",
    keys=REPORT_KEYS,
    keys_of_read=LONG_REPORT_KEYS,
)  # fmt: skip
