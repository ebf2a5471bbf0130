"""Which instruments apply to a learner, and the state of the learner's enrolment: pure functions without database.

Percentages and contributions are fractions 0..1, here and in the API.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TypedDict

Number = int | float | Decimal | Fraction


@dataclass(frozen=True, slots=True)
class Instrument:
    """The properties of an instrument that reports depend on."""

    id: int
    requires_enrolment: bool = False
    identity: bool = False
    originality: bool = False
    authorship: bool = False
    integrity: bool = False

    @property
    def content(self) -> bool:
        """Whether it counts for the content level."""
        return self.originality or self.authorship


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider with its thresholds. They may be in any order; with inverted polarity a low result is good."""

    id: int
    instrument_id: int | None = None
    inverted_polarity: bool = False
    warning_below: Number | None = None
    alert_below: Number | None = None
    enabled: bool = True

    @property
    def polarity(self) -> int:
        """1 where high is good, -1 where low is good."""
        return -1 if self.inverted_polarity else 1


@dataclass(frozen=True, slots=True)
class ActivityInstrument:
    """An instrument of an activity; `alternative_to` is the id of the row that it replaces, None for primary ones.

    `enabled` is that of the instrument itself: a disabled one cannot be used in any activity.
    """

    id: int
    instrument_id: int
    active: bool = True
    alternative_to: int | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How complete a provider's model of a learner is (0..1), and whether it can analyse samples."""

    provider_id: int
    percentage: Number
    can_analyse: bool = False


class PendingEntry(TypedDict):
    """Sum of the contributions of validated samples that a provider's model does not use yet."""

    provider_id: int
    instrument_id: int
    pending_contribution: float


class NotValidatedEntry(TypedDict):
    """Number of samples that a provider is still validating."""

    provider_id: int
    instrument_id: int
    count: int


class EnrolmentEntry(TypedDict):
    """Enrolment of a learner for one instrument; percentages are fractions 0..1 on the wire, too."""

    instrument_id: int
    percentage__min: float
    percentage__max: float
    can_analyse__min: bool
    can_analyse__max: bool
    pending: list[PendingEntry]
    not_validated: list[NotValidatedEntry]
    pending_contributions: float
    not_validated_count: int


class MissingEnrolments(TypedDict):
    """The answer for one activity; `instruments` is keyed by the instrument's id as text."""

    missing_enrolments: bool
    instruments: dict[str, EnrolmentEntry]
    activity_id: int
    learner_id: int | str


@lru_cache(maxsize=10_000, typed=True)  # thresholds and percentages come again and again
def exact(value: Number) -> Fraction:
    """The decimal fraction of a number: the float 0.3 is exactly 3/10, so that a result can equal a threshold.

    ValueError for nan and infinities.
    """
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


def learner_instruments(
    rows: Iterable[ActivityInstrument], disabled_instruments: Iterable[int]
) -> list[ActivityInstrument]:
    """The rows of an activity that apply to a learner whose special needs disable some instruments, in the given order.

    These are the active primary rows whose instrument is not disabled for the learner, and for each disabled one its
    active alternatives, which special needs do not disable again. A row whose instrument is not enabled in the whole
    service is treated as disabled, and is never used as an alternative.
    """
    all_rows, disabled = list(rows), set(disabled_instruments)
    primaries = [row for row in all_rows if row.active and row.alternative_to is None]
    replaced = {row.id for row in primaries if row.instrument_id in disabled or not row.enabled}
    chosen = {row.id for row in primaries} - replaced
    applying = (row for row in all_rows if row.id in chosen or (row.active and row.alternative_to in replaced))
    return [row for row in applying if row.enabled]


def enrolment_entry(
    instrument_id: int,
    providers: Collection[int],
    enrolments: Mapping[int, Enrolment],
    pending: Mapping[int, Number | None],
    not_validated: Mapping[int, int],
) -> EnrolmentEntry:
    """Enrolment for one instrument over the ids of its enabled providers; the mappings are keyed by provider id.

    A provider without an enrolment counts as percentage 0 that cannot analyse. Means are over the providers that have
    such samples.
    """
    models = [enrolments.get(provider_id, Enrolment(provider_id, 0)) for provider_id in providers]
    percentages, can_analyse = [float(model.percentage) for model in models], [model.can_analyse for model in models]
    sums = {key: exact(value) for key in providers if (value := pending.get(key)) is not None}
    counts = {key: not_validated[key] for key in providers if not_validated.get(key)}
    return {
        "instrument_id": instrument_id,
        "percentage__min": min(percentages, default=0.0),
        "percentage__max": max(percentages, default=0.0),
        "can_analyse__min": bool(can_analyse) and all(can_analyse),
        "can_analyse__max": any(can_analyse),
        "pending": [
            {"provider_id": key, "instrument_id": instrument_id, "pending_contribution": float(value)}
            for key, value in sums.items()
        ],
        "not_validated": [
            {"provider_id": key, "instrument_id": instrument_id, "count": count} for key, count in counts.items()
        ],
        "pending_contributions": float(min(Fraction(1), sum(sums.values(), Fraction(0)) / (len(sums) or 1))),
        "not_validated_count": sum(counts.values()) // (len(counts) or 1),
    }


def enrolment_status(
    providers: Iterable[Provider],
    enrolments: Iterable[Enrolment],
    pending: Mapping[int, Number | None],
    not_validated: Mapping[int, int],
) -> list[EnrolmentEntry]:
    """Enrolment of a learner, ordered by instrument id, for the instruments with an enrolment or samples in progress.

    `pending` {provider id: sum of contributions of validated samples that no model uses} and `not_validated`
    {provider id: count of samples still being validated}; absent, None and a count of 0 mean no such samples. An
    instrument gets the samples of its own enabled providers only.
    """
    models = {model.provider_id: model for model in enrolments}
    by_instrument: dict[int, list[int]] = {}
    for provider in sorted(providers, key=lambda provider: provider.id):
        if provider.enabled and provider.instrument_id is not None:
            by_instrument.setdefault(provider.instrument_id, []).append(provider.id)

    def has_begun(key: int) -> bool:
        return key in models or pending.get(key) is not None or bool(not_validated.get(key))

    return [
        enrolment_entry(instrument_id, keys, models, pending, not_validated)
        for instrument_id, keys in sorted(by_instrument.items())
        if any(has_begun(key) for key in keys)
    ]


def enrolment_missing(
    status: Iterable[EnrolmentEntry],
    instruments: Iterable[Instrument],
    *,
    activity_id: int,
    learner_id: int | str,
    activity_enabled: bool = True,
) -> MissingEnrolments:
    """The enrolments missing for an activity, from `enrolment_status` and the learner's instruments in the activity.

    The answer's `instruments` has an entry for each of them that requires enrolment, with zeros where there is none
    yet, so that clients can see which are missing. Nothing is missing for a disabled activity.
    """
    entries = {entry["instrument_id"]: entry for entry in status}
    required = sorted(item.id for item in instruments if item.requires_enrolment) if activity_enabled else []
    answers = {key: entries.get(key) or enrolment_entry(key, (), {}, {}, {}) for key in required}
    return {
        "missing_enrolments": not all(entry["can_analyse__max"] for entry in answers.values()),
        "instruments": {str(key): entry for key, entry in answers.items()},
        "activity_id": activity_id,
        "learner_id": learner_id,
    }
