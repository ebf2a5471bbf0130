"""Stored files, and objects that must still be erased from the store. Who reads a file is told by the trail."""

from django.conf import settings
from django.db import models

from kernel.constraints import tied_to_institution
from kernel.models import Timestamped


class Kind(models.TextChoices):
    """What a file contains. Each kind has its rules of who may read it; see permissions.py.

    Reports, their audits and sessions are not stored any more, but the trail says who has read such files.
    """

    CONSENT_PDF = "consent_pdf", "Consent document"
    SAMPLE = "sample", "Enrolment sample"
    VALIDATION = "validation", "Validation of a sample"
    MODEL = "model", "Enrolment model"
    REQUEST = "request", "Captured sample of a request"
    RESULT_AUDIT = "result_audit", "Audit data of a result"
    REPORT = "report", "Report data"
    REPORT_AUDIT = "report_audit", "Audit data of a report"
    SESSION = "session", "Session data"
    ALERT = "alert", "Alert data"
    CONTEST = "contest", "File of a contest"
    BUNDLE = "bundle", "Part of a bundle of own data"


class Made(models.TextChoices):
    """What is made when somebody reads it. The key of the row that it is about stands for that of a file."""

    REPORT = "report_made", "Report data, made of its results"
    AUDIT = "audit_made", "Audit data, made of an instrument's results"
    BUNDLE = "bundle_made", "A bundle of own data, put together of its parts"


class StoredFile(Timestamped):
    """One object in the store. The owner is the person whose data it is; null for an institution's own documents.

    PROTECT on both keys: a person can be deleted only after the files have been erased.
    """

    institution = models.ForeignKey("institutions.Institution", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    media_type = models.CharField(max_length=100)
    size = models.BigIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    storage_key = models.CharField(max_length=255, unique=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("institution", "id"), name="file_of_institution"),
            tied_to_institution("file_owner_institution", "owner"),
        ]
        indexes = [models.Index(fields=("owner", "kind"), name="file_of_owner")]

    def __str__(self) -> str:
        return self.storage_key


class PendingErasure(models.Model):
    """An object whose row is gone and which the store may still hold; `manage.py erase_files` tries again."""

    storage_key = models.CharField(max_length=255, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.storage_key
