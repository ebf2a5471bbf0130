"""Groups of courses: a tree per institution, of any depth.

Whoever makes, moves or deletes a group locks the institution first and the group second: two moves at once make no
cycle together, and nothing is put below a group that is being deleted.
"""

from typing import Any

from django.db import IntegrityError, transaction

from courses.models import Course, CourseGroup, GroupCourse
from institutions.models import Institution
from kernel.constraints import TAKEN
from kernel.domain import Invalid, Unknown
from kernel.writes import inserted, one_transaction

Tree = dict[int, int | None]  # group -> the one above it
PIECE = 500  # groups deleted with one statement


@one_transaction()
def group_create(*, institution: Institution, parent: CourseGroup | None = None, **values: Any) -> CourseGroup:
    """A group below `parent`, or a root."""
    tree_locked(institution_id=institution.pk)
    if parent is not None:
        _refuse_unknown(parent, institution.pk)
    return CourseGroup.objects.create(institution=institution, parent=parent, **values)


@one_transaction()
def group_update(*, group: CourseGroup, is_locked: bool = False, **values: Any) -> CourseGroup:
    """New `name`, `description` or `parent` (None makes it a root). It takes what stands below it along.

    `is_locked` says that `group` was read under a lock of its own and of the tree, in this transaction.
    """
    held = group
    if not is_locked:
        tree_locked(institution_id=group.institution_id)
        held = _group_locked(group)
    parent = values.get("parent")
    if parent is not None and parent.pk != held.parent_id:
        _refuse_unknown(parent, held.institution_id)
        _refuse_cycle(held, parent)
    for name, value in values.items():
        setattr(held, name, value)
    held.save(update_fields=(*values, "updated_at"))
    return held


@one_transaction()
def group_delete(*, group: CourseGroup, is_locked: bool = False) -> None:
    """The group and all that stand below it. The courses stay. `is_locked`: the tree, as for `group_update`."""
    if not is_locked:
        tree_locked(institution_id=group.institution_id)
    keys = _below(group.pk, _tree(group.institution_id))
    # Piece by piece and the deepest first: left to the database's cascade, a deep tree would exhaust the stack.
    for start in range(0, len(keys), PIECE):
        CourseGroup.objects.filter(pk__in=keys[start : start + PIECE]).delete()


def tree_locked(*, institution_id: int) -> None:
    """The institution's tree keeps its shape until the transaction ends."""
    found = Institution.objects.filter(pk=institution_id).select_for_update(no_key=True)
    if not found.values_list("pk"):
        raise Unknown("There is no such institution any more.")


def _tree(institution_id: int) -> Tree:
    """In one query, however deep it is."""
    return dict(CourseGroup.objects.filter(institution=institution_id).values_list("pk", "parent_id"))


def _group_locked(group: CourseGroup, *, no_key: bool = False) -> CourseGroup:
    found = CourseGroup.objects.filter(pk=group.pk).select_for_update(no_key=no_key).first()
    if found is None:
        raise Unknown("There is no such group any more.")
    return found


def _refuse_unknown(parent: CourseGroup, institution_id: int) -> None:
    if not CourseGroup.objects.filter(pk=parent.pk, institution=institution_id).exists():
        raise Invalid(parent="There is no such group in this institution.")


def _refuse_cycle(group: CourseGroup, parent: CourseGroup) -> None:
    tree = _tree(group.institution_id)
    at: int | None = parent.pk
    while at is not None:
        if at == group.pk:
            raise Invalid(parent="A group cannot stand below itself.")
        at = tree.pop(at, None)  # each group once, whatever the table holds


def _below(key: int, tree: Tree) -> list[int]:
    """The group and all below it, the deepest first."""
    children: dict[int | None, list[int]] = {}
    for child, parent in tree.items():
        children.setdefault(parent, []).append(child)
    found = [key]
    for at in found:
        found += children.pop(at, [])
    return found[::-1]


# Courses of a group. Group, course, membership: in this order they are locked.


@one_transaction()
def group_course_add(*, group: CourseGroup, course: Course) -> GroupCourse:
    """The course belongs to the group from now on, or does already."""
    held = _group_locked(group, no_key=True)
    _refuse_no_course(held.institution_id, course)
    membership = GroupCourse(group=held, course=course, institution_id=held.institution_id)
    return membership if inserted(membership) else GroupCourse.objects.get(group=held, course=course)


@one_transaction()
def group_course_swap(*, membership: GroupCourse, course: Course) -> GroupCourse:
    """Another course takes the place of the one that is in the group; the same one is no change."""
    if course.pk == membership.course_id:
        return membership
    _refuse_no_course(membership.institution_id, course)
    membership.course = course
    try:
        with transaction.atomic():
            membership.save(update_fields=("course",))
    except IntegrityError as error:
        raise Invalid(id=TAKEN) from error
    return membership


def _refuse_no_course(institution_id: int, course: Course) -> None:
    """Unknown unless the course is there, in this institution; it stays until the transaction ends."""
    found = Course.objects.filter(pk=course.pk, institution=institution_id).select_for_update(no_key=True)
    if not found.values_list("pk"):
        raise Unknown("There is no such course in this institution.")
