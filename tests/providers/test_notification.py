"""Reminders that providers set themselves."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from institutions.models import Provider, ProviderNotification
from institutions.services.notifications import notifications_due
from pipeline.jobs import PERIODIC
from tests.providers.conftest import messages

WHEN = "2026-01-02T03:04:05.678901"
NOTIFY = "tesla_ce.tasks.notification.providers.provider_notify"


def test_it_is_made_read_and_deleted(face):
    answer = face.post("notification/", {"key": "k", "when": WHEN, "info": {"a": 1}})
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert (row["key"], row["when"], row["info"]) == ("k", "2026-01-02T03:04:05.678901Z", {"a": 1})
    path = f"notification/{row['id']}/"
    assert face.get(path).json() == row
    assert face.get("notification/").json()["results"] == [row]
    assert face.delete(path).status_code == 204
    assert face.get(path).status_code == face.delete(path).status_code == 404


def test_one_with_the_same_key_is_changed_and_infos_are_merged(face, other_face):
    first = face.post("notification/", {"key": "k", "when": WHEN, "info": {"a": 1, "b": {"x": 1}}}).json()
    theirs = other_face.post("notification/", {"key": "k", "when": WHEN}).json()
    later = "2027-01-01T00:00:00"
    second = face.post("notification/", {"key": "k", "when": later, "info": {"b": 2, "c": 3}})
    assert second.status_code == 201
    row = second.json()
    assert (row["id"], row["when"], row["info"]) == (first["id"], f"{later}Z", {"a": 1, "b": 2, "c": 3})
    again = face.post("notification/", {"key": "k", "when": later, "info": None})
    assert again.json()["info"] == row["info"]
    assert other_face.get(f"notification/{theirs['id']}/").json() == theirs
    assert face.get(f"notification/{theirs['id']}/").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": None}, "key"),
        ({"key": "x" * 251}, "key"),
        ({"when": "soon"}, "when"),
        ({"when": None}, "when"),
        ({"info": [1]}, "info"),
        ({"info": 3}, "info"),
    ],
)
def test_wrong_values_are_400(face, change, field):
    answer = face.post("notification/", {"key": "k", "when": WHEN, "info": {}} | change)
    assert (answer.status_code, [*answer.json()]) == (400, [field])
    assert not ProviderNotification.objects.exists()


def test_it_is_sent_once_when_its_time_has_come(face):
    now = timezone.now()
    due = face.post("notification/", {"key": "due", "when": (now - timedelta(seconds=5)).isoformat()}).json()
    later = face.post("notification/", {"key": "later", "when": (now + timedelta(hours=1)).isoformat()}).json()
    assert (notifications_due(), notifications_due()) == (1, 0)
    assert messages() == [("face", NOTIFY, [due["id"]])]
    face.post("notification/", {"key": "due", "when": due["when"], "info": {"a": 1}})  # again, for the same time
    assert notifications_due() == 0
    face.post("notification/", {"key": "due", "when": (now - timedelta(seconds=1)).isoformat()})
    face.post("notification/", {"key": "later", "when": (now - timedelta(seconds=1)).isoformat()})
    assert notifications_due() == 2
    assert [arguments for _, _, arguments in messages()] == [[due["id"]], [due["id"]], [later["id"]]]


def test_it_waits_while_its_provider_is_switched_off(face):
    face.post("notification/", {"key": "k", "when": WHEN})
    Provider.objects.filter(pk=face.row.pk).update(enabled=False)
    assert notifications_due() == 0
    Provider.objects.filter(pk=face.row.pk).update(enabled=True)
    assert notifications_due() == 1


def test_many_are_sent_in_parts(face, monkeypatch):
    monkeypatch.setattr("institutions.services.notifications.BATCH", 2)
    for n in range(5):
        ProviderNotification.objects.create(provider=face.row, key=str(n), when=datetime(2020, 1, 1, tzinfo=UTC))
    assert notifications_due() == len(messages()) == 5


def test_they_come_due_by_themselves(face):
    face.post("notification/", {"key": "k", "when": WHEN})
    PERIODIC["institutions.notifications"][0]()
    assert len(messages()) == 1
