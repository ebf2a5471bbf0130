"""Filters of the browsable API's templates."""

import re
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from rest_framework.utils.urls import replace_query_param

register = template.Library()
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
_WEB_ADDRESS = re.compile(r"https?://[^\s\"\\<>]+\Z")


@register.filter
def highlighted(text: str) -> SafeString:
    """JSON as HTML with syntax highlighting and with web addresses as links."""
    parts, end = [], 0
    for token in _TOKEN.finditer(text):
        parts += [escape(text[end : token.start()]), _marked(token)]
        end = token.end()
    return mark_safe("".join([*parts, escape(text[end:])]))  # noqa: S308 - every part is escaped


def _marked(token: re.Match[str]) -> SafeString:
    string, colon, word = token.groups()
    if colon:
        return format_html('<span class="k">{}</span>{}', string, colon)
    if string and _WEB_ADDRESS.match(address := string[1:-1]):
        return format_html('"<a href="{}" rel="nofollow noopener noreferrer">{}</a>"', address, address)
    return format_html('<span class="{}">{}</span>', "s" if string else "w" if word else "n", string or token[0])


@register.filter
def with_code(text: SafeString) -> SafeString:
    """Text with names between backticks, as in docstrings, as code."""
    return mark_safe(re.sub(r"`([^`<>]+)`", r"<code>\1</code>", conditional_escape(text)))  # noqa: S308 - escaped


@register.filter
def cell(value: Any) -> str:
    """A value as the text of a table's cell."""
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case str() if re.match(r"\d{4}-\d\d-\d\dT", value):
            return value[:16].replace("T", " ")
    text = str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


@register.filter
def as_json(address: str) -> str:
    return replace_query_param(address, "format", "json")


@register.filter
def first_digit(number: int) -> str:
    return str(number)[0]


@register.filter
def words(text: str) -> list[str]:
    return text.split()


@register.filter
def upper_level(trail: list[tuple[str, str]]) -> str | None:
    """The address of the level above the page, without its query string."""
    return urlsplit(trail[-2][1]).path if len(trail) > 1 else None
