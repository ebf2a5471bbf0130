"""/files/<token>/<name>: who gets a file, how, and what is noted down of it."""

import re
import time

import pytest
from django.test import Client

from files import permissions
from files.api import file as files_view
from files.links import Links, evidence_links, link_read, url_read
from files.models import Kind, StoredFile
from files.services import store
from institutions.models import VLE, Credential, InformedConsentDocument, Instructor
from institutions.services.credentials import secret_hash
from institutions.services.documents import document_update
from kernel.caller import Caller, CallerKind
from tests.conftest import token_of
from tests.files.conftest import PDF, stored
from tests.lines import files_read, origin_of
from trail.models import Line


def url_for(person, file, seconds: int = 300, name: str = "consent-en.pdf", kind=CallerKind.PERSON) -> str:
    return Links(base="/files/", caller=Caller(kind, person.pk), seconds=seconds)(file.pk, name)


def get(url: str, **headers):
    """As a browser follows a link: without credentials."""
    return Client().get(url, **headers)


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


def refused(url: str) -> bool:
    answer = get(url)
    if answer.status_code == 200:
        body(answer)
        return False
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {"detail": "Not found."}
    return True


@pytest.fixture
def clock(monkeypatch):
    """clock(seconds) moves the time that links go by."""
    start = time.time()

    def move(seconds: float) -> None:
        monkeypatch.setattr("files.links.time.time", lambda: start + seconds)

    return move


@pytest.fixture
def evidence(world, monkeypatch):
    """A sample of ann that, in this test, its owner may read."""
    monkeypatch.setattr(permissions, "_RULES", {**permissions._RULES, "sample": []})
    permissions.readable(Kind.SAMPLE)(lambda caller, file: caller.id == file.owner_id)
    return stored(world, b'{"face": 1}', Kind.SAMPLE, world.people["ann"])


def test_file_is_shown_and_kept_by_nobody_else(world, pdf):
    answer = get(url_for(world.people["member"], pdf))
    assert answer.status_code == 200
    assert body(answer) == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Length"] == str(len(PDF))
    assert answer["Content-Disposition"] == 'inline; filename="consent-en.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Content-Security-Policy"] == "frame-ancestors 'self'"  # the console shows it in the page
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert re.fullmatch(r"private, max-age=(2[4-9]\d|300)", answer["Cache-Control"])
    assert "Set-Cookie" not in answer


@pytest.mark.parametrize(
    ("media_type", "policy"),
    [("application/json", "default-src 'none'; sandbox"), ("application/pdf", "frame-ancestors 'none'")],
)
def test_evidence_is_shown_in_a_sandbox_or_alone(media_type, policy, world, evidence):
    StoredFile.objects.filter(pk=evidence.pk).update(media_type=media_type)
    answer = get(url_for(world.people["ann"], evidence, name="sample.json"))
    body(answer)
    assert answer["Content-Security-Policy"] == policy
    assert answer.get("X-Frame-Options") == "DENY"
    assert answer["Cache-Control"] == "private, no-store"


def test_head_shows_the_same_without_the_content(world, pdf):
    answer = Client().head(url_for(world.people["member"], pdf))
    assert answer.status_code == 200
    assert answer["Content-Length"] == str(len(PDF))
    assert body(answer) == b""


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_file_is_only_read(world, pdf, method):
    assert getattr(Client(), method)(url_for(world.people["member"], pdf)).status_code == 405


@pytest.mark.parametrize(
    "who", ["admin", "legal", "data", "send", "member", "teacher", "visitor", "ann", "eve", "global"]
)
def test_consent_pdf_is_readable_by_everybody_of_the_institution(world, pdf, who):
    assert not refused(url_for(world.people[who], pdf))


def test_consent_pdf_is_not_readable_by_strangers(world, pdf):
    assert refused(url_for(world.people["stranger"], pdf))


@pytest.mark.parametrize(
    "change",
    [
        {"is_active": False},
        {"login_allowed": False},
    ],
    ids=str,
)
def test_link_of_somebody_who_was_deactivated_is_dead(world, pdf, change):
    member = world.people["member"]
    url = url_for(member, pdf)
    assert not refused(url)
    type(member).objects.filter(pk=member.pk).update(**change)
    assert refused(url)


def test_link_of_somebody_who_has_moved_is_dead(world, pdf):
    member = world.people["member"]
    url = url_for(member, pdf)
    member.institution = world.away.institution
    member.uid = "moved"
    member.save()
    assert refused(url)


def test_link_of_somebody_who_was_deleted_is_dead(world, pdf):
    url = url_for(world.people["member"], pdf)
    world.people["member"].delete()
    assert refused(url)


def test_link_of_a_former_global_admin_is_dead(world, pdf):
    url = url_for(world.people["global"], pdf, kind=CallerKind.GLOBAL_ADMIN)
    assert not refused(url)
    type(world.people["global"]).objects.filter(is_staff=True).update(is_staff=False)
    assert refused(url)


