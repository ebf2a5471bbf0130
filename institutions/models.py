"""Institutions with their people, VLEs and consents; instruments, providers and messages of all institutions."""

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower, Upper
from django.utils.crypto import salted_hmac

from kernel.changes import changes_between, values_of
from kernel.constraints import refuse_violations, tied_to_institution
from kernel.fields import Derived, EmailIdentifierField, EncryptedTextField, IdentifierField, SearchText
from kernel.models import Deriving, DerivingQuerySet, Record, Timestamped
from kernel.recording import Entry, record
from kernel.text import identifier_key, validate_language, validate_line, validate_queue_name, validate_web_address
from kernel.zones import validate_time_zone

MOST_REPEATS = 5  # times that a provider is sent again what it has not answered


class OnWithdrawal(models.TextChoices):
    """What becomes of data of a learner who withdraws the consent."""

    KEEP = "keep", "kept as it is"
    RESTRICT = "restrict", "kept, but nobody opens it"
    ERASE = "erase", "erased"


class Institution(Deriving, Timestamped):
    belongs_to = "pk"
    acronym = models.CharField(max_length=255, unique=True, validators=[validate_line])
    name = models.TextField(validators=[validate_line])
    external_ic = models.BooleanField("External IC", default=False, help_text="Informed consent is managed elsewhere.")
    mail_domain = models.CharField(
        max_length=255, null=True, blank=True, help_text="Accepted mail domains, separated by commas. Empty: all."
    )
    disable_vle_learner_creation = models.BooleanField(default=False, help_text="VLEs cannot create learners.")
    disable_vle_instructor_creation = models.BooleanField(default=False, help_text="VLEs cannot create instructors.")
    disable_vle_user_creation = models.BooleanField(default=False, help_text="VLEs cannot create people.")
    allow_learner_report = models.BooleanField(default=False, help_text="Learners can read their reports.")
    allow_learner_audit = models.BooleanField(
        default=False, help_text="Learners can read the audit data of their reports."
    )
    allow_valid_audit = models.BooleanField(
        default=False, help_text="Audit data is available even when results are valid."
    )
    allowed_domains = models.TextField(
        default="", blank=True, help_text="Where dashboards may send people back to, separated by commas."
    )
    launcher_admin = models.BooleanField(
        default=False,
        help_text="People whom a VLE sends have the administrative flags that they hold here.",
    )
    launcher_everywhere = models.BooleanField(
        default=False,
        help_text="A VLE also sends people who are in none of its courses, and those whom it sends see the courses of "
        "all VLEs.",
    )
    contest_days = models.PositiveSmallIntegerField(
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text="Within so many days a contest of a learner is answered.",
    )
    publishes_transparency = models.BooleanField(
        default=False,
        help_text="Everybody can read which instruments are used, and what became of contests; no person is named.",
    )
    suspended_at = models.DateTimeField(null=True, editable=False, help_text="Since when nobody of it is let in.")
    suspension_reason = models.TextField(
        blank=True, default="", help_text="Its administrators read it when they try to sign in."
    )
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text="In which the console shows and takes instants; an IANA name such as Europe/Madrid.",
    )
    allow_own_names = models.BooleanField(default=False, help_text="People may correct their own first and last names.")
    withdrawal_models = models.CharField(
        max_length=10,
        choices=OnWithdrawal.choices,
        default=OnWithdrawal.KEEP,
        help_text="What becomes of a learner's enrolment when the consent is withdrawn.",
    )
    withdrawal_models_reason = models.TextField(default="", blank=True, help_text="Told to learners.")
    withdrawal_evidence = models.CharField(
        max_length=10,
        choices=OnWithdrawal.choices,
        default=OnWithdrawal.KEEP,
        help_text="What becomes of the evidence of a learner's reports when the consent is withdrawn.",
    )
    withdrawal_evidence_reason = models.TextField(default="", blank=True, help_text="Told to learners.")
    search_text = SearchText("acronym", "name")

    def __str__(self) -> str:
        return self.acronym


