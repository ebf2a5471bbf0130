"""manage.py register_provider: from a file; the credentials are printed once, and open the API."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from institutions.models import Credential, Provider

FACE = {
    "instrument": "fr", "acronym": "face", "name": "Faces", "version": "1.0", "enabled": True,
    "allow_validation": True, "validation_active": True, "alert_below": 0.3, "warning_below": 0.65,
    "options": {"depth": 3},
}  # fmt: skip


@pytest.fixture
def register(tmp_path, db):
    def registered(values) -> dict:
        file, out = tmp_path / "provider.json", StringIO()
        file.write_text(values if isinstance(values, str) else json.dumps(values))
        call_command("register_provider", str(file), stdout=out)
        return json.loads(out.getvalue())

    return registered


def test_a_provider_is_registered_and_its_credentials_open_the_api(register):
    made = register(FACE)
    row = Provider.objects.get(acronym="face")
    credentials = made.pop("credentials")
    assert made == {
        "id": row.pk, "acronym": "face", "instrument": "fr", "queue": "tesla_provider_face", "enabled": True
    }  # fmt: skip
    assert (row.instrument_id, row.alert_below, row.warning_below) == (1, Decimal("0.3"), Decimal("0.65"))
    assert (row.allow_validation, row.validation_active, row.options) == (True, True, {"depth": 3})
    answer = APIClient().post("/api/v2/auth/approle", credentials)
    assert (answer.status_code, answer.json()["provider_id"]) == (200, row.pk)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"JWT {answer.json()['token']['access_token']}")
    assert client.get(f"/api/v2/provider/{row.pk}/").json()["acronym"] == "face"


def test_the_same_acronym_is_changed_and_keeps_its_credentials(register):
    first = register(FACE)
    again = register({"acronym": "face", "name": "More faces", "queue": "faces", "enabled": False})
    assert (again["id"], again["queue"], again["enabled"], again["credentials"]) == (first["id"], "faces", False, None)
    row = Provider.objects.get()
    assert (row.name, row.version, row.options) == ("More faces", "1.0", {"depth": 3})
    assert Credential.objects.filter(revoked_at=None).count() == 1
    assert register(FACE)["queue"] == "faces"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"instrument": "zz"}, "instrument: there is none with the acronym 'zz'"),
        ({"instrument": 1}, "instrument: there is none"),
        ({"name": ""}, "name"),
        ({"name": "x" * 251}, "name: "),
        ({"version": None}, "version"),
        ({"alert_below": 2}, "thresholds"),
        ({"alert_below": None}, "alert_below: The two thresholds are a pair"),
        ({"enabled": "often"}, "enabled: "),
        ({"service_port": -1}, "service_port: "),
        ({"options_schema": {"type": 3}}, "options_schema: "),
        ({"options_schema": {"type": "array"}}, "options: "),
        ({"secret": "x"}, "secret: unknown"),
    ],
)
def test_what_the_api_would_refuse_is_refused(register, change, message):
    with pytest.raises(CommandError, match=message):
        register(FACE | change)
    assert (Provider.objects.count(), Credential.objects.count()) == (0, 0)


def test_a_provider_keeps_its_instrument(register):
    """Its results are counted for this one."""
    register(FACE)
    with pytest.raises(CommandError, match="instrument: A provider keeps its instrument"):
        register(FACE | {"instrument": "ks"})
    assert Provider.objects.get().instrument.acronym == "fr"


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "null"])
def test_what_is_no_object_is_refused(register, text):
    with pytest.raises(CommandError, match=r"cannot be read as JSON|no JSON object"):
        register(text)


def test_file_that_is_not_there_is_refused(db, tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("register_provider", str(tmp_path / "nothing.json"))


def test_what_is_needed_is_named(register):
    with pytest.raises(CommandError, match=r"^instrument, name, version: missing$"):
        register({"acronym": "face"})
