"""Time zones of institutions, by their IANA names."""

from datetime import UTC, date, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils import timezone


@cache
def zone_names() -> tuple[str, ...]:
    return tuple(sorted({"UTC", *available_timezones()}))


def validate_time_zone(value: str) -> None:
    if value not in zone_names():
        raise ValidationError("This is no time zone. Name one as Europe/Madrid or UTC.")


def zone_named(name: str) -> tzinfo:
    """UTC for a name that there is not, or not any more."""
    return ZoneInfo(name) if name in zone_names() else UTC


def today_in(name: str) -> date:
    return timezone.localdate(timezone=zone_named(name))
