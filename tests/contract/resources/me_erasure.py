"""/me/erasure/{erasure}/: the caller asks to have all that is held erased."""

from rights.models import Erasure
from tests.contests import erasure_asked
from tests.contract.declared import Resource

RESOURCE = Resource(
    "me_erasure",
    "me/erasure/{id}/",
    "erasure",
    matrix={
        #            glob admi teac bob  ann  annL memb stra away (COLUMNS in declared.py)
        "list":     (403, 403, 403, 200, 200, 200, 403, 403, 200),
        "create":   (403, 403, 403, 201, 201, 201, 403, 403, 201),
        "read":     (403, 403, 403, 404, 200, 200, 403, 403, 404),
        "preview":  (403, 403, 403, 200, 200, 200, 403, 403, 200),
        "withdraw": (403, 403, 403, 404, 200, 200, 403, 403, 404),
    },
    actions={"preview": "get {list}preview/", "withdraw": "post {row}withdraw/"},
    bodies={"create": {"reason": "I have left."}, "withdraw": {}},
    before={"withdraw": erasure_asked},
    queries={"list": "ann 2", "read": "ann 2", "preview": "ann 7"},
    golden="ann",
    orderable="id state created_at",
    searched="reason answer",
    model=Erasure,
)  # fmt: skip
