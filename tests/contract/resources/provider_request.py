"""/provider/{desk}/request/{errand}/: what a provider is asked to verify."""

from tests.contract.declared import Resource
from tests.contract.desk import REQUEST_KEYS, RESULT

RESOURCE = Resource(
    "provider_request",
    "provider/{provider_id}/request/{id}/",
    "desk errand",
    matrix={"list": 403, "create": 403, "read": 200, "put": 200, "status": 200},
    bodies={"put": RESULT, "status": {"status": 7}},
    actions={"status": "post {row}status/"},
    queries={"read": "desk 1"},
    golden="desk",
    keys=REQUEST_KEYS,
    name_of=lambda row: row["request"]["id"],
)  # fmt: skip
