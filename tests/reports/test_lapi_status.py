"""The status of samples: only of the learner's own ones, by the names that the service answered."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from institutions.models import Message, Provider
from learners.models import EnrolmentSample, EnrolmentSampleValidation
from reports.models import Request, RequestProviderResult
from tests.captures import KS, as_learner, session_for
from tests.learners.lapi import paths_of_nobody, url_of

NOTHING = {"validations": {}}


@pytest.fixture
def home(world):
    return world.home


@pytest.fixture
def ann(home):
    return as_learner(home, "ann")


def enrolment(home, status: int, name="ann", **values) -> EnrolmentSample:
    learner = home.learners[name]
    return EnrolmentSample.objects.create(institution=home.institution, learner=learner, status=status, **values)


def request(home, status: int, name="ann", **values) -> Request:
    learner = home.learners[name]
    return Request.objects.create(
        institution=home.institution, learner=learner, activity=home.activity, status=status, **values
    )


def provider(acronym: str) -> Provider:
    return Provider.objects.create(name=acronym, acronym=acronym, version="1", queue=acronym, instrument_id=KS)


def name_of(row, home, name="ann") -> str:
    word = "sample" if isinstance(row, EnrolmentSample) else "request"
    return f"{home.learners[name].learner_id}/{word}/{row.pk}"


def statuses_of(client, home, *names: str, name="ann"):
    body = {"learner_id": str(home.learners[name].learner_id), "samples": list(names)}
    answer = client.post(url_of("status", home, name), body)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_what_is_not_here_is_404(ann, home, world):
    body = {"learner_id": str(home.learners["ann"].learner_id), "samples": []}
    for what, path in paths_of_nobody("status", world).items():
        assert ann.post(path, body).status_code == 404, what


@pytest.mark.parametrize(("status", "word"), [(0, "PENDING"), (1, "VALID"), (2, "ERROR"), (3, "TIMEOUT"), (4, "ERROR")])
def test_statuses_of_samples(ann, home, status, word):
    path = name_of(enrolment(home, status), home)
    assert statuses_of(ann, home, path) == [{"sample": path, "status": word, "info": NOTHING}]


@pytest.mark.parametrize(
    ("status", "word"),
    [(0, "PENDING"), (1, "PENDING"), (2, "PENDING"), (3, "VALID"), (4, "ERROR"), (5, "TIMEOUT"), (6, "ERROR")],
)
def test_statuses_of_requests(ann, home, status, word):
    path = name_of(request(home, status), home)
    assert statuses_of(ann, home, path) == [{"sample": path, "status": word, "info": NOTHING}]


@pytest.mark.differs("results are rows that no provider has answered")
def test_info_says_what_each_provider_found_wrong(ann, home):
    one, two, three = (provider(acronym) for acronym in ("one", "two", "three"))
    sample, code = enrolment(home, 2), Message.objects.get(code="PROVIDER_NO_FACE_DETECTED")
    EnrolmentSampleValidation.objects.create(sample=sample, provider=one, status=2, error_message="Too dark.")
    EnrolmentSampleValidation.objects.create(sample=sample, provider=two, status=2, message_code=code)
    EnrolmentSampleValidation.objects.create(sample=sample, provider=three, status=1)
    asking = request(home, 4)
    RequestProviderResult.objects.create(request=asking, provider=one, status=2, error_message="Too loud.")
    first, second = statuses_of(ann, home, name_of(sample, home), name_of(asking, home))
    assert first["info"] == {
        "validations": {
            "one": {"error_message": "Too dark."},
            "two": {"error_message": "PROVIDER_NO_FACE_DETECTED"},
        }
    }
    assert second["info"] == {"validations": {"one": {"error_message": "Too loud."}}}


def test_info_has_the_samples_own_text_where_no_provider_said_anything(ann, home):
    sample = enrolment(home, 3, error_message="Nobody answered.")
    (entry,) = statuses_of(ann, home, name_of(sample, home))
    assert entry["info"] == {"validations": {"": {"error_message": "Nobody answered."}}}


def test_answers_are_in_the_order_of_the_question(ann, home):
    one, two = name_of(enrolment(home, 1), home), name_of(enrolment(home, 0), home)
    assert [row["sample"] for row in statuses_of(ann, home, two, "x", one, two)] == [two, "x", one, two]


def test_names_of_others_and_storage_keys_are_not_found(ann, home, world):
    theirs, mine = enrolment(home, 1, "bob"), enrolment(home, 1)
    away = enrolment(world.away, 1)
    me = home.learners["ann"].learner_id
    names = [
        name_of(theirs, home, "bob"), f"{me}/sample/{theirs.pk}", f"{me}/sample/{away.pk}",
        name_of(away, world.away), f"{me}/request/{mine.pk + 1000}", f"{me}/alert/{mine.pk}", f"{me}/sample/0{mine.pk}",
        f"{me}/sample/", f"{me}/sample/x", f"{me}/sample/{2**70}", f"{me}//{mine.pk}", f"sample/{mine.pk}",
        str(mine.pk),
        f"{home.institution.pk}/sample/{me}.json", "../../etc/passwd", "/", f"{str(me).upper()}/sample/{mine.pk}",
    ]  # fmt: skip
    entries = statuses_of(ann, home, *names)
    assert entries == [{"sample": name, "status": "NOT_FOUND", "info": NOTHING} for name in names]


def test_the_token_of_a_session_sees_what_was_captured_in_it(home):
    session = session_for(home, "ann")
    inside, outside = request(home, 3, session=session), request(home, 3)
    sample = enrolment(home, 1)
    names = [name_of(row, home) for row in (inside, outside, sample)]
    client = as_learner(home, "ann", session)
    assert [row["status"] for row in statuses_of(client, home, *names)] == ["VALID", "NOT_FOUND", "NOT_FOUND"]
    assert [row["status"] for row in statuses_of(as_learner(home, "ann"), home, *names)] == ["VALID"] * 3


@pytest.mark.parametrize("samples", [None, "x", 7, {}, [None], [{}], ["x" * 300], ["a\0b"], ["x"] * 1001])
def test_wrong_lists_are_400(ann, home, samples):
    body = {"learner_id": str(home.learners["ann"].learner_id), "samples": samples}
    answer = ann.post(url_of("status", home), body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["samples"])
    assert answer.json()["status"] == "ERROR"


@pytest.mark.parametrize("rows", [1, 20])
def test_number_of_queries(ann, home, rows):
    names = [name_of(make(home, 2), home) for _ in range(rows) for make in (enrolment, request)]
    body = {"learner_id": str(home.learners["ann"].learner_id), "samples": names}
    url = url_of("status", home)
    ann.post(url, body)
    with CaptureQueriesContext(connection) as captured:
        assert len(ann.post(url, body).json()) == 2 * rows
    assert len(captured) == 1 + 5  # the caller; the learner, samples and requests with what was said of each
