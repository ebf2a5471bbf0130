"""What every view of the tree has in common: who asks, with which grants below the root, and whose rows lie there."""

from functools import cached_property
from typing import Any, ClassVar, cast

from django.apps import apps
from django.http import Http404
from django.shortcuts import get_object_or_404

from kernel.access import ROOTS, Grant
from kernel.caller import Caller, Role
from kernel.seal import Sealed


# No docstring: the schema would show it as the description of every operation.
class Rooted(Sealed):
    root = "institution"
    root_kwarg: str | None = None  # the first id of the URL
    access: ClassVar[dict[Role, Grant]] = {}
    action: Any
    request: Any
    kwargs: dict[str, Any]
    _held: tuple[Grant, ...] | None = None  # what the caller holds under the parent of the URL; None until it is found

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

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What the caller holds here for the action at hand."""
        return tuple(g for g in self._held or () if self.action in g.actions)

    def _granted(self) -> list[Grant]:
        """What the caller's roles are granted below this root; where it holds, the rules about the parent say."""
        roles, caller = self.roles, self.caller
        return [g for who, g in self.access.items() if who & roles and (g.when is None or g.when(caller))]

    @staticmethod
    def _standing(grants: list[Grant], marked: tuple) -> list[Grant]:
        """Of these grants those that hold under the parent and see it; 404 when some hold there and none sees it."""
        holding = [(g, sees) for g, holds, sees in zip(grants, marked[::2], marked[1::2], strict=True) if holds]
        seeing = [g for g, sees in holding if sees]
        if holding and not seeing:
            raise Http404
        return seeing
