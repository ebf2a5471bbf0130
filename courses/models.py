"""Courses with their groups, members and activities, and the assessment sessions of activities."""

import hashlib
import json
from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from institutions.models import VLE, Credential, Institution, Instructor, Instrument
from kernel.constraints import Tied, tied_to_institution
from kernel.fields import IdentifierField, SearchText
from kernel.models import Deriving, Timestamped
from learners.models import Learner


class Course(Deriving, Timestamped):
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="courses")
    vle = models.ForeignKey(VLE, on_delete=models.CASCADE, related_name="courses")
    vle_course_id = IdentifierField(max_length=250)
    code = models.CharField(max_length=250)
    description = models.TextField(null=True, blank=True)
    start = models.DateTimeField(null=True, blank=True)
    end = models.DateTimeField(null=True, blank=True)
    learners = models.ManyToManyField(Learner, through="CourseLearner", related_name="courses")
    instructors = models.ManyToManyField(Instructor, through="CourseInstructor", related_name="courses")
    search_text = SearchText("code", "vle_course_id", "description")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("vle", "vle_course_id"), name="course_once_per_vle"),
            models.UniqueConstraint(fields=("institution", "id"), name="course_of_institution"),
            models.UniqueConstraint(fields=("vle", "id"), name="course_of_vle"),
            tied_to_institution("course_vle_institution", "vle"),
        ]

    def __str__(self) -> str:
        return self.code


class Adder(models.TextChoices):
    PERSON = "person"
    VLE = "vle"
    IMPORT = "import"


class Added(models.Model):
    """Who put somebody into a course, and when. All null: before this was recorded.

    `added_by_id` is the id of the person, also of one who ran an import, or of the VLE; no foreign key, because the
    membership outlives both.
    """

    added_by = models.CharField(max_length=10, choices=Adder.choices, null=True, editable=False)
    added_by_id = models.BigIntegerField(null=True, editable=False)
    added_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True


class CourseLearner(Added):
    """A learner's membership of a course."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="+")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("course", "learner"), name="learner_once_per_course"),
            tied_to_institution("course_learner_course", "course"),
            tied_to_institution("course_learner_learner", "learner", "user"),
        ]

    def __str__(self) -> str:
        return f"{self.learner_id} in {self.course_id}"


class CourseInstructor(Added):
    """An instructor's membership of a course."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="+")
    instructor = models.ForeignKey(Instructor, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("course", "instructor"), name="instructor_once_per_course"),
            tied_to_institution("course_instructor_course", "course"),
            tied_to_institution("course_instructor_instructor", "instructor", "user"),
        ]

    def __str__(self) -> str:
        return f"{self.instructor_id} in {self.course_id}"


class CourseGroup(Deriving, Timestamped):
    """A node of the institution's tree of course groups. The service that moves groups prevents cycles."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="groups")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")
    name = models.CharField(max_length=250)
    description = models.TextField(null=True, blank=True)
    courses = models.ManyToManyField(Course, through="GroupCourse", related_name="groups")
    search_text = SearchText("name", "description")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("institution", "id"), name="group_of_institution"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="group_not_its_own_parent"),
            tied_to_institution("group_parent_institution", "parent"),
        ]

    def __str__(self) -> str:
        return self.name


class GroupCourse(models.Model):
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(CourseGroup, on_delete=models.CASCADE, related_name="+")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("group", "course"), name="course_once_per_group"),
            tied_to_institution("group_course_group", "group"),
            tied_to_institution("group_course_course", "course"),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} in {self.group_id}"


class Activity(Deriving, Timestamped):
    """An activity of a course in the VLE, identified there by type and id."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="activities")
    vle = models.ForeignKey(VLE, on_delete=models.CASCADE, related_name="activities")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="activities")
    vle_activity_type = IdentifierField(max_length=250)
    vle_activity_id = IdentifierField(max_length=250)
    name = models.CharField(max_length=255, null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    start = models.DateTimeField(null=True, blank=True)
    end = models.DateTimeField(null=True, blank=True)
    enabled = models.BooleanField(default=False)
    conf = models.TextField(null=True, blank=True)
    search_text = SearchText("name", "description", "vle_activity_type", "vle_activity_id")

    class Meta:
        verbose_name_plural = "activities"
        constraints = [
            models.UniqueConstraint(
                fields=("vle", "vle_activity_type", "vle_activity_id"), name="activity_once_per_vle"
            ),
            models.UniqueConstraint(fields=("institution", "id"), name="activity_of_institution"),
            Tied(fields=("course", "vle"), to_fields=("id", "vle"), name="activity_vle_of_course"),
            tied_to_institution("activity_course_institution", "course"),
        ]

    def __str__(self) -> str:
        return self.name or self.vle_activity_id


class ActivityInstrument(Timestamped):
    """An instrument used in an activity: a primary one, or an alternative for learners who cannot use the primary."""

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="instruments")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    active = models.BooleanField(default=True)
    options = models.JSONField(null=True, blank=True)
    alternative_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="alternatives"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("activity", "instrument"), name="instrument_once_per_activity"),
            models.UniqueConstraint(fields=("activity", "id"), name="instrument_of_activity"),
            models.CheckConstraint(condition=~Q(alternative_to=F("id")), name="instrument_not_its_own_alternative"),
            Tied(
                fields=("alternative_to", "activity"),
                to_fields=("id", "activity"),
                name="alternative_of_same_activity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} in {self.activity_id}"


class ActivityEditor(models.Model):
    """A person who has made or changed an activity or its instruments. The trail may be cut; this stays.

    The account is named by its number, without a key: writing an activity locks no account. Merges change it.
    """

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="editors")
    person_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("activity", "person_id"), name="editor_once_per_activity")]

    def __str__(self) -> str:
        return f"{self.person_id} of {self.activity_id}"