def test_who_was_launched_by_a_vle_needs_no_password(world, pdf):
    ann = world.people["ann"]
    type(ann).objects.filter(pk=ann.pk).update(login_allowed=False)
    assert not refused(url_for(ann, pdf, kind=CallerKind.LAUNCHED))
    assert refused(url_for(ann, pdf))


def test_rights_are_those_of_the_kind_of_caller(world, monkeypatch):
    seen = []
    monkeypatch.setattr(permissions, "_RULES", {"report": [lambda caller, file: seen.append(caller) or False]})
    file = stored(world, kind=Kind.REPORT)
    Instructor.objects.create(user=world.people["admin"], institution=world.home.institution)
    for kind in (CallerKind.PERSON, CallerKind.LAUNCHED):
        assert refused(url_for(world.people["admin"], file, kind=kind))
    assert refused(url_for(world.people["global"], file, kind=CallerKind.PERSON))
    home = world.home.institution.pk
    assert [c.roles_in(home).name for c in seen] == ["ADMIN|INSTRUCTOR|MEMBER", "INSTRUCTOR|MEMBER", "GLOBAL"]
    assert [c.kind for c in seen] == ["person", "launched", "admin"]


def test_link_of_a_vle_lives_as_long_as_its_credential(world, monkeypatch):
    monkeypatch.setattr(
        permissions, "_RULES", {"session": [lambda caller, file: caller.institution_id == file.institution_id]}
    )
    vle = world.home.vle
    credential = Credential.objects.create(vle=vle, secret_hash=secret_hash("x"))
    file, foreign = stored(world, kind=Kind.SESSION), stored(world, kind=Kind.SESSION, home=world.away)
    url = url_for(vle, file, kind=CallerKind.VLE)
    assert not refused(url)
    assert refused(url_for(vle, foreign, kind=CallerKind.VLE))
    assert refused(url_for(VLE(pk=vle.pk + 1000), file, kind=CallerKind.VLE))
    credential.revoked_at = world.home.institution.created_at
    credential.save()
    assert refused(url)


def test_pdf_that_belongs_to_no_document_is_refused_to_everybody(world, pdf):
    url = url_for(world.people["admin"], pdf)
    InformedConsentDocument.objects.update(pdf=None)
    assert refused(url)


def test_erased_file_is_not_found(world, pdf):
    url = url_for(world.people["admin"], pdf)
    document_update(document=world.home.document, pdf=None)
    assert refused(url)


def test_object_that_the_store_has_lost_is_not_found(world, pdf):
    store().delete(pdf.storage_key)
    assert refused(url_for(world.people["admin"], pdf))
    assert not files_read()


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != Kind.CONSENT_PDF])
def test_kind_without_a_rule_is_refused_to_everybody(world, monkeypatch, kind):
    monkeypatch.setattr(permissions, "_RULES", {"consent_pdf": permissions._RULES["consent_pdf"]})
    file = stored(world, kind=kind, owner=world.people["ann"])
    for who in ("ann", "admin", "global"):
        assert refused(url_for(world.people[who], file))


# The token.


def test_changed_link_is_refused(world, pdf):
    other = stored(world)
    InformedConsentDocument.objects.create(
        institution=world.home.institution, consent=world.home.newer_consent, language="en", pdf=other
    )
    url = url_for(world.people["member"], pdf)
    _, _, token, name = url.split("/")
    payload, signature = token.split(".")
    file, kind, caller, expiry = payload.split("-")
    other_token = url_for(world.people["admin"], other).split("/")[2]
    changed = [
        url_for(world.people["member"], other).split("/")[2].split("-")[0] + f"-{kind}-{caller}-{expiry}.{signature}",
        f"{file}-admin-{caller}-{expiry}.{signature}",
        f"{file}-{kind}-{other_token.split('-')[2]}-{expiry}.{signature}",
        f"{file}-{kind}-{caller}-{expiry[:-1]}z.{signature}",
        f"{file}-{kind}-{caller}-z{expiry}.{signature}",
        f"{payload}.{signature[:-1]}",
        f"{payload}.{signature}A",
        f"{payload}.{other_token.split('.')[1]}",
        f"{payload}.",
        payload,
        signature,
        f"0{payload}.{signature}",
        "x",
        "%00",
        "é-person-1-1.x",
        "a" * 5000,
    ]
    assert not refused(url)
    assert [token for token in changed if not refused(f"/files/{token}/{name}")] == []


@pytest.mark.parametrize("name", ["consent-ca.pdf", "consent-en.html", "x.exe", "consent-en.pdf%00", "%22.pdf"])
def test_name_is_signed_too(world, pdf, name):
    url = url_for(world.people["member"], pdf)
    assert refused(url.replace("consent-en.pdf", name))


def test_link_dies_when_its_time_is_over(world, pdf, clock):
    clock(0)
    url = url_for(world.people["member"], pdf, seconds=300)
    clock(239)
    assert not refused(url)
    clock(300)
    assert refused(url)


