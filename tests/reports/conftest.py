"""Fixtures for tests of reports: addresses below ann's report, and evidence of hers in real files."""

import json
from types import SimpleNamespace

import pytest

from courses.models import Activity, AssessmentSession
from files.models import Kind
from files.services import file_store
from institutions.models import Institution
from reports.models import ReportInstrument
from tests.recounted import _as_from_scratch  # noqa: F401


def json_file(home, kind: Kind, owner: str = "ann"):
    return file_store(
        institution=home.institution,
        owner=home.people[owner],
        kind=kind,
        media_type="application/json",
        content=[json.dumps({"kind": kind.value, "of": owner}).encode()],
        extension="json",
    )


def attach(home) -> None:
    """Every file that what is below the report of ann can refer to."""
    for row, name, kind in (
        (home.request, "data", Kind.REQUEST),
        (home.result, "audit", Kind.RESULT_AUDIT),
    ):
        setattr(row, name, json_file(home, kind))
        row.save()


def allow(home, **switches: bool) -> None:
    Institution.objects.filter(pk=home.institution.pk).update(**{f"allow_{name}": on for name, on in switches.items()})


def level(home, number: int) -> None:
    """Sets the levels of the row of ks, the only one of the report."""
    ReportInstrument.objects.filter(pk=home.report_instrument.pk).update(identity_level=number)


def another_activity(home) -> Activity:
    return Activity.objects.create(
        institution=home.institution, vle=home.vle, course=home.course, vle_activity_type="quiz", vle_activity_id="2"
    )


def session_of(home, name: str, activity: Activity | None = None) -> AssessmentSession:
    return AssessmentSession.objects.create(
        institution=home.institution, activity=activity or home.activity, learner_id=home.people[name].pk
    )


def urls(home) -> SimpleNamespace:
    course = f"/api/v2/institution/{home.institution.pk}/course/{home.course.pk}/"
    reports = f"{course}activity/{home.activity.pk}/report/"
    report = f"{reports}{home.report.pk}/"
    return SimpleNamespace(
        reports=reports,
        report=report,
        requests=f"{report}request/",
        request=f"{report}request/{home.request.pk}/",
        audits=f"{report}audit/",
        audit=f"{report}audit/{home.report_instrument.instrument_id}/",
    )


@pytest.fixture
def at(world):
    return urls(world.home)


@pytest.fixture
def learners_see(world):
    """The institution lets learners see their reports and all that is behind them."""
    allow(world.home, learner_report=True, learner_audit=True, valid_audit=True)


@pytest.fixture
def stored(world):
    attach(world.home)
    return world
