"""Every operation of the service, collected from the declarations in resources/, and how to call it."""

import importlib
import pkgutil
from string import Formatter
from typing import Any

from courses.models import CourseLearner
from institutions.models import Provider, UIOption
from kernel.recording import Entry, Origin, record
from tests.contract import resources
from tests.contract.declared import Call, Resource, calls_of
from tests.contract.desk import DESK_IDS, ids_of_desk, stand
from tests.world import World
from trail.models import Line

BASE = "/api/v2/institution/"
RESOURCES: dict[str, Resource] = {}
CALLS: dict[str, Call] = {}  # "learner.enrolment" -> the call
for _module in pkgutil.iter_modules(resources.__path__, f"{resources.__name__}."):
    _resource: Resource = importlib.import_module(_module.name).RESOURCE
    assert _module.name.endswith(f".{_resource.name}"), "a declaration stands in the file of its name"
    RESOURCES[_resource.name] = _resource
    CALLS |= calls_of(_resource)


def names(*roots: str, **wanted: Any) -> list[str]:
    """The operations below these roots: names("institution", method="get")."""
    return [
        name
        for name, call in CALLS.items()
        if call.resource.root in roots and all(getattr(call, key) == value for key, value in wanted.items())
    ]


def ids_of(world: World, home=None, names: set[str] | None = None) -> dict[str, Any]:
    """The rows that the addresses name: the course and its group, consent 1.0.0 with its document, ann (user and
    learner) with her SEND assignment, teacher, the institution's own UI option.

    What must be asked for is left out if `names` does not have it: there are more calls than of anything else here.
    """
    home = home or world.home
    ids = {
        "i": home.institution.pk,
        "ic": home.consent.pk,
        "language": "en",
        "kept": home.period.kind,
        "deletion": home.deletion.pk,
        "group": home.group.pk,
        "ui": home.ui_option.pk,
        "oidc": home.oidc.pk,
        "category": home.category.pk,
        "assignment": home.assignment.pk,
        "decision": home.decision.pk,
        "contest": home.contest.pk,
        "bundle": home.bundle.pk,
        "correction": home.correction.pk,
        "hold": home.hold.pk,
        "erasure": home.erasure.pk,
        "fr": 1,
        **{name: person.pk for name, person in home.people.items()},
        **ids_of_vle(home),
    }
    if names is None or "learner_id" in names:
        ids["learner_id"] = home.people["ann"].learner.learner_id
    if names is None or "membership" in names:
        ids["membership"] = _membership(home)
    if names is None or "line" in names:
        ids["line"] = _line(home)
    if names is None or "own_line" in names:
        ids["own_line"] = _own_line(home)
    return ids | (ids_of_desk(world, home, names) if names is None or names & DESK_IDS else {})


def _membership(home) -> int:
    """ann's in the course; 0 if it was deleted."""
    rows = CourseLearner.objects.filter(course=home.course.pk, learner=home.people["ann"].pk)
    return rows.values_list("pk", flat=True).first() or 0


def _line(home) -> int:
    """The first line of the institution's trail, which the admin has left."""
    lines = Line.objects.filter(institution=home.institution.pk).order_by("pk").values_list("pk", flat=True)
    if not lines.exists():
        by = Origin("person", home.people["admin"].pk, "admin", "password", None, "192.0.2.1", "r-1")
        details = {"name": ["Old", "New"]}
        record(Entry("update", "institution/group", home.group.pk, home.institution.pk, None, details), by=by)
    return lines[0]


def _own_line(home) -> int:
    """A line about ann: the admin has looked at her."""
    lines = Line.objects.filter(person_id=home.people["ann"].pk).order_by("pk").values_list("pk", flat=True)
    if not lines.exists():
        by = Origin("person", home.people["admin"].pk, "admin", "password", None, "192.0.2.1", "r-2")
        ann = home.people["ann"].pk
        record(Entry("read", "institution/learner", ann, home.institution.pk, ann, {"rows": 1}), by=by)
    return lines[0]


def ids_of_vle(place) -> dict[str, int]:
    """The rows below a VLE: of a home of the world, or of a sister (see vle_calls.py)."""
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


def _id_of_nobodys_row(name: str) -> int:
    """A row that is no institution's, and so not in the world; 0 if there is none."""
    rows = {
        "provider": Provider.objects.filter(instrument=1),
        "route": UIOption.objects.filter(institution=None, route="course"),
    }
    return rows[name].order_by("pk").values_list("pk", flat=True).first() or 0


def url_of(call: Call, world: World, **other: object) -> str:
    if call.resource.root == "provider":
        stand(world)
    names = {name for _, name, _, _ in Formatter().parse(call.path) if name} - other.keys()
    ids = ids_of(world, names=names) | {name: _id_of_nobodys_row(name) for name in names & {"provider", "route"}}
    return call.path.format(**(ids | other))


def body_of(call: Call, world: World) -> Any:
    return call.body(world) if callable(call.body) else call.body


def send(client, call: Call, world: World, **extra: Any):
    """The answer to this call from this client."""
    if call.before is not None:
        call.before(world)
    return request(client, call.method, url_of(call, world), body_of(call, world), **extra)


def request(client, method: str, url: str, body: Any = None, **extra: Any):
    more = {} if body is None else {"data": body, "format": "json"}
    return getattr(client, method)(url, **more, **extra)
