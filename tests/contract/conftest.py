"""The world of this folder's tests, which stands once for all tests of a module, and callers of every kind."""

import pickle
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from courses.models import AssessmentSession
from institutions.api.trail import LineViewSet
from institutions.models import VLE, Credential, Provider
from signin import tokens
from signin.models import CallerSession
from tests.conftest import client_of, kept
from tests.contract.desk import DESK, NEXT_DESK, provider
from tests.contract.filling import fill
from tests.world import World

COMPARING = (
    "test_filters", "test_golden", "test_lists", "test_paths", "test_plans", "test_search", "test_spellings",
)  # fmt: skip


def client_with(token: str, scheme: str = "JWT") -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"{scheme} {token}")
    return client


def client_of_session(**values) -> APIClient:
    session = CallerSession.objects.create(expires_at=timezone.now() + timedelta(hours=1), **values)
    return client_with(tokens.pair(session)["access_token"])


def client_of_provider(row: Provider) -> APIClient:
    return client_of_session(kind="provider", credential=Credential.objects.create(provider=row, secret_hash="x" * 64))


@contextmanager
def undone() -> Iterator[None]:
    """What is written in here is taken back: many attempts from the same state in one test.

    As around a whole test, the code under test does not see this transaction: a refusal inside leaves it usable.
    """
    around: Any = transaction.atomic()
    around._from_testcase = True
    with around:
        yield
        transaction.set_rollback(True)


def written_to(queries: Iterable[dict[str, str]]) -> set[str]:
    """The tables that these statements have written to."""
    return {
        match[1]
        for query in queries
        for match in re.finditer(r'(?:INTO|UPDATE|FROM) "?(\w+)', query["sql"])
        if not query["sql"].startswith("SELECT")
    }


@pytest.fixture(autouse=True)
def _the_trail_stays_as_it_is(request, monkeypatch) -> None:
    """Reading the trail adds a line to it: not where readings are compared with one another."""
    if request.path.stem in COMPARING:
        monkeypatch.setattr(LineViewSet, "shows_people", False)


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker):
    """stage(prepare): the context in which a world stands whose rows `prepare(world)` has completed."""

    @contextmanager
    def standing(prepare: Callable[[World], None] = lambda world: None) -> Iterator[bytes]:
        with django_db_blocker.unblock(), transaction.atomic():
            world = kept().again()
            before = pickle.dumps(world)
            prepare(world)
            yield before
            transaction.set_rollback(True)

    return standing


@pytest.fixture(scope="module")
def standing(stage):
    """A module whose tests need more rows than the world's has a fixture `standing` of its own."""
    with stage() as world:
        yield world


@pytest.fixture
def world(standing, db) -> World:
    """As it stands for the module; what the test writes is rolled back (`db` is a savepoint in the module's rows)."""
    return pickle.loads(standing)


@pytest.fixture
def caller(world):
    """caller("admin"): a client of one of the world's people, of a module, of a learner's session, or of nobody."""

    def sister() -> VLE:
        return VLE.objects.get_or_create(institution=world.home.institution, name="Sister")[0]

    def namesake() -> VLE:
        key = world.people["ann"].pk
        return VLE.objects.get_or_create(pk=key, defaults={"institution": world.home.institution, "name": "N"})[0]

    vles = {
        "vle": lambda: world.home.vle,
        "revoked vle": lambda: world.home.vle,
        "sister vle": sister,
        "vle with ann's number": namesake,
        "away vle": lambda: world.away.vle,
    }

    def of_vle(name: str) -> APIClient:
        credential = Credential.objects.create(vle=vles[name](), secret_hash="x" * 64)
        client = client_of_session(kind="vle", credential=credential)
        if name == "revoked vle":
            Credential.objects.filter(pk=credential.pk).update(revoked_at=timezone.now())
        return client

    def of_provider() -> APIClient:
        return client_of_provider(
            Provider.objects.create(name="P", acronym="p", version="1", queue="p", instrument_id=1)
        )

    def of_learner(home, name: str, *, in_session: bool) -> APIClient:
        person, session = home.people[name], None
        if in_session:
            session = AssessmentSession.objects.create(
                institution=home.institution, activity=home.activity, learner=home.learners[name]
            )
        return client_of_session(
            kind="learner", user=person, generation=person.session_generation, assessment_session=session
        )

    def of_desk(name: str) -> APIClient:
        return client_of_provider(provider(name))

    def of_revoked_desk() -> APIClient:
        client = of_desk(DESK)
        Credential.objects.filter(provider__acronym=DESK).update(revoked_at=timezone.now())
        return client

    others = {
        "desk": lambda: of_desk(DESK),
        "next desk": lambda: of_desk(NEXT_DESK),
        "revoked desk": of_revoked_desk,
        "anonymous": APIClient,
        "provider": of_provider,
        "session": lambda: of_learner(world.home, "ann", in_session=True),
        "ann's session": lambda: of_learner(world.home, "ann", in_session=True),
        "ann's token": lambda: of_learner(world.home, "ann", in_session=False),
        "bob's token": lambda: of_learner(world.home, "bob", in_session=False),
        "away ann": lambda: client_of(world.away.people["ann"]),
        "away ann's token": lambda: of_learner(world.away, "ann", in_session=False),
    }

    def client(name: str) -> APIClient:
        if name in vles:
            return of_vle(name)
        if name in others:
            return others[name]()
        person, _, kind = name.partition(" ")
        return client_of(world.people[person], kind or "person")

    return client


@pytest.fixture
def filled(world):
    """The world with three more rows of everything, so that every key has a value in one row and null in another."""
    fill(world, 3)
    return world
