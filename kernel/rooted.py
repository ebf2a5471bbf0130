"""What every view of the tree has in common: who asks, with which roles below the root, and whose rows lie there."""

from functools import cached_property
from typing import Any, cast

from django.apps import apps
from django.shortcuts import get_object_or_404

from kernel.access import ROOTS
from kernel.caller import Caller, Role


# No docstring: the schema would show it as the description of every operation.
class Rooted:
    root = "institution"
    root_kwarg: str | None = None  # the first id of the URL
    request: Any
    kwargs: dict[str, Any]

    @property
    def caller(self) -> Caller:
        return cast("Caller", self.request.user)

    @property
    def root_id(self) -> int | None:
        return self.kwargs.get(self.root_kwarg) if self.root_kwarg else None

    @property
    def roles(self) -> Role:
        """The caller's roles below the root of the URL."""
        return ROOTS[self.root].roles(self.caller, self.root_id)

    @property
    def tenant_id(self) -> int | None:
        """The institution whose rows lie below the root of the URL; None where rows are of no institution."""
        return ROOTS[self.root].tenant(self.caller, self.root_id)

    @cached_property
    def tenant(self):
        """That institution as a row: a member's own is in memory since authentication. 404 when there is none."""
        if self.caller.institution_id == self.tenant_id:
            return self.caller.institution
        return get_object_or_404(apps.get_model("institutions.Institution"), pk=self.tenant_id)
