"""Procedures: views at addresses that are neither a row nor a list of rows, below a root or another row."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from rest_framework.exceptions import PermissionDenied
from rest_framework.views import APIView

from kernel.access import ROOTS, Grant
from kernel.rooted import Rooted
from kernel.row_rules import marks
from kernel.scope import Scope
from kernel.seal import VERBS
from kernel.tenancy import misled_paths

DECLARATIONS = VERBS - {"head", "options", "trace"} | {
    "root", "root_kwarg", "access",
    "row_scope", "read_row", "parser_classes", "renderer_classes", "handle_exception",
}  # fmt: skip


def marked(scope: Scope, ids: Mapping[str, Any], grants: Iterable[Grant], caller: Any) -> QuerySet:
    """The rows of these ids of the URL, with the results of each grant's rules (`marks`) as mark_0, mark_1, ..."""
    columns = {f"mark_{n}": mark for n, mark in enumerate(marks(scope.model, grants, caller))}
    return scope.parents(ids).annotate(**columns)


# Subclasses declare root and access, whose actions are verbs, and answer get() or post(). Who may call is decided as
# for resources, in the same order. No docstring: the schema would show it as the description of every operation.
class ProcedureView(Rooted, APIView):
    declarations = DECLARATIONS
    row_scope: ClassVar[Scope | None] = None  # which row the ids of the URL name; None: the root's own
    row: Any = None
    action_map = {"post": "post"}  # used by the browsable API
    action: str | None = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        granted = frozenset[str]().union(*(g.actions for g in cls.access.values()))
        if unknown := sorted(verb for verb in granted if verb not in VERBS or not hasattr(cls, verb)):
            raise TypeError(f"{cls.__name__}.access grants {unknown}, which it does not answer")
        if any(g.rows or (cls.row_scope is None and (g.parent or g.sees)) for g in cls.access.values()):
            raise TypeError(f"{cls.__name__}.access has rules about rows that its URL does not name")
        scope = cls.row_scope
        if scope and (scope.root_kwarg != cls.root_kwarg or misled_paths(scope, None, ROOTS[cls.root].table)):
            raise TypeError(f"{cls.__name__}.row_scope does not end in {cls.root_kwarg}, whose row the root names")
        cls.http_method_names = sorted({"options"} | granted | ({"head"} if "get" in granted else set()))

    @property
    def root_id(self) -> int | None:
        """A URL that calls it otherwise fails: roles would be asked of no root at all, which is every one."""
        return self.kwargs[self.root_kwarg] if self.root_kwarg else None

    def initialize_request(self, request, *args, **kwargs):
        verb = "get" if request.method == "HEAD" else request.method.lower()
        self.action = None if verb == "options" else verb
        return super().initialize_request(request, *args, **kwargs)

    def enter(self) -> None:
        """Set the row of the URL and the grants that apply to it: 404 without the row, 403 without a grant.

        The root's own row is checked by the caller's roles instead.
        """
        grants = self._grants_of_roles()
        if self.row_scope is not None:
            self.row = self._row(self.row_scope, grants)
            grants = self._grants_at_parent(
                grants, tuple(getattr(self.row, f"mark_{n}") for n in range(2 * len(grants)))
            )
            if not grants:
                raise PermissionDenied
        self._entered_grants = tuple(grants)

    def _row(self, scope: Scope, grants: list[Grant]) -> Any:
        """The row of the URL with the results of each grant's rules: one statement."""
        try:
            row = self.read_row(scope, grants)
        except (ValidationError, ValueError) as error:  # not the form of such an id
            raise Http404 from error
        if row is None:
            raise Http404
        return row

    def read_row(self, scope: Scope, grants: list[Grant]) -> Any:
        """Hook: the only row of `marked`, or None; may select related rows."""
        return marked(scope, self.kwargs, grants, self.caller).first()
