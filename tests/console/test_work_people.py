"""The console's pages that add, change and delete people, give and take roles, and send links to set a password."""

import pytest
from django.core import mail
from django.core.cache import cache

from courses.models import CourseLearner
from institutions.models import FormerUid, Instructor, User
from learners.models import Enrolment, EnrolmentSample, Learner, SENDLearner
from pipeline.running import run_due
from reports.models import Report, Request
from signin.services import passwords
from tests.console.conftest import form_of
from tests.pages.test_policy import assert_clean
from tests.world import PASSWORD, rewritten
from trail.models import Line


@pytest.fixture(autouse=True)
def nobody_was_sent_a_link():
    cache.clear()


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


NEW = {"first_name": "Zoë", "last_name": "Young", "uid": "zoe", "email": "zoe@home.example.org", "locale": "en"}


def test_added_with_roles_and_rights(admin, address, sent, world):
    more = {"learner": "on", "instructor": "on", "send_admin": "on", "login_allowed": "on"}
    answer = sent(admin, address("people/new/"), NEW | more)
    zoe = User.objects.get(institution=world.home.institution, uid="zoe")
    assert (answer.status_code, answer["Location"]) == (302, address(f"people/{zoe.pk}/"))
    assert zoe.username == zoe.email
    assert (zoe.first_name, zoe.send_admin, zoe.inst_admin, zoe.login_allowed) == ("Zoë", True, False, True)
    assert Learner.objects.filter(pk=zoe.pk).exists()
    assert Instructor.objects.filter(pk=zoe.pk).exists()
    page = admin.get(answer["Location"])
    assert "The person was added." in page.text
    assert_clean(page)


def test_added_whole_or_not_at_all(admin, address, sent, world):
    """A learner needs an e-mail address: without one the account is not made either."""
    before = User.objects.count(), Line.objects.count()
    answer = sent(admin, address("people/new/"), NEW | {"email": "", "learner": "on"})
    assert answer.status_code == 400
    assert answer.context["form"].errors.keys() == {"email"}
    assert 'value="Zoë"' in answer.text
    assert form_of(answer.text)["learner"] == ["on"]
    assert (User.objects.count(), Line.objects.count()) == before


def test_former_uids_are_shown_and_forgotten(admin, address, sent, world):
    ann = world.people["ann"]
    for uid in ("old-1", "old&2"):
        FormerUid.objects.create(institution=world.home.institution, person=ann, uid_key=uid)
    page = address("people/{ann}/former-uids/")
    shown = admin.get(address("people/{ann}/")).text
    assert "old-1, old&amp;2" in shown
    assert page in shown
    answer = sent(admin, page, {"uid": "old&2"})
    assert (answer.status_code, answer["Location"]) == (302, address("people/{ann}/"))
    assert [*ann.former_uids.values_list("uid_key", flat=True)] == ["old-1"]
    again = sent(admin, page, {"uid": "old&2"})
    assert (again.status_code, "This is no former uid of the person." in again.text) == (404, True)
    assert_clean(again)


def test_the_own_address_needs_the_present_password(admin, address, sent, world):
    """The form of others has no such field."""
    page, new = address("people/{admin}/edit/"), {"email": "new@home.example.org"}
    assert "current_password" not in admin.get(address("people/{ann}/edit/")).context["form"].fields
    answer = sent(admin, page, new)
    assert (answer.status_code, [*answer.context["form"].errors]) == (400, ["current_password"])
    assert sent(admin, page, new | {"current_password": PASSWORD}).status_code == 302
    assert User.objects.get(pk=world.people["admin"].pk).email == new["email"]


def test_errors_of_the_api_stand_at_their_fields(admin, address, sent):
    answer = sent(admin, address("people/new/"), NEW | {"uid": "ANN", "email": "nobody", "username": "a b"})
    assert answer.status_code == 400
    assert answer.context["form"].errors.keys() <= {"uid", "email", "username"}
    assert "email" in answer.context["form"].errors


def test_change(admin, address, sent, world):
    ann = world.people["ann"]
    answer = sent(admin, address("people/{ann}/edit/"), {"first_name": "Anna", "data_admin": "on"})
    assert (answer.status_code, answer["Location"]) == (302, address("people/{ann}/"))
    row = User.objects.get(pk=ann.pk)
    assert (row.first_name, row.last_name, row.email, row.data_admin) == ("Anna", "Home", ann.email, True)
    line = Line.objects.exclude(verb__in=("read", "sign-in")).get()
    assert (line.verb, line.resource, line.person_id) == ("update", "institution/user", ann.pk)


def test_last_administrator_stays(admin, address, sent, world):
    answer = sent(admin, address("people/{admin}/edit/"), {"inst_admin": []})
    assert answer.status_code == 409
    assert "last administrator" in answer.text
    assert User.objects.get(pk=world.people["admin"].pk).inst_admin
    assert sent(admin, address("people/{admin}/delete/")).status_code == 403


def test_data_administrator_corrects_what_may_be_corrected(signed_in, address, sent, world):
    data = signed_in("data")
    assert [*data.get(address("people/{ann}/edit/")).context["form"].fields] == ["first_name", "last_name", "locale"]
    answer = sent(data, address("people/{ann}/edit/"), {"last_name": "Homer", "email": "x@example.org"})
    assert answer.status_code == 302
    ann = User.objects.get(pk=world.people["ann"].pk)
    assert (ann.last_name, ann.email) == ("Homer", world.people["ann"].email)
    answer = sent(data, address("people/{legal}/edit/"), {"last_name": "Other"})
    assert answer.status_code == 403
    assert "Only an institution administrator may change a person who holds a flag." in answer.text


