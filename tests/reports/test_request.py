"""/institution/{}/course/{}/activity/{}/report/{}/request/{id}/: all requests of the report's pair, and no other."""

from datetime import UTC, datetime

import pytest

from reports.models import Report, Request, RequestResult
from tests.reports.conftest import allow, another_activity, session_of, urls

KEYS = [
    "id", "result", "status", "data", "error_message", "created_at", "updated_at", "learner", "activity", "session",
    "message_code", "instruments",
]  # fmt: skip
RESULT = [
    "id", "status", "result", "error_message", "code", "audit", "created_at", "updated_at", "request", "instrument",
    "message_code",
]  # fmt: skip
WHEN = datetime(2026, 2, 3, 4, 5, 6, 700000, tzinfo=UTC)


def request_of(home, name: str = "ann", instruments=(), **values) -> Request:
    values = {"activity": home.activity} | values
    made = Request.objects.create(institution=home.institution, learner_id=home.people[name].pk, **values)
    made.instruments.set(instruments)
    return made


def test_learner_reads_those_of_the_own_report_and_does_not_find_anothers(as_, at, world):
    allow(world.home, learner_report=True)
    assert [row["id"] for row in as_("ann").get(at.requests).json()["results"]] == [world.home.request.pk]
    assert as_("ann").get(at.request).json()["learner"] == world.people["ann"].pk
    for url in (at.requests, at.request):
        assert as_("bob").get(url).status_code == 404
        assert as_("eve").get(url).status_code == 403


def test_learner_who_has_left_the_course_reads_nothing(as_, at, world):
    allow(world.home, learner_report=True)
    world.home.course.learners.through.objects.filter(learner=world.people["ann"].pk).delete()
    assert as_("ann").get(at.requests).status_code == 403


def test_request_row(as_, at, world):
    home = world.home
    ann, session = world.people["ann"], session_of(home, "ann")
    Request.objects.filter(pk=home.request.pk).update(
        session=session, status=4, error_message="no face", message_code="PROVIDER_BLACK_IMAGE", created_at=WHEN,
        updated_at=WHEN,
    )  # fmt: skip
    home.request.instruments.set([4, 1, 2])
    RequestResult.objects.filter(pk=home.result.pk).update(created_at=WHEN, updated_at=WHEN)
    first = RequestResult.objects.create(
        request=home.request, instrument_id=1, status=2, error_message="dark", message_code_id="PROVIDER_BLACK_IMAGE"
    )
    RequestResult.objects.filter(pk=first.pk).update(created_at=WHEN, updated_at=WHEN)
    instant = "2026-02-03T04:05:06.700000Z"
    row = as_("admin").get(at.request).json()
    assert row == as_("admin").get(at.requests).json()["results"][0]
    assert row == {
        "id": home.request.pk,
        "result": [
            {
                "id": first.pk, "status": 2, "result": None, "error_message": "dark", "code": 0, "audit": None,
                "created_at": instant, "updated_at": instant, "request": home.request.pk, "instrument": 1,
                "message_code": "PROVIDER_BLACK_IMAGE",
            },
            {
                "id": home.result.pk, "status": 1, "result": 0.9, "error_message": None, "code": 1, "audit": None,
                "created_at": instant, "updated_at": instant, "request": home.request.pk, "instrument": 2,
                "message_code": None,
            },
        ],
        "status": 4,
        "data": None,
        "error_message": "no face",
        "created_at": instant,
        "updated_at": instant,
        "learner": ann.pk,
        "activity": home.activity.pk,
        "session": session.pk,
        "message_code": "PROVIDER_BLACK_IMAGE",
        "instruments": [1, 2, 4],
    }  # fmt: skip
    assert list(row) == KEYS
    assert [list(result) for result in row["result"]] == [RESULT, RESULT]


