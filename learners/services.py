"""Changes of learners: the role, what a learner decides about the informed consent, special needs, samples. No HTTP."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from files import quotas
from files.models import Kind, StoredFile
from files.samples import Sample, capture_facts, sample_json
from files.services import file_drafted, files_erase
from institutions.models import (
    ConsentText,
    InformedConsent,
    InformedConsentDocument,
    Institution,
    Instrument,
    OnWithdrawal,
    User,
)
from institutions.services import people
from institutions.services.consents import consent_current, version_normalised
from institutions.services.keeping import refuse_kept
from institutions.services.named import person_meant
from institutions.services.rosters import people_without
from institutions.services.texts import Served, document_has_text, document_hash, notes_served, text_kept
from institutions.services.uses import further_uses
from kernel.caller import CallerKind
from kernel.changes import changes_between, values_of
from kernel.domain import Conflict, Invalid, Unknown
from kernel.fast.whole import Whole
from kernel.ids import bounded_id
from kernel.locks import Lock, locked_rows
from kernel.many import rows_inserted
from kernel.recording import Entry, record
from kernel.text import identifier_key
from kernel.writes import one_transaction, save_values, set_values
from learners import row_rules
from learners.models import (
    ConsentDecision,
    DecidedText,
    Decision,
    Enrolment,
    EnrolmentSample,
    Learner,
    SENDCategory,
    SENDLearner,
    SENDOption,
    ServedText,
    SignIn,
    Withdrawal,
)
from learners.queries import (
    LearnerState,
    SendOptions,
    best_language,
    current_consent_of,
    is_language,
    learner_state,
    send_data,
    version_from_column,
)
from pipeline.jobs import enqueue
from signin.services.sessions import SignedIn

WITHDRAWAL_JOB = "rights.withdrawal"  # erases, in parts
GRACE = timedelta(days=14)  # before something is erased that who was sent by a VLE has withdrawn
REPEATED_WITHIN = timedelta(minutes=10)
LATEST = 20  # rows, of a learner or of a session, among which one that is sent again is looked for
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
def learners_add(*, institution: Institution, person_ids: Collection[int], are_new: bool = False) -> int:
    """Make those of these people learners who are none yet; returns their number. `are_new` as for instructors."""
    keys = (
        person_ids if are_new else people_without(role=people.LEARNER, institution=institution, person_ids=person_ids)
    )
    rows = [(key,) for key in keys]
    # Another transaction may have given the role meanwhile.
    rows_inserted(Learner, ("user",), rows, same={"institution": institution.pk}, passes_over_taken=True)
    return len(rows)


@one_transaction()
def sends_assign(*, category: SENDCategory, learners: Collection[int]) -> int:
    """Assign the category without an end to learners who do not have it; returns the number of new assignments."""
    assigned = set(category.assignments.values_list("learner_id", flat=True))
    new = sorted({*learners} - assigned)
    rows = [SENDLearner(institution_id=category.institution_id, learner_id=key, category=category) for key in new]
    SENDLearner.objects.bulk_create(rows, ignore_conflicts=True)
    enqueue("reports.withdrawn", new)
    return len(new)


@one_transaction()
def learner_delete(*, learner: Learner) -> None:
    """The role with enrolments, samples, sessions, requests, reports and files; decisions on consents stay.

    The account goes when nothing else keeps it.
    """
    people.role_delete(person=learner.user, role=people.LEARNER)


@one_transaction()
def enrolment_erase(*, learner: Learner) -> None:
    """Erase the learner's biometric data: samples, validations, models and their files. Conflict where it must be kept.

    Sessions, requests and reports stay: they are about work that is done. A provider that is validating a sample or
    building a model at this moment finds neither any more, and cannot lock a new model before there is a new sample.
    """
    learner = learner_locked(learner.pk)
    refuse_kept(learner.pk)
    Enrolment.objects.filter(learner=learner).delete()
    EnrolmentSample.objects.filter(learner=learner).delete()
    files_erase(files=StoredFile.objects.filter(owner=learner.pk, kind__in=BIOMETRIC))
    enqueue("reports.enrolment", [learner.pk])
    enqueue("reports.withdrawn", [learner.pk])  # what providers work on is closed, with the reason
    record(Entry("erase", "institution/learner/enrolment", learner.pk, learner.institution_id, learner.pk))


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
    *,
    learner: Learner,
    consent: InformedConsent,
    language: str | None = None,
    preferred: Sequence[str] = (),
    sha256: str | None = None,
    session_id: int | None = None,
    address: str | None = None,
    by: SignedIn | None = None,
) -> None:
    """The learner accepts the current consent, which is frozen from its first acceptance on.

    Nothing changes if the learner has accepted it already and has not rejected it since. `language` and `sha256` are
    what the client says of the document that it showed; without both the one whose language fits `preferred` best
    counts, and if none fits all of them, since the client was sent all. A text that was changed after the session
    was served it cannot be accepted unread. `address` is the client's.
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
    # The consent's lock keeps the documents as they are until the acceptance is stored.
    shown, found = _documents_shown(row, language, preferred, sha256)
    if sha256 is None and session_id is not None:
        _refuse_changed(shown, row.version, session_id)
    now = timezone.now()
    if row.accepted_at is None:
        row.accepted_at = now
        row.save(update_fields=["accepted_at"])
    if learner.consent_rejected is not None:
        Withdrawal.objects.filter(learner=learner).delete()
    learner.consent, learner.consent_accepted, learner.consent_rejected = row, now, None
    learner.is_restricted = False
    learner.save(update_fields=["consent", "consent_accepted", "consent_rejected", "is_restricted"])
    decision_record(
        learner=learner,
        decision=Decision.ACCEPTED,
        version=row.version,
        at=now,
        language=found,
        language_named=None if found is None else bool(language or sha256),
        texts={document.language: text_kept(document) for document in shown},
        address=address,
        by=by,
    )