class PersonManager(BaseUserManager.from_queryset(DerivingQuerySet)):  # type: ignore[misc] # a class made when it runs
    def get_by_natural_key(self, username):
        """Only of people without an institution: within one, usernames are its own."""
        return self.get(username=username, institution=None)

    def create_superuser(self, username: str, email: str, password: str) -> "User":
        """A global administrator, for `manage.py createsuperuser`, which shows a ValidationError."""
        person = self.model(username=username, email=email, is_staff=True)
        person.set_password(password)
        try:
            refuse_violations(person, ("username", "email"))
        except ValidationError as error:  # the command shows texts, not names
            texts = [f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts]
            raise ValidationError(texts) from error
        with transaction.atomic(using=self._db):
            person.save(using=self._db)
            details = changes_between({}, values_of(person))
            record(Entry("create", "admin/user", person.pk, None, person.pk, details, sealed=True))
        return person


class User(Deriving, AbstractBaseUser, Timestamped):
    """A person, in at most one institution. Instructor and Learner rows have the same id, which the whole API uses.

    Uid, e-mail and username are unique within the institution, and e-mail and username among people without one. No
    institution can learn what another one has. Uids and e-mails are compared by their keys, whatever their spelling.
    """

    concerns = "pk"  # whom a row is about, for the trail
    username = IdentifierField(max_length=150, validators=[UnicodeUsernameValidator()])
    email = EmailIdentifierField(
        max_length=254, null=True, blank=True, compared_in="email_key", help_text="None is stored as null."
    )
    email_key = Derived(identifier_key, "email", null=True)
    first_name = models.CharField(max_length=150, blank=True, default="")
    last_name = models.CharField(max_length=150, blank=True, default="")
    is_staff = models.BooleanField("global admin", default=False)
    is_active = models.BooleanField(default=True)
    institution = models.ForeignKey(Institution, null=True, blank=True, on_delete=models.PROTECT, related_name="people")
    uid = IdentifierField(
        max_length=255,
        blank=True,
        default="",
        compared_in="uid_key",
        help_text="The institution's own name for the person.",
    )
    uid_key = Derived(identifier_key, "uid")
    locale = models.CharField(max_length=10, null=True, blank=True, validators=[validate_language])
    login_allowed = models.BooleanField(default=False, help_text="May sign in with e-mail and password.")
    inst_admin = models.BooleanField(default=False)
    legal_admin = models.BooleanField(default=False)
    send_admin = models.BooleanField(default=False)
    data_admin = models.BooleanField(default=False)
    session_generation = models.PositiveIntegerField(
        default=0, editable=False, help_text="Sessions of another generation have ended."
    )

    brought_by_vle = models.BigIntegerField(
        null=True,
        editable=False,
        help_text="The id of the VLE that brought the person, as long as nobody else did. No key: it outlives the VLE.",
    )
    search_text = SearchText("username", "first_name", "last_name", "email", "uid", has_pairs=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]
    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        constraints = [
            # The e-mail first: people sign in with it, without naming their institution.
            models.UniqueConstraint(fields=("email_key", "institution"), name="user_email_once_per_institution"),
            models.UniqueConstraint(fields=("institution", "username"), name="user_username_once_per_institution"),
            models.UniqueConstraint(fields=("institution", "uid_key"), name="user_uid_once_per_institution"),
            models.UniqueConstraint(
                fields=("email_key",), condition=Q(institution=None), name="user_email_once_outside"
            ),
            models.UniqueConstraint(
                fields=("username",), condition=Q(institution=None), name="user_username_once_outside"
            ),
            models.UniqueConstraint(fields=("institution", "id"), name="user_of_institution"),
            models.CheckConstraint(condition=~Q(email=""), name="user_email_null_not_empty"),
            models.CheckConstraint(condition=Q(institution=None) | ~Q(uid=""), name="user_uid_in_institution"),
            models.CheckConstraint(
                condition=Q(institution__isnull=False)
                | Q(inst_admin=False, legal_admin=False, send_admin=False, data_admin=False),
                name="user_flags_need_institution",
            ),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def has_flag(self) -> bool:
        """Whether the person has any administrative right."""
        return self.is_staff or self.inst_admin or self.legal_admin or self.send_admin or self.data_admin

    # For Django's admin: global administrators have all permissions, other people none.

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # A new session generation ends browser sessions, as it ends tokens.
        value = f"{self.password}:{self.session_generation}"
        return salted_hmac("institutions.User.session", value, secret=secret, algorithm="sha256").hexdigest()


class FormerUid(models.Model):
    """A uid by which VLEs go on to name a person: from before a change, or of an account that was merged into this."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="former_uids")
    uid_key = models.TextField(help_text="As User.uid_key.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("institution", "uid_key"), name="former_uid_once_per_institution"),
            tied_to_institution("former_uid_person_institution", "person"),
        ]

    def __str__(self) -> str:
        return self.uid_key


class Instructor(models.Model):
    """The role of instructor of a person."""

    concerns = "pk"
    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("institution", "user"), name="instructor_of_institution"),
            tied_to_institution("instructor_user_institution", "user"),
        ]

    def __str__(self) -> str:
        return str(self.user)


class OIDCMatch(models.TextChoices):
    EMAIL = "email", "E-mail"
    UID = "uid", "Uid"
    USERNAME = "username", "Username"


class OIDCConnection(Timestamped):
    """The identity provider (OpenID Connect) through which people of the institution sign in."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="oidc_connections")
    issuer = models.CharField(
        max_length=500, help_text="The provider's address, exactly as in its tokens, such as https://login.example.org."
    )
    client_id = models.CharField(max_length=255, help_text="What the provider calls this service.")
    client_secret = EncryptedTextField(help_text="Only written. It must be sent again with another issuer.")
    match = models.CharField(
        max_length=10, choices=OIDCMatch.choices, default=OIDCMatch.EMAIL,
        help_text="What of a person here the claim is compared with. An e-mail must be verified by the provider.",
    )  # fmt: skip
    claim = models.CharField(
        max_length=100, default="email",
        help_text="The claim that is compared: for e-mails `email`; else one that people cannot change themselves.",
    )  # fmt: skip
    everybody = models.BooleanField(
        default=False, help_text="All people sign in with it. Otherwise administrators and instructors only."
    )
    enabled = models.BooleanField(default=False)

    class Meta:
        verbose_name = "OIDC connection"
        constraints = [models.UniqueConstraint(fields=("institution",), name="oidc_connection_once")]

    def __str__(self) -> str:
        return self.issuer


class VLEType(models.IntegerChoices):
    MOODLE = 0, "MOODLE"


class VLE(Deriving, Timestamped):
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="vles")
    type = models.IntegerField(choices=VLEType.choices, default=VLEType.MOODLE)
    name = models.CharField(max_length=250)
    url = models.CharField(max_length=2048, null=True, blank=True, validators=[validate_web_address])
    client_id = models.CharField(max_length=250, null=True, blank=True)
    lti = models.JSONField(default=dict, blank=True, help_text="LTI configuration without its secret.")
    lti_secret = EncryptedTextField(default="", blank=True, editable=False)
    search_text = SearchText("name", "url", "client_id")

    class Meta:
        verbose_name = "VLE"
        constraints = [
            models.UniqueConstraint(fields=("institution", "name"), name="vle_name_once_per_institution"),
            models.UniqueConstraint(fields=("institution", "id"), name="vle_of_institution"),
        ]

    def __str__(self) -> str:
        return self.name


