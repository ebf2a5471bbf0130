"""/vle/{vle}/launcher/: a VLE sends a person into the dashboard."""

from tests.contract.declared import Resource

RESOURCE = Resource(
    "vle_launcher",
    "vle/{vle_id}/launcher/",
    "vle",
    matrix={"create": 200},
    bodies={"create": {"vle_user_uid": "ann"}},
    actions={"create": "post {row}"},
)
