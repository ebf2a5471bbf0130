"""The state of contests, as it stands in a report: whoever reads levels reads it beside them.

It is written by the app that owns contests, in the transaction that changes one (rights/services/contests.py), so that
reports are read without a further statement.
"""

from typing import NotRequired, TypedDict

from reports.arithmetic import Level


class _Told(TypedDict):
    state: str  # open, upheld, changed or set_aside: of the open contest, else of the last one that was decided
    is_final: bool  # false while a contest is open or a level has changed since: none may be taken for the last word
    level: str | None  # identity, content or integrity; null: the whole report
    deadline: str | None  # until which an open contest is answered
    human_levels: dict[str, int]
    set_aside: list[str]  # kinds of levels that do not count any more


class StoredContest(_Told):
    judged: NotRequired[dict[str, int]]  # the machine's levels that people have decided about, by kind


class ContestState(_Told):
    """`human_levels` are those that people gave in place of the machine's, which are never overwritten."""

    changed_since: list[str]  # kinds of which the machine says something else than what was decided about


def is_contested(stored: StoredContest | None) -> bool:
    """Whether a contest is open."""
    return stored is not None and stored.get("state") == "open"


def levels_changed(judged: dict[str, int], **levels: int) -> list[str]:
    """The kinds of which people have decided about another level than this one. Pending: there is none yet."""
    return [kind for kind, level in levels.items() if level not in (Level.PENDING, judged.get(kind, level))]


def contest_state(stored: StoredContest | None, identity: int, content: int, integrity: int) -> ContestState | None:
    """For Computed, with the report's levels: null where there was no contest, it was withdrawn, or what is stored is
    no such state.
    """
    if not stored or not _Told.__required_keys__ <= stored.keys():
        return None
    changed = levels_changed(stored.get("judged", {}), identity=identity, content=content, integrity=integrity)
    return ContestState(
        state=stored["state"],
        is_final=stored["is_final"] and not changed,
        level=stored["level"],
        deadline=stored["deadline"],
        human_levels=stored["human_levels"],
        set_aside=stored["set_aside"],
        changed_since=changed,
    )
