"""Fills the empty database of DATABASE_URL: the roster of OULAD_DIR, and beside it what a roster does not have.

Prints, as JSON, the ids that addresses are made of and a token for each caller. A filled database is left as it is and
only read. Nothing is drawn by lot: two fills give the same rows.
"""

import json
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Count, F, Model  # noqa: E402
from django.db.models.functions import Mod  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.utils import timezone  # noqa: E402

from courses.models import (  # noqa: E402
    Activity,
    ActivityInstrument,
    AssessmentSession,
    Course,
    CourseGroup,
    CourseInstructor,
    CourseLearner,
    GroupCourse,
)
from files.models import Kind, StoredFile  # noqa: E402
from institutions.models import (  # noqa: E402
    VLE,
    Credential,
    InformedConsent,
    InformedConsentDocument,
    Institution,
    Instructor,
    Instrument,
    Provider,
    UIOption,
    User,
)
from learners.models import (  # noqa: E402
    Enrolment,
    EnrolmentSample,
    EnrolmentSampleValidation,
    Learner,
    SampleStatus,
    SENDCategory,
    SENDLearner,
    ValidationStatus,
)
from reports.models import (  # noqa: E402
    ActivityInstrumentHistogram,
    LearnerInstrumentHistogram,
    Report,
    ReportInstrument,
    ReportSession,
    Request,
    RequestProviderResult,
    RequestResult,
)
from signin import tokens  # noqa: E402
from signin.models import CallerSession  # noqa: E402
from signin.views import browser_sign_in  # noqa: E402

ACRONYM = "BENCH"
THEN = datetime(2026, 1, 5, 9, 30, 0, 123456, tzinfo=UTC)
LANGUAGES = ("en", "es", "ca", "fr")
INSTRUCTORS, TEACHING, GROUPS, OPTIONS, CATEGORIES, CONSENTS, REQUESTS, SESSIONS = 120, 6, 120, 110, 12, 12, 300, 10
SAMPLES = 20
PROCESSED, RESULT_OK, LEVEL_OK = 3, 1, 2


def insert(rows: Iterable[Model]) -> list[Any]:
    objects = list(rows)
    return type(objects[0])._default_manager.bulk_create(objects, batch_size=2000) if objects else []


def fill(folder: str) -> Institution:
    home = Institution.objects.create(acronym=ACRONYM, name="University of the benchmark", mail_domain="example.org")
    person(home, "admin", inst_admin=True)
    person(home, "data", data_admin=True)
    call_command("import_oulad", folder, institution=ACRONYM, verbosity=0, stdout=sys.stderr)
    with transaction.atomic():
        beside_the_roster(home)
    return home


def beside_the_roster(home: Institution) -> None:
    consents(home)
    decisions(home)
    teaching(home)
    insert(
        VLE(institution=home, name=f"Moodle {n}", url=f"https://moodle{n}.example.org", lti={"consumer_key": f"k{n}"})
        for n in range(2)
    )
    groups(home)
    options(home)
    special_needs(home)
    providers()
    instruments(home)
    enrolments(home)
    reports(home)


def person(home: Institution, name: str, **values: Any) -> User:
    return User.objects.create(
        institution=home, username=name, uid=name, email=f"{name}@example.org", first_name=name.title(),
        last_name="Bench", login_allowed=True, password="!", locale="en", last_login=THEN, **values,
    )  # fmt: skip


def stored(home: Institution, kind: Kind, names: Iterable[str], owner: int | None = None) -> list[StoredFile]:
    """Rows of files; nothing is in the store."""
    return insert(
        StoredFile(
            institution=home, owner_id=owner, kind=kind, media_type="application/json", size=1000, sha256="0" * 64,
            storage_key=f"bench/{kind}/{name}",
        )
        for name in names
    )  # fmt: skip


def consents(home: Institution) -> None:
    versions = insert(
        InformedConsent(
            institution=home, version=f"1.{n}.0", major=1, minor=n, patch=0, valid_from=THEN + timedelta(days=n)
        )
        for n in range(CONSENTS)
    )
    pdfs = iter(stored(home, Kind.CONSENT_PDF, (f"{v.version}-{code}" for v in versions for code in LANGUAGES)))
    insert(
        InformedConsentDocument(
            institution=home, consent=v, language=code, html="<p>I consent.</p>" * 20, pdf=next(pdfs)
        )
        for v in versions
        for code in LANGUAGES
    )


