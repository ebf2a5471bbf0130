"""The secrets of the sample data: made once, kept in var/demo.json, readable by their owner only."""

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
class Kept:
    """What the file says. `proofs`: by person's id, a hash of the password and of the stored hash that it fitted.

    With a proof that still holds, nobody has to spend the time that checking a password takes by design.
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


def place() -> Path:
    return Path(settings.VAR_DIR) / "demo.json"


@contextmanager
def kept_secrets(password: str | None) -> Iterator[Kept]:
    """What is kept, to be changed in place; written when all went well. One process at a time."""
    folder = place().parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = _read()
        before = asdict(kept)
        if not kept.password:
            kept.password = f"demo-{secrets.token_hex(6)}"  # hard to guess, yet it can be typed
            _write(kept)  # before any account has it
        # A given one is only kept when every account has taken it: the rules for passwords know names and e-mails.
        kept.password = password or kept.password
        yield kept
        if asdict(kept) != before:
            _write(kept)


def _read() -> Kept:
    """The file's content; what is no such file counts as none. Its mode is set right in any case."""
    try:
        place().chmod(0o600)
        found = json.loads(place().read_text())
        kept = Kept(**found)
    except (OSError, ValueError, TypeError):
        return Kept()
    sound = isinstance(kept.password, str) and isinstance(kept.vle, dict) and isinstance(kept.proofs, dict)
    return kept if sound else Kept()


def _write(kept: Kept) -> None:
    """All or nothing, and never readable by others."""
    handle, draft = tempfile.mkstemp(dir=place().parent, prefix="demo.", suffix=".json")  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(asdict(kept), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(place())
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
