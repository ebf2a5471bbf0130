"""Texts that models, serializers and services share: validators, and the forms in which texts are compared."""

import re
import unicodedata
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation.trans_real import parse_accept_lang_header

LANGUAGE = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}\Z"
validate_language = RegexValidator(LANGUAGE, "Enter a language code such as en, ca or pt-BR.", code="language")
validate_queue_name = RegexValidator(r"^[A-Za-z0-9._-]+\Z", "Letters, digits, dots, dashes and underscores only.")
# What keyboards and word processors write for one character, and letters that Unicode does not decompose.
ALIKE = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u02c8\u2032\u00b4\u1ffd\u0060\uff07", "'")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "\u0131": "i", "æ": "ae", "œ": "oe"}
)
_LANGUAGE_AT_BEGINNING = re.compile(r"[A-Za-z]{2,3}(?![A-Za-z0-9])")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROLS_IN_PROSE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_WORDS = re.compile(r'"([^"]+)"(?![^\s,])|([^\s,]+)')
_LINE_ENDS = re.compile(r"[\t\n\x0b\x0c\r\x85\u2028\u2029]+")
_E_MAIL = re.compile(r"[^\s<>(){}\[\]\"',;:/=]+@[^\s<>(){}\[\]\"',;:/]+")
_PSEUDONYM = re.compile(r"(?<=/)[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-fA-F])")
# PostgreSQL's errors end in the values that were refused, which may have line ends; what may follow them is known.
_VALUES = re.compile(
    r"^DETAIL:.*?(?=^(?:CONTEXT|HINT):|^The above |^During handling |^Traceback |\Z)", re.MULTILINE | re.DOTALL
)


def line_of(text: str) -> str:
    """The text as one line: tabs and line ends become one blank, other control characters are dropped."""
    return text if text.isprintable() else _CONTROLS.sub("", _LINE_ENDS.sub(" ", text))


def prose_of(text: str) -> str:
    """The text without control characters, except tab and line ends."""
    return text if text.isprintable() else _CONTROLS_IN_PROSE.sub("", text)


def unnamed(text: str) -> str:
    """A line of log, or an error, without whom it may name: no e-mail address, pseudonym of a path, or values."""
    text = _VALUES.sub("DETAIL: (values)\n", text) if "DETAIL:" in text else text
    text = _E_MAIL.sub("(e-mail)", text) if "@" in text else text
    return _PSEUDONYM.sub("(pseudonym)", text)


def moment_text(text: str) -> str:
    """An instant's text with its zone in the letter that Python reads: 2026-09-01T08:00:00z."""
    return f"{text[:-1]}Z" if text.endswith("z") else text


def language_in(value: object, longest: int = 10) -> str | None:
    """The language code in a text: "pt-BR" as it is, "ca" of "ca_valencia" and "sr" of "sr@latin"; None without one."""
    text = value.strip() if isinstance(value, str) else ""
    if len(text) <= longest and re.match(LANGUAGE, text):
        return text
    found = _LANGUAGE_AT_BEGINNING.match(text)
    return found and found[0]


def as_identifier(text: str) -> str:
    """The form in which identifiers are stored and compared: NFC, without format characters and blanks at the ends.

    Format characters (Unicode's category Cf, such as the soft hyphen and the zero-width joiner) cannot be seen.
    """
    if text.isascii():
        return text.strip()
    # A mark may combine with the letter before it once a format character between them is gone.
    return unicodedata.normalize("NFC", _without_formats(text)).strip()


def identifier_key(text: str) -> str:
    """The form in which uids and e-mail addresses are compared: as `as_identifier`, and without case."""
    if text.isascii():
        return text.strip().lower()
    return as_identifier(unicodedata.normalize("NFD", as_identifier(text)).casefold())


def search_form(text: str) -> str:
    """The form in which texts are searched: without case, accents and format characters, one blank between words.

    Typographic apostrophes and dashes are the plain ones of a keyboard.
    """
    if not text.isascii():
        folded = unicodedata.normalize("NFKD", _without_formats(text).translate(ALIKE)).casefold()
        folded = unicodedata.normalize("NFKD", folded).translate(ALIKE)
        text = unicodedata.normalize("NFC", "".join(c for c in folded if not unicodedata.combining(c)))
    return " ".join(text.translate(ALIKE).lower().split())


def search_words(text: str) -> list[str]:
    """What a search asks for: words between blanks and commas, and phrases in double quotes.

    Any other sign is searched, apostrophes too: in O'Neil D'Arcy they quote nothing.
    """
    return [phrase or word for phrase, word in _WORDS.findall(text)]


def _without_formats(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) != "Cf")


def validate_web_address(value: object) -> None:
    """An http or https address with a host, which no browser takes for a script, a file or a path.

    Django's URLValidator is too strict: VLEs are at http://moodle or http://my_moodle.x.org, and have blanks in paths.
    """
    validate_line(value)  # browsers ignore control characters, so they could read another address
    try:
        parts = urlsplit(str(value))
        is_address = str(value).lower().startswith(("http://", "https://")) and bool(parts.hostname)
    except ValueError:  # half of an IPv6 address
        is_address = False
    if not is_address or not parts.netloc.isprintable() or " " in parts.netloc:
        raise ValidationError("Enter an http or https address.", code="web_address")


def _refuse_controls(value: object, allowed: str) -> None:
    if str(value).isprintable():  # the usual case, without a loop over the characters
        return
    control = next((c for c in str(value) if unicodedata.category(c) in {"Cc", "Cs"} and c not in allowed), None)
    if control is not None:
        raise ValidationError(f"The control character U+{ord(control):04X} is not allowed.", code="control_character")


def validate_line(value: object) -> None:
    """One line of text: no control character at all."""
    _refuse_controls(value, "")


def validate_prose(value: object) -> None:
    """Text of several lines: of the control characters only tab and line ends."""
    _refuse_controls(value, "\t\n\r")


def accepted_languages(header: str) -> list[str]:
    """The codes of an Accept-Language header, most preferred first."""
    return [code for code, weight in parse_accept_lang_header(header) if weight > 0 and code != "*"]
