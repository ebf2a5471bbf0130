"""Access: which role may do what on a resource, under which parents, on which rows."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.http import Http404
from rest_framework.permissions import BasePermission

from kernel.caller import NOBODY, PEOPLE, Caller, CallerKind, Role

READ = frozenset({"list", "retrieve"})
UPDATE = frozenset({"update", "partial_update"})
WRITE = UPDATE | {"create", "destroy"}
METHOD = {
    "list": "get", "retrieve": "get", "create": "post", "update": "put", "partial_update": "patch", "destroy": "delete",
}  # fmt: skip
Rule = Callable[..., Q]


@dataclass(frozen=True)
class Grant:
    actions: frozenset[str]
    parent: Rule | None  # applies only under these parents (courses I teach); None: under all
    rows: Rule | None  # sees only these rows (my own); None: all under the parent
    when: Callable[[Caller], bool] | None  # applies only while the institution's settings allow it
    sees: Rule | None  # of those parents sees only these (my own report), 404 under the others; None: all


def grant(
    *actions: frozenset[str] | str,
    parent: Rule | None = None,
    rows: Rule | None = None,
    when: Callable[[Caller], bool] | None = None,
    sees: Rule | None = None,
) -> Grant:
    flat = (frozenset({a}) if isinstance(a, str) else a for a in actions)
    return Grant(frozenset[str]().union(*flat), parent, rows, when, sees)


@dataclass(frozen=True)
class Root:
    """The first word of a tree's URLs: which callers it admits, with which roles, and whose rows are below it.

    `roles` and `tenant` take the caller and the first id of the URL (None on the root's own list). Callers without
    roles are answered 404 if `strangers_get_404`, else 403.
    """

    kinds: frozenset[CallerKind]
    roles: Callable[[Caller, int | None], Role]
    tenant: Callable[[Caller, int | None], int | None]
    strangers_get_404: bool = False
    id_is_tenant: bool = False
    drops_controls: bool = False  # cleans texts of control characters; elsewhere they are answered 400
    id_is_own: bool = True  # the first id names the root's row, which `roles` has checked; else any row, looked up
    table: str | None = None  # of the rows that the first id names, where it is always of one and the same table


def module(role: Role) -> Callable[[Caller, int | None], Role]:
    """A VLE or a provider has its role only below its own id."""
    return lambda caller, id: role if id == caller.id else NOBODY


def _capturing(caller: Caller, id: int | None) -> Role:
    """People have their roles in the institution, a VLE has its role in the institution that it belongs to."""
    if caller.kind is CallerKind.VLE:
        return Role.VLE if id == caller.institution_id else NOBODY
    return caller.roles_in(id)


ROOTS = {
    "institution": Root(
        PEOPLE,
        lambda caller, id: caller.roles_in(id),
        lambda caller, id: id,
        strangers_get_404=True,
        id_is_tenant=True,
        table="institutions.Institution",
    ),
    "vle": Root(
        frozenset({CallerKind.VLE}),
        module(Role.VLE),
        lambda caller, id: caller.institution_id,
        drops_controls=True,  # VLEs send texts that people have pasted, and would not show them the error
        table="institutions.VLE",
    ),
    "provider": Root(
        frozenset({CallerKind.PROVIDER}),
        module(Role.PROVIDER),
        lambda caller, id: None,
        drops_controls=True,  # a provider cannot mend what its libraries write into error messages
        table="institutions.Provider",
    ),
    "admin": Root(
        frozenset({CallerKind.GLOBAL_ADMIN}),
        lambda caller, id: caller.everywhere,
        lambda caller, id: None,
        id_is_own=False,
    ),
    "me": Root(  # the caller's own: `manage.py check` wants a rule about rows in every grant
        PEOPLE, lambda caller, id: caller.roles_in(None), lambda caller, id: caller.institution_id, id_is_own=False
    ),
    # The capture API, /lapi/v1/: there, too, the first id is the institution's.
    "lapi": Root(
        PEOPLE | {CallerKind.LEARNER_SESSION, CallerKind.VLE},
        _capturing,
        lambda caller, id: id,
        strangers_get_404=True,
        id_is_tenant=True,
        drops_controls=True,  # no one who sits an exam could mend the name of a file
        table="institutions.Institution",
    ),
}
# Programs have one role each: if no line of an access table has it, they are refused without a query.
_ROLES_OF_PROGRAMS = {CallerKind.VLE: Role.VLE, CallerKind.PROVIDER: Role.PROVIDER}


class DeclaredAccess(BasePermission):
    """Deny unless `access` grants: 401 anonymous, 403 kind not admitted or no grant, 404 no role or no such parent."""

    def has_permission(self, request, view) -> bool:
        if not request.user.is_authenticated:
            return False
        root, kind = ROOTS[view.root], request.user.kind
        role = _ROLES_OF_PROGRAMS.get(kind)
        if kind not in root.kinds or (role is not None and not any(role & who for who in view.access)):
            return False
        if not view.roles:
            if root.strangers_get_404:
                raise Http404
            return False
        view.enter()
        if request.method.lower() not in view.http_method_names or view.action in (None, "metadata"):
            return True  # DRF answers 405, or describes the resource
        return bool(view.grants)
