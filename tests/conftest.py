"""Fixtures of all tests: the world (see world.py) and clients that hold real tokens."""

import io
import logging
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from django.utils.log import configure_logging
from pytest_django.plugin import blocking_manager_key
from rest_framework.test import APIClient

from files import quotas
from institutions.models import Credential
from signin import tokens
from signin.models import CallerSession
from tests import answers, guards, handlers, migrated
from tests.world import Kept, World


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    migrated.use_copy()


class FilesOfOneTest(FileSystemStorage):
    """Each test's files are in a folder of its own, which its first file makes."""

    tests = 0

    @property
    def location(self) -> str:
        return str(settings.VAR_DIR / "files" / f"{os.getpid()}-{FilesOfOneTest.tests}")

    base_location = location


@pytest.fixture(scope="session", autouse=True)
def _quick_settings() -> Iterator[None]:
    """Passwords hash fast, static files need no collecting."""
    changes = {
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "STORAGES": {
            "default": {"BACKEND": "tests.conftest.FilesOfOneTest"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    }
    with override_settings(**changes):
        yield


@pytest.fixture(scope="session", autouse=True)
def _emptied_tables() -> Iterator[None]:
    """A test with real transactions empties all tables behind it, the trail's among them."""
    with guards.lifted_for_flushes():
        yield


@pytest.fixture(scope="session", autouse=True)
def _described_answers() -> None:
    answers.watch()


@pytest.fixture(scope="session", autouse=True)
def _shared_middleware() -> None:
    handlers.share()


@pytest.fixture(autouse=True)
def _own_files() -> None:
    FilesOfOneTest.tests += 1
    quotas.forget()


@cache
def kept() -> Kept:
    return Kept()


@pytest.fixture
def world(db) -> World:
    return kept().again()


@pytest.fixture
def logged(monkeypatch):
    """What the service's own logging writes to standard error."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
    yield written.getvalue
    root.handlers[:], root.level = before


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """A test with real transactions empties all tables: what every installation has is installed again behind it."""
    result = yield
    mark = item.get_closest_marker("django_db")
    if nextitem and mark and mark.kwargs.get("transaction"):
        with item.config.stash[blocking_manager_key].unblock():
            migration = import_module("institutions.migrations.0002_instruments_messages_routes")
            migration.install(apps, connection.schema_editor())
        kept.cache_clear()  # what is installed now may have the keys of its rows
    return result


def token_of(person, kind: str = "person") -> str:
    """An access token of a new session of this person."""
    session = CallerSession.objects.create(
        kind=kind, user=person, generation=person.session_generation, expires_at=timezone.now() + timedelta(hours=1)
    )
    return tokens.pair(session)["access_token"]


def client_of(person, kind: str = "person") -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"JWT {token_of(person, kind)}")
    return client


def client_of_vle(vle) -> APIClient:
    credential = Credential.objects.create(vle=vle, secret_hash="x" * 64)
    session = CallerSession.objects.create(
        kind="vle", credential=credential, expires_at=timezone.now() + timedelta(hours=1)
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"JWT {tokens.pair(session)['access_token']}")
    return client


@pytest.fixture
def as_(world):
    """as_("admin"): a client signed in as one of the world's people, or as its VLE."""

    def signed_in(name: str, kind: str = "person") -> APIClient:
        return client_of_vle(world.home.vle) if name == "vle" else client_of(world.people[name], kind)

    return signed_in
