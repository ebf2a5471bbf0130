"""Sessions of callers, failed sign-ins, known places, and launchers: tickets that sign in people whom a VLE sends."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from institutions.models import Credential, OIDCConnection
from kernel.caller import CallerKind
from kernel.constraints import tied_to_institution
from kernel.models import Timestamped


class CallerSession(models.Model):
    """A session of a caller. Each token names one; when it ends, its tokens are refused at once by every process.

    A session belongs to a person (`user`) or to a VLE or provider (`credential`). It is over when `ended_at` is set or
    `expires_at` has passed, when the person is deactivated or has another session generation, and when the credential
    is revoked or its overlap has ended. It is deleted with the VLE whose launcher opened it, or the identity provider.
    """

    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in CallerKind])
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    credential = models.ForeignKey(Credential, null=True, on_delete=models.CASCADE, related_name="+")
    assessment_session = models.ForeignKey(
        "courses.AssessmentSession", null=True, on_delete=models.CASCADE, related_name="+"
    )
    launcher = models.ForeignKey(
        "Launcher", null=True, on_delete=models.CASCADE, related_name="+", help_text="What opened it, if a VLE did."
    )
    oidc = models.ForeignKey(
        OIDCConnection, null=True, on_delete=models.CASCADE, related_name="+", help_text="What opened it, if it did."
    )
    generation = models.PositiveIntegerField(default=0)
    address = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, credential=None) | Q(user=None, credential__isnull=False),
                name="session_of_person_or_module",
            ),
            models.CheckConstraint(
                condition=Q(assessment_session=None) | Q(kind=CallerKind.LEARNER_SESSION.value),
                name="session_of_assessment_is_learners",
            ),
        ]
        indexes = [models.Index(fields=("expires_at",), name="session_expiry")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def subject_id(self) -> int | None:
        """The id of the person, VLE or provider to whom the session belongs."""
        if self.credential is not None:
            return self.credential.vle_id or self.credential.provider_id
        return self.user_id


class SignInCounter(models.Model):
    """Failed sign-ins. The key is a keyed hash of account and address, or of one of them."""

    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    last_failure_at = models.DateTimeField(db_column="since")

    class Meta:
        indexes = [models.Index(fields=("last_failure_at",), name="sign_in_counter_since")]

    def __str__(self) -> str:
        return f"{self.failures} until {self.last_failure_at}"


class SignInPlace(models.Model):
    """A place from which an account has signed in, or a device or a password with which it has.

    The key is a keyed hash of both: it names neither.
    """

    key = models.CharField(max_length=64, primary_key=True)
    used_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"used at {self.used_at}"


class Target(models.IntegerChoices):
    DASHBOARD = 0
    LAPI = 1


class Launcher(Timestamped):
    """A ticket for one sign-in, issued to a VLE for one of its people. Only a hash of its token is stored.

    It is valid as long as the credential with which the VLE requested it. `credential` is null for tickets that a
    learner's browser got with the data of an assessment session, which end with that session, and for tickets issued
    before the column existed, which end when the VLE's credentials are rotated.
    """

    institution = models.ForeignKey("institutions.Institution", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    vle = models.ForeignKey("institutions.VLE", on_delete=models.CASCADE, related_name="+")
    credential = models.ForeignKey(
        Credential, null=True, on_delete=models.CASCADE, related_name="+", help_text="What the VLE asked for it with."
    )
    session = models.ForeignKey("courses.AssessmentSession", null=True, on_delete=models.CASCADE, related_name="+")
    target = models.SmallIntegerField(choices=Target.choices, default=Target.DASHBOARD)
    target_url = models.CharField(max_length=2048, null=True)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            tied_to_institution("launcher_user_institution", "user"),
            tied_to_institution("launcher_vle_institution", "vle"),
            tied_to_institution("launcher_session_institution", "session"),
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.pk}"