def test_only_requests_of_the_pair_by_session_then_key_and_documents_last(as_, at, world):
    """An earlier implementation failed on a request without a session, such as a document, and made no report from then
    on.
    """
    home = world.home
    one, two = session_of(home, "ann"), session_of(home, "ann")
    other = another_activity(home)
    request_of(home, "bob")
    request_of(home, activity=other)
    request_of(home, activity=None)
    request_of(world.away)
    papers = request_of(home)
    late, early = request_of(home, session=two), request_of(home, session=one)
    also_late = request_of(home, session=two)
    body = as_("admin").get(at.requests).json()
    expected = [early.pk, late.pk, also_late.pk, home.request.pk, papers.pk]
    assert [row["id"] for row in body["results"]] == expected
    assert body["count"] == 5
    for hidden in Request.objects.exclude(pk__in=expected):
        assert as_("admin").get(f"{at.requests}{hidden.pk}/").status_code == 404
    assert as_("admin").get(f"{at.requests}{papers.pk}/").json()["session"] is None


def test_chain_that_is_broken_is_404(as_, at, world):
    home = world.home
    other = another_activity(home)
    bobs = Report.objects.create(institution=home.institution, activity=home.activity, learner=home.learners["bob"])
    wrong = [
        at.requests.replace(f"/report/{home.report.pk}/", f"/report/{number}/")
        for number in (world.away.report.pk, 987654321, 0, "abc", "9" * 30)
    ]
    wrong += [
        at.requests.replace(f"/activity/{home.activity.pk}/", f"/activity/{number}/")
        for number in (other.pk, world.away.activity.pk, "abc")
    ]
    wrong += [
        at.requests.replace(f"/course/{home.course.pk}/", f"/course/{number}/")
        for number in (home.other_course.pk, world.away.course.pk)
    ]
    wrong += [at.requests.replace(f"/report/{home.report.pk}/", f"/report/{bobs.pk}/") + f"{home.request.pk}/"]
    wrong += [urls(world.away).requests, f"{at.requests}{world.away.request.pk}/", f"{at.requests}987654321/"]
    for who in ("admin", "teacher"):
        assert [url for url in wrong if as_(who).get(url).status_code != 404] == []
    foreign = f"/institution/{world.away.institution.pk}/"
    assert as_("global").get(at.requests.replace(f"/institution/{home.institution.pk}/", foreign)).status_code == 404


def test_requests_are_only_read(as_, at):
    assert as_("admin").post(at.requests, {}).status_code == 405
    for method in ("put", "patch", "delete"):
        assert getattr(as_("admin"), method)(at.request, {}).status_code == 405


# Filters.


@pytest.fixture
def three(world):
    """Of ks (the world's own), of fr and ks with an error, of fr and plag with a message."""
    home = world.home
    home.b = request_of(home, instruments=[2, 1], status=4, error_message="It was too dark")
    home.c = request_of(home, instruments=[1, 5], status=3, message_code_id="PROVIDER_NO_FACE_DETECTED")
    return {home.request.pk: "a", home.b.pk: "b", home.c.pk: "c"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("instruments=1", "bc"),
        ("instruments=2", "ab"),
        ("instruments=5", "c"),
        ("instruments=4", ""),
        ("instruments=2&instruments=5", "abc"),
        ("instruments=1&instruments=2&instruments=1", "abc"),
        ("instruments=1&search=dark", "b"),
        ("instruments=", "abc"),
        ("search=DARK", "b"),
        ("search=too it", "b"),
        ("search=no_face", "c"),
        ("search=zebra", ""),
        ("ordering=-id", "cba"),
        ("ordering=-status,id", "bac"),
        ("ordering=error_message", "bac"),
        ("ordering=message_code", "cab"),
        ("ordering=instruments", "bca"),
        ("ordering=-instruments", "abc"),
        ("ordering=requestresult_set", "abc"),
        ("ordering=results", "abc"),
        ("ordering=-learner,activity,data,-session", "abc"),
    ],
)
def test_filters_search_and_ordering(query, expected, three, as_, at):
    """An earlier implementation searched a relation, which was 500; learners and data administrators could not read
    requests at all.
    """
    answer = as_("admin").get(f"{at.requests}?{query}")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert "".join(three[row["id"]] for row in body["results"]) == expected
    assert body["count"] == len(expected)


@pytest.mark.parametrize("value", ["abc", "0", "-1", "1.5", "9" * 30, "987654321", "%00", "1&instruments=x", "1,2"])
def test_unknown_instrument_id_is_400_under_its_key(value, as_, at):
    answer = as_("admin").get(f"{at.requests}?instruments={value}")
    assert answer.status_code == 400
    assert list(answer.json()) == ["instruments"]
