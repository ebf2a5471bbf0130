"""Pytest plugin: the environment of a test run, before Django reads its settings. What is set already is kept."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tests-" * 4)
os.environ.setdefault("TOKEN_KEYS", "new1:" + "n" * 48 + ",old1:" + "o" * 48)
os.environ.setdefault("ENCRYPTION_KEYS", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,127.0.0.1,localhost")
os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")
if "VAR_DIR" not in os.environ:  # the processes of one run share what its first has made
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="tesla-tests-")
    atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)
os.environ.setdefault("TLS", "0")
os.environ["DEMO"] = "0"
# The server serves static files from a folder, even an empty one.
(Path(os.environ["VAR_DIR"]) / "static").mkdir(parents=True, exist_ok=True)
