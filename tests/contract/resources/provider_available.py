"""/provider/{desk}/enrolment/{bob_uuid}/available_samples/: samples of which a model can be made."""

from tests.contract.declared import Resource
from tests.contract.desk import SAMPLE_KEYS

RESOURCE = Resource(
    "provider_available",
    "provider/{provider_id}/enrolment/{learner_uuid}/available_samples/{id}/",
    "desk bob_uuid sample",
    matrix={"list": 200, "read": 403},
    queries={"list": "desk 2"},
    golden="desk",
    orderable="id",
    keys=SAMPLE_KEYS,
)  # fmt: skip
