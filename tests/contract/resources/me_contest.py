"""/me/contest/{contest}/: the caller contests a report."""

from rights.models import Contest
from tests.contests import opened
from tests.contract.declared import Resource


def body(world):
    return {"report": world.home.report.pk, "level": None, "reason": "It was me."}


RESOURCE = Resource(
    "me_contest",
    "me/contest/{id}/",
    "contest",
    matrix={
        #            glob admi teac bob  ann  annL memb stra away (COLUMNS in declared.py)
        "list":     (403, 403, 403, 200, 200, 200, 403, 403, 200),
        "create":   (403, 403, 403, 400, 201, 201, 403, 403, 400),
        "read":     (403, 403, 403, 404, 200, 200, 403, 403, 404),
        "withdraw": (403, 403, 403, 404, 200, 200, 403, 403, 404),
        "file":     (403, 403, 403, 404, 400, 400, 403, 403, 404),
    },
    actions={"withdraw": "post {row}withdraw/", "file": "post {row}file/"},
    bodies={"create": body, "withdraw": {}, "file": {}},
    before={"withdraw": opened, "file": opened},
    queries={"list": "ann 3", "read": "ann 3"},
    golden="ann",
    orderable="id state deadline created_at",
    searched="reason answer",
    model=Contest,
)  # fmt: skip
