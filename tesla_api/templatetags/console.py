"""Filters of the console's templates: values of the API as a person reads them. Instants are UTC, and say so."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString, mark_safe

from tesla_api.console import words

register = template.Library()

# One shape per kind, so that no colour is needed to tell them apart.
_SHAPES = {
    "pending": '<circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="3 2.5"/>',
    "none": '<path d="M3 8h10" stroke="currentColor" stroke-width="2.5"/>',
    "good": '<path d="M3 8.5l3.5 3.5L13 5" fill="none" stroke="currentColor" stroke-width="2.5"/>',
    "fair": '<path d="M8 2l6.5 12h-13z" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"/>',
    "bad": '<path d="M5.5 1.5h5l4 4v5l-4 4h-5l-4-4v-5z" fill="currentColor"/>',
}
LEVEL_KINDS = {0: "pending", 1: "none", 2: "good", 3: "fair", 4: "bad"}
NOTHING = "–"


def mark(kind: str) -> SafeString:
    shape = mark_safe(_SHAPES[kind])  # noqa: S308 - written above
    return format_html('<svg class="mark" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', shape)


def badge(kind: str, text: str) -> SafeString:
    return format_html('<span class="badge {}">{}{}</span>', kind, mark(kind), text)


@register.filter
def level(value: Any) -> SafeString:
    """A level of 0..4 as a badge: shape and word."""
    return badge(LEVEL_KINDS[int(value)], words.LEVEL_WORDS[int(value)])


@register.filter
def consent(status: str) -> SafeString:
    return badge(words.CONSENT_KINDS[status], words.CONSENT_WORDS[status])


def _instant(value: Any) -> datetime | None:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.astimezone(UTC) if value else None


def _written(value: Any, shape: str) -> SafeString | str:
    at = _instant(value)
    if at is None:
        return NOTHING
    return format_html('<time datetime="{}">{} {}</time>', at.isoformat(), at.day, at.strftime(shape))


@register.filter
def instant(value: Any) -> SafeString | str:
    """3 May 2026, 09:00 UTC."""
    return _written(value, "%b %Y, %H:%M UTC")


@register.filter
def day(value: Any) -> SafeString | str:
    """3 May 2026, by UTC."""
    return _written(value, "%b %Y")


@register.filter
def number(value: Any) -> str:
    """With separators of thousands."""
    return NOTHING if value is None else f"{value:,}"


@register.filter
def yes(value: Any) -> str:
    return "yes" if value else "no"


@register.filter
def shown(value: Any) -> str:
    return NOTHING if value in (None, "") else str(value)


@register.filter
def plain(html: str | None) -> str:
    """A description that a VLE wrote as HTML, as mere text."""
    return strip_tags(html or "").strip() or NOTHING


@register.filter
def person(row: dict[str, Any]) -> str:
    """Whatever a person can be called by, the full name first."""
    return f"{row.get('first_name') or ''} {row.get('last_name') or ''}".strip() or row.get("username") or row["uid"]


@register.filter
def flags(row: dict[str, Any]) -> str:
    return ", ".join(word for flag, word in words.FLAGS.items() if row.get(flag)) or NOTHING


@register.filter
def send_options(options: list[str]) -> str:
    return ", ".join(words.SEND_OPTIONS.get(option, option) for option in options) or NOTHING


@register.filter
def fact(code: str) -> str:
    return words.FACTS.get(code, code)


@register.filter
def lines(texts: list[str]) -> SafeString:
    return format_html_join("", "<li>{}</li>", ((text,) for text in texts))
