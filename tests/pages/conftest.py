"""Browsers without a screen: Django's test client, with the checks that a browser meets."""

import pytest
from django.test import Client

from tests.world import PASSWORD

ACCEPT = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.fixture
def visitor(db) -> Client:
    return Client(enforce_csrf_checks=True, headers={"accept": ACCEPT})


def sign_in(client: Client, email: str, password: str = PASSWORD, **more):
    """Open the page, fill in the form, send it with the page's own CSRF token."""
    token = client.get("/signin/").context["csrf_token"]
    return client.post("/signin/", {"email": email, "password": password, "csrfmiddlewaretoken": str(token), **more})


@pytest.fixture
def signed_in(world):
    """signed_in("admin"): a browser whose person has signed in on the page."""

    def browser(name: str) -> Client:
        client = Client(enforce_csrf_checks=True, headers={"accept": ACCEPT})
        assert sign_in(client, world.people[name].email).status_code == 302
        return client

    return browser
