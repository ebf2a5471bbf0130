"""Browsers without a screen: Django's test client, with the checks that a browser meets."""

from importlib import import_module

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import Client

from institutions.models import User
from signin.views import browser_sign_in
from tests.world import PASSWORD

ACCEPT = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.fixture
def visitor(db) -> Client:
    return Client(enforce_csrf_checks=True, headers={"accept": ACCEPT})


def sign_in(client: Client, email: str, password: str = PASSWORD, **more):
    """Open the page, fill in the form, send it with the page's own CSRF token."""
    token = client.get("/signin/").context["csrf_token"]
    return client.post("/signin/", {"email": email, "password": password, "csrfmiddlewaretoken": str(token), **more})


def signed_in_client(client: Client, person: User) -> Client:
    """The client with the cookies that the sign-in page gives, without the page (tests/pages/test_signin.py)."""
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = "127.0.0.1"
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    browser_sign_in(request, person)
    request.session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key
    client.cookies[settings.CSRF_COOKIE_NAME] = request.META["CSRF_COOKIE"]
    return client


@pytest.fixture
def signed_in(world):
    """signed_in("admin"): a browser in which this person is signed in."""

    def browser(name: str) -> Client:
        client = Client(enforce_csrf_checks=True, headers={"accept": ACCEPT})
        return signed_in_client(client, User.objects.get(pk=world.people[name].pk))

    return browser
