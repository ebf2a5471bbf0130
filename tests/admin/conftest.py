"""A browser that is signed in as the world's global administrator."""

import pytest
from django.test import Client

from institutions.models import User
from tests.pages.conftest import signed_in_client


def browser_of(person) -> Client:
    return signed_in_client(Client(), User.objects.get(pk=person.pk))


@pytest.fixture
def root(world) -> Client:
    return browser_of(world.people["global"])
