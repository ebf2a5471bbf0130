"""A list of the API as an HTML table: search, filters, order and paging are the API's, its errors are shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, tzinfo
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, QueryDict
from django.utils import timezone

from kernel.http.client import ApiClient, ApiResponse

SIZES = (10, 25, 50, 100)
SIZE = 25
AROUND = 2  # page numbers shown before and after the current one
Row = Mapping[str, Any]


DAY, MOMENT = "date", "datetime-local"


@dataclass(frozen=True)
class Filter:
    """A filter of the resource, typed or chosen."""

    name: str
    label: str
    type: str = "text"  # of the <input>
    choices: Sequence[tuple[str, str]] | None = None  # (value, label) each, for a select
    any: str = "any"  # the choice of none
    search: str | None = None  # the text by which the choices were found; None: all of them are offered
    only_linked: bool = False  # links set it, nobody types it: shown while it is set

    def asked(self, value: str, zone: tzinfo) -> str:
        """What the API is asked for: what people type is in this time zone. What is no date stays, and is refused."""
        try:
            if self.type == DAY:
                day = date.fromisoformat(value)
                first, last = (datetime.combine(day, at, zone) for at in (time.min, time.max))
                return f"{first.isoformat()}/{last.isoformat()}"
            at = datetime.fromisoformat(value) if self.type == MOMENT else None
        except ValueError:
            return value
        return at.replace(tzinfo=at.tzinfo or zone).isoformat() if at else value

    def typed(self, value: str, zone: tzinfo) -> str:
        """The value as it stands in the input, wherever it comes from."""
        try:
            at = datetime.fromisoformat(value) if self.type == MOMENT else None
            return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}" if at and at.tzinfo else value
        except (OverflowError, ValueError):
            return value


@dataclass(frozen=True)
class Column:
    label: str
    show: Callable[[Row], Any]
    order: str = ""  # its name in the API's `ordering`; "" if the list cannot be sorted by it
    only_shown: bool = False  # leads to what can be done with the row, and says nothing of it


@dataclass(frozen=True)
class Work:
    """A page that changes something, offered to whom the API allows `action` on all rows of `path`."""

    word: str
    url_name: str
    path: str  # as in Listing
    action: str


@dataclass(frozen=True)
class Listing:
    """How a list of the API is shown.

    `path` is the list's path below /api/v2/; names in braces are filled from the page's own URL. `detail_url_name`
    names the URL of a row's page, to which the first column links; `detail_url_ids` are its arguments, the row's id
    last. `work` is offered above the list. `add_values` adds to the rows what the API's list does not contain.
    `for_instructors`: instructors see it, too, as far as the API shows them its rows.
    """

    word: str
    title: str
    path: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    lead: str = ""
    detail_url_name: str = ""
    detail_url_ids: tuple[str, ...] = ()
    work: tuple[Work, ...] = ()
    add_values: Callable[[ApiClient, Mapping[str, int], list[dict[str, Any]]], None] | None = None
    for_instructors: bool = False


def with_column(listing: Listing, label: str, show: Callable[[Row], Any]) -> Listing:
    """The listing with one more column, which leads to what can be done with the row."""
    return replace(listing, columns=(*listing.columns, Column(label, show, only_shown=True)))


@dataclass
class ListQuery:
    """The query string of a page, reduced to what the listing offers."""

    listing: Listing
    url_query: QueryDict
    search: str = ""
    order: str = ""
    limit: int = SIZE
    offset: int = 0
    filters: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.search = self.url_query.get("search", "")
        names = {column.order for column in self.listing.columns if column.order}
        order = self.url_query.get("ordering", "")
        self.order = order if order.removeprefix("-") in names else ""
        limit, offset = self.url_query.get("limit", ""), self.url_query.get("offset", "")
        self.limit = int(limit) if limit in map(str, SIZES) else SIZE
        self.offset = int(offset) if offset.isascii() and offset.isdigit() and len(offset) <= 18 else 0
        values = {declared.name: self.url_query.get(declared.name, "") for declared in self.listing.filters}
        self.filters = {name: value for name, value in values.items() if value}
        self.zone = timezone.get_current_timezone()  # of the page: a file is made when that is gone

    def parameters(self) -> dict[str, Any]:
        """Search, order and filters, without empty ones; not the page's limit and offset."""
        values = {"search": self.search, "ordering": self.order, **self.filters}
        return {name: value for name, value in values.items() if value}

    def asked(self) -> dict[str, Any]:
        """The same for the API."""
        by_name = {declared.name: declared for declared in self.listing.filters}
        values = {name: by_name[name].asked(value, self.zone) for name, value in self.filters.items()}
        return self.parameters() | values

    def address(self, **changes: Any) -> str:
        """A link to the same list with some parameters changed."""
        query = QueryDict(mutable=True)
        size = {"limit": self.limit} if self.limit != SIZE else {}
        for name, value in (self.parameters() | size | changes).items():
            if value:
                query[name] = str(value)
        return f"?{query.urlencode()}"