class VLEWarning(Timestamped):
    """A setting that the VLE sends and that could not be used as it is; `updated_at` is when it was last sent."""

    vle = models.ForeignKey(VLE, on_delete=models.CASCADE, related_name="warnings")
    setting = models.CharField(max_length=50)
    text = models.CharField(max_length=500)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("vle", "setting"), name="warning_once_per_vle_setting")]

    def __str__(self) -> str:
        return f"{self.setting}: {self.text}"


class Instrument(Deriving, Timestamped):
    """A method of checking identity or authorship, such as face recognition; shared by all institutions."""

    name = models.CharField(max_length=250)
    acronym = models.CharField(max_length=30, unique=True)
    queue = models.CharField(max_length=250, unique=True, validators=[validate_queue_name])
    enabled = models.BooleanField(default=False)
    requires_enrolment = models.BooleanField(default=False)
    description = models.TextField(null=True, blank=True)
    identity = models.BooleanField(default=False)
    originality = models.BooleanField(default=False)
    authorship = models.BooleanField(default=False)
    integrity = models.BooleanField(default=False)
    options_schema = models.JSONField(null=True, blank=True, help_text="JSON Schema of an activity's options.")
    timeout_minutes = models.PositiveIntegerField(
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(43_200)],  # 30 days
        help_text="A provider that has not answered by then is not waited for any longer.",
    )
    search_text = SearchText("name", "acronym", "description")

    def __str__(self) -> str:
        return self.acronym


