"""Deleting what was made of learners' work in bulk: what it would delete, asking for it, and a part at a time by a job.

Courses, activities and memberships stay; samples and models of an enrolment belong to no course.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from courses.models import Activity, Course, CourseGroup, GroupCourse
from institutions.models import Institution
from kernel.domain import Invalid, Outdated
from kernel.recording import Entry, command, record
from kernel.writes import one_transaction
from pipeline.jobs import enqueue
from retention.models import Deletion
from retention.services.applying import held_back
from retention.services.kinds import WORK, goes_with

JOB = "retention.deletion"


@dataclass(frozen=True)
class Preview:
    """Rows that would be deleted, by kind, and rows that are held back, by reason. `state` stands for all of it."""

    expected: dict[str, int]
    held: dict[str, int]
    state: str


def courses_chosen(*, institution_id: int, course_id: int | None, group_id: int | None) -> list[int]:
    """The keys of the courses: one, or those of a group and of all groups below it. None: [], which means all."""
    if course_id is not None and group_id is not None:
        raise Invalid(group="Choose a course or a group, not both.")
    if course_id is not None:
        keys = [*Course.objects.filter(pk=course_id, institution=institution_id).values_list("pk", flat=True)]
        if not keys:
            raise Invalid(course="There is no such course in this institution.")
        return keys
    if group_id is not None:
        groups = _with_groups_below(institution_id, group_id)
        links = GroupCourse.objects.filter(group__in=groups, institution=institution_id)
        keys = sorted({*links.values_list("course", flat=True)})
        if not keys:
            raise Invalid(group="There is no such group in this institution, or no course is in it.")
        return keys
    return []


def _with_groups_below(institution_id: int, group_id: int) -> set[int]:
    tree: dict[int | None, list[int]] = {}
    known = CourseGroup.objects.filter(institution=institution_id).values_list("pk", "parent")
    for key, parent in known:
        tree.setdefault(parent, []).append(key)
    found = [group_id] if any(key == group_id for key, _ in known) else []
    for key in found:
        found += tree.pop(key, [])
    return {*found}


def preview(
    *,
    institution: Institution,
    course_id: int | None = None,
    group_id: int | None = None,
    before: datetime | None = None,
) -> Preview:
    """What `deletion_begin` would delete at this moment."""
    return _previewed(_new(institution, course_id, group_id, before))


@one_transaction()
def deletion_begin(
    *,
    institution: Institution,
    by_id: int,
    state: str,
    course_id: int | None = None,
    group_id: int | None = None,
    before: datetime | None = None,
) -> Deletion:
    """A job deletes it, part by part. Outdated when `state`, of a preview, is not the state any more."""
    deletion = _new(institution, course_id, group_id, before)
    found = _previewed(deletion)
    if found.state != state:
        raise Outdated("Something has changed since the preview.")
    deletion.expected, deletion.held, deletion.asked_by_id = found.expected, found.held, by_id
    deletion.save()
    enqueue(JOB, [deletion.pk])
    return deletion


def _new(institution: Institution, course_id: int | None, group_id: int | None, before: datetime | None) -> Deletion:
    if course_id is None and group_id is None and before is None:
        raise Invalid(before="Say of which course or group, or before which instant.")
    if before is not None and before > timezone.now():
        raise Invalid(before="This is in the future.")
    courses = courses_chosen(institution_id=institution.pk, course_id=course_id, group_id=group_id)
    return Deletion(institution=institution, course_id=course_id, group_id=group_id, before=before, courses=courses)


def _activities(deletion: Deletion) -> QuerySet[Activity] | None:
    """None: all."""
    if deletion.course_id is None and deletion.group_id is None:
        return None
    return Activity.objects.filter(course__in=deletion.courses, institution=deletion.institution_id)


def _previewed(deletion: Deletion) -> Preview:
    expected: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for step in WORK:
        due = step.rows(deletion.institution_id, deletion.before, _activities(deletion))
        held.update(held_back(step, due, deletion.institution_id))
        expected.update(goes_with(step, step.free(due, deletion.institution_id)))
    told = [deletion.course_id, deletion.group_id, deletion.before, deletion.courses, expected, held]
    state = blake2b(json.dumps(told, default=str, sort_keys=True).encode(), digest_size=16).hexdigest()
    return Preview(dict(expected), dict(held), state)


def deletions_continued(keys: Sequence[Any]) -> None:
    """The next part of each of these, in the transaction of the job, which asks for the one after it."""
    for deletion in Deletion.objects.filter(pk__in=keys, status=Deletion.Status.RUNNING).order_by("pk"):
        _continued(deletion)


def _continued(deletion: Deletion) -> None:
    home, step = deletion.institution_id, WORK[deletion.step]
    free = step.free(step.rows(home, deletion.before, _activities(deletion)), home)
    if keys := step.next_part(free, deletion.last_key):
        done = step.carry_out(home, keys, 0, command(JOB))
        deletion.deleted = dict(Counter(deletion.deleted) + done.rows)
        deletion.files += done.files
        deletion.last_key = keys[-1]
    elif deletion.step + 1 < len(WORK):
        deletion.step, deletion.last_key = deletion.step + 1, 0
    else:
        deletion.status = Deletion.Status.DONE
        details = {"deleted": deletion.deleted, "files": deletion.files}
        by = command(JOB)
        record(Entry("erase", "institution/deletion", deletion.pk, home, details=details), by=by)
    deletion.save()
    if deletion.status == Deletion.Status.RUNNING:
        enqueue(JOB, [deletion.pk])
