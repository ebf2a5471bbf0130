"""More rows for the world's own institution: every relation filled in some, every nullable column null in others."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from string import ascii_lowercase

from django.utils import timezone

from courses.models import (
    Activity,
    ActivityInstrument,
    AssessmentSession,
    Course,
    CourseGroup,
    CourseInstructor,
    CourseLearner,
    GroupCourse,
)
from files.models import Kind, StoredFile
from institutions.models import (
    VLE,
    InformedConsent,
    InformedConsentDocument,
    Institution,
    Instructor,
    Instrument,
    Provider,
    UIOption,
    User,
)
from kernel.recording import Entry, Origin, record
from learners.models import (
    ConsentDecision,
    DecidedText,
    Enrolment,
    EnrolmentSample,
    EnrolmentSampleValidation,
    Learner,
    SENDCategory,
    SENDLearner,
)
from reports.models import (
    ActivityInstrumentHistogram,
    Alert,
    LearnerInstrumentHistogram,
    Report,
    ReportInstrument,
    Request,
    RequestResult,
)
from retention.models import Deletion
from tests.contests import fill_contests, fill_erasures, fill_holds
from tests.corrections import fill_corrections
from tests.world import FUTURE, PAST, World

WHEN = datetime(2024, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)
ADDED = (  # by whom people are in a course
    lambda home: {"added_by": "import"},
    lambda home: {"added_by": "person", "added_by_id": home.people["teacher"].pk},
    lambda home: {"added_by": "vle", "added_by_id": home.vle.pk},
)
LANGUAGES = ["".join(pair) for pair in product(ascii_lowercase, repeat=2) if "".join(pair) != "en"]


def fill(world: World, rows: int) -> None:
    """`rows` more of everything that is listed."""
    home = world.home
    providers = [
        Provider.objects.create(
            name=acronym, acronym=acronym, version="1", queue=acronym, enabled=True, instrument_id=number
        )
        for acronym, number in (("p1", 1), ("p2", 1), ("p3", 2))
    ]
    _instruments(rows)
    _vles(home, rows)
    _courses(home, rows)
    _consents(home, rows)
    people = _people(home, rows)
    _learners(home, people, providers)
    _members(home, people)
    _activities(home, rows)
    _groups(home, rows)
    _ui_options(home, people)
    _needs(home, rows)
    _reports(home, people)
    _requests(home, rows)
    fill_contests(home, rows)
    fill_corrections(home, rows)
    Deletion.objects.bulk_create(
        Deletion(
            institution=home.institution, before=FUTURE if n % 2 else None, files=n, course_id=None if n % 2 else n + 1,
            status="running" if n % 2 else "done", group_id=n if n % 3 else None,
        )
        for n in range(rows)
    )  # fmt: skip
    fill_holds(home, people)
    fill_erasures(home, people)


def fill_administration(rows: int) -> None:
    """`rows` more of everything that only global administrators list."""
    Institution.objects.bulk_create(
        Institution(acronym=f"I{n}", name=f"Institution {n}", mail_domain="more.org" if n % 2 else None)
        for n in range(rows)
    )
    User.objects.bulk_create(
        User(username=f"nowhere{n}", is_staff=bool(n % 2), is_active=not n % 2, locale="ca" if n % 2 else None)
        for n in range(rows)
    )
    Provider.objects.bulk_create(
        Provider(
            instrument_id=1, name=f"Provider {n}", acronym=f"more{n}", queue=f"more{n}", version=f"1.{n}",
            **(_FULL_PROVIDER if n % 2 else {}),
        )
        for n in range(rows)
    )  # fmt: skip
    UIOption.objects.bulk_create(
        UIOption(route=f"route{n}", enabled=bool(n % 2), roles="ADMIN,SEND" if n % 2 else None) for n in range(rows)
    )


_FULL_PROVIDER = {
    "description": "More", "url": "https://provider.example.org", "enabled": True, "allow_validation": True,
    "validation_active": True, "alert_below": Decimal("0.3"), "warning_below": Decimal("0.65"),
    "inverted_polarity": True, "image": "provider:1", "has_service": True, "service_port": 8080,
    "options_schema": {"type": "object"}, "options": {"depth": 3},
}  # fmt: skip


def _instruments(rows: int) -> None:
    Instrument.objects.bulk_create(
        Instrument(
            name=f"Instrument {n}",
            acronym=f"x{n}",
            queue=f"x{n}",
            enabled=True,
            description="More" if n % 2 else None,
            options_schema={"type": "object"} if n % 2 else None,
        )
        for n in range(rows)
    )


def _vles(home, rows: int) -> None:
    VLE.objects.bulk_create(
        VLE(
            institution=home.institution,
            name=f"VLE {n}",
            url="https://vle.example.org" if n % 2 else None,
            client_id=f"client{n}" if n % 2 else None,
            lti={"consumer_key": f"k{n}"} if n % 2 else {},
        )
        for n in range(rows)
    )


def _courses(home, rows: int) -> None:
    """teacher teaches them all, ann and bob attend them all; every second one has an enabled activity."""
    own = {"institution": home.institution, "vle": home.vle}
    courses = Course.objects.bulk_create(
        Course(
            **own,
            vle_course_id=f"more{n}",
            code=f"M{n}",
            description="More" if n % 2 else None,
            start=WHEN if n % 2 else None,
            end=WHEN + timedelta(days=n) if n % 2 else None,
        )
        for n in range(rows)
    )
    Activity.objects.bulk_create(
        Activity(**own, course=course, vle_activity_type="quiz", vle_activity_id=f"more{n}", enabled=bool(n % 2))
        for n, course in enumerate(courses)
    )
    CourseInstructor.objects.bulk_create(
        CourseInstructor(institution=home.institution, course=course, instructor_id=home.people["teacher"].pk)
        for course in courses
    )
    CourseLearner.objects.bulk_create(
        CourseLearner(
            institution=home.institution,
            course=course,
            learner_id=home.people[name].pk,
            **(ADDED[n % len(ADDED)](home) | {"added_at": WHEN + timedelta(days=n)} if n % 4 else {}),
        )
        for n, course in enumerate(courses)
        for name in ("ann", "bob")
    )


def _consents(home, rows: int) -> None:
    """Versions that are valid one day, so that the current one stays 2.0.0; documents of 1.0.0."""
    InformedConsent.objects.bulk_create(
        InformedConsent(institution=home.institution, version=f"9.{n}.0", major=9, minor=n, patch=0, valid_from=FUTURE)
        for n in range(rows)
    )
    pdf = StoredFile.objects.create(
        institution=home.institution,
        kind=Kind.CONSENT_PDF,
        media_type="application/pdf",
        size=9,
        sha256="0" * 64,
        storage_key="consent.pdf",
    )
    InformedConsentDocument.objects.bulk_create(
        InformedConsentDocument(
            institution=home.institution,
            consent=home.consent,
            language=language,
            html="<p>Yes</p>" if n % 2 else None,
            pdf=None if n % 2 else pdf,
        )
        for n, language in enumerate(LANGUAGES[:rows])
    )


def _members(home, people: list[User]) -> None:
    """Everybody who has been added teaches the course, beside being assessed in it."""
    CourseInstructor.objects.bulk_create(
        CourseInstructor(institution=home.institution, course=home.course, instructor_id=person.pk) for person in people
    )


def _activities(home, rows: int) -> None:
    """Of the course, without instruments; and each instrument that was added in the quiz, every third one in place of
    the one that was there."""
    own = {"institution": home.institution, "vle": home.vle, "course": home.course}
    Activity.objects.bulk_create(
        Activity(
            **own,
            vle_activity_type="assign" if n % 2 else "forum",
            vle_activity_id=f"further{n}",
            name=f"Essay {n}" if n % 2 else None,
            description="Write" if n % 2 else None,
            start=WHEN + timedelta(days=n) if n % 2 else None,
            end=WHEN + timedelta(days=2 * n) if n % 2 else None,
            enabled=bool(n % 2),
            conf=f"conf {n}" if n % 2 else None,
        )
        for n in range(rows)
    )
    ActivityInstrument.objects.bulk_create(
        ActivityInstrument(
            activity=home.activity,
            instrument=instrument,
            active=bool(n % 2),
            options={"strictness": n % 10} if n % 2 else None,
            alternative_to=None if n % 3 else home.activity_instrument,
        )
        for n, instrument in enumerate(Instrument.objects.filter(acronym__regex=r"^x[0-9]+$").order_by("pk"))
    )


def _people(home, rows: int) -> list[User]:
    return User.objects.bulk_create(
        User(
            institution=home.institution,
            username=f"home-more{n}",
            uid=f"more{n}",
            email=f"more{n}@example.org" if n % 2 else None,
            first_name="More" if n % 2 else "",
            locale="ca" if n % 2 else None,
            last_login=WHEN if n % 2 else None,
        )
        for n in range(rows)
    )


def _learners(home, people: list[User], providers: list[Provider]) -> None:
    """Each of them teaches and is assessed; all of them and ann have consents, SEND, enrolments and samples."""
    own = {"institution": home.institution}
    InformedConsent.objects.filter(pk=home.newer_consent.pk).update(accepted_at=WHEN)
    older = InformedConsent.objects.create(
        **own, version="0.9.0", major=0, minor=9, patch=0, valid_from=PAST, accepted_at=WHEN
    )
    Instructor.objects.bulk_create(Instructor(user=person, **own) for person in people)
    needs = [
        {"consent": home.newer_consent, "consent_accepted": WHEN},
        {"consent": older, "consent_accepted": WHEN},
        {"consent": older, "consent_accepted": WHEN, "consent_rejected": WHEN},
        {},
    ]
    learners = Learner.objects.bulk_create(
        Learner(user=person, **own, **needs[n % len(needs)]) for n, person in enumerate(people)
    )
    CourseLearner.objects.bulk_create(CourseLearner(course=home.course, learner=learner, **own) for learner in learners)
    ann = home.learners["ann"]
    ann.consent, ann.consent_accepted = home.newer_consent, WHEN
    ann.save()
    decisions = ConsentDecision.objects.bulk_create(
        ConsentDecision(
            **own, owner=ann, learner_id=ann.learner_id, decision="rejected" if n % 2 else "accepted",
            version=f"0.2.{n}", at=WHEN + timedelta(days=n), language="en" if n % 2 else None,
            language_named=True if n % 2 else None, address="192.0.2.1" if n % 2 else None,
            signed_in="password" if n % 2 else None,
        )
        for n in range(len(people))
    )  # fmt: skip
    DecidedText.objects.bulk_create(
        DecidedText(**own, decision=decision, text=home.kept_text, language=language)
        for decision in decisions
        for language in ("ca", "en")
    )
    by = Origin("person", home.people["admin"].pk, "admin", "password", None, "192.0.2.1", "r-1")
    record(
        *(
            Entry("update", "institution/user", n, home.institution.pk, person.pk, {"n": [0, n]}, sealed=True)
            for n, person in enumerate(people)
        ),
        by=by,
    )
    far = timezone.now() + timedelta(days=30)
    more = SENDCategory.objects.create(
        **own, description="no sound", data={"enabled_options": ["text_to_speech"], "disabled_instruments": [1, 3]}
    )
    SENDLearner.objects.bulk_create(
        SENDLearner(learner=learner, category=category, expires_at=ends, **own)
        for learner in learners
        for category, ends in ((home.category, None), (more, far))
    )
    everybody = [ann, *learners]
    Enrolment.objects.bulk_create(
        Enrolment(
            learner=learner, provider=provider, percentage=Decimal("0.5") * (n % 3), can_analyse=n % 3 == 2, **own
        )
        for learner in everybody
        for n, provider in enumerate(providers)
    )
    samples = EnrolmentSample.objects.bulk_create(EnrolmentSample(learner=learner, **own) for learner in everybody)
    EnrolmentSampleValidation.objects.bulk_create(
        EnrolmentSampleValidation(sample=sample, provider=provider, status=status, contribution=contribution)
        for sample in samples
        for provider, status, contribution in ((providers[0], 1, Decimal("0.25")), (providers[2], 0, None))
    )


def _groups(home, rows: int) -> None:
    """Every second one below the world's own, which has all courses in it."""
    own = {"institution": home.institution}
    CourseGroup.objects.bulk_create(
        CourseGroup(
            **own, name=f"Group {n}", description="More" if n % 2 else None, parent=home.group if n % 2 else None
        )
        for n in range(rows)
    )
    GroupCourse.objects.bulk_create(
        GroupCourse(**own, group=home.group, course=course)
        for course in Course.objects.filter(vle_course_id__startswith="more", **own).order_by("pk")
    )


