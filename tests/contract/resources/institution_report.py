"""/institution/{i}/report/{report}/: reports of all courses."""

from institutions.models import User
from tests.contract.declared import Resource

RESOURCE = Resource(
    "institution_report",
    "institution/{parent_lookup_institution_id}/report/{id}/",
    "i report",
    matrix={
        #        glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list": (200, 200, 403, 200, 403, 200, 403, 403, 403, 200, 404, 401),
        "read": (200, 200, 403, 200, 403, 200, 403, 403, 403, 404, 404, 401),
    },
    queries={"list": "global 3, admin 2, data 2, teacher 2", "read": "global 3, admin 2, data 2, teacher 2"},
    golden="data",
    orderable="id learner activity course identity_level content_level integrity_level created_at updated_at",
    searched="first_name last_name email uid",
    model=User,
    key_of=lambda row: row["learner"]["id"],
)  # fmt: skip
