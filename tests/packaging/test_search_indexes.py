"""Every text that lists search has its index of trigrams in the migrated database, and a search can use it.

And what else is fast by one index alone, whatever the planner knows of the table.
"""

import datetime as dt

import pytest
from django.apps import apps
from django.db import connection

from institutions.models import Institution, User
from kernel.fields import SearchText
from kernel.filters import contain
from learners.models import Learner
from reports.looking import unseen
from tesla_api.tree import TREE

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such index"),
]
SEARCHED = [model for model in apps.get_models() if any(isinstance(f, SearchText) for f in model._meta.local_fields)]
LISTS = {
    (viewset.queryset.model, tuple(viewset.search_fields))
    for viewset in (resource.viewset for resource in TREE)
    if any(path.endswith("search_text") for path in viewset.search_fields)
}


def test_every_searched_table_is_here():
    assert {model for model, paths in LISTS if "search_text" in paths} <= {*SEARCHED}


@pytest.mark.parametrize("model", SEARCHED, ids=lambda model: model._meta.label)
def test_the_column_has_an_index_of_trigrams(model):
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", [table])
        assert [text for (text,) in cursor if "USING gin (search_text gin_trgm_ops)" in text], table


def without_other_plans() -> None:
    """Of a small table the planner reads all rows, unless that is forbidden."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")  # by a key, which bitmaps of trigrams are not
        cursor.execute("SET LOCAL enable_nestloop = off")  # from the few rows of a joined table to theirs


@pytest.mark.parametrize(("model", "paths"), sorted(LISTS, key=str), ids=str)
def test_a_search_of_the_list_uses_the_index(model, paths):
    without_other_plans()
    plan = model._base_manager.filter(contain(["Élodie 1"], model, paths)).explain()
    assert "Index Cond: (search_text ~~ '%elodie 1%'" in plan, plan


@pytest.mark.parametrize("word", ["Li", "59"])
def test_a_word_of_two_letters_is_found_in_people_by_an_index(word):
    without_other_plans()
    for model, paths in ((User, ("search_text",)), (Learner, ("user__search_text", "user__pk"))):
        plan = model._base_manager.filter(contain([word], model, paths)).explain()
        assert "Bitmap Index Scan on institutions_user_search_pairs" in plan, plan


def test_reports_that_nobody_has_opened_are_looked_up_one_by_one():
    """Else each is compared with each line of the trail, as soon as the trail has grown since its last ANALYZE."""
    numbers = unseen(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    plan = Institution.objects.values_list(*numbers.values()).explain()
    assert plan.count("using trail_line_of_opened_report on trail_line") == len(numbers), plan
    assert plan.count("Index Cond: (((row_key)::text = ") == len(numbers), plan
