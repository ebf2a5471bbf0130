"""VLEs and their credentials."""

import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from files.services import files_erase_unreferenced
from institutions.models import VLE, Institution, VLEType, VLEWarning
from institutions.services.credentials import credential_issue, credentials_end, live
from kernel.domain import Unknown
from kernel.locks import cascade_locked
from kernel.writes import one_transaction, save_values

logger = logging.getLogger(__name__)
WARNING_SECONDS = 60  # a whole exam sends the same settings: a warning is written so often, at most
WARNINGS_SHOWN = timedelta(days=30)
CloseSessions = Callable[[VLE], int]
_SESSIONS_CLOSERS: list[CloseSessions] = []


def sessions_closer(close_sessions: CloseSessions) -> CloseSessions:
    """Register the function that closes the assessment sessions of a VLE: they are in a layer above."""
    _SESSIONS_CLOSERS[:] = [close_sessions]
    return close_sessions


@one_transaction()
def vle_create(*, institution: Institution, **values: Any) -> tuple[VLE, dict[str, str]]:
    """A VLE with its LTI configuration, and its credentials in clear: {role_id, secret_id, consumer_key, ...}."""
    vle = vle_register(institution=institution, **values)
    return vle, _issued(vle)


@one_transaction()
def vle_register(*, institution: Institution, **values: Any) -> VLE:
    """A VLE that cannot sign in until `vle_credentials_rotate` issues credentials."""
    vle = VLE(institution=institution, **values)
    vle.lti = {"consumer_key": str(uuid.uuid4()), **_lti_endpoints(vle)}
    vle.lti_secret = str(uuid.uuid4())
    vle.save()
    return vle


def _lti_endpoints(vle: VLE) -> dict[str, str]:
    if vle.type != VLEType.MOODLE or not vle.url:
        return {}
    base = vle.url.rstrip("/")
    return {
        "auth_login_url": f"{base}/mod/lti/auth.php",
        "auth_token_url": f"{base}/mod/lti/token.php",
        "key_set_url": f"{base}/mod/lti/certs.php",
    }


def _issued(vle: VLE) -> dict[str, str]:
    credential, secret = credential_issue(vle=vle)
    consumer = {"consumer_key": vle.lti["consumer_key"], "consumer_secret": vle.lti_secret}
    endpoints = {name: url for name, url in vle.lti.items() if name != "consumer_key"}
    return {"role_id": str(credential.role_id), "secret_id": secret, **consumer, **endpoints}


@one_transaction()
def vle_update(*, vle: VLE, **values: Any) -> None:
    """LTI configuration and credentials stay as they were issued, also when the address changes."""
    stored = _locked(vle)
    save_values(stored, values)  # other columns may have changed since `vle` was read


@one_transaction()
def vle_credentials_rotate(*, vle: VLE, overlap_minutes: int, close_sessions: bool = False) -> dict[str, str]:
    """New role credentials; the live ones end in `overlap_minutes` (0: now). LTI key and secret change at once.

    `close_sessions` closes the VLE's open assessment sessions, too: whoever takes an exam must begin a new one.
    """
    stored = _locked(vle)  # of two simultaneous rotations the second ends the credentials of the first
    credentials_end(vle=stored, overlap_minutes=overlap_minutes)
    if close_sessions:
        for close in _SESSIONS_CLOSERS:
            close(stored)
    stored.lti = {**stored.lti, "consumer_key": str(uuid.uuid4())}
    stored.lti_secret = str(uuid.uuid4())
    stored.save(update_fields=("lti", "lti_secret", "updated_at"))
    return _issued(stored)


def _locked(vle: VLE) -> VLE:
    """The VLE as stored, locked until the transaction ends. Courses can be added to it meanwhile."""
    stored = VLE.objects.select_for_update(no_key=True).filter(pk=vle.pk).first()
    if stored is None:
        raise Unknown("There is no such VLE any more.")
    return stored


@one_transaction()
def vle_delete(*, vle: VLE) -> None:
    """Delete the VLE with its credentials, courses, activities, reports and requests and their files."""
    cascade_locked(vle)
    vle.delete()
    files_erase_unreferenced(institution=vle.institution)


def vle_warn(*, vle_id: int, warnings: Mapping[str, str]) -> None:
    """Keep the newest warning about each setting, for the VLE's page in the console."""
    new = [name for name in sorted(warnings) if cache.add(f"vle-warning:{vle_id}:{name}", True, WARNING_SECONDS)]
    if not new:
        return
    longest = VLEWarning._meta.get_field("text").max_length
    rows = [VLEWarning(vle_id=vle_id, setting=name, text=warnings[name][:longest]) for name in new]
    try:
        with transaction.atomic():
            VLEWarning.objects.bulk_create(
                rows, update_conflicts=True, unique_fields=["vle", "setting"], update_fields=["text", "updated_at"]
            )
    except DatabaseError as error:  # no reason to refuse the exam; the VLE may have been deleted meanwhile
        logger.warning("warnings of VLE %d are not stored: %s", vle_id, error)


def vle_warnings(*, vle_id: int) -> QuerySet[VLEWarning]:
    """The warnings of the last days, the newest first."""
    since = timezone.now() - WARNINGS_SHOWN
    return VLEWarning.objects.filter(vle=vle_id, updated_at__gte=since).order_by("-updated_at", "setting")


class VLEState(NamedTuple):
    """A VLE and its credentials that are valid now: their number, the end of the first that ends, their last use."""

    id: int
    institution_id: int
    name: str
    is_known: bool  # whether it has ever had credentials
    credentials: int
    ends_at: datetime | None
    used_at: datetime | None


def vle_states(institution_id: int) -> list[VLEState]:
    """The VLEs of the institution in the order of their ids; one statement."""
    ends, valid = "credential_rows__expires_at", live("credential_rows__") & Q(credential_rows__isnull=False)
    rows = VLE.objects.filter(institution=institution_id).order_by("pk")
    counts = (Count("credential_rows"), Count("credential_rows", filter=valid))
    moments = (Min(ends, filter=valid), Max("credential_rows__last_used_at"))
    named = dict(zip(("had", "valid", "ends_at", "used_at"), (*counts, *moments), strict=True))
    found: Any = rows.annotate(**named).values_list("pk", "institution_id", "name", *named)
    return [VLEState(key, home, name, had > 0, *of_valid) for key, home, name, had, *of_valid in found]
