"""LEGACY_DASHBOARD: 12.7 and 12.9 in the shapes for which dashboards in the field wait."""

from typing import Any

from django.conf import settings
from django.http import Http404

from institutions.models import User
from kernel.caller import Caller


def is_served(caller: Caller) -> bool:
    """Whatever the caller: the institution's dashboards are one kind. To be asked as a condition of a grant, too."""
    return settings.LEGACY_DASHBOARD


def enrolment(view) -> list[dict[str, Any]]:
    """12.7 as an array; an empty one of a member who is no learner, for that member and who may read all learners'."""
    try:
        return view.read_one(**view.looked_up)["enrolment_status"]
    except Http404:
        person = view.kwargs[view.lookup_url_kwarg]
        reads_all = any(grant.rows is None for grant in view.grants)
        member = User.objects.filter(pk=person, institution=view.tenant_id)
        if (person == view.caller.id or reads_all) and member.exists():
            return []
        raise
