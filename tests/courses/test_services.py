"""The services of courses: who can be linked to a course."""

import pytest

from courses.models import Adder, Course, CourseInstructor, CourseLearner, GroupCourse
from courses.services.activities import activity_instrument_create, activity_instrument_update
from courses.services.groups import group_course_swap
from courses.services.members import (
    INSTRUCTORS,
    LEARNERS,
    AddedBy,
    member_replace,
    members_link,
    members_unlink,
    memberships_add,
)
from institutions.models import Instructor
from kernel.domain import Unknown
from learners.models import Learner

BY = AddedBy(Adder.IMPORT)


def learners_of(course) -> list[str]:
    rows = CourseLearner.objects.filter(course=course, institution=course.institution).order_by("learner__user__uid")
    return list(rows.values_list("learner__user__uid", flat=True))


def instructors_of(course) -> list[str]:
    rows = CourseInstructor.objects.filter(course=course, institution=course.institution)
    return list(rows.order_by("instructor__user__uid").values_list("instructor__user__uid", flat=True))


def test_learner_is_linked_once(world):
    course, eve = world.home.course, world.home.learners["eve"]
    for _ in range(2):
        members_link(course=course, membership=LEARNERS, members=[eve], by=BY)
    assert learners_of(course) == ["ann", "bob", "eve"]
    assert CourseLearner.objects.get(course=course, learner=eve).institution_id == world.home.institution.pk


def test_instructor_is_linked_once(world):
    course, visitor = world.home.course, world.people["visitor"].instructor
    for _ in range(2):
        members_link(course=course, membership=INSTRUCTORS, members=[visitor], by=BY)
    assert instructors_of(course) == ["teacher", "visitor"]
    row = CourseInstructor.objects.get(course=course, instructor=visitor)
    assert row.institution_id == world.home.institution.pk


def test_many_are_linked_at_once_and_existing_links_stay(world):
    course, learners = world.home.course, world.home.learners
    existing = CourseLearner.objects.get(course=course, learner=learners["ann"]).pk
    members_link(course=course, membership=LEARNERS, members=[learners["eve"], learners["ann"], learners["eve"]], by=BY)
    members_link(course=course, membership=LEARNERS, members=[], by=BY)
    assert learners_of(course) == ["ann", "bob", "eve"]
    assert CourseLearner.objects.get(course=course, learner=learners["ann"]).pk == existing
    teachers = [world.people[name].instructor for name in ("teacher", "visitor")]
    members_link(course=world.home.other_course, membership=INSTRUCTORS, members=teachers, by=BY)
    assert instructors_of(world.home.other_course) == ["teacher", "visitor"]


def test_rosters_link_all_or_nobody(world):
    home, away = world.home, world.away
    for membership, pair in (
        (LEARNERS, (home.course.pk, away.learners["ann"].pk)),
        (INSTRUCTORS, (home.course.pk, world.people["ann"].pk)),
        (LEARNERS, (away.course.pk, home.learners["eve"].pk)),
    ):
        with pytest.raises(Unknown):
            memberships_add(
                institution=home.institution,
                pairs={membership: [pair], LEARNERS: [(home.course.pk, home.learners["eve"].pk), pair]},
                by=BY,
            )
    assert learners_of(home.course) == ["ann", "bob"]


def test_a_course_that_has_left_the_group_is_not_replaced(world):
    membership = GroupCourse.objects.create(
        institution=world.home.institution, group=world.home.group, course=world.home.other_course
    )
    GroupCourse.objects.filter(pk=membership.pk).delete()
    with pytest.raises(Unknown, match="not in this group any more"):
        group_course_swap(membership=membership, course=world.home.course)


def test_learner_is_unlinked_and_stays_a_person_and_in_other_courses(world):
    ann = world.home.learners["ann"]
    members_link(course=world.home.other_course, membership=LEARNERS, members=[ann], by=BY)
    for _ in range(2):
        members_unlink(course=world.home.course, membership=LEARNERS, members=[ann])
    assert learners_of(world.home.course) == ["bob"]
    assert learners_of(world.home.other_course) == ["ann"]
    assert Learner.objects.filter(pk=ann.pk).exists()


def test_instructor_is_unlinked_and_stays_a_person(world):
    teacher = world.people["teacher"].instructor
    for _ in range(2):
        members_unlink(course=world.home.course, membership=INSTRUCTORS, members=[teacher])
    assert instructors_of(world.home.course) == []
    assert instructors_of(world.home.other_course) == ["visitor"]
    assert Instructor.objects.filter(pk=teacher.pk).exists()


def test_people_of_another_institution_are_unknown(world):
    course, theirs = world.home.course, world.away
    ann, teacher = theirs.learners["ann"], theirs.people["teacher"].instructor
    for change, membership, members in (
        (members_link, LEARNERS, [ann]),
        (members_link, LEARNERS, [world.home.learners["eve"], ann]),
        (members_unlink, LEARNERS, [ann]),
        (members_link, INSTRUCTORS, [teacher]),
        (members_link, INSTRUCTORS, [world.people["visitor"].instructor, teacher]),
        (members_unlink, INSTRUCTORS, [teacher]),
    ):
        by = {"by": BY} if change is members_link else {}
        with pytest.raises(Unknown):
            change(course=course, membership=membership, members=members, **by)
    assert (learners_of(course), instructors_of(course)) == (["ann", "bob"], ["teacher"])
    assert (learners_of(theirs.course), instructors_of(theirs.course)) == (["ann", "bob"], ["teacher"])


def test_who_or_what_is_gone_is_unknown(world):
    eve, visitor = world.home.learners["eve"], world.people["visitor"].instructor
    Learner.objects.filter(pk=eve.pk).delete()
    with pytest.raises(Unknown):
        members_link(course=world.home.course, membership=LEARNERS, members=[eve], by=BY)
    Course.objects.filter(pk=world.home.course.pk).delete()
    with pytest.raises(Unknown):
        members_link(course=world.home.course, membership=INSTRUCTORS, members=[visitor], by=BY)
    assert not CourseLearner.objects.filter(learner=eve.pk).exists()
    assert instructors_of(world.home.course) == []


def test_who_has_left_meanwhile_is_not_replaced(world):
    course, ann = world.home.course, world.home.learners["ann"]
    members_unlink(course=course, membership=LEARNERS, members=[ann])
    with pytest.raises(Unknown, match="any more"):
        member_replace(course=course, membership=LEARNERS, member=ann, uid="eve", may_give_role=True, by=BY)
    assert learners_of(course) == ["bob"]


def test_instrument_that_has_gone_meanwhile_is_not_changed(world):
    row = world.home.activity_instrument
    type(row).objects.filter(pk=row.pk).delete()
    with pytest.raises(Unknown, match="no such instrument"):
        activity_instrument_update(row=row, active=False)
    assert not type(row).objects.filter(activity=world.home.activity).exists()


def test_activity_that_has_gone_meanwhile_is_given_no_instrument(world):
    activity, instrument = world.home.activity, world.home.activity_instrument.instrument
    type(activity).objects.filter(pk=activity.pk).delete()
    with pytest.raises(Unknown, match="no such activity"):
        activity_instrument_create(activity=activity, instrument=instrument, active=True)
