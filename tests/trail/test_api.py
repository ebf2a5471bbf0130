"""The trail as data administrators read it: their institution's lines, opened where the keys are still there."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from django.http import QueryDict
from django.utils import timezone
from django_filters import CharFilter, FilterSet

from institutions.api import trail
from institutions.models import User
from kernel.filters import TYPED, asked_of
from kernel.recording import Entry, Origin, record
from tests.conftest import client_of
from tests.lines import details_of
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
        by=replace(BY, id=world.people["data"].pk),
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


def test_filters(get, lines, world, monkeypatch):
    monkeypatch.setattr(trail.LineViewSet, "shows_people", False)  # each of these readings would be found by the next
    now = timezone.now()
    for query, found in {
        f"actor_id={world.people['data'].pk}": 2,
        f"actor_id={world.people['ann'].pk}": 0,
        "actor_kind=vle,person": 2,
        "actor_kind=vle": 0,
        f"person_id={world.people['ann'].pk}": 1,
        "verb=read": 1,
        "resource=institution/learner": 2,
        "resource=institution/learner,institution/vle": 2,
        "resource=institution/vle": 0,
        "request_id=r-2": 0,
        "search=UPDATE": 1,
        f"written_at__gte={quote((now - timedelta(hours=1)).isoformat())}": 2,
        f"written_at__lte={quote((now - timedelta(hours=1)).isoformat())}": 0,
    }.items():
        assert get(f"?{query}").json()["count"] == found, query


def test_what_was_typed_is_not_kept_of_a_filter_with_a_method():
    class Asked(FilterSet):
        who = CharFilter(method="by_name")

    view = SimpleNamespace(filterset_class=Asked, orderable={}, search_fields=(), queryset=User.objects.all())
    view.request = SimpleNamespace(query_params=QueryDict("who=1234"))
    assert asked_of(view) == {"who": [TYPED]}


def test_a_number_of_an_account_that_is_gone_finds_nothing(get, world, monkeypatch):
    """VLEs have numbers of their own."""
    monkeypatch.setattr(trail.LineViewSet, "shows_people", False)
    gone, home = 10**6, world.home.institution.pk
    for kind in ("person", "vle"):
        record(Entry("update", "institution/user", gone, home, gone), by=Origin(kind, gone))
    found = {name: get(f"?{name}={gone}").json()["results"] for name in ("person_id", "actor_id")}
    assert found["person_id"] == []
    assert [row["actor_kind"] for row in found["actor_id"]] == ["vle"]


def exported(answer) -> list[list[str]]:
    assert answer.status_code == 200
    return [*csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig")))]


def test_the_table_has_all_lines_that_the_list_would_have(get, lines, world, monkeypatch):
    monkeypatch.setattr(trail, "LINES", 1)
    record(Entry("update", "institution/learner", "=1+1", world.home.institution.pk, None, {}), by=BY)
    answer = get("export/?ordering=-id")
    head, first, second, third = exported(answer)
    assert head[:3] == ["id", "written_at", "verb"]
    assert head[-3:] == ["actor", "address", "details"]
    assert [int(row[0]) for row in (first, second)] == [line.pk for line in lines[:2]]
    assert first[-3:] == ["Ann Archer", "192.0.2.1", '{"locale": ["en", "ca"]}']
    assert third[head.index("row_key")] == "'=1+1"
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("text/csv; charset=utf-8", "no-store")
    assert answer["Content-Disposition"] == f'attachment; filename="trail-{world.home.institution.pk}.csv"'
    assert len(exported(get("export/?verb=read&limit=1"))) == 1 + 2  # the first one read is told, too
    told = Line.objects.latest("pk")
    assert (told.verb, told.resource, told.actor_id) == ("read", "institution/trail/export", world.people["data"].pk)
    assert details_of(told) == {"rows": 2, "asked": {"verb": [TYPED], "limit": ["1"]}}
    assert len(exported(get("export/?verb=nothing"))) == 1


def test_the_table_is_refused_as_the_list_is(get, lines, world):
    assert get("export/", world.away, "data").status_code == 200
    assert get("export/", who="admin").status_code == 403
    assert get("export/?person_id=x").json() == {"person_id": ["Enter a whole number."]}
    url = f"/api/v2/institution/{world.home.institution.pk}/trail/export/"
    client = client_of(world.people["data"])
    assert client_of(world.away.people["data"]).get(url).status_code == 404
    assert client.get(url, headers={"Accept": "text/csv"}).status_code == 200
    refused = client.get(f"{url}?person_id=x", headers={"Accept": "text/csv"})
    assert (refused.status_code, b"whole number" in refused.content) == (400, True)


@pytest.mark.parametrize("who", ["admin", "legal", "send", "ann", "global"])
def test_only_data_administrators_read_it(who, get, lines):
    assert get("", who=who).status_code == 403
