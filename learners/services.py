"""Changes of learners: the role, what a learner decides about the informed consent, special needs, samples. No HTTP."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils import timezone

from files.models import Kind, StoredFile
from files.samples import Sample, capture_facts, sample_json
from files.services import file_drafted, files_erase
from institutions.models import InformedConsent, Institution, Instrument, User
from institutions.services import people
from institutions.services.consents import consent_current, version_normalised
from institutions.services.rosters import people_without
from institutions.services.uses import further_uses
from kernel.domain import Invalid, Unknown
from kernel.fast.whole import Whole
from kernel.ids import bounded_id
from kernel.locks import Lock, locked_rows
from kernel.writes import one_transaction
from learners.models import (
    ConsentDecision,
    Decision,
    Enrolment,
    EnrolmentSample,
    Learner,
    SENDCategory,
    SENDLearner,
    SENDOption,
)
from learners.queries import (
    LearnerState,
    SendOptions,
    current_consent_of,
    learner_state,
    send_data,
    version_from_column,
)

BIOMETRIC = (Kind.SAMPLE, Kind.VALIDATION, Kind.MODEL)  # files of an enrolment


@further_uses(Instrument)
def categories_without(instrument: Instrument) -> tuple[type[Model], int]:
    """Special needs of any institution that take the instrument away: they name it in their data."""
    stored = SENDCategory.objects.values_list("data", flat=True)
    return SENDCategory, sum(instrument.pk in (data.get("disabled_instruments") or ()) for data in stored.iterator())


@one_transaction()
def learner_create(*, institution: Institution, uid: str, **values: Any) -> Learner:
    """The person with this uid, who may be new, becomes a learner."""
    person = people.person_for_role(institution=institution, role=people.LEARNER, uid=uid, **values)
    return learner_add(person=person, is_locked=True)


@one_transaction()
def learner_add(*, person: User, is_locked: bool = False) -> Learner:
    """Make a person of an institution a learner."""
    return people.role_added(Learner, person, is_locked)


@one_transaction()
def learners_add(*, institution: Institution, person_ids: Collection[int]) -> int:
    """Make those of these people learners who are none yet; returns their number."""
    keys = people_without(role=people.LEARNER, institution=institution, person_ids=person_ids)
    rows = [Learner(user_id=key, institution=institution) for key in keys]
    Learner.objects.bulk_create(rows, ignore_conflicts=True)  # another transaction may have given the role meanwhile
    return len(rows)


@one_transaction()
def sends_assign(*, category: SENDCategory, learners: Collection[int]) -> int:
    """Assign the category without an end to learners who do not have it; returns the number of new assignments."""
    assigned = set(category.assignments.values_list("learner_id", flat=True))
    rows = [
        SENDLearner(institution_id=category.institution_id, learner_id=key, category=category)
        for key in sorted({*learners} - assigned)
    ]
    SENDLearner.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


@one_transaction()
def learner_delete(*, learner: Learner) -> None:
    """The role with enrolments, samples, sessions, requests, reports and files; decisions on consents stay.

    The account goes when nothing else keeps it.
    """
    people.role_delete(person=learner.user, role=people.LEARNER)


@one_transaction()
def enrolment_erase(*, learner: Learner) -> None:
    """Erase the learner's biometric data: samples, validations, models and their files.

    Sessions, requests and reports stay: they are about work that is done. A provider that is building a model at this
    moment will not find it any more.
    """
    learner = learner_locked(learner.pk)
    Enrolment.objects.filter(learner=learner).delete()
    EnrolmentSample.objects.filter(learner=learner).delete()
    files_erase(files=StoredFile.objects.filter(owner=learner.pk, kind__in=BIOMETRIC))


def consent_of_version(*, institution: Institution, version: str) -> InformedConsent:
    """The institution's consent of a version; 01.0.0 is the same version as 1.0.0."""
    try:
        consent = institution.consents.filter(version=version_normalised(version)).first()
    except ValidationError:  # the text is not a version number
        consent = None
    if consent is None:
        raise Unknown("No such version.")
    return consent


@one_transaction()
def consent_accept(
    *, learner: Learner, consent: InformedConsent, language: str | None = None, address: str | None = None
) -> None:
    """The learner accepts the current consent, which is frozen from its first acceptance on.

    Nothing changes if the learner has accepted it already and has not rejected it since. `language` is the language of
    the displayed document, `address` the client's.
    """
    learner = learner_locked(learner.pk)
    # The version is compared because it may have been changed since the learner read it: it is not frozen yet.
    row = InformedConsent.objects.select_for_update().filter(pk=consent.pk, version=consent.version).first()
    if row is None:
        raise Unknown("There is no such version any more.")
    if (row.major, row.minor, row.patch) != consent_current(learner.institution_id):
        raise Invalid(version="Only the current version can be accepted.")
    if learner.consent_id == row.pk and learner.consent_rejected is None:
        return
    now = timezone.now()
    if row.accepted_at is None:
        row.accepted_at = now
        row.save(update_fields=["accepted_at"])
    learner.consent, learner.consent_accepted, learner.consent_rejected = row, now, None
    learner.save(update_fields=["consent", "consent_accepted", "consent_rejected"])
    _record(learner, Decision.ACCEPTED, row.version, language, address, now)


