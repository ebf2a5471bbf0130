"""Bar charts as SVG values. Widths are percentages, so that a chart fits every screen without JavaScript."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ROW, LABEL, THICK = 50, 15, 22  # pixels: height of a row, its top to the label's baseline, height of a bar


@dataclass(frozen=True)
class Segment:
    kind: str  # the fill, a CSS class
    label: str
    count: int
    x: str
    width: str
    middle: str
    wide: bool  # wide enough to show its count inside


@dataclass(frozen=True)
class Bar:
    label: str
    total: int
    counts: tuple[int, ...]
    segments: tuple[Segment, ...]
    label_y: int
    y: int
    text_y: int


@dataclass(frozen=True)
class Chart:
    """`legend` is (fill, word) of each segment; its words also head the columns of the data table."""

    id: str
    title: str
    description: str
    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, str], ...]
    height: int
    thick: int = THICK


def chart(
    id: str,
    title: str,
    description: str,
    rows: Iterable[tuple[str, Sequence[int]]],
    legend: Sequence[tuple[str, str]],
    *,
    whole: int | None = None,
) -> Chart:
    """`rows` are (label, one count per entry of the legend). A bar of full width is the row's own
    total, or `whole` for all rows."""
    bars = tuple(_bar(label, counts, legend, whole, place) for place, (label, counts) in enumerate(rows))
    return Chart(id, title, description, bars, tuple(legend), max(len(bars), 1) * ROW)


def _bar(label: str, counts: Sequence[int], legend: Sequence[tuple[str, str]], whole: int | None, place: int) -> Bar:
    total, segments, left = sum(counts), [], 0.0
    for count, (kind, word) in zip(counts, legend, strict=True):
        share = 100 * count / (whole or total) if count else 0.0
        if count:
            middle = _percent(left + share / 2)
            segments.append(Segment(kind, word, count, _percent(left), _percent(share), middle, share >= 9))
        left += share
    top = place * ROW
    return Bar(
        label, total, tuple(counts), tuple(segments), top + LABEL, top + LABEL + 7, top + LABEL + 7 + THICK * 3 // 4
    )


def _percent(value: float) -> str:
    return f"{value:.3f}%"
