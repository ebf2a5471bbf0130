"""After each test of the folders that import this: reports are what `rebuild_reports` computes from scratch.

A test that stores what no service would says so with the mark `differs`, and why.
"""

from collections.abc import Iterator
from functools import cache

import pytest
from django.db import transaction

from pipeline.running import run_due
from reports.models import Alert, ReportSession, RequestProviderResult
from reports.services.rebuilding import Discrepancy, Scope, reports_rebuilt
from tests.conftest import kept
from tests.world import Kept

Place = tuple[str, str, str]


def _places(found: Discrepancy) -> Place:
    return found.table, str(found.key), found.column


@cache
def _told(world: Kept) -> frozenset[Place]:
    """What the world says of a report by hand."""
    with transaction.atomic():
        world.again()
        found = frozenset(map(_places, reports_rebuilt(Scope())))
        transaction.set_rollback(True)
    return found


def differences() -> list[Discrepancy]:
    """What `rebuild_reports` finds once all work is done. Nothing is computed when nothing was counted."""
    if not any(model._default_manager.exists() for model in (RequestProviderResult, Alert, ReportSession)):
        return []
    run_due()
    return [each for each in reports_rebuilt(Scope()) if _places(each) not in _told(kept())]


@pytest.fixture(autouse=True)
def _as_from_scratch(request: pytest.FixtureRequest) -> Iterator[None]:
    databases = [name for name in ("transactional_db", "db") if name in request.fixturenames]
    is_left_out = request.node.get_closest_marker("differs") is not None
    if is_left_out or not (databases or request.node.get_closest_marker("django_db")):
        yield
        return
    request.getfixturevalue("_django_db_helper")
    _told(kept())  # while it is not there
    yield
    if found := differences():
        pytest.fail("\n".join(["rebuild_reports finds:", *map(str, found)]), pytrace=False)
