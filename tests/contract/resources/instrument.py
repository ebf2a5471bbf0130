"""/institution/{institution}/instrument/1/: instruments."""

from institutions.models import Instrument
from tests.contract.declared import Resource

RESOURCE = Resource(
    "instrument",
    "institution/{parent_lookup_institution_id}/instrument/{id}/",
    "i fr",
    matrix={
        #        glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list": (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "read": (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    },
    queries={
        "list": "global 2, admin 1, member 1",
        "read": "global 2, admin 1, member 1",
    },
    golden="ann",
    orderable=(
        "id name acronym queue enabled requires_enrolment description identity originality authorship "
        "integrity created_at updated_at"
    ),
    default_order="acronym",
    searched="name acronym description",
    model=Instrument,
    is_shared=True,
)  # fmt: skip
