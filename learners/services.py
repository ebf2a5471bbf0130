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
    SendOptions,
    Standing,
    current_consent_of,
    send_data,
    standing_of,
    version_listed,
)

BIOMETRIC = (Kind.SAMPLE, Kind.VALIDATION, Kind.MODEL)  # files of an enrolment


@further_uses(Instrument)
def categories_without(instrument: Instrument) -> tuple[type[Model], int]:
    """Special needs of any institution that take the instrument away: they name it in their data."""
    data = SENDCategory.objects.values_list("data", flat=True)
    return SENDCategory, sum(instrument.pk in (found.get("disabled_instruments") or ()) for found in data.iterator())


@one_transaction()
def learner_create(*, institution: Institution, uid: str, **values: Any) -> Learner:
    """The person with this uid, who may be new, becomes a learner."""
    person = people.person_for_role(institution=institution, role=people.LEARNER, uid=uid, **values)
    return learner_add(person=person, is_locked=True)


@one_transaction()
def learner_add(*, person: User, is_locked: bool = False) -> Learner:
    """The role of being assessed, given to a person of an institution who does not have it yet."""
    return people.role_added(Learner, person, is_locked)


@one_transaction()
def learners_add(*, institution: Institution, person_ids: Collection[int]) -> int:
    """The role of being assessed for those of these people of the institution who lack it: how many they were."""
    keys = people_without(role=people.LEARNER, institution=institution, person_ids=person_ids)
    rows = [Learner(user_id=key, institution=institution) for key in keys]
    Learner.objects.bulk_create(rows, ignore_conflicts=True)  # whoever held a lock may have given the role
    return len(rows)


