"""Contests of reports by the learners whom they are about, with the human decisions; legal holds; erasures;
corrections that people ask for, bundles of their data, and figures about instruments."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from files.models import StoredFile
from institutions.models import Institution
from kernel.constraints import tied_to_institution
from kernel.models import Timestamped
from kernel.zones import today_in
from reports.models import Report


class State(models.TextChoices):
    OPEN = "open", "open"
    UPHELD = "upheld", "the level stands"
    CHANGED = "changed", "a person has given another level"
    SET_ASIDE = "set_aside", "the level does not count"
    WITHDRAWN = "withdrawn", "withdrawn by the learner"
    LAPSED = "lapsed", "the report is gone"


DECIDED = (State.UPHELD, State.CHANGED, State.SET_ASIDE)


class Kind(models.TextChoices):
    """Of levels; a contest without one is about the whole report."""

    IDENTITY = "identity"
    CONTENT = "content"
    INTEGRITY = "integrity"


class Contest(Timestamped):
    """A learner disputes a report, or one level of it, and a person decides. The learner is the report's.

    When the report goes, with its learner or its activity, the outcome stays, without the texts, the files and whoever
    was to decide: nothing then says whom it was about.
    """

    concerns = "report__learner_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    # Not tied to the institution by the database: reports would need one more index. The services look it up there.
    report = models.ForeignKey(Report, null=True, on_delete=models.SET_NULL, related_name="contests")
    level = models.CharField(max_length=10, choices=Kind.choices, null=True, blank=True, help_text="Null: all.")
    machine_levels = models.JSONField(editable=False, help_text="The contested levels when it was contested.")
    reason = models.TextField(help_text="Of the learner.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    deadline = models.DateTimeField()
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    answer = models.TextField(blank=True, default="", help_text="The reasons of the decision.")
    human_levels = models.JSONField(default=dict, help_text="The levels that a person gave, by kind.")
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.BigIntegerField(null=True, help_text="The account. No key: the decision outlives it.")
    told_at = models.DateTimeField(null=True, help_text="When a mail said that it was opened.")
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("report",), condition=Q(state=State.OPEN), name="contest_open_once"),
            models.UniqueConstraint(fields=("institution", "id"), name="contest_of_institution"),
            models.CheckConstraint(
                condition=~Q(state__in=DECIDED) | Q(decided_at__isnull=False), name="contest_decided_at"
            ),
            tied_to_institution("contest_assignee_institution", "assignee"),
        ]
        indexes = [
            models.Index(fields=("institution", "state", "deadline"), name="contest_in_institution"),
            models.Index(fields=("deadline",), condition=Q(state=State.OPEN), name="contest_due"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}, {self.state}"


class ContestFile(models.Model):
    """What a learner has added to a contest."""

    concerns = "contest__report__learner_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="files")
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="contest_file")
    name = models.CharField(max_length=250)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            tied_to_institution("contest_file_contest", "contest"),
            tied_to_institution("contest_file_file", "file"),
        ]

    def __str__(self) -> str:
        return self.name


def in_force(today: date) -> Q:
    """Of holds of an institution: not released, and their last day is not over where it is this day."""
    return Q(released_at=None) & (Q(until=None) | Q(until__gte=today))


def unless_held(collector: Any, field: Any, holds: Any, using: str) -> None:
    """For `on_delete`: an account that is held stays; holds that are over go with the account."""
    held = {hold for hold in holds.filter(released_at=None).select_related("institution") if hold.is_in_force}
    if held:
        raise models.ProtectedError("This person is under a legal hold.", held)
    models.CASCADE(collector, field, holds, using)


class LegalHold(Timestamped):
    """Nothing that is held about the person may be erased, because of a lawsuit for example.

    It ends after the day `until`, of the institution's time zone, or when somebody releases it. Whoever set and
    released it is named by the number of the account: the hold outlives that account.
    """

    concerns = "person_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=unless_held, related_name="+")
    reason = models.TextField()
    until = models.DateField(null=True, blank=True, help_text="The last day. Null: until it is released.")
    set_by_id = models.BigIntegerField(null=True)
    released_at = models.DateTimeField(null=True)
    released_by_id = models.BigIntegerField(null=True, help_text="Null: another hold has taken its place.")
    release_reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("person",), condition=Q(released_at=None), name="hold_once"),
            tied_to_institution("hold_person_institution", "person"),
        ]
        indexes = [models.Index(fields=("institution", "released_at"), name="hold_in_institution")]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_in_force(self) -> bool:
        return hold_in_force(self.released_at, self.until, self.institution.time_zone)


def hold_in_force(released_at: datetime | None, until: date | None, time_zone: str) -> bool:
    return released_at is None and (until is None or until >= today_in(time_zone))


class Erasure(Timestamped):
    """All that is held about a learner is erased: asked for by the learner, or begun by a data administrator.

    When it is done nothing here says whom it was about: the texts are empty, and `kept` and `erased` have no names.
    """

    class State(models.TextChoices):
        ASKED = "asked", "asked for"
        REFUSED = "refused", "refused"
        WITHDRAWN = "withdrawn", "given up by the learner"
        RUNNING = "running", "being carried out"
        DONE = "done", "carried out"

    class Phase(models.TextChoices):
        """What is erased at the moment, in this order."""

        TELL = "tell", "the learner is told"
        REPORTS = "reports"
        CAPTURES = "captures"
        FILES = "files"
        SAMPLES = "samples"
        IMPORTS = "imports", "uploaded tables"
        REST = "rest", "role and account"

    concerns = "person_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    is_own = models.BooleanField(default=False, help_text="The learner has asked for it.")
    sent_by = models.BigIntegerField(null=True, help_text="The VLE that sent the learner. Null: signed in otherwise.")
    reason = models.TextField(blank=True, default="", help_text="Of whoever asks.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    answer = models.TextField(blank=True, default="", help_text="Why it was refused.")
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.BigIntegerField(null=True, help_text="The account. No key: the decision outlives it.")
    phase = models.CharField(max_length=10, choices=Phase.choices, default=Phase.TELL)
    after = models.BigIntegerField(default=0, help_text="The last row that the phase has dealt with, where it counts.")
    total = models.PositiveIntegerField(default=0, help_text="Rows and files that there were when it began.")
    left = models.PositiveIntegerField(default=0)
    told_at = models.DateTimeField(null=True, help_text="When the mail was sent that tells of it.")
    kept = models.JSONField(default=list, help_text="What was kept and why, without names: [[what, why]].")
    erased = models.JSONField(default=dict, help_text="How many of what.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("person",), condition=Q(state__in=("asked", "running")), name="erasure_open_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(reason="", answer="", finished_at__isnull=False), name="erasure_done"
            ),
            tied_to_institution("erasure_person_institution", "person"),
        ]
        indexes = [models.Index(fields=("institution", "state"), name="erasure_in_institution")]

    def __str__(self) -> str:
        return f"{self.pk}, {self.state}"


class Correction(Timestamped):
    """A person asks that what is stored of the account be corrected, and an administrator answers."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        ACCEPTED = "accepted", "corrected"
        REFUSED = "refused", "refused"

    class Field(models.TextChoices):
        FIRST_NAME = "first_name", "first name"
        LAST_NAME = "last_name", "last name"
        EMAIL = "email", "e-mail"
        UID = "uid", "institution's id"

    concerns = "person_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    field = models.CharField(max_length=20, choices=Field.choices)
    before = models.CharField(max_length=255, blank=True, help_text="What was stored when it was asked for.")
    wanted = models.CharField(max_length=255)
    reason = models.TextField()
    sent_by = models.BigIntegerField(null=True, help_text="The VLE that sent the person. Null: signed in otherwise.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.TextField(blank=True, default="", help_text="Why it was refused.")
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.BigIntegerField(null=True, help_text="The account. No key: the answer outlives it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("person", "field"), condition=Q(state="open"), name="correction_open_once_per_field"
            ),
            tied_to_institution("correction_person_institution", "person"),
        ]
        indexes = [models.Index(fields=("institution", "state"), name="correction_in_institution")]

    def __str__(self) -> str:
        return f"{self.pk}, {self.state}"


