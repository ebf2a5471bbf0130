"""LEGACY_DASHBOARD: learner.enrolment and learner.reject in both modes; nothing else differs."""

import pytest
from django.utils import timezone

from learners.models import ConsentDecision, Learner
from tests.contract.filling import fill

ENTRY = [
    "instrument_id", "percentage__min", "percentage__max", "can_analyse__min", "can_analyse__max", "pending",
    "not_validated", "pending_contributions", "not_validated_count",
]  # fmt: skip


@pytest.fixture
def url(world):
    """url("ann"): the row of one of the world's people, as a learner."""
    return lambda name: f"/api/v2/institution/{world.home.institution.pk}/learner/{world.people[name].pk}/"


@pytest.fixture
def legacy(settings):
    settings.LEGACY_DASHBOARD = True


@pytest.fixture
def accepted(world):
    """ann has accepted consent 2.0.0."""
    Learner.objects.filter(pk=world.people["ann"].pk).update(
        consent=world.home.newer_consent, consent_accepted=timezone.now()
    )


def test_enrolment_is_the_learner_by_default(as_, url, world):
    fill(world, 3)
    body = as_("ann").get(f"{url('ann')}enrolment/").json()
    assert body["id"] == world.people["ann"].pk
    assert [list(row) for row in body["enrolment_status"]] == [ENTRY] * len(body["enrolment_status"])
    assert body["enrolment_status"]


@pytest.mark.parametrize(("who", "status"), [("member", 403), ("admin", 404), ("teacher", 404), ("legal", 404)])
def test_enrolment_of_who_is_no_learner_is_refused_by_default(who, status, as_, url):
    assert as_(who).get(f"{url(who)}enrolment/").status_code == status


@pytest.mark.usefixtures("legacy")
@pytest.mark.parametrize("form", ["enrolment/", "enrolment"])
def test_enrolment_is_a_plain_list_in_the_old_shape(form, as_, url, world, settings):
    fill(world, 3)
    body = as_("ann").get(url("ann") + form).json()
    assert [list(row) for row in body] == [ENTRY] * len(body)
    for who in ("admin", "legal", "data", "teacher"):
        assert as_(who).get(url("ann") + form).json() == body
    settings.LEGACY_DASHBOARD = False
    assert as_("ann").get(url("ann") + form).json()["enrolment_status"] == body != []


@pytest.mark.usefixtures("legacy")
@pytest.mark.parametrize("who", ["admin", "legal", "data", "send", "teacher", "member"])
def test_enrolment_of_who_is_no_learner_is_an_empty_list_in_the_old_shape(who, as_, url):
    answer = as_(who).get(f"{url(who)}enrolment/")
    assert (answer.status_code, answer.json()) == (200, [])
    for reader in ("admin", "legal", "data"):
        assert as_(reader).get(f"{url(who)}enrolment/").json() == []


@pytest.mark.usefixtures("legacy")
def test_the_old_shape_opens_nothing_more(as_, url, world, client):
    for who in ("bob", "member", "send", "visitor"):
        assert as_(who).get(f"{url('ann')}enrolment/").status_code == 404
        assert as_(who).get(f"{url('legal')}enrolment/").status_code == 404
    base = f"/api/v2/institution/{world.home.institution.pk}/learner/"
    for person in (world.away.people["ann"], world.away.people["member"], world.people["global"]):
        assert as_("admin").get(f"{base}{person.pk}/enrolment/").status_code == 404
    assert as_("admin").get(f"{base}987654321/enrolment/").status_code == 404
    assert as_("global").get(f"{url('ann')}enrolment/").status_code == 403
    assert as_("stranger").get(f"{url('ann')}enrolment/").status_code == 404
    assert client.get(f"{url('ann')}enrolment/").status_code == 401
    # A member may ask for the own enrolment, and for nothing else of learners.
    assert as_("member").get(base).status_code == 403
    assert as_("member").get(url("member")).status_code == 403
    assert as_("member").delete(f"{url('member')}enrolment/").status_code == 403


@pytest.mark.usefixtures("legacy")
def test_what_is_missing_for_an_activity_is_told_in_the_documented_shape(as_, url, world):
    body = as_("ann").get(f"{url('ann')}enrolment/?activity_id={world.home.activity.pk}").json()
    assert list(body) == ["missing_enrolments", "instruments", "activity_id", "learner_id"]


def test_rejected_consent_is_204_by_default(as_, url, accepted):
    answer = as_("ann").delete(f"{url('ann')}ic/")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.usefixtures("legacy")
def test_rejected_consent_answers_the_learner_in_the_old_shape(as_, url, world, accepted):
    answer = as_("ann").delete(f"{url('ann')}ic/")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["id"], body["institution"]["id"]) == (world.people["ann"].pk, world.home.institution.pk)
    assert body["ic_status"] == "NOT_VALID_REJECTED"
    assert body == as_("ann").get(url("ann")).json()
    assert ConsentDecision.objects.filter(decision="rejected").count() == 1
    assert as_("ann").delete(f"{url('ann')}ic/").status_code == 404  # nothing to reject any more
    assert as_("bob").delete(f"{url('ann')}ic/").status_code == 404
    assert as_("admin").delete(f"{url('ann')}ic/").status_code == 403
