"""Queries of learners: special needs, status of the consent, enrolment, and counts for an institution."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict, TypeVar, get_args

from django.db.models import (
    Count,
    Exists,
    F,
    FilteredRelation,
    Min,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, JSONArray, Now
from django.utils import timezone

from institutions.models import InformedConsent, Provider
from institutions.services.consents import Version, consent_status, newest_valid
from kernel.batches import batched
from kernel.fast.prepared import Prepared
from kernel.text import identifier_key
from learners import arithmetic
from learners.models import (
    Enrolment,
    EnrolmentSample,
    EnrolmentSampleValidation,
    Learner,
    SENDCategory,
    SENDLearner,
    ValidationStatus,
)

Row = TypeVar("Row", bound=Model)


class SendOptions(TypedDict):
    enabled_options: list[str]
    disabled_instruments: list[int]


class SendAllowances(TypedDict):
    extra_time: int | None  # percent
    allowances: list[str]


class SendSummary(TypedDict):
    is_send: bool
    send: SendOptions
    provide: NotRequired[SendAllowances]  # left out where there is nothing to provide


NOTHING_PROVIDED = SendAllowances(extra_time=None, allowances=[])
NO_SEND = SendSummary(is_send=False, send=SendOptions(enabled_options=[], disabled_instruments=[]))


def send_data(stored: Mapping[str, Any]) -> SendOptions:
    """The data of a category with both keys, also where one is not stored."""
    return SendOptions(
        enabled_options=stored.get("enabled_options") or [],
        disabled_instruments=stored.get("disabled_instruments") or [],
    )


def _assignments(learners):
    active = Q(expires_at=None) | Q(expires_at__gte=Now())
    assignments = SENDLearner.objects.filter(active, learner__any_of=learners)
    return assignments.values_list("learner", "category__data", "category__extra_time", "category__allowances")


_ASSIGNMENTS = Prepared(_assignments, "learners")


def _merged(stored: Iterable[Mapping[str, Any]]) -> SendOptions:
    """The options and instruments of several categories together, sorted."""
    options: set[str] = set()
    instruments: set[int] = set()
    for data in stored:
        category = send_data(data)
        options.update(category["enabled_options"])
        instruments.update(category["disabled_instruments"])
    return SendOptions(enabled_options=sorted(options), disabled_instruments=sorted(instruments))


def send_summaries(learners: Sequence[int], view=None) -> dict[int, SendSummary]:
    """{learner: all active assignments merged, sorted}; a learner without any is left out."""
    stored: dict[int, list[tuple[Any, ...]]] = {}
    for learner, *category in _ASSIGNMENTS(learners=list(learners)):
        stored.setdefault(learner, []).append(tuple(category))
    return {learner: _summary(categories) for learner, categories in stored.items()}


def _summary(categories: Sequence[tuple[Any, ...]]) -> SendSummary:
    """Of several categories together: the longest extra time, and all that any of them allows."""
    summary = SendSummary(is_send=True, send=_merged(data for data, _, _ in categories))
    extra_time = max((percent for _, percent, _ in categories if percent), default=None)
    allowances = sorted({word for _, _, words in categories for word in words})
    if extra_time or allowances:
        summary["provide"] = SendAllowances(extra_time=extra_time, allowances=allowances)
    return summary


ICStatus = Literal[
    "NOT_VALID_YET", "VALID", "VALID_NEED_UPDATE", "NOT_VALID",
    "VALID_EXTERNAL", "NOT_VALID_REJECTED", "NOT_VALID_MISSING",
]  # fmt: skip

STATUSES = get_args(ICStatus)
IC_STATUSES: dict[str, str] = {  # in words
    "VALID": "Valid",
    "VALID_NEED_UPDATE": "Valid, update available",
    "VALID_EXTERNAL": "Managed outside this service",
    "NOT_VALID_MISSING": "Not given yet",
    "NOT_VALID_REJECTED": "Rejected",
    "NOT_VALID_YET": "Accepted, but not valid yet",
    "NOT_VALID": "Outdated: must be accepted again",
}


def ic_status(
    rejected: datetime | None,
    major: int | None,
    minor: int,
    patch: int,
    valid_from: datetime,
    policy: tuple[bool, Version | None],
) -> ICStatus:
    """The status of a learner's consent. Data may be captured only if it starts with VALID.

    `major` to `valid_from` are of the accepted consent; `policy` is the institution's (external_ic, current version).
    """
    external, current = policy
    if external:
        return "VALID_EXTERNAL"
    if rejected is not None:
        return "NOT_VALID_REJECTED"
    if major is None:
        return "NOT_VALID_MISSING"
    return consent_status(major, minor, patch, valid_from, current)


def has_ic_status(status: str, policy: tuple[bool, Version | None]) -> Q:
    """The learners of one institution for whom `ic_status` with its policy answers this."""
    external, current = policy
    nobody = Q(pk__in=())
    if external or status == "VALID_EXTERNAL":
        return ~nobody if external and status == "VALID_EXTERNAL" else nobody
    rejected = Q(consent_rejected__isnull=False)
    if status in ("NOT_VALID_REJECTED", "NOT_VALID_MISSING"):
        return rejected if status == "NOT_VALID_REJECTED" else ~rejected & Q(consent=None)
    accepted, begins_later = ~rejected & Q(consent__isnull=False), Q(consent__valid_from__gt=timezone.now())
    if status == "NOT_VALID_YET":
        return accepted & begins_later
    newest = alike = nobody
    if current is not None:
        alike = Q(consent__major=current[0], consent__minor=current[1])
        newest = alike & Q(consent__patch=current[2])
    of_status = {"VALID": newest, "VALID_NEED_UPDATE": alike & ~newest, "NOT_VALID": ~alike}[status]
    return accepted & ~begins_later & of_status


def has_one_of(statuses: Iterable[str], policy: tuple[bool, Version | None]) -> Q:
    return reduce(or_, (has_ic_status(status, policy) for status in statuses))


def may_be_captured(policy: tuple[bool, Version | None]) -> Q:
    """The learners of one institution whose `ic_status` starts with VALID."""
    return has_one_of((status for status in IC_STATUSES if status.startswith("VALID")), policy)


@dataclass(frozen=True)
class LearnerState:
    """A learner at one moment, with the values that decide whether something may be captured."""

    learner: Learner  # with person, institution and consent
    current: Version | None  # the institution's current consent
    send: SendOptions | None = None  # the merged special needs; None if the query did not read them
    provide: SendAllowances | None = None  # what they allow; None also if that is nothing

    @property
    def ic_status(self) -> ICStatus:
        """The status of the learner's consent; see `ic_status` of this module."""
        learner, consent = self.learner, self.learner.consent
        major, minor, patch = (consent.major, consent.minor, consent.patch) if consent else (None, 0, 0)
        valid_from = consent.valid_from if consent else learner.joined_at  # not looked at without a consent
        policy = (learner.institution.external_ic, self.current)
        return ic_status(learner.consent_rejected, major, minor, patch, valid_from, policy)


