"""/provider/{desk}/enrolment/{bob_uuid}/sample/{sample}/validation/{validation}/: what a provider found of a sample."""

from tests.contract.declared import Resource
from tests.contract.desk import VALIDATION, VALIDATION_KEYS

RESOURCE = Resource(
    "provider_validation",
    "provider/{provider_id}/enrolment/{learner_uuid}/sample/{sample_id}/validation/{id}/",
    "desk bob_uuid sample validation",
    matrix={"list": 200, "create": 403, "read": 200, "put": 200, "status": 200},
    bodies={"put": VALIDATION, "status": {"status": 4}},
    actions={"status": "post {row}status/"},
    queries={"list": "desk 2", "read": "desk 2"},
    golden="desk",
    orderable="id",
    keys=VALIDATION_KEYS,
    is_single=True,
)  # fmt: skip