def _documents_shown(
    consent: InformedConsent, language: str | None, preferred: Sequence[str], sha256: str | None
) -> tuple[list[InformedConsentDocument], str | None]:
    """The documents that are accepted, and the language if it is known. Invalid if there is nothing to read."""
    documents = list(consent.documents.select_related("pdf").order_by("language"))
    readable = [document for document in documents if document_has_text(document)]
    if not readable:
        raise Invalid(version="This version has no document with a text, so nobody can accept it.")
    if language is not None:
        if not any(is_language(document.language, language) for document in documents):
            raise Invalid(language="This version has no document in this language.")
        readable = [document for document in readable if is_language(document.language, language)]
        if not readable:
            raise Invalid(language="The document in this language has no text.")
    if sha256 is not None:
        readable = [document for document in readable if document_hash(document) == sha256.lower()]
        if not readable:
            raise Invalid(sha256="This is not the present text: it has been changed. Read it again.")
    if language is not None or sha256 is not None:
        return readable[:1], readable[0].language
    found = best_language((document.language for document in readable), preferred)
    return [document for document in readable if found in (None, document.language)], found


def _refuse_changed(documents: Iterable[InformedConsentDocument], version: str, session_id: int) -> None:
    """Invalid if the session was served another text of one of these documents than the present one."""
    served = dict(
        ServedText.objects.filter(session=session_id, version=version).values_list("language", "sha256"),
    )
    for document in documents:
        digest = document_hash(document)
        if served.get(document.language, digest) != digest:
            raise Invalid(version="Its text has been changed since you received it. Read it again.")


@notes_served
def served_texts_noted(session_id: int, texts: Served) -> None:
    """Note that this session of a learner has received these texts."""
    noted = {*ServedText.objects.filter(session=session_id).values_list("version", "language", "sha256")}
    rows = [
        ServedText(session_id=session_id, version=version, language=language, sha256=sha256)
        for version, language, sha256 in {*texts} - noted
    ]
    if not rows:
        return
    unique = ("session", "version", "language")
    with suppress(IntegrityError), one_transaction():  # the session may have been deleted meanwhile
        ServedText.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=unique, update_fields=("sha256",), batch_size=500
        )


