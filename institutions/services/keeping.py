"""Whose data must be kept for now: apps above this one say so, and whatever erases data of a person asks here."""

from collections.abc import Callable

Rule = Callable[[int], None]
_RULES: list[Rule] = []


def keeps(rule: Rule) -> Rule:
    """@keeps declares a rule(person's key), which raises Conflict while data of this person must be kept."""
    _RULES.append(rule)
    return rule


def refuse_kept(person_id: int) -> None:
    for rule in _RULES:
        rule(person_id)
