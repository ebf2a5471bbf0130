"""The declared tree of resources and the words about it, found by settings: the kernel imports no resource."""

from importlib import import_module
from types import ModuleType

from django.conf import settings


def declared_tree() -> ModuleType:
    """The module of the setting RESOURCE_TREE, with TREE, CALLS and PROCEDURES."""
    return import_module(settings.RESOURCE_TREE)


def declared_reference() -> ModuleType:
    """The module of the setting API_REFERENCE, whose names are those of tesla_api/reference.py."""
    return import_module(settings.API_REFERENCE)
