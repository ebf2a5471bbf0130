"""Where browser sessions are kept: Django's table, asked for keys only that it can have given out."""

import re

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

KEY = re.compile(r"[a-z0-9]{32}")


class SessionStore(DatabaseStore):
    def _validate_session_key(self, key) -> bool:
        """A cookie is the client's own text; PostgreSQL refuses some characters with an error."""
        return bool(key and KEY.fullmatch(key))