class Provider(Deriving, Timestamped):
    """An external program that does the checks of an instrument, for all institutions.

    The two thresholds are fractions; both are set or neither.
    """

    instrument = models.ForeignKey(Instrument, null=True, on_delete=models.SET_NULL, related_name="providers")
    name = models.CharField(max_length=250)
    acronym = models.CharField(max_length=30, unique=True)
    description = models.TextField(null=True, blank=True)
    url = models.CharField(max_length=250, null=True, blank=True)
    version = models.CharField(max_length=15)
    queue = models.CharField(max_length=50, unique=True)
    enabled = models.BooleanField(default=False)
    allow_validation = models.BooleanField(default=False)
    validation_active = models.BooleanField(default=False)
    alert_below = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True)
    warning_below = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True)
    inverted_polarity = models.BooleanField(default=False, help_text="A low result is good.")
    image = models.CharField(max_length=250, blank=True, default="")
    has_service = models.BooleanField(default=False)
    service_port = models.PositiveIntegerField(null=True, blank=True)
    options_schema = models.JSONField(null=True, blank=True)
    options = models.JSONField(null=True, blank=True)
    is_demonstration = models.BooleanField(
        default=False, editable=False, help_text="Its results say nothing about anybody: whoever sees one is told so."
    )
    search_text = SearchText("name", "acronym", "description")

    class Meta:
        constraints = [
            models.CheckConstraint(
                # A comparison with null is neither true nor false, and a check constraint accepts that: hence isnull.
                condition=Q(alert_below=None, warning_below=None)
                | Q(
                    alert_below__isnull=False,
                    warning_below__isnull=False,
                    alert_below__gte=0,
                    alert_below__lte=1,
                    warning_below__gte=0,
                    warning_below__lte=1,
                ),
                name="provider_thresholds_are_a_pair",
            )
        ]

    def __str__(self) -> str:
        return self.acronym


class ProviderNotification(Timestamped):
    """What a provider wants to be reminded of at an instant: it is then sent the id, and reads and deletes the row."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="notifications")
    key = models.CharField(max_length=250)
    info = models.JSONField(null=True, blank=True)
    when = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, editable=False, help_text="Null: the provider has not been told yet.")
    asked_again = models.PositiveSmallIntegerField(
        db_default=0, editable=False, help_text="How often since then: see unanswered.py."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=("provider", "key"), name="notification_key_once")]
        indexes = [
            models.Index(fields=("when",), condition=Q(sent_at=None), name="notification_due"),
            models.Index(
                fields=("sent_at",),
                condition=Q(sent_at__isnull=False, asked_again__lt=MOST_REPEATS),
                name="notification_unread",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Credential(Timestamped):
    """Role id and secret of a VLE or provider for signing in. The secret is random, so a fast hash of it suffices."""

    role_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    secret_hash = models.CharField(max_length=64)
    vle = models.ForeignKey(VLE, null=True, on_delete=models.CASCADE, related_name="credential_rows")
    provider = models.ForeignKey(Provider, null=True, on_delete=models.CASCADE, related_name="credential_rows")
    expires_at = models.DateTimeField(null=True, help_text="End of the overlap after a rotation.")
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(vle__isnull=False, provider=None) | Q(vle=None, provider__isnull=False),
                name="credential_of_one_module",
            )
        ]

    def __str__(self) -> str:
        return str(self.role_id)


class InformedConsent(Timestamped):
    """A version of the informed consent. It cannot be changed once a learner has accepted it."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="consents")
    version = models.CharField(max_length=250, help_text="Three integers: X.Y.Z")
    major = models.PositiveIntegerField(editable=False)
    minor = models.PositiveIntegerField(editable=False)
    patch = models.PositiveIntegerField(editable=False)
    valid_from = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, editable=False, help_text="First acceptance by anyone.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("institution", "major", "minor", "patch"), name="consent_version_once_per_institution"
            ),
            models.UniqueConstraint(fields=("institution", "id"), name="consent_of_institution"),
        ]
        indexes = [models.Index(fields=("institution", "valid_from"), name="consent_valid_from")]

    def __str__(self) -> str:
        return self.version


