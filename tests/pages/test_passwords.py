"""/signin/forgotten/, the links by mail, and /signin/password/: passwords that people set themselves."""

import re

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from institutions.models import User
from pipeline.models import Job
from pipeline.running import run_due
from signin.models import CallerSession
from tests.pages.conftest import sign_in
from tests.world import PASSWORD

NEW = "a longer way home 7"
LINK = re.compile(r"https://trust\.example\.org(/signin/new/\S+)")


@pytest.fixture
def service(settings):
    settings.SENDS_MAIL, settings.PUBLIC_URL = True, "https://trust.example.org"
    return settings


def sent(client, path, **values):
    """The page's form with its own CSRF token."""
    token = client.get(path).context["csrf_token"]
    return client.post(path, values | {"csrfmiddlewaretoken": str(token)})


@pytest.fixture
def asked(world, visitor, service):
    """asked("a@b.org"): the links of the mail that the address gets."""

    def of(email, **more):
        mail.outbox.clear()
        answer = sent(visitor, "/signin/forgotten/", email=email, **more)
        assert (answer.status_code, "is on its way" in answer.text) == (200, True)
        run_due()
        assert [message.to for message in mail.outbox] in ([], [[email.lower()]])
        return LINK.findall(mail.outbox[0].body) if mail.outbox else []

    return of


def opened(visitor, link):
    """The page behind the link, whose address has no secret."""
    first = visitor.get(link)
    assert (first.status_code, first["Location"].endswith("/set-password/")) == (302, True)
    return first["Location"]


def test_link_sets_the_password_once_and_ends_every_session(world, visitor, signed_in, asked):
    browser = signed_in("admin")
    (link,) = asked("Admin@home.example.org")
    place = opened(visitor, link)
    assert sent(visitor, place, new_password1=NEW, new_password2=NEW)["Location"] == "/signin/?changed=1"
    assert "The password is set" in visitor.get("/signin/?changed=1").text
    assert browser.get("/console/").status_code == 302, "signed out"
    assert sign_in(visitor, "admin@home.example.org").status_code == 401
    assert sign_in(visitor, "admin@home.example.org", NEW).status_code == 302
    again = visitor.get(link)
    assert "has been used, or is too old" in again.text


def test_first_password_of_who_may_sign_in_and_has_none(world, visitor, asked):
    person = world.people["member"]
    person.set_unusable_password()
    person.save()
    (link,) = asked(person.email)
    sent(visitor, opened(visitor, link), new_password1=NEW, new_password2=NEW)
    assert sign_in(visitor, person.email, NEW).status_code == 302


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ("short", "short", "too short"),
        (NEW, f"{NEW}8", "match"),
        ("admin@home.example", "admin@home.example", "similar"),
    ],
)
def test_password_that_is_refused_is_told_and_changes_nothing(first, second, text, world, visitor, asked):
    place = opened(visitor, asked("admin@home.example.org")[0])
    answer = sent(visitor, place, new_password1=first, new_password2=second)
    assert (answer.status_code, text in answer.text) == (400, True)
    assert sign_in(visitor, "admin@home.example.org").status_code == 302


@pytest.mark.parametrize("change", [{"login_allowed": False}, {"is_active": False}])
def test_who_may_not_sign_in_gets_no_link_and_an_old_one_is_dead(change, world, visitor, asked):
    person = world.people["member"]
    (link,) = asked(person.email)
    User.objects.filter(pk=person.pk).update(**change)
    assert asked(person.email) == []
    assert "has been used, or is too old" in visitor.get(link).text


def test_account_of_nobody_costs_the_same_and_is_answered_alike(world, visitor, service):
    def asks(email):
        token = visitor.get("/signin/forgotten/").context["csrf_token"]
        with CaptureQueriesContext(connection) as captured:
            answer = visitor.post("/signin/forgotten/", {"email": email, "csrfmiddlewaretoken": str(token)})
        assert not any(email in str(row) for row in Job.objects.values_list("key", "arguments"))
        return answer.status_code, answer.text, len(captured)

    assert asks("nobody@home.example.org") == asks("admin@home.example.org")
    assert Job.objects.count() == 2


def test_one_address_in_two_universities_gets_both_links_or_the_chosen_one(world, asked):
    other = world.away.people["admin"]
    other.email = "admin@home.example.org"
    other.save()
    links = asked("admin@home.example.org")
    body = mail.outbox[0].body
    assert len(links) == 2
    for home in (world.home, world.away):
        assert home.institution.name in body
    assert len(asked("admin@home.example.org", institution=world.away.institution.acronym)) == 1
    assert world.home.institution.name not in mail.outbox[0].body
    assert asked("admin@home.example.org", institution="unknown") == []


def test_requests_for_one_address_are_counted(world, visitor, service):
    for _ in range(5):
        assert sent(visitor, "/signin/forgotten/", email="admin@home.example.org").status_code == 200
    answer = sent(visitor, "/signin/forgotten/", email="admin@home.example.org")
    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (429, True)
    assert Job.objects.count() == 5
    assert sign_in(visitor, "admin@home.example.org").status_code == 302, "sign-in is not locked by it"


def test_without_mail_there_is_no_such_page(visitor):
    assert visitor.get("/signin/forgotten/").status_code == 404
    assert "/signin/forgotten/" not in visitor.get("/signin/").text


def test_links_lead_to_the_own_address_where_no_other_is_set(world, visitor, service):
    service.PUBLIC_URL = ""
    sent(visitor, "/signin/forgotten/", email="admin@home.example.org")
    assert Job.objects.get().arguments[0] == "http://testserver/"


def test_wrong_address_is_told(visitor, service):
    answer = sent(visitor, "/signin/forgotten/", email="nobody")
    assert (answer.status_code, "valid email" in answer.text) == (400, True)


def test_own_password_needs_the_present_one_and_this_session_goes_on(world, signed_in):
    here, elsewhere = signed_in("admin"), signed_in("admin")
    values = {"new_password1": NEW, "new_password2": NEW}
    assert '<a class="name" href="/signin/password/"' in here.get("/console/", follow=True).text
    wrong = sent(here, "/signin/password/", current_password="wrong", **values)
    assert (wrong.status_code, "not the present password" in wrong.text) == (400, True)
    assert elsewhere.get("/console/", follow=True).status_code == 200
    done = sent(here, "/signin/password/", current_password=PASSWORD, **values)
    assert (done.status_code, "Your password is changed" in done.text) == (200, True)
    assert here.get("/console/").status_code == 302
    assert here.get("/console/", follow=True).status_code == 200
    assert elsewhere.get("/console/", follow=True).redirect_chain[-1][0].startswith("/signin/")
    assert CallerSession.objects.filter(user=world.people["admin"].pk).count() >= 2
    assert User.objects.get(pk=world.people["admin"].pk).check_password(NEW)


def test_guesses_of_the_present_password_are_counted(world, signed_in, settings):
    settings.SIGN_IN_FAILURES = 2
    here = signed_in("admin")
    values = {"current_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    assert [sent(here, "/signin/password/", **values).status_code for _ in range(3)] == [400, 400, 429]


def test_whoever_is_not_signed_in_is_sent_there(visitor):
    assert visitor.get("/signin/password/")["Location"] == "/signin/?next=/signin/password/"


def test_link_ends(visitor, asked, service):
    (link,) = asked("admin@home.example.org")
    service.PASSWORD_RESET_TIMEOUT = -1
    assert "is too old" in visitor.get(link).text
