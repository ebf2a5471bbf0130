"""The outbox: jobs that have been committed with the change that causes them, and are not done yet."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Job(models.Model):
    """Work that is to be done after the commit. The row is deleted in the transaction that does the work.

    All instants are in the database's clock. Nothing personal belongs in a job: only ids.
    """

    name = models.CharField(max_length=100, help_text="Which handler does it, or the provider's task.")
    queue = models.CharField(max_length=250, default="", help_text="The provider's. Empty: the service does it itself.")
    key = models.CharField(max_length=100, help_text="What it is done to: jobs with one name and one key are the same.")
    arguments = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now(), help_text="When it may be taken; while it is done, taken again.")
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(default="", help_text="Of the last try.")
    parked_at = models.DateTimeField(null=True, help_text="Since when it is not tried any more.")

    class Meta:
        indexes = [models.Index(fields=("due_at", "id"), condition=Q(parked_at=None), name="job_due")]

    def __str__(self) -> str:
        return f"{self.name} {self.key}"
