"""Several queries as one statement: each has its own rows, as if it was asked alone."""

from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Count, F, Value
from django.test.utils import CaptureQueriesContext

from courses.models import Activity, Course
from institutions.models import Provider
from kernel.fast.together import together
from reports.models import Report, RequestResult

pytestmark = pytest.mark.django_db


def test_rows_are_those_of_each_query_alone(world):
    """Instants, truths, decimals, JSON and text; counted, joined and cut; one without rows."""
    Provider.objects.create(
        name="100 % P", acronym="p", version="1", queue="p", instrument_id=2, warning_below=Decimal("0.6"),
        alert_below=Decimal("0.3"),
    )  # fmt: skip
    queries = [
        Activity.objects.order_by("-pk").values_list("pk", "name", "enabled", "conf", "created_at", "course__code")[:1],
        Provider.objects.filter(name__contains="%").values_list("warning_below", "inverted_polarity", "name"),
        Course.objects.filter(pk=0).values_list("start"),
        RequestResult.objects.order_by().values_list("instrument").annotate(Count("pk"), n=F("instrument__name")),
        Report.objects.values_list("contest", "learner", Value("x"), "identity_level"),
    ]
    with CaptureQueriesContext(connection) as asked:
        found = together(*queries)
    assert len(asked) == 1
    assert [sorted(map(repr, rows)) for rows in found] == [sorted(map(repr, query)) for query in queries]
    assert [bool(rows) for rows in found] == [True, True, False, True, True]


def test_plain_numbers_need_no_conversion(world):
    (keys,) = together(Report.objects.values_list("pk"))
    assert sorted(keys) == sorted(Report.objects.values_list("pk"))
