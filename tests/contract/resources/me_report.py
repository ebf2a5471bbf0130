"""/me/report/{report}/: the caller's own reports."""

from reports.models import Report
from tests.contract.declared import Resource

RESOURCE = Resource(
    "me_report",
    "me/report/{id}/",
    "report",
    matrix={
        #        glob admi teac bob  ann  annL memb stra away (COLUMNS in declared.py)
        "list": (403, 403, 403, 200, 200, 200, 403, 403, 200),
        "read": (403, 403, 403, 404, 200, 200, 403, 403, 404),
    },
    queries={"list": "ann 2, bob 2", "read": "ann 2"},
    golden="ann",
    orderable="id created_at updated_at",
    searched="activity__name",
    model=Report,
)  # fmt: skip
