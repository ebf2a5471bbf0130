"""Keys for a local start (DEMO=1): generated once and stored in var/local.json, readable by their owner only."""

import json
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

NAMES = ("secret_key", "token_keys", "encryption_key")


def local_keys(directory: Path) -> dict[str, str]:
    """{"secret_key", "token_keys", "encryption_key"}: the stored ones, else new ones.

    Several processes may start at once: the first to link the file wins, the others read it.
    """
    path = directory / "local.json"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        keys = {
            "secret_key": secrets.token_urlsafe(50),
            "token_keys": f"local1:{secrets.token_urlsafe(48)}",
            "encryption_key": Fernet.generate_key().decode(),
        }
        draft = directory / f"local.{os.getpid()}.json"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(keys, file)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return _read(path)


def _read(path: Path) -> dict[str, str]:
    """Raises ValueError when the file has no keys."""
    keys = json.loads(path.read_text())
    if not isinstance(keys, dict) or not all(isinstance(keys.get(name), str) for name in NAMES):
        raise ValueError(f"{path} has no keys.")
    return keys