@one_transaction()
def consent_reject(*, learner: Learner, language: str | None = None, address: str | None = None) -> None:
    """The learner withdraws the acceptance. The consent and the time of its acceptance stay stored."""
    learner = learner_locked(learner.pk)
    if learner.consent is None or learner.consent_rejected is not None:
        raise Unknown("There is no consent to reject.")
    learner.consent_rejected = timezone.now()
    learner.save(update_fields=["consent_rejected"])
    _record(learner, Decision.REJECTED, learner.consent.version, language, address, learner.consent_rejected)


def learners_for_update(learners: QuerySet[Learner]) -> QuerySet[Learner]:
    """The query that locks learners with their people, and reads the consent and the institution's current version.

    The person is locked before the learner, in the same order as where roles are erased. One statement locks both,
    in the order of `of`.
    """
    rows = learners.select_related("user", "institution", "consent").annotate(current=current_consent_of("institution"))
    return rows.select_for_update(of=("user", "self"), no_key=True)


_BY_KEY = Whole(lambda key: learners_for_update(Learner.objects.filter(pk=key)), "key")
_BY_UID = Whole(
    lambda home, uid: learners_for_update(Learner.objects.filter(institution=home, user__uid=uid)), "home", "uid"
)


def learner_locked(learner_id: int) -> Learner:
    """The learner as stored now; learner and person stay locked until the transaction ends."""
    return learner_state_locked(learner_id).learner


def learner_state_locked(learner_id: int) -> LearnerState:
    """The same, with the state of the consent."""
    return state_of_locked_row(_BY_KEY.first(key=learner_id))


def learner_locked_of(institution_id: int, uid: str) -> Learner:
    """The same of the learner with this uid."""
    return state_of_locked_row(_BY_UID.first(home=institution_id, uid=uid)).learner


def state_of_locked_row(learner: Any) -> LearnerState:
    """The state in a row of `learners_for_update`. Unknown if the query returned no row."""
    if learner is None:
        raise Unknown("There is no such learner any more.")
    return state_of_locked_learner(learner, learner.current)


def state_of_locked_learner(learner: Learner, current: list[int] | None) -> LearnerState:
    """The state of a learner who was locked by the statement that joined the consent and read the `current` version.

    While that statement waited for the lock the learner may have got another consent; the joined row is then missing,
    and the consent is read again.
    """
    if learner.consent is None and learner.consent_id is not None:
        learner.consent = InformedConsent.objects.get(pk=learner.consent_id)
    return LearnerState(learner, version_from_column(current))


def _record(
    learner: Learner, decision: Decision, version: str, language: str | None, address: str | None, at: datetime
) -> None:
    ConsentDecision.objects.create(
        institution_id=learner.institution_id,
        learner_id=learner.learner_id,
        decision=decision.value,
        version=version,
        language=language,
        address=address,
        at=at,
    )


@one_transaction()
def send_category_create(
    *, institution: Institution, description: str, data: Mapping[str, Any] | None = None
) -> SENDCategory:
    """`data` may hold enabled_options, disabled_instruments, both or none; null is an empty list."""
    known = _send_data(data or {}, send_data({}))
    return SENDCategory.objects.create(institution=institution, description=description, data=known)


@one_transaction()
def send_category_update(*, category: SENDCategory, **values: Any) -> SENDCategory:
    """New `description` or `data`. A key that `data` lacks stays as it is; null empties it."""
    row = SENDCategory.objects.select_for_update().filter(pk=category.pk).first()
    if row is None:
        raise Unknown("There is no such category any more.")
    if "data" in values:
        values["data"] = _send_data(values["data"], send_data(row.data))
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=(*values, "updated_at"))
    return row


def _send_data(changes: Mapping[str, Any], stored: SendOptions) -> SendOptions:
    """The stored data with the changes, each value checked."""
    instruments = {*Instrument.objects.values_list("pk", flat=True)}
    merged = {**stored, **changes}
    return SendOptions(
        enabled_options=_known_values("enabled_options", merged, lambda value: value, {*SENDOption.values}),
        disabled_instruments=_known_values("disabled_instruments", merged, bounded_id, instruments),
    )


