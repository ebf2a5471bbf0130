"""The outbox: jobs that have been committed with the change that causes them, and are not done yet.

And what the engines remember: when something is due again, how often providers were asked again, and the accounts
that these have at the broker.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from kernel.fields import EncryptedTextField


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
    taken_at = models.DateTimeField(null=True, help_text="Since when it is being done; null while it waits.")
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(default="", help_text="Of the last try.")
    parked_at = models.DateTimeField(null=True, help_text="Since when it is not tried any more.")

    class Meta:
        indexes = [
            # The next of a queue, and the next of one name: neither reads what waits for others.
            models.Index(fields=("queue", "due_at", "id"), condition=Q(parked_at=None), name="job_due_in_queue"),
            models.Index(fields=("queue", "name", "due_at", "id"), condition=Q(parked_at=None), name="job_due_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.key}"


class Turn(models.Model):
    """Of several processes one does this about every so many seconds: who moves `due_at` on has the turn."""

    name = models.CharField(max_length=150, primary_key=True)
    due_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class Tally(models.Model):
    """How often something has happened to messages to a provider since the installation."""

    what = models.CharField(max_length=50, help_text="`results`, `validations`, `enrolments`, `notifications`")
    outcome = models.CharField(max_length=50, help_text="`sent_again`, `given_up`")
    provider = models.CharField(max_length=30, help_text="Its acronym.")
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("what", "outcome", "provider"), name="tally_once")]

    def __str__(self) -> str:
        return f"{self.what} {self.outcome} {self.provider}: {self.number}"


class BrokerAccount(models.Model):
    """Who may use a provider's virtual host at the broker, which is named after the provider's queue."""

    queue = models.CharField(max_length=250)
    username = models.CharField(max_length=300, unique=True)
    password = EncryptedTextField()
    created_at = models.DateTimeField(db_default=Now())
    ends_at = models.DateTimeField(null=True, help_text="When it is removed, after a rotation or with the provider.")
    is_ready = models.BooleanField(default=False, help_text="The broker has it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("queue",), condition=Q(ends_at=None), name="broker_account_once"),
        ]

    def __str__(self) -> str:
        return self.username
