"""Taking a person out of the tables that administrators have uploaded: the rows stay, without what was in them."""

from collections.abc import Collection
from typing import Any

from courses.models import Import, ImportPart, ImportTrial
from kernel.locks import Lock, locked_rows
from kernel.text import identifier_key
from kernel.writes import one_transaction

FORGOTTEN = "This row was about a person whose data has been erased."
PARTS = 20  # of some hundred rows


@one_transaction()
def imports_part_forgotten(*, institution_id: int, names: Collection[str], after: int) -> int | None:
    """Empty the rows in the next parts that hold one of these names (uids and addresses), whatever their spelling.

    `after` is 0, or what the last call has answered; None: there are no more.
    """
    keys = {identifier_key(name) for name in names if name}
    locked_rows(Import.objects.filter(institution=institution_id), Lock.CHANGE)  # as a step of one does
    parts = list(ImportPart.objects.filter(job__institution=institution_id, pk__gt=after).order_by("pk")[:PARTS])
    for part in parts:
        if _emptied(part, keys):
            part.save(update_fields=["rows", "outcomes"])
    trials = [f"{kind} {key}" for kind in ("uid", "email") for key in keys]
    ImportTrial.objects.filter(job__institution=institution_id, name__in=trials).delete()
    return parts[-1].pk if len(parts) == PARTS else None


def _emptied(part: ImportPart, keys: Collection[str]) -> bool:
    found = [place for place, (_, cells, _) in enumerate(part.rows) if _names(cells, keys)]
    for place in found:
        line, cells, _ = part.rows[place]
        part.rows[place] = [line, [""] * len(cells), FORGOTTEN]
        if place < len(part.outcomes):
            status, reasons = part.outcomes[place]
            part.outcomes[place] = [status, [FORGOTTEN] * bool(reasons)]
    return bool(found)


def _names(cells: Collection[Any], keys: Collection[str]) -> bool:
    return any(identifier_key(str(cell).strip()) in keys for cell in cells)