def _ui_options(home, people: list[User]) -> None:
    UIOption.objects.bulk_create(
        UIOption(institution=home.institution, route="course", user=person, enabled=bool(n % 2))
        for n, person in enumerate(people)
    )


def _needs(home, rows: int) -> None:
    """Assigned to ann, who gains nothing by them: some have run out, the others say what she has already."""
    own = {"institution": home.institution}
    categories = SENDCategory.objects.bulk_create(
        SENDCategory(
            **own,
            description=f"need {n}",
            data={"enabled_options": ["high_contrast", "text_to_speech"], "disabled_instruments": [1 + n % 5]}
            if n % 2
            else {},
        )
        for n in range(rows)
    )
    SENDLearner.objects.bulk_create(
        SENDLearner(
            **own, learner=home.learners["ann"], category=category, expires_at=WHEN + timedelta(n) if n % 2 else None
        )
        for n, category in enumerate(categories)
    )


def _evidence(home, kind: Kind, n: int) -> StoredFile:
    return StoredFile(
        institution=home.institution,
        owner_id=home.people["ann"].pk,
        kind=kind,
        media_type="application/json",
        size=2,
        sha256="0" * 64,
        storage_key=f"{kind.value}{n}.json",
    )


def _reports(home, people: list[User]) -> None:
    """One for each of them; ann's gets as many rows as they are, of one instrument each, and statistics."""
    pair = {"institution": home.institution, "activity": home.activity}
    reports = Report.objects.bulk_create(
        Report(**pair, learner_id=person.pk, identity_level=n % 5, content_level=n % 3, integrity_level=n % 2)
        for n, person in enumerate(people)
    )
    ReportInstrument.objects.bulk_create(
        ReportInstrument(report=report, instrument_id=number, result=Decimal("0.285"), identity_level=n % 5)
        for n, report in enumerate(reports)
        for number in (5, 1)
    )
    missing = Instrument.objects.exclude(pk=home.report_instrument.instrument_id).order_by("pk")[: len(people)]
    ReportInstrument.objects.bulk_create(
        ReportInstrument(
            report=home.report,
            instrument=instrument,
            enrolment=Decimal("0.5"),
            confidence=Decimal("0.004999") * (n % 200),
            result=Decimal("0.285"),
            identity_level=(n + 3) % 5,
        )
        for n, instrument in enumerate(missing)
    )
    for instrument in missing[:2]:
        LearnerInstrumentHistogram.objects.create(learner=home.learners["ann"], instrument=instrument, b2=3, b9=1)
        ActivityInstrumentHistogram.objects.create(activity=home.activity, instrument=instrument, b1=4, b3=2)


