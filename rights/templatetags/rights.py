"""Template filters of the pages below /me/."""

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from institutions.services.html import html_cleaned
from kernel.domain import Invalid

register = template.Library()


@register.filter
def consent_text(html: str) -> SafeString:
    """The text of a consent, which was cleaned when it was stored, and is again: it is an institution's HTML."""
    try:
        return mark_safe(html_cleaned(html) or "")  # noqa: S308 - cleaned
    except Invalid:  # too large to be cleaned
        return escape(html)