class AssessmentSession(Timestamped):
    """A session in which a learner does an activity. It is over when it is closed or `max_ttl` minutes have passed.

    `options` are the VLE's options for the pages: floating_menu_initial_pos, redirect_reject_url, reject_message.
    `credential` is what the VLE was signed in with that opened it. When that is revoked or its overlap has ended, the
    session goes on feeding the exam (captures, status, alerts) and opens nothing else.
    """

    concerns = "learner_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="sessions")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="sessions")
    started_at = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    auto_closed = models.BooleanField(null=True)
    max_ttl = models.PositiveIntegerField(default=360)
    locale = models.CharField(max_length=10, null=True, blank=True)
    options = models.JSONField(default=dict, blank=True)
    credential = models.ForeignKey(Credential, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("activity", "learner", "id"), name="session_of_pair"),
            models.UniqueConstraint(fields=("institution", "id"), name="session_of_institution"),
            tied_to_institution("session_activity_institution", "activity"),
            tied_to_institution("session_learner_institution", "learner", "user"),
        ]

    def __str__(self) -> str:
        return f"{self.learner_id} at {self.activity_id}"

    @property
    def ends_at(self) -> datetime:
        """When the session is over if nobody closes it."""
        return self.started_at + timedelta(minutes=self.max_ttl)

    @property
    def is_over(self) -> bool:
        """Whether it was closed or its time has passed; a job closes the latter."""
        return self.closed_at is not None or self.ends_at <= timezone.now()


class Import(Timestamped):
    """A table of people that an administrator has uploaded. Its rows are in parts, which are dealt with one by one.

    It is deleted with all its rows when the administrator says so, at the latest some days later.
    """

    class State(models.TextChoices):
        READING = "reading", "being read"
        UPLOADED = "uploaded", "waits for its columns to be confirmed"
        CHECKING = "checking", "being checked"
        CHECKED = "checked", "checked"
        RUNNING = "running", "being imported"
        DONE = "done", "imported"

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="imports")
    filename = models.CharField(max_length=250)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING)
    columns = models.JSONField(default=list, help_text="The names of the table's columns.")
    mapping = models.JSONField(default=dict, help_text="The column of each field, empty for none.")
    vle = models.CharField(max_length=250, blank=True, default="", help_text="Of courses whose rows name none.")
    clears = models.BooleanField(default=False, help_text="An empty cell deletes the stored value.")
    all_or_nothing = models.BooleanField(
        default=False, db_default=False, help_text="If a row is refused, none is written."
    )
    delimiter = models.CharField(
        max_length=1, default=",", db_default=",", help_text="Of the file, and so of its result."
    )
    run_by_id = models.BigIntegerField(
        null=True, editable=False, help_text="The id of the administrator who had the rows imported. No foreign key."
    )
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    parts_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, help_text="Rows dealt with, by status.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("institution", "id"), name="import_of_institution")]

    def __str__(self) -> str:
        return self.filename

    @property
    def version(self) -> str:
        """Of how the columns are read, so that what is imported is what was looked at."""
        chosen = json.dumps([self.mapping, self.vle, self.clears, self.all_or_nothing], sort_keys=True)
        return hashlib.sha256(chosen.encode()).hexdigest()


class ImportPart(models.Model):
    """Some hundred rows of an import, as [line, cells, problem], and what became of them, as [status, reasons]."""

    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    rows = models.JSONField()
    outcomes = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("job", "number"), name="import_part_once")]

    def __str__(self) -> str:
        return f"{self.job_id}, part {self.number}"


class ImportTrial(models.Model):
    """A value that the check of an import remembers: see courses/imports/trials.py."""

    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="trial")
    name = models.TextField()
    value = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("job", "name"), name="import_trial_name_once")]

    def __str__(self) -> str:
        return self.name
