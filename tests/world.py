"""One small world for the tests: two institutions of the same shape, so that each row has a look-alike next door."""

import pickle
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model, QuerySet

from courses.models import (
    Activity,
    ActivityInstrument,
    Course,
    CourseGroup,
    CourseInstructor,
    CourseLearner,
    GroupCourse,
    Import,
    ImportPart,
    ImportTrial,
)
from institutions.models import (
    VLE,
    ConsentText,
    InformedConsent,
    InformedConsentDocument,
    Institution,
    Instructor,
    Instrument,
    OIDCConnection,
    UIOption,
    User,
)
from learners.models import ConsentDecision, DecidedText, Learner, SENDCategory, SENDLearner
from reports.models import Report, ReportInstrument, Request, RequestResult
from retention.models import Deletion, Period
from rights.models import Bundle, Contest, Correction, Erasure, LegalHold

PAST = datetime(2020, 1, 1, tzinfo=UTC)
FUTURE = datetime(2100, 1, 1, tzinfo=UTC)
PASSWORD = "correct-horse-9-battery"


class Home:
    """One institution with everything in it. Names of people carry its prefix, uids do not: they may repeat."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.institution = Institution.objects.create(acronym=prefix.upper(), name=f"University {prefix}")
        self.people: dict[str, User] = {}
        flags = {name: {f"{name}_admin": True} for name in ("legal", "data", "send")} | {"admin": {"inst_admin": True}}
        people = ("admin", "legal", "data", "send", "member", "teacher", "visitor", "ann", "bob", "eve")
        # Many rows at a time where it can be: nearly every test has a world of its own.
        for person in User.objects.bulk_create([self._person(name, **flags.get(name, {})) for name in people]):
            self.people[person.uid] = person
        Instructor.objects.bulk_create([self._instructor(name) for name in ("teacher", "visitor")])
        Learner.objects.bulk_create([self._learner(name) for name in ("ann", "bob", "eve")])
        self.vle = VLE.objects.create(
            institution=self.institution, name="Moodle", url="https://moodle.example.org", lti={"consumer_key": "k"}
        )
        self.courses()
        self.reports()
        self.consents()
        self.category = SENDCategory.objects.create(
            institution=self.institution,
            description="low sight",
            data={"enabled_options": ["big_fonts"], "disabled_instruments": [2]},
        )
        self.assignment = SENDLearner.objects.create(
            institution=self.institution, learner=self.people["ann"].learner, category=self.category
        )
        self.ui_option = UIOption.objects.create(institution=self.institution, route="course", enabled=False)
        self.oidc = OIDCConnection.objects.create(
            institution=self.institution, issuer=f"https://login.{prefix}.example.org", client_id="tesla",
            client_secret="provided-secret", enabled=True,
        )  # fmt: skip

    def _person(self, name: str, **values: Any) -> User:
        values = {"first_name": name.title(), "last_name": self.prefix.title(), "login_allowed": True} | values
        found = User(
            institution=self.institution,
            username=f"{self.prefix}-{name}",
            uid=name,
            email=f"{name}@{self.prefix}.example.org",
            **values,
        )
        found.set_password(PASSWORD) if values.get("login_allowed") else found.set_unusable_password()
        return found

    def _instructor(self, name: str) -> Instructor:
        return Instructor(user=self.people[name], institution=self.institution)

    def _learner(self, name: str, **values: Any) -> Learner:
        return Learner(user=self.people[name], institution=self.institution, **values)

    def person(self, name: str, **values: Any) -> User:
        found = self.people[name] = self._person(name, **values)
        found.save()
        return found

    def instructor(self, name: str) -> Instructor:
        self.person(name)
        found = self._instructor(name)
        found.save()
        return found

    def learner(self, name: str, **values: Any) -> Learner:
        self.person(name)
        found = self._learner(name, **values)
        found.save()
        return found

    def courses(self) -> None:
        self.course = Course.objects.create(
            institution=self.institution, vle=self.vle, vle_course_id="c1", code="C1", description="First course"
        )
        self.other_course = Course.objects.create(
            institution=self.institution, vle=self.vle, vle_course_id="c2", code="C2"
        )
        # The teacher, ann and bob are in the course, the visitor in another one, eve in none.
        self.join(self.course, "teacher", "ann", "bob")
        self.join(self.other_course, "visitor")
        self.job = Import.objects.create(
            institution=self.institution, filename="people.csv", state="uploaded", columns=["uid"], rows=1
        )
        ImportPart.objects.create(job=self.job, number=0, rows=[[2, ["n1"], ""]], outcomes=[["refused", ["Too long."]]])
        ImportTrial.objects.create(job=self.job, name="uid n1", value={})
        self.group = CourseGroup.objects.create(institution=self.institution, name="Faculty")
        GroupCourse.objects.create(institution=self.institution, group=self.group, course=self.course)
        self.activity = Activity.objects.create(
            institution=self.institution,
            vle=self.vle,
            course=self.course,
            vle_activity_type="quiz",
            vle_activity_id="1",
            name="Quiz",
            enabled=True,
        )
        self.activity_instrument = ActivityInstrument.objects.create(
            activity=self.activity, instrument=Instrument.objects.get(acronym="ks")
        )

    def reports(self) -> None:
        """What ks found of ann's work on the quiz."""
        pair = {"institution": self.institution, "activity": self.activity, "learner": self.people["ann"].learner}
        ks = self.activity_instrument.instrument
        self.request = Request.objects.create(**pair, status=3)
        self.request.instruments.add(ks)
        self.result = RequestResult.objects.create(request=self.request, instrument=ks, status=1, result=0.9, code=1)
        self.report = Report.objects.create(**pair, identity_level=2, content_level=1, integrity_level=1)
        self.report_instrument = ReportInstrument.objects.create(
            report=self.report, instrument=ks, enrolment="0.8", confidence="1", result="0.9", identity_level=2,
            content_level=1, integrity_level=1,
        )  # fmt: skip
        kind = {"home": "captures"}.get(self.prefix, "documents")
        self.period = Period.objects.create(institution=self.institution, kind=kind, days=3650)
        self.deletion = Deletion.objects.create(institution=self.institution, before=PAST, status="done")
        # What ann has contested once, and given up.
        self.contest = Contest.objects.create(
            institution=self.institution, report=self.report, level="content", machine_levels={"content": 1},
            reason=f"I wrote it at {self.prefix}.", state="withdrawn", deadline=PAST,
        )  # fmt: skip
        # What ann has asked for, and was refused.
        self.correction = Correction.objects.create(
            institution=self.institution, person=self.people["ann"], field="last_name", before=self.prefix.title(),
            wanted=f"Annson {self.prefix}", reason=f"Married at {self.prefix}.", state="refused", answer="No proof.",
            decided_at=PAST,
        )  # fmt: skip
        # What ann has taken away once.
        self.bundle = Bundle.objects.create(
            institution=self.institution, person=self.people["ann"], with_captures=True, state="expired"
        )

        # What was kept of ann for a while.
        self.hold = LegalHold.objects.create(
            institution=self.institution, person=self.people["ann"], reason=f"A lawsuit at {self.prefix}.",
            set_by_id=self.people["data"].pk, released_at=PAST, released_by_id=self.people["data"].pk,
            release_reason="It has been settled.",
        )  # fmt: skip

        # What ann has asked for once, and given up.
        self.erasure = Erasure.objects.create(
            institution=self.institution, person=self.people["ann"], is_own=True, state="withdrawn",
            reason=f"I leave {self.prefix}.",
        )  # fmt: skip

    @property
    def learners(self) -> dict[str, Learner]:
        held = set(Learner.objects.filter(institution=self.institution).values_list("pk", flat=True))
        return {name: person.learner for name, person in self.people.items() if person.pk in held}

    def join(self, course: Course, *names: str) -> None:
        """Learners attend the course, others teach it."""
        pair, learners = {"institution": self.institution, "course": course}, self.learners
        keys = {name: self.people[name].pk for name in names}
        attending = [CourseLearner(**pair, learner_id=key) for name, key in keys.items() if name in learners]
        teaching = [CourseInstructor(**pair, instructor_id=key) for name, key in keys.items() if name not in learners]
        CourseLearner.objects.bulk_create(attending)
        CourseInstructor.objects.bulk_create(teaching)

    def teach(self, name: str, course: Course) -> None:
        """A person, a learner perhaps, teaches a course."""
        person = self.people[name]
        Instructor.objects.get_or_create(user=person, institution=self.institution)
        CourseInstructor.objects.create(institution=self.institution, course=course, instructor_id=person.pk)

    def consents(self) -> None:
        self.consent, self.newer_consent = (
            InformedConsent.objects.create(
                institution=self.institution, version=f"{major}.0.0", major=major, minor=0, patch=0, valid_from=PAST
            )
            for major in (1, 2)
        )
        self.document = InformedConsentDocument.objects.create(
            institution=self.institution, consent=self.consent, language="en", html="<p>I consent.</p>"
        )
        self.newer_document = InformedConsentDocument.objects.create(
            institution=self.institution, consent=self.newer_consent, language="es", html="<p>Consiento.</p>"
        )
        # What ann agreed to once: the text is no document's any more.
        self.kept_text = ConsentText.objects.create(
            institution=self.institution, sha256="5" * 64, html=f"<p>I once consented at {self.prefix}.</p>"
        )
        ann = self.people["ann"].learner
        self.decision = ConsentDecision.objects.create(
            institution=self.institution, owner=ann, learner_id=ann.learner_id, decision="accepted", version="0.1.0",
            language="en", at=PAST, address="192.0.2.9", signed_in="launcher", vle_id=self.vle.pk, vle_name="Moodle",
        )  # fmt: skip
        DecidedText.objects.create(
            institution=self.institution, decision=self.decision, text=self.kept_text, language="en"
        )


