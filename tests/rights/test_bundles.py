"""Bundles of own data, from the wish to the archive that is deleted again."""

import io
import json
from datetime import timedelta
from zipfile import ZipFile

import pytest
from django.core import mail
from django.test import override_settings
from django.utils import timezone

from courses.models import AssessmentSession
from files.models import Kind, StoredFile
from files.quotas import forget
from files.services import file_store, store
from institutions.models import VLE, Institution, Instrument, OIDCConnection, User
from institutions.services.people import person_delete
from kernel.domain import Unknown
from kernel.recording import Entry, Origin, record
from learners.models import EnrolmentSample, Learner, Withdrawal
from learners.services import learner_delete
from pipeline.jobs import PERIODIC
from pipeline.models import Job
from pipeline.running import TRIES, run_due
from reports.models import Alert, Request
from reports.services.merging import people_merge
from rights.models import Bundle, BundlePart, BundleState
from rights.services import bundles
from signin.models import CallerSession
from tests.conftest import client_of
from tests.contests import contest_of
from tests.reports.conftest import allow
from tests.world import FUTURE, PAST, Home, World
from trail.models import Cut, Line

MINE = "/api/v2/me/bundle/"
PICTURE = b'{"instruments":[1],"data":"data:image/jpeg;base64,/9j/"}'


def stored(home: Home, kind: Kind, content: bytes = PICTURE, extension: str = "json") -> StoredFile:
    return file_store(
        institution=home.institution, owner=home.people["ann"], kind=kind, media_type="application/json",
        content=io.BytesIO(content), extension=extension,
    )  # fmt: skip


def captured(home: Home) -> None:
    """Something of each kind that has a file."""
    ann = home.people["ann"].learner
    pair = {"institution": home.institution, "activity": home.activity, "learner": ann}
    session = AssessmentSession.objects.create(**pair)
    sample = EnrolmentSample.objects.create(institution=home.institution, learner=ann, data=stored(home, Kind.SAMPLE))
    sample.instruments.add(1)
    Request.objects.create(**pair, session=session, data=stored(home, Kind.REQUEST))
    Request.objects.filter(pk=home.request.pk).update(data=stored(home, Kind.REQUEST))
    Alert.objects.create(**pair, session=session, level=1, raised_at=timezone.now(), data=stored(home, Kind.ALERT))
    home.contest.files.create(
        institution=home.institution, file=stored(home, Kind.CONTEST, b"%PDF-1.4", "pdf"), name="../why.pdf"
    )


@pytest.fixture
def asked(world, as_):
    """asked("ann"): this person asks for a bundle, and it is made; the answer that tells it."""

    def ask(client, status: int = 201):
        answer = client.post(MINE, {}, format="json")
        assert answer.status_code == status, answer.content
        run_due()
        return client.get(f"{MINE}{answer.json()['id']}/").json() if status == 201 else answer.json()

    return ask


def archive_of(client, url: str) -> ZipFile:
    answer = client.get(url)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Cache-Control"] == "private, no-store"
    archive = ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert archive.testzip() is None
    return archive


def rows(archive: ZipFile, name: str):
    return json.loads(archive.read(f"{name}.json"))


def lines_of(who: str, world: World, resource: str = "institution/learner") -> None:
    by = Origin("person", world.people[who].pk, f"home-{who}", "password", None, "192.0.2.7", "r")
    ann = world.people["ann"].pk
    record(Entry("read", resource, ann, world.home.institution.pk, ann, {"rows": 1}), by=by)