def _requests(home, rows: int) -> None:
    """Of ann, in a session or outside of one, of one instrument or two, with and without what came of it."""
    pair = {"institution": home.institution, "activity": home.activity, "learner": home.learners["ann"]}
    session = AssessmentSession.objects.create(**pair)
    Alert.objects.create(**pair, session=session, level=1, raised_at=WHEN)
    samples = [_evidence(home, Kind.REQUEST, n) for n in range(rows)]
    audits = [_evidence(home, Kind.RESULT_AUDIT, n) for n in range(rows)]
    StoredFile.objects.bulk_create([*samples, *audits])
    requests = Request.objects.bulk_create(
        Request(
            **pair,
            session=session if n % 2 else None,
            status=n % 7,
            data=samples[n],
            error_message=f"Error {n}" if n % 2 else None,
            message_code_id="PROVIDER_BLACK_IMAGE" if n % 2 else None,
        )
        for n in range(rows)
    )
    pairs = [(n, request, number) for n, request in enumerate(requests) for number in (1, 2)[: 1 + n % 2]]
    through = Request.instruments.through
    through._default_manager.bulk_create(through(request=one, instrument_id=number) for _, one, number in pairs)
    RequestResult.objects.bulk_create(
        RequestResult(
            request=request,
            instrument_id=number,
            status=n % 8,
            result=0.25 if n % 2 else None,
            code=n % 4,
            error_message="dark" if n % 2 else None,
            message_code_id="PROVIDER_BLACK_IMAGE" if n % 2 else None,
            audit=audits[n] if number == 1 else None,
        )
        for n, request, number in pairs
    )
