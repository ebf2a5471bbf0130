"""/vle/{vle}/course/{course}/activity/{activity}/learner/{ann}/: learners of an activity, for VLEs."""

from tests.contract.declared import Resource
from tests.contract.vle_calls import LEARNER_KEYS

RESOURCE = Resource(
    "vle_participant",
    "vle/{vle_id}/course/{course_id}/activity/{activity_id}/learner/{id}/",
    "vle course activity ann",
    matrix={"list": 200, "read": 200},
    queries={"list": "vle 6", "read": "vle 6"},
    golden="vle",
    orderable=(
        "id uid username first_name last_name email locale last_login created_at updated_at inst_admin "
        "legal_admin send_admin data_admin learner_id consent consent_accepted consent_rejected joined_at"
    ),
    searched="uid username first_name last_name email",
    keys=LEARNER_KEYS,
)  # fmt: skip
