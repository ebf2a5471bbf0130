"""Callers and addresses of the capture API."""

from rest_framework.test import APIClient

from institutions.models import VLE, Credential, Provider
from tests.captures import as_learner, as_vle, session_for
from tests.conftest import client_of
from tests.contract.conftest import client_of_session
from tests.world import World

UNKNOWN_UUID = "7b0dd3a1-5f3c-4b3e-9b57-2f4a5a7c1e11"


def url_of(word: str, home, name: str = "ann", **other) -> str:
    ids = {"institution": home.institution.pk, "learner": home.learners[name].learner_id} | other
    return f"/lapi/v1/{word}/{ids['institution']}/{ids['learner']}/"


def callers(world: World) -> dict[str, APIClient]:
    """Everybody who might call about ann. There is a VLE with ann's number."""
    home, people = world.home, world.home.people
    provider = Provider.objects.create(name="P", acronym="p", version="1", queue="p", instrument_id=1)
    return {
        "anonymous": APIClient(),
        "ann": client_of(people["ann"]),
        "ann launched": client_of(people["ann"], "launched"),
        "ann's token": as_learner(home, "ann"),
        "ann's session": as_learner(home, "ann", session_for(home, "ann")),
        "bob": client_of(people["bob"]),
        "bob's token": as_learner(home, "bob"),
        "teacher": client_of(people["teacher"]),
        "admin": client_of(people["admin"]),
        "global": client_of(world.people["global"]),
        "vle": as_vle(home.vle),
        "namesake": as_vle(VLE.objects.create(pk=people["ann"].pk, institution=home.institution, name="Namesake")),
        "provider": client_of_session(
            kind="provider", credential=Credential.objects.create(provider=provider, secret_hash="y" * 64)
        ),
        "away vle": as_vle(world.away.vle),
        "away ann": client_of(world.away.people["ann"]),
        "away ann's token": as_learner(world.away, "ann"),
        "stranger": client_of(world.people["stranger"]),
    }


REFUSED = {
    "anonymous": 401, "bob": 403, "bob's token": 403, "teacher": 403, "admin": 403, "global": 403, "vle": 403,
    "namesake": 403, "provider": 403, "away vle": 403, "away ann": 404, "away ann's token": 404, "stranger": 404,
}  # fmt: skip


def statuses(clients: dict[str, APIClient], verb: str, url: str, body=None) -> dict[str, int]:
    return {who: getattr(client, verb)(url, body).status_code for who, client in clients.items()}


def paths_of_nobody(word: str, world: World) -> dict[str, str]:
    home, away = world.home, world.away
    return {
        "unknown learner": url_of(word, home, learner=UNKNOWN_UUID),
        "no uuid": url_of(word, home, learner="ann"),
        "learner next door": url_of(word, home, learner=away.learners["ann"].learner_id),
        "another institution": url_of(word, home, institution=away.institution.pk),
        "unknown institution": url_of(word, home, institution=987654321),
        "no institution": url_of(word, home, institution="x"),
    }
