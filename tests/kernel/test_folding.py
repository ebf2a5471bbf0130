"""Texts are folded alike by Python and by both databases."""

import unicodedata

import pytest
from django.db.models import Value

from institutions.models import Institution
from kernel.folding import Folded
from kernel.text import search_form

TEXTS = (
    "ÉLODIE  E\u0301lodie", " D\u2019Arcy\u00b4s O\u02bcNeil ", "Straße STRASSE \u1e9e", "Łódź ØRSTED Đà Þór Æ Œuvre",
    "ΟΔΥΣΣΕΥΣ οδυσσευς", "İstanbul ISPARTA ıi", "zero\u200bwidth so\u00adft", "a\tb\u00a0c\u2003d", "ﬁne ½ Ⅷ",
    "ＦＵＬＬ", "한국어 日本語 ﾊﾝｶｸ", "Ёлка Йод", "\u2014\u2013-", "100%_\\", "",
)  # fmt: skip


@pytest.fixture
def folded(world):
    def of(texts: list[str]) -> list[str]:
        row = Institution.objects.annotate(**{f"t{n}": Folded(Value(text)) for n, text in enumerate(texts)}).first()
        return [getattr(row, f"t{n}") for n in range(len(texts))]

    return of


def test_texts_are_folded_as_the_stored_form(folded):
    assert folded([*TEXTS]) == [search_form(text) for text in TEXTS]


def test_letters_of_all_alphabets_are_folded_as_the_stored_form(folded):
    letters = [chr(code) for code in range(32, 0x10000) if unicodedata.category(chr(code))[0] in "LNPZ"]
    parts = [letters[n : n + 40] for n in range(0, len(letters), 40)]
    for n in range(0, len(parts), 20):
        texts = ["x".join(part) for part in parts[n : n + 20]]
        assert folded(texts) == [search_form(text) for text in texts]
