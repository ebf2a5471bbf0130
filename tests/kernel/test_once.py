"""A page asks the database the same only once; a page that changes something asks again."""

from kernel.fast.once import asked_once, note, noted, once


def asked(*, is_reading: bool) -> list[int]:
    numbers = iter(range(9))
    with asked_once(is_reading):
        return [once(key, lambda: next(numbers)) for key in ("a", "b", "a")]


def test_the_first_answer_is_kept_while_nothing_is_changed():
    assert asked(is_reading=True) == [0, 1, 0]
    assert asked(is_reading=False) == [0, 1, 2]


def test_nothing_is_kept_behind_the_page():
    asked(is_reading=True)
    assert [once("a", lambda: 7), once("a", lambda: 8)] == [7, 8]


def test_what_was_noted_is_known_until_the_page_is_made():
    with asked_once(True):
        note({("teaches", 1): True, ("teaches", 2): False})
        assert [noted(("teaches", key)) for key in (1, 2, 3)] == [True, False, None]
    with asked_once(False):
        note({("teaches", 1): True})
        assert noted(("teaches", 1)) is None
    assert noted(("teaches", 1)) is None