@dataclass(frozen=True)
class Heading:
    label: str
    address: str  # of the list sorted by this column, or in the reverse order if it is
    sorted: str  # value of aria-sort; "" where the list cannot be sorted


@dataclass(frozen=True)
class Line:
    address: str
    cells: list[tuple[str, Any]]  # label and value


@dataclass(frozen=True)
class Field:
    """The input of a filter with its value and the API's errors about it."""

    filter: Filter
    value: str
    errors: list[str]
    zone: tzinfo

    @property
    def label(self) -> str:
        return f"{self.filter.label} ({self.zone})" if self.filter.type in (DAY, MOMENT) else self.filter.label

    @property
    def is_unknown(self) -> bool:
        """Whether it is set to what is no choice, such as an activity of another course."""
        known = {value for value, _ in self.filter.choices or ()}
        return self.filter.choices is not None and bool(self.value) and self.value not in known

    @property
    def typed(self) -> str:
        return self.filter.typed(self.value, self.zone)


class Table:
    """One page of a listing, for the templates."""

    def __init__(
        self,
        listing: Listing,
        query: ListQuery,
        response: ApiResponse,
        row_address: Callable[[Row], str],
        searchable: bool,
    ) -> None:
        self.listing, self.query, self.searchable = listing, query, searchable
        errors = response.data if response.status == 400 else {}
        page: dict[str, Any] = response.data if response.status == 200 else {"count": 0, "results": []}
        self.count: int = page["count"]
        self.lines = [
            Line(row_address(row), [(column.label, column.show(row)) for column in listing.columns])
            for row in page["results"]
        ]
        self.search_errors = [str(text) for text in errors.get("search", [])]
        self.fields = [
            Field(
                declared,
                query.filters.get(declared.name, ""),
                [str(text) for text in errors.get(declared.name, [])],
                query.zone,
            )
            for declared in listing.filters
            if not declared.only_linked or declared.name in query.filters
        ]
        self.has_errors = bool(errors)
        self.filters_open = bool(query.filters) or any(field.errors or field.filter.search for field in self.fields)
        self.narrowed = bool(query.search or query.filters)

    @property
    def headings(self) -> list[Heading]:
        return [self._heading(column) for column in self.listing.columns]

    def _heading(self, column: Column) -> Heading:
        if not column.order:
            return Heading(column.label, "", "")
        up, down = self.query.order == column.order, self.query.order == f"-{column.order}"
        return Heading(
            column.label,
            self.query.address(ordering=f"-{column.order}" if up else column.order),
            "ascending" if up else "descending" if down else "none",
        )

    @property
    def orders(self) -> list[tuple[str, str]]:
        """(value, label) of the select that chooses the order."""
        sortable = [column for column in self.listing.columns if column.order]
        return [(sign + c.order, f"{c.label} {arrow}") for c in sortable for sign, arrow in (("", "↑"), ("-", "↓"))]

    @property
    def sizes(self) -> tuple[int, ...]:
        return SIZES

    @property
    def first(self) -> int:
        return self.query.offset + 1

    @property
    def last(self) -> int:
        return self.query.offset + len(self.lines)

    @property
    def previous(self) -> str:
        offset = self.query.offset
        return self.query.address(offset=max(offset - self.query.limit, 0)) if offset else ""

    @property
    def next(self) -> str:
        return self.query.address(offset=self.last) if self.lines and self.last < self.count else ""

    @property
    def pages(self) -> list[tuple[int, str]]:
        """(number, address) of the first and last page and those around the current one; number 0 is a gap."""
        limit = self.query.limit
        last, current = -(-self.count // limit), self.current_page
        near = range(max(current - AROUND, 1), min(current + AROUND, last) + 1)
        links: list[tuple[int, str]] = []
        for page in sorted({1, last, *near}):
            if links and page - links[-1][0] > 1:
                links.append((0, ""))
            links.append((page, self.query.address(offset=(page - 1) * limit)))
        return links if last > 1 else []

    @property
    def current_page(self) -> int:
        return self.query.offset // self.query.limit + 1


def table(
    listing: Listing, api: ApiClient, query: QueryDict, ids: Mapping[str, int], row_address: Callable[[Row], str]
) -> Table:
    """One page of the listing. Where the API refuses the list, the page is refused; wrong filters are shown in it."""
    list_query, path = ListQuery(listing, query), listing.path.format(**ids)
    response = api.get(path, list_query.asked() | {"limit": list_query.limit, "offset": list_query.offset})
    if response.status == 404:
        raise Http404
    if response.status not in (200, 400):
        raise PermissionDenied
    if listing.add_values is not None and response.status == 200:
        listing.add_values(api, ids, response.data["results"])
    return Table(listing, list_query, response, row_address, bool(api.viewset(path).search_fields))