def current_consent_of(institution: str) -> Subquery:
    """The version of the current consent as a column [major, minor, patch]; `institution` is the path to it."""
    valid = newest_valid(InformedConsent.objects.filter(institution=OuterRef(institution)))
    return Subquery(valid.values(parts=JSONArray("major", "minor", "patch"))[:1])


def version_from_column(parts: list[int] | None) -> Version | None:
    """The version in a column of `current_consent_of`."""
    return (parts[0], parts[1], parts[2]) if parts else None


def learner_with_state(learners: QuerySet[Learner]) -> Learner | None:
    """The one learner among these with its state in the attribute `state`, where `learner_state_known` finds it."""
    return learner_with_state_from_rows(with_learner_state(learners))


def learner_with_state_from_rows(rows: Iterable[Any]) -> Learner | None:
    """The same of the one learner whose rows of `with_learner_state` these are."""
    state = learner_state_from_rows(rows)
    if state is None:
        return None
    learner: Any = state.learner
    learner.state = state
    return learner


def learner_state(learners: QuerySet[Learner]) -> LearnerState | None:
    """The state of the one learner among these, in one query; None if there is none."""
    return learner_state_from_rows(with_learner_state(learners))


def with_active_sends(learners: QuerySet[Learner]) -> QuerySet[Learner]:
    """The learners with their special needs of this moment as the relation `active_sends`."""
    active = Q(sends__expires_at__isnull=True) | Q(sends__expires_at__gte=Now())
    return learners.alias(active_sends=FilteredRelation("sends", condition=active))


