"""/vle/{vle}/course/{course}/activity/{activity}/instrument/{tool}/: instruments of an activity."""

from tests.contract.declared import Resource
from tests.contract.vle_calls import TOOL, TOOL_KEYS

RESOURCE = Resource(
    "vle_tool",
    "vle/{vle_id}/course/{course_id}/activity/{activity_id}/instrument/{id}/",
    "vle course activity tool",
    matrix={"list": 200, "create": 201, "read": 200, "put": 200, "patch": 200, "delete": 204},
    bodies={
        "create": TOOL,
        "put": TOOL | {"instrument": 2, "options": {}},
        "patch": {"active": False},
    },
    queries={"list": "vle 2", "read": "vle 2"},
    golden="vle",
    orderable="id options instrument active created_at updated_at alternative_to",
    keys=TOOL_KEYS,
)  # fmt: skip
