"""Shares with confidence intervals, and which of them may be shown. Pure functions, without database and clock.

What is counted comes from the same learners again and again: results of one learner resemble each other, so that many
results of few learners say less than they seem to. The intervals are Wilson's, for as many independent observations as
the spread between learners leaves (Korn and Graubard 1998).

A figure must not tell of few learners beside an earlier state of itself either: who knows that one learner was captured
since yesterday would read that learner's result off the difference. So a figure is replaced only when it differs by
nothing, or by at least MINIMUM learners in each group that is shown; until then the earlier one stays, with its age.
That many differ where so many have something that came or changed since, or where the numbers of learners differ by
so much. A group that has become too small is not shown from that moment on, and is compared with what was last shown
of it when it is large enough again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor, sqrt
from typing import Any, TypedDict

from reports.arithmetic import FEWEST_LEARNERS

MINIMUM = FEWEST_LEARNERS  # below it a group is not shown; fewer would not give an interval that tells anything
ROUNDED_TO = 5  # counts, so that the difference between two periods tells of no single person
MANY = 1000  # from so many observations on, shares have a decimal of a percent
Z = 1.959964  # of 95 %


@dataclass(frozen=True, slots=True)
class Tally:
    """What learners sum up to: `part` of `whole`, and the sums of squares and products of each learner's two numbers.

    Only learners with something in `whole` are counted.
    """

    learners: int = 0
    whole: int = 0
    part: int = 0
    part_squared: int = 0
    product: int = 0
    whole_squared: int = 0


class Share(TypedDict):
    learners: int
    of: int
    share: float
    low: float
    high: float


class Measure(TypedDict):
    """A group is null where it may not be shown. `differs` is whether the intervals of the two groups lie apart."""

    all: Share | None
    with_send: Share | None
    without_send: Share | None
    differs: bool


class Figure(TypedDict):
    """Measures of the same whole, as they were last replaced, as JSON.

    `hidden` are groups that have become too small since then.
    """

    as_of: str  # ISO 8601, UTC
    hidden: list[str]
    measures: dict[str, Measure]


class DatedMeasure(Measure):
    as_of: datetime


GROUPS = ("all", "with_send", "without_send")


def tally_of(learners: Sequence[tuple[int, int]]) -> Tally:
    """Of (part, whole) of each learner."""
    counted = [(part, whole) for part, whole in learners if whole]
    return Tally(
        len(counted),
        sum(whole for _, whole in counted),
        sum(part for part, _ in counted),
        sum(part * part for part, _ in counted),
        sum(part * whole for part, whole in counted),
        sum(whole * whole for _, whole in counted),
    )


def independent(tally: Tally) -> float:
    """As how many independent observations these count: at least 1, at most all of them."""
    part, whole, learners = tally.part, tally.whole, tally.learners
    if part in (0, whole) or learners < 2:  # no spread to measure it by
        return float(learners)
    share = part / whole
    spread = tally.part_squared - 2 * share * tally.product + share * share * tally.whole_squared
    variance = learners / (learners - 1) * spread / (whole * whole)
    return max(1.0, min(float(whole), share * (1 - share) / variance)) if variance > 0 else float(whole)


def interval(share: float, observations: float) -> tuple[float, float]:
    """Wilson's interval for 95 %."""
    z2 = Z * Z / observations
    middle = (share + z2 / 2) / (1 + z2)
    half = Z / (1 + z2) * sqrt(share * (1 - share) / observations + z2 / (4 * observations))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def interval_of(tally: Tally) -> tuple[float, float]:
    return interval(tally.part / tally.whole, independent(tally))


def is_shown(tally: Tally) -> bool:
    return tally.learners >= MINIMUM


def rounded(count: int) -> int:
    return (count + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO


def share_of(tally: Tally) -> Share | None:
    """As it may be shown; None for a group that is too small. The interval is rounded outwards."""
    if not is_shown(tally):
        return None
    low, high = interval_of(tally)
    steps = 1000 if tally.whole >= MANY else 100

    def in_steps(value: float, way: Callable[[float], int]) -> float:
        return way(value * steps) / steps

    return Share(
        learners=rounded(tally.learners),
        of=rounded(tally.whole),
        share=in_steps(tally.part / tally.whole, round),
        low=in_steps(low, floor),
        high=in_steps(high, ceil),
    )


def measure_of(everybody: Tally, with_send: Tally, without_send: Tally) -> Measure:
    """Two groups and their sum. Where one group is too small neither is shown: the sum would tell it from the other."""
    both = is_shown(with_send) and is_shown(without_send)
    return Measure(
        all=share_of(everybody),
        with_send=share_of(with_send) if both else None,
        without_send=share_of(without_send) if both else None,
        differs=both and apart(interval_of(with_send), interval_of(without_send)),
    )


def apart(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[1] < other[0] or other[1] < one[0]


def may_replace(earlier: Share | None, later: Share | None, touched: int) -> bool:
    """Whether the two differ by nothing or by many learners; `touched` have something that came or changed between."""
    if earlier is None or later is None:
        return True
    came_or_went = abs(later["learners"] - earlier["learners"]) - ROUNDED_TO  # at least: both are rounded
    return max(touched, came_or_went) >= MINIMUM or (not touched and earlier == later)


def figure_replaced(
    earlier: Figure | None, measures: Mapping[str, Measure], touched: Sequence[int], as_of: datetime
) -> Figure:
    """What is shown from now on. `touched` is as above, of each of GROUPS; the measures have the same whole."""
    later: dict[str, Any] = {**measures}
    hidden = [group for group in GROUPS if any(measure[group] is None for measure in later.values())]
    if earlier is None:
        return Figure(as_of=as_of.isoformat(), hidden=hidden, measures=later)
    before: dict[str, Any] = {**earlier["measures"]}
    for group, number in zip(GROUPS, touched, strict=True):
        replaced = (may_replace(before[name][group], measure[group], number) for name, measure in later.items())
        if group not in hidden and not all(replaced):
            return Figure(as_of=earlier["as_of"], hidden=hidden, measures=before)
    kept = {
        name: measure | {group: measure[group] or before[name][group] for group in GROUPS}
        for name, measure in later.items()
    }
    return Figure(as_of=as_of.isoformat(), hidden=hidden, measures=kept)


def figure_shown(figure: Figure) -> dict[str, DatedMeasure]:
    """The measures without what is hidden."""
    hidden: dict[str, Any] = dict.fromkeys(figure["hidden"])
    if hidden:
        hidden["differs"] = False
    as_of = datetime.fromisoformat(figure["as_of"])
    return {name: {**measure, **hidden, "as_of": as_of} for name, measure in figure["measures"].items()}  # type: ignore[typeddict-item]
