"""Browsers, and people whom a VLE sent."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from institutions.models import VLE
from signin.models import Launcher
from tests.contract.conftest import client_of_session
from tests.pages.conftest import signed_in, visitor

__all__ = ["signed_in", "visitor"]


@pytest.fixture
def sent(world):
    """sent("ann"): a client of this person, whom the institution's VLE, or another one, has sent."""

    def client(name: str, vle: VLE | None = None):
        person = world.home.people[name]
        launcher = Launcher.objects.create(
            institution=world.home.institution, user=person, vle=vle or world.home.vle, token_hash=uuid4().hex,
            expires_at=timezone.now() + timedelta(minutes=5),
        )  # fmt: skip
        return client_of_session(kind="launched", user=person, generation=person.session_generation, launcher=launcher)

    return client
