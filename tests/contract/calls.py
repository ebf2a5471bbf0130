"""One call per operation: where it goes in the test's world, what it sends, and what must be there first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from courses.models import Course
from institutions.models import InformedConsent, Provider, UIOption
from learners.models import Learner, SENDCategory
from tests.contract.document import operations
from tests.world import World

BASE = "/api/v2/institution/"
ADMIN = "/api/v2/admin/"
# Of the administration, which is not in the document: what is read.
ADMIN_READS = {
    "admin_user": ("user/", "user/{ann}/"),
    "admin_institution": ("institution/", "institution/{i}/"),
    "admin_instrument": ("instrument/", "instrument/1/"),
    "admin_provider": ("instrument/1/provider/", "instrument/1/provider/{provider}/"),
    "admin_ui": ("ui/", "ui/{route}/"),
}
QUIZ = "{i}/course/{course}/activity/{activity}/"
TOOLS = f"{QUIZ}instrument/"
NEWS = {"version": "3.0.0", "valid_from": "2030-01-01T00:00:00Z"}
PERSON = {"username": "new-person", "uid": "n1", "first_name": "New", "last_name": "Person", "email": "new@example.org"}
NEED = {"description": "no sound", "data": {"enabled_options": ["text_to_speech"], "disabled_instruments": ["3"]}}
SPARE = 876543  # id of the row that is made for the call, when its body must name one
PUPIL = {"uid": "n1", "email": "new@example.org", "first_name": "New", "last_name": "Pupil"}


@dataclass(frozen=True)
class Call:
    method: str
    path: str  # names in braces are filled from the world
    body: Any = None
    before: Callable[[World], None] | None = None


def _held_consent(world: World) -> None:
    """ann has accepted the newest consent."""
    ann = world.home.learners["ann"]
    ann.consent, ann.consent_accepted = world.home.newer_consent, timezone.now()
    ann.save()
    InformedConsent.objects.filter(pk=ann.consent_id).update(accepted_at=timezone.now())


def _unheld_consent(world: World) -> None:
    """Nobody has accepted consent 1.0.0."""
    Learner.objects.filter(consent=world.home.consent).update(consent=None)


def _spare_course(world: World) -> None:
    Course.objects.create(
        pk=SPARE, institution=world.home.institution, vle=world.home.vle, vle_course_id="spare", code="SPARE"
    )


def _spare_category(world: World) -> None:
    SENDCategory.objects.create(pk=SPARE, institution=world.home.institution, description="spare")


# The rows that the paths name: the course and its group, consent 1.0.0 with its document, ann (user and learner) with
# her SEND assignment, teacher, the institution's own UI option.
CALLS: dict[str, Call] = {
    "1.1": Call("get", ""),
    "1.2": Call("get", "{i}/"),
    "1.3": Call("put", "{i}/", {"mail_domain": None, "external_ic": True}),
    "1.4": Call("patch", "{i}/", {"allow_learner_report": True}),
    "2.1": Call("get", "{i}/vle/"),
    "2.2": Call("post", "{i}/vle/", {"type": 0, "name": "Second Moodle", "url": "https://second.example.org"}),
    "2.3": Call("get", "{i}/vle/{vle}/"),
    "2.4": Call("put", "{i}/vle/{vle}/", {"type": 0, "name": "Renamed"}),
    "2.5": Call("patch", "{i}/vle/{vle}/", {"client_id": "client"}),
    "2.6": Call("delete", "{i}/vle/{vle}/"),
    "2.credentials": Call("post", "{i}/vle/{vle}/credentials/", {"overlap_minutes": 5}),
    "3.1": Call("get", "{i}/course/"),
    "3.2": Call("get", "{i}/course/{course}/"),
    "3.delete": Call("delete", "{i}/course/{course}/"),
    "4.1": Call("get", "{i}/group/"),
    "4.2": Call("post", "{i}/group/", {"name": "Department"}),
    "4.3": Call("get", "{i}/group/{group}/"),
    "4.4": Call("put", "{i}/group/{group}/", {"name": "Renamed"}),
    "4.5": Call("patch", "{i}/group/{group}/", {"description": "All of it."}),
    "4.6": Call("delete", "{i}/group/{group}/"),
    "5.1": Call("get", "{i}/group/{group}/course/"),
    "5.2": Call("post", "{i}/group/{group}/course/", {"id": SPARE}, before=_spare_course),
    "5.3": Call("get", "{i}/group/{group}/course/{course}/"),
    "5.4": Call("put", "{i}/group/{group}/course/{course}/", {"id": SPARE}, before=_spare_course),
    "5.5": Call("patch", "{i}/group/{group}/course/{course}/", {"id": SPARE}, before=_spare_course),
    "5.6": Call("delete", "{i}/group/{group}/course/{course}/"),
    "6.1": Call("get", "{i}/ic/"),
    "6.2": Call("post", "{i}/ic/", NEWS),
    "6.3": Call("get", "{i}/ic/current/"),
    "6.4": Call("get", "{i}/ic/{ic}/"),
    "6.5": Call("put", "{i}/ic/{ic}/", NEWS),
    "6.6": Call("patch", "{i}/ic/{ic}/", {"version": "1.0.1"}),
    "6.7": Call("delete", "{i}/ic/{ic}/", before=_unheld_consent),
    "7.1": Call("get", "{i}/ic/{ic}/document/"),
    "7.2": Call("post", "{i}/ic/{ic}/document/", {"language": "ca", "html": "<p>Hi consento.</p>"}),
    "7.3": Call("get", "{i}/ic/{ic}/document/en/"),
    "7.4": Call("put", "{i}/ic/{ic}/document/en/", {"language": "en", "html": "<p>I do.</p>"}),
    "7.5": Call("patch", "{i}/ic/{ic}/document/en/", {"html": "<p>I do.</p>"}),
    "7.6": Call("delete", "{i}/ic/{ic}/document/en/"),
    "8.1": Call("get", "{i}/instrument/"),
    "8.2": Call("get", "{i}/instrument/1/"),
    "9.1": Call("get", "{i}/ui/"),
    "9.2": Call("post", "{i}/ui/", {"route": "dashboard", "enabled": False, "user": None}),
    "9.3": Call("get", "{i}/ui/{ui}/"),
    "9.4": Call("put", "{i}/ui/{ui}/", {"route": "dashboard", "enabled": True}),
    "9.5": Call("patch", "{i}/ui/{ui}/", {"enabled": True}),
    "9.6": Call("delete", "{i}/ui/{ui}/"),
    "10.1": Call("get", "{i}/user/"),
    "10.2": Call("post", "{i}/user/", PERSON),
    "10.3": Call("get", "{i}/user/{ann}/"),
    "10.4": Call("put", "{i}/user/{ann}/", {"username": "home-ann", "uid": "ann", "locale": "ca"}),
    "10.5": Call("patch", "{i}/user/{ann}/", {"locale": "ca"}),
    "10.6": Call("delete", "{i}/user/{ann}/"),
    "10.profile": Call("post", "{i}/user/{ann}/profile/", {"locale": "ca"}),
    "10.activities": Call("get", "{i}/user/{ann}/activities/"),
    "11.1": Call("get", "{i}/instructor/"),
    "11.2": Call("post", "{i}/instructor/", {"uid": "n1"}),
    "11.3": Call("get", "{i}/instructor/{teacher}/"),
    "11.4": Call("put", "{i}/instructor/{teacher}/", {"uid": "teacher", "locale": "ca"}),
    "11.5": Call("patch", "{i}/instructor/{teacher}/", {"locale": "ca"}),
    "11.6": Call("delete", "{i}/instructor/{teacher}/"),
    "12.1": Call("get", "{i}/learner/"),
    "12.2": Call("post", "{i}/learner/", PUPIL),
    "12.3": Call("get", "{i}/learner/{ann}/"),
    "12.4": Call("put", "{i}/learner/{ann}/", {"uid": "ann", "email": "ann@home.example.org", "locale": "ca"}),
    "12.5": Call("patch", "{i}/learner/{ann}/", {"locale": "ca"}),
    "12.6": Call("delete", "{i}/learner/{ann}/"),
    "12.7": Call("get", "{i}/learner/{ann}/enrolment/"),
    "12.erase": Call("delete", "{i}/learner/{ann}/enrolment/"),
    "12.8": Call("post", "{i}/learner/{ann}/ic/", {"version": "2.0.0"}),
    "12.9": Call("delete", "{i}/learner/{ann}/ic/", before=_held_consent),
    "13.1": Call("get", "{i}/send/"),
    "13.2": Call("post", "{i}/send/", NEED),
    "13.3": Call("get", "{i}/send/{category}/"),
    "13.4": Call("put", "{i}/send/{category}/", NEED),
    "13.5": Call("patch", "{i}/send/{category}/", {"data": {"enabled_options": None}}),
    "13.6": Call("delete", "{i}/send/{category}/"),
    "14.1": Call("get", "{i}/learner/{ann}/send/"),
    "14.2": Call("post", "{i}/learner/{ann}/send/", {"category": SPARE}, before=_spare_category),
    "14.3": Call("get", "{i}/learner/{ann}/send/{assignment}/"),
    "14.4": Call("put", "{i}/learner/{ann}/send/{assignment}/", {"category": SPARE}, before=_spare_category),
    "14.5": Call("patch", "{i}/learner/{ann}/send/{assignment}/", {"expires_at": "2100-01-02T03:04:05Z"}),
    "14.6": Call("delete", "{i}/learner/{ann}/send/{assignment}/"),
    "15.1": Call("get", "{i}/course/{course}/instructor/"),
    "15.2": Call("post", "{i}/course/{course}/instructor/", {"uid": "visitor"}),
    "15.3": Call("get", "{i}/course/{course}/instructor/{teacher}/"),
    "15.4": Call("put", "{i}/course/{course}/instructor/{teacher}/", {"uid": "teacher"}),
    "15.5": Call("patch", "{i}/course/{course}/instructor/{teacher}/", {"uid": "teacher"}),
    "15.6": Call("delete", "{i}/course/{course}/instructor/{teacher}/"),
    "16.1": Call("get", "{i}/course/{course}/learner/"),
    "16.2": Call("post", "{i}/course/{course}/learner/", {"uid": "eve"}),
    "16.3": Call("get", "{i}/course/{course}/learner/{ann}/"),
    "16.4": Call("put", "{i}/course/{course}/learner/{ann}/", {"uid": "ann"}),
    "16.5": Call("patch", "{i}/course/{course}/learner/{ann}/", {"uid": "ann"}),
    "16.6": Call("delete", "{i}/course/{course}/learner/{ann}/"),
    "17.1": Call("get", "{i}/course/{course}/activity/"),
    "17.2": Call("post", "{i}/course/{course}/activity/", {"name": "Oral exam", "enabled": True}),
    "17.3": Call("get", "{i}/course/{course}/activity/{activity}/"),
    "17.4": Call("put", "{i}/course/{course}/activity/{activity}/", {"enabled": False}),
    "17.5": Call("patch", "{i}/course/{course}/activity/{activity}/", {"conf": "as agreed"}),
    "17.6": Call("delete", "{i}/course/{course}/activity/{activity}/"),
    "18.1": Call("get", TOOLS),
    "18.2": Call("post", TOOLS, {"instrument_id": 1, "active": True, "options": {"offline": True}}),
    "18.3": Call("get", f"{TOOLS}{{tool}}/"),
    "18.4": Call("put", f"{TOOLS}{{tool}}/", {"instrument_id": 2, "active": False}),
    "18.5": Call("patch", f"{TOOLS}{{tool}}/", {"active": False}),
    "18.6": Call("delete", f"{TOOLS}{{tool}}/"),
    "19.1": Call("get", f"{QUIZ}report/"),
    "19.2": Call("get", f"{QUIZ}report/{{report}}/"),
    "20.1": Call("get", f"{QUIZ}report/{{report}}/request/"),
    "20.2": Call("get", f"{QUIZ}report/{{report}}/request/{{request}}/"),
    "21.1": Call("get", f"{QUIZ}report/{{report}}/audit/"),
    "21.2": Call("get", f"{QUIZ}report/{{report}}/audit/{{ks}}/"),
}
NAMES = {
    "1": "institution", "2": "vle", "3": "course", "4": "group", "5": "group_course", "6": "ic", "7": "document",
    "8": "instrument", "9": "ui", "10": "user", "11": "instructor", "12": "learner", "13": "send",
    "14": "learner_send", "15": "course_instructor", "16": "course_learner", "17": "activity",
    "18": "activity_instrument", "19": "report", "20": "request", "21": "audit",
}  # fmt: skip
DEEPER = frozenset(
    {"5", "7", "14", "15", "16", "17", "18", "19", "20", "21"}
)  # their rows hang from something inside the institution
SECTIONS = frozenset(int(section) for section in NAMES)
# The right caller of each operation: an institution admin, but for what is a matter of somebody else alone.
RIGHT_CALLER = {"12.8": "ann", "12.9": "ann", "10.profile": "ann", "12.erase": "data"}
DOCUMENTED = [number for number, operation in operations().items() if operation.section in SECTIONS]


def ids_of(world: World, home=None) -> dict[str, int]:
    home = home or world.home
    return {
        "i": home.institution.pk,
        "vle": home.vle.pk,
        "course": home.course.pk,
        "activity": home.activity.pk,
        "tool": home.activity_instrument.pk,
        "ic": home.consent.pk,
        "group": home.group.pk,
        "ui": home.ui_option.pk,
        "category": home.category.pk,
        "assignment": home.assignment.pk,
        "report": home.report.pk,
        "request": home.request.pk,
        "ks": home.report_instrument.instrument_id,
        "provider": Provider.objects.filter(instrument=1).order_by("pk").values_list("pk", flat=True).first(),
        "route": UIOption.objects.get(institution=None, route="course").pk,
        **{name: person.pk for name, person in home.people.items()},
    }


def url_of(call: Call, world: World, **other: object) -> str:
    return BASE + call.path.format(**(ids_of(world) | other))


def send(client, call: Call, world: World, **extra: Any):
    """The answer to this call from this client."""
    if call.before is not None:
        call.before(world)
    return request(client, call.method, url_of(call, world), call.body, **extra)


def request(client, method: str, url: str, body: Any = None, **extra: Any):
    more = {} if body is None else {"data": body, "format": "json"}
    return getattr(client, method)(url, **more, **extra)


def name_of(operation: str) -> str:
    """12.9 -> learner-12.9: test names by which a resource's tests can be chosen."""
    return f"{NAMES[operation.split('.')[0]]}-{operation}"
