"""A list of the API as a page: search, filters, order and paging go to the API, its errors come back to the page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, QueryDict

from console.api_client import Answer, Reader

SIZES = (10, 25, 50, 100)
SIZE = 25
AROUND = 2  # numbers of pages beside the present one
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Filter:
    """One of the resource's own filters. `choices` make it a selection, (value, word) each."""

    name: str
    label: str
    type: str = "text"  # of the input
    choices: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Column:
    label: str
    show: Callable[[Row], Any]
    order: str = ""  # its name in `ordering`, if the resource can be sorted by it


@dataclass(frozen=True)
class Listing:
    """`path` is the list's below /api/v2/; names in braces are filled from the page's own address.

    `leads_to` names the page of a row, `row_ids` the ids of its address, the row's own last. The first column
    links to it. `adds` puts into the rows of a page what the list itself does not say.
    """

    word: str
    title: str
    path: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    lead: str = ""
    leads_to: str = ""
    row_ids: tuple[str, ...] = ()
    adds: Callable[[Reader, Mapping[str, int], list[dict[str, Any]]], None] | None = None


@dataclass
class Asked:
    """What the address asks of a listing: nothing that the listing does not offer."""

    listing: Listing
    query: QueryDict
    search: str = ""
    order: str = ""
    limit: int = SIZE
    offset: int = 0
    filters: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.search = self.query.get("search", "")
        names = {column.order for column in self.listing.columns if column.order}
        order = self.query.get("ordering", "")
        self.order = order if order.removeprefix("-") in names else ""
        limit, offset = self.query.get("limit", ""), self.query.get("offset", "")
        self.limit = int(limit) if limit in map(str, SIZES) else SIZE
        self.offset = int(offset) if offset.isascii() and offset.isdigit() and len(offset) <= 18 else 0
        values = {declared.name: self.query.get(declared.name, "") for declared in self.listing.filters}
        self.filters = {name: value for name, value in values.items() if value}

    def given(self) -> dict[str, Any]:
        """The parameters that differ from none, but for the place in the list."""
        asked = {"search": self.search, "ordering": self.order, **self.filters}
        return {name: value for name, value in asked.items() if value}

    def address(self, **changes: Any) -> str:
        query = QueryDict(mutable=True)
        size = {"limit": self.limit} if self.limit != SIZE else {}
        for name, value in (self.given() | size | changes).items():
            if value:
                query[name] = str(value)
        return f"?{query.urlencode()}"


@dataclass(frozen=True)
class Heading:
    label: str
    address: str  # sorts by this column, or the other way round
    sorted: str  # of aria-sort; "" for what is not sorted by


@dataclass(frozen=True)
class Line:
    address: str
    cells: list[tuple[str, Any]]  # label and value


@dataclass(frozen=True)
class Field:
    """A filter's input with what it holds and what the API says of it."""

    filter: Filter
    value: str
    errors: list[str]


class Table:
    """One page of a listing, for the templates."""

    def __init__(self, listing: Listing, asked: Asked, answer: Answer, linked: Callable[[Row], str], search: bool):
        self.listing, self.asked, self.searchable = listing, asked, search
        wrong = answer.data if answer.status == 400 else {}
        page: dict[str, Any] = answer.data if answer.status == 200 else {"count": 0, "results": []}
        self.count: int = page["count"]
        self.lines = [
            Line(linked(row), [(column.label, column.show(row)) for column in listing.columns])
            for row in page["results"]
        ]
        self.search_errors = [str(text) for text in wrong.get("search", [])]
        self.fields = [
            Field(declared, asked.filters.get(declared.name, ""), [str(text) for text in wrong.get(declared.name, [])])
            for declared in listing.filters
        ]
        self.wrong = bool(wrong)
        self.filtered = bool(asked.filters) or any(field.errors for field in self.fields)
        self.narrowed = bool(asked.search or asked.filters)

    @property
    def headings(self) -> list[Heading]:
        return [self._heading(column) for column in self.listing.columns]

    def _heading(self, column: Column) -> Heading:
        if not column.order:
            return Heading(column.label, "", "")
        up, down = self.asked.order == column.order, self.asked.order == f"-{column.order}"
        return Heading(
            column.label,
            self.asked.address(ordering=f"-{column.order}" if up else column.order),
            "ascending" if up else "descending" if down else "none",
        )

    @property
    def orders(self) -> list[tuple[str, str]]:
        """(value, words) for the selection of an order."""
        sortable = [column for column in self.listing.columns if column.order]
        return [(sign + c.order, f"{c.label} {arrow}") for c in sortable for sign, arrow in (("", "↑"), ("-", "↓"))]

    @property
    def sizes(self) -> tuple[int, ...]:
        return SIZES

    @property
    def first(self) -> int:
        return self.asked.offset + 1

    @property
    def last(self) -> int:
        return self.asked.offset + len(self.lines)

    @property
    def previous(self) -> str:
        offset = self.asked.offset
        return self.asked.address(offset=max(offset - self.asked.limit, 0)) if offset else ""

    @property
    def next(self) -> str:
        return self.asked.address(offset=self.last) if self.lines and self.last < self.count else ""

    @property
    def pages(self) -> list[tuple[int, str]]:
        """(number, address) of the first and last page and those around the present one; number 0 is a gap."""
        limit = self.asked.limit
        last, here = -(-self.count // limit), self.asked.offset // limit + 1
        near = range(max(here - AROUND, 1), min(here + AROUND, last) + 1)
        found: list[tuple[int, str]] = []
        for page in sorted({1, last, *near}):
            if found and page - found[-1][0] > 1:
                found.append((0, ""))
            found.append((page, self.asked.address(offset=(page - 1) * limit)))
        return found if last > 1 else []

    @property
    def here(self) -> int:
        return self.asked.offset // self.asked.limit + 1


def table(
    listing: Listing, read: Reader, query: QueryDict, ids: Mapping[str, int], linked: Callable[[Row], str]
) -> Table:
    """One page of the listing; the API's refusal of the list itself is the page's own."""
    asked, path = Asked(listing, query), listing.path.format(**ids)
    answer = read.ask(path, asked.given() | {"limit": asked.limit, "offset": asked.offset})
    if answer.status == 404:
        raise Http404
    if answer.status not in (200, 400):
        raise PermissionDenied
    if listing.adds is not None and answer.status == 200:
        listing.adds(read, ids, answer.data["results"])
    return Table(listing, asked, answer, linked, bool(read.viewset(path).search_fields))
