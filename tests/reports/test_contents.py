"""The JSON behind reports and audits, made when it is read, and the pictures behind the addresses in it."""

import base64
import json
import re
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from courses.models import AssessmentSession
from files.api import file as file_api
from files.contents import _MAKERS, PAGE, SAMPLE, facts_of, json_of
from files.links import Links
from files.models import Kind, Made, StoredFile
from files.samples import capture_facts, sample_json
from files.services import file_store, store
from institutions.models import Provider
from kernel.caller import Caller, CallerKind
from kernel.domain import Unavailable
from learners.models import Enrolment, EnrolmentSample
from pipeline.jobs import enqueue
from pipeline.running import run_due
from reports.evidence import report_evidence
from reports.models import Alert, ReportInstrument, Request
from reports.sentences import DEMONSTRATION
from tests.captures import FR, KS, PICTURE, PLAG, as_learner, consented, data_url, drawn_pdf
from tests.lines import files_read
from tests.reports.conftest import allow, level
from tests.reports.work import ERROR, WAITING, Work

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(50))


class Sample:
    def __init__(self, content: bytes, media_type: str) -> None:
        self.content, self.media_type = content, media_type

    def base64(self):
        yield base64.b64encode(self.content)


@pytest.fixture
def work(world):
    return Work(world.home)


def sample_file(work: Work, kind: Kind, content: bytes = PICTURE, media_type: str = "image/jpeg", **metadata):
    person = work.home.people["bob"]
    facts = capture_facts(learner_id=person.learner.learner_id, instruments=[FR])
    return file_store(
        institution=work.home.institution, owner=person, kind=kind, media_type="application/json", extension="json",
        content=sample_json(Sample(content, media_type), **facts, metadata={"mimetype": media_type, **metadata}),
    )  # fmt: skip


def raw_file(work: Work, content: bytes, kind: Kind = Kind.REQUEST) -> StoredFile:
    return file_store(
        institution=work.home.institution, owner=work.home.people["bob"], kind=kind, media_type="application/json",
        extension="json", content=[content],
    )  # fmt: skip


def get(url: str):
    return Client().get(urlsplit(url).path)


def read(url: str):
    answer = get(url)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer["Cache-Control"] == "private, no-store"
    return json.loads(answer.getvalue())


@pytest.fixture
def address(work):
    home = work.home

    def of(path: str = "", name: str = "bob") -> str:
        course = f"/api/v2/institution/{home.institution.pk}/course/{home.course.pk}/"
        return f"{course}activity/{home.activity.pk}/report/{work.report(name).pk}/{path}"

    return of


def instant(moment) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def test_report_has_sessions_with_series_alerts_and_documents(work, address, as_):
    session = work.session()
    requests = [work.request(FR, KS, session=session) for _ in range(4)]
    document, later = work.request(PLAG), work.request(PLAG)
    work.answer(requests[0], result=0.9)
    work.answer(requests[1], result=0.5)
    work.answer(requests[2], ERROR)
    work.answer(document, result=0.05, by=work.plag)
    alert = Alert.objects.create(
        institution=session.institution, learner=session.learner, activity=session.activity, session=session, level=2,
        unknown_code="ODD", raised_at=timezone.now(),
    )  # fmt: skip
    alert.instruments.add(FR)
    AssessmentSession.objects.filter(pk=session.pk).update(closed_at=timezone.now())
    enqueue("reports.session", [session.pk])
    run_due()
    data = read(as_("admin").get(address()).json()["data"])
    (found,), (paper, waiting) = data["sessions"], data["documents"]
    session.refresh_from_db()
    requests = [Request.objects.get(pk=request.pk) for request in requests]
    assert found == {
        "id": session.pk, "total_requests": 4, "pending_requests": 1, "valid_requests": 0, "processed_requests": 3,
        "created_at": instant(session.started_at), "closed_at": instant(session.closed_at),
        "identity_level": 0, "content_level": 0, "integrity_level": 0,
        "data": {
            "session_id": session.pk,
            "demonstration": "",
            "instruments": [FR, KS],
            "alerts": [
                {
                    "level": 2, "message_code": "ODD", "raised_at": instant(alert.raised_at), "instruments": [FR],
                    "data": {},
                }
            ],
            "data": {
                str(FR): {
                    "total": 4, "valid": 2, "confidence": 0.5, "result": 0.7, "code": 3,
                    "requests": json.dumps(
                        [[instant(requests[0].created_at), 0.9], [instant(requests[1].created_at), 0.5]],
                        separators=(",", ":"),
                    ),
                },
                str(KS): {"total": 4, "valid": 0, "confidence": 0.0, "result": 0.0, "code": 1, "requests": "[]"},
            },
        },
    }  # fmt: skip
    document.refresh_from_db()
    assert paper == {
        "instruments": [PLAG], "results": {str(PLAG): {"status": 1, "result": 0.05}},
        "created_at": instant(document.created_at),
    }  # fmt: skip
    assert waiting["results"] == {str(PLAG): {"status": 0, "result": 0.0}}
    assert later.pk > document.pk


