"""Informed consents: which one is current, what a version is worth, and what may still be changed."""

from datetime import datetime

from django.db.models.functions import Now
from django.utils import timezone

from institutions.models import InformedConsent
from tesla_api.api.prepared import Prepared

Version = tuple[int, int, int]


def _valid(institution):
    valid = InformedConsent.objects.filter(institution=institution, valid_from__lte=Now())
    return valid.order_by("-major", "-minor", "-patch").values_list("major", "minor", "patch")


_VALID = Prepared(_valid, "institution")


def consent_current(institution_id: int) -> Version | None:
    """The highest version that is valid at this moment; the order of dates is irrelevant. None: there is none yet."""
    return _VALID(institution=institution_id).first()


def consent_status(major: int, minor: int, patch: int, valid_from: datetime, current: Version | None) -> str:
    """What an accepted version is worth: NOT_VALID_YET, VALID, VALID_NEED_UPDATE (same X.Y as current) or NOT_VALID."""
    version = (major, minor, patch)
    if valid_from > timezone.now():
        return "NOT_VALID_YET"
    if version == current:
        return "VALID"
    return "VALID_NEED_UPDATE" if current and version[:2] == current[:2] else "NOT_VALID"
