"""Addresses of the capture API. Who may call there: the matrices of tests/contract/resources/lapi_*.py."""

from tests.world import World

UNKNOWN_UUID = "7b0dd3a1-5f3c-4b3e-9b57-2f4a5a7c1e11"


def url_of(word: str, home, name: str = "ann", **other) -> str:
    ids = {"institution": home.institution.pk, "learner": home.learners[name].learner_id} | other
    return f"/lapi/v1/{word}/{ids['institution']}/{ids['learner']}/"


def paths_of_unknown_learners(word: str, world: World) -> dict[str, str]:
    home, away = world.home, world.away
    return {
        "unknown learner": url_of(word, home, learner=UNKNOWN_UUID),
        "learner next door": url_of(word, home, learner=away.learners["ann"].learner_id),
    }


def paths_of_nobody(word: str, world: World) -> dict[str, str]:
    home, away = world.home, world.away
    return {
        "no uuid": url_of(word, home, learner="ann"),
        "another institution": url_of(word, home, institution=away.institution.pk),
        "unknown institution": url_of(word, home, institution=987654321),
        "no institution": url_of(word, home, institution="x"),
    }
