"""What needs attention, on the overview: each line is true, of this institution, and leads to what it counts."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from courses.models import Activity
from institutions.models import Credential, InformedConsent, Institution, Provider
from learners.models import Learner
from reports.arithmetic import Level, RequestStatus, ResultStatus
from reports.models import Report, Request, RequestProviderResult
from tests.console.test_exports import read
from tests.lines import details_of
from tests.world import PAST
from trail.models import Line

SOON = timedelta(days=3)


@pytest.fixture
def lines(signed_in, address):
    """lines("admin"): (badge, number) -> address of each line that the person sees; None without the part."""

    def seen(who, home=None):
        found = signed_in(who).get(address("", home)).context["attention"]
        return None if found is None else {(line.word, line.number): line.address for line in found}

    return seen


def known(vle, **values) -> None:
    Credential.objects.create(vle=vle, secret_hash="x" * 64, **values)


@pytest.fixture
def quiet(world):
    """Nothing needs attention: no activity is open, and every VLE has a secret."""
    Activity.objects.update(enabled=False)
    Request.objects.all().delete()
    for home in (world.home, world.away):
        known(home.vle)
    return world


def test_nothing_needs_attention(quiet, lines, signed_in, address):
    assert lines("admin") == {}
    assert "Nothing at this moment." in signed_in("admin").get(address("")).text


@pytest.mark.parametrize(
    ("start", "end", "is_shown"),
    [
        (None, None, True), (SOON, None, True), (-SOON, SOON, True), (timedelta(days=15), None, False),
        (-2 * SOON, -SOON, False),
    ],
)  # fmt: skip
def test_learners_without_consent_before_an_activity(start, end, is_shown, quiet, lines, signed_in):
    """ann is one of the two learners of the course, and her consent is valid; the list behind the number has bob."""
    home, now = quiet.home, timezone.now()
    Learner.objects.filter(user=home.people["ann"]).update(consent=home.newer_consent, consent_accepted=PAST)
    Activity.objects.filter(pk=home.activity.pk).update(
        enabled=True, start=start and now + start, end=end and now + end
    )
    found = lines("admin")
    assert [*found] == ([("consent", 1)] if is_shown else [])
    if is_shown:
        table = signed_in("admin").get(found["consent", 1]).context["table"]
        assert (table.count, table.lines[0].cells[1][1]) == (1, "bob")
    Institution.objects.filter(pk=home.institution.pk).update(external_ic=True)
    assert lines("admin") == {}


def test_what_is_open_comes_first_and_the_others_are_counted(quiet, signed_in, address):
    """Seven activities without consents and with failed captures, of which the overview shows five of each kind."""
    home, now = quiet.home, timezone.now()
    for days in (None, -2, -1, 1, 2, 5, 9):
        activity = Activity.objects.create(
            institution=home.institution, course=home.course, vle=home.vle, vle_activity_type="quiz", enabled=True,
            vle_activity_id=f"a{days}", start=days and now + timedelta(days=days),
        )  # fmt: skip
        Request.objects.create(
            institution=home.institution, learner=home.learners["ann"], activity=activity, status=RequestStatus.ERROR
        )
    seen = signed_in("data").get(address("")).context["attention"]
    lines = {word: [line for line in seen if line.word == word] for word in ("consent", "failed")}
    order = ["a-1", "a-2", "aNone", "a1", "a2", "a5", "a9"]
    assert [line.text.split("“")[1].split("”")[0] for line in lines["consent"][:5]] == order[:5]
    for word, (*shown, more) in lines.items():
        assert (len(shown), more.number, more.text[:16]) == (5, 2, "more activities "), word
        listed = [line for line in signed_in("data").get(more.address).context["attention"] if line.word == word]
        assert len(listed) == 7, word
        assert [line.number for line in listed] == [listed[0].number] * 7
    providers = [
        Provider(name=f"P{n}", acronym=f"p{n}", version="1", queue=f"p{n}", instrument_id=1, alert_below="0.3",
                 warning_below="0.6")
        for n in range(6)
    ]  # fmt: skip
    RequestProviderResult.objects.bulk_create(
        RequestProviderResult(request=Request.objects.last(), provider=provider, status=ResultStatus.ERROR)
        for provider in Provider.objects.bulk_create(providers)
    )
    more = signed_in("data").get(address("")).context["attention"]
    more = [line for line in more if line.word == "provider"][-1]
    assert (more.number, more.text) == (1, "more provider that failed to give results")
    assert len(signed_in("data").get(more.address).context["rows"]) == 6


def test_reports_that_nobody_has_opened(quiet, lines, signed_in, address):
    """The learner's own look does not count, nor that of the page of a list."""
    home, data = quiet.home, signed_in("data")
    Institution.objects.filter(pk=home.institution.pk).update(allow_learner_report=True)
    Report.objects.filter(pk=home.report.pk).update(identity_level=Level.ALERT)
    signed_in("ann").get(f"/me/reports/{home.report.pk}/")
    place = lines("data")["alert", 1]
    assert data.get(place).context["table"].count == 1
    data.get(address("courses/{course}/activities/{activity}/reports/{report}/"))
    assert lines("admin") == {}
    assert data.get(place).context["table"].count == 0
    Report.objects.filter(pk=home.report.pk).update(identity_level=Level.WARNING, updated_at=timezone.now())
    assert [*lines("admin")] == [("warning", 1)]