class World:
    """`home` is what tests look at, `away` the other tenant; `people` are home's, with two from elsewhere."""

    def __init__(self) -> None:
        self.home, self.away = Home("home"), Home("away")
        root = User(username="root", email="root@example.org", is_staff=True, first_name="Root")
        root.set_password(PASSWORD)
        root.save()
        self.people = {**self.home.people, "global": root, "stranger": self.away.people["admin"]}


class Kept:
    """A world that was built once, to be had again: building it costs more than most tests that begin with one."""

    def __init__(self) -> None:
        before = {model: set(model._base_manager.values_list("pk", flat=True)) for model in _models()}
        with transaction.atomic():
            self.world = pickle.dumps(World())
            self.rows = [insert for model in _models() for insert in _inserts(model, before[model])]
            transaction.set_rollback(True)
        if connection.vendor == "postgresql":  # one text to the server instead of twenty
            with connection.cursor() as cursor:
                self.rows = [(b";".join(cursor.mogrify(insert, values) for insert, values in self.rows).decode(), None)]

    def again(self) -> World:
        """The same rows, under the same keys: the databases' sequences are beyond them."""
        with transaction.atomic(), connection.cursor() as cursor:  # rows refer to later ones
            for insert, values in self.rows:
                cursor.execute(insert, values)
        return pickle.loads(self.world)


def _models() -> list[type[Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]


def _inserts(model: type[Model], before: set) -> Iterator[tuple[str, list]]:
    """One statement for all rows of the model that were not there before."""
    quote = connection.ops.quote_name
    keys = [key for key in model._base_manager.values_list("pk", flat=True) if key not in before]
    if keys:
        marks = ", ".join(["%s"] * len(keys))
        names = ", ".join(quote(field.column) for field in model._meta.concrete_fields)
        table, key = quote(model._meta.db_table), quote(model._meta.pk.column)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {names} FROM {table} WHERE {key} IN ({marks})", keys)
            rows = cursor.fetchall()
        row = f"({', '.join(['%s'] * len(rows[0]))})"
        yield (
            f"INSERT INTO {table} ({names}) VALUES {', '.join([row] * len(rows))}",
            [value for values in rows for value in values],
        )


def rewritten(rows: QuerySet, **values: Any) -> None:
    """As QuerySet.update, for columns from which others are derived."""
    for row in rows:
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=[*values])
