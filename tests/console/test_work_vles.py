"""The console's pages that register, change and delete a VLE, and make new credentials for it."""

import pytest
from django.utils import timezone

from courses.models import Activity, AssessmentSession, Course, CourseInstructor, CourseLearner, GroupCourse
from institutions.models import VLE, Credential
from reports.models import Alert, Report, Request
from tests.console.conftest import form_of
from tests.pages.test_policy import assert_clean
from tests.world import rewritten
from trail.models import Line


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


def test_registered_with_its_secret_shown_once(admin, address, sent, world, client):
    answer = sent(admin, address("vles/new/"), {"name": "Second", "url": "https://second.example.org", "client_id": ""})
    vle = VLE.objects.get(name="Second")
    assert answer.status_code == 200
    assert_clean(answer)
    shown = {name: value for name, _, value, _ in answer.context["credentials"]}
    assert shown["api_url"].endswith("/api/v2")
    assert shown["key_set_url"] == "https://second.example.org/mod/lti/certs.php"
    login = client.post(
        "/api/v2/auth/approle",
        {"role_id": shown["role_id"], "secret_id": shown["secret_id"]},
        content_type="application/json",
    )
    assert login.status_code == 200
    assert shown["secret_id"] not in admin.get(address(f"vles/{vle.pk}/")).text
    assert (vle.client_id, vle.url) == (None, "https://second.example.org")
    assert [line.verb for line in Line.objects.filter(resource="institution/vle")] == ["create"]


def test_errors_of_the_api_stand_at_their_fields(admin, address, sent):
    answer = sent(admin, address("vles/new/"), {"name": "Moodle", "url": "https://moodle.example.org"})
    assert answer.status_code == 400
    assert answer.context["form"].errors.keys() == {"name"}
    answer = sent(admin, address("vles/new/"), {"name": "Third", "url": "javascript:alert(1)"})
    assert answer.status_code == 400
    assert answer.context["form"].errors.keys() == {"url"}
    assert 'aria-invalid="true"' in answer.text
    assert 'value="Third"' in answer.text
    assert VLE.objects.filter(name="Third").count() == 0
    answer = sent(admin, address("vles/new/"), {"name": "", "type": "7"})
    assert answer.context["form"].errors.keys() == {"name", "type"}


def test_change(admin, address, sent, world):
    answer = sent(admin, address("vles/{vle}/edit/"), {"name": "Renamed"})
    assert (answer.status_code, answer["Location"]) == (302, address("vles/{vle}/"))
    assert VLE.objects.get(pk=world.home.vle.pk).name == "Renamed"
    assert "The VLE was saved." in admin.get(answer["Location"]).text
    assert "The VLE was saved." not in admin.get(answer["Location"]).text


def test_what_was_changed_meanwhile_is_shown_and_what_was_typed_kept(admin, address, world):
    page = address("vles/{vle}/edit/")
    values = form_of(admin.get(page).text) | {"name": "Mine"}
    rewritten(VLE.objects.filter(pk=world.home.vle.pk), name="Theirs")
    answer = admin.post(page, values)
    assert answer.status_code == 412
    assert answer.context["differences"] == [("Name", "Mine", "Theirs")]
    assert 'value="Mine"' in answer.text
    assert VLE.objects.get(pk=world.home.vle.pk).name == "Theirs"
    assert admin.post(page, form_of(answer.text)).status_code == 302
    assert VLE.objects.get(pk=world.home.vle.pk).name == "Mine"


def test_a_form_without_a_state_changes_nothing(admin, address, world):
    page = address("vles/{vle}/edit/")
    values = form_of(admin.get(page).text) | {"name": "Mine"}
    del values["state"]
    assert admin.post(page, values).status_code == 412
    token = {"csrfmiddlewaretoken": values["csrfmiddlewaretoken"]}
    assert admin.post(address("vles/{vle}/delete/"), token).status_code == 412
    assert VLE.objects.get(pk=world.home.vle.pk).name == "Moodle"


def live(vle) -> list[Credential]:
    return list(Credential.objects.filter(vle=vle, revoked_at=None).order_by("pk"))


@pytest.mark.parametrize(("minutes", "lasts"), [("0", False), ("60", True)])
def test_new_credentials(minutes, lasts, admin, address, sent, world):
    sent(admin, address("vles/{vle}/credentials/"))
    first = live(world.home.vle)
    answer = sent(admin, address("vles/{vle}/credentials/"), {"overlap_minutes": minutes})
    assert answer.status_code == 200
    assert len(answer.context["credentials"]) == 5  # the VLE of the world has no LTI addresses
    assert (first[0] in live(world.home.vle)) is lasts
    assert len(live(world.home.vle)) == 1 + lasts


def test_sessions_are_closed_only_at_once(admin, address, sent, world):
    session = AssessmentSession.objects.create(
        institution=world.home.institution, activity=world.home.activity, learner_id=world.people["ann"].pk
    )
    both = {"overlap_minutes": "60", "close_sessions": "on"}
    answer = sent(admin, address("vles/{vle}/credentials/"), both)
    assert answer.status_code == 400
    assert answer.context["form"].errors.keys() == {"close_sessions"}
    assert not live(world.home.vle)
    assert sent(admin, address("vles/{vle}/credentials/"), {"close_sessions": "on"}).status_code == 200
    assert AssessmentSession.objects.get(pk=session.pk).closed_at <= timezone.now()


def test_deletion_says_what_goes_and_deletes_it(admin, address, sent, world):
    page = address("vles/{vle}/delete/")
    tables = (Course, CourseLearner, CourseInstructor, GroupCourse, Activity, AssessmentSession, Request, Alert, Report)
    before = [table.objects.count() for table in tables]
    told = admin.get(page).context["goes"]
    answer = sent(admin, page)
    assert (answer.status_code, answer["Location"]) == (302, address("vles/"))
    assert "The VLE was deleted." in admin.get(answer["Location"]).text
    gone = [many - table.objects.count() for many, table in zip(before, tables, strict=True)]
    assert [number for _, number in told] == [number for number in gone if number]
    assert not VLE.objects.filter(pk=world.home.vle.pk).exists()
    assert VLE.objects.filter(pk=world.away.vle.pk).exists()


def test_a_deletion_that_would_take_more_than_was_shown_is_shown_again(admin, address, world):
    page = address("vles/{vle}/delete/")
    values = form_of(admin.get(page).text)
    Course.objects.create(institution=world.home.institution, vle=world.home.vle, vle_course_id="c3", code="C3")
    answer = admin.post(page, values)
    assert answer.status_code == 412
    assert "Something has changed since this was shown." in answer.text
    assert VLE.objects.filter(pk=world.home.vle.pk).exists()