def decisions(home: Institution) -> None:
    """Of ten learners six have accepted the current consent, two an older one, one has rejected it, one is silent."""
    older, current = InformedConsent.objects.filter(institution=home).order_by("-minor")[:2][::-1]
    learners = Learner.objects.filter(institution=home).annotate(digit=Mod(F("pk"), 10))
    learners.filter(digit__lt=6).update(consent=current, consent_accepted=THEN)
    learners.filter(digit__in=(6, 7)).update(consent=older, consent_accepted=THEN)
    learners.filter(digit=8).update(consent=older, consent_accepted=THEN, consent_rejected=THEN)
    User.objects.filter(learner__in=learners.filter(digit__lt=7)).update(last_login=THEN)


def teaching(home: Institution) -> None:
    people = insert(
        User(
            institution=home, username=f"instructor{n}", uid=f"instructor{n}", email=f"instructor{n}@example.org",
            first_name="Instructor", last_name=str(n), login_allowed=True, password="!", locale="en", last_login=THEN,
        )
        for n in range(INSTRUCTORS)
    )  # fmt: skip
    insert(Instructor(institution=home, user=user) for user in people)
    courses = Course.objects.filter(institution=home).order_by("pk")
    insert(
        CourseInstructor(institution=home, course=course, instructor_id=people[(n * TEACHING + i) % INSTRUCTORS].pk)
        for n, course in enumerate(courses)
        for i in range(TEACHING)
    )


def groups(home: Institution) -> None:
    roots = insert(CourseGroup(institution=home, name=f"Faculty {n}", description="A faculty") for n in range(12))
    insert(
        CourseGroup(institution=home, name=f"Department {n}", parent=roots[n % len(roots)])
        for n in range(GROUPS - len(roots))
    )
    courses = Course.objects.filter(institution=home).order_by("pk")
    insert(GroupCourse(institution=home, group=roots[0], course=course) for course in courses)


def options(home: Institution) -> None:
    routes = list(UIOption.objects.filter(institution=None).order_by("pk").values_list("route", flat=True))
    insert(UIOption(institution=home, route=route) for route in routes[:5])
    people = User.objects.filter(instructor__institution=home).order_by("pk")[:OPTIONS]
    insert(UIOption(institution=home, route=routes[n % len(routes)], user=user) for n, user in enumerate(people))


def special_needs(home: Institution) -> None:
    """More categories beside the roster's own, and three more assignments of one learner of the largest course."""
    categories = insert(
        SENDCategory(
            institution=home,
            description=f"Category {n}",
            data={"enabled_options": ["big_fonts", "high_contrast"][: n % 3], "disabled_instruments": [2, 3][: n % 2]},
        )
        for n in range(CATEGORIES)
    )
    insert(SENDLearner(institution=home, learner_id=busiest(home), category=category) for category in categories[:3])


def busiest(home: Institution) -> int:
    """The learner who takes most courses, of those in the largest course."""
    members = CourseLearner.objects.filter(institution=home)
    in_largest = members.filter(course=largest(home)).values("learner")
    return (
        members.filter(learner__in=in_largest)
        .values_list("learner")
        .annotate(n=Count("pk"))
        .order_by("-n", "learner")[0][0]
    )


def largest(home: Institution) -> Course:
    courses = Course.objects.filter(institution=home, activities__isnull=False)
    return courses.annotate(n=Count("learners")).order_by("-n", "pk")[0]


def activity_of(home: Institution) -> Activity:
    return Activity.objects.filter(course=largest(home)).order_by("pk")[0]


def providers() -> None:
    insert(
        Provider(
            instrument=instrument, name=f"Provider {n}", acronym=f"p{n}", version="1", queue=f"p{n}", enabled=True,
            alert_below="0.3", warning_below="0.6",
        )
        for n, instrument in enumerate(Instrument.objects.order_by("pk"))
    )  # fmt: skip