class BundleState(models.TextChoices):
    MAKING = "making", "being made"
    READY = "ready", "ready"
    FAILED = "failed", "could not be made"
    EXPIRED = "expired", "deleted after its time"


class Bundle(Timestamped):
    """All that is held about a person, as an archive that the person takes away. There is one of each person at most.

    It is made in parts; `section` and `after` say where the next one begins. Who came by a VLE gets what belongs to
    the courses of that VLE (`vle_id`), unless the institution allows more.
    """

    concerns = "person_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    vle_id = models.BigIntegerField(null=True, help_text="The only VLE whose courses are in it. Null: all.")
    with_captures = models.BooleanField(help_text="Also the files of what was captured.")
    state = models.CharField(max_length=10, choices=BundleState.choices, default=BundleState.MAKING)
    section = models.PositiveSmallIntegerField(default=0, editable=False)
    after = models.BigIntegerField(default=0, editable=False, help_text="The last key of the section that is in it.")
    page = models.PositiveIntegerField(default=0, editable=False, help_text="How many files the section has.")
    total = models.PositiveIntegerField(default=0, help_text="Rows, counted when it was begun.")
    done = models.PositiveIntegerField(default=0, help_text="Of these.")
    size = models.BigIntegerField(default=0, help_text="bytes")
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("institution", "id"), name="bundle_of_institution"),
            models.UniqueConstraint(fields=("institution", "person"), name="bundle_once"),
            models.CheckConstraint(
                condition=~Q(state=BundleState.READY) | Q(expires_at__isnull=False), name="bundle_ready_expires"
            ),
            tied_to_institution("bundle_person_institution", "person"),
        ]
        indexes = [models.Index(fields=("state", "expires_at"), name="bundle_by_state")]

    def __str__(self) -> str:
        return f"{self.pk}, {self.state}"


class BundlePart(models.Model):
    """A part of the archive, with what its directory says of it: see archive.py."""

    concerns = "bundle__person_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    bundle = models.ForeignKey(Bundle, on_delete=models.CASCADE, related_name="parts")
    file = models.OneToOneField(StoredFile, on_delete=models.CASCADE, related_name="+")
    directory = models.JSONField()

    class Meta:
        constraints = [
            tied_to_institution("bundle_part_bundle", "bundle"),
            tied_to_institution("bundle_part_file", "file"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Figures(models.Model):
    """What may be shown of the rates of an institution in some months, as it was last counted: about nobody.

    Without months it is what the page about transparency shows, of all times. See services/figures.py.
    """

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+")
    first_month = models.CharField(max_length=7, blank=True, default="", help_text='Such as "2026-01".')
    last_month = models.CharField(max_length=7, blank=True, default="", help_text="Itself included.")
    asked_at = models.DateTimeField(db_default=Now(), help_text="When somebody last looked, to about a day.")
    counted_at = models.DateTimeField(null=True, help_text="Null: not yet.")
    shown = models.JSONField(default=dict, help_text="{part: {key: {what is counted: a Figure}}}")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("institution", "first_month", "last_month"), name="figures_once")
        ]

    def __str__(self) -> str:
        return f"{self.first_month} {self.last_month}"