def test_bundle_has_everything_of_the_person_and_nothing_of_others(world, as_, asked):
    home, client = world.home, as_("ann")
    captured(home)
    allow(home, learner_report=True)
    contest_of(home, state="upheld", answer="We looked.", assignee=home.people["data"], decided_at=FUTURE,
               decided_by_id=home.people["data"].pk)  # fmt: skip
    lines_of("teacher", world)
    at = {"first_at": PAST, "last_at": PAST, "made_at": PAST}
    Cut.objects.create(institution_id=home.institution.pk, first_position=1, position=1, days=365, **at)
    told = asked(client)
    assert (told["state"], told["done"], told["with_captures"]) == ("ready", told["total"], True)
    archive = archive_of(client, told["url"])
    one = {name.partition("/")[0] for name in archive.namelist()}
    assert {"README.txt", "account.json", "trail.csv", "consents", "samples", "captures", "documents", "alerts",
            "contests"} <= one  # fmt: skip
    assert "until 2020-01-01 00:00 are deleted" in archive.read("README.txt").decode()
    for name in ("sample", "capture", "document", "alert"):
        row = rows(archive, f"{name}s")[0]
        assert archive.read(row["file"]["path"]) == PICTURE
        assert row["file"]["size"] == len(PICTURE)
    assert rows(archive, "samples")[0]["instruments"] == [Instrument.objects.get(pk=1).name]
    assert rows(archive, "account")[0]["email"] == home.people["ann"].email
    assert rows(archive, "needs")[0]["enabled_options"] == ["big_fonts"]
    text = rows(archive, "decisions")[0]["texts"][0]
    assert archive.read(text["html"]) == b"<p>I once consented at home.</p>"
    assert rows(archive, "reports")[0]["levels"] == {"identity": 2, "content": 1, "integrity": 1}
    contests = rows(archive, "contests")
    assert contests[0]["files"][0]["name"] == "../why.pdf"
    assert contests[0]["files"][0]["path"].startswith(f"contests/{home.contest.pk}/")
    assert contests[1]["answer"] == "We looked."
    assert "instructor,looked at,your record as a learner" in archive.read("trail.csv").decode()
    everything = b"\n".join(archive.read(name) for name in archive.namelist())
    others = [person for person in User.objects.exclude(pk=home.people["ann"].pk) if person.uid != "ann"]
    strangers = {text for person in others for text in (person.email, person.username) if text}
    assert [text for text in strangers if text.encode() in everything] == []
    assert rows(archive, "needs")[0]["name"] == home.category.description


def test_levels_are_told_where_the_institution_shows_them(world, as_, asked):
    client = as_("ann")
    archive = archive_of(client, asked(client)["url"])
    report = rows(archive, "reports")[0]
    assert (report["levels"], report["explained"]) == (None, None)
    assert rows(archive, "contests")[0]["machine_levels"] is None


def test_people_of_all_roles_take_their_data_away(world, as_, asked):
    client = as_("teacher")
    archive = archive_of(client, asked(client)["url"])
    assert [row["course"] for row in rows(archive, "courses_taught")] == ["C1"]
    assert rows(archive, "captures") == []


@pytest.mark.parametrize(("limit", "value"), [("ROWS", 1), ("PART_BYTES", 1), ("PART_SECONDS", -1.0)])
def test_bundle_is_made_in_parts_with_progress(limit, value, world, as_, monkeypatch):
    captured(world.home)
    for _ in range(3):
        lines_of("teacher", world)
    monkeypatch.setattr(bundles, limit, value)
    client = as_("ann")
    key = client.post(MINE, {}, format="json").json()["id"]
    progress = []
    while run_due(most=1):
        told = client.get(f"{MINE}{key}/").json()
        progress.append(told["done"])
        assert (told["url"] is None) == (told["state"] == "making")
    assert progress == sorted(progress)
    assert told["done"] == told["total"] >= 12
    if limit != "ROWS":
        assert BundlePart.objects.count() == len(progress) > 12
    archive = archive_of(client, told["url"])
    assert len(archive.namelist()) == len({*archive.namelist()})
    pages = [name for name in archive.namelist() if name.startswith("trail")]
    text = "".join(archive.read(name).decode("utf-8-sig") for name in pages)
    assert text.count("instructor,looked at") == 3
    assert StoredFile.objects.filter(kind=Kind.BUNDLE).count() == BundlePart.objects.count()
    assert told["size"] == sum(len(part) for part in bundles.bundle_content(Bundle.objects.get(pk=key)))


