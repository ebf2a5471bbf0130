"""/vle/{vle}/course/{course}/learner/{ann}/: learners of a course, as a VLE tells them."""

from tests.contract.declared import Resource
from tests.contract.vle_calls import LEARNER_KEYS, PERSON

RESOURCE = Resource(
    "vle_learner",
    "vle/{vle_id}/course/{course_id}/learner/{id}/",
    "vle course ann",
    matrix={"list": 200, "create": 201, "read": 200, "put": 200, "patch": 200, "delete": 204},
    bodies={
        "create": PERSON,
        "put": {"uid": "ann"},
        "patch": {"first_name": "Other"},
    },
    queries={"list": "vle 6", "read": "vle 6"},
    golden="vle",
    orderable=(
        "id uid username first_name last_name email locale last_login created_at updated_at inst_admin "
        "legal_admin send_admin data_admin learner_id consent consent_accepted consent_rejected joined_at"
    ),
    searched="uid username first_name last_name email",
    keys=LEARNER_KEYS,
)  # fmt: skip