def test_roles_are_given_and_taken(admin, address, sent, world):
    ann = world.people["ann"].pk
    page = address("people/{ann}/")
    assert "Give<span" in admin.get(page).text
    answer = sent(admin, address("people/{ann}/roles/instructor/"))
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert Instructor.objects.filter(pk=ann).exists()
    tables = (CourseLearner, SENDLearner, EnrolmentSample, Enrolment, Request, Report)
    before = [table.objects.filter(learner=ann).count() for table in tables]
    told = dict(admin.get(address("people/{ann}/roles/learner/")).context["goes"])
    assert sum(told.values()) == sum(before) > 3
    assert sent(admin, address("people/{ann}/roles/learner/")).status_code == 302
    assert not Learner.objects.filter(pk=ann).exists()
    assert "no other role" in admin.get(address("people/{ann}/roles/instructor/")).text
    answer = sent(admin, address("people/{ann}/roles/instructor/"))
    assert answer["Location"] == address("people/")
    assert not User.objects.filter(pk=ann).exists()


def test_a_role_without_what_it_needs_is_refused(admin, address, sent, world):
    rewritten(User.objects.filter(pk=world.people["member"].pk), email=None)
    answer = sent(admin, address("people/{member}/roles/learner/"))
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert not Learner.objects.filter(pk=world.people["member"].pk).exists()


def test_what_was_shown_is_done_and_nothing_else(admin, address, world):
    """The page has offered to give the role; meanwhile the person has it: it is not taken away."""
    page = address("people/{ann}/roles/instructor/")
    values = form_of(admin.get(page).text)
    Instructor.objects.create(user_id=world.people["ann"].pk, institution=world.home.institution)
    assert admin.post(page, values).status_code == 412
    assert Instructor.objects.filter(pk=world.people["ann"].pk).exists()


def test_other_roles_are_not_there(admin, address):
    assert admin.get(address("people/{ann}/roles/user/")).status_code == 404


def test_deletion_says_what_goes(admin, address, sent, world):
    bob = world.people["bob"].pk
    assert ("courses attended", 1) in admin.get(address("people/{bob}/delete/")).context["goes"]
    answer = sent(admin, address("people/{bob}/delete/"))
    assert (answer.status_code, answer["Location"]) == (302, address("people/"))
    assert not User.objects.filter(pk=bob).exists()


def test_link_to_set_a_password(admin, address, sent, world, settings):
    settings.SENDS_MAIL = True
    page = address("people/{ann}/password/")
    assert f'href="{page}"' in admin.get(address("people/{ann}/")).text
    answer = sent(admin, page)
    assert (answer.status_code, answer["Location"]) == (302, address("people/{ann}/"))
    run_due()
    (sent_mail,) = mail.outbox
    assert sent_mail.to == [world.people["ann"].email]
    assert "/signin/new/" in sent_mail.body
    line = Line.objects.get(verb="password link")
    assert (line.resource, line.person_id, line.actor_id) == (
        "institution/user", world.people["ann"].pk, world.people["admin"].pk,
    )  # fmt: skip
    again = sent(admin, page)
    assert again.status_code == 409
    assert "less than a minute ago" in again.text


def test_a_link_that_could_not_be_stored_can_be_asked_for_again(world, monkeypatch):
    ids = {"institution_id": world.home.institution.pk, "person_id": world.people["ann"].pk}
    with monkeypatch.context() as patched:
        patched.delattr(passwords, "add")
        with pytest.raises(NameError):
            passwords.link_offered(**ids, service="https://service.example.org")
    passwords.link_offered(**ids, service="https://service.example.org")
    assert Line.objects.filter(verb="password link").count() == 1


def test_no_link_for_who_may_not_sign_in(admin, address, sent, world, settings):
    settings.SENDS_MAIL = True
    User.objects.filter(pk=world.people["bob"].pk).update(login_allowed=False)
    assert address("people/{bob}/password/") not in admin.get(address("people/{bob}/")).text
    assert sent(admin, address("people/{bob}/password/")).status_code == 409
    run_due()
    assert mail.outbox == []


def test_a_link_goes_to_the_address_that_was_shown(admin, address, world, settings):
    settings.SENDS_MAIL = True
    page = address("people/{ann}/password/")
    values = form_of(admin.get(page).text)
    rewritten(User.objects.filter(pk=world.people["ann"].pk), email="x@example.org")
    assert admin.post(page, values).status_code == 412


@pytest.mark.parametrize("who", ["global", "legal", "data", "send"])
def test_only_who_may_set_passwords_has_links_sent(who, signed_in, address, settings):
    settings.SENDS_MAIL = True
    browser, page = signed_in(who), address("people/{ann}/password/")
    assert page not in browser.get(address("people/{ann}/")).text
    assert browser.get(page).status_code == 403
    assert browser.post(page, headers={"X-CSRFToken": browser.cookies["csrftoken"].value}).status_code == 403


def test_without_mail_there_is_no_such_page(admin, address, settings):
    settings.SENDS_MAIL = False
    assert admin.get(address("people/{ann}/password/")).status_code == 404
    assert "sends no mail" in admin.get(address("people/{ann}/")).text


def test_pages_of_another_institution_are_not_there(admin, address, world, settings):
    settings.SENDS_MAIL = True
    for page in ("people/{ann}/password/", "people/{ann}/", "people/{ann}/delete/", "people/{ann}/roles/learner/"):
        away = address(f"{page}", home=world.away)
        assert admin.get(away).status_code == 404
        here = f"/console/{world.home.institution.pk}/{page}".format(ann=world.away.people["ann"].pk)
        assert admin.get(here).status_code == 404
