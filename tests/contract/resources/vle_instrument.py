"""/vle/{vle}/instrument/{ks}/: instruments, for VLEs."""

from tests.contract.declared import Resource
from tests.contract.vle_calls import INSTRUMENT_KEYS

RESOURCE = Resource(
    "vle_instrument",
    "vle/{vle_id}/instrument/{id}/",
    "vle ks",
    matrix={"list": 200, "read": 200},
    queries={"list": "vle 1", "read": "vle 1"},
    golden="vle",
    orderable=(
        "id name acronym queue enabled requires_enrolment description identity originality authorship "
        "integrity created_at updated_at"
    ),
    default_order="acronym",
    searched="name acronym description",
    keys=INSTRUMENT_KEYS,
)  # fmt: skip
