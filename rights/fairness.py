"""Shares with confidence intervals, and which of them may be shown. Pure functions, without database and clock.

What is counted comes from the same learners again and again: results of one learner resemble each other, so that many
results of few learners say less than they seem to. The intervals are Wilson's, for as many independent observations as
the spread between learners leaves (Korn and Graubard 1998).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import TypedDict

# Below it a group is not shown. Ten is what the statistical offices of Europe commonly ask of tables about health and
# of education, and fewer learners would not give an interval that tells anything.
MINIMUM = 10
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
