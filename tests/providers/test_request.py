"""Requests: what a provider reads of one, and what it answers."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import ActivityInstrument
from files.models import Kind, StoredFile
from institutions.models import Instrument
from learners.models import Enrolment, SENDCategory, SENDLearner
from pipeline.jobs import enqueue
from pipeline.models import Job
from pipeline.running import run_due
from reports.models import Request, RequestProviderResult
from reports.services.captures import request_create
from tests.captures import FR, PICTURE, consented, content_of, data_url
from tests.lines import details_of, files_read
from tests.providers.conftest import content, followed
from trail.models import Line

ANSWER = {"status": 1, "error_message": None, "result": 0.75, "code": 1, "message_code": None, "audit_data": {"n": 1}}


class Picture:
    media_type = "image/jpeg"

    @staticmethod
    def base64() -> list[bytes]:
        return [data_url(PICTURE, "").partition(",")[2].encode()]


@pytest.fixture
def request_(world, bob, face) -> Request:
    """A picture of bob in the quiz, about which the provider is asked."""
    ActivityInstrument.objects.create(activity=world.home.activity, instrument_id=FR)
    enrolled(bob, face.row)
    for _ in range(3):  # it is asked of others of his before
        spare = Request.objects.create(institution=bob.institution, learner=bob, activity=world.home.activity)
        spare.instruments.add(FR)
        enqueue("reports.request", [spare.pk])
    run_due()
    made = request_create(
        learner=bob, activity=world.home.activity, session=None, sample=Picture(),
        instruments=[face.row.instrument], metadata={"mimetype": "image/jpeg"},
    )  # fmt: skip
    run_due()
    return made


@pytest.fixture
def path(request_) -> str:
    return f"request/{request_.pk}/"


def enrolled(learner, provider) -> Enrolment:
    return Enrolment.objects.create(
        institution=learner.institution, learner=learner, provider=provider, percentage=1, can_analyse=True
    )


def result_of(request: Request) -> RequestProviderResult:
    return RequestProviderResult.objects.get(request=request)


def state() -> list:
    return [list(model.objects.order_by("pk").values()) for model in (RequestProviderResult, StoredFile, Job)]


def test_request_is_found_by_its_own_id_and_has_the_results(face, bob, request_, path):
    row = face.get(path).json()
    result = result_of(request_)
    assert result.pk != request_.pk
    assert (row["id"], row["learner_id"], row["request"]["id"]) == (result.pk, str(bob.learner_id), request_.pk)
    data = json.loads(content(followed(row["request"]["data"])))
    assert list(data) == [
        "learner_id", "course_id", "activity_id", "session_id", "instruments", "metadata", "data"
    ]  # fmt: skip
    assert data["learner_id"] == str(bob.learner_id)
    (read,) = files_read()
    assert (read.kind, read.owner, read.reader_kind, read.reader) == ("request", bob.pk, "provider", face.row.pk)


def test_answer_is_stored(face, request_, path):
    answer = face.put(path, ANSWER)
    assert answer.status_code == 200, answer.content
    row = answer.json()
    assert (row["status"], row["result"], row["code"], row["error_message"], row["message_code"]) == (
        1, 0.75, 1, None, None
    )  # fmt: skip
    assert content_of(result_of(request_).audit) == {"n": 1}
    assert result_of(request_).audit.kind == Kind.RESULT_AUDIT


def test_the_same_answer_again_changes_nothing_and_another_one_is_taken(face, request_, path):
    first = face.put(path, ANSWER)
    before = state()
    again = face.put(path, ANSWER)
    assert (again.status_code, again["ETag"]) == (200, first["ETag"])
    assert state() == before
    other = {"status": 2, "error_message": "Dark.", "message_code": "provider_black_image"}
    row = face.put(path, other).json()
    assert (row["status"], row["result"], row["code"], row["error_message"], row["message_code"]) == (
        2, None, 0, "Dark.", "PROVIDER_BLACK_IMAGE"
    )  # fmt: skip


def test_late_answer_is_taken(face, request_, path):
    RequestProviderResult.objects.filter(request=request_).update(status=3)
    assert face.put(path, ANSWER).json()["status"] == 1


@pytest.mark.parametrize("status", [0, 2, 3, 4, 5, 6, 7])
def test_status_is_set_alone(face, request_, path, status):
    answer = face.post(f"{path}status/", {"status": status})
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert result_of(request_).status == status


@pytest.mark.parametrize("status", range(8))
def test_no_status_once_it_is_processed(face, request_, path, status):
    face.put(path, ANSWER)
    before = state()
    answer = face.post(f"{path}status/", {"status": status})
    assert (answer.status_code, [*answer.json()]) == (400, ["status"])
    assert state() == before


@pytest.mark.parametrize("body", [{"status": 8}, {"status": -1}, {"status": "x"}, {"status": None}, {}])
def test_other_statuses_are_400(face, request_, path, body):
    answer = face.post(f"{path}status/", body)
    assert (answer.status_code, [*answer.json()]) == (400, ["status"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": 8}, "status"),
        ({"status": None}, "status"),
        ({"result": 1.01}, "result"),
        ({"result": -0.01}, "result"),
        ({"result": "good"}, "result"),
        ({"code": 4}, "code"),
        ({"code": -1}, "code"),
        ({"message_code": "NO_SUCH"}, "message_code"),
        ({"error_message": {}}, "error_message"),
        ({"audit_data": json.loads("[" * 200 + "]" * 200)}, "audit_data"),
    ],
)
def test_wrong_answers_are_400_and_change_nothing(face, request_, path, change, field):
    before = state()
    answer = face.put(path, ANSWER | change)
    assert (answer.status_code, [*answer.json()]) == (400, [field]), answer.content
    assert state() == before


def test_results_of_the_other_tasks_name_are_404(face, request_):
    assert face.get(f"request/{result_of(request_).pk + 1000}/").status_code == 404
    assert face.get("request/").status_code == 403


def test_instrument_that_stands_in_for_a_disabled_one_is_not_disabled_again(world, face, bob, request_, path):
    """Special needs take voice and face away; the activity has face in the place of voice."""
    home = world.home
    need = SENDCategory.objects.create(
        institution=home.institution, description="x", data={"disabled_instruments": [FR, 3]}
    )
    SENDLearner.objects.create(institution=home.institution, learner=bob, category=need)
    assert face.get(path).status_code == 404
    voice = ActivityInstrument.objects.create(activity=home.activity, instrument_id=3)
    face_row = ActivityInstrument.objects.filter(activity=home.activity, instrument_id=FR)
    face_row.update(alternative_to=voice)
    assert face.put(path, ANSWER).status_code == 200
    voice.active = False
    voice.save()
    assert face.get(path).status_code == 404


def test_request_without_the_model_that_it_needs_is_404(face, bob, request_, path):
    """The enrolment was erased. Another provider's model is none of its own."""
    Enrolment.objects.all().delete()
    assert face.get(path).status_code == face.put(path, ANSWER).status_code == 404
    Instrument.objects.filter(pk=FR).update(requires_enrolment=False)
    assert face.get(path).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda: ActivityInstrument.objects.filter(instrument=FR).delete(),
        lambda: ActivityInstrument.objects.filter(instrument=FR).update(active=False),
        lambda: Instrument.objects.filter(pk=FR).update(enabled=False),
    ],
)
def test_request_of_an_instrument_that_is_not_used_any_more_is_404(face, request_, path, change):
    change()
    assert face.get(path).status_code == face.put(path, ANSWER).status_code == 404
    assert face.post(f"{path}status/", {"status": 7}).status_code == 404
    assert result_of(request_).status == 0


