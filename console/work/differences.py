"""What differs between two texts in HTML, block by block and word by word, for people to read side by side.

Texts are compared, not markup: what comes out are words, which templates escape. Texts that share too little to be
compared in reasonable time are shown as replaced.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from institutions.services.html import Reader

INLINE = {
    "a", "abbr", "b", "cite", "code", "del", "em", "i", "ins", "q", "s", "small", "span", "strong", "sub", "sup", "u",
}  # fmt: skip
MOST = 500_000  # pairs of parts that are compared
_WORD = re.compile(r"\S+\s*")
Parts = list[tuple[str, bool]]  # (text, whether only this side has it)


@dataclass(frozen=True)
class Line:
    """A block of one text beside that of the other one; empty where the other has none like it."""

    before: Parts
    after: Parts

    @property
    def differs(self) -> bool:
        return any(own for _, own in (*self.before, *self.after))


class _Blocks(Reader):
    """The texts of the blocks: paragraphs, headings, items of lists, cells."""

    def __init__(self) -> None:
        super().__init__()
        self.found = [""]

    def handle_starttag(self, tag, attrs):
        if tag not in INLINE and self.found[-1]:
            self.found.append("")

    def handle_endtag(self, tag):
        self.handle_starttag(tag, ())

    def handle_data(self, data):
        self.found[-1] += data


def blocks_of(html: str) -> list[str]:
    parser = _Blocks()
    parser.feed(html)
    parser.close()
    return [text for text in (" ".join(part.split()) for part in parser.found) if text]


def lines_between(before: str, after: str) -> list[Line]:
    """The blocks of two texts in HTML, those that correspond beside each other."""
    one, other = blocks_of(before), blocks_of(after)
    found = list[Line]()
    for is_same, left, right in _parts(one, other):
        if is_same:
            found += [Line([(text, False)], [(text, False)]) for text in left]
            continue
        for place in range(max(len(left), len(right))):
            found.append(_line(left[place : place + 1], right[place : place + 1]))
    return found


def _line(left: Sequence[str], right: Sequence[str]) -> Line:
    if not left or not right:
        return Line([(text, True) for text in left], [(text, True) for text in right])
    before, after = Parts(), Parts()
    for is_same, one, other in _parts(_WORD.findall(left[0]), _WORD.findall(right[0])):
        before += [("".join(one), not is_same)] if one else []
        after += [("".join(other), not is_same)] if other else []
    return Line(before, after)


def _parts(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[bool, Sequence[str], Sequence[str]]]:
    """(are they the same, parts of one, parts of the other), in order."""
    begin, most = 0, min(len(one), len(other))
    while begin < most and one[begin] == other[begin]:
        begin += 1
    end = 0
    while end < most - begin and one[-1 - end] == other[-1 - end]:
        end += 1
    yield True, one[:begin], other[:begin]
    left, right = one[begin : len(one) - end], other[begin : len(other) - end]
    if len(left) * len(right) > MOST:
        yield False, left, right
    else:
        for word, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
            yield word == "equal", left[a:b], right[c:d]
    yield True, one[len(one) - end :], other[len(other) - end :]
