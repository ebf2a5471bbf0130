"""The declared tree of resources, found by a setting: the kernel imports no resource."""

from importlib import import_module
from types import ModuleType

from django.conf import settings


def declared_tree() -> ModuleType:
    """The module of the setting RESOURCE_TREE, with TREE, CALLS and PROCEDURES."""
    return import_module(settings.RESOURCE_TREE)
