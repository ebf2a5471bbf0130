"""manage.py register_vle: the credentials are printed once, and open the API."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from institutions.models import VLE, Credential


def register(*arguments: str):
    out = StringIO()
    call_command("register_vle", *arguments, stdout=out)
    return json.loads(out.getvalue())


def test_a_vle_is_registered_and_its_credentials_are_printed(world):
    made = register(
        "--institution", "HOME", "--name", "Moodle 5", "--url", "https://five.example.org/", "--client-id", "c5"
    )  # fmt: skip
    credentials = made.pop("credentials")
    vle = VLE.objects.get(name="Moodle 5")
    assert made == {
        "id": vle.pk,
        "name": "Moodle 5",
        "url": "https://five.example.org/",
        "institution_id": world.home.institution.pk,
    }
    assert (vle.institution, vle.type, vle.client_id) == (world.home.institution, 0, "c5")
    assert list(credentials) == [
        "role_id", "secret_id", "consumer_key", "consumer_secret", "auth_login_url", "auth_token_url", "key_set_url"
    ]  # fmt: skip
    body = {"role_id": credentials["role_id"], "secret_id": credentials["secret_id"]}
    answer = APIClient().post("/api/v2/auth/approle", body)
    assert (answer.status_code, answer.json()["vle_id"]) == (200, vle.pk)


def test_a_host_of_one_word_is_an_address(world):
    assert register("--institution", "HOME", "--name", "New", "--url", "http://my_moodle")["url"] == "http://my_moodle"


def test_name_and_institution_are_enough(world):
    made = register("--institution", "AWAY", "--name", "Moodle 5")
    assert VLE.objects.get(pk=made["id"]).institution == world.away.institution
    assert (made["url"], set(made["credentials"])) == (
        None, {"role_id", "secret_id", "consumer_key", "consumer_secret"}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("acronym", "name", "more", "message"),
    [
        ("home", "New", (), "no institution with the acronym 'home'"),
        ("HOME", "Moodle", (), "already exists"),
        ("HOME", " ", (), "name: "),
        ("HOME", "x" * 251, (), "name: "),
        ("HOME", "a\tb", (), "name: The control character"),
        ("HOME", "New", ("--client-id", "a\x00b"), "client_id: The control character"),
        ("HOME", "New", ("--url", "ftp://five.example.org"), "url: "),
        ("HOME", "New", ("--url", "five"), "url: "),
    ],
)
def test_what_the_api_would_refuse_is_refused(world, acronym, name, more, message):
    with pytest.raises(CommandError, match=message):
        register("--institution", acronym, "--name", name, *more)
    assert (VLE.objects.count(), Credential.objects.count()) == (2, 0)
