"""/health/live and /health/ready"""

import pytest
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from tesla_api.health import Health

BOTH = ("/health/live", "/health/live/", "/health/ready", "/health/ready/")


@pytest.mark.parametrize("path", BOTH)
def test_healthy(db, path):
    answer = Client().get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert not answer.cookies


@pytest.mark.parametrize("path", BOTH)
def test_any_host_name_is_answered(db, path):
    assert Client(headers={"host": "10.1.2.3"}).get(path).status_code == 200


def test_live_asks_no_database(django_assert_num_queries, db):
    with django_assert_num_queries(0):
        assert Client().get("/health/live").status_code == 200


def test_missing_migration_is_not_ready(db, caplog):
    MigrationRecorder.Migration.objects.filter(app="courses").delete()
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable", "failed": "migrations"})
    assert [record.name for record in caplog.records] == ["tesla_api.health"]


def test_unreachable_database_is_not_ready_and_says_no_more(monkeypatch, db):
    def refuse(self):
        raise OperationalError("password authentication failed for user tesla")

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", refuse)
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable", "failed": "database"})
    assert Client().get("/health/live").status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_only_reading(method):
    answer = getattr(Client(), method)("/health/live")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/health", "/health/", "/health/other", "/health/live/x"])
def test_other_paths_go_on_to_the_application(rf, path):
    assert Health(lambda request: "passed on")(rf.get(path)) == "passed on"
