"""Values as people read them."""

from datetime import datetime, timedelta, timezone

import pytest

from console.charts import chart
from console.paper import PaperView
from console.templatetags import console as filters
from console.work.activities import InstrumentPage
from console.work.pages import CreatePage, DeletePage
from kernel.http.client import texts_of


def test_instants_are_utc_and_say_so():
    east = datetime(2026, 5, 3, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert ">2 May 2026, 23:30 UTC</time>" in filters.instant(east)
    assert ">2 May 2026</time>" in filters.day("2026-05-02T23:30:00Z")
    assert filters.instant(None) == filters.day("") == "–"


@pytest.mark.parametrize(("value", "shown"), [(0, "0"), (999, "999"), (1234567, "1,234,567"), (None, "–")])
def test_numbers_have_separators(value, shown):
    assert filters.number(value) == shown


def test_levels_have_a_word_and_a_shape_each():
    badges = [filters.level(value) for value in range(5)]
    words = ("Pending", "No information", "OK", "Warning", "Alert")
    assert all(f"</svg>{word}</span>" in badge for badge, word in zip(badges, words, strict=True))
    assert len({badge.partition("</svg>")[0] for badge in badges}) == 5


def test_descriptions_lose_their_markup():
    assert filters.plain("<p>Two <b>sittings</b><script>x</script></p>") == "Two sittings"
    assert filters.plain("1 &lt; 2 &amp;amp; <3") == "1 < 2 &amp; <3"
    assert filters.plain(f"<i>{'a' * 5000}</i>") == f"{'a' * (filters.SOURCE_SHOWN - 3)} …"
    assert filters.plain(None) == filters.plain("<p></p>") == "–"


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"first_name": "Ann", "last_name": "Home", "uid": "a"}, "Ann Home"),
        ({"first_name": "", "last_name": "Home", "uid": "a"}, "Home"),
        ({"first_name": "", "last_name": "", "username": "ann", "uid": "a"}, "ann"),
        ({"first_name": None, "last_name": None, "uid": "a"}, "a"),
        ({"first_name": "", "last_name": "", "id": 7}, "person 7"),
    ],
)
def test_person_is_shown_by_names_else_by_username_uid_or_number(row, name):
    assert filters.person(row) == name


def test_texts_of_refusals_with_and_without_the_names_of_fields():
    refused = {"detail": "No.", "name": ["Too long.", "Taken."], "data": {"options": [{"x": ["Wrong."]}]}}
    assert texts_of(refused) == ["No.", "Too long.", "Taken.", "Wrong."]
    assert texts_of(refused, after_names=True) == [
        "No.", "name: Too long.", "name: Taken.", "data: options: x: Wrong.",
    ]  # fmt: skip


def test_a_page_that_leaves_open_what_its_base_needs_cannot_be_made():
    with pytest.raises(TypeError, match="Page lacks saved"):
        type("Page", (CreatePage,), {})
    with pytest.raises(TypeError, match="Page lacks deleted"):
        type("Page", (DeletePage,), {"name": lambda self: "it"})
    type("Page", (CreatePage,), {"saved": lambda self, form, answer: None})
    with pytest.raises(TypeError, match="Page lacks instrument, saved, schema"):
        type("Page", (InstrumentPage, CreatePage), {})
    with pytest.raises(TypeError, match="Page lacks back, title"):
        type("Page", (PaperView,), {"reports": lambda self: []})


def test_bars_fill_their_row():
    drawn = chart("x", "T", "D", [("a", (1, 3)), ("b", (0, 0))], [("good", "G"), ("bad", "B")])
    first, second = drawn.bars
    assert [(part.x, part.width, part.count) for part in first.segments] == [
        ("0.000%", "25.000%", 1),
        ("25.000%", "75.000%", 3),
    ]
    assert second.segments == ()
    assert (first.total, second.total) == (4, 0)


def test_bars_of_one_whole():
    drawn = chart("x", "T", "D", [("a", (5,)), ("b", (10,))], [("good", "G")], whole=20)
    assert [bar.segments[0].width for bar in drawn.bars] == ["25.000%", "50.000%"]


def test_evidence_is_a_link_or_nothing():
    assert filters.evidence(None) == "–"
    assert filters.evidence('/files/x"y') == '<a href="/files/x&quot;y" rel="noopener">open</a>'
