"""What the frame of all pages shows."""

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def is_demonstration() -> bool:
    """Whether everything on this server is made up (DEMO=1)."""
    return settings.DEMO
