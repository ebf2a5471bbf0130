"""Which routes of a dashboard somebody may open."""

from django.db.models import Q

from institutions.models import UIOption


def routes_of(*, roles: list[str], institution_id: int | None, user_id: int) -> list[str]:
    """Routes that a person may open, sorted: those that global rows open to the roles, less those blocked at home."""
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
