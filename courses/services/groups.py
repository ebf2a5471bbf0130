"""Groups of courses: a tree per institution, of any depth.

Whoever makes, moves or deletes a group locks the institution first and the group second: two moves at once make no
cycle together, and nothing is put below a group that is being deleted.
"""

from typing import Any

from django.db import IntegrityError, transaction

from courses.models import Course, CourseGroup, GroupCourse
from institutions.models import Institution
from kernel.batches import batched
from kernel.constraints import TAKEN
from kernel.domain import Invalid, Unknown
from kernel.locks import Lock, locked_rows
from kernel.writes import inserted, one_transaction, save_values

Tree = dict[int, int | None]  # group -> the one above it


@one_transaction()
def group_create(*, institution: Institution, parent: CourseGroup | None = None, **values: Any) -> CourseGroup:
    """A group below `parent`, or a root."""
    tree_locked(institution_id=institution.pk)
    if parent is not None:
        _refuse_unknown_parent(parent, institution.pk)
    return CourseGroup.objects.create(institution=institution, parent=parent, **values)


@one_transaction()
def group_update(*, group: CourseGroup, is_locked: bool = False, **values: Any) -> CourseGroup:
    """New `name`, `description` or `parent` (None makes it a root). The groups below it move with it.

    `is_locked`: the tree and the group were locked in this transaction before `group` was read.
    """
    if not is_locked:
        tree_locked(institution_id=group.institution_id)
        group = _group_locked(group)
    parent = values.get("parent")
    if parent is not None and parent.pk != group.parent_id:
        _refuse_unknown_parent(parent, group.institution_id)
        _refuse_cycle(group, parent)
    save_values(group, values)
    return group


@one_transaction()
def group_delete(*, group: CourseGroup, is_locked: bool = False) -> None:
    """Delete the group and all groups below it. The courses stay. `is_locked`: the tree is locked already."""
    if not is_locked:
        tree_locked(institution_id=group.institution_id)
    keys = _below(group.pk, _tree(group.institution_id))
    for part in batched(sorted(keys)):
        locked_rows(CourseGroup.objects.filter(pk__in=part), Lock.DELETE)
    # In parts, the deepest first: the database's own cascade would exhaust its stack on a deep tree.
    for part in batched(keys):
        CourseGroup.objects.filter(pk__in=part).delete()


def group_parts(*, group_id: int, institution_id: int) -> list[tuple[str, int]]:
    """(what, how many) goes with the group when it is deleted."""
    keys = _below(group_id, _tree(institution_id))
    places = sum(GroupCourse.objects.filter(group__in=part).count() for part in batched(keys))
    return [("groups below it", len(keys) - 1), ("places of courses in these groups", places)]


def tree_locked(*, institution_id: int) -> None:
    """Lock the institution's tree: no group is added, moved or deleted until the transaction ends."""
    rows = Institution.objects.filter(pk=institution_id).select_for_update(no_key=True)
    if not rows.values_list("pk"):
        raise Unknown("There is no such institution any more.")


def _tree(institution_id: int) -> Tree:
    """In one query, however deep it is."""
    return dict(CourseGroup.objects.filter(institution=institution_id).values_list("pk", "parent_id"))


def _group_locked(group: CourseGroup, *, no_key: bool = False) -> CourseGroup:
    row = CourseGroup.objects.filter(pk=group.pk).select_for_update(no_key=no_key).first()
    if row is None:
        raise Unknown("There is no such group any more.")
    return row


def _refuse_unknown_parent(parent: CourseGroup, institution_id: int) -> None:
    if not CourseGroup.objects.filter(pk=parent.pk, institution=institution_id).exists():
        raise Invalid(parent="There is no such group in this institution.")


def _refuse_cycle(group: CourseGroup, parent: CourseGroup) -> None:
    tree = _tree(group.institution_id)
    ancestor: int | None = parent.pk
    while ancestor is not None:
        if ancestor == group.pk:
            raise Invalid(parent="A group cannot stand below itself.")
        ancestor = tree.pop(ancestor, None)  # visits each group once, so that a cycle in the table cannot loop forever


def _below(key: int, tree: Tree) -> list[int]:
    """The group and all below it, the deepest first."""
    children: dict[int | None, list[int]] = {}
    for child, parent in tree.items():
        children.setdefault(parent, []).append(child)
    keys = [key]
    for group in keys:
        keys += children.pop(group, [])
    return keys[::-1]


# Courses of a group. They are locked in the order group, course, membership.


@one_transaction()
def group_course_add(*, group: CourseGroup, course: Course) -> GroupCourse:
    """Add the course to the group, if it is not in it already."""
    group = _group_locked(group, no_key=True)
    _refuse_unknown_course(group.institution_id, course)
    membership = GroupCourse(group=group, course=course, institution_id=group.institution_id)
    return membership if inserted(membership) else GroupCourse.objects.get(group=group, course=course)


@one_transaction()
def group_course_swap(*, membership: GroupCourse, course: Course) -> GroupCourse:
    """Replace the membership's course by another one; the same course changes nothing."""
    if course.pk == membership.course_id:
        return membership
    _refuse_unknown_course(membership.institution_id, course)
    row = GroupCourse.objects.select_for_update().filter(pk=membership.pk).first()
    if row is None:
        raise Unknown("The course is not in this group any more.")
    row.course = course
    try:
        with transaction.atomic():
            row.save(update_fields=("course",))
    except IntegrityError as error:
        raise Invalid(id=TAKEN) from error
    return row


def _refuse_unknown_course(institution_id: int, course: Course) -> None:
    """Unknown unless the course exists in this institution; it is locked until the transaction ends."""
    rows = Course.objects.filter(pk=course.pk, institution=institution_id).select_for_update(no_key=True)
    if not rows.values_list("pk"):
        raise Unknown("There is no such course in this institution.")