def _known_values(key: str, data: Mapping[str, Any], read: Callable[[Any], Any], known: set[Any]) -> list[Any]:
    """The known values that a list of `data` holds, in order."""
    values = [] if data[key] is None else data[key]
    if not isinstance(values, list):
        raise Invalid(data=f"{key} must be a list.")
    parsed = [read(value) for value in values]
    for value, raw in zip(parsed, values, strict=True):
        if not isinstance(value, str | int) or value not in known:
            text = str(raw)[:50] if isinstance(raw, str | int) else type(raw).__name__
            raise Invalid(data=f"{key}: {text} is not known.")
    return sorted({*parsed})


@one_transaction()
def send_assign(*, learner: Learner, category: SENDCategory, expires_at: datetime | None = None) -> SENDLearner:
    """The category holds for the learner until `expires_at`, or for good."""
    learner = learner_locked(learner.pk)
    _refuse_no_category(category, learner.institution_id)
    _refuse_past(expires_at)
    return SENDLearner.objects.create(
        institution_id=learner.institution_id, learner=learner, category=category, expires_at=expires_at
    )


@one_transaction()
def send_assignment_update(*, assignment: SENDLearner, **values: Any) -> SENDLearner:
    """Another `category` or `expires_at`. The stored `expires_at` may be sent again after it has passed."""
    row = SENDLearner.objects.select_for_update().filter(pk=assignment.pk).first()
    if row is None:
        raise Unknown("There is no such assignment any more.")
    if "category" in values and values["category"].pk != row.category_id:
        _refuse_no_category(values["category"], row.institution_id)
        row.category = values["category"]
    expires_at = values.get("expires_at", row.expires_at)
    if not _is_same_instant(expires_at, row.expires_at):
        _refuse_past(expires_at)
        row.expires_at = expires_at
    row.save(update_fields=("category", "expires_at", "updated_at"))
    return row


def assignments_locked(*, institution_id: int | None, category_id: Any) -> None:
    """Lock the assignments that are deleted with a category: they come before it in the order of locks."""
    locked_rows(SENDLearner.objects.filter(institution=institution_id, category=category_id), Lock.DELETE)


def _refuse_no_category(category: SENDCategory, institution_id: int) -> None:
    """Invalid unless the category exists in this institution; it is locked until the transaction ends."""
    rows = SENDCategory.objects.filter(pk=category.pk, institution=institution_id).select_for_update(no_key=True)
    if not rows.values_list("pk"):
        raise Invalid(category="There is no such category in this institution.")


def _refuse_past(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at < timezone.now():
        raise Invalid(expires_at="This is in the past.")


def _is_same_instant(one: datetime | None, other: datetime | None) -> bool:
    """Equal to the millisecond: browsers have no finer times, and send back the time that they received."""
    return one == other or (one is not None and other is not None and abs(one - other) < timedelta(milliseconds=1))


def sample_create(
    *, learner: Learner, sample: Sample, instruments: Collection[Instrument], metadata: Mapping[str, Any]
) -> EnrolmentSample:
    """Store a sample from which these instruments learn to recognise the learner."""
    facts = capture_facts(learner_id=learner.learner_id, instruments=(instrument.pk for instrument in instruments))
    content = sample_json(sample, **facts, metadata=metadata)
    with capture_stored(learner=learner, kind=Kind.SAMPLE, content=content) as file:
        row = EnrolmentSample.objects.create(institution_id=learner.institution_id, learner=learner, data=file)
        row.instruments.add(*instruments)
    return row


@contextmanager
def capture_stored(
    *, learner: Learner, kind: Kind, content: Iterable[bytes], locked: Callable[[], LearnerState] | None = None
) -> Iterator[StoredFile]:
    """Store captured content as a file of the learner; the block runs in the same transaction and refers to the file.

    Invalid, and nothing is stored, unless the learner's consent is valid now and until the transaction ends. `locked`
    locks the learner in that transaction, and what else the block needs.
    """
    _refuse_without_consent(learner_state_known(learner))
    with (
        file_drafted(
            institution=learner.institution,
            owner=learner.user,
            kind=kind,
            media_type="application/json",
            content=content,
            extension="json",
        ) as file,
        one_transaction(),
    ):
        _refuse_without_consent(locked() if locked else learner_state_locked(learner.pk))
        file.save()
        yield file


def learner_state_known(learner: Learner) -> LearnerState:
    """The state that was read with the learner, else the stored one."""
    state = getattr(learner, "state", None) or learner_state(Learner.objects.filter(pk=learner.pk))
    if state is None:
        raise Unknown("There is no such learner any more.")
    return state


def _refuse_without_consent(state: LearnerState) -> None:
    status = state.ic_status
    if not status.startswith("VALID"):
        raise Invalid(consent=status)
