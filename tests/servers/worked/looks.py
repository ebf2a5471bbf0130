"""Functions that a helper process runs (see tests/servers/helper.py)."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from institutions.models import Instrument, Provider
from institutions.services import instruments
from pipeline.jobs import CONSUMERS, enqueue
from pipeline.models import Job
from pipeline.status import status
from tests.servers.databases import ROOT


def make_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE worked_note (note varchar(100) NOT NULL, pid integer NOT NULL)")


def notes(beginning: str = "") -> list[str]:
    """What was noted, in the order of the alphabet; ticks only when they are asked for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM worked_note ORDER BY note")
        rows = [note for (note,) in cursor.fetchall()]
    return [note for note in rows if note.startswith(beginning) and (note != "tick" or beginning)]


def jobs() -> list[dict[str, Any]]:
    return [*Job.objects.order_by("pk").values("name", "queue", "key", "tries", "error")]


def forget() -> None:
    """Nothing waits, nothing is noted."""
    Job.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM worked_note")


def ask(keys: list[str]) -> None:
    """From a process that tells nobody."""
    with transaction.atomic():
        enqueue("worked.note", keys)


def cut() -> int:
    """All other connections to this database end; answers how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]


def figures() -> dict[str, Any]:
    return dict(status(broker=settings.BROKER_URL))


def provider(acronym: str) -> dict[str, Any]:
    """A new provider: its queue, and its credentials."""
    instrument = Instrument.objects.get(acronym="fr")
    made, issued = instruments.provider_create(
        instrument=instrument, acronym=acronym, name=acronym, version="1", enabled=True, image="x"
    )
    return {"id": made.pk, "queue": made.queue, **issued}


def register(acronym: str) -> dict[str, str]:
    """A provider of this instrument, with the file of docs/providers.md: the credentials that the command prints.

    Those of other tests are asked no more.
    """
    Provider.objects.exclude(acronym__startswith="sdk_").update(enabled=False)
    shown = re.search(r"^    (\{\n.*?^    \})$", (ROOT / "docs" / "providers.md").read_text(), re.M | re.S)[1]
    described = json.loads(shown) | {"instrument": acronym, "acronym": f"sdk_{acronym}", "queue": f"sdk_{acronym}"}
    file, printed = Path(settings.VAR_DIR) / f"sdk_{acronym}.register.json", StringIO()
    file.write_text(json.dumps(described))
    with patch.dict(CONSUMERS, clear=True):  # which stand in for programs of others where there is no broker
        call_command("register_provider", str(file), stdout=printed)
    return json.loads(printed.getvalue())["credentials"]


def _provider(pk: int) -> Provider:
    return Provider.objects.get(pk=pk)


def rotate(pk: int, minutes: int) -> dict[str, str]:
    return instruments.provider_credentials_rotate(provider=_provider(pk), overlap_minutes=minutes)


def credentials_of(queue: str, minutes: int) -> dict[str, str]:
    """New ones of a provider that is at work, beside the old ones."""
    found = Provider.objects.get(queue=queue)
    return instruments.provider_credentials_rotate(provider=found, overlap_minutes=minutes)


def delete(pk: int) -> None:
    instruments.shared_delete(row=_provider(pk))
