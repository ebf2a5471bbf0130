"""Fairness of instruments: the arithmetic, what is counted, and what is not shown."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import strategies as st

from courses.models import ActivityInstrument
from institutions.models import Institution, Provider, User
from learners.models import Learner, SENDLearner
from pipeline.models import Job
from pipeline.running import run_due
from reports.arithmetic import ResultStatus
from reports.models import Report, ReportInstrument, Request, RequestProviderResult
from rights.fairness import (
    GROUPS,
    MINIMUM,
    Tally,
    figure_replaced,
    figure_shown,
    independent,
    interval,
    interval_of,
    measure_of,
    rounded,
    share_of,
    tally_of,
)
from rights.jobs import figures_wanted
from rights.models import Contest, Figures
from rights.services import figures
from tests.console.conftest import downloads
from tests.contests import contest_of
from tests.examples import given
from tests.pages.test_policy import assert_clean

COUNTS = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: (min(pair), max(pair)))
LEARNERS = st.lists(COUNTS, min_size=1, max_size=40).filter(lambda rows: any(whole for _, whole in rows))


@given(LEARNERS)
def test_intervals_hold_the_share_and_lie_between_nothing_and_all(learners):
    tally = tally_of(learners)
    low, high = interval_of(tally)
    assert 0 <= low <= tally.part / tally.whole <= high <= 1
    assert 1 <= independent(tally) <= max(tally.whole, tally.learners)


@given(st.floats(0, 1), st.floats(1, 1e6), st.floats(1.01, 100))
def test_intervals_narrow_with_more_observations(share, few, times):
    low, high = interval(share, few)
    narrower = interval(share, few * times)
    assert narrower[1] - narrower[0] < high - low


def test_interval_is_that_of_wilson():
    assert interval(0.3, 50) == pytest.approx((0.19103, 0.43750), abs=1e-4)


def test_learners_who_are_each_alike_count_as_few_observations():
    spread = tally_of([(5, 10)] * 20)
    alike = tally_of([(10, 10), (0, 10)] * 10)
    assert independent(spread) == 200
    assert independent(alike) == pytest.approx(19, abs=0.5)  # not 200: there are twenty learners
    assert independent(tally_of([(0, 10)] * 20)) == 20


@given(LEARNERS, LEARNERS)
def test_small_groups_are_not_shown_nor_is_what_would_tell_them(one, other):
    with_send, without = tally_of(one), tally_of(other)
    shown = measure_of(tally_of(one + other), with_send, without)
    small = min(with_send.learners, without.learners) < MINIMUM
    assert (shown["with_send"] is None, shown["without_send"] is None) == (small, small)
    assert (shown["all"] is None) == (with_send.learners + without.learners < MINIMUM)
    assert not (small and shown["differs"])


@given(LEARNERS)
def test_what_is_shown_is_rounded_and_the_interval_outwards(learners):
    tally = tally_of(learners)
    shown = share_of(tally)
    if shown is not None:
        low, high = interval_of(tally)
        assert shown["low"] <= low <= high <= shown["high"]
        assert (shown["learners"] % 5, shown["of"] % 5) == (0, 0)
        assert abs(shown["of"] - tally.whole) <= 2


def test_groups_differ_where_their_intervals_lie_apart():
    often, rarely = tally_of([(9, 10)] * 30), tally_of([(1, 10)] * 30)
    assert measure_of(tally_of([(9, 10), (1, 10)] * 30), often, rarely)["differs"]
    assert not measure_of(often, often, often)["differs"]
    assert share_of(Tally()) is None
    assert [rounded(count) for count in (0, 2, 3, 7, 8)] == [0, 0, 5, 5, 10]


STATES = st.lists(LEARNERS, min_size=2, max_size=4)
TOUCHED = st.lists(st.integers(0, 30), min_size=3, max_size=3)


@given(STATES, st.lists(TOUCHED, min_size=4, max_size=4), st.integers(0, 40))
def test_what_is_shown_changes_only_by_many_learners(states, touched, with_send):
    """Of each group: what it showed last and what it shows then are the same, or enough learners lie between."""
    figure, last = None, {}
    for number, (learners, between) in enumerate(zip(states, touched, strict=False)):
        groups = (learners, learners[:with_send], learners[with_send:])
        measures = {"m": measure_of(*map(tally_of, groups))}
        figure = figure_replaced(figure, measures, between, timezone.now() + timedelta(days=number))
        shown = figure_shown(figure)["m"]
        for group, of_group, many in zip(GROUPS, groups, between, strict=True):
            if shown[group] is None:
                continue
            assert tally_of(of_group).learners >= MINIMUM
            before, now = last.get(group), shown[group]
            assert before in (None, now) or many >= MINIMUM or abs(before["learners"] - now["learners"]) > MINIMUM
            last[group] = now


def test_a_group_that_was_too_small_is_compared_with_what_was_last_shown_of_it():
    large, small, everybody = [(1, 2)] * 12, [(1, 2)] * 9, [(0, 2)] * 30
    now, figure = timezone.now(), None
    for group, touched in ((large, 12), (small, 20), ([*small, (0, 2)], 1)):
        tallies = (tally_of(group + everybody), tally_of(group), tally_of(everybody))
        figure = figure_replaced(figure, {"m": measure_of(*tallies)}, (touched + 20, touched, 20), now)
    assert figure_shown(figure)["m"]["with_send"] == share_of(tally_of(large))


@pytest.fixture
def provider(db) -> Provider:
    return Provider.objects.create(
        instrument_id=1, name="Faces", acronym="faces", queue="faces", version="1", alert_below=0.5, warning_below=0.7
    )


def learners_of(home, name: str, number: int, *, send: bool = False) -> list[Learner]:
    institution = home.institution
    people = [User(username=f"{name}{n}", uid=f"{name}{n}", institution=institution) for n in range(number)]
    people = User.objects.bulk_create(people)
    learners = Learner.objects.bulk_create([Learner(user=person, institution=institution) for person in people])
    given_to = learners if send else []
    SENDLearner.objects.bulk_create(
        SENDLearner(institution=institution, learner=learner, category=home.category) for learner in given_to
    )
    return learners


def answered(home, provider: Provider, learners, *results: float | None, code: int = 0, days_ago: int = 0) -> None:
    """Each of these learners has a capture for each result; one without a number is an error."""
    pair = {"institution": home.institution, "activity": home.activity}
    asked = [(learner, result) for learner in learners for result in results]
    requests = Request.objects.bulk_create(Request(learner=learner, **pair) for learner, _ in asked)
    keys = [request.pk for request in requests]
    Request.objects.filter(pk__in=keys).update(created_at=timezone.now() - timedelta(days=days_ago))
    RequestProviderResult.objects.bulk_create(
        RequestProviderResult(
            request=request, provider=provider, result=result, code=code,
            status=ResultStatus.ERROR if result is None else ResultStatus.PROCESSED,
        )
        for request, (_, result) in zip(requests, asked, strict=True)
    )  # fmt: skip


def reported(home, learners, *, level: int = 4) -> list[Report]:
    pairs = {"institution": home.institution, "activity": home.activity}
    reports = [Report.objects.create(learner=learner, identity_level=level, **pairs) for learner in learners]
    for report in reports:
        ReportInstrument.objects.create(report=report, instrument_id=1, identity_level=level)
    return reports


def contested(home, reports, state: str, level: str | None = "identity") -> None:
    for report in reports:
        Report.objects.filter(pk=report.pk).update(contest={"state": state})
        decided_at = None if state == "open" else timezone.now()
        contest_of(home, report=report, state=state, level=level, decided_at=decided_at)


def told(as_, home, who: str = "send", query: str = "", status: int = 200):
    answer = as_(who).get(f"/api/v2/institution/{home.institution.pk}/fairness/{query}")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_results_by_provider_with_and_without_send(world, as_, provider):
    home = world.home
    # Below the thresholds it is an alert or a warning, whatever the provider has said; its own code counts as well.
    answered(home, provider, learners_of(home, "send", 12, send=True), 0.4, 0.4, None)
    answered(home, provider, learners_of(home, "other", 20), 0.9, 0.5)
    answered(home, provider, learners_of(home, "said", 20), 0.9, code=3)
    answered(world.away, provider, learners_of(world.away, "away", 30), 0.1)
    (row,) = told(as_, home)["results"]
    assert (row["instrument"]["id"], row["provider"], row["is_demonstration"]) == (
        1, {"id": provider.pk, "name": "Faces"}, False,
    )  # fmt: skip
    assert row["alerts"]["with_send"] == {"learners": 10, "of": 25, "share": 1.0, "low": 0.75, "high": 1.0}
    assert row["alerts"]["without_send"] | {"low": 0, "high": 1} == {
        "learners": 40, "of": 60, "share": 0.33, "low": 0, "high": 1,
    }  # fmt: skip
    assert row["alerts"]["differs"]
    assert (row["warnings"]["without_send"]["share"], row["warnings"]["all"]["share"]) == (0.33, 0.24)
    assert (row["failures"]["with_send"]["share"], row["failures"]["without_send"]["share"]) == (0.33, 0.0)
    assert row["failures"]["all"]["of"] == 95  # 36 + 60


def test_low_results_are_good_for_the_other_polarity(world, as_, provider):
    Provider.objects.update(inverted_polarity=True)
    answered(world.home, provider, learners_of(world.home, "l", 12), 0.1, 0.6, 0.8, 0.7)
    (row,) = told(as_, world.home)["results"]
    assert [row[name]["all"]["share"] for name in ("alerts", "warnings")] == [0.25, 0.5]


def test_special_needs_count_while_they_were_assigned(world, as_, provider):
    home = world.home
    ended, later = (learners_of(home, name, 12, send=True) for name in ("ended", "later"))
    before = timezone.now() - timedelta(days=40)
    SENDLearner.objects.filter(learner__in=ended).update(created_at=before, expires_at=before)
    answered(home, provider, ended, 0.4, 0.4)
    answered(home, provider, later, 0.9)
    answered(home, provider, later, 0.1, days_ago=1)  # the day before it was assigned
    query = f"?from={timezone.now() - timedelta(days=1):%Y-%m}"
    alerts = told(as_, home, query=query)["results"][0]["alerts"]
    assert (alerts["with_send"]["share"], alerts["without_send"]["share"]) == (0.0, 1.0)
    # Twelve are in both groups, and are two dozen all the same.
    assert (alerts["all"]["learners"], alerts["with_send"]["learners"], alerts["without_send"]["learners"]) == (
        25,
        10,
        25,
    )


def test_one_small_group_hides_both(world, as_, provider):
    answered(world.home, provider, learners_of(world.home, "send", 9, send=True), 0.4)
    answered(world.home, provider, learners_of(world.home, "other", 30), 0.9)
    alerts = told(as_, world.home)["results"][0]["alerts"]
    assert (alerts["with_send"], alerts["without_send"], alerts["all"]["learners"]) == (None, None, 40)


def test_period_is_of_whole_months(world, as_, provider):
    answered(world.home, provider, learners_of(world.home, "l", 12), 0.9, days_ago=800)
    month = f"{timezone.now() - timedelta(days=800):%Y-%m}"
    assert told(as_, world.home)["results"] == []
    found = told(as_, world.home, query=f"?from={month}&to={month}")
    assert (found["first_month"], found["last_month"], len(found["results"])) == (month, month, 1)


def test_months_begin_where_the_institution_is(world, as_, provider):
    """What was captured on 1 March, 02:00 UTC, was captured in February in Honolulu."""
    answered(world.home, provider, learners_of(world.home, "l", 1), 0.9)
    Request.objects.filter(provider_results__provider=provider).update(created_at=datetime(2026, 3, 1, 2, tzinfo=UTC))
    for zone, months in (("UTC", {"03"}), ("Pacific/Honolulu", {"02"})):
        Institution.objects.filter(pk=world.home.institution.pk).update(time_zone=zone)
        Figures.objects.all().delete()
        found = {month: told(as_, world.home, query=f"?from=2026-{month}&to=2026-{month}") for month in ("02", "03")}
        assert {month for month, each in found.items() if each["results"]} == months


@pytest.mark.parametrize(
    ("query", "field"),
    [("from=2026-13", "from"), ("to=2026-1", "to"), ("to=\u0662\u0660\u0662\u0666-01", "to"), ("from=0000-01", "from"),
     ("from=2026-05&to=2026-04", "from"), ("from=x", "from"), ("to=2026-01-01", "to")],
)  # fmt: skip
def test_months_that_are_none(world, as_, query, field):
    assert [*told(as_, world.home, query=f"?{query}", status=400)] == [field]


@pytest.fixture
def outcomes(world):
    """Thirty reports contested and decided for an instrument that gave an alert, and twenty that nobody contests."""
    home = world.home
    Contest.objects.all().delete()
    send, others = learners_of(home, "send", 15, send=True), learners_of(home, "other", 35)
    contested(home, reported(home, send), "set_aside")
    reports = reported(home, others)
    contested(home, reports[:3], "changed", level=None)
    contested(home, reports[3:13], "upheld")
    contested(home, reports[13:15], "open")
    contested(home, reports[15:16], "upheld", level="content")  # not what the instrument has said
    return home


def test_contests_by_instrument(outcomes, as_):
    row = next(row for row in told(as_, outcomes, "data")["contests"] if row["instrument"]["id"] == 1)
    assert [row["contested"][group]["share"] for group in ("with_send", "without_send")] == [1.0, 0.43]
    assert (row["wrong"]["with_send"]["share"], row["wrong"]["without_send"]["share"]) == (1.0, 0.23)
    assert (row["wrong"]["differs"], row["wrong"]["all"]["of"]) == (True, 30)
    assert [row[name]["all"]["share"] for name in ("upheld", "changed", "set_aside")] == [0.36, 0.11, 0.54]


def test_transparency(outcomes, as_, visitor):
    key = outcomes.institution.pk
    ActivityInstrument.objects.create(activity=outcomes.activity, instrument_id=1)
    assert visitor.get(f"/transparency/{key}/").status_code == 404  # not published
    Institution.objects.filter(pk=key).update(publishes_transparency=True)
    public = visitor.get(f"/transparency/{key}/")
    assert (public.status_code, "about 30" in public.text, "64" in public.text) == (200, True, True)
    assert_clean(public)
    assert visitor.get(f"/transparency/{2**62}/").status_code == 404
    answer = as_("ann").get(f"/api/v2/institution/{key}/transparency/").json()
    (row,) = (row for row in answer["instruments"] if row["id"] == 1)
    assert (row["outcomes"]["contested"], row["outcomes"]["decided"]) == (30, 30)
    assert row["outcomes"]["wrong"]["share"] == 0.64
    assert (answer["outcomes"]["contested"], answer["outcomes"]["upheld"]["share"]) == (30, 0.38)
    Institution.objects.filter(pk=key).update(suspended_at=timezone.now())
    assert visitor.get(f"/transparency/{key}/").status_code == 404
    Institution.objects.filter(pk=key).update(suspended_at=None)
    Contest.objects.filter(report__learner__user__username__startswith="other").delete()
    Contest.objects.filter(pk__in=Contest.objects.values("pk")[:6]).delete()
    counted_again()
    few = as_("ann").get(f"/api/v2/institution/{key}/transparency/").json()["outcomes"]
    assert {*few.values()} == {None}


def test_page_of_the_console_and_its_table(world, signed_in, provider):
    answered(world.home, provider, learners_of(world.home, "send", 12, send=True), 0.4)
    answered(world.home, provider, learners_of(world.home, "other", 20), 0.9)
    browser, page = signed_in("send"), f"/console/{world.home.institution.pk}/fairness/"
    shown = browser.get(page)
    assert "differ: the intervals lie apart" in shown.text
    assert [*downloads(shown)] == ["csv", "xlsx"]
    table = b"".join(browser.get(f"{page}{downloads(shown)['csv']}")).decode().splitlines()
    line = 'Alerts,"Face recognition, Faces",with special needs,10,10,1.0,0.75,1.0,yes,20'
    assert [row for row in table if row.startswith(line)]
    refused = browser.get(f"{page}?from=2026-13")
    assert (refused.status_code, 'id="wrong"' in refused.text) == (400, True)


def counted_again() -> None:
    """A day later."""
    Figures.objects.update(counted_at=timezone.now() - timedelta(days=2))
    figures_wanted()
    run_due(name=figures.FIGURES_JOB)


def test_two_days_tell_of_no_single_learner(world, as_, provider):
    home = world.home
    people = learners_of(home, "other", 20)
    answered(home, provider, people, 0.9)
    before = told(as_, home)["results"][0]["alerts"]
    answered(home, provider, people[:1], 0.1)
    counted_again()
    assert told(as_, home)["results"][0]["alerts"] == before  # with its age
    RequestProviderResult.objects.update(updated_at=timezone.now())  # as if all were answered again
    answered(home, provider, people[1:11], 0.1)
    counted_again()
    later = told(as_, home)["results"][0]["alerts"]
    assert (later["all"]["share"], later["as_of"] > before["as_of"]) == (0.35, True)
    Learner.objects.filter(pk__in=[row.pk for row in people[:12]]).delete()
    counted_again()
    assert told(as_, home)["results"][0]["alerts"]["all"] is None  # eight are left
    Learner.objects.filter(pk__in=[row.pk for row in people]).delete()
    counted_again()
    assert told(as_, home)["results"] == []


def test_two_days_of_contests_tell_of_no_single_learner(outcomes, as_):
    def shown() -> tuple[int, float]:
        answer = as_("ann").get(f"/api/v2/institution/{outcomes.institution.pk}/transparency/").json()
        row = next(row for row in told(as_, outcomes)["contests"] if row["instrument"]["id"] == 1)
        return answer["outcomes"]["contested"], row["contested"]["all"]["share"]

    before = shown()
    contested(outcomes, reported(outcomes, learners_of(outcomes, "more", 6)), "upheld")
    counted_again()
    assert shown() == before
    contested(outcomes, reported(outcomes, learners_of(outcomes, "many", 6)), "upheld")
    counted_again()
    assert shown() != before


def test_many_results_are_counted_in_the_background(world, as_, signed_in, provider, monkeypatch):
    monkeypatch.setattr(figures, "FEW", 0)
    home = world.home
    answered(home, provider, learners_of(home, "l", 12), 0.4)
    assert (told(as_, home)["as_of"], told(as_, home)["results"]) == (None, [])
    assert "being counted for the first time" in signed_in("send").get(f"/console/{home.institution.pk}/fairness/").text
    assert run_due(name=figures.FIGURES_JOB) == 1
    assert told(as_, home)["results"][0]["alerts"]["all"]["share"] == 1


def test_what_is_wanted_is_counted_again(world, as_):
    def due() -> set[str]:
        Job.objects.all().delete()
        figures_wanted()
        keys = Job.objects.filter(name=figures.FIGURES_JOB).values_list("arguments", flat=True)
        return {*Figures.objects.filter(pk__in=[*keys]).values_list("first_month", flat=True)}

    home, now = world.home, timezone.now()
    told(as_, home, query="?from=2020-01&to=2020-02")
    usual = f"{figures.usual_months('UTC')[0]:%Y-%m}"
    assert due() == {usual}  # the months that the page begins with are there before somebody asks
    run_due(name=figures.FIGURES_JOB)
    assert due() == set()
    as_("admin").delete(f"/api/v2/institution/{home.institution.pk}/group/{home.group.pk}/")
    assert due() == {usual, "2020-01"}
    Figures.objects.update(asked_at=now - timedelta(days=100))
    assert due() == set()
    told(as_, home, query="?from=2020-01&to=2020-02")
    assert due() == {"2020-01"}