@pytest.fixture
def alerted(work):
    """A session of bob with alerts as the capture API takes them: a note, and a warning with a picture."""
    consented(work.home, "bob")
    session = work.session()
    work.answer(work.request(FR, session=session), result=0.9)
    for level_of, data in (("info", None), ("warning", {"seen": [data_url(PNG, "image/png")], "faces": 2})):
        answer = as_learner(work.home, "bob", session).post(
            f"/lapi/v1/alert/{work.home.institution.pk}/{session.learner.learner_id}/",
            {
                "learner_id": str(session.learner.learner_id), "course_id": work.home.course.pk,
                "activity_id": work.home.activity.pk, "session_id": session.pk, "level": level_of, "data": data,
                "raised_at": f"2026-11-25T09:00:0{len(level_of)}Z", "message_code": "data:,odd",
            },
            format="json",
        )  # fmt: skip
        assert answer.json()["status"] == "OK"
    run_due()
    return work


def test_alerts_enter_the_session_with_what_was_sent(alerted, address, as_):
    (session,) = read(as_("admin").get(address()).json()["data"])["sessions"]
    assert (session["identity_level"], session["pending_requests"]) == (3, 0)
    assert session["data"]["data"][str(FR)]["code"] == 2  # of its results alone: all have ended well
    of = alerted.report()
    (explained,) = report_evidence(of.pk, activity=of.activity_id, learner=of.learner_id).sessions
    assert [alert.text for alert in explained.alerts] == ["data:,odd"] * 2
    note, warning = session["data"]["alerts"]
    picture = warning["data"]["seen"].pop()
    assert note == {
        "level": 0, "message_code": "data:,odd", "raised_at": "2026-11-25T09:00:04Z", "instruments": [], "data": {},
    }  # fmt: skip
    assert warning == note | {
        "level": 1, "raised_at": "2026-11-25T09:00:07Z", "data": {"seen": [], "faces": 2},
    }  # fmt: skip
    assert (get(picture)["Content-Type"], get(picture).getvalue()) == ("image/png", PNG)
    assert files_read()[-1].kind == Kind.ALERT
    store().delete(Alert.objects.get(level=1).data.storage_key)
    (session,) = read(as_("admin").get(address()).json()["data"])["sessions"]
    assert session["data"]["alerts"][1] == warning | {"data": {}}


@pytest.mark.differs("the level of an alert is changed by hand")
def test_what_was_sent_with_an_alert_is_evidence(alerted, address, as_):
    def told(who: str) -> list[bool]:
        (session,) = read(as_(who).get(address()).json()["data"])["sessions"]
        return [bool(alert["data"]) for alert in session["data"]["alerts"]]

    Alert.objects.filter(level=0).update(data=raw_file(alerted, b'{"data": "a note"}', Kind.ALERT))
    assert [told(who) for who in ("admin", "teacher")] == [[True, True], [False, True]]
    (session,) = read(as_("teacher").get(address()).json()["data"])["sessions"]
    picture = session["data"]["alerts"][1]["data"]["seen"][0]
    Alert.objects.filter(level=1).update(level=0)
    assert get(picture).status_code == 404  # by then it is only a note
    allow(alerted.home, valid_audit=True)
    assert (told("teacher"), get(picture).status_code) == ([True, True], 200)
    allow(alerted.home, learner_report=True)
    assert told("bob") == [False, False]
    allow(alerted.home, learner_audit=True)
    assert told("bob") == [True, True]
    alerted.home.course.instructors.clear()
    assert get(picture).status_code == 404