@one_transaction()
def consent_reject(*, learner: Learner, address: str | None = None, by: SignedIn | None = None) -> None:
    """The learner withdraws the acceptance. The consent and the time of its acceptance stay stored.

    Captures stop at once. The institution's policy says what becomes of models and of evidence: what is to be erased is
    restricted until a job has done so.

    A VLE signs learners in without a password: what is erased by such a withdrawal is restricted for GRACE before, and
    comes back if the learner consents again.
    """
    learner = learner_locked(learner.pk)
    if learner.consent is None or learner.consent_rejected is not None:
        raise Unknown("There is no consent to reject.")
    learner.consent_rejected = timezone.now()
    is_sent = by is not None and by.kind in (CallerKind.LAUNCHED, CallerKind.LEARNER_SESSION)
    withdrawal = _withdrawn(learner, learner.consent_rejected, is_sent=is_sent)
    learner.is_restricted = withdrawal.of_evidence != OnWithdrawal.KEEP
    learner.save(update_fields=["consent_rejected", "is_restricted"])
    model_locks_ended([learner.pk])
    enqueue("reports.withdrawn", [learner.pk])
    if withdrawal.is_pending and not is_sent:
        enqueue(WITHDRAWAL_JOB, [learner.pk])
    version = learner.consent.version
    accepted = learner.decisions.filter(version=version, decision=Decision.ACCEPTED).order_by("pk").last()
    decision_record(
        learner=learner,
        decision=Decision.REJECTED,
        version=version,
        at=learner.consent_rejected,
        language=accepted.language if accepted else None,
        language_named=accepted.language_named if accepted else None,
        texts={} if accepted is None else {row.language: row.text for row in accepted.texts.select_related("text")},
        address=address,
        by=by,
    )


def _withdrawn(learner: Learner, at: datetime, *, is_sent: bool) -> Withdrawal:
    """The row that says what becomes of the learner's data, in place of an earlier one."""
    home = learner.institution
    keeps = home.external_ic  # whoever has consented elsewhere withdraws it there
    Withdrawal.objects.filter(learner=learner).delete()
    row = Withdrawal(
        institution_id=home.pk,
        learner=learner,
        at=at,
        of_models=OnWithdrawal.KEEP if keeps else home.withdrawal_models,
        of_evidence=OnWithdrawal.KEEP if keeps else home.withdrawal_evidence,
    )
    if is_sent and row.is_pending:
        row.waits_until = at + GRACE
    row.save()  # who has registered for it deletes what was to be taken away
    return row


def model_locks_ended(learners: Collection[int]) -> None:
    """Where a provider may not work with a learner any more, its lock of the model ends; the caller holds the learners.

    The task that has locked it is answered 404, also when it unlocks: another one, after the learner has agreed again,
    would find the model locked for hours.
    """
    locked = Enrolment.objects.filter(learner__in=learners, locked_by__isnull=False)
    at_work = Enrolment.objects.filter(row_rules.at_work(), pk=OuterRef("pk"))
    locked.filter(~Exists(at_work)).update(locked_by=None, locked_at=None, updated_at=Now())


_SIGN_IN = {CallerKind.LAUNCHED: SignIn.LAUNCHER, CallerKind.LEARNER_SESSION: SignIn.LEARNER_SESSION}


def decision_record(
    *,
    learner: Learner,
    decision: Decision,
    version: str,
    at: datetime,
    language: str | None,
    language_named: bool | None,
    texts: Mapping[str, ConsentText],
    address: str | None,
    by: SignedIn | None,
) -> None:
    """Record a decision about these texts, by language."""
    row = ConsentDecision.objects.create(
        institution_id=learner.institution_id,
        owner=learner,
        learner_id=learner.learner_id,
        decision=decision.value,
        version=version,
        language=language,
        language_named=language_named,
        address=address,
        at=at,
        signed_in=by and (SignIn.OIDC if by.by_provider else _SIGN_IN.get(by.kind, SignIn.PASSWORD)).value,
        vle_id=by and by.vle_id,
        vle_name=by.vle_name if by else "",
    )
    DecidedText.objects.bulk_create(
        DecidedText(institution_id=learner.institution_id, decision=row, text=text, language=code)
        for code, text in texts.items()
    )
    # The record outlives the account under a pseudonym: which one it is goes with the key of the sealed text.
    told = {"id": row.pk, "decision": decision.value, "version": version, "languages": [*texts]}
    home = learner.institution_id
    record(Entry("decide", "institution/learner/ic", f"{home}/{learner.pk}", home, learner.pk, told, sealed=True))


