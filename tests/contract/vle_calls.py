"""What VLEs send and what they are answered, typed by hand, and another VLE with rows of the same shape.

The keys are those of the contract, in its order. Where each call goes: tests/contract/resources/vle_*.py.
"""

from courses.models import Activity, ActivityInstrument, Course, CourseInstructor, CourseLearner
from institutions.models import VLE, Instrument
from reports.models import Report, ReportInstrument, Request, RequestResult
from tests.contract.document import INSTITUTION_KEY, REPORT_DETAIL, REPORT_LEARNER, STATISTICS, Key, _keys

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
    Key("contest", "object", nullable=True),
    *_keys("is_restricted:boolean"),
)
LONG_REPORT_KEYS = (
    *REPORT_KEYS[:2],
    Key("detail", "object", keys=REPORT_DETAIL, many=True, extras=STATISTICS),
    *REPORT_KEYS[3:-2],
    *_keys("data:nothing?"),
    *REPORT_KEYS[-2:],
)
REQUEST_RESULT = _keys(
    "id:integer status:integer result:number? error_message:string? code:integer audit:nothing? created_at:instant "
    "updated_at:instant request:integer instrument:integer message_code:string?"
)
SELF_KEYS = (*_keys("id:integer name:string type:string url:string? client_id:string?"), INSTITUTION_KEY)
INSTRUMENT_KEYS = _keys(
    "id:integer options_schema:object? name:string acronym:string queue:string enabled:boolean "
    "requires_enrolment:boolean description:string? identity:boolean originality:boolean authorship:boolean "
    f"integrity:boolean {WRITTEN}"
)
INSTRUCTOR_KEYS = _keys(f"{PERSON_KEYS} {FLAGS} {WRITTEN}")
ACTIVITY_KEYS = (
    *_keys("id:integer"),
    Key("course", "object", keys=COURSE_KEYS),
    *_keys(
        "vle_activity_type:string vle_activity_id:string name:string? description:string? enabled:boolean "
        f"start:instant? end:instant? conf:string? {WRITTEN}"
    ),
)
TOOL_KEYS = _keys(f"id:integer instrument:integer active:boolean options:object? alternative_to:integer? {WRITTEN}")
REQUEST_KEYS = (
    *_keys("id:integer"),
    Key("result", "object", keys=REQUEST_RESULT, many=True),
    *_keys(
        f"status:integer data:nothing? error_message:string? {WRITTEN} learner:integer activity:integer "
        "session:integer? message_code:string? instruments:integers"
    ),
)


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
