"""manage.py rebuild_reports, and the properties of the arithmetic through the database."""

from io import StringIO
from itertools import permutations
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from courses.models import Activity, AssessmentSession
from pipeline.jobs import enqueue
from pipeline.running import run_due
from reports.models import (
    ActivityInstrumentHistogram,
    ActivityProviderHistogram,
    Alert,
    LearnerInstrumentHistogram,
    LearnerProviderHistogram,
    Report,
    ReportInstrument,
    ReportSession,
    Request,
    RequestProviderResult,
    RequestResult,
)
from reports.services import rebuilding
from reports.services.counting import HISTOGRAMS
from tests.captures import FR, PLAG
from tests.examples import given
from tests.reports.work import Work, differences
from tests.world import PAST

LEVELS = ("identity_level", "content_level", "integrity_level")
COMPUTED = {
    ReportInstrument: ("instrument", "total_count", "closed_count", "processed_count", "result_sum", "pending_codes",
                       "ok_codes", "warning_codes", "alert_codes", "answered", "result", "confidence", "enrolment",
                       *LEVELS),
    ReportSession: ("total_requests", "pending_requests", "valid_requests", "processed_requests", "kinds", *LEVELS),
    Report: LEVELS,
    **{model: (about, *(f"b{place}" for place in range(10))) for model, (_, about) in HISTOGRAMS},
}  # fmt: skip


@pytest.fixture
def work(world) -> Work:
    return Work(world.home)


def rebuild(work: Work, *arguments: str) -> str:
    out = StringIO()
    call_command("rebuild_reports", "--institution", str(work.home.institution.pk), *arguments, stdout=out)
    return out.getvalue()


def filled(work: Work) -> list[Request]:
    session = work.session()
    requests = [work.request(FR, PLAG, session=session), work.request(FR), work.request(PLAG, name="ann")]
    work.answer(requests[0], result=0.9, audit={"n": 1})
    work.answer(requests[0], result=0.2, by=work.plag)
    work.answer(requests[2], result=0.7, by=work.plag)
    Alert.objects.create(
        institution=work.home.institution, learner=session.learner, activity=session.activity, session=session,
        level=1, raised_at=PAST, is_counted=True,
    )  # fmt: skip
    ReportSession.objects.update(warning_alerts=1, identity_level=0, content_level=0)
    rebuild(work, "--write")
    return requests


def test_nothing_differs_after_the_services(work):
    filled(work)
    assert rebuild(work) == "0 differences found\n"


