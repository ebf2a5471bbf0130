"""/me/correction/{correction}/: the caller asks that the own account be corrected."""

from rights.models import Correction
from tests.contract.declared import Resource
from tests.corrections import wanted

RESOURCE = Resource(
    "me_correction",
    "me/correction/{id}/",
    "correction",
    matrix={
        #          glob admi teac bob  ann  annL memb stra away (COLUMNS in declared.py)
        "list":   (403, 200, 200, 200, 200, 200, 200, 200, 200),
        "create": (403, 201, 201, 201, 201, 201, 201, 201, 201),
        "read":   (403, 404, 404, 404, 200, 200, 404, 404, 404),
        "delete": (403, 404, 404, 404, 204, 204, 404, 404, 404),
    },
    bodies={"create": {"field": "first_name", "wanted": "Anna-Lena", "reason": "It is so in my passport."}},
    before={"delete": wanted},
    queries={"list": "ann 1", "read": "ann 1"},
    golden="ann",
    orderable="id field state created_at",
    searched="wanted reason answer",
    model=Correction,
)  # fmt: skip
