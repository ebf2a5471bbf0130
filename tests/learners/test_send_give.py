"""institution/{i}/send/{category}/give/: many learners at once, in a fixed number of statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from institutions.models import User
from learners.models import Learner, SENDLearner
from pipeline.models import Job
from trail.models import Line


@pytest.fixture
def give(as_, world):
    def send(learners, category=None, who="send"):
        home = world.home.institution.pk
        path = f"/api/v2/institution/{home}/send/{(category or world.home.category).pk}/give/"
        return as_(who).post(path, {"learners": learners}, format="json")

    return send


def more(world, number: int) -> list[int]:
    """So many further learners."""
    home = world.home.institution
    people = User.objects.bulk_create(
        User(institution=home, username=f"n{n}", uid=f"n{n}", email=f"n{n}@x.example.org") for n in range(number)
    )
    Learner.objects.bulk_create(Learner(user=person, institution=home) for person in people)
    return [person.pk for person in people]


def test_each_learner_is_answered(give, world):
    people, until = world.people, "2100-01-02T03:04:05Z"
    before, jobs = Line.objects.count(), Job.objects.count()
    sent = [
        {"id": people["eve"].pk, "expires_at": until},
        {"id": people["ann"].pk, "expires_at": until},
        {"id": people["teacher"].pk},
        {"id": world.away.people["bob"].pk},
        {"id": people["bob"].pk},
    ]
    answer = give(sent).json()
    eve, bob = (SENDLearner.objects.get(learner=people[name].pk) for name in ("eve", "bob"))
    assert answer == {
        "given": 2,
        "results": [
            {"id": people["eve"].pk, "outcome": "given", "assignment": eve.pk, "expires_at": until},
            {"id": people["ann"].pk, "outcome": "kept", "assignment": None, "expires_at": None},
            {"id": people["teacher"].pk, "outcome": "unknown", "assignment": None, "expires_at": None},
            {"id": world.away.people["bob"].pk, "outcome": "unknown", "assignment": None, "expires_at": None},
            {"id": people["bob"].pk, "outcome": "given", "assignment": bob.pk, "expires_at": None},
        ],
    }
    assert not SENDLearner.objects.filter(institution=world.away.institution, learner__user__uid="bob").exists()
    lines = Line.objects.order_by("pk")[before:]
    assert [(line.verb, line.resource, line.person_id) for line in lines] == [
        ("create", "institution/learner/send", people["bob"].pk),
        ("create", "institution/learner/send", people["eve"].pk),
        ("read", "institution/learner/send", people["ann"].pk),  # whom the answer tells of
    ]
    assert lines[0].row_key == f"{world.home.institution.pk}/{people['bob'].pk}/{bob.pk}"
    assert Job.objects.count() == jobs + 2  # what is captured of them is looked at again


@pytest.mark.parametrize(
    ("learners", "field"),
    [
        ([], "learners"),
        ("x", "learners"),
        ([{"id": "x"}], "learners"),
        ([{"id": 1}, {"id": 1}], "learners"),
        ([{"id": n} for n in range(1, 502)], "learners"),
        ([{"id": 1, "expires_at": "soon"}], "learners"),
        ([{"id": 1, "expires_at": "2020-01-01T00:00:00Z"}], "expires_at"),
    ],
)
def test_what_cannot_be_meant(learners, field, give, world):
    answer = give(learners)
    assert (answer.status_code, [*answer.json()]) == (400, [field])
    assert SENDLearner.objects.filter(institution=world.home.institution).count() == 1


def test_statements_do_not_grow(give, world):
    def statements(keys) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert give([{"id": key} for key in keys]).json()["given"] == len(keys)
        return len(captured)

    keys = more(world, 62)  # SQLite writes more than that in parts
    assert statements(keys[:2]) == statements(keys[2:])


def test_given_by_an_import_meanwhile(give, world, monkeypatch):
    """An import waits for no learner; nobody is given anything by halves."""
    bob, rows = world.people["bob"].learner, SENDLearner.objects
    real = rows.bulk_create

    def late(new):
        rows.create(institution=world.home.institution, learner=bob, category=world.home.category)
        return real(new)

    monkeypatch.setattr(rows, "bulk_create", late)
    assert give([{"id": bob.pk}, {"id": world.people["eve"].pk}]).status_code == 409
    assert not rows.filter(learner=world.people["eve"].pk).exists()
