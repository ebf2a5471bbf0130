"""Whether the chains are whole: what was changed, removed, moved, put in or cut off since it was sealed."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from kernel.batches import batched
from trail import chain, sealing
from trail.models import Head, Line, Link, Sealing

PART = 2000
CHANGED, REMOVED, INSERTED, CUT, UNSIGNED = "changed", "removed", "inserted", "cut", "wrong signature"


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


def verify(*, institution_id: int | None = None, sent: Iterable[str] = ()) -> Verified:
    """Of one institution, or of all. `sent` are heads as they were sent away, which nobody can have changed since."""
    faults: list[Fault] = []
    links = Link.objects.order_by("institution_id", "position")
    heads = Head.objects.order_by("institution_id", "position", "pk")
    if institution_id is not None:
        links, heads = links.filter(institution_id=institution_id), heads.filter(institution_id=institution_id)
    wanted = [*heads.values_list("institution_id", "position", "digest", "signed_at", "key_name", "signature")]
    wanted += [head for head in map(_read, sent) if institution_id in (None, head[0])]
    count = 0
    for home, chained in groupby(_links_of(links), key=lambda link: link[0]):
        place, previous = 0, chain.START
        for _, position, line_id, digest, line in chained:
            count += 1
            if position != place + 1:
                faults.append(
                    Fault(REMOVED, home, place + 1, None, f"no link has the places {place + 1} to {position - 1}")
                )
            elif line is None:
                faults.append(Fault(REMOVED, home, position, line_id, f"line {line_id} is gone"))
            elif chain.digest(previous, line) != digest:
                faults.append(Fault(CHANGED, home, position, line_id, f"line {line_id} is not what was sealed here"))
            place, previous = position, digest
    faults += _faults_of_heads(wanted)
    faults += _without_place(institution_id)
    return Verified(count, len(wanted), faults)


def _links_of(links) -> Iterator[tuple[int, int, int, str, tuple[Any, ...] | None]]:
    rows = links.values_list("institution_id", "position", "line_id", "digest").iterator(PART)
    for part in batched(rows, PART):
        keys = [line_id for _, _, line_id, _ in part]
        lines = {line[0]: line for line in Line.objects.filter(pk__in=keys).values_list(*chain.COLUMNS)}
        for home, position, line_id, digest in part:
            yield home, position, line_id, digest, lines.get(line_id)


def _faults_of_heads(heads: Iterable[tuple]) -> Iterator[Fault]:
    for home, position, digest, signed_at, key_name, signature in heads:
        text = chain.head_text(home, position, digest, signed_at)
        if not chain.is_signed(text, key_name, signature):
            yield Fault(
                UNSIGNED,
                home,
                position,
                None,
                f"the head of {chain.instant(signed_at)} is not signed by a key of this service",
            )
            continue
        link = Link.objects.filter(institution_id=home, position=position).first()
        if link is None:
            yield Fault(
                CUT, home, position, None, f"the head of {chain.instant(signed_at)} goes further than the links"
            )
        elif link.digest != digest:
            yield Fault(
                CHANGED,
                home,
                position,
                link.line_id,
                f"the chain is not the one that was signed at {chain.instant(signed_at)}",
            )


def _without_place(institution_id: int | None) -> Iterator[Fault]:
    """Lines that are older than what was sealed, and have no place."""
    rows = sealing.forgotten(Sealing.objects.first() or Sealing())
    if institution_id is not None:
        rows = rows.filter(institution_id=institution_id)
    for key, home in rows.values_list("pk", "institution_id").order_by("pk").iterator(PART):
        yield Fault(INSERTED, home, None, key, f"line {key} was put in behind the sealing")


def _read(text: str) -> tuple[Any, ...]:
    """A head that was sent away, as a line of the log or of a file. ValueError if it is none."""
    try:
        values = json.loads(text[text.index("{") :])
        columns = [values[name] for name in ("institution_id", "position", "digest", "signed_at", "key", "signature")]
        columns[3] = datetime.fromisoformat(columns[3])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"this is no head: {text[:80]}") from error
    return tuple(columns)
