"""Learners with their consent, special needs (SEND) and enrolment with providers."""

import uuid
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from files.models import StoredFile
from institutions.models import (
    MOST_REPEATS,
    ConsentText,
    InformedConsent,
    Institution,
    Instrument,
    Message,
    OnWithdrawal,
    Provider,
    User,
)
from kernel.constraints import fraction, one_of, tied_to_institution
from kernel.fields import SearchText
from kernel.models import Deriving, Record, Timestamped


class Learner(models.Model):
    """The role of learner of a person. Providers know the learner only by the pseudonym `learner_id`."""

    concerns = "pk"
    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="learners")
    learner_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    consent = models.ForeignKey(
        InformedConsent, null=True, blank=True, on_delete=models.PROTECT, related_name="learners"
    )
    consent_accepted = models.DateTimeField(null=True, blank=True)
    consent_rejected = models.DateTimeField(null=True, blank=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    is_restricted = models.BooleanField(
        default=False,
        db_default=False,  # processes of the release before know no such column
        editable=False,
        help_text="The consent is withdrawn, and nobody opens the evidence of reports.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("institution", "user"), name="learner_of_institution"),
            tied_to_institution("learner_user_institution", "user"),
            tied_to_institution("learner_consent_institution", "consent"),
        ]

    def __str__(self) -> str:
        return str(self.learner_id)


class Decision(models.TextChoices):
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class SignIn(models.TextChoices):
    PASSWORD = "password"  # noqa: S105 - a word
    LAUNCHER = "launcher"
    LEARNER_SESSION = "learner_session"
    OIDC = "oidc", "Identity provider"


class ConsentDecision(Record):
    """A learner's decision about a consent. Never deleted: when the learner is, only the pseudonym stays.

    `owner` and `address` are then taken out. The VLE has an id and a name instead of a foreign key, because the record
    outlives it.
    """

    concerns = "owner_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(Learner, null=True, on_delete=models.SET_NULL, related_name="decisions")
    learner_id = models.UUIDField(db_index=True, help_text="The pseudonym at the decision.")
    decision = models.CharField(max_length=10, choices=Decision.choices)
    version = models.CharField(max_length=250)
    language = models.CharField(max_length=30, null=True, help_text="Of the document that was shown, if known.")
    language_named = models.BooleanField(
        null=True, help_text="The client named the language, or it is the browser's preference. Null: not recorded."
    )
    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField()
    signed_in = models.CharField(
        max_length=20, choices=SignIn.choices, null=True, help_text="How the learner was. Null: not recorded."
    )
    vle_id = models.BigIntegerField(null=True, help_text="Of the launcher or the assessment session.")
    vle_name = models.CharField(max_length=250, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("institution", "id"), name="decision_of_institution"),
            tied_to_institution("decision_owner_institution", "owner", "user"),
        ]
        indexes = [models.Index(fields=("institution", "at"), name="decision_in_institution")]

    def __str__(self) -> str:
        return f"{self.learner_id} {self.decision} {self.version}"


@receiver(pre_delete, sender=Learner)
def addresses_forgotten(instance: Learner, **_: Any) -> None:
    """However a learner is deleted, the records of the decisions no longer say where it was: their only change."""
    models.QuerySet(ConsentDecision).filter(owner=instance).update(address=None)


class Withdrawal(Timestamped):
    """What becomes of models and evidence since the learner has withdrawn the consent, as it was told then.

    It goes when the learner consents again: what is still to be erased then stays.
    """

    concerns = "learner_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="withdrawals")
    at = models.DateTimeField()
    of_models = models.CharField(max_length=10, choices=OnWithdrawal.choices)
    of_evidence = models.CharField(max_length=10, choices=OnWithdrawal.choices)
    models_erased_at = models.DateTimeField(null=True)
    evidence_erased_at = models.DateTimeField(null=True)
    waits_until = models.DateTimeField(null=True, help_text="Nothing is erased before: a VLE had sent the learner.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("institution", "learner"), name="withdrawal_once_per_learner"),
            tied_to_institution("withdrawal_learner_institution", "learner", "user"),
        ]

    def __str__(self) -> str:
        return f"of {self.learner_id}"

    @property
    def is_pending(self) -> bool:
        """Something is still to be erased."""
        return (self.of_models == OnWithdrawal.ERASE and self.models_erased_at is None) or (
            self.of_evidence == OnWithdrawal.ERASE and self.evidence_erased_at is None
        )