def test_captures_without_results(quiet, lines, signed_in):
    """Those that are late or have failed today; not those that have just come, or failed days ago."""
    home, now = quiet.home, timezone.now()
    for status, minutes, number in (
        (RequestStatus.STORED, 5, 1), (RequestStatus.STORED, 70, 2), (RequestStatus.PROCESSING, 70, 1),
        (RequestStatus.TIMEOUT, 70, 4), (RequestStatus.ERROR, 60 * 30, 1), (RequestStatus.PROCESSED, 70, 1),
    ):  # fmt: skip
        for _ in range(number):
            row = Request.objects.create(
                institution=home.institution, learner=home.learners["ann"], activity=home.activity, status=status
            )
            moment = now - timedelta(minutes=minutes)
            Request.objects.filter(pk=row.pk).update(created_at=moment, updated_at=moment)
    found = lines("data")
    assert [*found] == [("failed", 4), ("waiting", 3)]
    for (word, number), place in found.items():
        page, line = signed_in("data").get(place), Line.objects.latest("pk")
        assert (page.context["activity"]["id"], page.context["number"]) == (home.activity.pk, number)
        assert {row["status"] for row in page.context["rows"]} == (
            {RequestStatus.TIMEOUT} if word == "failed" else {RequestStatus.STORED, RequestStatus.PROCESSING}
        )
        assert (line.resource, details_of(line)["rows"]) == ("console/unsettled", number)
    every = place.partition("?")[0]
    for query, number in (("", 5), ("?state=failed", 5), ("?state=waiting", 4)):
        assert signed_in("data").get(every + query).context["number"] == number
    for query in ("?state=done", "?moment=x", "?moment=2026-01-01"):
        assert signed_in("data").get(every + query).status_code == 404
    assert read(signed_in("data").get(every, {"download": "csv"}))[1][1] == "Ann Home"


def test_providers_that_fail(quiet, lines, signed_in):
    """One failed two results today and one days ago, and has given one; the other institution's does not count."""
    now = timezone.now()
    provider = Provider.objects.create(
        name="P", acronym="p", version="1", queue="p", instrument_id=1, alert_below="0.3", warning_below="0.6"
    )
    for home, status, result, days, number in (
        (quiet.home, RequestStatus.ERROR, ResultStatus.ERROR, 0, 1),
        (quiet.home, RequestStatus.TIMEOUT, ResultStatus.TIMEOUT, 0, 1),
        (quiet.home, RequestStatus.ERROR, ResultStatus.ERROR, 2, 1),
        (quiet.home, RequestStatus.ERROR, ResultStatus.PROCESSED, 0, 1),
        (quiet.away, RequestStatus.ERROR, ResultStatus.ERROR, 0, 3),
    ):
        for _ in range(number):
            row = Request.objects.create(
                institution=home.institution, learner=home.learners["ann"], activity=home.activity, status=status
            )
            given = RequestProviderResult.objects.create(request=row, provider=provider, status=result)
            for each in (row, given):
                type(each).objects.filter(pk=each.pk).update(updated_at=now - timedelta(days=days))
    place = lines("data")["provider", 2]
    page = signed_in("data").get(place)
    rows = page.context["rows"]
    assert [(row["provider_name"], row["failed"], row["unanswered"]) for row in rows] == [(provider.acronym, 1, 1)]
    assert rows[0]["activity"] == quiet.home.activity.pk
    links = [unescape(link) for link in re.findall(r'<a href="([^"]*/unsettled/[^"]*)">1</a>', page.text)]
    assert [link.rpartition("=")[2] for link in links] == ["failed", "unanswered"]
    for link, status in zip(links, (RequestStatus.ERROR, RequestStatus.TIMEOUT), strict=True):
        listed = signed_in("data").get(link)
        assert [row["status"] for row in listed.context["rows"]] == [status]
        assert listed.context["title"].endswith(": P")
    assert signed_in("data").get(re.sub("moment=[^&]*&", "", links[0])).status_code == 404


def test_credentials_that_end(quiet, lines):
    vle, now = quiet.home.vle, timezone.now()
    credential = Credential.objects.filter(vle=vle)
    known(vle, expires_at=now + timedelta(days=6))
    assert [*lines("admin")] == [("secret ends", None)]
    Credential.objects.filter(vle=vle, expires_at__isnull=False).update(expires_at=now + timedelta(days=8))
    assert lines("admin") == {}
    credential.update(revoked_at=now)
    assert [*lines("admin")] == [("no secret", None)]
    credential.all().delete()
    assert lines("admin") == {}, "it is not connected yet: that is a step of the beginning"


def test_whoever_reads_only_some_of_the_rows_is_told_nothing_of_the_others(quiet, lines):
    Activity.objects.filter(pk=quiet.home.activity.pk).update(enabled=True)
    Credential.objects.all().update(revoked_at=timezone.now())
    assert [*lines("admin")] == [("consent", 2), ("no secret", None)]
    assert [*lines("data")] == [("consent", 2)]
    assert lines("send") is None


def test_first_steps_of_an_institution(quiet, signed_in, address):
    home = quiet.home

    def steps(who="admin"):
        return [step.is_done for step in signed_in(who).get(address("")).context["steps"]]

    assert steps() == [True, False, True, True, False]
    Credential.objects.filter(vle=home.vle).update(last_used_at=PAST)
    Activity.objects.filter(pk=home.activity.pk).update(enabled=True)
    assert steps() == []
    InformedConsent.objects.update(valid_from=timezone.now() + SOON)
    assert steps() == [True, True, False, True, True]
    assert steps("data") == []
