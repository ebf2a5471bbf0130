"""/institution/{institution}/instructor/{teacher}/: instructors."""

from institutions.models import User
from tests.contract.declared import Resource

RESOURCE = Resource(
    "instructor",
    "institution/{parent_lookup_institution_id}/instructor/{id}/",
    "i teacher",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "create": (403, 201, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":   (200, 200, 200, 200, 404, 200, 404, 404, 404, 404, 404, 401),
        "put":    (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "patch":  (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "delete": (403, 204, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": {"uid": "n1"},
        "put": {"uid": "teacher", "locale": "ca"},
        "patch": {"locale": "ca"},
    },
    queries={
        "list": "global 3, admin 2, legal 2, data 2, teacher 2",
        "read": "global 3, admin 2, legal 2, data 2, teacher 2",
    },
    golden="data teacher",
    orderable=(
        "id username last_login first_name last_name email locale created_at updated_at uid inst_admin "
        "legal_admin send_admin data_admin"
    ),
    searched="username first_name last_name email uid",
    model=User,
    sees={
        "global": ("teacher", "visitor"),
        "admin": ("teacher", "visitor"),
        "legal": ("teacher", "visitor"),
        "data": ("teacher", "visitor"),
        "send": (),
        "bob": (),
        "ann": (),
        "member": (),
        "teacher": ("teacher",),
        "visitor": ("visitor",),
    },
)  # fmt: skip
