"""/signin/ and /signout/"""

import pytest
from django.test import Client

from signin.api.auth import LoginSerializer
from signin.authentication import SESSION_KEY
from signin.forms import SignInForm
from signin.models import CallerSession
from signin.services.sessions import session_end
from tests.pages.conftest import sign_in
from tests.world import PASSWORD

LIST = "/api/v2/institution/"


def test_sign_in_opens_the_api_to_the_browser(world, visitor):
    answer = sign_in(visitor, "admin@home.example.org")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert visitor.get(LIST, {"format": "json"}).json()["count"] == 1


def test_email_is_found_ignoring_case(world, visitor):
    assert sign_in(visitor, "ADMIN@Home.Example.org").status_code == 302


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("admin@home.example.org", "wrong"),
        ("nobody@home.example.org", PASSWORD),
        ("home-admin", PASSWORD),  # a user name is no e-mail
    ],
)
def test_wrong_credentials_are_told_alike(world, visitor, email, password):
    answer = sign_in(visitor, email, password)
    assert answer.status_code == 401
    assert "No account with this e-mail and password may sign in." in answer.text
    assert SESSION_KEY not in visitor.session
    assert password not in answer.text


def test_person_without_login_allowed_cannot_sign_in(world, visitor):
    person = world.people["member"]
    type(person).objects.filter(pk=person.pk).update(login_allowed=False)
    assert sign_in(visitor, person.email).status_code == 401


@pytest.mark.parametrize("body", [{}, {"email": "", "password": ""}, {"email": "a\x00b", "password": "x"}])
def test_incomplete_form_is_shown_again(world, visitor, body):
    visitor.get("/signin/")
    token = visitor.cookies["csrftoken"].value
    answer = visitor.post("/signin/", body | {"csrfmiddlewaretoken": token})
    assert answer.status_code == 400
    assert CallerSession.objects.count() == 0


def test_lock_out_is_429_and_says_how_long(world, visitor, settings):
    settings.SIGN_IN_FAILURES = 2
    for _ in range(2):
        assert sign_in(visitor, "admin@home.example.org", "wrong").status_code == 401
    answer = sign_in(visitor, "admin@home.example.org")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 30
    assert f"Too many failed attempts. Try again in {answer['Retry-After']} seconds." in answer.text


def test_page_and_api_share_one_count(world, visitor, settings):
    settings.SIGN_IN_FAILURES = 1
    sign_in(visitor, "admin@home.example.org", "wrong")
    answer = Client().post("/api/v2/auth/login", {"email": "admin@home.example.org", "password": PASSWORD})
    assert answer.status_code == 429


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example.org/",
        "//evil.example.org/",
        "///evil.example.org",
        "/\\evil.example.org",
        "https:evil.example.org",
        "javascript:alert(1)",
        "http://testserver@evil.example.org/",
        "\thttps://evil.example.org",
    ],
)
def test_next_leads_to_no_other_host(world, visitor, elsewhere):
    assert sign_in(visitor, "admin@home.example.org", next=elsewhere)["Location"] == "/"
    assert 'name="next"' not in visitor.get("/signin/", {"next": elsewhere}).text


def test_next_leads_back(world, visitor):
    assert f'name="next" value="{LIST}"' in visitor.get("/signin/", {"next": LIST}).text
    assert sign_in(visitor, "admin@home.example.org", next=LIST)["Location"] == LIST


def test_sign_in_changes_the_key_of_the_cookie(world, visitor):
    visitor.session.save()
    sign_in(visitor, "admin@home.example.org")
    first = visitor.cookies["sessionid"].value
    sign_in(visitor, "admin@home.example.org")
    assert visitor.cookies["sessionid"].value != first


