"""With LEGACY_DASHBOARD: learner enrolment and consent in the shapes that older dashboards expect."""

from typing import Any

from django.conf import settings
from django.http import Http404

from institutions.models import User
from kernel.caller import Caller


def is_served(caller: Caller) -> bool:
    """Whether the old shapes are served, which does not depend on the caller. It can be the `when` of a grant."""
    return settings.LEGACY_DASHBOARD


def enrolment(view) -> list[dict[str, Any]]:
    """The enrolment as an array. For a member who is not a learner it is empty if the caller is that member or may
    read all learners, and 404 otherwise.
    """
    try:
        return view.read_one(**view.looked_up)["enrolment_status"]
    except Http404:
        person = view.kwargs[view.lookup_url_kwarg]
        reads_all = any(grant.rows is None for grant in view.grants)
        member = User.objects.filter(pk=person, institution=view.tenant_id)
        if (person == view.caller.id or reads_all) and member.exists():
            return []
        raise
