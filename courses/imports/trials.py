"""What a dry run would have written so far: a trial, which later rows take for stored."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from kernel.batches import batched


class Trial(Protocol):
    """Values by name."""

    def keep(self, values: Mapping[str, Any]) -> None:
        """Store the values, in place of older ones with the same names."""

    def kept(self, names: Iterable[str]) -> dict[str, Any]:
        """Those of these names that have a value, with it."""


class TrialFile:
    """A trial in a temporary file that only this process sees, so that memory is constant."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("CREATE TABLE kept (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")

    def keep(self, values: Mapping[str, Any]) -> None:
        rows = [(name, json.dumps(value)) for name, value in values.items()]
        self._database.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", rows)

    def kept(self, names: Iterable[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for part in batched(names):
            marks = ", ".join("?" * len(part))
            rows = self._database.execute(f"SELECT name, value FROM kept WHERE name IN ({marks})", part)  # noqa: S608
            found |= {name: json.loads(value) for name, value in rows}
        return found

    def close(self) -> None:
        self._database.close()
