"""The environment's variables. All are read here: a value that cannot be meant ends the process with one line.

An empty value counts as none. The line names the variable and never shows the value, which may be a secret.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from psycopg2 import ProgrammingError
from psycopg2.extensions import make_dsn

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
SQLITE, POSTGRES = "sqlite", {"postgres", "postgresql", "psql", "pgsql"}
SECRET_LENGTH = 32
BROKERS = ("amqps?", "rediss?")  # as patterns
_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
_NUMBERS = {"connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"}
_HOST = re.compile(r"\*|\.?[a-z0-9-]+(\.[a-z0-9-]+)*\.?|\[[0-9a-f:.]+\]", re.I)
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
_ORIGIN = re.compile(r"https?://[^\s/?#@]+")
_PATH = re.compile(r"(/[^\s/?#@]+)+/?")


def stop(line: str) -> NoReturn:
    """End the process: the line on standard error, and a code other than 0."""
    sys.exit(line)


def text(name: str, default: str = "", *, must_be: str = "", fits: Callable[[str], Any] = lambda value: True) -> str:
    """The variable's value without blanks at its ends, or the default. Ends the process unless it `fits`."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    if not value.isprintable():  # bytes that are no UTF-8 are not printable either
        stop(f"{name} must be one line of text.")
    try:
        fitting = fits(value)
    except ValueError:
        fitting = False
    return value if fitting else stop(f"{name} must be {must_be}.")


def required(name: str, meaning: str, default: str | None = None) -> str:
    """The variable's value; ends the process when it has none and there is no default."""
    return text(name, default or "") or stop(
        f"{name} is not set: {meaning}. See .env.example, or set DEMO=1 for a local start."
    )


def switch(name: str, default: bool) -> bool:
    word = text(name, "1" if default else "0", must_be="0 or 1", fits=lambda value: value.lower() in TRUE | FALSE)
    return word.lower() in TRUE


def number(name: str, default: int, lowest: int, highest: int) -> int:
    def fits(value: str) -> bool:
        return value.isascii() and value.isdigit() and len(value) <= 20 and lowest <= int(value) <= highest

    return int(text(name, str(default), must_be=f"a whole number from {lowest} to {highest}", fits=fits))


def entries(name: str, default: str = "", *, must_be: str, fits: Callable[[str], Any]) -> list[str]:
    """The values of a list that is separated by commas. Empty ones are left out."""
    value = text(name, default, must_be=must_be, fits=lambda value: all(fits(each) for each in split(value)))
    return split(value)


def split(value: str) -> list[str]:
    return [each.strip() for each in value.split(",") if each.strip()]


def address(name: str, default: str = "", *, example: str) -> str:
    """An address without query, and without a slash at its end."""
    return text(name, default, must_be=f"an address without query, such as {example}", fits=_is_address).rstrip("/")


def place(name: str, default: str) -> str:
    """An address without query, or a path at this service."""
    return text(
        name,
        default,
        must_be="an address without query, or a path at this service",
        fits=lambda value: _PATH.fullmatch(value) or _is_address(value),
    )


def file_name(name: str, default: str) -> str:
    """The name of a file in a folder of addresses, or its path from there."""
    return text(
        name,
        default,
        must_be="the name of a file in the folder WEB_PLUGIN_URL",
        fits=re.compile(r"\w[\w.-]*(/\w[\w.-]*)*", re.ASCII).fullmatch,
    )


def origins(name: str, *, patterns: bool = False) -> list[str]:
    """Origins of other hosts; with `patterns` also such as https://*.example.org."""
    return entries(
        name,
        must_be="origins such as https://dashboard.example.org, separated by commas",
        fits=lambda value: _ORIGIN.fullmatch(value) and _has_host(value) and (patterns or "*" not in value),
    )


def networks(name: str) -> list[str]:
    return entries(
        name,
        must_be="addresses or networks such as 10.0.0.0/8, separated by commas",
        fits=lambda value: ip_network(value, strict=False),
    )