def test_links_of_one_minute_are_the_same_and_none_lives_longer_than_set(world, pdf, monkeypatch):
    def made_at(instant: int, seconds: int = 300) -> str:
        monkeypatch.setattr("files.links.time.time", lambda: instant)
        return url_for(world.people["member"], pdf, seconds)

    assert made_at(600) == made_at(659.9) != made_at(660)
    assert link_read(made_at(600).split("/")[2], "consent-en.pdf").expires == 900
    assert link_read(made_at(659).split("/")[2], "consent-en.pdf").expires == 900
    assert link_read(made_at(659, 90).split("/")[2], "consent-en.pdf").expires == 749


def test_link_is_no_token_and_a_token_is_no_link(world, pdf):
    url = url_for(world.people["member"], pdf)
    token = url.split("/")[2]
    for word in ("JWT", "Bearer"):
        assert Client().get("/api/v2/institution/", HTTP_AUTHORIZATION=f"{word} {token}").status_code == 401
    assert refused(f"/files/{token_of(world.people['member'])}/consent-en.pdf")


def test_key_ring_signs_with_the_first_and_verifies_with_all(world, pdf, settings):
    first, second = "a" * 32, "b" * 32
    settings.TOKEN_KEYS = {"one": first}
    url = url_for(world.people["member"], pdf)
    settings.TOKEN_KEYS = {"two": second, "one": first}
    assert not refused(url)
    assert url_for(world.people["member"], pdf) != url
    settings.TOKEN_KEYS = {"two": second}
    assert refused(url)


def test_link_is_short_and_needs_no_quoting(world, pdf):
    assert re.fullmatch(
        r"/files/[0-9A-Za-z]{1,11}-person-[0-9A-Za-z]{1,11}-[0-9A-Za-z]{6}\.[0-9A-Za-z_-]{43}/consent-en\.pdf",
        url_for(world.people["member"], pdf),
    )


@pytest.mark.parametrize("name", ["", "x", "../x.pdf", "a/b.pdf", "-.pdf", 'a".pdf', "a.pdf\n", "a b.pdf"])
def test_name_of_a_link_is_plain(world, pdf, name):
    with pytest.raises(ValueError, match="plain file name"):
        url_for(world.people["member"], pdf, name=name)


def test_link_is_read_out_of_a_whole_url(world, pdf):
    url = url_for(world.people["member"], pdf)
    for whole in (url, f"https://trust.example.org{url}", f"http://x:1{url}?page=2#3"):
        assert url_read(whole).file_id == pdf.pk
    assert [
        url_read(other) for other in ("", "/", "x", f"{url}/x", f"/x{url[6:]}", "http://[x", "http://x/files/a/b")
    ] == [None] * 7


# What is noted down.


def test_reading_evidence_is_recorded_before_the_first_byte(world, evidence):
    ann = world.people["ann"]
    answer = get(url_for(ann, evidence, name="sample.json", kind=CallerKind.LAUNCHED), REMOTE_ADDR="192.0.2.7")
    assert files_read() == [("sample", evidence.pk, ann.pk, "launched", ann.pk)]
    line = Line.objects.get()
    assert (line.institution, origin_of(line)["address"]) == (world.home.institution, "192.0.2.7")
    assert body(answer) == b'{"face": 1}'
    assert answer["Cache-Control"] == "private, no-store"


def test_refused_reading_is_not_recorded(world, evidence):
    assert refused(url_for(world.people["bob"], evidence))
    assert not files_read()


def test_reading_a_consent_is_not_recorded(world, pdf):
    assert not refused(url_for(world.people["ann"], pdf))
    assert not files_read()


def test_no_record_no_file(world, evidence, monkeypatch):
    monkeypatch.setattr(files_view, "record", lambda *_: 1 / 0)
    answer = Client(raise_request_exception=False).get(url_for(world.people["ann"], evidence))
    assert answer.status_code == 500
    assert b"face" not in answer.content


def test_evidence_links_live_as_long_as_set(world, evidence, settings, rf, monkeypatch):
    monkeypatch.setattr("files.links.time.time", lambda: 6000)

    class View:
        request, caller = rf.get("/"), Caller(CallerKind.PERSON, 7)

    url = evidence_links(View)(evidence.pk, "sample.json")
    assert url.startswith("http://testserver/files/")
    assert url_read(url).expires == 6300
    settings.EVIDENCE_URL_SECONDS = 600
    assert url_read(evidence_links(View)(evidence.pk, "sample.json")).expires == 6600


def test_file_costs_three_queries(world, pdf, evidence, django_assert_num_queries):
    for file in (pdf, evidence):  # of which only the second one's reading is a line
        with django_assert_num_queries(3):
            body(get(url_for(world.people["ann"], file)))


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_browser_without_a_token_is_told_405(method, db):
    answer = getattr(Client(enforce_csrf_checks=True), method)("/files/a/b")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_refused_link_is_not_logged(world, pdf, caplog):
    url = url_for(world.people["eve"], pdf)
    token = url.split("/")[2]
    assert get(url + "x").status_code == get(url + "/").status_code == get(url + "/x").status_code == 404
    assert Client().post(url).status_code == 405
    assert token not in caplog.text
