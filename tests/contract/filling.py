"""More rows for the world's own institution: every relation filled in some, every nullable column null in others."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from string import ascii_lowercase

from django.utils import timezone

from courses.models import Activity, ActivityInstrument, Course, CourseInstructor, CourseLearner
from files.models import Kind, StoredFile
from institutions.models import (
    VLE,
    InformedConsent,
    InformedConsentDocument,
    Instructor,
    Instrument,
    Provider,
    User,
)
from learners.models import (
    Enrolment,
    EnrolmentSample,
    EnrolmentSampleValidation,
    Learner,
    SENDCategory,
    SENDLearner,
)
from tests.world import FUTURE, PAST, World

WHEN = datetime(2024, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)
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
        CourseLearner(institution=home.institution, course=course, learner_id=home.people[name].pk)
        for course in courses
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
    held = [
        {"consent": home.newer_consent, "consent_accepted": WHEN},
        {"consent": older, "consent_accepted": WHEN},
        {"consent": older, "consent_accepted": WHEN, "consent_rejected": WHEN},
        {},
    ]
    learners = Learner.objects.bulk_create(
        Learner(user=person, **own, **held[n % len(held)]) for n, person in enumerate(people)
    )
    CourseLearner.objects.bulk_create(CourseLearner(course=home.course, learner=learner, **own) for learner in learners)
    ann = home.learners["ann"]
    ann.consent, ann.consent_accepted = home.newer_consent, WHEN
    ann.save()
    far = timezone.now() + timedelta(days=30)
    more = SENDCategory.objects.create(
        **own, description="no sound", data={"enabled_options": ["text_to_speech"], "disabled_instruments": [3, 1]}
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
