"""How long an institution keeps each kind of data, and deletions in bulk. Nothing is deleted where nothing is said."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from institutions.models import Institution
from kernel.models import Timestamped

LONGEST = 36_500  # days


class Kind(models.TextChoices):
    """What a period is about; what exactly is deleted is in services/kinds.py."""

    SAMPLES = "samples", "samples for enrolment"
    MODELS = "models", "models made of samples"
    CAPTURES = "captures", "what was captured during assessments"
    DOCUMENTS = "documents", "documents that were handed in"
    ALERTS = "alerts", "alerts"
    REPORTS = "reports", "reports with all that they were made of"
    TRAIL = "trail", "lines of the trail"


class Period(Timestamped):
    """So many days the institution keeps data of a kind; without a row there is no limit."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="retention_periods")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    days = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(LONGEST)])

    class Meta:
        verbose_name = "retention period"
        constraints = [
            models.UniqueConstraint(fields=("institution", "kind"), name="period_once_per_kind"),
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=LONGEST), name="period_days"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.days} days"

    @property
    def kept_days(self) -> int:
        """Of the trail at least what the operator says, who may have said less when the period was set."""
        return max(self.days, settings.TRAIL_LEAST_DAYS) if self.kind == Kind.TRAIL else self.days


class Deletion(Timestamped):
    """What was made of learners' work, deleted in bulk by a job: of a course, of a group's courses, before an instant.

    What it is of is kept in numbers and words, which outlive the course and the group.
    """

    class Status(models.TextChoices):
        RUNNING = "running", "being deleted"
        DONE = "done", "deleted"

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="bulk_deletions")
    course_id = models.BigIntegerField(null=True)
    group_id = models.BigIntegerField(null=True)
    before = models.DateTimeField(null=True)
    courses = models.JSONField(default=list, editable=False, help_text="Keys of the courses when it was asked for.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING, editable=False)
    expected = models.JSONField(default=dict, editable=False, help_text="Rows by kind, when it was asked for.")
    held = models.JSONField(default=dict, editable=False, help_text="Rows held back then, by reason.")
    deleted = models.JSONField(default=dict, editable=False, help_text="Rows deleted so far, by kind.")
    files = models.PositiveIntegerField(default=0, editable=False)
    step = models.PositiveSmallIntegerField(default=0, editable=False)
    last_key = models.BigIntegerField(default=0, editable=False)
    asked_by_id = models.BigIntegerField(null=True, editable=False, help_text="The account. No key: it outlives it.")

    class Meta:
        verbose_name = "deletion in bulk"
        verbose_name_plural = "deletions in bulk"
        constraints = [
            models.CheckConstraint(
                condition=Q(course_id__isnull=False) | Q(group_id__isnull=False) | Q(before__isnull=False),
                name="deletion_of_something",
            ),
        ]
        indexes = [models.Index(fields=("institution", "id"), name="deletion_in_institution")]

    def __str__(self) -> str:
        return f"{self.pk}, {self.status}"
