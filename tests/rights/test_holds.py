"""Legal holds: what they keep from being erased, and how they end."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import ProtectedError
from django.utils import timezone

from institutions.models import Institution, User
from institutions.services.people import person_delete
from kernel.domain import Conflict, Unknown
from learners.models import EnrolmentSample, Learner
from learners.services import enrolment_erase, learner_delete
from reports.models import Report
from reports.services.merging import people_merge
from rights.holds import held_people, is_held
from rights.models import LegalHold
from rights.services.holds import hold_release
from tests.contract.calls import BASE
from trail.models import Line


@pytest.fixture(autouse=True)
def _no_holds(world) -> None:
    LegalHold.objects.all().delete()


def path(world, word: str = "") -> str:
    return f"{BASE}{world.home.institution.pk}/hold/{word}"


def held(world, as_, name: str = "ann", status: int = 201, **values):
    body = {"person_id": world.people[name].pk, "reason": "Case 4.", **values}
    answer = as_("data").post(path(world), body, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def released(world, as_, hold: int, status: int = 200):
    answer = as_("data").post(path(world, f"{hold}/release/"), {"reason": "Settled."}, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_nothing_of_the_person_is_erased_until_the_release(world, as_, settings):
    home, ann = world.home, world.people["ann"]
    EnrolmentSample.objects.create(institution=home.institution, learner=ann.learner)
    made = held(world, as_)
    assert (made["in_force"], made["until"], made["set_by_id"]) == (True, None, world.people["data"].pk)
    assert [*held_people(home.institution.pk)] == [ann.pk]
    assert [*held_people(world.away.institution.pk)] == []
    course = f"{BASE}{home.institution.pk}/course/{home.course.pk}/"
    of_vle = f"/api/v2/vle/{home.vle.pk}/course/{home.course.pk}/"
    for who, url in (
        ("admin", f"{BASE}{home.institution.pk}/learner/{ann.pk}/"),
        ("admin", f"{BASE}{home.institution.pk}/user/{ann.pk}/"),
        ("data", f"{BASE}{home.institution.pk}/learner/{ann.pk}/enrolment/"),
        ("admin", f"{BASE}{home.institution.pk}/vle/{home.vle.pk}/"),
        ("admin", course),
        ("vle", of_vle),
        ("vle", f"{of_vle}activity/{home.activity.pk}/"),
    ):
        answer = as_(who).delete(url)
        assert (answer.status_code, "legal hold" in answer.text) == (409, True), (url, answer.content)
    with pytest.raises(ProtectedError):
        User.objects.filter(pk=ann.pk).delete()
    over = released(world, as_, made["id"])
    assert (over["in_force"], over["release_reason"], over["released_by_id"]) == (
        False, "Settled.", world.people["data"].pk,
    )  # fmt: skip
    again = released(world, as_, made["id"])
    assert again["released_at"] == over["released_at"]
    enrolment_erase(learner=ann.learner)
    learner_delete(learner=ann.learner)
    assert not LegalHold.objects.exists()  # it has gone with the account
    lines = Line.objects.filter(resource="institution/hold").exclude(verb="read").order_by("pk")
    assert [line.verb for line in lines] == ["create", "release", "release"]
    assert {line.person_id for line in lines} == {ann.pk}


def test_a_hold_that_is_gone_is_not_released(world):
    gone = LegalHold(pk=10**9, institution=world.home.institution, person=world.people["ann"])
    with pytest.raises(Unknown):
        hold_release(hold=gone, by_id=world.people["data"].pk, reason="Settled.")


def test_a_course_without_work_of_the_person_can_be_deleted(world, as_):
    held(world, as_, "visitor")
    assert as_("admin").delete(f"{BASE}{world.home.institution.pk}/course/{world.home.course.pk}/").status_code == 204


def test_the_last_day_is_the_last(world, as_):
    today = timezone.now().date()
    assert "until" in held(world, as_, status=400, until=str(today - timedelta(days=1)))
    made = held(world, as_, until=str(today))
    assert is_held(world.people["ann"].pk)
    held(world, as_, status=409)
    LegalHold.objects.filter(pk=made["id"]).update(until=today - timedelta(days=1))
    assert not is_held(world.people["ann"].pk)
    assert as_("data").get(path(world, f"{made['id']}/")).json()["in_force"] is False
    held(world, as_)  # in its place
    assert LegalHold.objects.get(pk=made["id"]).released_at is not None
    assert LegalHold.objects.filter(person=world.people["ann"], released_at=None).count() == 1


def test_the_last_day_ends_where_the_institution_is(world, as_):
    """Kiritimati is 26 hours ahead of where a day ends last: one of the two has another day than UTC at any time."""
    home, ann = world.home.institution, world.people["ann"]
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        Institution.objects.filter(pk=home.pk).update(time_zone=zone)
        LegalHold.objects.all().delete()
        today = timezone.localdate(timezone=ZoneInfo(zone))
        assert "until" in held(world, as_, status=400, until=str(today - timedelta(days=1)))
        made = held(world, as_, until=str(today))
        assert made["in_force"] is is_held(ann.pk) is True
        LegalHold.objects.update(until=today - timedelta(days=1))
        assert (is_held(ann.pk), [*held_people(home.pk)]) == (False, [])
        assert as_("data").get(path(world, f"{made['id']}/")).json()["in_force"] is False


def test_people_of_elsewhere_cannot_be_held(world, as_):
    for person in (world.away.people["ann"].pk, world.people["global"].pk, 10**9):
        answer = held(world, as_, status=400, person_id=person)
        assert answer == {"person_id": [f'Invalid pk "{person}" - object does not exist.']}


def test_holds_of_two_accounts_become_one(world, as_):
    home, ann, bob = world.home, world.people["ann"], world.people["bob"]
    soon, later = (timezone.now().date() + timedelta(days=days) for days in (3, 9))
    held(world, as_, "ann", until=str(soon))
    held(world, as_, "bob", until=str(later), reason="Case 5.")
    people_merge(institution=home.institution, kept_id=ann.pk, gone_id=bob.pk, by_id=world.people["admin"].pk)
    (hold,) = LegalHold.objects.all()
    assert (hold.person_id, hold.until, hold.reason) == (ann.pk, later, "Case 4.\nCase 5.")
    LegalHold.objects.update(until=None)
    with pytest.raises(Conflict):
        person_delete(person=ann)
    assert Learner.objects.filter(pk=ann.pk).exists()
    assert Report.objects.filter(learner=ann.pk).exists()
