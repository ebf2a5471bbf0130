"""Informed consents: which version is current, the status of an accepted version, and what may still be changed.

Functions that change a consent or its documents, or accept it, lock the consent's row first: it cannot be changed and
accepted at the same time.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from files.services import files_erase
from institutions.models import InformedConsent, Institution
from institutions.services.texts import pdfs_not_kept
from kernel.constraints import TAKEN
from kernel.domain import Conflict, Invalid, Unknown
from kernel.fast.prepared import Prepared
from kernel.writes import one_transaction

Version = tuple[int, int, int]
LARGEST_PART = 2**31 - 1  # the largest value of the columns
_VERSION = re.compile(r" *([0-9]+) *\. *([0-9]+) *\. *([0-9]+) *")


def newest_valid(consents: QuerySet[InformedConsent]) -> QuerySet[InformedConsent]:
    """Those that are valid at this moment, the highest version first; the order of dates is irrelevant."""
    return consents.filter(valid_from__lte=Now()).order_by("-major", "-minor", "-patch", "-pk")


def _valid(institution):
    valid = newest_valid(InformedConsent.objects.filter(institution=institution))
    return valid.values_list("major", "minor", "patch")


_VALID = Prepared(_valid, "institution")


def consent_current(institution_id: int) -> Version | None:
    """The highest version that is valid at this moment. None: there is none yet."""
    return _VALID(institution=institution_id).first()


class Standing(NamedTuple):
    """A version of an institution: since when it is valid, and whether somebody has accepted it."""

    id: int
    name: str
    version: Version
    valid_from: datetime
    is_frozen: bool


def consent_standings(institution_id: int) -> list[Standing]:
    """All versions of the institution, the highest first."""
    rows = InformedConsent.objects.filter(institution=institution_id).order_by("-major", "-minor", "-patch")
    columns = rows.values_list("pk", "version", "major", "minor", "patch", "valid_from", "accepted_at")
    return [
        Standing(key, name, (major, minor, patch), valid_from, accepted is not None)
        for key, name, major, minor, patch, valid_from, accepted in columns
    ]


def asked_at(standings: Iterable[Standing], at: datetime) -> Standing | None:
    """The version that learners are asked for at an instant: the highest whose date has come."""
    return max((each for each in standings if each.valid_from <= at), key=lambda each: each.version, default=None)


ConsentStatus = Literal["NOT_VALID_YET", "VALID", "VALID_NEED_UPDATE", "NOT_VALID"]


def consent_status(major: int, minor: int, patch: int, valid_from: datetime, current: Version | None) -> ConsentStatus:
    """Status of an accepted version: NOT_VALID_YET, VALID, VALID_NEED_UPDATE (same X.Y as current) or NOT_VALID."""
    version = (major, minor, patch)
    if valid_from > timezone.now():
        return "NOT_VALID_YET"
    if version == current:
        return "VALID"
    return "VALID_NEED_UPDATE" if current and version[:2] == current[:2] else "NOT_VALID"


def version_parsed(text: str) -> Version:
    """ "01.0. 2" -> (1, 0, 2). ValidationError for anything but three integers that fit into the columns."""
    match = _VERSION.fullmatch(text)
    # Python refuses to read integers of thousands of digits.
    parts = [int(part) for part in match.groups() if len(part.lstrip("0")) <= 10] if match else []
    if len(parts) != 3 or max(parts) > LARGEST_PART:
        raise ValidationError("Enter three integers, such as 1.0.0.")
    major, minor, patch = parts
    return major, minor, patch


def version_normalised(text: str) -> str:
    """Without leading zeros and blanks: "01.0. 2" -> "1.0.2"."""
    return ".".join(map(str, version_parsed(text)))


@one_transaction()
def consent_create(*, institution: Institution, version: str, valid_from: datetime) -> InformedConsent:
    consent = InformedConsent(institution=institution, valid_from=valid_from)
    _number(consent, version)
    return _saved(consent)


@one_transaction()
def consent_update(*, consent: InformedConsent, **values: Any) -> InformedConsent:
    """New `version` or `valid_from`. Conflict when it is frozen, unless the values are the stored ones."""
    stored = consent_locked(consent=consent)
    version = version_normalised(values.get("version", stored.version))
    valid_from = values.get("valid_from", stored.valid_from)
    if version == stored.version and _is_same(valid_from, stored.valid_from):
        return stored
    refuse_frozen(stored)
    stored.valid_from = valid_from
    _number(stored, version)
    return _saved(stored)


@one_transaction()
def consent_delete(*, consent: InformedConsent) -> None:
    """Delete it with its documents and their PDFs. Conflict when it is frozen."""
    stored = consent_locked(consent=consent)
    refuse_frozen(stored)
    pdfs = [key for key in stored.documents.values_list("pdf", flat=True) if key is not None]
    stored.delete()
    files_erase(files=pdfs_not_kept(pdfs))


def consent_locked(*, consent: InformedConsent) -> InformedConsent:
    """The consent as it is now, locked until the transaction ends."""
    stored = InformedConsent.objects.select_for_update().filter(pk=consent.pk).first()
    if stored is None:
        raise Unknown("There is no such consent any more.")
    return stored


def refuse_frozen(consent: InformedConsent) -> None:
    if consent.accepted_at is not None:
        raise Conflict("This consent has been accepted by learners: it and its documents stay as they are.")


def _number(consent: InformedConsent, version: str) -> None:
    consent.major, consent.minor, consent.patch = version_parsed(version)
    consent.version = version_normalised(version)


def _is_same(one: datetime, other: datetime) -> bool:
    """Equal to the millisecond: browsers have no finer instants, and send back rounded what they have received."""
    return abs(one - other) < timedelta(milliseconds=1)


def _saved(consent: InformedConsent) -> InformedConsent:
    try:
        with transaction.atomic():
            consent.save()
    except IntegrityError as error:
        raise Invalid(version=TAKEN) from error
    return consent
