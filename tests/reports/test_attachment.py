"""Documents of learners, as VLEs send them: which instruments take them, and what is stored."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from courses.models import ActivityInstrument
from files.models import Kind, StoredFile
from files.services import store
from institutions.models import VLE, Instrument
from learners.models import SENDCategory, SENDLearner
from reports.models import Request
from reports.services import captures
from tests.captures import (
    FA,
    FR,
    KS,
    PICTURE,
    PLAG,
    VR,
    archive,
    as_vle,
    consented,
    content_of,
    external,
    objects,
    sample,
    session_for,
)
from tests.files.test_media import DOCX, OOXML

UNKNOWN_UUID = "7b0dd3a1-5f3c-4b3e-9b57-2f4a5a7c1e11"
ZIP = "application/zip"


def use(home, instrument: int, **values) -> ActivityInstrument:
    return ActivityInstrument.objects.create(activity=home.activity, instrument_id=instrument, **values)


def url_of(home, name="ann", **other) -> str:
    ids = {"vle": home.vle.pk, "course": home.course.pk, "activity": home.activity.pk}
    ids |= {"learner": home.learners[name].learner_id} | other
    return "/api/v2/vle/{vle}/course/{course}/activity/{activity}/attachment/{learner}/".format(**ids)


def document(**more) -> dict:
    more = {"instruments": [PLAG]} | more
    return sample(archive(), ZIP, **more)


@pytest.fixture
def home(world):
    use(world.home, PLAG)
    consented(world.home, "ann")
    return world.home


@pytest.fixture
def vle(home):
    return as_vle(home.vle)


def refused(answer, *fields: str) -> dict:
    assert answer.status_code == 400, answer.content
    body = answer.json()
    assert list(body) == ["status", "errors"]
    assert (body["status"], set(body["errors"])) == ("ERROR", set(fields))
    assert not Request.objects.filter(data__isnull=False).exists()
    assert not StoredFile.objects.exists()
    return body["errors"]


# Which instruments take a document.


def wanted(vle, home, name="ann", **other) -> list[int]:
    answer = vle.get(url_of(home, name, **other))
    assert answer.status_code == 200, answer.content
    return [row["instrument"] for row in answer.json()]


def test_forensic_analysis_and_plagiarism_take_documents_and_keystrokes_never(vle, home):
    use(home, FA)
    assert wanted(vle, home) == [PLAG, FA]


@pytest.mark.parametrize("instrument", [FR, VR])
@pytest.mark.parametrize(
    ("options", "wants"),
    [(None, False), ({}, False), ({"online": True}, False), ({"offline": False}, False), ({"offline": True}, True)],
)
def test_face_and_voice_take_documents_if_their_options_say_so(vle, home, instrument, options, wants):
    use(home, instrument, options=options)
    assert (instrument in wanted(vle, home)) == wants


def test_the_schemas_default_counts_where_options_say_nothing(vle, home):
    schema = Instrument.objects.get(pk=FR).options_schema
    schema["properties"]["offline"]["default"] = True
    Instrument.objects.filter(pk=FR).update(options_schema=schema)
    row = use(home, FR)
    assert wanted(vle, home) == [PLAG, FR]
    for options, wants in (({"online": False}, True), ({"offline": False}, False)):
        ActivityInstrument.objects.filter(pk=row.pk).update(options=options)
        assert (FR in wanted(vle, home)) == wants


def test_inactive_and_disabled_instruments_take_no_documents(vle, home):
    row = use(home, FA, active=False)
    assert wanted(vle, home) == [PLAG]
    ActivityInstrument.objects.filter(pk=row.pk).update(active=True)
    Instrument.objects.filter(pk=FA).update(enabled=False)
    assert wanted(vle, home) == [PLAG]


def test_disabled_activity_takes_no_documents(vle, home):
    home.activity.enabled = False
    home.activity.save()
    assert wanted(vle, home) == []


def test_special_needs_replace_an_instrument_for_the_learner_alone(vle, home):
    """ann cannot use ks: fa stands in for it."""
    use(home, FA, alternative_to=home.activity_instrument)
    assert wanted(vle, home, "ann") == [PLAG, FA]
    assert wanted(vle, home, "bob") == [PLAG]
    category = SENDCategory.objects.create(
        institution=home.institution, description="no text", data={"disabled_instruments": [PLAG]}
    )
    SENDLearner.objects.create(institution=home.institution, learner=home.learners["bob"], category=category)
    assert wanted(vle, home, "bob") == []


def test_rows_are_a_plain_list_with_the_instruments_number(vle, home):
    (row,) = vle.get(url_of(home)).json()
    assert list(row) == ["id", "instrument", "options", "active", "alternative_to", "created_at", "updated_at"]
    assert (row["instrument"], row["alternative_to"], row["active"]) == (PLAG, None, True)


def test_what_is_wanted_does_not_depend_on_the_consent(vle, home):
    assert wanted(vle, home, "bob") == [PLAG]


@pytest.mark.parametrize("rows", [1, 4])
def test_number_of_queries(vle, home, rows):
    for instrument in (FR, VR, FA)[: rows - 1]:
        use(home, instrument, options={"offline": True} if instrument in (FR, VR) else None)
    url = url_of(home)
    vle.get(url)  # statements that are prepared once
    with CaptureQueriesContext(connection) as captured:
        assert len(vle.get(url).json()) == rows
    assert len(captured) == 1 + 3  # the caller; chain, learner with special needs, activity with instruments


# Who, and where.


def foreign(home, world) -> dict[str, dict]:
    second = VLE.objects.create(institution=home.institution, name="Second")
    theirs = type(home.course).objects.create(institution=home.institution, vle=second, vle_course_id="1", code="x")
    task = type(home.activity).objects.create(
        institution=home.institution, vle=second, course=theirs, vle_activity_type="quiz", vle_activity_id="1",
        enabled=True,
    )  # fmt: skip
    return {
        "course of another vle": {"course": theirs.pk},
        "activity of another vle": {"activity": task.pk},
        "both of another vle": {"course": theirs.pk, "activity": task.pk},
        "another course of the vle": {"course": home.other_course.pk},
        "course next door": {"course": world.away.course.pk, "activity": world.away.activity.pk},
        "unknown activity": {"activity": 987654321},
        "no number": {"activity": "x"},
        "learner next door": {"learner": world.away.learners["ann"].learner_id},
        "unknown learner": {"learner": UNKNOWN_UUID},
        "learner of no course": {"learner": home.learners["eve"].learner_id},
    }


def test_what_is_not_here_is_404(vle, home, world):
    consented(home, "eve")
    consented(world.away, "ann")
    for what, other in foreign(home, world).items():
        assert vle.get(url_of(home, **other)).status_code == 404, what
        assert vle.post(url_of(home, **other), document()).status_code == 404, what
    assert not StoredFile.objects.exists()


def test_404_of_an_unknown_learner_is_an_empty_list_for_get(vle, home):
    assert vle.get(url_of(home, learner=UNKNOWN_UUID)).json() == []
    assert vle.post(url_of(home, learner=UNKNOWN_UUID), document()).json() == {"detail": "Not found."}


@pytest.mark.parametrize("text", ["x", "7b0dd3a1", "7b0dd3a1-5f3c-4b3e-9b57-2f4a5a7c1e1g", "1"])
def test_what_is_no_uuid_is_400(vle, home, text):
    refused(vle.get(url_of(home, learner=text)), "learner_id")
    refused(vle.post(url_of(home, learner=text), document()), "learner_id")


# What is stored.


def test_a_document_is_stored_with_all_that_providers_need(vle, home):
    use(home, FA)
    answer = vle.post(
        url_of(home),
        document(instruments=[FA, PLAG, FA], close_session=True, close_at="2026-01-01", unknown={"x": 1}),
    )
    assert answer.status_code == 200, answer.content
    request = Request.objects.get(data__isnull=False)
    ann = home.learners["ann"]
    assert answer.json() == {"status": "OK", "path": f"{ann.learner_id}/request/{request.pk}"}
    assert (request.learner, request.activity, request.session, request.status) == (ann, home.activity, None, 0)
    assert [row.pk for row in request.instruments.order_by("pk")] == [FA, PLAG]
    file = request.data
    assert (file.kind, file.owner, file.institution) == (Kind.REQUEST, ann.user, home.institution)
    assert file.media_type == "application/json"
    assert content_of(file) == {
        "learner_id": str(ann.learner_id),
        "course_id": home.course.pk,
        "activity_id": home.activity.pk,
        "session_id": None,
        "instruments": [FA, PLAG],
        "metadata": {
            "mimetype": ZIP, "filename": None, "created_at": "2026-11-25T09:00:00Z", "context": {"a": 1},
        },
        "data": document()["data"],
    }  # fmt: skip


def test_metadata_has_known_keys_only_and_needs_but_one(vle, home):
    body = document()
    body["metadata"] = {
        "mimetype": "application/x-zip-compressed", "danger": "x", "context": None, "filename": "a\0\nb.zip"
    }  # fmt: skip
    assert vle.post(url_of(home), body).status_code == 200
    stored = content_of(StoredFile.objects.get())["metadata"]
    assert stored == {"mimetype": ZIP, "context": None, "filename": "a b.zip"}


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("is_over", [False, True])
def test_a_document_belongs_to_its_session_though_it_is_over(vle, home, text, is_over):
    """The plugin closes the session at the submission, and sends the document some minutes later."""
    session = session_for(home, "ann", closed_at=timezone.now() if is_over else None)
    number = str(session.pk) if text else session.pk
    assert vle.post(url_of(home), document(session_id=number)).status_code == 200
    assert Request.objects.get(data__isnull=False).session == session
    assert content_of(StoredFile.objects.get())["session_id"] == session.pk


def test_null_is_no_session(vle, home):
    assert vle.post(url_of(home), document(session_id=None)).status_code == 200


def test_sessions_of_others_are_400_as_unknown_ones(vle, home, world):
    consented(home, "bob")
    other = type(home.activity).objects.create(
        institution=home.institution, vle=home.vle, course=home.course, vle_activity_type="quiz", vle_activity_id="9"
    )
    refusals = [
        refused(vle.post(url_of(home), document(session_id=number)), "session_id")
        for number in (
            session_for(home, "bob").pk,
            session_for(home, "ann", activity=other).pk,
            session_for(world.away, "ann").pk,
            987654321,
        )
    ]
    assert len({str(errors) for errors in refusals}) == 1


def change(body: dict, path: str, value) -> dict:
    """The body with another value under a key; `...` removes the key."""
    *above, last = path.split(".")
    part = body
    for word in above:
        part = part[word]
    if value is ...:
        del part[last]
    else:
        part[last] = value
    return body


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("data", ..., "data"),
        ("data", None, "data"),
        ("data", "", "data"),
        ("data", 7, "data"),
        ("data", {"data": "x"}, "data"),
        ("data", "UEsFBg==", "data"),
        ("data", "data:application/zip,PK", "data"),
        ("data", "data:application/zip;base64,", "data"),
        ("data", "data:application/zip;base64,UEsF*g==", "data"),
        ("data", "data:application/octet-stream;base64,UEsFBg==", "data"),
        ("data", "data:application/zip;base64,/9j/4AAQ", "data"),
        ("instruments", ..., "instruments"),
        ("instruments", [], "instruments"),
        ("instruments", None, "instruments"),
        ("instruments", PLAG, "instruments"),
        ("instruments", ["x"], "instruments"),
        ("instruments", [True], "instruments"),
        ("instruments", [0], "instruments"),
        ("instruments", [2**70], "instruments"),
        ("instruments", [PLAG, KS], "instruments"),
        ("instruments", [PLAG, FR], "instruments"),
        ("instruments", [PLAG, 987], "instruments"),
        ("instruments", [PLAG] * 101, "instruments"),
        ("metadata", ..., "metadata"),
        ("metadata", None, "metadata"),
        ("metadata", "x", "metadata"),
        ("metadata", {}, "metadata"),
        ("metadata.mimetype", None, "metadata"),
        ("metadata.mimetype", "", "metadata"),
        ("metadata.mimetype", "image/jpeg", "metadata"),
        ("metadata.mimetype", "x" * 300, "metadata"),
        ("metadata.context", [1], "metadata"),
        ("session_id", "x", "session_id"),
        ("session_id", "", "session_id"),
        ("session_id", -1, "session_id"),
        ("session_id", 1.5, "session_id"),
        ("session_id", True, "session_id"),
        ("session_id", 2**64, "session_id"),
        ("session_id", [1], "session_id"),
    ],
)
def test_wrong_values_are_named_and_nothing_is_stored(vle, home, path, value, field):
    refused(vle.post(url_of(home), change(document(), path, value)), field)


@pytest.mark.parametrize("body", ["{", "[]", "7", '{"data": "x', '{"data":"a","data":"b"}', "\xff", '{"data":"\\x"}'])
def test_what_is_no_object_is_400(vle, home, body):
    refused(vle.post(url_of(home), body.encode("latin-1"), content_type="application/json"), "non_field_errors")


def test_declared_and_detected_media_type_agree(vle, home):
    office = f"{OOXML}wordprocessingml.document"
    for content, media_type, is_good in (
        (DOCX, office, True),
        (DOCX, ZIP, True),
        (archive(), office, False),
        (PICTURE, ZIP, False),
        (b"MZ\x90\x00", "application/x-msdownload", False),
    ):
        answer = vle.post(url_of(home), sample(content, media_type, [PLAG]))
        assert (answer.status_code == 200) == is_good, media_type


def test_other_media_types_of_the_body_are_415(vle, home):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert vle.post(url_of(home), "data=x", content_type=kind).status_code == 415


def test_too_large_a_document_is_413(vle, home, settings):
    settings.SAMPLE_BYTES = len(archive())
    assert vle.post(url_of(home), document()).status_code == 200
    settings.SAMPLE_BYTES -= 1
    assert vle.post(url_of(home), document()).status_code == 413
    settings.SAMPLE_BYTES, settings.REQUEST_BODY_BYTES = 30, 0
    assert vle.post(url_of(home), document()).status_code == 413
    assert Request.objects.filter(data__isnull=False).count() == 1


def test_a_disabled_activity_takes_nothing(vle, home):
    home.activity.enabled = False
    home.activity.save()
    refused(vle.post(url_of(home), document()), "instruments")


# Consent.


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"consent": None, "consent_accepted": None}, "NOT_VALID_MISSING"),
        ({"consent_rejected": timezone.now()}, "NOT_VALID_REJECTED"),
        ({"consent": "older"}, "NOT_VALID"),
    ],
)
def test_without_valid_consent_nothing_is_stored(vle, home, values, status):
    ann = home.learners["ann"]
    for name, value in values.items():
        setattr(ann, name, home.consent if value == "older" else value)
    ann.save()
    assert refused(vle.post(url_of(home), document()), "consent") == {"consent": [status]}
    assert objects(home, "request") == []


def test_without_valid_consent_nothing_goes_to_the_store_even_for_a_moment(vle, home, monkeypatch):
    monkeypatch.setattr(store(), "save", lambda *_: 1 / 0)
    refused(vle.post(url_of(home, "bob"), document()), "consent")


def test_consent_managed_elsewhere_is_valid(vle, home):
    external(home)
    assert vle.post(url_of(home, "bob"), document()).status_code == 200


def test_consent_taken_back_while_the_document_arrives_counts(vle, home, monkeypatch):
    """The file is stored before the consent is taken back, and erased again."""
    stored = captures.sample_json

    def slow(sample, **facts):
        yield from stored(sample, **facts)
        assert objects(home, "request") != []
        ann = home.learners["ann"]
        ann.consent_rejected = timezone.now()
        ann.save()

    monkeypatch.setattr(captures, "sample_json", slow)
    assert refused(vle.post(url_of(home), document()), "consent") == {"consent": ["NOT_VALID_REJECTED"]}
    assert objects(home, "request") == []


def test_a_learner_deleted_while_the_document_arrives_is_404(vle, home, monkeypatch):
    stored = captures.sample_json

    def slow(sample, **facts):
        yield from stored(sample, **facts)
        home.learners["ann"].delete()

    monkeypatch.setattr(captures, "sample_json", slow)
    assert vle.post(url_of(home), document()).status_code == 404
    assert objects(home, "request") == []
    assert not StoredFile.objects.exists()


def test_an_object_without_its_row_is_never_acknowledged(vle, home, monkeypatch):
    monkeypatch.setattr(Request, "instruments", property(lambda self: 1 / 0))
    vle.raise_request_exception = False
    assert vle.post(url_of(home), document()).status_code == 500
    assert objects(home, "request") == []
    assert not StoredFile.objects.exists()
    assert not Request.objects.filter(data__isnull=False).exists()


def test_a_store_that_fails_is_never_acknowledged(vle, home, monkeypatch):
    monkeypatch.setattr(store(), "save", lambda *_: 1 / 0)
    vle.raise_request_exception = False
    assert vle.post(url_of(home), document()).status_code == 500
    assert not Request.objects.filter(data__isnull=False).exists()


def test_an_outlived_session_keeps_its_documents_too(vle, home):
    session = session_for(home, "ann", max_ttl=1)
    type(session).objects.filter(pk=session.pk).update(started_at=timezone.now() - timedelta(minutes=2))
    assert vle.post(url_of(home), document(session_id=session.pk)).status_code == 200
