"""Names of time zones."""

import pytest
from django.core.exceptions import ValidationError

from kernel.zones import validate_time_zone, zone_named


def test_time_zones_have_their_iana_names():
    validate_time_zone("Europe/Madrid")
    assert str(zone_named("Europe/Madrid")) == "Europe/Madrid"
    for name in ("", "Europe", "europe/madrid", "+02:00", "../../etc/passwd"):
        assert str(zone_named(name)) == "UTC"
        with pytest.raises(ValidationError):
            validate_time_zone(name)
