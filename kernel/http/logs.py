"""What is left out of the log."""

import logging


class BriefAboutClients(logging.Filter):
    """A request that Django refuses as suspicious is the client's fault: one line, no traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        return True