def have_needs() -> Exists:
    """Of learners: who has a special need at this moment."""
    active = Q(expires_at__isnull=True) | Q(expires_at__gte=Now())
    return Exists(SENDLearner.objects.filter(active, learner=OuterRef("pk")))


def with_learner_state(learners: QuerySet[Learner]) -> QuerySet[Learner]:
    """The learners with all that a LearnerState holds: one row per active special need, or one without any."""
    rows = with_active_sends(learners).annotate(
        send_data=F("active_sends__category__data"),
        send_extra_time=F("active_sends__category__extra_time"),
        send_allowances=F("active_sends__category__allowances"),
        current=current_consent_of("institution"),
    )
    return rows.select_related("user", "institution", "consent")


def learner_state_from_rows(rows: Iterable[Any]) -> LearnerState | None:
    """The state of the one learner whose rows these are."""
    learners = list(rows)
    if not learners:
        return None
    needs = _summary(
        [(row.send_data, row.send_extra_time, row.send_allowances) for row in learners if row.send_data is not None]
    )
    return LearnerState(learners[0], version_from_column(learners[0].current), needs["send"], needs.get("provide"))


def best_language(languages: Iterable[str], preferred: Sequence[str]) -> str | None:
    """The one of these languages that fits `preferred` best (most preferred first); None if none fits.

    Without an exact match `pt` also fits `pt-BR`, and the reverse.
    """
    known = sorted(languages)
    for code in preferred:
        exact = [language for language in known if is_language(language, code)]
        near = [
            language
            for language in known
            if _normalised(language).partition("-")[0] == _normalised(code).partition("-")[0]
        ]
        if exact or near:
            return (exact or near)[0]
    return None


def is_language(one: str, other: str) -> bool:
    """Whether two codes name the same language: `pt_br` and `pt-BR` do."""
    return _normalised(one) == _normalised(other)


def _normalised(code: str) -> str:
    return code.lower().replace("_", "-")


_PENDING, _NOT_VALIDATED, _MODEL, _PROVIDER = range(4)


def _enrolment_rows(learners):
    """(kind, learner, provider, instrument, amount, can_analyse) for the enabled providers and these learners.

    The amount depends on the kind of row: the contributions that no model uses yet, the number of samples being
    validated, or the completeness of the model. One more row for each provider has no learner.
    """
    used = Enrolment.objects.filter(
        learner=OuterRef("sample__learner"), provider=OuterRef("provider"), model_samples=OuterRef("sample")
    )
    samples = EnrolmentSampleValidation.objects.filter(
        sample__learner__any_of=learners, provider__enabled=True, provider__instrument__isnull=False
    ).order_by()
    by_provider = samples.values("sample__learner", "provider", "provider__instrument")
    pending = by_provider.filter(~Exists(used), status=ValidationStatus.VALID).annotate(amount=Sum("contribution"))
    open_statuses = (ValidationStatus.VALIDATING, ValidationStatus.WAITING_EXTERNAL)
    not_validated = by_provider.filter(status__in=open_statuses).annotate(amount=Count("pk"))
    columns = ("sample__learner", "provider", "provider__instrument", "amount", Value(False))
    models = Enrolment.objects.filter(
        learner__any_of=learners, provider__enabled=True, provider__instrument__isnull=False
    )
    providers = Provider.objects.filter(enabled=True, instrument__isnull=False)
    return pending.values_list(Value(_PENDING), *columns).union(
        not_validated.values_list(Value(_NOT_VALIDATED), *columns),
        models.values_list(Value(_MODEL), "learner", "provider", "provider__instrument", "percentage", "can_analyse"),
        providers.values_list(Value(_PROVIDER), Value(0), "pk", "instrument", Value(0), Value(False)),
        all=True,
    )


