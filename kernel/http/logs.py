"""What is left out of the log."""

import logging

from kernel.text import unnamed


class Unnamed(logging.Formatter):
    """Lines and tracebacks without those whom errors name: logs are copied elsewhere, and outlive accounts."""

    def format(self, record: logging.LogRecord) -> str:
        return unnamed(super().format(record))


class BriefAboutClients(logging.Filter):
    """A request that Django refuses as suspicious is the client's fault: one line, no traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        return True