def test_report_of_nothing_has_both_lists(work, address, as_):
    work.request(FR)
    ReportInstrument.objects.all()
    Request.objects.all().delete()
    empty = {"sessions": [], "documents": [], "demonstration": "", "contest": {}}
    assert read(as_("admin").get(address()).json()["data"]) == empty


@pytest.fixture
def audited(work):
    """A request of bob with a picture, of which the provider tells two faces; and one that waits, without a sample."""
    sample = EnrolmentSample.objects.create(
        institution=work.home.institution, learner=work.home.learners["bob"], data=sample_file(work, Kind.SAMPLE, PNG)
    )
    Enrolment.objects.get(learner=work.home.learners["bob"], provider=work.fr).model_samples.add(sample)
    seen = work.request(data=sample_file(work, Kind.REQUEST, filename="a.jpg"))
    faces = [{"image": data_url(PNG, "image/png"), "score": score} for score in (0.9, 0.2)]
    work.answer(seen, result=0.2, code=3, audit={"faces": faces, "text": "data is not an address"})
    waiting = work.request()
    work.answer(waiting, WAITING, error_message="Busy.")
    work.sample, work.seen, work.waiting = sample, seen, waiting
    return work


def test_audit_has_every_key_and_pictures_behind_addresses(audited, address, as_):
    work, url = audited, as_("teacher").get(address("audit/1/")).json()["audit_data"]
    audit = read(url)
    assert audit["providers"] == {
        str(work.fr.pk): {
            "id": work.fr.pk, "acronym": "p_fr", "name": "p_fr", "enrolment_samples": [work.sample.pk],
            "enrolment_percentage": 0.75, "demonstration": "",
        }
    }  # fmt: skip
    seen, waiting = (audit["requests"][str(request.pk)] for request in (work.seen, work.waiting))
    work.seen.refresh_from_db()
    picture, answers = seen.pop("data"), seen.pop("results")
    assert seen == {
        "id": work.seen.pk, "created_at": instant(work.seen.created_at), "error_message": "", "session": "",
        "result": 0.2, "status": 3, "error_message_res": "", "message_code": "", "code": 3,
        "metadata": {"mimetype": "image/jpeg", "filename": "a.jpg"},
    }  # fmt: skip
    ((provider, answer),) = answers.items()
    faces = answer["audit"].pop("faces")
    assert (provider, answer) == (
        str(work.fr.pk), {"status": 1, "result": 0.2, "audit": {"text": "data is not an address"}}
    )  # fmt: skip
    assert [face["score"] for face in faces] == [0.9, 0.2]
    assert (waiting["data"], waiting["result"], waiting["metadata"]) == ("data:,", 0.0, {})
    assert waiting["results"][str(work.fr.pk)] == {"status": WAITING, "result": 0.0, "audit": {"faces": []}}
    (sample,) = audit["enrolment_samples"].values()
    assert (list(audit["enrolment_samples"]), sample["metadata"]) == ([str(work.sample.pk)], {"mimetype": "image/jpeg"})
    shown = [(picture, "image/jpeg", PICTURE), (sample["data"], "image/jpeg", PNG)]
    shown += [(face["image"], "image/png", PNG) for face in faces]
    for link, media_type, content in shown:
        answer = get(link)
        assert (answer["Content-Type"], answer.getvalue()) == (media_type, content)
        assert answer["Cache-Control"] == "private, no-store"
        assert "sandbox" in answer["Content-Security-Policy"]
    kinds = [(read.kind, read.key) for read in files_read()]
    row = work.row()
    assert kinds == [
        (Made.AUDIT, row.pk), (Kind.REQUEST, work.seen.data_id), (Kind.SAMPLE, work.sample.data_id),
        *[(Kind.RESULT_AUDIT, work.seen.provider_results.get().audit_id)] * 2,
    ]  # fmt: skip


