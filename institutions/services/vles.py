"""VLEs and what they sign in with."""

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from files.services import files_erase_unreferenced
from institutions.models import VLE, Credential, Institution, VLEType


@transaction.atomic
def vle_create(*, institution: Institution, **values: Any) -> tuple[VLE, dict[str, str]]:
    """A VLE with its LTI configuration, and its credentials in clear: {role_id, secret_id, consumer_key, ...}."""
    vle = VLE(institution=institution, **values)
    vle.lti = {"consumer_key": str(uuid.uuid4()), **_lti_endpoints(vle)}
    vle.lti_secret = str(uuid.uuid4())
    vle.save()
    return vle, _issued(vle)


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
    credential, secret = _credential_create(vle)
    consumer = {"consumer_key": vle.lti["consumer_key"], "consumer_secret": vle.lti_secret}
    endpoints = {name: url for name, url in vle.lti.items() if name != "consumer_key"}
    return {"role_id": str(credential.role_id), "secret_id": secret, **consumer, **endpoints}


def _credential_create(vle: VLE) -> tuple[Credential, str]:
    secret = secrets.token_urlsafe(32)
    return Credential.objects.create(vle=vle, secret_hash=secret_hash(secret)), secret


def secret_hash(secret: str) -> str:
    """SHA-256 in hex. Enough for what is random: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def vle_update(*, vle: VLE, **values: Any) -> None:
    """LTI configuration and credentials stay as they were issued, whatever the new address is."""
    for name, value in values.items():
        setattr(vle, name, value)
    vle.save()


@transaction.atomic
def vle_credentials_rotate(*, vle: VLE, overlap_minutes: int) -> dict[str, str]:
    """New role credentials and a new LTI secret; the live ones end in `overlap_minutes` (0: now)."""
    now = timezone.now()
    live = vle.credential_rows.select_for_update().filter(revoked_at=None)
    live = live.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    if overlap_minutes:
        live.update(expires_at=now + timedelta(minutes=overlap_minutes))
    else:
        live.update(revoked_at=now)
    vle.lti = {**vle.lti, "consumer_key": str(uuid.uuid4())}
    vle.lti_secret = str(uuid.uuid4())
    vle.save()
    return _issued(vle)


@transaction.atomic
def vle_delete(*, vle: VLE) -> None:
    """The VLE with its courses, activities, reports and requests and their files; its credentials go with it."""
    vle.delete()
    files_erase_unreferenced(institution=vle.institution)
