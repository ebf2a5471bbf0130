"""VLEs and their credentials."""

import uuid
from collections.abc import Callable
from typing import Any

from files.services import files_erase_unreferenced
from institutions.models import VLE, Institution, VLEType
from institutions.services.credentials import credential_issue, credentials_end
from kernel.domain import Unknown
from kernel.writes import one_transaction

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
    for name, value in values.items():
        setattr(stored, name, value)
    stored.save(update_fields=(*values, "updated_at"))  # other columns may have changed since `vle` was read


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
    list(vle.credential_rows.select_for_update())  # a simultaneous sign-in waits for the deletion
    vle.delete()
    files_erase_unreferenced(institution=vle.institution)
