"""Whether the chains are whole: what was changed, removed, moved, put in or cut off since it was sealed.

A chain begins with its first line, or behind the last of its signed cuts: see cutting.py.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import QuerySet

from kernel.batches import batched
from trail import chain, sealing
from trail.models import Cut, Head, Line, Link, Sealing

PART = 2000
CUT_COLUMNS = tuple(field.attname for field in Cut._meta.concrete_fields if field.attname != "id")
BEGINNING = Cut(first_position=0, position=0, digest=chain.START)  # of a chain that was not cut
CHANGED, REMOVED, INSERTED, CUT, UNSIGNED = "changed", "removed", "inserted", "cut", "wrong signature"
HOME = chain.COLUMNS.index("institution_id")


class Fault(NamedTuple):
    kind: str
    institution_id: int
    position: int | None
    line_id: int | None
    text: str


class Verified(NamedTuple):
    lines: int
    heads: int
    faults: list[Fault]
    cuts: dict[int, Cut]  # the last one of each institution whose chain was cut


class Place(NamedTuple):
    """In a chain: the line there, and what is wrong with it."""

    position: int
    digest: str
    line_id: int
    line: tuple[Any, ...] | None
    fault: Fault | None


class SentHead(NamedTuple):
    """A head as it was sent away, or as it is stored."""

    institution_id: int
    position: int
    digest: str
    signed_at: datetime
    key_name: str
    signature: str

    @property
    def is_signed(self) -> bool:
        text = chain.head_text(self.institution_id, self.position, self.digest, self.signed_at)
        return chain.is_signed(text, self.key_name, self.signature)


def verify(*, institution_id: int | None = None, sent: Sequence[str] = ()) -> Verified:
    """Of one institution, or of all. `sent` are heads and cuts as they were sent away, which nobody can have changed.

    ValueError if one of them is neither. What was cut meanwhile is no fault: it is then read again.
    """
    while True:
        cuts = Cut.objects.count()
        found = _verified(institution_id, sent)
        if not found.faults or Cut.objects.count() == cuts:
            return found


def _verified(institution_id: int | None, sent: Iterable[str]) -> Verified:
    faults: list[Fault] = []
    links = Link.objects.order_by("institution_id", "position")
    heads = Head.objects.order_by("institution_id", "position", "pk")
    cuts = Cut.objects.order_by("institution_id", "first_position")
    if institution_id is not None:
        links, heads = links.filter(institution_id=institution_id), heads.filter(institution_id=institution_id)
        cuts = cuts.filter(institution_id=institution_id)
    stored = [SentHead(*row) for row in heads.values_list(*SentHead._fields)]
    sent_heads, sent_cuts = parsed(sent, institution_id)
    signed = {home: [*rows] for home, rows in groupby(stored, key=lambda head: head.institution_id)}
    last: dict[int, Cut] = {}
    for home, rows in groupby(cuts, key=lambda cut: cut.institution_id):
        last[home] = BEGINNING
        for cut in rows:
            faults += _faults_of_cut(cut, last[home], signed.get(home, []))
            if is_signed(cut):
                last[home] = cut
    count, with_links = 0, set[int]()
    for home, chained in groupby(links_with_lines(links), key=lambda link: link[0]):
        with_links.add(home)
        for place in walked(home, chained, last.get(home, BEGINNING)):
            count += 1
            faults += [place.fault] if place.fault else []
    for home in last.keys() - with_links:  # the last line of a chain is never cut
        faults.append(Fault(CUT, home, last[home].position + 1, None, "no link follows what was cut"))
    faults += _faults_of_heads([*stored, *sent_heads], stored, last)
    faults += _faults_of_sent(sent_cuts, cuts)
    faults += _without_place(institution_id)
    last = {home: cut for home, cut in last.items() if cut is not BEGINNING}
    return Verified(count, len(stored) + len(sent_heads), faults, last)


def is_signed(cut: Cut) -> bool:
    return chain.is_signed(chain.cut_text(cut), cut.key_name, cut.signature)


def _faults_of_cut(cut: Cut, before: Cut, heads: Sequence[SentHead]) -> Iterator[Fault]:
    """`heads` are all of the institution, in the order of their places."""
    home, place = cut.institution_id, cut.first_position
    if not is_signed(cut):
        text = f"the cut of {chain.instant(cut.made_at)} is not signed by a key of this service"
        yield Fault(UNSIGNED, home, place, None, text)
        return
    if place != before.position + 1:
        text = f"no cut has the places {before.position + 1} to {place - 1}"
        yield Fault(REMOVED, home, before.position + 1, None, text)
    first = bisect_left(heads, place, key=attrgetter("position"))
    behind = bisect_right(heads, cut.position, key=attrgetter("position"))
    if chain.heads_digest(head.signature for head in heads[first:behind]) != cut.heads:
        text = f"the heads of the places {place} to {cut.position} are not those that there were"
        yield Fault(CHANGED, home, place, None, text)


def walked(home: int, chained: Iterable[tuple], begin: Cut) -> Iterator[Place]:
    """These links of a chain, as `links_with_lines` has them, behind this cut."""
    at, previous = begin.position, begin.digest
    for _, position, line_id, digest, line in chained:
        fault = None
        if position <= begin.position:
            text = f"the place {position} is one of those that were cut"
            yield Place(position, digest, line_id, line, Fault(INSERTED, home, position, line_id, text))
            continue
        if position != at + 1:
            fault = Fault(REMOVED, home, at + 1, None, f"no link has the places {at + 1} to {position - 1}")
        elif line is None:
            fault = Fault(REMOVED, home, position, line_id, f"line {line_id} is gone")
        elif line[HOME] != home:
            fault = Fault(INSERTED, home, position, line_id, f"line {line_id} is of another institution")
        elif chain.digest(previous, line) != digest:
            fault = Fault(CHANGED, home, position, line_id, f"line {line_id} is not what was sealed here")
        at, previous = position, digest
        yield Place(position, digest, line_id, line, fault)


def links_with_lines(links: QuerySet[Link]) -> Iterator[tuple[int, int, int, str, tuple[Any, ...] | None]]:
    """(institution, position, key of the line, digest, the line's COLUMNS or None) of each link."""
    rows = links.values_list("institution_id", "position", "line_id", "digest").iterator(PART)
    for part in batched(rows, PART):
        keys = [line_id for _, _, line_id, _ in part]
        lines = {line[0]: line for line in Line.objects.filter(pk__in=keys).values_list(*chain.VALUES)}
        for home, position, line_id, digest in part:
            yield home, position, line_id, digest, lines.get(line_id)


def _faults_of_heads(heads: Iterable[SentHead], stored: Iterable[SentHead], last: Mapping[int, Cut]) -> Iterator[Fault]:
    known = {*stored}
    for head in heads:
        home, position, signed_at = head.institution_id, head.position, chain.instant(head.signed_at)
        if not head.is_signed:
            text = f"the head of {signed_at} is not signed by a key of this service"
            yield Fault(UNSIGNED, home, position, None, text)
            continue
        if position <= last.get(home, BEGINNING).position:
            # Its line is gone. The cut vouches for the stored heads that were compared with the lines before.
            if head not in known:
                yield Fault(
                    CHANGED, home, position, None, f"the head of {signed_at} is not one of those before the cut"
                )
            continue
        link = Link.objects.filter(institution_id=home, position=position).first()
        if link is None:
            yield Fault(CUT, home, position, None, f"the head of {signed_at} goes further than the links")
        elif link.digest != head.digest:
            text = f"the chain is not the one that was signed at {signed_at}"
            yield Fault(CHANGED, home, position, link.line_id, text)


def _faults_of_sent(sent: Iterable[Cut], cuts: Iterable[Cut]) -> Iterator[Fault]:
    known = {cut.signature for cut in cuts}
    for cut in sent:
        if not is_signed(cut):
            text = f"the cut of {chain.instant(cut.made_at)} that was sent is not signed by a key of this service"
            yield Fault(UNSIGNED, cut.institution_id, cut.first_position, None, text)
        elif cut.signature not in known:
            yield Fault(
                REMOVED,
                cut.institution_id,
                cut.first_position,
                None,
                f"the cut of {chain.instant(cut.made_at)} is gone",
            )


def _without_place(institution_id: int | None) -> Iterator[Fault]:
    """Lines that are older than what was sealed, and have no place."""
    rows = sealing.forgotten(Sealing.objects.first() or Sealing())
    if institution_id is not None:
        rows = rows.filter(institution_id=institution_id)
    for key, home in rows.values_list("pk", "institution_id").order_by("pk").iterator(PART):
        yield Fault(INSERTED, home, None, key, f"line {key} was put in behind the sealing")


def sent_lines() -> list[str]:
    """What was sent to the file that the settings name; nothing if there is none yet. OSError if it cannot be read."""
    file = Path(settings.TRAIL_HEADS_FILE)
    return lines_of(file) if settings.TRAIL_HEADS_FILE and file.exists() else []


def lines_of(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line.strip()]


def parsed(sent: Iterable[str], institution_id: int | None) -> tuple[list[SentHead], list[Cut]]:
    """Heads and cuts of this institution, or of all, as they were sent away. ValueError if a line is neither."""
    heads, cuts = list[SentHead](), list[Cut]()
    for text in sent:
        try:
            values = json.loads(text[text.index("{") :])
            if institution_id not in (None, values["institution_id"]):
                continue
            values["key_name"] = values.pop("key")
            for name in values.keys() & {"signed_at", "first_at", "last_at", "made_at"}:
                values[name] = datetime.fromisoformat(values[name])
            if "first_position" in values:
                cuts.append(Cut(**{name: values[name] for name in CUT_COLUMNS}))
            else:
                heads.append(SentHead(**{name: values[name] for name in SentHead._fields}))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this is neither a head nor a cut: {text[:80]}") from error
    return heads, cuts
