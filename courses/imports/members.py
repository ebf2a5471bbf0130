"""Who is put into courses by imports: whoever is there stays, and is not written again."""

from collections.abc import Collection

from courses.models import Course
from courses.services.members import Membership, members_link
from kernel.batches import batched


def members_join(*, course: Course, membership: Membership, members: Collection[int]) -> int:
    """These people are in the course from now on: how many were not before."""
    rows = membership.links.objects.filter(course=course).values_list(f"{membership.column}_id", flat=True)
    there = {key for part in batched(members) for key in rows.filter(**{f"{membership.column}__in": part})}
    new = sorted({*members} - there)
    if new:
        members_link(course=course, membership=membership, members=[membership.role(pk=key) for key in new])
    return len(new)
