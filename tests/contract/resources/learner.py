"""/institution/{institution}/learner/{ann}/: learners, their consent and enrolment."""

from institutions.models import User
from tests.contract.declared import Resource
from tests.contract.prepared import accepted_consent

PUPIL = {"uid": "n1", "email": "new@example.org", "first_name": "New", "last_name": "Pupil"}

RESOURCE = Resource(
    "learner",
    "institution/{parent_lookup_institution_id}/learner/{id}/",
    "i ann",
    matrix={
        #                   glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":            (200, 200, 200, 200, 200, 200, 200, 200, 403, 200, 404, 401),
        "create":          (403, 201, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":            (200, 200, 200, 200, 200, 200, 404, 200, 403, 404, 404, 401),
        "put":             (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "patch":           (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "delete":          (403, 204, 403, 204, 403, 403, 403, 403, 403, 403, 404, 401),
        "enrolment":       (403, 200, 200, 200, 403, 200, 404, 200, 403, 404, 404, 401),
        "erase_enrolment": (403, 403, 403, 204, 403, 403, 403, 403, 403, 403, 404, 401),
        "accept":          (403, 403, 403, 403, 403, 403, 404, 201, 403, 403, 404, 401),
        "reject":          (403, 403, 403, 403, 403, 403, 404, 204, 403, 403, 404, 401),
    },
    bodies={
        "create": PUPIL,
        "put": {"uid": "ann", "email": "ann@home.example.org", "locale": "ca"},
        "patch": {"locale": "ca"},
        "accept": {"version": "2.0.0"},
    },
    before={"reject": accepted_consent},
    callers={"erase_enrolment": "data", "accept": "ann", "reject": "ann"},
    actions={
        "enrolment": "get {row}enrolment/",
        "erase_enrolment": "delete {row}enrolment/",
        "accept": "post {row}ic/",
        "reject": "delete {row}ic/",
    },
    queries={
        "list": "global 5, admin 4, legal 4, data 4, send 4, teacher 4, ann 4",
        "read": "global 5, admin 4, legal 4, data 4, send 4, teacher 4, ann 4",
        "enrolment": "admin 5, legal 5, data 5, teacher 5, ann 5",
    },
    golden="send teacher ann",
    orderable=(
        "id username last_login first_name last_name email locale created_at updated_at uid inst_admin "
        "legal_admin send_admin data_admin institution consent consent_accepted consent_rejected learner_id "
        "login_allowed joined_at"
    ),
    searched="uid email first_name last_name username",
    model=User,
    sees={
        "global": ("ann", "bob", "eve"),
        "admin": ("ann", "bob", "eve"),
        "legal": ("ann", "bob", "eve"),
        "data": ("ann", "bob", "eve"),
        "send": ("ann", "bob", "eve"),
        "teacher": ("ann", "bob"),
        "visitor": (),
        "ann": ("ann",),
        "bob": ("bob",),
        "eve": ("eve",),
    },
)  # fmt: skip
