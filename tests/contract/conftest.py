"""Callers of every kind."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from courses.models import AssessmentSession
from institutions.models import VLE, Credential, Provider
from signin import tokens
from signin.models import CallerSession
from tests.conftest import client_of
from tests.contract.filling import fill


def client_with(token: str, scheme: str = "JWT") -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"{scheme} {token}")
    return client


def client_of_session(**values) -> APIClient:
    session = CallerSession.objects.create(expires_at=timezone.now() + timedelta(hours=1), **values)
    return client_with(tokens.pair(session)["access_token"])


@pytest.fixture
def caller(world):
    """caller("admin"): a client of one of the world's people, of a module, of a learner's session, or of nobody."""

    vles = {
        "vle": lambda: world.home.vle,
        "revoked vle": lambda: world.home.vle,
        "sister vle": lambda: VLE.objects.get_or_create(institution=world.home.institution, name="Sister")[0],
        "away vle": lambda: world.away.vle,
    }

    def client(name: str) -> APIClient:
        if name == "anonymous":
            return APIClient()
        if name in vles:
            credential = Credential.objects.create(vle=vles[name](), secret_hash="x" * 64)
            client = client_of_session(kind="vle", credential=credential)
            if name == "revoked vle":
                Credential.objects.filter(pk=credential.pk).update(revoked_at=timezone.now())
            return client
        if name == "provider":
            provider = Provider.objects.create(name="P", acronym="p", version="1", queue="p", instrument_id=1)
            credential = Credential.objects.create(provider=provider, secret_hash="x" * 64)
            return client_of_session(kind="provider", credential=credential)
        if name == "session":
            session = AssessmentSession.objects.create(
                institution=world.home.institution, activity=world.home.activity, learner=world.home.learners["ann"]
            )
            ann = world.people["ann"]
            return client_of_session(
                kind="learner", user=ann, generation=ann.session_generation, assessment_session=session
            )
        person, _, kind = name.partition(" ")
        return client_of(world.people[person], kind or "person")

    return client


@pytest.fixture
def filled(world):
    """The world with three more rows of everything, so that every key has a value in one row and null in another."""
    fill(world, 3)
    return world
