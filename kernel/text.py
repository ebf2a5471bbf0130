"""What text may be: the validators that models, serializers and services share."""

import re
import unicodedata
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

LANGUAGE = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}\Z"
validate_language = RegexValidator(LANGUAGE, "Enter a language code such as en, ca or pt-BR.", code="language")
validate_queue_name = RegexValidator(r"^[A-Za-z0-9._-]+\Z", "Letters, digits, dots, dashes and underscores only.")
_DROPPED = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def without_controls(text: str) -> str:
    """Without what no text shows; tab and line ends stay, and so does NUL, which is never a slip."""
    return text if text.isprintable() else _DROPPED.sub("", text)


def validate_web_address(value: object) -> None:
    """An address that no browser takes for a script, a file or a path: http or https, and a host.

    Not what Django takes for one: VLEs are called http://moodle and http://my_moodle.x.org, and have blanks in paths.
    """
    validate_line(value)  # browsers leave control characters out: what is read here is what they read
    try:
        parts = urlsplit(str(value))
        is_address = str(value).lower().startswith(("http://", "https://")) and bool(parts.hostname)
    except ValueError:  # half of an IPv6 address
        is_address = False
    if not is_address or not parts.netloc.isprintable() or " " in parts.netloc:
        raise ValidationError("Enter an http or https address.", code="web_address")


def _refuse_controls(value: object, allowed: str) -> None:
    if str(value).isprintable():  # most texts are, and need not be looked at letter by letter
        return
    found = next((c for c in str(value) if unicodedata.category(c) in {"Cc", "Cs"} and c not in allowed), None)
    if found is not None:
        raise ValidationError(f"The control character U+{ord(found):04X} is not allowed.", code="control_character")


def validate_line(value: object) -> None:
    """One line of text: no control character at all."""
    _refuse_controls(value, "")


def validate_prose(value: object) -> None:
    """Text of several lines: of the control characters only tab and line ends."""
    _refuse_controls(value, "\t\n\r")
