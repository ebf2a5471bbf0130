"""/admin/instrument/{id}/: instruments, for global administrators."""

from institutions.models import Instrument
from tests.contract.declared import Resource

GAIT = {
    "name": "Gait recognition", "acronym": "gait", "description": None, "queue": None, "options_schema": "null",
    "enabled": True, "requires_enrolment": True, "identity": True, "originality": False, "authorship": False,
    "integrity": False,
}  # fmt: skip

RESOURCE = Resource(
    "admin_instrument",
    "admin/instrument/{id}/",
    "fr",
    matrix={"list": 200, "create": 201, "read": 200, "put": 200, "patch": 200, "delete": 204},
    bodies={
        "create": GAIT,
        "put": GAIT,
        "patch": {"enabled": False},
    },
    queries={"list": "global 1", "read": "global 1"},
    golden="global",
    orderable=(
        "id name acronym queue enabled requires_enrolment description identity originality authorship "
        "integrity created_at updated_at"
    ),
    searched="name acronym description",
    model=Instrument,
)  # fmt: skip
