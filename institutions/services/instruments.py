"""Instruments and providers, which all institutions share, and the providers' credentials."""

from collections.abc import Collection
from typing import Any, TypeVar

from django.core.exceptions import ValidationError

from institutions.models import Instrument, Provider
from institutions.services.credentials import credential_issue, credentials_end
from institutions.services.options import BROKEN_SCHEMA, options_wrong, schema_is_broken
from institutions.services.uses import uses_of
from kernel.domain import Conflict, Invalid, Unknown
from kernel.locks import cascade_locked
from kernel.text import validate_queue_name
from kernel.writes import one_transaction, set_values
from pipeline import accounts

Shared = TypeVar("Shared", bound=Instrument | Provider)
_PARTS = ("credential_rows", "notifications")  # relations of a provider whose rows are deleted with it
_PAIR = "The two thresholds are a pair: give both or neither."


@one_transaction()
def instrument_create(*, acronym: str, queue: str = "", **values: Any) -> Instrument:
    """A new instrument; its queue is `tesla_<acronym>` unless another one is named."""
    instrument = Instrument(acronym=acronym, queue=queue or _queue("tesla_", acronym), **values)
    return _saved(instrument, values)


@one_transaction()
def instrument_update(*, instrument: Instrument, **values: Any) -> Instrument:
    """Write these values; an empty queue is ignored."""
    stored = _locked(instrument)
    return _saved(stored, values) if _changed(stored, values) else stored


@one_transaction()
def provider_create(
    *, instrument: Instrument, acronym: str, queue: str = "", **values: Any
) -> tuple[Provider, dict[str, str]]:
    """As `provider_register`, with its credentials in clear: {role_id, secret_id}."""
    made = provider_register(instrument=instrument, acronym=acronym, queue=queue, **values)
    return made, _issued(made)


@one_transaction()
def provider_register(*, instrument: Instrument, acronym: str, queue: str = "", **values: Any) -> Provider:
    """A new provider, without credentials.

    Its queue is `tesla_provider_<acronym>` unless another one is named: `tesla_<acronym>` is an instrument's.
    """
    queue = queue or _queue("tesla_provider_", acronym)
    provider = Provider(instrument=instrument, acronym=acronym, queue=queue, **values)
    _refuse_half_a_pair(provider)
    _refuse_queue(provider)
    made = _saved(provider, values)
    accounts.added(made.queue)
    return made


@one_transaction()
def provider_update(*, provider: Provider, **values: Any) -> Provider:
    """Write these values; an empty queue is ignored. Invalid for another instrument: results were counted for one."""
    stored = _locked(provider)
    if "instrument" in values and stored.instrument_id not in (None, values["instrument"].pk):
        raise Invalid(instrument="A provider keeps its instrument: register another provider for another one.")
    queue = stored.queue
    is_changed = _changed(stored, values)
    _refuse_half_a_pair(stored)
    if not is_changed:
        return stored
    if stored.queue != queue:
        _refuse_queue(stored)
    saved = _saved(stored, values)
    if saved.queue != queue:
        accounts.renamed(queue, saved.queue)
    return saved


@one_transaction()
def provider_credentials_rotate(*, provider: Provider, overlap_minutes: int) -> dict[str, str]:
    """New credentials; the live ones end in `overlap_minutes` (0: now)."""
    stored = _locked(provider)  # of two simultaneous rotations the second ends the credentials of the first
    credentials_end(provider=stored, overlap_minutes=overlap_minutes)
    accounts.rotated(stored.queue, overlap_minutes=overlap_minutes)
    return _issued(stored)


@one_transaction()
def shared_delete(*, row: Instrument | Provider) -> None:
    """Delete an instrument or a provider, with its `_PARTS`. Conflict, naming its uses, when it is in use."""
    stored = _locked(row)
    cascade_locked(stored)
    uses = uses_of(stored, own=_PARTS)
    if uses:
        raise Conflict(f"{stored.acronym} cannot be deleted: it is used by {', '.join(uses)}.")
    stored.delete()
    if isinstance(stored, Provider):
        accounts.removed(stored.queue)


def _queue(prefix: str, acronym: str) -> str:
    """The queue named after the acronym. ValidationError, for the acronym, when that is no name of a queue."""
    try:
        validate_queue_name(acronym)
    except ValidationError as error:
        raise ValidationError({"acronym": error}) from error
    return f"{prefix}{acronym}"


def _refuse_queue(provider: Provider) -> None:
    """Invalid for a name that no queue can have, or that the service or the broker itself uses.

    A model's validator would also refuse every other change of a provider that has had such a queue for long.
    """
    try:
        validate_queue_name(provider.queue)
    except ValidationError as error:
        raise Invalid(queue=error.messages[0]) from error
    if accounts.is_reserved(provider.queue, is_built_in=provider.is_demonstration):
        raise Invalid(queue="This name is used by the service itself or by the broker.")


def _issued(provider: Provider) -> dict[str, str]:
    credential, secret = credential_issue(provider=provider)
    return {"role_id": str(credential.role_id), "secret_id": secret}


def _locked(row: Shared) -> Shared:
    """The row as stored, locked until the transaction ends."""
    stored: Any = type(row)._default_manager.select_for_update().filter(pk=row.pk).first()
    if stored is None:
        raise Unknown("It is not there any more.")
    return stored


def _changed(row: Shared, values: dict[str, Any]) -> bool:
    return set_values(row, {name: value for name, value in values.items() if value or name != "queue"})


def _saved(row: Shared, written_names: Collection[str]) -> Shared:
    """Save the row. Invalid when a new schema is no JSON Schema, or the options do not match the schema."""
    schema = row.options_schema
    if schema is not None and "options_schema" in written_names and schema_is_broken(schema):
        raise Invalid(options_schema=BROKEN_SCHEMA)
    if isinstance(row, Provider) and not {"options", "options_schema"}.isdisjoint(written_names):
        _refuse_wrong_options(row, "options" if "options" in written_names else "options_schema")
    row.full_clean()
    row.save()
    return row


def _refuse_wrong_options(provider: Provider, blamed: str) -> None:
    if provider.options is None or provider.options_schema is None:
        return
    try:
        wrong = options_wrong(provider.options_schema, provider.options)
    except ValueError:
        wrong = "They cannot be checked: the provider's own schema is broken."
    if wrong is not None:
        raise Invalid(**{blamed: wrong})


def _refuse_half_a_pair(provider: Provider) -> None:
    for name, other in (("alert_below", "warning_below"), ("warning_below", "alert_below")):
        if getattr(provider, name) is None and getattr(provider, other) is not None:
            raise Invalid(**{name: _PAIR})