def folder(name: str, default: Path) -> Path:
    """A folder, which need not be there yet."""
    return Path(
        text(
            name,
            str(default),
            must_be="a folder, or a place where this process may make one",
            fits=lambda value: Path(value).is_dir() or _can_be_made(Path(value)),
        )
    )


def spool_folder(name: str) -> str | None:
    """A folder that is there; None: the machine's own for temporary files."""
    return (
        text(
            name,
            must_be="a folder in which this process may write",
            fits=lambda value: _is_writable(Path(value)),
        )
        or None
    )


def bucket(name: str) -> str:
    return text(name, must_be="the name of a bucket", fits=lambda value: re.fullmatch(r"[A-Za-z0-9._-]{3,255}", value))


def region(name: str) -> str | None:
    return text(name, must_be="a region such as eu-west-1", fits=re.compile(r"[a-z0-9-]{1,64}").fullmatch) or None


def broker(name: str, *, own: bool = False) -> str:
    """The address of a message broker. The service's own is one of BROKERS, as it has to know how they behave."""
    scheme = f"({'|'.join(BROKERS)})" if own else "[a-z][a-z0-9+]*"
    return text(
        name,
        must_be="an address such as amqp://user:password@host:5672/vhost" + (" or redis://host:6379/0" if own else ""),
        fits=lambda value: re.fullmatch(rf"{scheme}://\S+", value) and _has_host(value),
    )


def mail(name: str, default: str) -> dict[str, Any]:
    """Django's settings of the mail server; without one, nothing."""
    value = text(
        name,
        default,
        must_be="an address such as smtp+tls://user:password@mail.example.org:587",
        fits=lambda value: (
            value == "consolemail://" or (re.fullmatch(r"smtp(\+tls|\+ssl)?://\S+", value) and _has_host(value))
        ),
    )
    return environ.Env.email_url_config(value) if value else {}


def sender(name: str, default: str) -> str:
    """An e-mail address, such as that of the mails' sender."""
    return text(
        name, default, must_be="an e-mail address", fits=lambda value: re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", value)
    )


def management(name: str) -> str:
    """The address of RabbitMQ's management API, with the account of an administrator."""

    def fits(value: str) -> bool:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.username and parts.password) and _has_host(value)

    return text(name, must_be="an address such as http://user:password@host:15672", fits=fits).rstrip("/")


def hand_on(name: str, value: object) -> None:
    """To a library that reads the variable itself, and knows neither an empty value nor a wrong one."""
    os.environ[name] = str(value)


def counted_in() -> str:
    """The folder in which the processes of the server count for /metrics; the server names it, and no operator."""
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")


def log_level(name: str, default: str) -> str:
    words = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    return text(
        name,
        default,
        must_be=f"one of {', '.join(words)}",
        fits=lambda value: value in words,
    )


def listening_host(name: str, default: str) -> str:
    """Where the server listens: a name or an address. One of IPv6 is answered in brackets."""
    value = text(
        name,
        default,
        must_be="the name or the address of an interface of this machine",
        fits=lambda value: _is_name(value) or ip_address(value.strip("[]")),
    )
    return f"[{value.strip('[]')}]" if ":" in value else value


def secret(name: str, meaning: str, default: str | None) -> str:
    value = required(name, meaning, default)
    if len(value) < SECRET_LENGTH:
        stop(f"{name} must be {SECRET_LENGTH} random characters or more.")
    return value


def key_ring(name: str, meaning: str, default: str | None) -> dict[str, str]:
    """{name: secret} of `name:secret,older:secret`."""
    pairs = [
        (key, secret) for key, _, secret in (each.partition(":") for each in split(required(name, meaning, default)))
    ]
    good = all(key.isascii() and key.isalnum() and len(secret) >= SECRET_LENGTH for key, secret in pairs)
    if not pairs or not good or len(dict(pairs)) < len(pairs):
        stop(
            f"{name} must be name:secret pairs, separated by commas; each name once, of letters and digits; secrets of "
            f"{SECRET_LENGTH} or more."
        )
    return dict(pairs)


