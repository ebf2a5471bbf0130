"""The calls of a VLE below its own id, typed by hand: where each goes, what it sends, what it is answered.

The keys are those of the contract, in its order; the callers of each are told in test_vle_access.py.
"""

from dataclasses import dataclass
from typing import Any

from courses.models import Activity, ActivityInstrument, Course, CourseInstructor, CourseLearner
from institutions.models import VLE, Instrument
from reports.models import Report, ReportInstrument, Request, RequestResult
from tests.contract.document import INSTITUTION_KEY, REPORT_DETAIL, REPORT_LEARNER, STATISTICS, Key, Operation, _keys
from tests.world import World

BASE = "/api/v2/vle/"
COURSE = "{vle}/course/{course}/"
ACTIVITY = COURSE + "activity/{activity}/"
UNSET = "1970-01-01T00:00:00Z"
PERSON = {"uid": "new@x.org", "first_name": "New", "last_name": "Person", "email": "new@x.org"}
MOODLE_COURSE = {
    "code": "NEW", "vle": 1, "vle_course_id": "77", "description": "A new course", "start": UNSET, "end": UNSET,
    "parent": None,
}  # fmt: skip
MOODLE_ACTIVITY = {
    "vle_id": 1, "name": "Essay", "description": "<p>Write.</p>\n", "vle_activity_type": "assign",
    "vle_activity_id": "5", "start": UNSET, "end": UNSET, "conf": None,
}  # fmt: skip
TOOL = {"instrument": 1, "active": True, "required": True, "options": {"offline": True}, "alternative_to": None}

VLE_KEYS = (*_keys("id:integer type:string name:string url:string? client_id:string?"), INSTITUTION_KEY)
COURSE_KEYS = (
    *_keys("id:integer"),
    Key("vle", "object", keys=VLE_KEYS),
    *_keys(
        "code:string vle_course_id:string description:string? start:instant? end:instant? enabled:boolean "
        "created_at:instant updated_at:instant"
    ),
)
PERSON_KEYS = "id:integer uid:string username:string first_name:string last_name:string email:email locale:string?"
FLAGS = "last_login:instant? inst_admin:boolean legal_admin:boolean send_admin:boolean data_admin:boolean"
WRITTEN = "created_at:instant updated_at:instant"
LEARNER_KEYS = (
    *_keys(f"{PERSON_KEYS} learner_id:uuid"),
    Key("consent", "object", nullable=True, keys=_keys("version:string status:string")),
    *_keys(
        "consent_accepted:instant? consent_rejected:instant? ic_status:string send:send enrolment_status:objects "
        f"joined_at:instant {FLAGS} {WRITTEN}"
    ),
)
REPORT_KEYS = (
    *_keys("id:integer"),
    Key("learner", "object", keys=REPORT_LEARNER),
    Key("detail", "object", keys=REPORT_DETAIL, many=True),
    *_keys("identity_level:level content_level:level integrity_level:level"),
)
LONG_REPORT_KEYS = (
    *REPORT_KEYS[:2],
    Key("detail", "object", keys=REPORT_DETAIL, many=True, extras=STATISTICS),
    *REPORT_KEYS[3:],
    *_keys("data:nothing?"),
)
REQUEST_RESULT = _keys(
    "id:integer status:integer result:number? error_message:string? code:integer audit:nothing? created_at:instant "
    "updated_at:instant request:integer instrument:integer message_code:string?"
)
KEYS: dict[str, tuple[Key, ...]] = {
    "self": (*_keys("id:integer name:string type:string url:string? client_id:string?"), INSTITUTION_KEY),
    "instrument": _keys(
        "id:integer options_schema:object? name:string acronym:string queue:string enabled:boolean "
        "requires_enrolment:boolean description:string? identity:boolean originality:boolean authorship:boolean "
        f"integrity:boolean {WRITTEN}"
    ),
    "course": COURSE_KEYS,
    "instructor": _keys(f"{PERSON_KEYS} {FLAGS} {WRITTEN}"),
    "learner": LEARNER_KEYS,
    "activity": (
        *_keys("id:integer"),
        Key("course", "object", keys=COURSE_KEYS),
        *_keys(
            "vle_activity_type:string vle_activity_id:string name:string? description:string? enabled:boolean "
            f"start:instant? end:instant? conf:string? {WRITTEN}"
        ),
    ),
    "tool": _keys(f"id:integer instrument:integer active:boolean options:object? alternative_to:integer? {WRITTEN}"),
    "participant": LEARNER_KEYS,
    "request": (
        *_keys("id:integer"),
        Key("result", "object", keys=REQUEST_RESULT, many=True),
        *_keys(
            f"status:integer data:nothing? error_message:string? {WRITTEN} learner:integer activity:integer "
            "session:integer? message_code:string? instruments:integers"
        ),
    ),
    "report": REPORT_KEYS,
}


