"""Bar charts as SVG values. Widths are percentages, so that a chart fits every screen without JavaScript."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.showing import Keystrokes

ROW, LABEL, THICK = 50, 15, 22  # pixels: height of a row, its top to the label's baseline, height of a bar
LANES = 3  # heights at which keys are drawn, so that those beside each other can be told apart
LANE = 14  # pixels


@dataclass(frozen=True)
class Segment:
    kind: str  # the fill, a CSS class
    label: str
    count: int
    x: str
    width: str
    middle: str
    wide: bool  # wide enough to show its count inside
    address: str  # of the list that it counts; "" if there is none


@dataclass(frozen=True)
class Bar:
    label: str
    total: int
    counts: tuple[int, ...]
    segments: tuple[Segment, ...]
    label_y: int
    y: int
    text_y: int
    address: str  # of the list that the bar counts; "" if there is none
    parts: tuple[str, ...]  # the same of each count; empty if there is none

    @property
    def cells(self) -> list[tuple[int, str]]:
        """(count, address) of the data table."""
        return list(zip(self.counts, self.parts or [""] * len(self.counts), strict=True))


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

    @property
    def is_linked(self) -> bool:
        return any(bar.address for bar in self.bars)


def chart(
    id: str,
    title: str,
    description: str,
    rows: Iterable[tuple[str, Sequence[int]]],
    legend: Sequence[tuple[str, str]],
    *,
    whole: int | None = None,
    addresses: Sequence[str] = (),
    parts: Sequence[Sequence[str]] = (),
) -> Chart:
    """`rows` are (label, one count per entry of the legend). A bar of full width is the row's own
    total, or `whole` for all rows. `addresses` are those of the lists that the rows count,
    `parts` of those that each of their counts counts."""
    drawn = [*rows]
    links = zip(drawn, addresses or [""] * len(drawn), parts or [()] * len(drawn), strict=True)
    bars = tuple(
        _bar(label, counts, legend, whole, place, address, of_counts)
        for place, ((label, counts), address, of_counts) in enumerate(links)
    )
    return Chart(id, title, description, bars, tuple(legend), max(len(bars), 1) * ROW)


def _bar(
    label: str,
    counts: Sequence[int],
    legend: Sequence[tuple[str, str]],
    whole: int | None,
    place: int,
    address: str,
    parts: Sequence[str],
) -> Bar:
    total, segments, left = sum(counts), [], 0.0
    for count, (kind, word), of_count in zip(counts, legend, parts or [""] * len(counts), strict=True):
        share = 100 * count / (whole or total) if count else 0.0
        if count:
            middle = _percent(left + share / 2)
            segments.append(Segment(kind, word, count, _percent(left), _percent(share), middle, share >= 9, of_count))
        left += share
    top = place * ROW
    y = top + LABEL + 7
    return Bar(label, total, tuple(counts), tuple(segments), top + LABEL, y, y + THICK * 3 // 4, address, tuple(parts))


@dataclass(frozen=True)
class Interval:
    label: str
    words: str  # the share with its interval
    width: str
    low: str
    high: str
    label_y: int
    y: int
    line_y: int


@dataclass(frozen=True)
class Intervals:
    """Bars of shares, each with a line over its interval; all have the scale that ends at `end`."""

    id: str
    title: str
    description: str
    bars: tuple[Interval, ...]
    end: str
    height: int
    thick: int = THICK


SCALES = (0.02, 0.05, 0.1, 0.25, 0.5)  # ends of the scale; else it is of all


def intervals(id: str, title: str, description: str, rows: Iterable[tuple[str, float, float, float]]) -> Intervals:
    """`rows` are (label, share, low, high), from 0 to 1."""
    drawn = [*rows]
    most = max((high for *_, high in drawn), default=1.0)
    end = next((scale for scale in SCALES if most <= scale), 1.0)
    bars = []
    for place, (label, share, low, high) in enumerate(drawn):
        top = place * ROW
        y = top + LABEL + 7
        words = f"{percent_words(share)} ({percent_words(low)} to {percent_words(high)})"
        width, left, right = (_percent(100 * value / end) for value in (share, low, high))
        bars.append(Interval(label, words, width, left, right, top + LABEL, y, y + THICK // 2))
    return Intervals(id, title, description, tuple(bars), percent_words(end), max(len(bars), 1) * ROW)


def percent_words(share: float) -> str:
    """0.125 is 12.5 %."""
    return f"{round(100 * share, 1):g}\N{NO-BREAK SPACE}%"


def _percent(value: float) -> str:
    return f"{value:.3f}%"


@dataclass(frozen=True)
class KeyBar:
    x: str
    width: str
    y: int
    title: str


@dataclass(frozen=True)
class KeyChart:
    """Keys on a line of time: a bar as long as the key was held."""

    bars: tuple[KeyBar, ...]
    height: int
    seconds: float
    about: str


def key_chart(keys: Keystrokes) -> KeyChart:
    whole = max((stroke.at + stroke.held for stroke in keys.strokes), default=0) or 1
    bars = tuple(
        KeyBar(
            x=f"{100 * stroke.at / whole:.3f}%",
            width=f"{max(100 * stroke.held / whole, 0.1):.3f}%",
            y=place % LANES * (LANE + 2),
            title=f"{stroke.key}: after {stroke.at:.0f} ms, held for {stroke.held:.0f} ms",
        )
        for place, stroke in enumerate(keys.strokes)
    )
    about = f"{keys.number} keys, held for {keys.held:.0f} ms and pressed every {keys.between:.0f} ms on the average."
    if keys.number > len(bars):
        about += f" The first {len(bars)} are drawn."
    return KeyChart(bars, LANES * (LANE + 2), whole / 1000, about)
