"""/vle/{vle}/: what a VLE reads of itself."""

from tests.contract.declared import Resource
from tests.contract.vle_calls import SELF_KEYS

RESOURCE = Resource(
    "vle_self",
    "vle/{vle_id}/",
    "vle",
    matrix={"list": 403, "read": 200},
    queries={"read": "vle 1"},
    golden="vle",
    keys=SELF_KEYS,
)  # fmt: skip