def test_every_instrument_with_evidence_has_an_audit(audited, address, as_):
    request = audited.request(PLAG)
    audited.answer(request, result=0.1, by=audited.plag, audit=["text", data_url(b"x", "text/html")])
    audit = read(as_("admin").get(address("audit/5/")).json()["audit_data"])
    found = audit["requests"][str(request.pk)]["results"][str(audited.plag.pk)]["audit"]
    assert (found["faces"], found["data"][0]) == ([], "text")
    assert get(found["data"][1])["Content-Type"] == "application/octet-stream"  # no browser shows it as a page
    assert audit["enrolment_samples"] == {}
    assert [len(row) for row in (audit["providers"], audit["requests"])] == [1, 1]


def test_faces_of_providers_have_a_picture_and_a_score(audited, address, as_):
    audited.answer(audited.waiting, result=0.5, audit={"faces": [{"image": None, "box": [1]}, "no face", {"score": 1}]})
    audit = read(as_("admin").get(address("audit/1/")).json()["audit_data"])
    assert audit["requests"][str(audited.waiting.pk)]["results"][str(audited.fr.pk)]["audit"]["faces"] == [
        {"image": "data:,", "score": 0.0, "box": [1]}, {"image": "data:,", "score": 1},
    ]  # fmt: skip
    for others in ({"text": "none"}, {"faces": "none"}):
        audited.answer(audited.waiting, result=0.5, audit=others)
        audit = read(as_("admin").get(address("audit/1/")).json()["audit_data"])
        found = audit["requests"][str(audited.waiting.pk)]["results"][str(audited.fr.pk)]["audit"]
        assert found == others | {"faces": []}
    named = ["https://evil.example.org/seen.png", "javascript:alert(1)", "data:text/html,x", "data:broken"]
    faces = [{"image": image, "score": 1} for image in (*named, f"DATA{data_url(PNG, 'image/png')[4:]}")]
    audited.answer(audited.waiting, result=0.6, audit={"faces": faces})
    audit = read(as_("admin").get(address("audit/1/")).json()["audit_data"])
    found = audit["requests"][str(audited.waiting.pk)]["results"][str(audited.fr.pk)]["audit"]["faces"]
    assert [face["image"] for face in found[:-1]] == ["data:,"] * len(named)
    assert get(found[-1]["image"])["Content-Type"] == "image/png"


def nulls(value, path: str = "") -> set[str]:
    """Where in a document there is null; ids and numbers of entries are left out."""
    if isinstance(value, dict):
        inside = ((re.sub(r"^\d+$", "#", name), each) for name, each in value.items())
        return {found for name, each in inside for found in nulls(each, f"{path}/{name}")}
    if isinstance(value, list):
        return {found for each in value for found in nulls(each, f"{path}/#")}
    return {path} if value is None else set()


def test_no_key_of_any_of_these_documents_is_missing_or_null(audited, address, as_):
    """An open session with an alert without a code, documents, requests without a sample, and samples that are lost."""
    work = audited
    session = work.session()
    inside = work.request(FR, session=session)
    Alert.objects.create(
        institution=session.institution, learner=session.learner, activity=session.activity, session=session, level=1,
        raised_at=timezone.now(),
    )  # fmt: skip
    lost = EnrolmentSample.objects.create(
        institution=work.home.institution, learner=work.home.learners["bob"],
        data=sample_file(work, Kind.SAMPLE, PNG, filename=None),
    )  # fmt: skip
    Enrolment.objects.get(learner=work.home.learners["bob"], provider=work.fr).model_samples.add(lost)
    store().delete(work.sample.data.storage_key)
    Request.objects.filter(pk=work.seen.pk).update(data=sample_file(work, Kind.REQUEST, filename=None))
    enqueue("reports.session", [session.pk])
    run_due()
    report = read(as_("admin").get(address()).json()["data"])
    audit = read(as_("admin").get(address("audit/1/")).json()["audit_data"])
    assert nulls(report) == {"/sessions/#/closed_at"}
    assert nulls(audit) == set()
    assert audit["requests"][str(inside.pk)]["session"] == session.pk
    for entries in (audit["requests"], audit["enrolment_samples"], audit["providers"]):
        assert len({frozenset(entry) for entry in entries.values()}) == 1, entries
    (found,) = report["sessions"]
    assert found["data"]["alerts"][0]["message_code"] == ""


