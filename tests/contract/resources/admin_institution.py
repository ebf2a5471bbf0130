"""/admin/institution/{id}/: institutions, for global administrators."""

from institutions.models import Institution
from tests.contract.declared import Resource

RESOURCE = Resource(
    "admin_institution",
    "admin/institution/{id}/",
    "i",
    matrix={
        "list": 200, "create": 201, "read": 200, "put": 200, "patch": 200, "delete": 409, "suspend": 200, "resume": 200,
    },
    bodies={
        "create": {"name": "New University", "acronym": "NEW", "allowed_domains": None},
        "put": {"name": "New University", "acronym": "NEW", "allowed_domains": None},
        "patch": {"name": "Mine"},
        "suspend": {"reason": "The contract has ended."},
        "resume": {},
    },
    actions={"suspend": "post {row}suspend/", "resume": "post {row}resume/"},
    queries={"list": "global 1", "read": "global 1"},
    golden="global",
    orderable=(
        "id acronym name external_ic mail_domain disable_vle_learner_creation disable_vle_instructor_creation "
        "disable_vle_user_creation allow_learner_report allow_learner_audit allow_valid_audit created_at "
        "updated_at allowed_domains launcher_admin launcher_everywhere suspended_at suspension_reason"
    ),
    searched="acronym name",
    model=Institution,
)  # fmt: skip
