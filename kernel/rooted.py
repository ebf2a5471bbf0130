"""Base of every view of the tree: the caller, the caller's grants, and the institution below the root of the URL."""

from functools import cached_property
from typing import Any, ClassVar, cast

from django.apps import apps
from django.http import Http404
from django.shortcuts import get_object_or_404

from kernel.access import ROOTS, Grant
from kernel.caller import Caller, Role
from kernel.fast.once import once
from kernel.seal import Sealed
from kernel.serializers import BodySerializer, body_checked


def institution_numbered(key: int | None) -> Any:
    """404 when there is none."""
    return once(("institution", key), lambda: get_object_or_404(apps.get_model("institutions.Institution"), pk=key))


# No docstring: the schema would show it as the description of every operation.
class Rooted(Sealed):
    root = "institution"
    root_kwarg: str | None = None  # the first id of the URL
    access: ClassVar[dict[Role, Grant]] = {}
    action: Any
    request: Any
    kwargs: dict[str, Any]
    _entered_grants: tuple[Grant, ...] | None = None  # of the caller under the parent of the URL; None before `enter`

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
        """The institution whose rows are below the root of the URL; None where rows belong to no institution."""
        return ROOTS[self.root].tenant(self.caller, self.root_id)

    @cached_property
    def tenant(self):
        """That institution as a row: a member's own is in memory since authentication. 404 when there is none."""
        if self.caller.institution_id == self.tenant_id:
            return self.caller.institution
        return institution_numbered(self.tenant_id)

    @property
    def grants(self) -> tuple[Grant, ...]:
        """The caller's grants for the current action."""
        return tuple(g for g in self._entered_grants or () if self.action in g.actions)

    def body(self, serializer: type[BodySerializer]) -> dict[str, Any]:
        """The body of the request, checked."""
        return body_checked(serializer, self.request.data, {"view": self})

    def _grants_of_roles(self) -> list[Grant]:
        """The grants of the caller's roles below this root, before their rules about the parent are applied."""
        roles, caller = self.roles, self.caller
        return [g for who, g in self.access.items() if who & roles and (g.when is None or g.when(caller))]

    @staticmethod
    def _grants_at_parent(grants: list[Grant], marks: tuple) -> list[Grant]:
        """Those of these grants that apply under the parent and see it; 404 when some apply there but none sees it.

        `marks` are the values of `row_rules.marks`: for each grant whether it applies and whether it sees the parent.
        """
        holding = [(g, sees) for g, holds, sees in zip(grants, marks[::2], marks[1::2], strict=True) if holds]
        seeing = [g for g, sees in holding if sees]
        if holding and not seeing:
            raise Http404
        return seeing