def test_one_bundle_at_a_time(world, as_, asked):
    client = as_("ann")
    first = client.post(MINE, {}, format="json").json()
    assert first["state"] == "making"
    assert asked(client, 409)["detail"].startswith("There is a bundle already")
    assert asked(client, 409)
    assert asked(as_("bob"))["state"] == "ready"
    keys = [
        *StoredFile.objects.filter(owner=world.people["ann"], kind=Kind.BUNDLE).values_list("storage_key", flat=True)
    ]
    assert all(store().exists(key) for key in keys)
    assert keys
    assert client.delete(f"{MINE}{first['id']}/").status_code == 204
    assert not StoredFile.objects.filter(owner=world.people["ann"], kind=Kind.BUNDLE).exists()
    asked(client)
    assert Line.objects.filter(resource="me/bundle", verb="create", person_id=world.people["ann"].pk).count() == 2


def test_a_bundle_that_is_deleted_meanwhile_is_not_made(world, as_):
    client = as_("ann")
    key = client.post(MINE, {}, format="json").json()["id"]
    client.delete(f"{MINE}{key}/")
    assert run_due() == 1
    assert not bundles.bundle_part(key)
    bundle = Bundle.objects.create(
        institution=world.home.institution, person=world.people["ann"], with_captures=True, state="failed"
    )
    assert not bundles.bundle_part(bundle.pk)
    assert bundles._over(bundle.pk, BundleState.MAKING, BundleState.FAILED) == 0
    assert not BundlePart.objects.exists()


def test_a_bundle_of_which_nothing_is_left_to_write_is_ready(world):
    Bundle.objects.all().delete()
    bundle = Bundle.objects.create(
        institution=world.home.institution,
        person=world.people["ann"],
        with_captures=True,
        section=len(bundles.SECTIONS),
    )
    assert not bundles.bundle_part(bundle.pk)
    bundle.refresh_from_db()
    assert (bundle.state, bundle.parts.count()) == ("ready", 0)


def fails(*_):
    raise OSError("out of order")


def test_link_is_for_the_own_sign_in_alone(world, as_, asked, monkeypatch):
    client = as_("ann")
    told = asked(client)
    with monkeypatch.context() as patch:
        patch.setattr(store(), "_open", fails)
        assert client.get(told["url"]).status_code == 503  # it is there, but cannot be read now
    archive_of(client, told["url"])
    assert Line.objects.filter(resource="files/bundle", verb="read", person_id=world.people["ann"].pk).count() == 1
    other = as_("bob")
    assert other.get(f"{MINE}{told['id']}/").status_code == 404
    forged = told["url"].replace("/bundle-", "/bundle-9")
    assert client.get(forged).status_code == 404
    CallerSession.objects.filter(user=world.people["ann"]).update(ended_at=timezone.now())
    assert client.get(told["url"]).status_code == 404  # the sign-in is over
    again = client_of(world.people["ann"])
    assert again.get(f"{MINE}{told['id']}/").json()["url"] != told["url"]


def test_link_ends_with_the_bundle(world, as_, asked):
    client = as_("ann")
    told = asked(client)
    Bundle.objects.filter(pk=told["id"]).update(expires_at=timezone.now())
    assert client.get(told["url"]).status_code == 404
    assert client.get(f"{MINE}{told['id']}/").json()["url"] is None
    PERIODIC["rights.bundles"][0]()
    told = client.get(f"{MINE}{told['id']}/").json()
    assert (told["state"], told["size"]) == ("expired", 0)
    assert not StoredFile.objects.filter(kind=Kind.BUNDLE).exists()
    assert bundles.bundles_over() == 0
    assert asked(client)["state"] == "ready"


def only(world: World, way: str) -> None:
    """How ann can sign in without being sent by a VLE."""
    connections = OIDCConnection.objects.filter(institution=world.home.institution)
    connections.update(everybody=way == "provider")
    User.objects.filter(pk=world.people["ann"].pk).update(login_allowed=way == "password")


