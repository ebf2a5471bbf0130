"""/institution/{institution}/: institutions."""

from institutions.models import Institution
from tests.contract.declared import Resource

RESOURCE = Resource(
    "institution",
    "institution/{institution_id}/",
    "i",
    matrix={
        #         glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":  (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 401),
        "read":  (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "put":   (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "patch": (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "put": {"mail_domain": None, "external_ic": True},
        "patch": {"allow_learner_report": True},
    },
    queries={
        "list": "global 1, admin 1, member 1",
        "read": "global 1, admin 1, member 1",
    },
    golden="global member",
    orderable=(
        "id acronym name external_ic mail_domain disable_vle_learner_creation disable_vle_instructor_creation "
        "disable_vle_user_creation allow_learner_report allow_learner_audit allow_valid_audit created_at "
        "updated_at"
    ),
    default_order="created_at",
    model=Institution,
    sees={
        "global": ("HOME", "AWAY"),
        "admin": ("HOME",),
        "member": ("HOME",),
        "ann": ("HOME",),
        "stranger": ("AWAY",),
    },
    shown="acronym",
)  # fmt: skip