def learners_for_update(learners: QuerySet[Learner]) -> QuerySet[Learner]:
    """The query that locks learners with their people, and reads the consent and the institution's current version.

    The person is locked before the learner, in the same order as where roles are erased. One statement locks both,
    in the order of `of`.
    """
    rows = learners.select_related("user", "institution", "consent").annotate(current=current_consent_of("institution"))
    return rows.select_for_update(of=("user", "self"), no_key=True)


_BY_KEY = Whole(lambda key: learners_for_update(Learner.objects.filter(pk=key)), "key")
_BY_UID = Whole(
    lambda home, uid: learners_for_update(Learner.objects.filter(institution=home, pk=person_meant(home, uid))),
    "home",
    "uid",
)


def learner_locked(learner_id: int) -> Learner:
    """The learner as stored now; learner and person stay locked until the transaction ends."""
    return learner_state_locked(learner_id).learner


def learner_state_locked(learner_id: int) -> LearnerState:
    """The same, with the state of the consent."""
    return state_of_locked_row(_BY_KEY.first(key=learner_id))


def learner_locked_of(institution_id: int, uid: str) -> Learner:
    """The same of the learner whom this uid means."""
    return state_of_locked_row(_BY_UID.first(home=institution_id, uid=identifier_key(uid))).learner


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


@one_transaction()
def send_category_create(
    *, institution: Institution, description: str, data: Mapping[str, Any] | None = None, **values: Any
) -> SENDCategory:
    """`data` may hold enabled_options, disabled_instruments, both or none; null is an empty list.

    `values` are extra_time, a percentage, and allowances, a list of values of SENDAllowance.
    """
    known = _send_data(data or {}, send_data({}))
    return SENDCategory.objects.create(institution=institution, description=description, data=known, **values)


@one_transaction()
def send_category_update(*, category: SENDCategory, **values: Any) -> SENDCategory:
    """New `description`, `data`, `extra_time` or `allowances`. A key that `data` lacks stays; null empties it."""
    row = SENDCategory.objects.select_for_update().filter(pk=category.pk).first()
    if row is None:
        raise Unknown("There is no such category any more.")
    if "data" in values:
        data = _send_data(values["data"], send_data(row.data))
        values["data"] = data if data != send_data(row.data) else row.data  # where keys may be missing
        if data != send_data(row.data):
            enqueue("reports.withdrawn", row.assignments.values_list("learner", flat=True))
    save_values(row, values)
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
    enqueue("reports.withdrawn", [learner.pk])
    return SENDLearner.objects.create(
        institution_id=learner.institution_id, learner=learner, category=category, expires_at=expires_at
    )


class Given(NamedTuple):
    """What becomes of one learner: `row` is the new assignment; without one the learner had the category already."""

    learner: int
    row: SENDLearner | None
    expires_at: datetime | None


@one_transaction()
def send_give(*, category: SENDCategory, until: Mapping[int, datetime | None]) -> list[Given]:
    """The category holds for each of these learners until an instant, or for good, whatever their number at once.

    A learner who has it keeps it as it is. Of whom there is no learner in the institution nothing is answered.
    """
    for instant in {*until.values()}:
        _refuse_past(instant)
    home = category.institution_id
    learners = list(learners_for_update(Learner.objects.filter(pk__in=until, institution=home)).order_by("pk"))
    _refuse_no_category(category, home)
    kept: Any = category.assignments.filter(learner__in=until).values_list("learner", "expires_at")
    held: dict[int, datetime | None] = dict(kept)
    rows = [
        SENDLearner(institution_id=home, learner=learner, category=category, expires_at=until[learner.pk])
        for learner in learners
        if learner.pk not in held
    ]
    try:
        with transaction.atomic():
            SENDLearner.objects.bulk_create(rows)
    except IntegrityError as error:  # an import, which does not wait for learners
        raise Conflict("Somebody has given it to one of these learners meanwhile. Ask again.") from error
    enqueue("reports.withdrawn", [row.learner_id for row in rows])
    record(*(_line_of(row) for row in rows), *(_line_of_held(home, key) for key in sorted(held)))
    new = {row.learner_id: row for row in rows}
    return [Given(learner.pk, new.get(learner.pk), held.get(learner.pk, until[learner.pk])) for learner in learners]