def test_a_session_key_set_by_somebody_else_is_not_signed_in(world, visitor):
    planted = visitor.session
    planted["planted"] = True
    planted.save()
    visitor.cookies["sessionid"] = planted.session_key
    sign_in(visitor, "admin@home.example.org")
    assert visitor.cookies["sessionid"].value != planted.session_key
    other = Client()
    other.cookies["sessionid"] = planted.session_key
    assert other.get(LIST).status_code == 401


def test_second_sign_in_ends_the_first_session(world, visitor):
    sign_in(visitor, "admin@home.example.org")
    first = visitor.session[SESSION_KEY]
    sign_in(visitor, "legal@home.example.org")
    assert CallerSession.objects.get(pk=first).ended_at is not None
    assert visitor.session[SESSION_KEY] != first


def test_browser_session_ends_with_the_callers(world, visitor):
    sign_in(visitor, "admin@home.example.org")
    opened = CallerSession.objects.get(pk=visitor.session[SESSION_KEY])
    assert visitor.session.get_expiry_date() == opened.expires_at


def test_sign_out_ends_both_sessions(signed_in):
    browser = signed_in("admin")
    session, cookie = browser.session[SESSION_KEY], browser.cookies["sessionid"].value
    answer = browser.post("/signout/", {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert CallerSession.objects.get(pk=session).ended_at is not None
    old = Client()
    old.cookies["sessionid"] = cookie
    assert old.get(LIST).status_code == 401


def test_sign_out_is_a_post_with_a_csrf_token(signed_in):
    browser = signed_in("admin")
    assert browser.get("/signout/").status_code == 405
    assert browser.post("/signout/").status_code == 403
    assert browser.get(LIST).status_code == 200


def test_form_without_csrf_token_is_refused_with_a_page(world, visitor):
    answer = visitor.post("/signin/", {"email": "admin@home.example.org", "password": PASSWORD})
    assert answer.status_code == 403
    assert answer["Content-Type"].startswith("text/html")
    assert CallerSession.objects.count() == 0


def test_start_page_says_who_is_signed_in(signed_in, visitor):
    assert "home-admin" in signed_in("admin").get("/").text
    assert "home-admin" not in visitor.get("/").text


def test_ended_session_is_signed_out_everywhere(signed_in):
    browser = signed_in("global")
    assert browser.get("/admin/").status_code == 200
    session_end(session_id=browser.session[SESSION_KEY])
    assert browser.get("/admin/").status_code == 302
    assert browser.get(LIST).status_code == 401
    assert "Sign out" not in browser.get("/").text


def test_admin_site_goes_through_the_one_sign_in_page(world, visitor):
    first = visitor.get("/admin/")
    second = visitor.get(first["Location"])
    assert second["Location"] == "/signin/?next=/admin/"
    assert sign_in(visitor, "root@example.org", next="/admin/")["Location"] == "/admin/"
    assert visitor.get("/admin/").status_code == 200


def test_admin_site_tells_others_that_it_is_not_for_them(signed_in):
    browser = signed_in("admin")
    answer = browser.get("/admin/", follow=True)
    assert [status for _, status in answer.redirect_chain] == [302]
    assert answer.status_code == 403
    assert "For global administrators only" in answer.text


def test_admin_site_signs_out_for_good(signed_in):
    browser = signed_in("global")
    session = browser.session[SESSION_KEY]
    token = str(browser.get("/admin/").context["csrf_token"])
    assert browser.post("/admin/logout/", {"csrfmiddlewaretoken": token}).status_code == 302
    assert CallerSession.objects.get(pk=session).ended_at is not None


def test_demo_notice_shows_only_in_a_demo(visitor, settings):
    assert "Demo" not in visitor.get("/").text
    settings.DEMO = True
    page = visitor.get("/").text
    assert "Demo data" in page
    assert ">Demonstration<" in visitor.get("/signin/").text  # as on every page
    assert "assword" not in page


def test_the_form_takes_what_the_api_takes(world):
    page, api = SignInForm().fields, LoginSerializer().fields
    assert {name: page[name].max_length for name in page} == {name: api[name].max_length for name in api}