@pytest.mark.differs("the request is taken out of its activity by hand")
def test_request_outside_an_activity_goes_on(face, request_, path):
    Request.objects.filter(pk=request_.pk).update(activity=None)
    ActivityInstrument.objects.filter(instrument=FR).delete()
    assert face.put(path, ANSWER).status_code == 200


def many(*answers: dict) -> dict:
    return {"results": [{name: value for name, value in ANSWER.items() if name != "audit_data"} | a for a in answers]}


def requests_of(provider) -> list[int]:
    rows = RequestProviderResult.objects.filter(provider=provider.row).order_by("pk")
    return [*rows.values_list("request", flat=True)]


def test_many_answers_at_once_are_stored_as_single_ones(face, bob, request_, world):
    """Also of a learner's other requests, with a file and without, and again without a change."""
    others, ann = [key for key in requests_of(face) if key != request_.pk], world.home.learners["ann"]
    consented(world.home, "ann")
    enrolled(ann, face.row)
    body = many(
        {"request": request_.pk, "audit_data": {"n": 1}},
        {"request": others[0], "result": 0.5, "message_code": "provider_black_image"},
        {"request": others[1], "status": 7, "result": None, "error_message": "x" * 10_050},
        {"request": others[2], "status": 2, "result": None, "code": 0},
    )
    RequestProviderResult.objects.filter(request=others[1]).update(status=3, asked_at="2020-01-01T00:00:00Z")
    answer = face.post("answers/", body)
    assert answer.json() == {"results": [{"request": key, "error": None} for key in (request_.pk, *others)]}, (
        answer.content
    )
    assert content_of(result_of(request_).audit) == {"n": 1}
    rows = RequestProviderResult.objects.filter(request__in=others).order_by("pk")
    stored = rows.values_list("status", "result", "code", "message_code__code", "error_message")
    assert [*stored] == [
        (1, 0.5, 1, "PROVIDER_BLACK_IMAGE", None), (7, None, 1, None, "x" * 10_000), (2, None, 0, None, None)
    ]  # fmt: skip
    assert rows[1].asked_at.year > 2020
    changed = sorted(Job.objects.filter(name="reports.results").values_list("key", flat=True))
    assert changed == sorted(map(str, (request_.pk, *others)))
    before = state()
    assert face.post("answers/", body).status_code == 200
    assert state() == before
    assert face.post("answers/", many({"request": request_.pk})).status_code == 200
    assert result_of(request_).audit is None
    theirs = Request.objects.create(institution=bob.institution, learner=ann, activity=request_.activity)
    RequestProviderResult.objects.create(request=theirs, provider=face.row)
    both = many(*({"request": key, "result": 0.6} for key in (*others[:2], theirs.pk)))
    with CaptureQueriesContext(connection) as queries:
        assert face.post("answers/", both).json()["results"][2] == {"request": theirs.pk, "error": None}
    lines = Line.objects.filter(resource="provider/answers").order_by("-pk")[:2]
    told = {line.person_id: details_of(line)["requests"] for line in lines}
    assert told == {bob.pk: others[:2], ann.pk: [theirs.pk]}  # each learner's own line shows it
    assert len([each for each in queries if "INSERT INTO trail_entry" in each["sql"]]) == 1