def test_results_of_a_demonstration_are_labelled_in_all_of_these_documents(audited, address, as_):
    """Of the session and the instrument that have them, and of no other; not before there is one."""
    work = audited
    Provider.objects.filter(pk=work.plag.pk).update(is_demonstration=True)
    first, second = work.session(), work.session()
    work.answer(work.request(FR, session=first), result=0.9)
    made_up = work.request(PLAG, session=second)

    def labels():
        row = as_("admin").get(address()).json()
        report = read(row["data"])
        sessions = [session["data"]["demonstration"] for session in report["sessions"]]
        return report["demonstration"], sessions, [each["demonstration"] for each in row["detail"]]

    run_due()
    assert labels() == ("", ["", ""], ["", ""])
    work.answer(made_up, result=0.1, by=work.plag)
    assert labels() == (DEMONSTRATION, ["", DEMONSTRATION], ["", DEMONSTRATION])
    Provider.objects.filter(pk=work.plag.pk).update(enabled=False)  # its results stay
    assert labels() == (DEMONSTRATION, ["", DEMONSTRATION], ["", DEMONSTRATION])
    for instrument, provider, label in ((FR, work.fr, ""), (PLAG, work.plag, DEMONSTRATION)):
        audit = read(as_("admin").get(address(f"audit/{instrument}/")).json()["audit_data"])
        assert (audit["demonstration"], audit["providers"][str(provider.pk)]["demonstration"]) == (label, label)


@pytest.mark.differs("a level is set by hand")
def test_pictures_are_seen_by_whoever_may_see_the_evidence(audited, address, as_):
    """The address is the reader's own, and good for as long as the right."""
    work, world = audited, audited.home
    audit = read(as_("teacher").get(address("audit/1/")).json()["audit_data"])
    seen = audit["requests"][str(work.seen.pk)]
    links = [seen["data"], seen["results"][str(work.fr.pk)]["audit"]["faces"][0]["image"],
             *(sample["data"] for sample in audit["enrolment_samples"].values())]  # fmt: skip
    assert [get(link).status_code for link in links] == [200] * 3
    level_of = ReportInstrument.objects.filter(report=work.report())
    level_of.update(identity_level=2)
    assert [get(link).status_code for link in links] == [404] * 3
    allow(world, valid_audit=True)
    assert [get(link).status_code for link in links] == [200] * 3
    world.course.instructors.clear()
    assert [get(link).status_code for link in links] == [404] * 3


def link(work: Work, key: int, name: str, what: str, who: str = "admin") -> str:
    caller = Caller(CallerKind.PERSON, work.home.people[who].pk)
    return Links(base="http://testserver/files/", caller=caller, seconds=300)(key, name, what)


@pytest.mark.parametrize("name", ["sample-2.data", "sample-0000000.data", "sample.data", "sample-x.data"])
def test_sample_of_no_number_in_a_file_is_404(name, audited):
    assert get(link(audited, audited.seen.data_id, "sample-0.data", "sample")).status_code == 200
    assert get(link(audited, audited.seen.data_id, name, "sample")).status_code == 404


def test_links_to_nothing_are_404(audited):
    for what in ("sample", Made.REPORT, Made.AUDIT, "other"):
        assert get(link(audited, 987654321, "sample-0.data", what)).status_code == 404
    good = link(audited, audited.seen.data_id, "sample-0.data", "sample")
    assert get(good.replace("/sample-", "/audit_made-")).status_code == 404  # the word is signed, too
    assert get(link(audited, audited.seen.data_id, "sample-0.data", "sample", "eve")).status_code == 404
    store().delete(audited.seen.data.storage_key)
    assert get(link(audited, audited.seen.data_id, "sample-0.data", "sample")).status_code == 404


def test_head_sends_nothing_and_is_recorded(audited, address, as_):
    url = as_("admin").get(address("audit/1/")).json()["audit_data"]
    answer = Client().head(urlsplit(url).path)
    assert (answer.status_code, answer.getvalue(), len(files_read())) == (200, b"", 1)


