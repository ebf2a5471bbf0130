"""Adds people to courses for imports, without writing memberships that exist."""

from collections.abc import Collection

from courses.models import Adder, Course
from courses.services.members import AddedBy, Membership, members_link
from kernel.batches import batched


def members_join(*, course: Course, membership: Membership, members: Collection[int]) -> int:
    """Add these people to the course; returns how many were not in it before."""
    rows = membership.links.objects.filter(course=course).values_list(f"{membership.column}_id", flat=True)
    present = {key for part in batched(members) for key in rows.filter(**{f"{membership.column}__in": part})}
    new = sorted({*members} - present)
    if new:
        by = AddedBy(Adder.IMPORT)
        members_link(course=course, membership=membership, members=[membership.role(pk=key) for key in new], by=by)
    return len(new)