def pending_withdrawals() -> Q:
    """Withdrawals for which `is_pending` is true."""
    return Q(of_models=OnWithdrawal.ERASE, models_erased_at=None) | Q(
        of_evidence=OnWithdrawal.ERASE, evidence_erased_at=None
    )


class DecidedText(Record):
    """A text that a decision is about: one, or those of all languages if it is not known which was shown.

    For a rejection these are the texts whose acceptance is withdrawn.
    """

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    decision = models.ForeignKey(ConsentDecision, on_delete=models.PROTECT, related_name="texts")
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=30)
    inferred = models.BooleanField(
        default=False,
        help_text="Not recorded with the decision: taken later from a document that had not been changed.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("decision", "language"), name="decided_text_once_per_language"),
            tied_to_institution("decided_text_decision_institution", "decision"),
            tied_to_institution("decided_text_text_institution", "text"),
        ]

    def __str__(self) -> str:
        return f"{self.language} of {self.decision_id}"


class ServedText(models.Model):
    """The text of a consent, in one language, that a session was served last.

    Until the first acceptance a text can be changed: what this session accepts must still be what it was served. Not
    keys of the documents, because these may be deleted and made anew meanwhile.
    """

    session = models.ForeignKey("signin.CallerSession", on_delete=models.CASCADE, related_name="+")
    version = models.CharField(max_length=250)
    language = models.CharField(max_length=30)
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("session", "version", "language"), name="served_text_once_per_session")
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.language} to {self.session_id}"


class SENDOption(models.TextChoices):
    """Accessibility options that a user interface can switch on."""

    BIG_FONTS = "big_fonts"
    HIGH_CONTRAST = "high_contrast"
    TEXT_TO_SPEECH = "text_to_speech"


class SENDAllowance(models.TextChoices):
    """Access arrangements of examination boards, beside extra time. Who holds the assessment provides them."""

    REST_BREAKS = "rest_breaks"
    READER = "reader"
    SCRIBE = "scribe"
    PROMPTER = "prompter"
    WORD_PROCESSOR = "word_processor"
    ASSISTIVE_TECHNOLOGY = "assistive_technology"
    SIGN_LANGUAGE = "sign_language"
    BILINGUAL_DICTIONARY = "bilingual_dictionary"


class SENDCategory(Deriving, Timestamped):
    """A category of special needs: the options it enables and the instruments it disables for a learner.

    `data` is {"enabled_options": [str], "disabled_instruments": [int]}, always with both keys. `extra_time` and
    `allowances` are what instructors and VLEs provide: the service tells them, and does nothing else with them.
    """

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="send_categories")
    description = models.TextField()
    data = models.JSONField(default=dict)
    extra_time = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(300)],
        help_text="Percent of an activity's time that is added to it.",
    )  # fmt: skip
    allowances = models.JSONField(default=list, help_text="Values of SENDAllowance, sorted.")
    search_text = SearchText("description")

    class Meta:
        verbose_name = "SEND category"
        verbose_name_plural = "SEND categories"
        constraints = [models.UniqueConstraint(fields=("institution", "id"), name="send_category_of_institution")]

    def __str__(self) -> str:
        return self.description


class SENDLearner(Timestamped):
    """The assignment of a category to a learner until `expires_at`; null means without end."""

    concerns = "learner_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="sends")
    category = models.ForeignKey(SENDCategory, on_delete=models.CASCADE, related_name="assignments")
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "SEND assignment"
        constraints = [
            models.UniqueConstraint(fields=("learner", "category"), name="send_category_once_per_learner"),
            tied_to_institution("send_learner_institution", "learner", "user"),
            tied_to_institution("send_category_institution", "category"),
        ]
        indexes = [models.Index(fields=("learner", "expires_at"), name="send_expiry_of_learner")]

    def __str__(self) -> str:
        return f"{self.category} for {self.learner}"


