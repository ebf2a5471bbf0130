"""/provider/{desk}/: what a provider reads of itself."""

from tests.contract.declared import Resource
from tests.contract.desk import SELF_KEYS

RESOURCE = Resource(
    "provider_self",
    "provider/{provider_id}/",
    "desk",
    matrix={"list": 403, "read": 200},
    queries={"read": "desk 1"},
    golden="desk",
    keys=SELF_KEYS,
)  # fmt: skip
