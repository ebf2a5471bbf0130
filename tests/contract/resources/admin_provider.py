"""/admin/instrument/{parent_lookup_instrument_id}/provider/{id}/: providers of an instrument."""

from institutions.models import Provider
from tests.contract.declared import Resource
from tests.contract.prepared import some_provider

RESOURCE = Resource(
    "admin_provider",
    "admin/instrument/{parent_lookup_instrument_id}/provider/{id}/",
    "fr provider",
    matrix={"list": 200, "create": 201, "read": 200, "put": 200, "patch": 200, "delete": 204, "credentials": 201},
    before=dict.fromkeys(("read", "put", "patch", "delete", "credentials"), some_provider),
    bodies={
        "create": {"name": "Face One", "acronym": "face1", "version": "1.0"},
        "put": {"name": "Face One", "acronym": "face1", "version": "1.0"},
        "patch": {"enabled": True},
        "credentials": {},
    },
    actions={"credentials": "post {row}credentials/"},
    queries={"list": "global 3", "read": "global 2"},
    golden="global",
    orderable=(
        "id name queue description url version acronym allow_validation inverted_polarity image has_service "
        "service_port enabled validation_active warning_below alert_below created_at updated_at"
    ),
    searched="name acronym description",
    model=Provider,
)  # fmt: skip
