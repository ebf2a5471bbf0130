"""The trail as data administrators read it: their institution's lines, opened where the keys are still there."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from kernel.recording import Entry, Origin, record
from tests.conftest import client_of
from trail.models import Key, Line

BY = Origin("person", 7, "Ann Archer", "password", None, "192.0.2.1", "r-1")


@pytest.fixture
def get(world):
    def answer(query: str = "", home=None, who: str = "data"):
        home = home or world.home
        url = f"/api/v2/institution/{home.institution.pk}/trail/{query}"
        person = world.people[who] if home is world.home else home.people[who]
        return client_of(person).get(url)

    return answer


@pytest.fixture
def lines(world):
    home, away, ann = world.home.institution.pk, world.away.institution.pk, world.people["ann"].pk
    record(
        Entry("update", "institution/learner", ann, home, ann, {"locale": ["en", "ca"]}, sealed=True),
        Entry("read", "institution/learner", "", home, None, {"rows": 3}),
        Entry("read", "institution/learner", "", away, None, {"rows": 4}),
        by=BY,
    )
    return list(Line.objects.order_by("pk"))


def test_lines_are_the_institutions_own(get, lines, world):
    assert [row["id"] for row in get().json()["results"]] == [line.pk for line in lines[:2]]
    assert [row["id"] for row in get("", world.away).json()["results"]] == [lines[2].pk]
    assert get(f"{lines[2].pk}/").status_code == 404
    assert get(f"{lines[0].pk}/").json()["told"] == {
        "name": "Ann Archer", "address": "192.0.2.1", "details": {"locale": ["en", "ca"]},
    }  # fmt: skip


def test_what_told_of_somebody_whose_keys_are_gone_is_empty(get, lines):
    Key.objects.all().delete()
    assert [row["told"] for row in get().json()["results"]] == [
        {"name": None, "address": None, "details": None},
        {"name": None, "address": None, "details": {"rows": 3}},
    ]


def test_filters(get, lines, world):
    now = timezone.now()
    for query, found in {
        "actor_id=7": 2,
        "actor_id=8": 0,
        f"person_id={world.people['ann'].pk}": 1,
        "verb=read": 1,
        "resource=institution/learner": 2,
        "request_id=r-2": 0,
        "search=UPDATE": 1,
        f"written_at__gte={quote((now - timedelta(hours=1)).isoformat())}": 2,
        f"written_at__lte={quote((now - timedelta(hours=1)).isoformat())}": 0,
    }.items():
        assert get(f"?{query}").json()["count"] == found, query


@pytest.mark.parametrize("who", ["admin", "legal", "send", "ann", "global"])
def test_only_data_administrators_read_it(who, get, lines):
    assert get("", who=who).status_code == 403
