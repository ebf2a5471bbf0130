"""/vle/{vle}/course/{course}/: courses, as a VLE tells them."""

from tests.contract.declared import Resource
from tests.contract.vle_calls import COURSE_KEYS, MOODLE_COURSE

RESOURCE = Resource(
    "vle_course",
    "vle/{vle_id}/course/{id}/",
    "vle course",
    matrix={"list": 200, "create": 201, "read": 200, "put": 200, "patch": 200, "delete": 204},
    bodies={
        "create": MOODLE_COURSE,
        "put": MOODLE_COURSE | {"description": None},
        "patch": {"description": "Other"},
    },
    queries={"list": "vle 1", "read": "vle 1"},
    golden="vle",
    orderable="id vle vle_course_id code description start end created_at updated_at",
    searched="code vle_course_id description",
    keys=COURSE_KEYS,
)  # fmt: skip