_ENROLMENT_ROWS = Prepared(_enrolment_rows, "learners")


def _sample_counts(enrolments):
    used: Any = Enrolment.model_samples.through
    rows = used._default_manager.filter(enrolment__any_of=enrolments).order_by()
    return rows.values("enrolment").annotate(number=Count("pk")).values_list("enrolment", "number")


_SAMPLE_COUNTS = Prepared(_sample_counts, "enrolments")


def sample_counts(enrolments: Sequence[int], view=None) -> dict[int, int]:
    """{model: number of the samples that it was made of}; a model without any is left out."""
    return dict(_SAMPLE_COUNTS(enrolments=list(enrolments)))


def enrolment_parts(learner_id: int) -> list[tuple[str, int]]:
    """(what, how many) an enrolment is made of: the models of each instrument, and the samples."""
    models = Enrolment.objects.filter(learner=learner_id).values_list("provider__instrument__name")
    counts = models.annotate(Count("pk")).order_by("provider__instrument__name")
    samples = EnrolmentSample.objects.filter(learner=learner_id).count()
    return [*((f"models of {name}", number) for name, number in counts), ("samples", samples)]


class _LearnerEnrolment:
    """The data of one learner's enrolment, by provider."""

    def __init__(self) -> None:
        self.models: list[arithmetic.Enrolment] = []
        self.pending: dict[int, Any] = {}
        self.not_validated: dict[int, int] = {}


def enrolment_status(learners: Sequence[int], view=None) -> dict[int, list[arithmetic.EnrolmentEntry]]:
    """{learner: enrolment by instrument, over the enabled providers}, in one query."""
    providers: list[arithmetic.Provider] = []
    enrolments = {learner: _LearnerEnrolment() for learner in learners}
    for kind, learner, provider, instrument, amount, can_analyse in _ENROLMENT_ROWS(learners=list(learners)):
        if kind == _PROVIDER:
            providers.append(arithmetic.Provider(provider, instrument))
        elif kind == _MODEL:
            enrolments[learner].models.append(arithmetic.Enrolment(provider, amount, can_analyse))
        elif kind == _PENDING:
            enrolments[learner].pending[provider] = amount
        else:
            enrolments[learner].not_validated[provider] = int(amount)
    return {
        learner: arithmetic.enrolment_status(providers, rows.models, rows.pending, rows.not_validated)
        for learner, rows in enrolments.items()
    }


def enrolment_entries(learner_id: int) -> list[arithmetic.EnrolmentEntry]:
    """The same for one learner."""
    return enrolment_status([learner_id])[learner_id]


def instruments_applying(learner_id: int, rows: Iterable[Row], send: SendOptions | None = None) -> list[Row]:
    """Of the instruments of one activity those that apply to this learner: special needs may replace some.

    One that is switched off in the whole service is replaced, too: nobody can enrol for it. The rows are of
    courses.ActivityInstrument, with their instruments; `send` is what is known of the learner's needs already.
    """
    by_key: dict[int, Any] = {row.pk: row for row in rows}
    needs = send or send_summaries([learner_id]).get(learner_id, NO_SEND)["send"]
    disabled = needs["disabled_instruments"]
    known = [
        arithmetic.ActivityInstrument(pk, r.instrument_id, r.active, r.alternative_to_id, r.instrument.enabled)
        for pk, r in by_key.items()
    ]
    return [by_key[row.id] for row in arithmetic.learner_instruments(known, disabled)]


