"""/institution/{institution}/course/{course}/activity/{activity}/report/{report}/audit/{ks}/: audits of a report."""

from institutions.models import Instrument
from tests.contract.declared import Resource

RESOURCE = Resource(
    "audit",
    "institution/{parent_lookup_report__activity__vle__institution_id}/course/"
    "{parent_lookup_report__activity__course_id}/activity/{parent_lookup_report__activity_id}/report/{parent_lookup_report_id}/audit/{instrument_id}/",
    "i course activity report ks",
    # ann's report, while the institution lets learners read nothing; otherwise: SWITCHED in test_access.py
    matrix={
        #        glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list": (200, 200, 403, 200, 403, 200, 403, 403, 403, 403, 404, 401),
        "read": (200, 200, 403, 200, 403, 200, 403, 403, 403, 403, 404, 401),
    },
    queries={
        "list": "global 4, admin 3, data 3, teacher 3",
        "read": "global 4, admin 3, data 3, teacher 3",
    },
    golden="data teacher",
    orderable=(
        "id enrolment confidence result identity_level content_level integrity_level created_at updated_at "
        "report instrument"
    ),
    searched="name acronym",
    model=Instrument,
    key_of=lambda row: row["instrument"],
    is_shared=True,
)  # fmt: skip