def encryption_keys(name: str, meaning: str, default: str | None) -> list[str]:
    keys = split(required(name, meaning, default))
    if not keys or not all(_is_encryption_key(key) for key in keys):
        stop(f"{name} must be Fernet keys (32 bytes in URL-safe base64), separated by commas.")
    return keys


def signing_keys(name: str) -> list[str]:
    """Ed25519 keys; none: the trail derives its own."""
    keys = split(text(name))
    if not all(map(_is_encryption_key, keys)):
        stop(f"{name} must be Ed25519 private keys (32 bytes in URL-safe base64), separated by commas.")
    return keys


def new_file(name: str) -> str:
    """A file that is there, or can be made in its folder; empty: none."""
    return text(
        name,
        must_be="a file in a folder in which this process may write",
        fits=lambda value: Path(value).is_absolute() and _is_writable(Path(value).parent) and not Path(value).is_dir(),
    )


def hosts(name: str, meaning: str, default: str | None) -> list[str]:
    names = split(required(name, meaning, default))
    if not names or not all(_HOST.fullmatch(host) for host in names):
        stop(f"{name} must be host names without scheme and port, separated by commas.")
    return names


def database(name: str, meaning: str, default: str | None) -> dict[str, Any]:
    """Django's values for this address."""
    value = required(name, meaning, default)
    values: dict[str, Any] = {}
    try:
        parts = urlsplit(value)
        if parts.scheme == SQLITE or (parts.scheme in POSTGRES and parts.port != 0):
            values = environ.Env.db_url_config(value)  # would warn of other schemes, and show the password
    except (ValueError, KeyError):
        values = {}
    if values and not values["ENGINE"].endswith("sqlite3") and not _are_options(values.get("OPTIONS", {})):
        stop(f"{name} must be an address with options that PostgreSQL knows, such as ?sslmode=require.")
    if not values.get("NAME"):
        stop(f"{name} must be postgres://user:password@host:5432/name or sqlite:////absolute/path.")
    if (
        values["ENGINE"].endswith("sqlite3")
        and values["NAME"] != ":memory:"
        and not _is_writable(Path(values["NAME"]).parent)
    ):
        stop(f"{name} must be a file in a folder in which this process may write.")
    return values


def refuse_half(names: Iterable[str]) -> None:
    """Of these variables all have a value or none."""
    given = [bool(text(name)) for name in names]
    if any(given) and not all(given):
        stop(f"{' and '.join(names)} must be set together.")


def _are_options(options: dict[str, Any]) -> bool:
    """Whether libpq takes these options: it reads their values only when it connects."""
    try:
        make_dsn(**options)
    except (ProgrammingError, TypeError):
        return False
    numbers = (str(value).isdecimal() for key, value in options.items() if key in _NUMBERS)
    return options.get("sslmode", "prefer") in _SSL_MODES and all(numbers)


def _is_name(value: str) -> bool:
    """Of a host: letters, digits, dots and hyphens, with a letter in the last part, which no IPv4 address has."""
    return bool(re.fullmatch(r"[A-Za-z0-9.-]+", value) and re.search(r"[A-Za-z][A-Za-z0-9-]*\.?$", value))


def _can_be_made(folder: Path) -> bool:
    folder = folder.absolute()
    return _is_writable(next(part for part in (folder, *folder.parents) if part.exists()))


def _is_writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK)


def _is_encryption_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def _is_address(value: str) -> bool:
    return bool(_ADDRESS.fullmatch(value)) and _has_host(value)


def _has_host(value: str) -> bool:
    """Raises ValueError for a port that is none."""
    parts = urlsplit(value)
    return bool(parts.hostname) and parts.port != 0