@pytest.mark.parametrize("way", ["password", "provider"])
def test_a_vle_gets_nothing_but_what_it_may_be_shown(way, world, sent, asked):
    """Who was sent by a VLE: its courses alone, and no captures that the institution hides from learners."""
    home = world.home
    captured(home)
    only(world, way)
    other = VLE.objects.create(institution=home.institution, name="Other", url="https://other.example.org")
    strange, client = sent("ann", other), sent("ann")
    told = asked(strange)
    archive = archive_of(strange, told["url"])
    assert [rows(archive, name) for name in ("captures", "reports", "courses_attended")] == [[], [], []]
    assert rows(archive, "samples")[0]["file"]["path"] is None
    assert rows(archive, "needs")[0]["name"] is None
    assert client.get(f"{MINE}{told['id']}/").status_code == 404
    assert asked(client, 409)
    assert strange.delete(f"{MINE}{told['id']}/").status_code == 204
    allow(home, learner_report=True, learner_audit=True)
    archive = archive_of(client, asked(client)["url"])
    assert archive.read(rows(archive, "captures")[0]["file"]["path"]) == PICTURE


@override_settings(SENDS_MAIL=True)
def test_who_can_sign_in_in_no_other_way_gets_the_own_captures(world, sent, asked):
    """A right that depends on a password is none of those who have no password; the person is told of it by mail."""
    captured(world.home)
    only(world, "neither")
    client = sent("ann")
    told = asked(client)
    archive = archive_of(client, told["url"])
    for name in ("samples", "captures", "documents", "alerts"):
        assert archive.read(rows(archive, name)[0]["file"]["path"]) == PICTURE, name
    assert rows(archive, "needs")[0]["name"] == "low sight"
    assert [(message.to, message.subject) for message in mail.outbox] == [
        ([world.people["ann"].email], "A bundle of your data was asked for")
    ]
    only(world, "password")
    assert client.get(told["url"]).status_code == 404  # since there is another way


def test_a_vle_that_is_trusted_gets_no_captures_of_another_sign_in(world, as_, sent, asked):
    captured(world.home)
    Institution.objects.filter(pk=world.home.institution.pk).update(launcher_everywhere=True)
    told = asked(as_("ann"))
    launched = sent("ann")
    seen = launched.get(f"{MINE}{told['id']}/").json()
    assert (seen["state"], seen["url"]) == ("ready", None)
    allow(world.home, learner_report=True, learner_audit=True)
    url = launched.get(f"{MINE}{told['id']}/").json()["url"]
    archive_of(launched, url)
    allow(world.home, learner_audit=False)
    assert launched.get(url).status_code == 404


def test_a_store_that_fails_is_tried_again_and_told_in_the_end(world, as_, monkeypatch):
    captured(world.home)
    client = as_("ann")
    key = client.post(MINE, {}, format="json").json()["id"]

    with monkeypatch.context() as patch:
        patch.setattr(store(), "_save", fails)
        assert run_due() == 0
    assert client.get(f"{MINE}{key}/").json()["state"] == "making"
    with monkeypatch.context() as patch:
        patch.setattr(store(), "_open", fails)
        Job.objects.update(due_at=timezone.now() - timedelta(hours=1), tries=TRIES - 1)
        assert run_due() == 0
    assert Job.objects.exclude(parked_at=None).count() == 1
    PERIODIC["rights.bundles"][0]()
    assert client.get(f"{MINE}{key}/").json()["state"] == "failed"
    assert not Job.objects.exists()
    assert Line.objects.filter(resource="me/bundle", verb="delete").count() == 1


def test_a_file_that_the_store_has_lost_is_told_by_its_row(world, as_, asked):
    captured(world.home)
    lost = StoredFile.objects.get(samples__learner=world.people["ann"].pk)
    store().delete(lost.storage_key)
    client = as_("ann")
    archive = archive_of(client, asked(client)["url"])
    assert rows(archive, "samples")[0]["file"]["path"] not in archive.namelist()


