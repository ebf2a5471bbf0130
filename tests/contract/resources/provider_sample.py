"""/provider/{desk}/enrolment/{bob_uuid}/sample/{sample}/: a sample that a provider validates."""

from tests.contract.declared import Resource
from tests.contract.desk import SAMPLE_KEYS

RESOURCE = Resource(
    "provider_sample",
    "provider/{provider_id}/enrolment/{learner_uuid}/sample/{id}/",
    "desk bob_uuid sample",
    matrix={"list": 403, "read": 200},
    queries={"read": "desk 2"},
    golden="desk",
    keys=SAMPLE_KEYS,
)  # fmt: skip
