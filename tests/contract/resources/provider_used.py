"""/provider/{desk}/enrolment/{bob_uuid}/used_samples/: samples of which a model was made."""

from tests.contract.declared import Resource
from tests.contract.desk import SAMPLE_KEYS

RESOURCE = Resource(
    "provider_used",
    "provider/{provider_id}/enrolment/{learner_uuid}/used_samples/{id}/",
    "desk bob_uuid sample",
    matrix={"list": 200, "read": 403},
    queries={"list": "desk 2"},
    golden="desk",
    orderable="id",
    keys=SAMPLE_KEYS,
)  # fmt: skip
