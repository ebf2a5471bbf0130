"""Learners, deciders and deletions at once: PostgreSQL, in real transactions. Nobody is answered 5xx."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection

from courses.models import Activity
from courses.services.activities import activity_delete
from kernel.domain import Conflict, DomainError
from kernel.repeats import repeated
from learners.models import Learner
from learners.services import learner_delete
from reports.models import Report
from rights.models import Contest
from rights.services.contests import contest_assign, contest_create, contest_decide, contest_withdraw
from tests.conftest import kept
from tests.contests import contest_of

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
    pytest.mark.django_db(transaction=True),
]
ROUNDS = 4


@pytest.fixture
def home(transactional_db):
    return kept().again().home


def at_once(*calls: Callable[[], object]) -> list[object]:
    def done(call: Callable[[], object]) -> object:
        try:
            return repeated(call)
        except DomainError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(done, calls))


def create(home, reason: str) -> object:
    ann = home.people["ann"].pk
    return contest_create(reports=Report.objects.all(), report_id=home.report.pk, learner_id=ann, reason=reason)


def test_of_many_contests_at_once_one_is_opened(home):
    for n in range(ROUNDS):
        Contest.objects.all().delete()
        found = at_once(*(partial(create, home, f"{n} {i}") for i in range(4)))
        assert [type(each) for each in found].count(Contest) == 1
        assert sum(isinstance(each, Conflict) for each in found) == 3


def test_a_decision_and_a_withdrawal_at_once_leave_one_of_them(home):
    data = home.people["data"]
    for _ in range(ROUNDS):
        Contest.objects.all().delete()
        contest = contest_of(home, state="open", assignee=data)
        decided, withdrawn = at_once(
            lambda c=contest: contest_decide(contest=c, by_id=data.pk, outcome="upheld", answer="Seen."),
            lambda c=contest: contest_withdraw(contest=c),
        )
        stored = Contest.objects.get(pk=contest.pk)
        assert [isinstance(each, Conflict) for each in (decided, withdrawn)].count(True) == 1
        assert (Report.objects.get(pk=home.report.pk).contest or {}).get("state") == (
            "upheld" if stored.state == "upheld" else None
        )


@pytest.mark.parametrize("what", ["learner", "activity"])
def test_what_is_deleted_meanwhile_leaves_contests_without_a_person_or_waits_for_them(what, home):
    data = home.people["data"]
    contest = contest_of(home, state="open", assignee=data)

    def delete() -> None:
        if what == "learner":
            learner_delete(learner=Learner.objects.get(pk=home.people["ann"].pk))
        else:
            activity_delete(activity=Activity.objects.get(pk=home.activity.pk))

    deleted, *_ = at_once(
        delete,
        lambda: contest_assign(contest=contest, assignee_id=home.people["admin"].pk),
        lambda: contest_decide(contest=contest, by_id=data.pk, outcome="upheld", answer="Seen."),
        lambda: create(home, "again"),
    )
    if isinstance(deleted, Conflict):
        assert Contest.objects.filter(report=home.report.pk).exists()
        return
    assert deleted is None
    for stored in Contest.objects.filter(institution=home.institution):
        assert (stored.report, stored.reason, stored.answer, stored.assignee) == (None, "", "", None)
        assert stored.state in ("lapsed", "upheld", "withdrawn")
