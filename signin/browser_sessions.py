"""Django's database sessions, which look up only keys of the form that Django generates."""

import re

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

KEY = re.compile(r"[a-z0-9]{32}")


class SessionStore(DatabaseStore):
    def _validate_session_key(self, key) -> bool:
        """Clients can put any text into the cookie, and PostgreSQL answers some characters with an error."""
        return bool(key and KEY.fullmatch(key))