@dataclass(frozen=True)
class Call:
    method: str
    path: str  # names in braces are filled from the world
    status: int
    body: Any = None

    @property
    def is_list(self) -> bool:
        return self.method == "get" and not self.path.endswith("}/")


def _whole(path: str, row: str, new: dict[str, Any], changed: dict[str, Any], part: dict[str, Any]) -> dict[str, Call]:
    """A list, a row and all that is done to it."""
    return {
        "list": Call("get", path, 200),
        "create": Call("post", path, 201, new),
        "read": Call("get", path + row, 200),
        "put": Call("put", path + row, 200, changed),
        "patch": Call("patch", path + row, 200, part),
        "delete": Call("delete", path + row, 204),
    }


def _read(path: str, row: str) -> dict[str, Call]:
    return {"list": Call("get", path, 200), "read": Call("get", path + row, 200)}


RESOURCES = {
    "self": {"read": Call("get", "{vle}/", 200)},
    "instrument": _read("{vle}/instrument/", "{ks}/"),
    "course": _whole(
        "{vle}/course/", "{course}/", MOODLE_COURSE, MOODLE_COURSE | {"description": None}, {"description": "Other"}
    ),
    "instructor": _whole(f"{COURSE}instructor/", "{teacher}/", PERSON, {"uid": "teacher"}, {"first_name": "Other"}),
    "learner": _whole(f"{COURSE}learner/", "{ann}/", PERSON, {"uid": "ann"}, {"first_name": "Other"}),
    "activity": _whole(
        f"{COURSE}activity/", "{activity}/", MOODLE_ACTIVITY, MOODLE_ACTIVITY | {"enabled": True}, {"name": "Other"}
    ),
    "tool": _whole(
        f"{ACTIVITY}instrument/", "{tool}/", TOOL, TOOL | {"instrument": 2, "options": None}, {"active": False}
    ),
    "participant": _read(f"{ACTIVITY}learner/", "{ann}/"),
    "request": _read(f"{ACTIVITY}learner/{{ann}}/request/", "{request}/"),
    "report": _read(f"{ACTIVITY}report/", "{report}/"),
}
CALLS = {f"vle_{name}.{verb}": call for name, calls in RESOURCES.items() for verb, call in calls.items()}
LISTS = [name for name, call in CALLS.items() if call.is_list]
READS = [name for name, call in CALLS.items() if call.method == "get"]


def operation(name: str) -> Operation:
    """The call as `document.differences` compares it."""
    call, resource = CALLS[name], name.removeprefix("vle_").partition(".")[0]
    keys = LONG_REPORT_KEYS if name == "vle_report.read" else KEYS[resource]
    return Operation(name, call.method, call.path, call.status, call.is_list, keys, (), ())


class Sister:
    """Another VLE of the same institution, with the same people in rows of the same shape."""

    def __init__(self, home) -> None:
        own = {"institution": home.institution}
        self.people = home.people
        self.vle = VLE.objects.create(**own, name="Sister")
        self.course = Course.objects.create(**own, vle=self.vle, vle_course_id="c1", code="S1")
        CourseInstructor.objects.create(**own, course=self.course, instructor_id=home.people["teacher"].pk)
        CourseLearner.objects.create(**own, course=self.course, learner_id=home.people["ann"].pk)
        self.activity = Activity.objects.create(
            **own, vle=self.vle, course=self.course, vle_activity_type="quiz", vle_activity_id="1"
        )
        ks = Instrument.objects.get(acronym="ks")
        self.activity_instrument = ActivityInstrument.objects.create(activity=self.activity, instrument=ks)
        pair = own | {"activity": self.activity, "learner_id": home.people["ann"].pk}
        self.request = Request.objects.create(**pair)
        RequestResult.objects.create(request=self.request, instrument=ks)
        self.report = Report.objects.create(**pair)
        ReportInstrument.objects.create(report=self.report, instrument=ks)


def ids_of(place) -> dict[str, int]:
    """Of a home of the world, or of a sister."""
    return {
        "vle": place.vle.pk,
        "course": place.course.pk,
        "activity": place.activity.pk,
        "tool": place.activity_instrument.pk,
        "request": place.request.pk,
        "report": place.report.pk,
        "ks": place.activity_instrument.instrument_id,
        "ann": place.people["ann"].pk,
        "teacher": place.people["teacher"].pk,
    }


def url_of(call: Call, world: World, **other: object) -> str:
    return BASE + call.path.format(**(ids_of(world.home) | other))


def send(client, call: Call, world: World, **other: object):
    more = {} if call.body is None else {"data": call.body, "format": "json"}
    return getattr(client, call.method)(url_of(call, world, **other), **more)
