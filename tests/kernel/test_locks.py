"""The order of locks, and what a delete locks. That all writes keep it: contract/lock_order.py."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from courses.models import AssessmentSession, Course
from courses.services.activities import activity_create
from courses.services.courses import course_delete
from institutions.models import Institution
from kernel.domain import Unknown
from kernel.locks import Lock, _cascades, cascade_locked, locking
from kernel.postgres.base import DatabaseOperations


def test_tables_that_are_deleted_with_a_row_are_found_over_all_cascades():
    assert _cascades("courses.Activity", "courses.AssessmentSession") == ("activity",)
    assert {*_cascades("institutions.VLE", "courses.AssessmentSession")} == {"activity__vle", "activity__course__vle"}
    assert {*_cascades("institutions.User", "courses.AssessmentSession")} == {"learner__user"}
    assert _cascades("institutions.Institution", "courses.Course") == ()  # which protects its institution
    assert _cascades("courses.Course", "institutions.User") == ()


def test_relations_are_locked_in_the_order_of_their_tables_each_in_its_strength():
    rows = AssessmentSession.objects.select_related("activity", "learner__user")
    locks = {"self": Lock.CHANGE, "activity": Lock.REFERENCE, "learner__user": Lock.DELETE}
    query = locking(rows, **locks).query
    assert query.select_for_update_of == ("learner__user", "activity", "self")
    sql = DatabaseOperations(connection).for_update_sql(of=("u", "a", "s"), no_key=query.select_for_no_key_update)
    assert sql == "FOR UPDATE OF u FOR KEY SHARE OF a FOR NO KEY UPDATE OF s"
    assert DatabaseOperations(connection).for_update_sql(of=("u",), no_key=True) == "FOR NO KEY UPDATE OF u"


def test_a_delete_asks_for_its_rows_in_the_order(world):
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        cascade_locked(world.home.vle)
    asked = [query["sql"].partition(' FROM "')[2].partition('"')[0] for query in captured]
    tables = ["institution", "vle", "credential", "course", "activity", "assessmentsession"]
    assert [table.partition("_")[2] for table in asked] == tables
    assert all(" ORDER BY " in query["sql"] for query in captured)
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        cascade_locked(world.people["global"])
    assert not any(Institution._meta.db_table in query["sql"] for query in captured)  # of no institution


def test_what_is_gone_meanwhile_is_unknown(world):
    course = Course.objects.get(pk=world.home.course.pk)
    course_delete(course=Course.objects.get(pk=course.pk))
    with pytest.raises(Unknown, match="no such course"):
        course_delete(course=course)
    with pytest.raises(Unknown, match="no such course"):
        activity_create(course=course, name="Late")