class InformedConsentDocument(Timestamped):
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    consent = models.ForeignKey(InformedConsent, on_delete=models.CASCADE, related_name="documents")
    language = models.CharField(max_length=30, validators=[validate_language])
    html = models.TextField(null=True, blank=True, help_text="Cleaned when it is stored.")
    pdf = models.ForeignKey("files.StoredFile", null=True, on_delete=models.PROTECT, related_name="consent_documents")

    class Meta:
        constraints = [
            models.UniqueConstraint("consent", Lower("language"), name="document_language_once_per_consent"),
            tied_to_institution("document_consent_institution", "consent"),
            tied_to_institution("document_pdf_institution", "pdf"),
        ]

    def __str__(self) -> str:
        return self.language


class ConsentText(Record):
    """The text of a consent document about which somebody has decided, as it was then.

    It is kept whatever becomes of the document. `sha256` is `text_hash` of services/texts.py.
    """

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    html = models.TextField(null=True)
    pdf = models.ForeignKey("files.StoredFile", null=True, on_delete=models.PROTECT, related_name="consent_texts")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("institution", "sha256"), name="consent_text_once_per_institution"),
            models.UniqueConstraint(fields=("institution", "id"), name="consent_text_of_institution"),
            tied_to_institution("consent_text_pdf_institution", "pdf"),
        ]

    def __str__(self) -> str:
        return self.sha256


class UIOption(Timestamped):
    """A route of the dashboard: a global row opens it to roles, any other row can only block it."""

    concerns = "user_id"
    route = models.CharField(max_length=250, db_index=True)
    enabled = models.BooleanField(default=False)
    institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="ui_options")
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="ui_options")
    roles = models.CharField(max_length=250, null=True, help_text="Comma-separated; null is everyone.")

    class Meta:
        verbose_name = "UI option"
        constraints = [
            # Nulls are never equal in a unique constraint, so each combination of nulls has its own.
            models.UniqueConstraint(fields=("route",), condition=Q(institution=None), name="ui_option_global_once"),
            models.UniqueConstraint(
                fields=("institution", "route"), condition=Q(user=None), name="ui_option_institution_once"
            ),
            models.UniqueConstraint(fields=("institution", "route", "user"), name="ui_option_user_once"),
            models.CheckConstraint(
                condition=Q(user=None) | Q(institution__isnull=False), name="ui_option_user_in_institution"
            ),
            tied_to_institution("ui_option_user_institution", "user"),
        ]

    def __str__(self) -> str:
        return self.route


class Message(Timestamped):
    """A code that instruments and sensors answer with; upper case."""

    code = models.CharField(max_length=50, primary_key=True, help_text="Upper case.")
    datatype = models.CharField(max_length=50, default="html")
    description = models.TextField(null=True, blank=True)
    meaning = models.TextField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(code=Upper("code")), name="message_code_upper_case")]

    def __str__(self) -> str:
        return self.code


class MessageLocale(Timestamped):
    code = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="locales")
    locale = models.CharField(max_length=10, help_text="Lower case.")
    message = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("code", "locale"), name="message_locale_once"),
            models.CheckConstraint(condition=Q(locale=Lower("locale")), name="message_locale_lower_case"),
        ]

    def __str__(self) -> str:
        return f"{self.code_id} ({self.locale})"
