"""`kernel.text.search_form` in statements, for columns without a stored form: alike on both databases."""

import sys
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from django.db.backends.signals import connection_created
from django.db.models import CharField, Func, TextField
from django.db.models.lookups import Contains, Exact

from kernel.fields import Derived, FoldedContains
from kernel.text import ALIKE, search_form

_FUNCTION = "search_form"  # of SQLite


def _class_of(belongs: Callable[[str], Any]) -> str:
    """A regular expression of PostgreSQL for these characters."""
    return "[" + "".join(_ranges([code for code in range(1, sys.maxunicode + 1) if belongs(chr(code))])) + "]+"


def _ranges(codes: list[int]) -> Iterator[str]:
    begin = codes[0]
    for code, following in zip(codes, [*codes[1:], 0], strict=True):
        if following != code + 1:
            yield f"\\U{begin:08x}-\\U{code:08x}"
            begin = following


class _Letters:
    """What PostgreSQL is told of letters, once in a process."""

    def __init__(self) -> None:
        self.formats = _class_of(lambda character: unicodedata.category(character) == "Cf")
        self.marks = _class_of(unicodedata.combining)
        self.blanks = _class_of(str.isspace)
        # Small letters that Python's casefold replaces, such as those at the end of a Greek word.
        small = (chr(code) for code in range(128, 0x10000) if chr(code).casefold().lower() != chr(code).lower())
        folds = {letter: letter.casefold() for letter in small if unicodedata.normalize("NFKD", letter) == letter}
        folds |= {chr(code): plain for code, plain in ALIKE.items()}
        self.one = {letter: plain for letter, plain in folds.items() if len(plain) == 1}
        self.several = {letter: plain for letter, plain in folds.items() if len(plain) > 1}


_letters = cache(_Letters)


class Folded(Func):
    """The text of an expression in the form of `search_form`."""

    output_field = TextField()
    function = _FUNCTION
    arity = 1

    def as_postgresql(self, compiler, connection, **context):
        """Its own functions, in the order in which `search_form` does the same."""
        sql, values = compiler.compile(self.source_expressions[0])
        values, letters = [*values], _letters()

        def call(before: str, after: str, *more: str) -> None:
            nonlocal sql
            sql = f"{before}{sql}{after}"
            values.extend(more)

        one = ("".join(letters.one), "".join(letters.one.values()))
        alike = [chr(code) for code, plain in ALIKE.items() if len(plain) == 1]
        call("regexp_replace((", ")::text, %s, '', 'g')", letters.formats)
        call("translate(", ", %s, %s)", "".join(alike), "".join(ALIKE[ord(letter)] for letter in alike))
        call("normalize(", ", NFKD)")
        call("translate(lower(", ' COLLATE "und-x-icu"), %s, %s)', *one)
        for letter, plain in letters.several.items():
            call("replace(", ", %s, %s)", letter, plain)
        call("normalize(regexp_replace(normalize(", ", NFKD), %s, '', 'g'), NFC)", letters.marks)
        call("btrim(regexp_replace(", ", %s, ' ', 'g'))", letters.blanks)
        return sql, values


class _FoldedContains(Contains):
    """Look-up `folded_contains`: both sides in the form of `search_form`."""

    def __init__(self, lhs, rhs) -> None:
        super().__init__(Folded(lhs), search_form(str(rhs)))


class _FoldedExact(Exact):
    """Look-up `folded_exact`."""

    def __init__(self, lhs, rhs) -> None:
        super().__init__(Folded(lhs), search_form(str(rhs)))


def _folded(text: str | None) -> str | None:
    return None if text is None else search_form(str(text))


def _add_function(sender: Any, connection: Any, **more: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function(_FUNCTION, 1, _folded, deterministic=True)


def register() -> None:
    for kind in (CharField, TextField):
        kind.register_lookup(_FoldedContains, "folded_contains")
        kind.register_lookup(_FoldedExact, "folded_exact")
    Derived.register_lookup(FoldedContains, "folded_contains")  # the stored form, by its index
    connection_created.connect(_add_function, dispatch_uid=_FUNCTION)