def test_answers_that_may_not_be_stored_hold_up_no_others(face, other_face, bob, request_, world):
    """Of nobody's request, another provider's, and a learner who has withdrawn."""
    foreign = Request.objects.create(institution=bob.institution, learner=bob, activity=world.home.activity)
    RequestProviderResult.objects.create(request=foreign, provider=other_face.row)
    withdrawn = world.home.learners["ann"]
    theirs = Request.objects.create(institution=bob.institution, learner=withdrawn, activity=world.home.activity)
    RequestProviderResult.objects.create(request=theirs, provider=face.row)
    keys = [2**63 - 1, foreign.pk, theirs.pk, request_.pk]
    answer = face.post("answers/", many(*({"request": key} for key in keys), {"request": keys[2] + 1, "audit_data": 1}))
    unknown = "There is no such request."
    errors = [each["error"] for each in answer.json()["results"]]
    assert errors == [unknown, unknown, "The learner's consent is not valid.", None, unknown]
    assert [*RequestProviderResult.objects.filter(status=1).values_list("request", flat=True)].count(request_.pk) == 1
    assert not RequestProviderResult.objects.filter(request__in=[foreign.pk, theirs.pk]).exclude(status=0).exists()
    answer = face.post("answers/", many({"request": theirs.pk, "audit_data": 1}))
    assert answer.json()["results"][0]["error"] == "The learner's consent is not valid."


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"result": None}, "result"),
        ({"result": 1.01}, "result"),
        ({"status": 8}, "status"),
        ({"message_code": "NO_SUCH"}, "message_code"),
        ({"request": 0}, "request"),
        ({"request": "x"}, "request"),
        ({"request": None}, "request"),
        ({"audit_data": json.loads("[" * 200 + "]" * 200)}, "audit_data"),
    ],
)
def test_one_wrong_value_among_many_answers_is_400_and_stores_nothing(face, request_, change, field):
    before = state()
    others = Request.objects.exclude(pk=request_.pk).order_by("pk").values_list("pk", flat=True)
    answer = face.post("answers/", many({"request": request_.pk}, {"request": others[0]} | change))
    assert (answer.status_code, {place: [*each] for place, each in answer.json()["results"].items()}) == (
        400, {"1": [field]}
    )  # fmt: skip
    assert state() == before


def test_many_answers_have_a_limit_and_each_request_one(face, request_):
    before = state()
    for body in ({}, {"results": []}, {"results": {}}, {"results": [1]}, many(*[{"request": request_.pk}] * 2),
                 many(*({"request": n} for n in range(1, 202)))):  # fmt: skip
        answer = face.post("answers/", body)
        assert (answer.status_code, [*answer.json()]) == (400, ["results"]), answer.content
    assert state() == before


def test_many_answers_cost_as_many_statements_as_one(face, bob, request_):
    keys = requests_of(face)
    face.post("answers/", many({"request": keys[0], "result": 0.1}))
    with CaptureQueriesContext(connection) as one:
        face.post("answers/", many({"request": keys[0], "result": 0.2}))
    with CaptureQueriesContext(connection) as four:
        face.post("answers/", many(*({"request": key, "result": 0.3} for key in keys)))
    assert len(one) == len(four)
    assert RequestProviderResult.objects.filter(result=0.3).count() == len(keys)
