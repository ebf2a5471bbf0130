"""A browser that is signed in as the world's global administrator, through the sign-in page."""

import pytest
from django.test import Client

from tests.world import PASSWORD


def browser_of(person) -> Client:
    client = Client()
    answer = client.post("/signin/", {"email": person.email, "password": PASSWORD, "next": "/admin/"})
    assert answer.status_code == 302
    return client


@pytest.fixture
def root(world) -> Client:
    return browser_of(world.people["global"])
