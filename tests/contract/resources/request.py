"""/institution/{i}/course/{course}/activity/{activity}/report/{report}/request/{request}/: what a report comes of."""

from reports.models import Request
from tests.contract.declared import Resource

RESOURCE = Resource(
    "request",
    "institution/{parent_lookup_activity__vle__institution_id}/course/"
    "{parent_lookup_activity__course_id}/activity/{parent_lookup_activity_id}/report/{parent_lookup_id}/request/{id}/",
    "i course activity report request",
    # ann's report, while the institution lets learners read nothing; otherwise: SWITCHED in test_access.py
    matrix={
        #        glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list": (200, 200, 403, 200, 403, 200, 403, 403, 403, 403, 404, 401),
        "read": (200, 200, 403, 200, 403, 200, 403, 403, 403, 403, 404, 401),
    },
    queries={
        "list": "global 6, admin 5, data 5, teacher 6",
        "read": "global 6, admin 5, data 5, teacher 6",
    },
    golden="data teacher",
    orderable="id status data error_message created_at updated_at learner activity session message_code instruments",
    default_order="session",
    searched="error_message",
    model=Request,
)  # fmt: skip