def _line_of(row: SENDLearner) -> Entry:
    """The line that the resource of a single assignment would write."""
    return Entry(
        verb="create",
        resource="institution/learner/send",
        row=f"{row.institution_id}/{row.learner_id}/{row.pk}",
        institution=row.institution_id,
        person=row.learner_id,
        details=changes_between({}, values_of(row)),
        sealed=True,
    )


def _line_of_held(home: int, learner: int) -> Entry:
    """The caller is told that this learner has the category."""
    return Entry("read", "institution/learner/send", f"{home}/{learner}", home, learner)


@one_transaction()
def send_assignment_update(*, assignment: SENDLearner, **values: Any) -> SENDLearner:
    """Another `category` or `expires_at`. The stored `expires_at` may be sent again after it has passed."""
    row = SENDLearner.objects.select_for_update().filter(pk=assignment.pk).first()
    if row is None:
        raise Unknown("There is no such assignment any more.")
    if "category" in values and values["category"].pk != row.category_id:
        _refuse_no_category(values["category"], row.institution_id)
    if "expires_at" in values:
        if _is_same_instant(values["expires_at"], row.expires_at):
            del values["expires_at"]
        else:
            _refuse_past(values["expires_at"])
    if set_values(row, values):
        row.save(update_fields=(*values, "updated_at"))
        enqueue("reports.withdrawn", [row.learner_id])
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
    """Store a sample from which these instruments learn to recognise the learner.

    What was stored some minutes ago and is sent again is answered with the row of then: its sender was told nothing.
    """
    facts = capture_facts(learner_id=learner.learner_id, instruments=(instrument.pk for instrument in instruments))
    content = sample_json(sample, **facts, metadata=metadata)
    try:
        with capture_stored(learner=learner, kind=Kind.SAMPLE, content=content) as file:
            if metadata.get("created_at"):
                refuse_known(latest_of(EnrolmentSample.objects.filter(learner=learner)), file)
            row = EnrolmentSample.objects.create(institution_id=learner.institution_id, learner=learner, data=file)
            row.instruments.add(*instruments)
            enqueue("learners.sample", [row.pk])
            record(Entry("capture", "lapi/enrolment", row.pk, learner.institution_id, learner.pk))
    except KnownError as error:
        return error.row
    return row


class KnownError(Exception):
    """This row is of the same capture: nothing is stored."""

    def __init__(self, row: Any) -> None:
        self.row = row


def latest_of(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    """For `refuse_known`: clients repeat what was not answered before they send what came after it."""
    return rows.order_by("-pk").values_list("pk", "data__sha256", "created_at")[:LATEST]


def refuse_known(rows: QuerySet[Any, Any], file: StoredFile) -> None:
    """Raise KnownError if one of them is the same to the byte: the file says from whom, where and when it is.

    `rows` have their key, the hash of their file and the instant since which they exist. The caller holds the learner
    locked, so that what was sent at the same time is there.
    """
    since = timezone.now() - REPEATED_WITHIN
    for key, sha256, created_at in rows:
        if sha256 == file.sha256 and created_at > since:
            raise KnownError(rows.model._default_manager.get(pk=key))


@contextmanager
def capture_stored(
    *, learner: Learner, kind: Kind, content: Iterable[bytes], locked: Callable[[], LearnerState] | None = None
) -> Iterator[StoredFile]:
    """Store captured content as a file of the learner; the block runs in the same transaction and refers to the file.

    Invalid, and nothing is stored, unless the learner's consent is valid now and until the transaction ends, and
    the quotas of the learner and the institution allow it.
    `locked` locks the learner in that transaction, and what else the block needs.
    """
    _refuse_without_consent(learner_state_known(learner))
    quotas.refuse_full(learner)
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
    quotas.stored(learner, file.size)


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
