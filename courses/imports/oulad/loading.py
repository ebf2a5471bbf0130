"""The dataset's presentations become courses of an institution; what is there already stays as it is."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from django.db import IntegrityError, transaction

from courses.imports.growth import Growth
from courses.imports.members import members_join
from courses.imports.oulad.reading import Presentation
from courses.models import Activity, Course
from courses.services.members import LEARNERS
from institutions.models import VLE, Institution, User
from institutions.services.rosters import people_listed
from institutions.services.vles import vle_register
from kernel.domain import Conflict, Unknown
from learners.models import Learner, SENDCategory
from learners.services import learners_add, sends_assign

ATTEMPTS = 3
Reject = Callable[[str, int, str], None]  # file, line, reason


class Ground(NamedTuple):
    """What all presentations stand on. The flags: it was made now."""

    vle: VLE
    category: SENDCategory
    vle_is_new: bool
    category_is_new: bool


@transaction.atomic(durable=True)
def ground_laid(*, institution: Institution, vle: str, category: str) -> Ground:
    """The VLE and the SEND category of these names, made if need be: a category that switches nothing on or off."""
    # Descriptions of categories may repeat: the lock keeps two imports at once from making one each.
    held = Institution.objects.select_for_update(no_key=True).filter(pk=institution.pk).first()
    if held is None:
        raise Unknown("There is no such institution any more.")
    found = held.vles.filter(name=vle).first()
    need = held.send_categories.filter(description=category).order_by("pk").first()
    return Ground(
        vle=found or vle_register(institution=held, name=vle),
        category=need
        or SENDCategory.objects.create(
            institution=held, description=category, data={"enabled_options": [], "disabled_instruments": []}
        ),
        vle_is_new=found is None,
        category_is_new=need is None,
    )


def presentations_load(
    *, ground: Ground, presentations: Iterable[Presentation], reject: Reject
) -> Iterator[tuple[Presentation, Counter[str]]]:
    """Each presentation once it is written, and how many rows of which kind were made for it."""
    growth = Growth(User, Learner, Course)
    for presentation in presentations:
        rows = presentation_load(ground=ground, presentation=presentation, reject=reject)
        growth.by(rows["people"])
        yield presentation, rows


def presentation_load(*, ground: Ground, presentation: Presentation, reject: Reject) -> Counter[str]:
    """One presentation, wholly or not at all; how many rows of which kind were made.

    A second attempt sees what somebody else has written in the way of the first.
    """
    attempt = 1
    while True:
        refused: list[tuple[str, int, str]] = []
        try:
            made = _loaded(ground, presentation, refused)
        except (Conflict, IntegrityError) as error:
            if attempt == ATTEMPTS:
                raise Conflict(
                    f"{presentation.name}: somebody else writes the same people or courses. Run the import again."
                ) from error
            attempt += 1
        else:
            for each in refused:
                reject(*each)
            return made


@transaction.atomic(durable=True)
def _loaded(ground: Ground, presentation: Presentation, refused: list[tuple[str, int, str]]) -> Counter[str]:
    # Two imports of one VLE take turns. Nobody who has locked a person or a course waits for a VLE.
    vle = VLE.objects.select_for_update(no_key=True).filter(pk=ground.vle.pk).first()
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
    made = Counter(courses=int(course_is_new), activities=_activities(course, presentation, refused))
    made.update(_people(ground, course, presentation, refused))
    return made


def _activities(course: Course, presentation: Presentation, refused: list[tuple[str, int, str]]) -> int:
    rows = Activity.objects.filter(vle=course.vle_id, vle_activity_id__in=presentation.assessments)
    there = {
        (kind, key): home for kind, key, home in rows.values_list("vle_activity_type", "vle_activity_id", "course")
    }
    new = []
    for found in presentation.assessments.values():
        home = there.get((found.type, found.id))
        if home is None:
            new.append(
                Activity(
                    institution_id=course.institution_id,
                    vle_id=course.vle_id,
                    course=course,
                    vle_activity_type=found.type,
                    vle_activity_id=found.id,
                    end=found.end,
                )
            )
        elif home != course.pk:
            refused.append(("assessments", found.line, f"{found.type} {found.id} is in another course of this VLE."))
    Activity.objects.bulk_create(new)
    return len(new)


def _people(
    ground: Ground, course: Course, presentation: Presentation, refused: list[tuple[str, int, str]]
) -> dict[str, int]:
    roster = people_listed(institution=ground.vle.institution, uids=presentation.students)
    for file, lines in {"studentInfo": presentation.listed, "studentRegistration": presentation.registered}.items():
        refused += [(file, lines[uid], reason) for uid, reason in roster.refused.items() if uid in lines]
    keys = {**roster.found, **roster.made}
    return {
        "people": len(roster.made),
        "learners": learners_add(institution=ground.vle.institution, person_ids=keys.values()),
        "memberships": members_join(
            course=course,
            membership=LEARNERS,
            members=[keys[uid] for uid in presentation.registered if uid in keys],
        ),
        "SEND assignments": sends_assign(
            category=ground.category, learners=[keys[uid] for uid in presentation.disabled if uid in keys]
        ),
    }