def enrolments(home: Institution) -> None:
    """One learner has models of two providers, and samples: used, waiting to be used, and still being validated."""
    learner, known = busiest(home), list(Provider.objects.order_by("pk"))
    models = insert(
        Enrolment(institution=home, learner_id=learner, provider=provider, percentage="0.8", can_analyse=True)
        for provider in known[:2]
    )
    samples = insert(
        EnrolmentSample(institution=home, learner_id=learner, status=SampleStatus.VALID) for _ in range(SAMPLES)
    )
    models[0].model_samples.set(samples[: SAMPLES // 2])
    states = (ValidationStatus.VALID, ValidationStatus.VALIDATING)
    insert(
        EnrolmentSampleValidation(sample=sample, provider=provider, status=states[n % 2], contribution="0.1")
        for n, provider in enumerate(known[:3])
        for sample in samples
    )


def instruments(home: Institution) -> None:
    """Each activity has three primary instruments; the fourth stands in for the first."""
    known = list(Instrument.objects.order_by("pk"))
    activities = Activity.objects.filter(institution=home).order_by("pk")
    primary = insert(
        ActivityInstrument(activity=a, instrument=i, options={"online": True} if i.options_schema else None)
        for a in activities
        for i in known[:3]
    )
    insert(ActivityInstrument(activity=row.activity, instrument=known[3], alternative_to=row) for row in primary[::3])


def reports(home: Institution) -> None:
    """Everybody in the largest course has a report on one activity; one of them has sessions, requests and files."""
    activity, one = activity_of(home), busiest(home)
    learners = (
        CourseLearner.objects.filter(course=activity.course_id).order_by("learner").values_list("learner", flat=True)
    )
    rows = insert(
        Report(
            institution=home, activity=activity, learner_id=learner, identity_level=2 + n % 3, content_level=1,
            integrity_level=1,
        )
        for n, learner in enumerate(learners)
    )  # fmt: skip
    known = list(Instrument.objects.order_by("pk")[:3])
    insert(
        ReportInstrument(
            report=report, instrument=instrument, enrolment="0.75", confidence="0.8", result=f"0.{n % 90 + 10}",
            identity_level=2 + n % 3, content_level=1, integrity_level=1,
        )
        for n, report in enumerate(rows)
        for instrument in known
    )  # fmt: skip
    evidence(home, next(report for report in rows if report.learner_id == one), known)


def evidence(home: Institution, report: Report, known: list[Instrument]) -> None:
    pair = {"activity_id": report.activity_id, "learner_id": report.learner_id}
    files = {
        kind: stored(home, kind, map(str, range(n)), report.learner_id)
        for kind, n in ((Kind.REQUEST, REQUESTS), (Kind.RESULT_AUDIT, 2 * REQUESTS))
    }  # fmt: skip
    sessions = insert(AssessmentSession(institution=home, closed_at=THEN, **pair) for _ in range(SESSIONS))
    insert(
        ReportSession(
            report=report, session=session, identity_level=LEVEL_OK, content_level=1, integrity_level=1,
            total_requests=REQUESTS // SESSIONS, valid_requests=REQUESTS // SESSIONS,
            processed_requests=REQUESTS // SESSIONS, closed_at=THEN, **pair,
        )
        for session in sessions
    )  # fmt: skip
    requests = insert(
        Request(institution=home, session=sessions[n % SESSIONS], status=PROCESSED, data=file, **pair)
        for n, file in enumerate(files[Kind.REQUEST])
    )
    through = Request.instruments.through
    insert(through(request_id=request.pk, instrument_id=i.pk) for request in requests for i in known[:2])
    audits = iter(files[Kind.RESULT_AUDIT])
    answer = {"status": RESULT_OK, "result": 0.75, "code": RESULT_OK, "message_code_id": "OK"}
    insert(
        RequestResult(request=request, instrument=instrument, audit=next(audits), **answer)
        for request in requests
        for instrument in known[:2]
    )
    providing = {provider.instrument_id: provider for provider in Provider.objects.all()}
    insert(
        RequestProviderResult(request=request, provider=providing[instrument.pk], **answer)
        for request in requests
        for instrument in known[:2]
    )
    bins = {f"b{n}": n * n for n in range(10)}
    insert(LearnerInstrumentHistogram(learner_id=report.learner_id, instrument=i, **bins) for i in known)
    insert(ActivityInstrumentHistogram(activity_id=report.activity_id, instrument=i, **bins) for i in known)


def token_of(user: User) -> str:
    session = CallerSession.objects.create(
        kind="person", user=user, generation=user.session_generation, expires_at=timezone.now() + timedelta(days=1)
    )
    return tokens.pair(session)["access_token"]


def cookie_of(user: User) -> str:
    """Of a browser in which the person is signed in."""
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = "127.0.0.1"
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    browser_sign_in(request, user)
    request.session.save()
    return f"{settings.SESSION_COOKIE_NAME}={request.session.session_key}"


def token_of_vle(vle: VLE) -> str:
    credential, _ = Credential.objects.get_or_create(vle=vle, defaults={"secret_hash": "x" * 64})
    session = CallerSession.objects.create(
        kind="vle", credential=credential, expires_at=timezone.now() + timedelta(days=1)
    )
    return tokens.pair(session)["access_token"]


def sitting(course_id: int, learner_id: int) -> dict[str, str]:
    """What a VLE says to open a session: an activity with one instrument, and the learner who is enrolled with it."""
    course = Course.objects.get(pk=course_id)
    activity, is_new = Activity.objects.get_or_create(
        institution_id=course.institution_id, vle_id=course.vle_id, course=course, vle_activity_type="bench",
        vle_activity_id="1", defaults={"enabled": True, "name": "Sitting"},
    )  # fmt: skip
    if is_new:
        ActivityInstrument.objects.create(activity=activity, instrument=Instrument.objects.order_by("pk")[0])
        current = InformedConsent.objects.filter(institution=course.institution_id).order_by("-minor")[0]
        Learner.objects.filter(pk=learner_id).update(consent=current, consent_accepted=THEN, consent_rejected=None)
        Enrolment.objects.filter(learner=learner_id).update(can_analyse=True, percentage=1)
    uid = User.objects.get(pk=learner_id).uid
    return {"vle_activity_type": "bench", "vle_activity_id": "1", "vle_learner_uid": uid}


def facts(home: Institution) -> dict[str, Any]:
    """Where to look: a row of each resource, by the words of the tree, and callers."""
    activity, learner = activity_of(home), busiest(home)
    report = Report.objects.get(activity=activity, learner=learner)
    teacher = CourseInstructor.objects.filter(course=activity.course_id).order_by("pk")[0].instructor_id
    consent = InformedConsent.objects.filter(institution=home).order_by("-minor")[0]
    users = User.objects.filter(institution=home)
    User.objects.filter(pk=learner).update(login_allowed=True)
    return {
        "ids": {
            "institution": home.pk,
            "vle": VLE.objects.filter(institution=home).order_by("-pk")[0].pk,
            "course": activity.course_id,
            "course_vle": activity.vle_id,
            "group": CourseGroup.objects.filter(institution=home).order_by("pk")[0].pk,
            "consent": consent.pk,
            "language": LANGUAGES[0],
            "instrument": Instrument.objects.order_by("pk")[0].pk,
            "option": UIOption.objects.filter(institution=home).order_by("-pk")[0].pk,
            "user": users.order_by("-pk")[0].pk,
            "instructor": teacher,
            "learner": learner,
            "category": SENDCategory.objects.filter(institution=home).order_by("-pk")[0].pk,
            "assignment": SENDLearner.objects.filter(learner=learner).order_by("-pk")[0].pk,
            "activity": activity.pk,
            "used": ActivityInstrument.objects.filter(activity=activity).order_by("-pk")[0].pk,
            "report": report.pk,
            "audited": report.details.order_by("pk")[0].instrument_id,
            "request": Request.objects.filter(activity=activity, learner=learner).order_by("pk")[0].pk,
        },
        "tokens": {
            "admin": token_of(users.get(username="admin")),
            "instructor": token_of(users.get(pk=teacher)),
            "learner": token_of(users.get(pk=learner)),
            "vle": token_of_vle(activity.vle),
        },
        "cookies": {name: cookie_of(users.get(username=name)) for name in ("admin", "data")},
        "sitting": sitting(activity.course_id, learner),
        "rows": {
            "courses": home.courses.count(),
            "activities": home.activities.count(),
            "learners": home.learners.count(),
            "memberships": CourseLearner.objects.filter(institution=home).count(),
            "reports": Report.objects.filter(activity=activity).count(),
            "requests of one report": Request.objects.filter(activity=activity, learner=learner).count(),
        },
    }


def main() -> None:
    home = Institution.objects.filter(acronym=ACRONYM).first() or fill(os.environ["OULAD_DIR"])
    if not Report.objects.filter(institution=home).exists():
        sys.exit("This database was not filled to its end: drop it.")
    figures = facts(home)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
