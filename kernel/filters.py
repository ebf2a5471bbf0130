"""What a list's query string may ask: filters, search and ordering, each declared by the resource."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import FieldError
from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import CharField, F, IntegerField, Model, Q, TextField
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import OrderBy
from django.db.models.sql import Query
from django_filters import fields
from django_filters import rest_framework as filters
from django_filters.constants import EMPTY_VALUES
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter, SearchFilter

from kernel.fast.prepared import Word
from kernel.http.parsers import drops_controls
from kernel.ids import bounded_number
from kernel.tenancy import tenant_path
from kernel.text import line_of, moment_text, prose_of, search_form, search_words, validate_line

SEARCH_CHARACTERS, SEARCH_TERMS = 200, 20
PREPARED_TERMS = 3
TYPED = "(a text)"  # what the trail has in the place of one


class DeclaredFilterBackend(filters.DjangoFilterBackend):
    """Unknown parameters are ignored; a bad value of a known one is 400 under its name."""

    def filter_queryset(self, request, queryset, view):
        declared = self.get_filterset_class(view, queryset)
        # Building a FilterSet and its form costs more than the page's own query: only when it is used.
        if declared is None or declared.base_filters.keys().isdisjoint(request.query_params):
            return queryset
        found = super().filter_queryset(request, queryset, view)
        if not all(condition in found.query.where.children for condition in queryset.query.where.children):
            raise RuntimeError(f"{declared.__name__} does not narrow the rows that it was given, it finds others")
        return found

    def get_filterset_kwargs(self, request, queryset, view):
        values = super().get_filterset_kwargs(request, queryset, view)
        values["data"] = given = request.query_params.copy()
        if request.accepted_renderer.format == "api":  # the page's form sends all its fields, also those left empty
            for name in [name for name, text in given.items() if text == ""]:
                del given[name]
        if drops_controls(view):
            declared = self.get_filterset_class(view, queryset).base_filters
            for name in declared.keys() & given.keys():
                clean = _cleaning(queryset.model, declared[name].field_name)
                given.setlist(name, [clean(text) for text in given.getlist(name)])
        return values


# Their values are checked before: nobody is named by one.
_CHECKED = (filters.NumberFilter, filters.ChoiceFilter, filters.MultipleChoiceFilter, filters.BooleanFilter,
            filters.IsoDateTimeFilter)  # fmt: skip


def asked_of(view: Any) -> dict[str, list[str]]:
    """What a list was asked for, as the trail keeps it: numbers, instants and choices, but no text that was typed.

    Such a text names people, also some of whom nothing was found, and would outlive them. What the list does not know
    is left out.
    """
    given = view.request.query_params
    declared = getattr(getattr(view, "filterset_class", None), "base_filters", {})
    asked = {name: given.getlist(name) for name in ("limit", "offset") if given.get(name, "").isdecimal()}
    columns = [term.strip() for term in given.get(OrderingFilter.ordering_param, "").split(",")]
    if known := [term for term in columns if term.removeprefix("-") in view.orderable]:
        asked[OrderingFilter.ordering_param] = [",".join(known)]
    if view.search_fields and given.get(SearchFilter.search_param):
        asked[SearchFilter.search_param] = [TYPED]
    for name in declared.keys() & given.keys():
        values = given.getlist(name)
        is_kept = isinstance(declared[name], _CHECKED) or (
            all(map(str.isdecimal, values)) and not _holds_text(view.queryset.model, declared[name].field_name)
        )
        asked[name] = values if is_kept else [TYPED]
    return asked


@cache
def _holds_text(model: type[Model], path: str | None) -> bool:
    try:
        return _is_text(model, path or "")
    except FieldError:  # the name of a filter with a method
        return True


@cache
def _cleaning(model: type[Model], path: str | None) -> Callable[[str], str]:
    """As texts of this column are cleaned in bodies."""
    try:
        return prose_of if isinstance(_column(model, path or ""), TextField) else line_of
    except FieldError:  # the name of a filter with a method
        return line_of


def _column(model: type[Model], path: str) -> Any:
    return Query(model).names_to_path(path.split(LOOKUP_SEP), model._meta, fail_on_missing=True)[1]


# Their choices are rows or values of all institutions: forms list them, and answers reveal which ids exist elsewhere.
_OF_ROWS = (filters.ModelChoiceFilter, filters.ModelMultipleChoiceFilter)
_OF_VALUES = (filters.AllValuesFilter, filters.AllValuesMultipleFilter)


def refuse_choices(name: str, filterset: type[filters.FilterSet] | None) -> None:
    """TypeError for such filters, which a relation in a filter set's `fields` creates; shared rows are allowed."""
    for filter_name, declared in getattr(filterset, "base_filters", {}).items():
        is_of_rows = isinstance(declared, _OF_ROWS) and tenant_path(declared.queryset.model) is not None
        if is_of_rows or isinstance(declared, _OF_VALUES):
            raise TypeError(f"{name}: the filter {filter_name} must be a TenantFilter, it shows rows of everywhere")