@one_transaction()
def sends_assign(*, category: SENDCategory, learners: Collection[int]) -> int:
    """The category holds for these learners for good, unless it was assigned to them before: how many are new."""
    there = set(category.assignments.values_list("learner_id", flat=True))
    rows = [
        SENDLearner(institution_id=category.institution_id, learner_id=key, category=category)
        for key in sorted({*learners} - there)
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
    """What was captured to know the learner again, and what was made of it: samples, validations, models, their files.

    Nothing else goes: sessions, requests and reports are about work that is done. Providers that are at work on a
    model will not find it any more.
    """
    held = learner_locked(learner.pk)
    Enrolment.objects.filter(learner=held).delete()
    EnrolmentSample.objects.filter(learner=held).delete()
    files_erase(files=StoredFile.objects.filter(owner=held.pk, kind__in=BIOMETRIC))


def consent_of_version(*, institution: Institution, version: str) -> InformedConsent:
    """The institution's consent of a version, however it is written: 01.0.0 is 1.0.0."""
    try:
        found = institution.consents.filter(version=version_normalised(version)).first()
    except ValidationError:  # what is no version is none that we have
        found = None
    if found is None:
        raise Unknown("No such version.")
    return found


@one_transaction()
def consent_accept(
    *, learner: Learner, consent: InformedConsent, language: str | None = None, address: str | None = None
) -> None:
    """The learner accepts the current consent, which is frozen from its first acceptance on.

    What is held and not rejected is not accepted again. `language` is of the document that was shown, `address` the
    client's.
    """
    held = learner_locked(learner.pk)
    # As it was shown: until it is frozen, somebody may change its version.
    found = InformedConsent.objects.select_for_update().filter(pk=consent.pk, version=consent.version).first()
    if found is None:
        raise Unknown("There is no such version any more.")
    if (found.major, found.minor, found.patch) != consent_current(held.institution_id):
        raise Invalid(version="Only the current version can be accepted.")
    if held.consent_id == found.pk and held.consent_rejected is None:
        return
    now = timezone.now()
    if found.accepted_at is None:
        found.accepted_at = now
        found.save(update_fields=["accepted_at"])
    held.consent, held.consent_accepted, held.consent_rejected = found, now, None
    held.save(update_fields=["consent", "consent_accepted", "consent_rejected"])
    _record(held, Decision.ACCEPTED, found.version, language, address, now)


@one_transaction()
def consent_reject(*, learner: Learner, language: str | None = None, address: str | None = None) -> None:
    """The learner takes the acceptance back: which consent it was, and when it was accepted, stays known."""
    held = learner_locked(learner.pk)
    if held.consent is None or held.consent_rejected is not None:
        raise Unknown("There is no consent to reject.")
    held.consent_rejected = timezone.now()
    held.save(update_fields=["consent_rejected"])
    _record(held, Decision.REJECTED, held.consent.version, language, address, held.consent_rejected)


def to_lock(learners: QuerySet[Learner]) -> QuerySet[Learner]:
    """Person and learner, whose rows are to be locked, and what the consent is worth.

    The person comes first, as where roles are erased: rows that refer to both are inserted behind this. One statement
    locks both: PostgreSQL does so in the order of `of`.
    """
    told = learners.select_related("user", "institution", "consent").annotate(current=current_consent_of("institution"))
    return told.select_for_update(of=("user", "self"), no_key=True)


_BY_KEY = Whole(lambda key: to_lock(Learner.objects.filter(pk=key)), "key")
_BY_UID = Whole(lambda home, uid: to_lock(Learner.objects.filter(institution=home, user__uid=uid)), "home", "uid")


def learner_locked(learner_id: int) -> Learner:
    """The learner as of now, who stays until the transaction ends, and so does the person."""
    return standing_locked(learner_id).learner


def standing_locked(learner_id: int) -> Standing:
    """The same with what the consent is worth."""
    return standing_under_lock(_BY_KEY.first(key=learner_id))


def learner_locked_of(institution_id: int, uid: str) -> Learner:
    """The same of the learner with this uid."""
    return standing_under_lock(_BY_UID.first(home=institution_id, uid=uid)).learner


def standing_under_lock(learner: Any) -> Standing:
    """Of a row of `to_lock`, if there is one."""
    if learner is None:
        raise Unknown("There is no such learner any more.")
    return standing_whole(learner, learner.current)


def standing_whole(learner: Learner, current: list[int] | None) -> Standing:
    """Of a learner who was locked by the statement that joined the consent and found the current one.

    While it waited for the lock the learner may have been given another consent, which is not the one that it joined.
    """
    if learner.consent is None and learner.consent_id is not None:
        learner.consent = InformedConsent.objects.get(pk=learner.consent_id)
    return Standing(learner, version_listed(current))


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
    held = SENDCategory.objects.select_for_update().filter(pk=category.pk).first()
    if held is None:
        raise Unknown("There is no such category any more.")
    if "data" in values:
        values["data"] = _send_data(values["data"], send_data(held.data))
    for name, value in values.items():
        setattr(held, name, value)
    held.save(update_fields=(*values, "updated_at"))
    return held


def _send_data(given: Mapping[str, Any], stored: SendOptions) -> SendOptions:
    """What is stored, with what is given in its place."""
    instruments = {*Instrument.objects.values_list("pk", flat=True)}
    merged = {**stored, **given}
    return SendOptions(
        enabled_options=_once_each("enabled_options", merged, lambda value: value, {*SENDOption.values}),
        disabled_instruments=_once_each("disabled_instruments", merged, bounded_id, instruments),
    )


def _once_each(key: str, data: Mapping[str, Any], read: Callable[[Any], Any], known: set[Any]) -> list[Any]:
    """The known values that a list of `data` holds, in order."""
    values = [] if data[key] is None else data[key]
    if not isinstance(values, list):
        raise Invalid(data=f"{key} must be a list.")
    found = [read(value) for value in values]
    for value, given in zip(found, values, strict=True):
        if not isinstance(value, str | int) or value not in known:
            shown = str(given)[:50] if isinstance(given, str | int) else type(given).__name__
            raise Invalid(data=f"{key}: {shown} is not known.")
    return sorted({*found})


@one_transaction()
def send_assign(*, learner: Learner, category: SENDCategory, expires_at: datetime | None = None) -> SENDLearner:
    """The category holds for the learner until `expires_at`, or for good."""
    held = learner_locked(learner.pk)
    _refuse_no_category(category, held.institution_id)
    _refuse_past(expires_at)
    return SENDLearner.objects.create(
        institution_id=held.institution_id, learner=held, category=category, expires_at=expires_at
    )


@one_transaction()
def send_assignment_update(*, assignment: SENDLearner, **values: Any) -> SENDLearner:
    """Another `category` or `expires_at`. What is stored may be sent back, though it has run out meanwhile."""
    held = SENDLearner.objects.select_for_update().filter(pk=assignment.pk).first()
    if held is None:
        raise Unknown("There is no such assignment any more.")
    if "category" in values and values["category"].pk != held.category_id:
        _refuse_no_category(values["category"], held.institution_id)
        held.category = values["category"]
    expires_at = values.get("expires_at", held.expires_at)
    if not _is_same(expires_at, held.expires_at):
        _refuse_past(expires_at)
        held.expires_at = expires_at
    held.save(update_fields=("category", "expires_at", "updated_at"))
    return held


def _refuse_no_category(category: SENDCategory, institution_id: int) -> None:
    """Invalid unless the category is there, in this institution; it stays until the transaction ends."""
    found = SENDCategory.objects.filter(pk=category.pk, institution=institution_id).select_for_update(no_key=True)
    if not found.values_list("pk"):
        raise Invalid(category="There is no such category in this institution.")


def _refuse_past(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at < timezone.now():
        raise Invalid(expires_at="This is in the past.")


def _is_same(one: datetime | None, other: datetime | None) -> bool:
    """To the millisecond: browsers know no more, and send back what they were shown."""
    return one == other or (one is not None and other is not None and abs(one - other) < timedelta(milliseconds=1))


def sample_create(
    *, learner: Learner, sample: Sample, instruments: Collection[Instrument], metadata: Mapping[str, Any]
) -> EnrolmentSample:
    """Something that these instruments learn the learner from."""
    facts = capture_facts(learner_id=learner.learner_id, instruments=(instrument.pk for instrument in instruments))
    content = sample_json(sample, **facts, metadata=metadata)
    with capture_stored(learner=learner, kind=Kind.SAMPLE, content=content) as file:
        row = EnrolmentSample.objects.create(institution_id=learner.institution_id, learner=learner, data=file)
        row.instruments.add(*instruments)
    return row


@contextmanager
def capture_stored(
    *, learner: Learner, kind: Kind, content: Iterable[bytes], locked: Callable[[], Standing] | None = None
) -> Iterator[StoredFile]:
    """The file of something captured from a learner; the block, in its transaction, refers to it.

    Invalid, and nothing is stored, unless the learner's consent is valid now and until the transaction ends. `locked`
    locks the learner in that transaction, and what else the block needs.
    """
    _refuse_without_consent(standing_known(learner))
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
        _refuse_without_consent(locked() if locked else standing_locked(learner.pk))
        file.save()
        yield file


def standing_known(learner: Learner) -> Standing:
    """As it was read with the learner, or as it is now."""
    standing = getattr(learner, "standing", None) or standing_of(Learner.objects.filter(pk=learner.pk))
    if standing is None:
        raise Unknown("There is no such learner any more.")
    return standing


def _refuse_without_consent(standing: Standing) -> None:
    status = standing.ic_status
    if not status.startswith("VALID"):
        raise Invalid(consent=status)