class SampleStatus(models.IntegerChoices):
    STORED = 0
    VALID = 1
    ERROR = 2
    TIMEOUT = 3
    MISSING_VALIDATOR = 4


class ValidationStatus(models.IntegerChoices):
    VALIDATING = 0
    VALID = 1
    ERROR = 2
    TIMEOUT = 3
    WAITING_EXTERNAL = 4


OPEN = (ValidationStatus.VALIDATING, ValidationStatus.WAITING_EXTERNAL)


class EnrolmentSample(Timestamped):
    """A sample captured from a learner, from which providers train their models."""

    concerns = "learner_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="samples")
    status = models.SmallIntegerField(choices=SampleStatus.choices, default=SampleStatus.STORED)
    instruments = models.ManyToManyField(Instrument, related_name="+")
    data = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="samples")
    error_message = models.TextField(null=True, blank=True)
    message_code = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            one_of("status", SampleStatus.values, "sample_status_known"),
            tied_to_institution("sample_learner_institution", "learner", "user"),
            tied_to_institution("sample_data_institution", "data"),
        ]
        indexes = [models.Index(fields=("learner", "status"), name="sample_of_learner")]

    def __str__(self) -> str:
        return f"{self.pk} of {self.learner_id}"


class EnrolmentSampleValidation(Timestamped):
    """A provider's validation of a sample. `contribution` is a fraction of a complete model."""

    sample = models.ForeignKey(EnrolmentSample, on_delete=models.CASCADE, related_name="validations")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="+")
    status = models.SmallIntegerField(choices=ValidationStatus.choices, default=ValidationStatus.VALIDATING)
    asked_at = models.DateTimeField(
        db_default=Now(),
        help_text="Or when the provider last said that it works on it. Of a valid one: since when it is to be learnt.",
    )
    asked_again = models.PositiveSmallIntegerField(db_default=0, help_text="How often since then: see unanswered.py.")
    info = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="validations")
    contribution = models.DecimalField(max_digits=7, decimal_places=6, null=True, blank=True)
    error_message = models.TextField(null=True, blank=True)
    message_code = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("sample", "provider"), name="validation_once_per_provider"),
            one_of("status", ValidationStatus.values, "validation_status_known"),
            fraction("contribution", "validation_contribution_fraction"),
        ]
        indexes = [
            models.Index(fields=("provider", "asked_at"), condition=Q(status__in=OPEN), name="validation_awaited"),
            models.Index(
                fields=("asked_at",),
                condition=Q(status=ValidationStatus.VALID, asked_again__lt=MOST_REPEATS),
                name="validation_to_be_learnt",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sample_id} by {self.provider_id}"


class Enrolment(Timestamped):
    """A provider's model of a learner; `percentage` is a fraction of completeness."""

    concerns = "learner_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="enrolments")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="enrolments")
    percentage = models.DecimalField(max_digits=7, decimal_places=6, default=0)
    can_analyse = models.BooleanField(default=False)
    locked_at = models.DateTimeField(null=True, blank=True)
    locked_by = models.UUIDField(null=True, blank=True)
    model = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="enrolments")
    model_samples = models.ManyToManyField(EnrolmentSample, related_name="models")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("learner", "provider"), name="enrolment_once_per_provider"),
            fraction("percentage", "enrolment_percentage_fraction"),
            models.CheckConstraint(
                condition=Q(locked_at=None, locked_by=None) | Q(locked_at__isnull=False, locked_by__isnull=False),
                name="enrolment_lock_is_a_pair",
            ),
            tied_to_institution("enrolment_learner_institution", "learner", "user"),
            tied_to_institution("enrolment_model_institution", "model"),
        ]

    def __str__(self) -> str:
        return f"{self.learner_id} with {self.provider_id}"
