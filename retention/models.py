"""How long an institution keeps each kind of data. Nothing is deleted by itself where it says nothing."""

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
