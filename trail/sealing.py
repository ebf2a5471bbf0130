"""Lines get their places in the chains, some time after they were written: so no writer waits for another.

On PostgreSQL those lines are taken that no open transaction can precede: what is older than its oldest one is there
already. One process seals at a time: whoever has locked the row of `Sealing`.
"""

import json
import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from kernel.commit import after_commit
from kernel.repeats import repeated
from trail import chain
from trail.models import Head, Line, Link, Sealing

logger = logging.getLogger(__name__)
LINES = 200  # in one transaction


def seal(*, sign_now: bool = False, between: Callable[[], object] = lambda: None) -> tuple[int, int]:
    """Put what has been written into the chains, and sign the heads that are due, or all that have grown.

    Answers how many lines and how many heads; (0, 0) also if another process is at it. `between` is called between
    two transactions.
    """
    lines = 0
    while True:
        sealed, heads, is_complete = repeated(lambda: _sealed(sign_now))
        lines += sealed
        if is_complete:
            return lines, heads
        between()


def unsealed(state: Sealing, up_to: int) -> QuerySet[Line]:
    """The lines without a place that should get one, in their order."""
    rows = _without_link()
    if connection.vendor == "postgresql":
        is_same_server = state.up_to <= up_to  # a database that was restored elsewhere counts anew
        rows = rows.filter(written_in__gte=state.up_to, written_in__lt=up_to) if is_same_server else rows
    else:
        rows = rows.filter(pk__gt=state.up_to)  # one transaction writes at a time, in the order of the keys
    return rows


def forgotten(state: Sealing) -> QuerySet[Line]:
    """The lines that should have a place already: somebody has put them in behind the sealing, or taken their links."""
    rows = _without_link()
    if connection.vendor != "postgresql":
        return rows.filter(pk__lte=state.up_to)
    return rows.filter(written_in__lt=state.up_to) if state.up_to <= horizon() else rows.none()


def _without_link() -> QuerySet[Line]:
    return Line.objects.exclude(Exists(Link.objects.filter(line_id=OuterRef("pk")))).order_by("pk")


def horizon() -> int:
    """The oldest open transaction on PostgreSQL; on SQLite the last line."""
    if connection.vendor != "postgresql":
        return Line.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return cursor.fetchone()[0]


@transaction.atomic
def _sealed(sign_now: bool) -> tuple[int, int, bool]:
    """Of a part: the numbers of lines and heads, and whether there is nothing more to do."""
    state = _locked_state()
    if state is None:
        return 0, 0, True
    up_to = horizon()
    lines = list(unsealed(state, up_to).values_list(*chain.VALUES)[:LINES])
    Link.objects.bulk_create(_links(lines))
    grown = {*state.unsigned, *(line[chain.COLUMNS.index("institution_id")] for line in lines)}
    is_complete = len(lines) < LINES
    heads: list[Head] = []
    if is_complete:
        state.up_to = up_to
        heads = _signed(grown, sign_now)
        Head.objects.bulk_create(heads)
    unsigned = sorted(grown - {head.institution_id for head in heads})
    if lines or heads or is_complete:
        state.unsigned = unsigned
        state.save()
    if heads:
        after_commit(send, lines=[as_text(head) for head in heads])
    return len(lines), len(heads), is_complete


def _locked_state() -> Sealing | None:
    """None: another process has it."""
    skips = connection.features.has_select_for_update_skip_locked  # SQLite has one writer at a time
    if not Sealing.objects.exists():
        Sealing.objects.bulk_create([Sealing(pk=1)], ignore_conflicts=True)
    return Sealing.objects.select_for_update(skip_locked=skips).first()


def _links(lines: Iterable[tuple[Any, ...]]) -> list[Link]:
    last: dict[int, tuple[int, str]] = {}
    links = []
    key, home = chain.COLUMNS.index("id"), chain.COLUMNS.index("institution_id")
    for line in lines:
        institution_id = line[home]
        position, previous = last.get(institution_id) or _last(institution_id)
        last[institution_id] = position, digest = position + 1, chain.digest(previous, line)
        links.append(Link(institution_id=institution_id, position=position, line_id=line[key], digest=digest))
    return links


def _last(institution_id: int) -> tuple[int, str]:
    link = Link.objects.filter(institution_id=institution_id).order_by("-position").first()
    return (link.position, link.digest) if link else (0, chain.START)


def _signed(institutions: Iterable[int], sign_now: bool) -> list[Head]:
    """New heads of those of these chains whose last head is old enough."""
    now = timezone.now()
    pause = timedelta(minutes=settings.TRAIL_HEAD_MINUTES)
    fresh = Head.objects.filter(institution_id__in=[*institutions], signed_at__gt=now - pause)
    waiting = set() if sign_now else {*fresh.values_list("institution_id", flat=True)}
    heads = []
    for institution_id in sorted({*institutions} - waiting):
        position, digest = _last(institution_id)
        name, signature = chain.sign(chain.head_text(institution_id, position, digest, now))
        heads.append(
            Head(
                institution_id=institution_id, position=position, digest=digest, signed_at=now, key_name=name,
                signature=signature,
            )
        )  # fmt: skip
    return heads


def as_text(head: Head) -> str:
    """One line of JSON, as it is sent away."""
    return json.dumps({
        "institution_id": head.institution_id, "position": head.position, "digest": head.digest,
        "signed_at": chain.instant(head.signed_at), "key": head.key_name, "signature": head.signature,
    })  # fmt: skip


def send(lines: Iterable[str], word: str = "head") -> None:
    """To the log, and behind what is in the file that the settings name."""
    for line in lines:
        logger.info("%s %s", word, line)
    if settings.TRAIL_HEADS_FILE:
        with Path(settings.TRAIL_HEADS_FILE).open("a") as file:
            file.writelines(f"{line}\n" for line in lines)
