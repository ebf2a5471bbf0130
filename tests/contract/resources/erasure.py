"""/institution/{i}/erasure/{erasure}/: erasing learners' data."""

from rights.models import Erasure
from tests.contests import erasure_asked
from tests.contract.declared import Resource

RESOURCE = Resource(
    "erasure",
    "institution/{parent_lookup_institution_id}/erasure/{id}/",
    "i erasure",
    matrix={
        #           glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":    (403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "create":  (403, 403, 403, 201, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":    (403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "preview": (403, 403, 403, 404, 403, 403, 403, 403, 403, 403, 404, 401),  # names no learner
        "accept":  (403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "refuse":  (403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    actions={"preview": "get {list}preview/", "accept": "post {row}accept/", "refuse": "post {row}refuse/"},
    bodies={
        "create": lambda world: {"person_id": world.people["bob"].pk, "reason": "A letter."},
        "accept": {},
        "refuse": {"answer": "The exam can be appealed against."},
    },
    before={"accept": erasure_asked, "refuse": erasure_asked},
    callers={"list": "data", "create": "data", "read": "data", "preview": "data", "accept": "data", "refuse": "data"},
    queries={"list": "data 2", "read": "data 2"},
    golden="data",
    orderable="id state created_at decided_at finished_at",
    searched="reason answer",
    model=Erasure,
)  # fmt: skip