@pytest.mark.parametrize(
    ("content", "type_", "shown"),
    [
        (b'{"data": "data:image/png;base64,aGk="}', "image/png", b"hi"),
        (b'{"data": "data:,plain%20text"}', "text/plain", b"plain%20text"),
        (b'{"data": "data:image/svg+xml;charset=utf-8;base64,aGk="}', "application/octet-stream", b"hi"),
        (b'{"data": ["x", {"y": "data:AUDIO/WAV;base64,aGk="}]}', "audio/wav", b"hi"),
        (b'{"data": "data:image/png;base64,a"}', None, None),
        (b'{"data": "none", "n": [1, null]}', None, None),
    ],
)
def test_what_stands_in_a_file_is_sent_as_what_it_is(content, type_, shown, audited):
    file = raw_file(audited, content)
    Request.objects.filter(pk=audited.seen.pk).update(data=file)
    answer = get(link(audited, file.pk, "sample-0.data", "sample"))
    assert answer.status_code == (404 if type_ is None else 200)
    if type_ is not None:
        assert (answer["Content-Type"], answer.getvalue()) == (type_, shown)


def test_what_a_sample_says_of_itself(audited):
    nested = b'{"metadata":{"context":{"a":1,"data":"data:x"}},"data":"data:,"}'
    for content, facts in (
        (b'{"metadata":{"a":1},"data":"data:image/png;base64,aGk="}', {"metadata": {"a": 1}}),
        (nested, {"metadata": {"context": {"a": 1, "data": "data:x"}}}),
        (b'{"data": 1, "b": 2}', {"b": 2}),
        (b"[1]", {}),
        (b"no JSON", {}),
    ):
        assert facts_of(raw_file(audited, content)) == facts
    lost = raw_file(audited, b"{}")
    store().delete(lost.storage_key)
    assert (facts_of(None), facts_of(lost), json_of(None), json_of(lost)) == ({}, {}, None, None)
    assert json_of(raw_file(audited, b"no JSON")) is None


def test_while_the_store_is_away_no_evidence_is_read_and_none_is_left_out(alerted, audited, monkeypatch, caplog):
    """Every kind of link there is: those to files, and those to what is made of them."""
    from botocore.exceptions import ClientError

    def away(self, name, mode="rb"):
        raise ClientError({"Error": {"Code": "503"}}, "GetObject")

    essay = audited.request(data=sample_file(audited, Kind.REQUEST, drawn_pdf(1, b"An essay"), "application/pdf"))
    named = {
        SAMPLE: (audited.seen.data_id, "sample-0.data"),
        PAGE: (essay.data_id, "page-0-1.png"),
        Made.REPORT: (audited.report().pk, "report.json"),
        Made.AUDIT: (audited.row().pk, "audit.json"),
    }
    assert {*_MAKERS} == {*named, Made.BUNDLE}  # bundles: see tests/rights/test_bundles.py
    links = [link(audited, key, name, what) for what, (key, name) in named.items()]
    links.append(link(audited, audited.seen.data_id, "sample.json", ""))
    with monkeypatch.context() as patched:
        patched.setattr(type(store()), "open", away)
        for url in links:
            answer = get(url)
            assert (answer.status_code, int(answer["Retry-After"]) > 0) == (503, True), url
            assert answer.json() == {"detail": "Files cannot be read at the moment."}
            assert urlsplit(url).path not in caplog.text  # whoever has it can read the file
        patched.setattr(file_api, "BEGUN_BYTES", 1)
        begun = get(links[3])  # a longer one, of which the first parts are on their way
        with pytest.raises(Unavailable):
            begun.getvalue()
    assert all(get(url).getvalue() for url in links)


def test_number_of_statements_for_an_audit_grows_with_batches(audited, django_assert_max_num_queries, address, as_):
    url = as_("admin").get(address("audit/1/")).json()["audit_data"]
    for _ in range(5):
        audited.answer(audited.request(), result=0.9)
    with django_assert_max_num_queries(14):
        assert len(read(url)["requests"]) == 7


def test_learner_follows_the_own_report(work, address, as_):
    work.answer(work.request(), result=0.9)
    allow(work.home, learner_report=True)
    assert read(as_("bob").get(address()).json()["data"])["documents"]
    level(work.home, 3)
