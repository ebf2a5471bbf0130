"""/institution/{institution}/course/{course}/activity/{activity}/instrument/{tool}/: instruments of an activity."""

from courses.models import ActivityInstrument
from tests.contract.declared import Resource

RESOURCE = Resource(
    "activity_instrument",
    "institution/{parent_lookup_activity__vle__institution_id}/course/"
    "{parent_lookup_activity__course_id}/activity/{parent_lookup_activity_id}/instrument/{id}/",
    "i course activity tool",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
        "create": (403, 201, 403, 403, 403, 201, 403, 403, 403, 403, 404, 401),
        "read":   (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
        "put":    (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
        "patch":  (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
        "delete": (403, 204, 403, 403, 403, 204, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": {"instrument_id": 1, "active": True, "options": {"offline": True}},
        "put": {"instrument_id": 2, "active": False},
        "patch": {"active": False},
    },
    queries={
        "list": "global 2, admin 2, data 2, teacher 2, ann 2",
        "read": "global 2, admin 2, data 2, teacher 2, ann 2",
    },
    golden="teacher",
    orderable="id options instrument active created_at updated_at alternative_to",
    model=ActivityInstrument,
)  # fmt: skip
