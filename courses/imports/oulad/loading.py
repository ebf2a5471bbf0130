"""Writes the presentations of the dataset as courses of an institution. Existing rows are not changed."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from django.db import IntegrityError, transaction

from courses.imports.members import members_join
from courses.imports.oulad.reading import Presentation
from courses.imports.table_statistics import TableStatistics
from courses.models import Activity, Course
from courses.services.members import LEARNERS
from institutions.models import VLE, Institution, User
from institutions.services.rosters import people_listed
from institutions.services.vles import vle_register
from kernel.domain import Conflict, Unknown
from kernel.recording import Entry, record
from learners.models import Learner, SENDCategory
from learners.services import learners_add, sends_assign

ATTEMPTS = 3
Reject = Callable[[str, int, str], None]  # file, line, reason


class Target(NamedTuple):
    """Where presentations are written to; the flags say whether the row was created by this import."""

    vle: VLE
    category: SENDCategory
    vle_is_new: bool
    category_is_new: bool


@transaction.atomic(durable=True)
def target_prepared(*, institution: Institution, vle: str, category: str) -> Target:
    """Find or create the VLE and the SEND category with these names. A new category has no options or instruments."""
    # Descriptions are not unique: without the lock two concurrent imports could create a category each.
    locked = Institution.objects.select_for_update(no_key=True).filter(pk=institution.pk).first()
    if locked is None:
        raise Unknown("There is no such institution any more.")
    known_vle = locked.vles.filter(name=vle).first()
    known_category = locked.send_categories.filter(description=category).order_by("pk").first()
    return Target(
        vle=known_vle or vle_register(institution=locked, name=vle),
        category=known_category
        or SENDCategory.objects.create(
            institution=locked, description=category, data={"enabled_options": [], "disabled_instruments": []}
        ),
        vle_is_new=known_vle is None,
        category_is_new=known_category is None,
    )


def presentations_load(
    *, target: Target, presentations: Iterable[Presentation], reject: Reject
) -> Iterator[tuple[Presentation, Counter[str]]]:
    """Write the presentations; yields each after it was written, with the numbers of new rows by kind."""
    statistics = TableStatistics(User, Learner, Course)
    for presentation in presentations:
        rows = presentation_load(target=target, presentation=presentation, reject=reject)
        statistics.rows_added(rows["people"])
        yield presentation, rows


def presentation_load(*, target: Target, presentation: Presentation, reject: Reject) -> Counter[str]:
    """Write one presentation in one transaction; returns the numbers of new rows by kind.

    It is tried again after a conflict with rows that somebody else has written meanwhile.
    """
    attempt = 1
    while True:
        refused: list[tuple[str, int, str]] = []
        try:
            new_rows = _loaded(target, presentation, refused)
        except (Conflict, IntegrityError) as error:
            if attempt == ATTEMPTS:
                raise Conflict(
                    f"{presentation.name}: somebody else writes the same people or courses. Run the import again."
                ) from error
            attempt += 1
        else:
            for refusal in refused:
                reject(*refusal)
            return new_rows


@transaction.atomic(durable=True)
def _loaded(target: Target, presentation: Presentation, refused: list[tuple[str, int, str]]) -> Counter[str]:
    # Imports into one VLE run one after the other. No other code locks a VLE after a person or course: no deadlock.
    vle = VLE.objects.select_for_update(no_key=True).filter(pk=target.vle.pk).first()
    if vle is None:
        raise Unknown("The VLE was deleted meanwhile.")
    course, course_is_new = Course.objects.get_or_create(
        vle=vle,
        vle_course_id=presentation.name,
        defaults={
            "institution_id": vle.institution_id,
            "code": presentation.module,
            "start": presentation.start,
            "end": presentation.end,
        },
    )
    new_rows = Counter(courses=int(course_is_new), activities=_activities(course, presentation, refused))
    new_rows.update(_people(target, course, presentation, refused))
    record(Entry("import", "course", course.pk, course.institution_id, details=new_rows))
    return new_rows


def _activities(course: Course, presentation: Presentation, refused: list[tuple[str, int, str]]) -> int:
    rows = Activity.objects.filter(vle=course.vle_id, vle_activity_id__in=presentation.assessments)
    courses = {
        (kind, key): home for kind, key, home in rows.values_list("vle_activity_type", "vle_activity_id", "course")
    }
    new = []
    for assessment in presentation.assessments.values():
        home = courses.get((assessment.type, assessment.id))
        if home is None:
            new.append(
                Activity(
                    institution_id=course.institution_id,
                    vle_id=course.vle_id,
                    course=course,
                    vle_activity_type=assessment.type,
                    vle_activity_id=assessment.id,
                    end=assessment.end,
                )
            )
        elif home != course.pk:
            reason = f"{assessment.type} {assessment.id} is in another course of this VLE."
            refused.append(("assessments", assessment.line, reason))
    Activity.objects.bulk_create(new)
    return len(new)


def _people(
    target: Target, course: Course, presentation: Presentation, refused: list[tuple[str, int, str]]
) -> dict[str, int]:
    roster = people_listed(institution=target.vle.institution, uids=presentation.students)
    for file, lines in {"studentInfo": presentation.listed, "studentRegistration": presentation.registered}.items():
        refused += [(file, lines[uid], reason) for uid, reason in roster.refused.items() if uid in lines]
    keys = {**roster.existing, **roster.created}
    return {
        "people": len(roster.created),
        "learners": learners_add(institution=target.vle.institution, person_ids=keys.values()),
        "memberships": members_join(
            course=course,
            membership=LEARNERS,
            members=[keys[uid] for uid in presentation.registered if uid in keys],
        ),
        "SEND assignments": sends_assign(
            category=target.category, learners=[keys[uid] for uid in presentation.disabled if uid in keys]
        ),
    }
