"""Which routes of a dashboard somebody may open, and what an institution blocks."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from institutions.models import Institution, UIOption
from kernel.domain import Invalid, Unknown
from kernel.writes import one_transaction, save_values

ROLES = ("ADMIN", "SEND", "LEGAL", "DATA", "INSTRUCTOR", "LEARNER", "GLOBAL_ADMIN")


def routes_of(*, roles: list[str], institution_id: int | None, user_id: int) -> list[str]:
    """Routes that a person may open, sorted: those that global rows open to the roles, less those that the institution
    blocks."""
    opened: set[str] = set()
    blocked: set[str] = set()
    rows = UIOption.objects.filter(Q(institution=None) | Q(institution=institution_id))
    for route, enabled, of_institution, named in rows.filter(Q(user=None) | Q(user=user_id)).values_list(
        "route", "enabled", "institution_id", "roles"
    ):
        if of_institution is not None:
            blocked |= set() if enabled else {route}
        elif enabled and (named is None or not {*named.split(",")}.isdisjoint(roles)):
            opened.add(route)
    return sorted(opened - blocked)


@one_transaction()
def ui_option_create(*, institution: Institution, route: str, **values: Any) -> UIOption:
    """An institution's row, for all of its people or for one; it blocks the route unless it is enabled."""
    _refuse_unknown_route(route)
    return UIOption.objects.create(institution=institution, route=route, **values)


@one_transaction()
def ui_option_update(*, option: UIOption, **values: Any) -> UIOption:
    stored = UIOption.objects.select_for_update().filter(pk=option.pk).first()
    if stored is None:
        raise Unknown("There is no such UI option any more.")
    if "route" in values:
        _refuse_unknown_route(values["route"])
    save_values(stored, values)
    return stored


def _refuse_unknown_route(route: str) -> None:
    """Only a route that has a global row can be blocked."""
    if not UIOption.objects.filter(route=route, institution=None).exists():
        raise Invalid(route="There is no such route.")


@one_transaction()
def global_option_create(*, route: str, enabled: bool = False, roles: str | None = None) -> UIOption:
    """A route for the dashboards of all institutions; these roles (None: all) may open it while it is enabled."""
    return UIOption.objects.create(route=route, enabled=enabled, roles=_roles_of(roles))


@one_transaction()
def global_option_update(*, option: UIOption, **values: Any) -> UIOption:
    stored = UIOption.objects.select_for_update().filter(pk=option.pk, institution=None).first()
    if stored is None:
        raise Unknown("There is no such UI option any more.")
    if "roles" in values:
        values["roles"] = _roles_of(values["roles"])
    save_values(stored, values)
    return stored


def _roles_of(text: str | None) -> str | None:
    try:
        return roles_checked(text)
    except ValidationError as error:
        raise Invalid(roles=error.messages[0]) from error


def roles_checked(text: str | None) -> str | None:
    """Comma-separated names of roles without blanks; null, which means everyone, when there are none."""
    named = [name.strip() for name in (text or "").split(",") if name.strip()]
    unknown = [name for name in named if name not in ROLES]
    if unknown:
        raise ValidationError(f"Not a role: {', '.join(unknown)}. Roles are {', '.join(ROLES)}.")
    return ",".join(named) or None
