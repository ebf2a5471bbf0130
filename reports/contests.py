"""The state of contests, as it stands in a report: whoever reads levels reads it beside them.

It is written by the app that owns contests, in the transaction that changes one (rights/services/contests.py), so that
reports are read without a further statement.
"""

from typing import TypedDict


class ContestState(TypedDict):
    """`human_levels` are those that people gave in place of the machine's, which are never overwritten."""

    state: str  # open, upheld, changed or set_aside: of the open contest, else of the last one that was decided
    is_final: bool  # false while a contest is open: no level may be taken for the last word
    level: str | None  # identity, content or integrity; null: the whole report
    deadline: str | None  # until which an open contest is answered
    human_levels: dict[str, int]
    set_aside: list[str]  # kinds of levels that do not count any more


def contest_state(stored: ContestState | None) -> ContestState | None:
    """For Computed: null where there was no contest, it was withdrawn, or what is stored is no such state."""
    return stored if stored and ContestState.__required_keys__ <= stored.keys() else None