class IntegerFilter(filters.NumberFilter):
    """A filter by a 64-bit integer: NumberFilter would truncate 1.5 to 1."""

    field_class = forms.IntegerField

    def __init__(self, *args, **kwargs):
        super().__init__(*args, min_value=-(2**63), max_value=2**63 - 1, **kwargs)


class Identifying:
    """Mixin of filters by which clients look up a row: an empty value finds nothing, as it names no row.

    Boxes above the columns of a dashboard are none of these: one that was emptied shows everything again.
    """

    parent: Any

    def filter(self, queryset, value):
        given = any(name in self.parent.data for name, declared in self.parent.filters.items() if declared is self)
        if given and value in EMPTY_VALUES:
            return queryset.none()
        return super().filter(queryset, value)  # type: ignore[misc]


class IdentifierFilter(Identifying, filters.CharFilter):
    """A filter by a text that identifies rows, such as a uid."""


class KeyFilter(Identifying, IntegerFilter):
    """A filter by the id of a row or of a related one."""


class _MomentField(fields.IsoDateTimeField):
    def to_python(self, value):
        moment = super().to_python(moment_text(value) if isinstance(value, str) else value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as error:  # its year in UTC is out of range
            raise ModelValidationError(self.error_messages["invalid"], code="invalid") from error


class MomentFilter(filters.IsoDateTimeFilter):
    """A filter by an instant that can be converted to UTC."""

    field_class = _MomentField


class TenantFilter(IntegerFilter):
    """A filter by the id of a related row. An id of another institution is as unknown as one that does not exist.

    A number, not a choice: neither the query nor the form loads the institution's rows. `none` is a number that stands
    for rows without a related one.
    """

    def __init__(self, *args, queryset, tenant: str = "institution", none: int | None = None, **kwargs):
        self.related, self.tenant, self.none = queryset, tenant, none
        super().__init__(*args, **kwargs)

    def filter(self, queryset, value):
        if value is None:
            return queryset
        if value == self.none:
            return queryset.filter(**{f"{self.field_name}__isnull": True})
        tenant_id = self.parent.request.parser_context["view"].tenant_id
        if not self.related.filter(**{"pk": value, self.tenant: tenant_id}).exists():
            name = next(name for name, declared in self.parent.filters.items() if declared is self)
            raise ValidationError({name: ["No such row in this institution."]})
        return super().filter(queryset, value)


class ColumnFilter(filters.Filter):
    """A dashboard's filter box above a column: values that are invalid for the column match nothing; no error."""

    def filter(self, queryset, value):
        try:
            validate_line(value or "")
            return super().filter(queryset, value.strip() if value else value)
        except (ModelValidationError, ValueError):
            return queryset.none()


class FoldedFilter(filters.CharFilter):
    """A filter by what people call something, such as a name: case, accents and the kind of apostrophe are ignored.

    With `lookup_expr="folded_contains"` by a part of it. The column must be one that the row's `search_text` is made
    from: by its index PostgreSQL finds the few rows whose column is folded and compared.
    """

    def __init__(self, field_name=None, lookup_expr="folded_exact", **kwargs):
        super().__init__(field_name, lookup_expr, **kwargs)

    def filter(self, queryset, value):
        if value not in EMPTY_VALUES:
            above = self.field_name.rpartition(LOOKUP_SEP)
            queryset = queryset.filter(**{f"{above[0]}{above[1]}search_text__icontains": value})
        return super().filter(queryset, value)


class FoldedColumnFilter(ColumnFilter, FoldedFilter):
    """The same as a box above a column, by a part of the text."""

    field_class = forms.Field

    def __init__(self, field_name=None, lookup_expr="folded_contains", **kwargs):
        super().__init__(field_name, lookup_expr, **kwargs)


class InstantFilter(ColumnFilter):
    """The same over a column of instants: an instant, a day (UTC) for all of its instants, or `from/until`.

    The last, an interval of ISO 8601, is what a day is in another time zone.
    """

    def filter(self, queryset, value):
        if not value:
            return queryset
        try:
            return queryset.filter(**{f"{self.field_name}__range": _span(value.strip())})
        except (OverflowError, ValueError):
            return queryset.none()


def _span(text: str) -> tuple[datetime, datetime]:
    if len(text) <= len("2026-01-31"):
        day = date.fromisoformat(text)
        return datetime.combine(day, time.min, UTC), datetime.combine(day, time.max, UTC)
    first, _, last = text.partition("/")
    return _instant(first), _instant(last or first)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(moment_text(text))
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


class DeclaredSearch(SearchFilter):
    """Words joined by AND, the view's `search_fields` by OR: anywhere in texts, numbers as a whole. See `search_words`.

    Case and accents are ignored, in `kernel.fields.SearchText` by an index.
    """

    def filter_queryset(self, request, queryset, view):
        words = self._words(request, view) if view.search_fields else ()
        return queryset.filter(contain(words, queryset.model, view.search_fields)) if words else queryset

    def _words(self, request, view) -> list[str]:
        """Each word once. Their number is limited, as each adds a condition per field to the statement."""
        text = request.query_params.get(self.search_param, "")
        if drops_controls(view):
            text = line_of(text)
        if len(text) > SEARCH_CHARACTERS:
            raise ValidationError({self.search_param: [f"At most {SEARCH_CHARACTERS} characters."]})
        if "\0" in text:
            raise ValidationError({self.search_param: ["Null characters are not allowed."]})
        terms = list(dict.fromkeys(search_words(text)))
        if len(terms) > SEARCH_TERMS:
            raise ValidationError({self.search_param: [f"At most {SEARCH_TERMS} words."]})
        return terms

    def prepared_words(self, request, view) -> list[Word]:
        """The words, if a statement is kept for their shapes: there are not many shapes of a few words."""
        texts = self._words(request, view) if view.search_fields else []
        words = [Word(search_form(text), bounded_number(text)) for text in texts]
        is_small = all(word.number is None or word.number < 2**63 for word in words)
        return words if len(words) <= PREPARED_TERMS and is_small else []


def contain(words: Iterable[str], model: type[Model], paths: Sequence[str]) -> Q:
    """Columns of related rows beside others are looked for in their table: an OR over joined tables uses no index."""
    relations = {path.rpartition(LOOKUP_SEP)[0] for path in paths}
    if len(paths) == 1 or relations == {""}:
        return Q(*(_contains(word, model, paths) for word in words))
    if len(relations) == 1:
        return _related_contain(words, model, relations.pop(), paths)
    return Q(*(_somewhere(word, model, relations, paths) for word in words))


def _somewhere(word: str, model: type[Model], relations: Iterable[str], paths: Sequence[str]) -> Q:
    found = Q(pk__in=())
    for relation in relations:
        of_it = [path for path in paths if path.rpartition(LOOKUP_SEP)[0] == relation]
        found |= _related_contain([word], model, relation, of_it) if relation else _contains(word, model, of_it)
    return found


def _related_contain(words: Iterable[str], model: type[Model], relation: str, paths: Iterable[str]) -> Q:
    """A text or a number of a related row. They are united: an OR of two indexes is compared again in every row."""
    related = _column(model, f"{relation}{LOOKUP_SEP}pk").model
    columns = [path.rpartition(LOOKUP_SEP)[2] for path in paths]
    numbers = [column for column in columns if _is_number(related, column)]
    texts = [column for column in columns if column not in numbers]
    rows = related._base_manager.values("pk")
    united, only_texts = Q(), []
    for word in words:
        text = _contains(word, related, texts)
        if numbers and bounded_number(word) is not None:
            found = rows.filter(text).union(rows.filter(_contains(word, related, numbers)))
            united &= Q(**{f"{relation}__in": found})
        else:
            only_texts.append(text)
    return united & Q(**{f"{relation}__in": rows.filter(*only_texts)}) if only_texts else united


def _contains(word: str, model: type[Model], paths: Iterable[str]) -> Q:
    found = Q(pk__in=())
    for path in paths:
        if not _is_number(model, path):
            found |= Q(**{f"{path}__{'folded_contains' if _is_text(model, path) else 'icontains'}": word})
        elif (number := bounded_number(word)) is not None and number < 2**63:
            found |= Q(**{path: number})
    return found


@cache
def _is_number(model: type[Model], path: str) -> bool:
    return isinstance(_column(model, path), IntegerField)


@cache
def _is_text(model: type[Model], path: str) -> bool:
    return isinstance(_column(model, path), CharField | TextField)


class DeclaredOrdering(OrderingFilter):
    """`ordering=a,-b` over the view's `orderable`: {name in the answer: column, or several columns}.

    Unknown names are ignored, nulls come last, and the view's own total ordering is always added.
    """

    def filter_queryset(self, request, queryset, view):
        terms = request.query_params.get(self.ordering_param, "").split(",")
        chosen: dict[str, bool] = {}  # the first mention of a name counts
        for term in (term.strip() for term in terms):
            if (name := term.removeprefix("-")) in view.orderable:
                chosen.setdefault(name, term.startswith("-"))
        if not chosen:
            return queryset
        columns = ((column, downwards) for name, downwards in chosen.items() for column in view.columns_of(name))
        first = (_ordered(queryset.model, column, downwards) for column, downwards in columns)
        return queryset.order_by(*first, *view.ordering)


def _ordered(model: type[Model], column: str, downwards: bool) -> OrderBy:
    """Nulls are only spoken of where there can be some: an index has them last upwards, and first downwards."""
    nulls_last = True if _may_be_null(model, column) else None
    return F(column).desc(nulls_last=nulls_last) if downwards else F(column).asc(nulls_last=nulls_last)


@cache
def _may_be_null(model: type[Model], column: str) -> bool:
    try:
        joins, field, *_ = Query(model).names_to_path(column.split(LOOKUP_SEP), model._meta, fail_on_missing=True)
    except FieldError:  # an annotation
        return True
    return field.null or any(not join.direct or join.join_field.null for join in joins)
