"""Addresses to which dashboards may send people back: the patterns of `Institution.allowed_domains`."""

import re

from django.core.exceptions import ValidationError

from kernel.text import validate_line

MOST_CHARACTERS = 2_000  # every answer with the institution contains them
# Dashboards leave the scheme out and compare the beginning; "*" stands for anything.
_PATTERN = re.compile(
    r"(?:https?://)?(?:\[[0-9a-f:.]+\]|[\w*.-]{1,253})(?::[0-9]{1,5})?(?:[/?#][^\s,\"'<>\\]*)?", re.IGNORECASE
)


def allowed_domains_checked(declared: str | None) -> str:
    """The text to store, "" for null. Raises ValidationError when a part is no pattern of addresses."""
    text = declared or ""
    if len(text) > MOST_CHARACTERS:
        raise ValidationError(f"At most {MOST_CHARACTERS} characters.", code="max_length")
    validate_line(text)
    for part in (part.strip() for part in text.split(",")):
        if part and not _PATTERN.fullmatch(part):
            raise ValidationError(
                "Enter hosts separated by commas, such as moodle.x.org, *.x.org:8443 or https://x.org/moodle.",
                code="pattern",
            )
    return text.strip()