DEFECTS: dict[str, Any] = {
    "provider result": lambda: RequestProviderResult.objects.update(counted_bin=None, counted_closed=False),
    "result": lambda: RequestResult.objects.filter(status=1).update(result=0.5, counted_result=1),
    "request": lambda: Request.objects.update(status=0, counted_status=None),
    "alert": lambda: Alert.objects.update(is_counted=False),
    "instrument": lambda: ReportInstrument.objects.update(ok_codes=9, result="0.1", answered={"1": 5}, content_level=4),
    "session": lambda: ReportSession.objects.update(total_requests=9, warning_alerts=0, closed_at=PAST),
    "report": lambda: Report.objects.update(identity_level=1),
    "learnerinstrumenthistogram": lambda: LearnerInstrumentHistogram.objects.update(b3=7),
    "learnerproviderhistogram": lambda: LearnerProviderHistogram.objects.all().delete(),
    "activityinstrumenthistogram": lambda: ActivityInstrumentHistogram.objects.all().delete(),
    "activityproviderhistogram": lambda: ActivityProviderHistogram.objects.update(b7=0),
    "a report that is missing": lambda: Report.objects.all().delete(),
    "an instrument that is missing": lambda: ReportInstrument.objects.all().delete(),
    "a session that is missing": lambda: ReportSession.objects.all().delete(),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_every_defect_is_said_and_mended(defect, work):
    filled(work)
    before = computed(work)
    DEFECTS[defect]()
    with pytest.raises(CommandError, match="--write"):
        rebuild(work)
    out = StringIO()
    call_command("rebuild_reports", "--write", stdout=out)
    if "missing" not in defect:
        assert out.getvalue().startswith(f"{defect} ") or f"\n{defect} " in out.getvalue()
    assert "mended" in out.getvalue()
    assert rebuild(work) == "0 differences found\n"
    assert computed(work) == before


def computed(work: Work) -> dict[str, list]:
    """All computed columns of all reports of the institution, without keys."""
    own = {"report__institution": work.home.institution}
    where: dict[Any, dict[str, Any]] = {
        ReportInstrument: own, ReportSession: own, Report: {"institution": work.home.institution},
        **{model: {f"{owner}__institution": work.home.institution} for model, (owner, _) in HISTOGRAMS},
    }  # fmt: skip
    return {
        model.__name__: sorted(map(repr, model.objects.filter(**where[model]).values_list(*columns)))
        for model, columns in COMPUTED.items()
    }


@pytest.mark.differs("what is found is not mended")
def test_scopes(work, monkeypatch):
    monkeypatch.setattr(rebuilding, "PAIRS", 1)
    filled(work)
    ReportInstrument.objects.filter(report__institution=work.home.institution).update(content_level=1)
    home = work.home
    ann, bob = (home.learners[name].pk for name in ("ann", "bob"))
    assert {found.table for found in differences(learner=ann)} == {"instrument"}
    assert {found.column for found in differences(activity=home.activity.pk)} == {"content_level"}
    assert len(differences(learner=ann)) == 1
    assert len(differences(activity=home.activity.pk, learner=bob)) == 1
    assert differences(activity=987654321) == []


@pytest.mark.differs("what is found is not mended")
def test_owners_without_reports_have_histograms_compared(work, world):
    """An activity, and learners, with nothing but rows of histograms; and one with a request of no activity."""
    filled(work)
    elsewhere = differences(institution=world.away.institution.pk)
    ann, bob = (work.home.learners[name] for name in ("ann", "bob"))
    Request.objects.filter(institution=work.home.institution).delete()
    Report.objects.filter(institution=work.home.institution).delete()
    told = {(found.table, found.computed) for found in differences(institution=work.home.institution.pk)}
    assert told == {(f"{name}histogram", 0) for name in (
        "learnerinstrument", "learnerprovider", "activityinstrument", "activityprovider"
    )}  # fmt: skip
    assert {found.table[:7] for found in differences(learner=ann.pk)} == {"learner"}
    assert {found.table[:8] for found in differences(activity=work.home.activity.pk)} == {"activity"}
    assert differences(institution=world.away.institution.pk) == elsewhere
    assert "mended" in rebuild(work, "--write")
    assert rebuild(work) == "0 differences found\n"
    work.answer(work.request(PLAG, activity=None), result=0.7, by=work.plag)
    LearnerInstrumentHistogram.objects.filter(learner=bob).delete()
    assert {found.table for found in differences(learner=bob.pk)} == {"learnerinstrumenthistogram"}


@pytest.mark.differs("what is found is not mended")
def test_rows_of_other_pairs_that_are_read_with_a_batch_are_left_to_theirs(work, monkeypatch):
    """Three of four pairs are a batch, whose activities and learners are those of the fourth, too."""
    monkeypatch.setattr(rebuilding, "PAIRS", 3)
    home = work.home
    other = Activity.objects.create(
        institution=home.institution, vle=home.vle, course=home.course, vle_activity_type="quiz", vle_activity_id="2"
    )
    other.instruments.create(instrument_id=FR)
    for activity in (home.activity, other):
        for name in ("ann", "bob"):
            session = AssessmentSession.objects.create(
                institution=home.institution, activity=activity, learner=home.learners[name]
            )
            work.answer(work.request(name=name, activity=activity, session=session), result=0.9)
            Alert.objects.create(
                institution=home.institution, learner=session.learner, activity=activity, session=session, level=1,
                raised_at=PAST,
            )  # fmt: skip
            enqueue("reports.session", [session.pk])
    run_due()
    assert differences(institution=home.institution.pk) == []
    ReportSession.objects.filter(activity__institution=home.institution).update(total_requests=5)
    assert len(differences(institution=home.institution.pk)) == 4


def test_a_change_of_thresholds_is_applied_by_writing(work):
    request = work.request(PLAG)
    work.answer(request, result=0.2, by=work.plag)
    assert work.row(PLAG).content_level == 2
    type(work.plag).objects.filter(pk=work.plag.pk).update(warning_below="0.1", alert_below="0.15")
    rebuild(work, "--write")
    assert (work.row(PLAG).content_level, work.report().content_level) == (4, 4)


# Properties. Each example has a world of its own, which is taken back.

STATUSES = st.sampled_from([1, 1, 1, 1, 2, 3, 6, 7])
ANSWER = st.tuples(STATUSES, st.floats(0, 1).map(lambda value: round(value, 4)), st.integers(0, 3))
STEPS = st.lists(
    st.tuples(st.sampled_from(["ann", "bob"]), st.sampled_from([(FR,), (PLAG,), (FR, PLAG)]), st.booleans(),
              st.lists(ANSWER, max_size=3)),
    min_size=1, max_size=4,
)  # fmt: skip
_quick = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def quick(test: Any) -> Any:
    """The arithmetic is Python's, and its lines are those of the tests above."""
    return pytest.mark.any_database(_quick(test))


def answered(work: Work, request: Request, instrument: int, answer: tuple[int, float, int], *, done: bool) -> None:
    status, result, code = answer
    by = work.fr if instrument == FR else work.plag
    row = RequestProviderResult.objects.get(request=request, provider=by)
    if row.status == 1 and status != 1:
        return  # an answer is corrected by another one, not taken back
    work.answer(request, status, result if status == 1 else None, code, by=by, done=done)


def played(work: Work, steps: list, order: Any = None, *, one_by_one: bool = True) -> dict[str, list]:
    """What is computed once all answers have come, the last one of each request and instrument being the same."""
    sessions = {name: work.session(name) for name in ("ann", "bob")}
    answers = []
    for name, instruments, in_session, given_answers in steps:
        request = work.request(*instruments, name=name, session=sessions[name] if in_session else None)
        answers += [(request, instrument, each) for instrument in instruments for each in given_answers]
    for request, instrument, answer in order(answers) if order else answers:
        answered(work, request, instrument, answer, done=one_by_one)
    run_due()
    assert differences(institution=work.home.institution.pk) == []
    return computed(work)


class _TakenBack(Exception):
    pass


def apart(play: Any) -> Any:
    """What `play` answers, without what it has stored."""
    found: list[Any] = []
    try:
        with transaction.atomic():
            found.append(play())
            raise _TakenBack
    except _TakenBack:
        return found[0]


@quick
@given(steps=STEPS)
def test_step_by_step_is_the_same_as_all_at_once_and_as_from_scratch(work, steps):
    assert apart(lambda: played(work, steps)) == apart(lambda: played(work, steps, one_by_one=False))


@quick
@given(
    answers=st.lists(st.tuples(st.floats(0, 1).map(lambda value: round(value, 4)), st.integers(0, 3)), min_size=2,
                     max_size=3),
    data=st.data(),
)  # fmt: skip
def test_order_of_arrival_does_not_matter(work, answers, data):
    steps = [("bob", (FR,), True, [(1, *answer)]) for answer in answers]
    order = data.draw(st.sampled_from([*permutations(range(len(answers)))]))
    assert apart(lambda: played(work, steps)) == apart(
        lambda: played(work, steps, lambda found: [found[place] for place in order])
    )


@quick
@given(results=st.lists(ANSWER, min_size=1, max_size=4), code=st.integers(0, 3), data=st.data())
def test_a_higher_code_never_lowers_a_level(work, results, code, data):
    place = data.draw(st.sampled_from(range(len(results))))
    status, result, before = results[place]
    raised = [*results]
    raised[place] = (status, result, max(before, code))

    def levels(answers: list) -> tuple[int, ...]:
        def play() -> tuple[int, ...]:
            played(work, [("bob", (FR,), False, [answer]) for answer in answers])
            report, row = work.report(), work.row()
            return tuple(getattr(each, name) for each in (report, row) for name in LEVELS)

        return apart(play)

    assert all(high >= low for high, low in zip(levels(raised), levels(results), strict=True))


@quick
@given(steps=STEPS)
def test_each_result_is_counted_once(work, steps):
    def play() -> None:
        played(work, steps)
        processed = RequestProviderResult.objects.filter(status=1, request__institution=work.home.institution).count()
        for model, _ in HISTOGRAMS:
            rows = model.objects.values_list(*(f"b{place}" for place in range(10)))
            assert sum(map(sum, rows)) == processed
        assert sum(row.processed_count for row in ReportInstrument.objects.exclude(total_count=0)) == processed

    apart(play)
