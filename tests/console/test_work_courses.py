"""The console's pages that put people into courses and take them out, and that delete courses and enrolments."""

import pytest

from console.work import forms
from courses.models import Course, CourseInstructor, CourseLearner
from institutions.models import Provider
from learners.models import Enrolment, EnrolmentSample
from reports.models import Report
from rights.models import LegalHold
from tests.conftest import client_of
from tests.console.conftest import form_of


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


@pytest.mark.parametrize(
    ("word", "links", "newcomer", "there"),
    [("learner", CourseLearner, "eve", "ann"), ("instructor", CourseInstructor, "ann", "teacher")],
)
def test_added_and_taken_out(word, links, newcomer, there, admin, address, sent, world):
    """Who has not had the role gets it, as the API gives it to whom an administrator adds."""
    home, listed, new = world.home, address(f"courses/{{course}}/{word}s/"), address(f"courses/{{course}}/{word}s/new/")
    key = home.people[newcomer].pk
    for page in (listed, address("courses/{course}/")):
        assert new in admin.get(page).text
    answer = sent(admin, new, {"uid": str(key)})
    assert (answer.status_code, answer["Location"]) == (302, listed)
    members = links.objects.filter(course=home.course)
    assert members.get(**{f"{word}_id": key}).added_by_id == home.people["admin"].pk
    out = address(f"courses/{{course}}/{word}s/{key}/delete/")
    assert out in admin.get(listed).text
    assert sent(admin, out).status_code == 302
    assert not members.filter(**{f"{word}_id": key}).exists()
    again = sent(admin, new, {"uid": str(home.people[there].pk)})
    assert (again.status_code, [*again.context["form"].errors]) == (400, ["uid"])
    assert sent(admin, new, {"uid": str(world.away.people[newcomer].pk)}).context["form"].errors.keys() == {"uid"}


def test_of_many_people_a_search_offers_some(admin, address, monkeypatch):
    monkeypatch.setattr(forms, "FEW", 1)
    page = address("courses/{course}/learners/new/")
    values = form_of(admin.get(page).text)
    found = admin.post(page, values | {"uid-search": "eve", "find": "uid"})
    assert [word for _, word in found.context["form"].fields["uid"].choices] == ["Eve Home (eve)"]


def test_what_was_done_in_a_course_stays_when_somebody_leaves_it(admin, address, sent, world):
    assert sent(admin, address("courses/{course}/learners/{ann}/delete/")).status_code == 302
    seen = client_of(world.home.people["ann"]).get("/api/v2/me/trail/").json()["results"]
    assert {line["told"]["what"] for line in seen} == {"a course, as a learner", "your membership of a course"}
    assert Report.objects.filter(pk=world.home.report.pk, learner=world.home.people["ann"].pk).exists()


def test_who_may_not_change_members_finds_no_link(signed_in, address):
    page = signed_in("data").get(address("courses/{course}/learners/")).text
    assert "/new/" not in page
    assert "take out" not in page


def test_deletion_of_a_course_says_what_goes(signed_in, address, sent, world):
    page, data, home = address("courses/{course}/delete/"), signed_in("data"), world.home
    assert page in data.get(address("courses/{course}/")).text
    goes = dict(data.get(page).context["goes"])
    assert goes["learners' memberships"] == CourseLearner.objects.filter(course=home.course).count()
    assert goes["reports"] == Report.objects.filter(activity__course=home.course).count() > 0
    answer = sent(data, page)
    assert (answer.status_code, answer["Location"]) == (302, address("courses/"))
    assert not Course.objects.filter(pk=home.course.pk).exists()
    assert Course.objects.filter(pk=world.away.course.pk).exists()


def test_enrolment_is_erased_as_it_was_shown(signed_in, address, sent, world):
    home, page, data = world.home, address("learners/{ann}/enrolment/delete/"), signed_in("data")
    provider = Provider.objects.create(acronym="p", queue="p", name="P", version="1", instrument_id=1)
    assert page in data.get(address("learners/{ann}/")).text
    own = {"institution": home.institution, "learner_id": home.people["ann"].pk}
    Enrolment.objects.create(provider=provider, **own)
    opened = data.get(page)
    EnrolmentSample.objects.create(**own)
    changed = data.post(page, form_of(opened.text))
    assert (changed.status_code, Enrolment.objects.filter(**own).count()) == (412, 1)
    name = provider.instrument.name
    assert changed.context["goes"] == [(f"models of {name}", 1), ("samples", 1)]
    hold = LegalHold.objects.create(institution=home.institution, person_id=own["learner_id"], reason="A lawsuit.")
    kept = data.post(page, form_of(changed.text))
    assert (kept.status_code, bool(kept.context["problems"])) == (409, True)
    hold.delete()
    assert data.post(page, form_of(kept.text))["Location"] == address("learners/{ann}/")
    assert not Enrolment.objects.filter(**own).exists()
    assert not EnrolmentSample.objects.filter(**own).exists()
