"""/admin/instrument/{}/provider/: credentials are shown once, empty fields are null, providers in use stay."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from institutions.models import Credential, Instrument, Provider, ProviderNotification
from institutions.services.credentials import secret_hash
from institutions.services.instruments import provider_credentials_rotate, provider_update
from kernel.domain import Unknown
from learners.models import Enrolment
from signin.services import Refused
from signin.services.modules import module_sign_in
from tests.contract.filling import fill_administration
from tests.institutions.administration import BASE, assert_bodies, assert_boxes, call, records
from tests.world import rewritten

URL = f"{BASE}instrument/1/provider/"
# What the dashboard sends when three fields were filled.
BODY = {
    "name": "Face One", "acronym": "face1", "version": "1.0", "description": None, "queue": None, "url": None,
    "options_schema": None, "options": None, "image": None, "service_port": None, "credentials": None, "enabled": None,
    "allow_validation": None, "inverted_polarity": None, "has_service": None, "validation_active": None,
}  # fmt: skip
FULL = {
    "name": "Face Two", "acronym": "face2", "version": "2.0", "description": "Sees\nfaces", "queue": "faces",
    "url": "https://face.example.org", "options_schema": {"properties": {"depth": {"type": "integer"}}},
    "options": {"depth": 3}, "image": "face:2", "service_port": 8080, "enabled": True, "allow_validation": True,
    "inverted_polarity": True, "has_service": True, "validation_active": True, "warning_below": 0.65,
    "alert_below": 0.3,
}  # fmt: skip
KEYS = [
    "id", "instrument", "name", "queue", "description", "url", "version", "acronym", "allow_validation",
    "inverted_polarity", "image", "has_service", "service_port", "options_schema", "options", "credentials", "enabled",
    "validation_active", "warning_below", "alert_below", "created_at", "updated_at",
]  # fmt: skip


@pytest.fixture
def root(as_):
    return as_("global")


@pytest.fixture
def provider(db, world) -> Provider:
    return Provider.objects.create(
        name="Face", acronym="face", version="1", queue="face", instrument_id=1, options={"depth": 1}, enabled=True
    )


@pytest.fixture
def own(provider):
    return f"{URL}{provider.pk}/"


def test_bodies_that_are_no_objects(root, provider):
    assert_bodies(root, URL)
    assert root.get(f"{URL}{provider.pk}/credentials/").status_code == 405
    assert root.post(f"{URL}987654321/credentials/", {}).status_code == 404


def test_boxes_above_columns(root, provider):
    fill_administration(14)
    rewritten(Provider.objects.filter(acronym="more0"), description="It sees")
    assert_boxes(root, URL, {"name": "provider%200", "description": "T%20SEE"})


@pytest.mark.parametrize("instrument", [2, 987654321])
def test_provider_is_under_its_own_instrument_alone(instrument, root, provider):
    url = f"{BASE}instrument/{instrument}/provider/"
    for method in ("get", "put", "patch", "delete"):
        assert call(root, method, f"{url}{provider.pk}/", FULL if method[0] == "p" else None).status_code == 404
    assert call(root, "post", f"{url}{provider.pk}/credentials/", {}).status_code == 404
    assert root.get(url).status_code == (200 if instrument == 2 else 404)
    assert call(root, "post", url, BODY).status_code == (201 if instrument == 2 else 404)
    assert Provider.objects.get(pk=provider.pk).name == "Face"
    assert Provider.objects.filter(instrument=1).count() == 1


def test_provider_as_the_dashboard_makes_one_and_its_credentials_once(root):
    answer = call(root, "post", URL, BODY)
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert list(row) == KEYS
    credentials = row.pop("credentials")
    assert set(credentials) == {"role_id", "secret_id"}
    instrument = root.get(f"{BASE}instrument/1/").json()
    assert row["instrument"] == {name: value for name, value in instrument.items() if name != "timeout_minutes"}
    assert row | dict.fromkeys(("id", "instrument", "created_at", "updated_at")) == {
        "id": None, "instrument": None, "name": "Face One", "queue": "tesla_provider_face1", "description": None,
        "url": None, "version": "1.0", "acronym": "face1", "allow_validation": False, "inverted_polarity": False,
        "image": "", "has_service": False, "service_port": None, "options_schema": None, "options": None,
        "enabled": False, "validation_active": False, "warning_below": None, "alert_below": None,
        "created_at": None, "updated_at": None,
    }  # fmt: skip
    where = f"{URL}{row['id']}/"
    for later in (
        root.get(where),
        root.get(URL),
        call(root, "patch", where, {"name": "F"}),
        call(root, "put", where, BODY),
    ):
        assert credentials["secret_id"] not in later.content.decode()
        assert later.json().get("credentials") is None
    stored = Credential.objects.get(provider=row["id"])
    assert stored.secret_hash == secret_hash(credentials["secret_id"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM institutions_credential")
        assert credentials["secret_id"] not in str(cursor.fetchall())
    assert module_sign_in(address=None, **credentials).credential.provider_id == row["id"]


def test_everything_that_is_given_is_kept(root):
    row = call(root, "post", URL, FULL).json()
    assert {name: row[name] for name in FULL} == FULL
    read = root.get(f"{URL}{row['id']}/").json()
    assert read == row | {"credentials": None}
    assert root.get(URL).json()["results"] == [read]


def test_update_as_the_dashboard_sends_it(root, own, provider):
    """The row as it was read."""
    row = root.get(own).json()
    answer = call(root, "put", own, row | {"version": "2", "service_port": 80})
    assert answer.status_code == 200, answer.content
    assert answer.json() == row | {"version": "2", "service_port": 80, "updated_at": answer.json()["updated_at"]}
    untouched = call(root, "put", own, BODY | {"acronym": "face"}).json()
    assert (untouched["enabled"], untouched["queue"], untouched["options"]) == (True, "face", None)
    left_out = call(root, "put", own, {"name": "Face", "acronym": "face", "version": "2"}).json()
    assert (left_out["enabled"], left_out["service_port"]) == (True, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", None), ("name", ""), ("name", "x" * 251), ("acronym", None), ("acronym", "taken"),
        ("acronym", "x" * 31), ("version", None), ("version", "x" * 16), ("queue", "taken"), ("queue", "x" * 51),
        ("queue", "a\nb"), ("queue", "a,b"), ("queue", "/"), ("queue", "tesla_pipeline"), ("queue", "unacked_index"),
        ("queue", "_kombu.binding.x"), ("queue", "amq.x"), ("description", "a\x00"), ("url", "ftp://x.org"),
        ("url", "https://x.org/" + "x" * 250), ("image", "x" * 251), ("image", "a\nb"), ("service_port", 0),
        ("service_port", 65536), ("service_port", "x"), ("service_port", -1), ("service_port", 2**70),
        ("enabled", "perhaps"), ("has_service", []), ("options", "nope"), ("options", [1]),
        ("options_schema", {"type": 5}), ("options_schema", "[]"), ("warning_below", 1.1), ("warning_below", -0.1),
        ("warning_below", "x"), ("warning_below", 0.12345), ("warning_below", "NaN"), ("alert_below", "Infinity"),
        ("alert_below", 2), ("alert_below", []),
    ],
)  # fmt: skip
def test_wrong_value_is_400_under_its_name(name, value, root, own):
    Provider.objects.create(name="T", acronym="taken", version="1", queue="taken", instrument_id=2)
    for answer in (call(root, "post", URL, FULL | {name: value}), call(root, "patch", own, {name: value})):
        assert (answer.status_code, list(answer.json())) == (400, [name]), answer.content
    assert Provider.objects.count() == 2
    assert not Credential.objects.exists()
    assert records() == []


def test_thresholds_are_a_pair(root, own):
    for given, missing in (("warning_below", "alert_below"), ("alert_below", "warning_below")):
        for answer in (
            call(root, "post", URL, FULL | {missing: None}),
            call(root, "patch", own, {given: 0.5}),
            call(root, "put", own, FULL | {missing: None}),
        ):
            assert (answer.status_code, list(answer.json())) == (400, [missing])
    row = call(root, "patch", own, {"warning_below": 1, "alert_below": 0}).json()
    assert (row["warning_below"], row["alert_below"]) == (1.0, 0.0)
    assert call(root, "patch", own, {"warning_below": None, "alert_below": None}).json()["alert_below"] is None


def test_options_are_what_the_schema_allows(root, own):
    schema = {"type": "object", "properties": {"depth": {"type": "integer", "maximum": 5}}}
    for body, blamed in (
        ({"options_schema": schema, "options": {"depth": 6}}, "options"),
        ({"options_schema": {"required": ["width"]}}, "options_schema"),
    ):
        answer = call(root, "patch", own, body)
        assert (answer.status_code, list(answer.json())) == (400, [blamed])
        assert "6" not in answer.content.decode()  # a value may be a secret
    assert call(root, "patch", own, {"options_schema": schema}).status_code == 200
    assert list(call(root, "patch", own, {"options": {"depth": "deep"}}).json()) == ["options"]
    Provider.objects.update(options_schema={"type": 5})
    assert call(root, "patch", own, {"name": "Other"}).status_code == 200
    assert list(call(root, "patch", own, {"options": {}}).json()) == ["options"]
    assert call(root, "patch", own, {"options": None}).status_code == 200


def test_required(root, own):
    for method, url in (("post", URL), ("put", own)):
        answer = call(root, method, url, {})
        assert (answer.status_code, set(answer.json())) == (400, {"name", "acronym", "version"})


# Credentials.


@pytest.mark.parametrize("minutes", [0, 30, None])
def test_rotation_ends_the_old_credentials_at_once_or_after_the_overlap(minutes, root):
    made = call(root, "post", URL, BODY).json()
    sent = {} if minutes is None else {"overlap_minutes": minutes}
    answer = call(root, "post", f"{URL}{made['id']}/credentials/", sent)
    assert answer.status_code == 201
    assert list(answer.json()) == KEYS
    new, old = answer.json()["credentials"], made["credentials"]
    assert set(new) == {"role_id", "secret_id"}
    assert set(new.values()).isdisjoint(old.values())
    assert module_sign_in(address=None, **new).credential.provider_id == made["id"]
    if minutes:
        assert module_sign_in(address=None, **old).credential.expires_at < timezone.now() + timedelta(minutes=31)
    else:
        with pytest.raises(Refused):
            module_sign_in(address=None, **old)
    assert records()[1] == ("credentials", "provider", made["id"], {"overlap_minutes": minutes or 0})


@pytest.mark.parametrize("wrong", [-1, 1441, "soon", [5]])
def test_an_overlap_is_a_day_at_most(wrong, root, own):
    answer = call(root, "post", f"{own}credentials/", {"overlap_minutes": wrong})
    assert (answer.status_code, list(answer.json())) == (400, ["overlap_minutes"])
    assert not Credential.objects.exists()


def test_of_two_rotations_of_the_same_moment_the_second_one_ends_the_first(provider):
    both = [Provider.objects.get(pk=provider.pk) for _ in range(2)]
    _, second = [provider_credentials_rotate(provider=one, overlap_minutes=0) for one in both]
    assert str(Credential.objects.get(revoked_at=None).role_id) == second["role_id"]


# Deleting.


def test_unused_provider_is_deleted_with_its_credentials_and_notifications(root):
    made = call(root, "post", URL, BODY).json()
    ProviderNotification.objects.create(provider_id=made["id"], key="k", when=timezone.now())
    assert root.delete(f"{URL}{made['id']}/").status_code == 204
    assert not Provider.objects.exists()
    assert not Credential.objects.exists()
    with pytest.raises(Refused):
        module_sign_in(address=None, **made["credentials"])
    assert records()[-1] == ("delete", "provider", made["id"], {})


def test_provider_in_use_is_409_and_its_uses_are_named(root, own, provider, world):
    """A deletion would delete those rows, too."""
    Enrolment.objects.create(institution=world.home.institution, learner=world.home.learners["ann"], provider=provider)
    answer = root.delete(own)
    assert (answer.status_code, answer.json()) == (
        409, {"detail": "face cannot be deleted: it is used by 1 enrolment."},
    )  # fmt: skip
    assert Provider.objects.filter(pk=provider.pk).exists()
    assert Instrument.objects.filter(pk=1).exists()


# Records.


def test_every_change_is_recorded_without_secrets(root, world):
    made = call(root, "post", URL, FULL).json()
    where = f"{URL}{made['id']}/"
    call(root, "patch", where, {"url": "https://user:secret@face.org", "alert_below": 0.25, "enabled": False})
    call(root, "patch", where, {"alert_below": 0.25})  # which changes nothing
    created, changed, same = records()
    assert created[:3] == ("create", "provider", made["id"])
    assert {name: created[3][name] for name in ("instrument", "version", "enabled", "alert_below")} == {
        "instrument": [None, 1], "version": [None, "2.0"], "enabled": [None, True], "alert_below": [None, "0.3000"],
    }  # fmt: skip
    assert changed == ("update", "provider", made["id"], {
        "url": ["https://face.example.org", "https://face.org"], "enabled": [True, False],
        "alert_below": ["0.3000", "0.2500"],
    })  # fmt: skip
    assert same[3] == {}


def test_provider_that_is_gone_is_unknown(provider):
    Provider.objects.filter(pk=provider.pk).delete()
    with pytest.raises(Unknown):
        provider_update(provider=provider, name="Back")
    with pytest.raises(Unknown):
        provider_credentials_rotate(provider=provider, overlap_minutes=0)
