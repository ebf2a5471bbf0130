"""What a provider may work on: conditions for tables of rights and services, and rules for links to files.

A provider sees what is assigned to it: where a validation, a model or a result of its own exists. And only while the
learner's consent is valid and no special need takes the provider's instrument away. All of it is asked in SQL, so that
reading, writing under a lock and following links go by one and the same condition.
"""

from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Now

from files.models import Kind, StoredFile
from files.permissions import readable
from institutions.models import InformedConsent
from institutions.services.unanswered import LONGEST_TASK
from kernel.caller import Caller, CallerKind
from kernel.fast.prepared import Prepared
from learners.models import Enrolment, EnrolmentSampleValidation, SENDLearner, ValidationStatus

LOCK = LONGEST_TASK  # for which a task may work on a model


class _Disables(Func):
    """Whether the data of a SEND category names an instrument: _Disables("category__data", OuterRef("instrument"))."""

    output_field = BooleanField()
    arity = 2

    def as_sqlite(self, compiler, connection, **_: Any) -> Any:
        return self._filled(compiler, "EXISTS(SELECT 1 FROM json_each({}, '$.disabled_instruments') WHERE value = {})")

    def as_postgresql(self, compiler, connection, **_: Any) -> Any:
        return self._filled(compiler, "({} -> 'disabled_instruments') @> to_jsonb(CAST({} AS bigint))")

    def _filled(self, compiler, template: str) -> tuple[str, list[Any]]:
        parts = [compiler.compile(expression) for expression in self.get_source_expressions()]
        return template.format(*(sql for sql, _ in parts)), [value for _, values in parts for value in values]


def consents(learner: str = "learner") -> Q:
    """The learner at this path has a valid consent now: `ic_status` starts with VALID."""
    newer = InformedConsent.objects.filter(
        Q(major__gt=OuterRef(f"{learner}__consent__major"))
        | Q(major=OuterRef(f"{learner}__consent__major"), minor__gt=OuterRef(f"{learner}__consent__minor")),
        institution=OuterRef(f"{learner}__institution"),
        valid_from__lte=Now(),
    )
    accepted = Q(
        ~Exists(newer),
        **{
            f"{learner}__consent_rejected__isnull": True,
            f"{learner}__consent__isnull": False,
            f"{learner}__consent__valid_from__lte": Now(),
        },
    )
    return Q(**{f"{learner}__institution__external_ic": True}) | accepted


def needs_disabling(learner: Any, instrument: Any) -> QuerySet[SENDLearner]:
    """The special needs of a learner, now, that take an instrument away; both are keys, or references to them."""
    active = Q(expires_at=None) | Q(expires_at__gte=Now())
    return SENDLearner.objects.filter(active, _Disables(F("category__data"), instrument), learner=learner)


def at_work(learner: str = "learner", instrument: str = "provider__instrument") -> Q:
    """The provider's instrument may work with the learner's data: the paths lead from the row to both."""
    return consents(learner) & ~Q(Exists(needs_disabling(OuterRef(learner), OuterRef(instrument))))


def validations_of(provider: Any) -> QuerySet[EnrolmentSampleValidation]:
    """What the provider may validate, or has validated."""
    return EnrolmentSampleValidation.objects.filter(at_work("sample__learner"), provider=provider)


def enrolments_of(provider: Any) -> QuerySet[Enrolment]:
    """The provider's models."""
    return Enrolment.objects.filter(at_work(), provider=provider)


def lock_holds() -> ExpressionWrapper:
    """Whether a model is locked now, as a column."""
    return ExpressionWrapper(
        Q(locked_at__isnull=False) & Q(locked_at__gt=Now() - Value(LOCK)), output_field=BooleanField()
    )


# For tables of rights.


def own_validation(me) -> Q:
    return Q(provider=me.id) & at_work("sample__learner")


def own_enrolment(me) -> Q:
    return Q(provider=me.id) & at_work()


def own_sample(me) -> Q:
    """Samples that the provider validates."""
    return Q(_validated(me))


def used_sample(me) -> Q:
    """Samples that the provider's model was made of."""
    return Q(_validated(me)) & Q(_used(me))


def available_sample(me) -> Q:
    """Samples that the provider found valid, and that its model was not made of yet."""
    return Q(_validated(me, status=ValidationStatus.VALID)) & ~Q(_used(me))


def _validated(me, **which: Any) -> Exists:
    return Exists(validations_of(me.id).filter(sample=OuterRef("pk"), **which))


def _used(me) -> Exists:
    used: Any = Enrolment.model_samples.through
    return Exists(used._default_manager.filter(enrolment__provider=me.id, enrolmentsample=OuterRef("pk")))


# For the moment at which a link is followed. Nobody else has links to these files.


@readable(Kind.SAMPLE)
def sample_readable(caller: Caller, file: StoredFile) -> bool:
    return _is_provider(caller) and any(_SAMPLES(provider=caller.id, file=file.pk))


@readable(Kind.VALIDATION)
def validation_readable(caller: Caller, file: StoredFile) -> bool:
    return _is_provider(caller) and any(_VALIDATIONS(provider=caller.id, file=file.pk))


@readable(Kind.MODEL)
def model_readable(caller: Caller, file: StoredFile) -> bool:
    return _is_provider(caller) and any(_MODELS(provider=caller.id, file=file.pk))


# Each file that a provider reads asks one of them, and compiling takes several times as long as asking.
_SAMPLES = Prepared(
    lambda provider, file: validations_of(provider).filter(sample__data_id=file).values_list("pk"), "provider", "file"
)
_VALIDATIONS = Prepared(
    lambda provider, file: validations_of(provider).filter(info_id=file).values_list("pk"), "provider", "file"
)
_MODELS = Prepared(
    lambda provider, file: enrolments_of(provider).filter(model_id=file).values_list("pk"), "provider", "file"
)


def _is_provider(caller: Caller) -> bool:
    return caller.kind is CallerKind.PROVIDER