def test_bundle_goes_with_the_learner_and_with_the_account(world, as_, asked):
    asked(as_("ann"))
    asked(as_("member"))
    learner_delete(learner=world.people["ann"].learner)
    assert [*Bundle.objects.filter(institution=world.home.institution).values_list("person__uid", flat=True)] == [
        "member"
    ]
    person_delete(person=world.people["member"])
    assert not StoredFile.objects.filter(kind=Kind.BUNDLE).exists()
    assert not Bundle.objects.filter(institution=world.home.institution).exists()
    with pytest.raises(Unknown):
        bundles.bundle_create(person_id=world.people["member"].pk, vle_id=None, with_captures=True)
    with pytest.raises(Unknown):
        bundles.bundle_create(person_id=world.people["global"].pk, vle_id=None, with_captures=True)


@pytest.mark.parametrize(("models", "evidence"), [("restrict", "keep"), ("keep", "restrict"), ("keep", "keep")])
def test_what_nobody_opens_after_a_withdrawal_is_in_no_bundle(models, evidence, world, as_, asked):
    captured(world.home)
    client, ann = as_("ann"), world.people["ann"].learner
    asked(client)
    Learner.objects.filter(pk=ann.pk).update(is_restricted=evidence != "keep")
    Withdrawal.objects.create(
        institution=world.home.institution, learner=ann, at=PAST, of_models=models, of_evidence=evidence
    )
    is_kept = (models, evidence) == ("keep", "keep")
    assert Bundle.objects.filter(person=ann.pk).exists() == is_kept
    assert StoredFile.objects.filter(kind=Kind.BUNDLE).exists() == is_kept
    if not is_kept:
        archive = archive_of(client, asked(client)["url"])
        assert (rows(archive, "samples")[0]["file"]["path"] is None) == (models != "keep")
        for name in ("captures", "documents", "alerts"):
            assert (rows(archive, name)[0]["file"]["path"] is None) == (evidence != "keep"), name
        assert rows(archive, "contests")[0]["files"][0]["path"] in archive.namelist()


def test_of_two_accounts_that_become_one_the_bundle_of_the_kept_one_stays(world, as_, asked):
    kept, gone = world.people["ann"], world.people["bob"]
    asked(as_("ann"))
    asked(as_("bob"))
    people_merge(institution=world.home.institution, kept_id=kept.pk, gone_id=gone.pk, by_id=world.people["admin"].pk)
    assert Bundle.objects.get(institution=world.home.institution).person_id == kept.pk
    assert StoredFile.objects.filter(kind=Kind.BUNDLE).count() == BundlePart.objects.count() == 1


def test_full_institution_makes_no_bundles(world, as_, asked, settings):
    stored(world.home, Kind.REQUEST)
    settings.INSTITUTION_SAMPLE_BYTES = 1
    forget()
    assert asked(as_("ann"), 413)
    forget()


def test_page_asks_for_a_bundle_tells_it_and_deletes_it(world, signed_in):
    browser = signed_in("bob")
    browser.handler.enforce_csrf_checks = False
    assert "Make the bundle" in browser.get("/me/bundle/").text
    assert browser.post("/me/bundle/").status_code == 302
    assert "<progress" in browser.get("/me/bundle/").text
    refused = browser.post("/me/bundle/")
    assert (refused.status_code, "There is a bundle already" in refused.text) == (409, True)
    run_due()
    page = browser.get("/me/bundle/").text
    url = page.partition('<a href="http')[2].partition('"')[0]
    archive_of(browser, f"http{url}".replace("&amp;", "&"))
    key = Bundle.objects.get(person=world.people["bob"]).pk
    assert browser.post("/me/bundle/", {"delete": str(key)}).status_code == 302
    assert not Bundle.objects.filter(person=world.people["bob"]).exists()
