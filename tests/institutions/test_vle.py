"""/institution/{}/vle/: credentials are shown once, secrets never; a rotation ends the sessions."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from courses.models import Activity, Course
from institutions.models import VLE, Credential
from institutions.services.credentials import secret_hash
from institutions.services.vles import vle_credentials_rotate, vle_update
from kernel.domain import Unknown

ENDPOINTS = {
    "auth_login_url": "https://moodle.test/mod/lti/auth.php",
    "auth_token_url": "https://moodle.test/mod/lti/token.php",
    "key_set_url": "https://moodle.test/mod/lti/certs.php",
}
BODY = {"type": 0, "name": "New", "url": "https://moodle.test/"}


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/vle/"


def test_credentials_stand_in_the_answer_of_the_creation_and_nowhere_else(as_, url):
    made = as_("admin").post(url, BODY).json()
    issued = made["credentials"]
    assert set(issued) == {"role_id", "secret_id", "consumer_key", "consumer_secret", "api_url", *ENDPOINTS}
    assert ENDPOINTS.items() <= issued.items()
    assert issued["api_url"] == "http://testserver/api/v2"
    assert made["lti"] == {"consumer_key": issued["consumer_key"], **ENDPOINTS}
    for answer in (
        as_("admin").get(f"{url}{made['id']}/"),
        as_("admin").get(url),
        as_("global").get(f"{url}{made['id']}/"),
        as_("admin").patch(f"{url}{made['id']}/", {"name": "Newer"}),
    ):
        text = answer.content.decode()
        assert issued["secret_id"] not in text
        assert issued["consumer_secret"] not in text
        assert answer.json().get("credentials") is None


def test_the_database_holds_a_hash_and_a_cipher(as_, url):
    issued = as_("admin").post(url, BODY).json()["credentials"]
    assert Credential.objects.get().secret_hash == secret_hash(issued["secret_id"]) != issued["secret_id"]
    assert VLE.objects.get(name="New").lti_secret == issued["consumer_secret"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT lti_secret, lti FROM institutions_vle WHERE name = 'New'")
        stored = str(cursor.fetchall())
    assert issued["consumer_secret"] not in stored


def test_two_creations_issue_different_secrets(as_, url):
    issued = [as_("admin").post(url, {"type": 0, "name": str(n)}).json()["credentials"] for n in range(2)]
    assert set(issued[0].values()) & set(issued[1].values()) == {"http://testserver/api/v2"}
    assert set(issued[0]) == {"role_id", "secret_id", "consumer_key", "consumer_secret", "api_url"}  # no address yet


@pytest.mark.parametrize("address", ["http://moodle", "http://my_moodle.example.org:8080/a b"])
def test_addresses_that_networks_give_themselves(as_, url, address):
    made = as_("admin").post(url, BODY | {"url": address})
    assert (made.status_code, made.json()["url"]) == (201, address)
    assert made.json()["credentials"]["key_set_url"] == f"{address}/mod/lti/certs.php"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "ftp://x.org", "//x", "x", "http://", "http://x\ty"])
def test_what_is_no_address(as_, url, address):
    answer = as_("admin").post(url, BODY | {"url": address})
    assert (answer.status_code, list(answer.json())) == (400, ["url"])


def test_a_new_address_leaves_lti_and_credentials_as_they_were(as_, url, world):
    made = as_("admin").post(url, BODY).json()
    changed = as_("admin").put(f"{url}{made['id']}/", {"type": 0, "name": "New", "url": "https://other.test"}).json()
    assert changed["url"] == "https://other.test"
    assert changed["lti"] == made["lti"]
    assert Credential.objects.count() == 1


@pytest.mark.parametrize("minutes", [0, 30])
def test_a_rotation_ends_the_old_credentials_at_once_or_after_the_overlap(as_, url, minutes):
    made = as_("admin").post(url, BODY).json()
    answer = as_("admin").post(f"{url}{made['id']}/credentials/", {"overlap_minutes": minutes})
    assert answer.status_code == 201
    new = answer.json()["credentials"]
    assert set(new) == set(made["credentials"])
    assert new["role_id"] != made["credentials"]["role_id"]
    assert new["consumer_secret"] != made["credentials"]["consumer_secret"]
    old, current = Credential.objects.order_by("pk")
    assert (current.revoked_at, current.expires_at) == (None, None)
    assert (old.revoked_at is None) == bool(minutes)
    if minutes:
        assert abs(old.expires_at - timezone.now() - timedelta(minutes=30)) < timedelta(seconds=10)


def test_of_two_rotations_of_the_same_moment_the_second_one_ends_the_first(world):
    both = [VLE.objects.get(pk=world.home.vle.pk) for _ in range(2)]
    first, second = [vle_credentials_rotate(vle=vle, overlap_minutes=0) for vle in both]
    assert str(Credential.objects.get(revoked_at=None, expires_at=None).role_id) == second["role_id"]
    stored = VLE.objects.get(pk=world.home.vle.pk)
    assert (stored.lti["consumer_key"], stored.lti_secret) == (second["consumer_key"], second["consumer_secret"])
    assert first["consumer_key"] != second["consumer_key"]


def test_a_rotation_and_a_change_of_the_same_moment_both_stay(world):
    vle = world.home.vle
    stale, staler = [VLE.objects.get(pk=vle.pk) for _ in range(2)]
    issued = vle_credentials_rotate(vle=vle, overlap_minutes=0)
    vle_update(vle=stale, name="Renamed", url="https://other.test")
    stored = VLE.objects.get(pk=vle.pk)
    assert (stored.name, stored.url) == ("Renamed", "https://other.test")
    assert (stored.lti["consumer_key"], stored.lti_secret) == (issued["consumer_key"], issued["consumer_secret"])
    vle_credentials_rotate(vle=staler, overlap_minutes=0)
    again = VLE.objects.get(pk=vle.pk)
    assert (again.name, again.url) == ("Renamed", "https://other.test")
    assert again.updated_at > stored.updated_at > vle.updated_at
    vle_update(vle=staler, client_id="c")
    assert VLE.objects.get(pk=vle.pk).name == "Renamed"


def test_a_vle_that_is_gone_is_unknown(world):
    gone = VLE.objects.get(pk=world.home.vle.pk)
    assert VLE.objects.filter(pk=gone.pk).delete()[0] > 1
    with pytest.raises(Unknown):
        vle_update(vle=gone, name="Back")
    with pytest.raises(Unknown):
        vle_credentials_rotate(vle=gone, overlap_minutes=0)
    assert not VLE.objects.filter(pk=gone.pk).exists()


def test_a_later_rotation_lengthens_no_overlap(as_, url):
    made = as_("admin").post(url, BODY).json()
    for minutes in (5, 600):
        as_("admin").post(f"{url}{made['id']}/credentials/", {"overlap_minutes": minutes})
    first, second, third = Credential.objects.order_by("pk")
    assert first.expires_at < timezone.now() + timedelta(minutes=6)
    assert second.expires_at > timezone.now() + timedelta(minutes=500)
    assert third.expires_at is None


@pytest.mark.parametrize("wrong", [-1, 1441, "soon", None, [5]])
def test_an_overlap_is_a_day_at_most(as_, url, world, wrong):
    answer = as_("admin").post(f"{url}{world.home.vle.pk}/credentials/", {"overlap_minutes": wrong})
    assert (answer.status_code, list(answer.json())) == (400, ["overlap_minutes"])
    assert not Credential.objects.exists()


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("global", 403),
        ("legal", 403),
        ("data", 403),
        ("send", 403),
        ("teacher", 403),
        ("member", 403),
        ("stranger", 404),
    ],
)
def test_only_the_administrator_rotates(as_, url, world, name, status):
    assert as_(name).post(f"{url}{world.home.vle.pk}/credentials/", {}).status_code == status
    assert as_("admin").get(f"{url}{world.home.vle.pk}/credentials/").status_code == 405


def test_a_vle_of_another_institution_is_not_there(as_, url, world):
    foreign = f"{url}{world.away.vle.pk}/"
    for call in (as_("admin").get, as_("admin").delete, as_("global").get):
        assert call(foreign).status_code == 404
    assert as_("admin").post(foreign + "credentials/", {}).status_code == 404
    assert as_("admin").patch(foreign, {"name": "Mine"}).status_code == 404


def test_names_are_unique_within_one_institution_only(as_, url, world):
    world.away.vle.name = "Elsewhere"
    world.away.vle.save()
    assert as_("admin").post(url, {"type": 0, "name": "Elsewhere"}).status_code == 201
    assert as_("admin").post(url, {"type": 0, "name": "Moodle"}).json() == {"name": ["This value is already taken."]}
    made = as_("admin").post(url, {"type": 0, "name": "Second"}).json()
    assert as_("admin").patch(f"{url}{made['id']}/", {"name": "Moodle"}).status_code == 400
    assert as_("admin").patch(f"{url}{made['id']}/", {"name": "Second"}).status_code == 200


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("type", 1),
        ("type", None),
        ("type", "x"),
        ("name", ""),
        ("name", "  "),
        ("name", None),
        ("name", "x" * 251),
        ("name", "a\nb"),
        ("url", "ftp://x.org"),
        ("url", "javascript:alert(1)"),
        ("url", "x" * 3000),
        ("url", 5),
        ("client_id", ""),
        ("client_id", "x" * 251),
    ],
)
def test_bad_values_are_400_under_the_field(as_, url, field, wrong):
    answer = as_("admin").post(url, BODY | {field: wrong})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert VLE.objects.filter(name="New").count() == 0


def test_an_address_may_be_missing(as_, url):
    for number, empty in enumerate((None, "")):
        made = as_("admin").post(url, {"type": 0, "name": f"n{number}", "url": empty, "client_id": None}).json()
        assert (made["url"], made["client_id"]) == (None, None)


def test_deleting_a_vle_deletes_its_courses_and_revokes_its_credentials(as_, url, world):
    assert as_("admin").post(f"{url}{world.home.vle.pk}/credentials/", {}).status_code == 201
    assert as_("admin").delete(f"{url}{world.home.vle.pk}/").status_code == 204
    assert not Credential.objects.exists()
    assert not Course.objects.filter(institution=world.home.institution).exists()
    assert not Activity.objects.filter(institution=world.home.institution).exists()
    assert Course.objects.filter(institution=world.away.institution).count() == 2
