"""/institution/{institution}/user/{ann}/: people."""

from institutions.models import User
from tests.contract.declared import Resource

PERSON = {"username": "new-person", "uid": "n1", "first_name": "New", "last_name": "Person", "email": "new@example.org"}
EVERYBODY = ("admin", "legal", "data", "send", "member", "teacher", "visitor", "ann", "bob", "eve")

RESOURCE = Resource(
    "user",
    "institution/{parent_lookup_institution_id}/user/{id}/",
    "i ann",
    # whoever belongs to the institution reads and updates the own row (ann's is asked for), and no other
    matrix={
        #              glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":       (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "create":     (403, 201, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":       (200, 200, 200, 200, 404, 404, 404, 200, 404, 404, 404, 401),
        "put":        (403, 200, 404, 200, 404, 404, 404, 200, 404, 404, 404, 401),
        "patch":      (403, 200, 404, 200, 404, 404, 404, 200, 404, 404, 404, 401),
        "delete":     (403, 204, 403, 204, 403, 403, 403, 403, 403, 403, 404, 401),
        "profile":    (403, 404, 404, 404, 404, 404, 404, 200, 404, 404, 404, 401),
        "activities": (200, 200, 404, 200, 404, 404, 404, 200, 404, 404, 404, 401),
        "merge":      (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "former":     (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "forget":     (403, 404, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": PERSON,
        "put": {"username": "home-ann", "uid": "ann", "locale": "ca"},
        "patch": {"locale": "ca"},
        "profile": {"locale": "ca"},
        "merge": lambda world: {"from": world.people["bob"].pk},
    },
    callers={"profile": "ann"},
    actions={
        "profile": "post {row}profile/",
        "activities": "get {row}activities/",
        "merge": "post {row}merge/",
        "former": "get {row}former_uids/",
        "forget": "delete {row}former_uids/",
    },
    queries={
        "list": "global 3, admin 2, legal 2, data 2, ann 2",
        "read": "global 3, admin 2, legal 2, data 2, ann 2",
        "activities": "global 7, admin 6, data 6, ann 6",
        "former": "admin 3",
    },
    golden="legal ann",
    orderable=(
        "id username last_login first_name last_name email locale created_at updated_at uid inst_admin "
        "legal_admin send_admin data_admin login_allowed"
    ),
    searched="username first_name last_name email uid",
    model=User,
    sees={
        "global": EVERYBODY,
        "admin": EVERYBODY,
        "legal": EVERYBODY,
        "data": EVERYBODY,
        "send": ("send",),
        "teacher": ("teacher",),
        "bob": ("bob",),
        "ann": ("ann",),
        "member": ("member",),
        "visitor": ("visitor",),
    },
)  # fmt: skip
