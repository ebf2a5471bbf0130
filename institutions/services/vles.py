"""VLEs and what they sign in with."""

import uuid
from typing import Any

from files.services import files_erase_unreferenced
from institutions.models import VLE, Institution, VLEType
from institutions.services.credentials import credential_issue, credentials_end
from kernel.domain import Unknown
from kernel.writes import one_transaction


@one_transaction()
def vle_create(*, institution: Institution, **values: Any) -> tuple[VLE, dict[str, str]]:
    """A VLE with its LTI configuration, and its credentials in clear: {role_id, secret_id, consumer_key, ...}."""
    vle = vle_register(institution=institution, **values)
    return vle, _issued(vle)


@one_transaction()
def vle_register(*, institution: Institution, **values: Any) -> VLE:
    """A VLE that cannot sign in: nobody is told its secrets, until `vle_credentials_rotate` issues others."""
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
    """LTI configuration and credentials stay as they were issued, whatever the new address is."""
    held = _locked(vle)
    for name, value in values.items():
        setattr(held, name, value)
    held.save(update_fields=(*values, "updated_at"))  # what else changed since `vle` was read stays


@one_transaction()
def vle_credentials_rotate(*, vle: VLE, overlap_minutes: int) -> dict[str, str]:
    """New role credentials; the live ones end in `overlap_minutes` (0: now). LTI key and secret change at once."""
    held = _locked(vle)  # of two rotations at once, the second one ends what the first one has issued
    credentials_end(vle=held, overlap_minutes=overlap_minutes)
    held.lti = {**held.lti, "consumer_key": str(uuid.uuid4())}
    held.lti_secret = str(uuid.uuid4())
    held.save(update_fields=("lti", "lti_secret", "updated_at"))
    return _issued(held)


def _locked(vle: VLE) -> VLE:
    """The VLE as stored, locked until the transaction ends. Courses can be added to it meanwhile."""
    found = VLE.objects.select_for_update(no_key=True).filter(pk=vle.pk).first()
    if found is None:
        raise Unknown("There is no such VLE any more.")
    return found


@one_transaction()
def vle_delete(*, vle: VLE) -> None:
    """The VLE with its courses, activities, reports and requests and their files; its credentials go with it."""
    list(vle.credential_rows.select_for_update())  # nobody signs in with one while it goes
    vle.delete()
    files_erase_unreferenced(institution=vle.institution)
