"""Functions that a helper process runs on the database of the servers (see helper.py). They return JSON."""

from io import StringIO
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.test import override_settings

from courses.models import Activity, ActivityInstrument, Course, CourseLearner
from institutions.models import VLE, Credential, Institution, User
from learners.models import Learner, SENDCategory, SENDLearner
from signin import tokens
from signin.services.launchers import launcher_create
from signin.services.sessions import module_session_open
from tests import captures
from tests.conftest import token_of
from tests.courses import sittings
from tests.world import PASSWORD, Home

IMPORTING = ("A", "B", "C")  # institutions into which rosters are imported


def fill() -> dict[str, dict]:
    """An institution for each file of tests, and what a test over HTTP needs to know of each."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        root = User(username="root", email="root@example.org", is_staff=True, first_name="Root")
        root.set_password(PASSWORD)
        root.save()
        races, proxy = Home("races"), Home("proxy")
        races.person("second", inst_admin=True)
        homes = {"races": races, "proxy": proxy, "sittings": _sittings()}
        homes |= {name: _captured(name) for name in ("captures", "samples")}
    # The servers know the hash of production alone; one hash of it for all, as it takes long to make.
    User.objects.exclude(password__startswith="!").update(password=make_password(PASSWORD))
    Institution.objects.bulk_create(Institution(acronym=name, name=name) for name in IMPORTING)
    return {name: _facts(home, root) for name, home in homes.items()}


def _facts(home: Home, root: User) -> dict[str, Any]:
    people = home.people | {"root": root}
    return {
        "institution": home.institution.pk,
        "vle": home.vle.pk,
        "course": home.course.pk,
        "other_course": home.other_course.pk,
        "activity": home.activity.pk,
        "category": home.category.pk,
        "version": home.newer_consent.version,
        "people": {name: {"id": person.pk, "email": person.email} for name, person in people.items()},
        "learner_ids": {name: str(learner.learner_id) for name, learner in home.learners.items()},
        "vle_token": _vle_token(home.vle),
        "password": PASSWORD,
    }


def _vle_token(vle: VLE) -> str:
    session = module_session_open(credential=Credential.objects.create(vle=vle, secret_hash="x" * 64), address=None)
    return tokens.pair(session)["access_token"]


def _sittings() -> Home:
    """bob and six more learners of the course have consented and are enrolled."""
    home = Home("sittings")
    names = [f"learner{number}" for number in range(6)]
    for name in names:
        home.learner(name)
    home.join(home.course, *names)
    for name in ("bob", *names):
        sittings.enrolled(sittings.consented(home, name))
    return home


def _captured(name: str) -> Home:
    """ann has consented, and the activity takes her documents."""
    home = Home(name)
    captures.consented(home, "ann")
    User.objects.filter(pk=home.people["ann"].pk).update(login_allowed=False)  # a VLE may change who has no login
    for instrument in (captures.FA, captures.PLAG):
        ActivityInstrument.objects.create(activity=home.activity, instrument_id=instrument)
    return home


def access_token(person: int) -> str:
    """A token of a new session of this person, without the sign-in."""
    return token_of(User.objects.get(pk=person))


def global_administrator(name: str) -> dict[str, Any]:
    person = User.objects.create(username=name, email=f"{name}@example.org", is_staff=True, login_allowed=True)
    return {"id": person.pk, "token": token_of(person)}


def global_administrators() -> list[int]:
    """The active global administrators."""
    return list(User.objects.filter(is_staff=True, is_active=True).values_list("pk", flat=True))


def launchers(vle: int, uid: str) -> list[tuple[int, str]]:
    """Eight launchers of this person, each with its token."""
    vle_row = VLE.objects.get(pk=vle)
    person = User.objects.get(institution=vle_row.institution, uid=uid)
    made = [launcher_create(vle=vle_row, person=person) for _ in range(8)]
    return [(launcher.pk, token) for launcher, token in made]


def valid_credentials(vle: int) -> int:
    """How many credentials of the VLE sign in for an unlimited time."""
    return Credential.objects.filter(vle=vle, revoked_at=None, expires_at=None).count()


def close_sessions() -> None:
    call_command("close_sessions")


def import_oulad(folder: str, institution: str) -> str:
    """Runs the command; what it prints."""
    out = StringIO()
    call_command("import_oulad", folder, "--institution", institution, "-v0", stdout=out)
    return out.getvalue()


def imported() -> dict[str, dict]:
    """What imports have brought into each institution, by the names that files use."""
    return {row.acronym: _imported_into(row) for row in Institution.objects.filter(acronym__in=IMPORTING)}


def _imported_into(row: Institution) -> dict[str, Any]:
    people = User.objects.filter(institution=row).order_by("uid")
    return {
        "courses": {course.vle_course_id: _imported_course(course) for course in row.courses.order_by("vle_course_id")},
        "people": [[p.uid, p.username.removeprefix(row.acronym), p.has_usable_password()] for p in people],
        "learners": sorted(Learner.objects.filter(institution=row).values_list("user__uid", flat=True)),
        "vles": list(VLE.objects.filter(institution=row).values_list("name", flat=True)),
        "categories": list(SENDCategory.objects.filter(institution=row).values_list("description", flat=True)),
        "assigned": sorted(SENDLearner.objects.filter(institution=row).values_list("learner__user__uid", flat=True)),
    }


def _imported_course(course: Course) -> dict[str, Any]:
    activities = Activity.objects.filter(course=course).order_by("vle_activity_id")
    members = CourseLearner.objects.filter(course=course).order_by("learner__user__uid")
    return {
        "vle": course.vle.name,
        "code": course.code,
        "dates": [str(course.start), str(course.end)],
        "activities": [[row.vle_activity_type, row.vle_activity_id, str(row.end)] for row in activities],
        "members": list(members.values_list("learner__user__uid", flat=True)),
    }
