"""/institution/{i}/contest/{contest}/: contests, assigned to and decided by people."""

from rights.models import Contest
from tests.contests import opened
from tests.contract.declared import Resource

RESOURCE = Resource(
    "contest",
    "institution/{parent_lookup_institution_id}/contest/{id}/",
    "i contest",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "create": (403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),  # learners do it below me/
        "read":   (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "assign": (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        # the right to decide is the assignee's alone
        "decide": (403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    actions={"assign": "post {row}assign/", "decide": "post {row}decide/"},
    bodies={
        "assign": lambda world: {"assignee": world.people["data"].pk},
        "decide": {"outcome": "upheld", "answer": "The picture shows somebody else."},
    },
    before={"assign": opened, "decide": opened},
    callers={"create": "admin", "decide": "data"},
    queries={"list": "admin 3, data 3", "read": "admin 3, data 3"},
    golden="data",
    orderable="id state deadline created_at assignee",
    searched="reason answer",
    model=Contest,
)  # fmt: skip
