"""A world in which every table has rows, and the pages and operations that show them."""

import pytest

from courses.models import AssessmentSession
from files.models import Kind
from institutions.models import FormerUid, VLEWarning
from learners.models import ServedText
from pipeline.models import BrokerAccount, Job, Tally
from reports.models import ReportSession
from rights.archive import PartWriter
from rights.models import BundlePart
from signin.models import CallerSession
from tests.admin.test_pages import filled
from tests.contract.calls import CALLS
from tests.contract.conftest import caller, stage, world
from tests.contract.desk import fill_desk, stored_file
from tests.contract.filling import fill, fill_administration
from tests.pages.conftest import signed_in
from tests.world import PAST, Home, World
from trail.models import Cut, Head, Line, Link

__all__ = ["caller", "signed_in", "stage", "world"]


def everything(world: World) -> None:
    """Rows of every kind, in both institutions."""
    fill(world, 3)
    fill_administration(3)
    filled(world.home, 1)
    filled(world.away, 2)
    for home in (world.home, world.away):
        VLEWarning.objects.create(vle=home.vle, setting="locale", text="Not understood.")
        FormerUid.objects.create(institution=home.institution, person=home.people["ann"], uid_key="former")
        of_ann(home)
    BrokerAccount.objects.create(queue="p", username="p", password="p")
    Tally.objects.create(what="results", outcome="given_up", provider="p")
    Job.objects.create(name="mail", key="7", error="Refused.", parked_at=PAST)
    ServedText.objects.create(
        session=CallerSession.objects.order_by("pk").first(), version="1.0.0", language="en", sha256="0"
    )
    fill_desk(world, 1)
    for call in CALLS.values():
        if call.method == "get" and call.before is not None:
            call.before(world)
    # As the chain's job makes them, which on PostgreSQL waits for the transaction of this world.
    place = {"institution_id": world.home.institution.pk, "position": 1, "digest": "0" * 64}
    own = Line.objects.filter(institution=world.home.institution)
    Link.objects.create(**place, line_id=own.values_list("pk", flat=True).first())
    Head.objects.create(**place, signed_at=PAST, key_name="new1", signature="0" * 128)
    Cut.objects.create(
        **place, first_position=1, first_at=PAST, last_at=PAST, heads="0" * 64, days=365, by="command apply_retention",
        made_at=PAST, key_name="new1", signature="0" * 128,
    )  # fmt: skip


def of_ann(home: Home) -> None:
    """A session in her report, and a part of what she takes away."""
    ann = home.people["ann"].learner
    pair = {"activity": home.activity, "learner": ann}
    session = AssessmentSession.objects.create(institution=home.institution, **pair)
    ReportSession.objects.create(report=home.report, session=session, **pair)
    with PartWriter() as part:
        part.add("account.json", [b"{}"])
        BundlePart.objects.create(
            institution=home.institution, bundle=home.bundle, file=stored_file(ann, Kind.BUNDLE, "1"),
            directory=part.directory(),
        )  # fmt: skip


@pytest.fixture(scope="module")
def standing(stage):
    with stage(everything) as before:
        yield before