def enrolment_missing(
    learner_id: int, activity, rows: Iterable[Any] | None = None, send: SendOptions | None = None
) -> arithmetic.MissingEnrolments:
    """What the learner lacks to be verified in an activity, by the instruments that apply to this learner.

    `rows` are the activity's instruments and `send` the learner's needs, if they are known already.
    """
    if rows is None:
        rows = activity.instruments.select_related("instrument").order_by("pk")
    rows = instruments_applying(learner_id, rows, send)
    return arithmetic.enrolment_missing(
        enrolment_entries(learner_id),
        [arithmetic.Instrument(row.instrument_id, row.instrument.requires_enrolment) for row in rows],
        activity_id=activity.pk,
        learner_id=learner_id,
        activity_enabled=activity.enabled,
    )


def consent_counts(institution_id: int, policy: tuple[bool, Version | None]) -> dict[str, int]:
    """{consent status: number of learners of the institution}, by `ic_status` with its `policy`."""
    by_consent = Learner.objects.filter(institution=institution_id).values(
        "consent__major", "consent__minor", "consent__patch", "consent__valid_from", decided=Q(consent_rejected=None)
    )
    rows = by_consent.annotate(rejected=Min("consent_rejected"), number=Count("pk")).order_by()
    counts: dict[str, int] = {}
    version = ("consent__major", "consent__minor", "consent__patch", "consent__valid_from")
    for rejected, major, minor, patch, valid_from, number in rows.values_list("rejected", *version, "number"):
        status = ic_status(rejected, major, minor, patch, valid_from, policy)
        counts[status] = counts.get(status, 0) + number
    return counts


def send_counts(institution_id: int) -> tuple[int, list[tuple[int, str, int]]]:
    """The number of learners with special needs now; (key, description, learners) of each category, most used first."""
    active = Q(assignments__expires_at=None) | Q(assignments__expires_at__gte=Now())
    now = Q(expires_at=None) | Q(expires_at__gte=Now())
    assigned = SENDLearner.objects.filter(now, institution=institution_id).order_by().values("institution")
    people = Subquery(assigned.annotate(number=Count("learner", distinct=True)).values("number"))
    categories = SENDCategory.objects.filter(institution=institution_id)
    used = categories.annotate(number=Count("assignments", filter=active)).order_by("-number", "description", "pk")
    rows = list(used.values_list("pk", "description", "number", Coalesce(people, 0)))
    return rows[0][3] if rows else 0, [(key, description, number) for key, description, number, _ in rows]


class Named(NamedTuple):
    """A learner who is named by uid or e-mail, and whether a category is the learner's already, and until when."""

    id: int
    name: str
    uid: str
    has_it: bool
    until: datetime | None


def learners_named(institution_id: int, category_id: int, names: Sequence[str]) -> dict[str, list[Named]]:
    """{name: learners whose uid or e-mail it is, in whatever spelling}; names of nobody are left out."""
    keys = {name: identifier_key(name) for name in names}
    assigned = SENDLearner.objects.filter(category=category_id, learner=OuterRef("pk"))
    by_key: dict[str, set[Named]] = {}
    columns = ("uid", "first_name", "last_name", "uid_key", "email_key")
    for part in batched(sorted({*keys.values()})):
        rows = Learner.objects.filter(
            Q(user__uid_key__in=part) | Q(user__email_key__in=part), institution=institution_id
        )
        rows = rows.annotate(has_it=Exists(assigned), until=Subquery(assigned.values("expires_at")[:1]))
        for key, uid, first, last, *found, has_it, until in rows.values_list(
            "pk", *(f"user__{column}" for column in columns), "has_it", "until"
        ):
            learner = Named(key, f"{first} {last}".strip() or uid, uid, has_it, until)
            for each in found:
                by_key.setdefault(each, set()).add(learner)
    return {name: sorted(by_key[key]) for name, key in keys.items() if key in by_key}
