"""Pytest plugin: the test database is copied from a migrated SQLite file (MIGRATED) instead of being migrated."""

import os
import sqlite3

from django.core.management.commands.migrate import Command
from django.db import connections


def _copy(self, *args, database: str, **options) -> None:
    connection = connections[database]
    connection.ensure_connection()
    migrated = sqlite3.connect(os.environ["MIGRATED"])
    migrated.backup(connection.connection)
    migrated.close()


Command.handle = _copy
