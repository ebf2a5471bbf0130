"""The oldest lines of a chain are deleted when their institution keeps them no longer. A signed cut takes their place.

What is cut is read and verified before, with the heads that were signed of it: what was tampered with stays, and no cut
hides it. Each part has a transaction of its own and ends with a cut of its own, so that it can be interrupted anywhere;
nobody who writes or seals waits for it. The last line of a chain is never cut, nor one that is not sealed yet.
"""

import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection
from django.utils import timezone

from kernel.commit import after_commit
from kernel.recording import COMMAND, origin
from kernel.repeats import repeated
from kernel.writes import inserted, one_transaction
from trail import chain
from trail.accounts import merged_into
from trail.models import Cut, Head, Key, Line, Link
from trail.sealing import send
from trail.verifying import (
    BEGINNING,
    CUT_COLUMNS,
    PART,
    Place,
    SentHead,
    is_signed,
    links_with_lines,
    parsed,
    sent_lines,
    walked,
)

logger = logging.getLogger(__name__)
LINES = PART - 1  # in one transaction; one more is read
HELD, BROKEN = "held", "broken"  # why older lines are not cut
_COLUMN = {name: place for place, name in enumerate(chain.COLUMNS)}
Sent = Mapping[int, AbstractSet[SentHead]]  # by institution


def sent_heads() -> Sent | None:
    """Those in the file that the settings name; None if it cannot be read."""
    heads: dict[int, set[SentHead]] = {}
    try:
        for head in parsed(sent_lines(), None)[0]:
            heads.setdefault(head.institution_id, set()).add(head)
    except (OSError, ValueError):
        logger.exception("no lines of the trail are cut: the heads that were sent cannot be read")
        return None
    return heads


@dataclass
class Outcome:
    """How many lines were cut, or would be; how many older ones were not, and why."""

    lines: int = 0
    left: int = 0
    why: str = ""


@dataclass(frozen=True)
class _Part:
    cut: Cut | None  # not signed yet; None: there is nothing to cut
    lines: Sequence[int] = field(default=())
    is_last: bool = False
    why: str = ""


def cut_old(
    institution_id: int,
    days: int,
    held: Callable[[], Collection[int]],
    *,
    sent: Sent | None,
    dry_run: bool = False,
) -> Outcome:
    """Cut what is older than so many days, up to the first line that tells of one of these held people.

    `held` answers keys of accounts and is asked for each part. Of heads that were sent away and cannot be read
    (`sent` is None) nobody knows whether they are those of the lines: then nothing is cut.
    """
    before = timezone.now() - timedelta(days=days)
    rule = _Rule(institution_id, days, before, held, None if sent is None else sent.get(institution_id, frozenset()))
    outcome, begin, is_last = Outcome(), _begin(institution_id), False
    while not is_last:
        part = rule.part(begin) if dry_run else repeated(partial(_part_cut, rule))
        begin, is_last, outcome.why = part.cut, part.is_last, part.why
        outcome.lines += len(part.lines)
    if outcome.why:
        old = Line.objects.filter(institution=institution_id, written_at__lt=before).count()
        outcome.left = old - outcome.lines * dry_run
    return outcome


@one_transaction()
def _part_cut(rule: "_Rule") -> _Part:
    part = rule.part(_begin(rule.institution_id))
    if part.cut is None:
        return part
    part.cut.key_name, part.cut.signature = chain.sign(chain.cut_text(part.cut))
    if not inserted(part.cut):  # another process has just cut this part
        return _Part(None)
    using, places = connection.alias, (part.cut.first_position, part.cut.position)
    Key.objects.filter(line_id__in=part.lines).delete()
    Line.objects.filter(pk__in=part.lines)._raw_delete(using)
    Link.objects.filter(institution_id=rule.institution_id, position__range=places)._raw_delete(using)
    after_commit(send, lines=[as_text(part.cut)], word="cut")
    return part


def _begin(institution_id: int) -> Cut | None:
    """The last cut: the chain begins behind it. None if nobody has signed it."""
    cut = Cut.objects.filter(institution_id=institution_id).order_by("-position").first() or BEGINNING
    return cut if cut is BEGINNING or is_signed(cut) else None


@dataclass(frozen=True)
class _Rule:
    institution_id: int
    days: int
    before: datetime
    held: Callable[[], Collection[int]]
    sent: AbstractSet[SentHead] | None

    def part(self, begin: Cut | None) -> _Part:
        """What is cut next behind this one."""
        if begin is None or self.sent is None:
            return _Part(None, is_last=True, why=BROKEN)
        links = Link.objects.filter(institution_id=self.institution_id, position__gt=begin.position)
        chained = [*links_with_lines(links.order_by("position")[: LINES + 1])][:-1]  # without the last one of the chain
        kept = self._held_lines([line for *_, line in chained if line is not None])
        taken, written, why = list[Place](), list[datetime](), ""
        for place in walked(self.institution_id, chained, begin):
            if place.fault or place.line is None:
                return _Part(None, is_last=True, why=BROKEN)
            at = place.line[_COLUMN["written_at"]]
            if at >= self.before:
                break
            if place.line_id in kept:
                why = HELD
                break
            taken.append(place)
            written.append(at)
        is_last = len(taken) < LINES
        if not taken:
            return _Part(None, is_last=True, why=why)
        cut = Cut(
            institution_id=self.institution_id, first_position=taken[0].position, position=taken[-1].position,
            digest=taken[-1].digest, first_at=written[0], last_at=written[-1], days=self.days,
            by=_who(), made_at=timezone.now(),
        )  # fmt: skip
        stored = Head.objects.filter(
            institution_id=self.institution_id, position__range=(cut.first_position, cut.position)
        )
        heads = [SentHead(*row) for row in stored.values_list(*SentHead._fields)]
        digests = {place.position: place.digest for place in taken}
        # What was sent must still be there: behind the cut it is compared with what is stored.
        sent = {head for head in self.sent if head.position in digests}
        if sent - {*heads} or any(digests[head.position] != head.digest or not head.is_signed for head in heads):
            return _Part(None, is_last=True, why=BROKEN)
        cut.heads = chain.heads_digest(head.signature for head in heads)
        return _Part(cut, [place.line_id for place in taken], is_last, why)

    def _held_lines(self, lines: Sequence[tuple[Any, ...]]) -> set[int]:
        """Those that concern a held person, or have a text that is sealed for this one: what the person did, too."""
        people = {*self.held()}
        if not people:
            return set()
        sealed = Key.objects.filter(line_id__in=[line[0] for line in lines], person_id__in=people)
        people |= {*merged_into(people)}
        concerned = {line[0] for line in lines if line[_COLUMN["person_id"]] in people}
        return concerned | {*sealed.values_list("line_id", flat=True)}


def _who() -> str:
    """A command by its name; people by their numbers: names are not kept for ever."""
    by = origin()
    return f"{by.kind} {by.name if by.kind == COMMAND else by.id}"[:150]


def as_text(cut: Cut) -> str:
    """One line of JSON, as it is sent away."""
    values = {name: getattr(cut, name) for name in CUT_COLUMNS}
    values |= {name: chain.instant(value) for name, value in values.items() if isinstance(value, datetime)}
    values["key"] = values.pop("key_name")
    return json.dumps(values)
