"""manage.py close_sessions: overdue sessions are closed, with the time at which they were over."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from courses.models import AssessmentSession
from courses.services import assessments
from signin.models import CallerSession
from signin.services.launchers import launcher_create
from tests.courses.sittings import begun


@pytest.fixture
def session(world):
    def made(minutes_ago: int, **values) -> AssessmentSession:
        home = world.home
        row = AssessmentSession.objects.create(
            institution=home.institution, activity=home.activity, learner=home.learners["bob"], **values
        )
        begun(row.pk, minutes_ago)
        row.refresh_from_db()
        return row

    return made


def closed() -> str:
    out = StringIO()
    call_command("close_sessions", stdout=out)
    return out.getvalue().strip()


def test_only_what_is_overdue_is_closed(session):
    late, later = session(61, max_ttl=60), session(5000, max_ttl=4320)
    running, long = session(59, max_ttl=60), session(5000, max_ttl=43_200)
    when = timezone.now() - timedelta(hours=1)
    done = session(500, max_ttl=60, closed_at=when, auto_closed=False)
    assert closed() == "2 sessions closed"
    for row in (late, later):
        row.refresh_from_db()
        assert (row.closed_at, row.auto_closed) == (row.ends_at, True)
    for row, expected in ((running, (None, None)), (long, (None, None)), (done, (when, False))):
        row.refresh_from_db()
        assert (row.closed_at, row.auto_closed) == expected
    assert closed() == "0 sessions closed"


def test_exactly_at_the_end_it_is_over(session):
    row = session(60, max_ttl=60)
    assert row.is_over
    assert closed() == "1 sessions closed"


def test_however_many_there_are(session, monkeypatch):
    monkeypatch.setattr(assessments, "BATCH", 3)
    for number in range(7):
        session(60 + number, max_ttl=60)
    assert closed() == "7 sessions closed"
    assert not AssessmentSession.objects.filter(closed_at=None).exists()
    for _ in range(3):
        session(60, max_ttl=60)
    assert closed() == "3 sessions closed"


def test_what_a_launcher_opened_for_it_ends_too(world, session):
    row, bob = session(60, max_ttl=60), world.people["bob"]
    launcher, _ = launcher_create(vle=world.home.vle, person=bob, minutes=600, session=row)
    opened = CallerSession.objects.create(
        kind="learner", user=bob, assessment_session=row, expires_at=timezone.now() + timedelta(hours=9)
    )
    closed()
    launcher.refresh_from_db()
    opened.refresh_from_db()
    soon = timezone.now() + timedelta(minutes=15)
    assert launcher.expires_at <= soon
    assert opened.expires_at <= soon
