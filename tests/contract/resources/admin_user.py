"""/admin/user/{id}/: people of all institutions, for global administrators."""

from institutions.models import User
from tests.contract.declared import Resource

RESOURCE = Resource(
    "admin_user",
    "admin/user/{id}/",
    "ann",
    matrix={"list": 200, "create": 201, "read": 200, "put": 200, "patch": 200, "delete": 204},
    bodies={
        "create": {"username": "zoe", "email": "zoe@home.example.org", "uid": "z1", "is_staff": False},
        "put": {"username": "home-ann", "uid": "ann", "first_name": "Anna"},
        "patch": {"is_staff": True},
    },
    queries={"list": "global 2", "read": "global 2"},
    golden="global",
    orderable=(
        "id username last_login first_name last_name uid email locale created_at updated_at inst_admin "
        "legal_admin send_admin data_admin login_allowed is_staff is_active institution institution_id"
    ),
    searched="username first_name last_name email uid",
    model=User,
)  # fmt: skip
