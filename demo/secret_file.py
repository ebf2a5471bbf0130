"""The secrets of the sample data, generated once and stored in var/demo.json, readable by their owner only."""

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from institutions.models import User


@dataclass
class DemoSecrets:
    """The content of the file. `proofs` has for each person's id a hash of the password and the stored password hash.

    With a valid proof the password need not be checked again, which is slow by design.
    """

    password: str = ""
    vle: dict[str, Any] = field(default_factory=dict)
    proofs: dict[str, str] = field(default_factory=dict)

    def is_proved(self, person: User) -> bool:
        return self.proofs.get(str(person.pk)) == self._digest(person)

    def prove(self, person: User) -> None:
        self.proofs[str(person.pk)] = self._digest(person)

    def _digest(self, person: User) -> str:
        return hashlib.sha256(f"{self.password}\n{person.password}".encode()).hexdigest()


def path() -> Path:
    return Path(settings.VAR_DIR) / "demo.json"


@contextmanager
def demo_secrets(password: str | None) -> Iterator[DemoSecrets]:
    """The stored secrets, to be changed in place and written at the end, unless there was an error.

    A lock lets only one process at a time do this.
    """
    folder = path().parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stored = _read()
        before = asdict(stored)
        if not stored.password:
            stored.password = f"demo-{secrets.token_hex(6)}"  # random, but short enough to be typed
            _write(stored)  # before it is used for any account
        # A given password is stored only after all accounts were set to it: validators may refuse it for one of them.
        stored.password = password or stored.password
        yield stored
        if asdict(stored) != before:
            _write(stored)


def _read() -> DemoSecrets:
    """The file's content, empty if it is missing or invalid. Its mode is always corrected."""
    try:
        path().chmod(0o600)
        content = json.loads(path().read_text())
        stored = DemoSecrets(**content)
    except (OSError, ValueError, TypeError):
        return DemoSecrets()
    is_valid = isinstance(stored.password, str) and isinstance(stored.vle, dict) and isinstance(stored.proofs, dict)
    return stored if is_valid else DemoSecrets()


def _write(stored: DemoSecrets) -> None:
    """Write the file atomically, and never readable by others."""
    handle, draft = tempfile.mkstemp(dir=path().parent, prefix="demo.", suffix=".json")  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(asdict(stored), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path())
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
