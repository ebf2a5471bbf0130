"""How the rows of a resource are read: prepared and compiled for JSON, by the REST framework for everything else.

Adding a resource does not need this file. `ResourceViewSet` is a Reader that also writes.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, cast

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, OrderBy, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.filters import SearchFilter
from rest_framework.viewsets import ModelViewSet

from kernel.access import ROOTS, Grant
from kernel.caller import Anyone, Caller
from kernel.fast.once import noted
from kernel.fast.prepared import Cut, Listed, Prepared, PreparedSearch, Rows, Searched, Word
from kernel.fast.rows import CannotCompileError, Plan, compile_rows
from kernel.fast.whole import Whole
from kernel.filters import DeclaredSearch, contain
from kernel.rooted import Rooted
from kernel.row_rules import About, marks, visible
from kernel.scope import Scope
from kernel.serializers import ResourceSerializer
from kernel.states import Tagged
from kernel.told import Told
from kernel.writes import loaded

PAGE_PARAMS = {"limit", "offset", "format"}
SEARCH_PARAMS = {*PAGE_PARAMS, SearchFilter.search_param}
ME = ("me", "home")
SENT = (*ME, "sent_by")  # of a person whom a VLE sent and who sees the courses of that VLE only


def own_column(model: type[Model], path: str) -> str | None:
    """The column of the model's own table that has the value of this path; None if it is in another table."""
    name, _, beyond = path.partition("__")
    try:
        field: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
    except FieldDoesNotExist:  # an expression
        return None
    if not field.concrete:  # rows of another table that refer to this one
        return None
    key = field.target_field if beyond and field.is_relation else field
    return field.attname if not beyond or beyond in ("pk", key.name, key.attname) else None


# No docstring: the schema would show it as the description of every operation.
class Reader(Told, Tagged, Rooted, ModelViewSet):
    queryset: QuerySet[Any]
    serializer_class: type[ResourceSerializer]
    detail_serializer_class: type[ResourceSerializer] | None = None
    scope: Scope = Scope()
    fast_rows = True
    keys_first = False
    reads_parent = True
    checks_rows = False
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    ordering: tuple[str | OrderBy, ...] = ("pk",)
    orderable: Mapping[str, str | tuple[str, ...]] = {}
    search_fields: tuple[str, ...] = ()
    link: dict[str, Any] = {}  # what ties rows to the parent of this request
    page: Sequence[Any] = ()  # the rows of the answer: tuples of the plan's columns, or model instances
    _plans: ClassVar[dict[type[ResourceSerializer], Plan]] = {}
    _prepared: ClassVar[dict[Any, Prepared | Whole]] = {}
    _results: dict[Callable[[Any], Any], Any] | None = None  # of `per_request`

    def per_request(self, function: Callable[[Any], Any]) -> Any:
        """function(view), called once per request: a value that computed fields need for every row."""
        results = self._results = {} if self._results is None else self._results
        if function not in results:
            results[function] = function(self)
        return results[function]

    # Which rows.

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return self.scoped(self.link, self.grants, self.caller, self.tenant_id)

    @classmethod
    def scoped(cls, link: dict, grants: Iterable[Grant], caller: Caller | Anyone, tenant: int | None):
        """Rows under the parent that the grants let the caller see, in the resource's ordering."""
        if link.keys() != {*cls.scope.rows}:
            raise TypeError(f"{cls.__name__}: without {sorted(cls.scope.rows)} it would find rows of everywhere")
        if cls.scope.tenant:
            link = link | {cls.scope.tenant: tenant}
        return visible(cls.queryset.filter(cls.scope.rows_of_parent(link)), grants, caller).order_by(*cls.ordering)

    @classmethod
    def columns_of(cls, name: str) -> tuple[str, ...]:
        """What `ordering=name` sorts by."""
        columns = cls.orderable[name]
        return (columns,) if isinstance(columns, str) else columns

    @classmethod
    def prepared(cls, what: str, grants: tuple[Grant, ...], *of: Hashable, slots: tuple[str, ...] = ME) -> Any:
        """The statements of this resource, one per set of grants and ids of the caller.

        `of` is the serializer for one row, and the shapes of the words for a search.
        """
        statements = cls.__dict__.get("_prepared")
        if statements is None:
            statements = cls._prepared = {}
        if (what, grants, slots, *of) not in statements:
            if taken := {*cls.scope.rows, *cls.scope.kwargs} & {*SENT, "tenant", "key"}:
                raise TypeError(f"{cls.__name__}.scope: {sorted(taken)} would limit nothing: they are the caller's ids")
            statements[what, grants, slots, *of] = getattr(cls, f"_prepare_{what}")(grants, slots, *of)
        return statements[what, grants, slots, *of]

    @property
    def ids_of_caller(self) -> dict[str, Any]:
        """The values of the slots that name the caller: those of ME, or of SENT."""
        ids = {"me": self.caller.id, "home": self.caller.institution_id}
        return ids if self.caller.vle_id is None else ids | {"sent_by": self.caller.vle_id}

    @classmethod
    def _prepare_parent(cls, grants, slots) -> Prepared:
        def parent(me, home, sent_by=None, **kwargs):
            columns: list[Any] = [*cls.scope.rows.values(), *marks(cls.scope.model, grants, Anyone(me, home, sent_by))]
            return cls.scope.parents(kwargs).values_list(*columns)

        return Prepared(parent, *slots, *cls.scope.kwargs)

    def parent_row(self, grants: Sequence[Grant]) -> tuple[Any, ...] | None:
        """The parent's values that tie rows to it, and the marks of the grants; None when the ids name no parent.

        Nothing is asked for a page whose caller was just answered the parent (`ApiClient.get`), if that answer has the
        values and it is known which rules about the parent hold: then it is certain what the answer would be.
        """
        values = self._parent_read()
        told = [*values[1:], *(mark for grant in grants for mark in self._marks_told(grant))]
        if None not in values and None not in told:
            return tuple(told)
        ids = self.ids_of_caller
        return self.prepared("parent", tuple(grants), slots=tuple(ids))(**ids, **self.kwargs).first()

    def _parent_read(self) -> list[Any]:
        """The parent's key and values as the caller was just answered; None in it for what is not known."""
        read: tuple[Any, dict[str | None, Any]] = getattr(self.request, "parent_read", None) or (None, {})
        model, known = read
        if model is None or model != self.scope.model:
            return [None]
        values = [known.get(own_column(model, path)) for path in ("pk", *self.scope.rows.values())]
        is_this = values[0] in [self.kwargs[kwarg] for kwarg, path in self.scope.kwargs.items() if path == "pk"]
        return values if is_this else [None]

    def _marks_told(self, grant: Grant) -> tuple[bool | None, bool | None]:
        """Whether the rules of the grant about the parent hold, as far as this page has been told; None for unknown."""
        ids = {path: self.kwargs[kwarg] for kwarg, path in self.scope.kwargs.items()}
        holds, sees = (
            rule is None or (noted(rule.fact(self.caller, ids)) if isinstance(rule, About) else None)
            for rule in (grant.parent, grant.sees)
        )
        return (False, False) if holds is False else (holds, sees)

    @property
    def ids_answered(self) -> dict[str, Any]:
        """Columns of the row that was answered: those that the answer is made of, or that tie it to the rows above."""
        read = dict(zip(self.answer_plan.columns, self.page[0], strict=True)) if self.compiled and self.page else {}
        model = self.queryset.model
        known = {own_column(model, path): value for path, value in {**read, **self.link}.items()}
        return {column: value for column, value in known.items() if column is not None}

    @classmethod
    def _prepare_row(cls, grants, slots, serializer) -> Prepared:
        plan = cls.plan(serializer)

        def one(me, home, tenant, key, sent_by=None, **link):
            rows = cls.scoped(link, grants, Anyone(me, home, sent_by), tenant)
            return plan.expressed(rows.filter(**{cls.lookup_field: key}), me)

        return Prepared(one, *slots, "tenant", "key", *cls.scope.rows, columns=plan.columns)

    @classmethod
    def _prepare_object(cls, grants, slots, serializer) -> Whole:
        plan = cls.plan(serializer)
        grants = [replace(grant, rows=None) for grant in grants] if cls.checks_rows else grants

        def one(me, home, tenant, key, sent_by=None, **link):
            rows = cls.scoped(link, grants, Anyone(me, home, sent_by), tenant)
            return plan.expressed(rows.select_related(*plan.relations).filter(**{cls.lookup_field: key}), me)

        return Whole(one, *slots, "tenant", "key", *cls.scope.rows)

    @classmethod
    def _prepare_page(cls, grants, slots) -> Prepared:
        def page(me, home, tenant, sent_by=None, **link):
            return cls.plan().expressed(cls.scoped(link, grants, Anyone(me, home, sent_by), tenant), me)

        # Read the keys from the table of links first: databases would read the whole institution's rows and then join.
        by_links = any(g.rows is None for g in grants) and cls.ordering == ("pk",) and not cls.queryset.query.where
        keys_of = cls.scope.ordered_keys(cls.queryset.model) if by_links else None
        if cls.keys_first:

            def keys_of(me, home, tenant, sent_by=None, **link):
                return cls.scoped(link, grants, Anyone(me, home, sent_by), tenant).values_list("pk")

        return Prepared(page, *slots, "tenant", *cls.scope.rows, columns=cls.plan().columns, keys_of=keys_of)

    @classmethod
    def _prepare_search(cls, grants, slots, shapes) -> PreparedSearch:
        def found(me, home, tenant, words, sent_by=None, **link):
            rows = cls.scoped(link, grants, Anyone(me, home, sent_by), tenant)
            return rows.filter(contain(words, cls.queryset.model, cls.search_fields))

        page = cls.prepared("page", grants, slots=slots)
        return PreparedSearch(found, page, *slots, "tenant", *cls.scope.rows, shapes=shapes)

    # How they are read: by the compiled plan for JSON, by DRF's own path for everything else.

    @classmethod
    def plan(cls, serializer: type[ResourceSerializer] | None = None) -> Plan:
        """How rows are read for a list, or for another serializer of them."""
        serializer, plans = serializer or cls.serializer_class, cls.__dict__.get("_plans")
        if plans is None:
            plans = cls._plans = {}
        if serializer not in plans:
            try:
                plans[serializer] = compile_rows(serializer(), cls.scope.constants(ROOTS[cls.root].id_is_tenant))
            except CannotCompileError as error:
                raise CannotCompileError(f"{cls.__name__}: {error}") from error
        return plans[serializer]

    @classmethod
    def serializers(cls) -> list[type[ResourceSerializer]]:
        """All serializers of this resource's rows: of lists, of details, and of actions with their own."""
        own = (action.kwargs.get("serializer_class") for action in cls.get_extra_actions())  # type: ignore[attr-defined]
        return [
            *dict.fromkeys(
                serializer for serializer in (cls.serializer_class, cls.detail_serializer_class, *own) if serializer
            )
        ]

    def get_serializer_class(self):
        is_whole = self.action == "retrieve" and not getattr(self.request, "as_listed", False)
        return (is_whole and self.detail_serializer_class) or self.serializer_class

    @property
    def answer_plan(self) -> Plan:
        """The plan of the serializer of this action."""
        return self.plan(self.get_serializer_class())

    def whole(self, queryset):
        """The queryset for model instances, with the joins and prefetches that the serializer needs."""
        if not self.fast_rows:
            return queryset
        plan = self.answer_plan
        rows = queryset.select_related(*plan.relations).prefetch_related(*plan.prefetches)
        return plan.expressed(rows, self.caller.id)

    def columns(self, queryset, *more):
        """The queryset for the compiled plan: its columns as tuples, and more expressions."""
        plan = self.answer_plan
        return plan.expressed(queryset, self.caller.id).values_list(*plan.columns, *more)

    @property
    def compiled(self) -> bool:
        return self.fast_rows and self.request.accepted_renderer.format == "json"

    def ask(self, what: str, *of: type[ResourceSerializer], **values: Any) -> Rows:
        """A prepared statement of this resource, with this request's ids."""
        ids = self.ids_of_caller
        prepared = self.prepared(what, self.grants, *of, slots=tuple(ids))
        return prepared(**ids, tenant=self.tenant_id, **self.link, **values)

    def readable(self):
        """The rows of a list; a prepared statement when the query string has no filter or ordering."""
        given = self.request.query_params.keys()
        if self.compiled and given <= PAGE_PARAMS:
            return self.ask("page")
        is_only_searched = self.compiled and given <= SEARCH_PARAMS and DeclaredSearch in self.filter_backends
        if is_only_searched and (words := DeclaredSearch().prepared_words(self.request, self)):
            return self._search(words)
        rows = self.get_queryset()
        found = self.filter_queryset(rows)
        if self.compiled and self.search_fields and self.request.query_params.get(SearchFilter.search_param):
            return Searched.compiled_now(found, rows, self.columns)
        if self.compiled and self.keys_first:
            return Cut(found, rows, self.columns)
        return Listed(found, self.columns) if self.compiled else self.whole(found)

    def _search(self, words: list[Word]) -> Searched:
        ids = self.ids_of_caller
        shapes = tuple(word.shape for word in words)
        prepared = self.prepared("search", self.grants, shapes, slots=tuple(ids))
        return prepared.of(words, **ids, tenant=self.tenant_id, **self.link)

    def read(self, page) -> Any:
        """Some rows of `readable`, as JSON values."""
        self.page = list(page)
        rows = self.answer_plan(self.page, self) if self.compiled else self.get_serializer(self.page, many=True).data
        self.after_reading(rows)
        return rows

    def after_reading(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Hook: what to note of the rows that the caller is answered."""

    @property
    def page_keys(self) -> list[Any]:
        """Keys of the rows of the answer, for `per_request` functions; a field must have `pk` as a column."""
        if not self.compiled:
            return [row.pk for row in self.page]
        at = self.answer_plan.columns.index("pk")
        return [row[at] for row in self.page]

    @property
    def looked_up(self) -> dict[str, Any]:
        return {self.lookup_field: self.kwargs[self.lookup_url_kwarg]}

    def read_one(self, **lookup) -> Any:
        """The one visible row that matches `lookup`, as JSON values; 404 when there is none."""
        if self.compiled and [*lookup] == [self.lookup_field]:
            return self.only(self.ask("row", self.get_serializer_class(), key=lookup[self.lookup_field]))
        rows = self.get_queryset().filter(**lookup)
        if not self.compiled:
            self.page = [get_object_or_404(self.whole(rows))]
            row = self.get_serializer(self.page[0]).data
            self.after_reading([row])
            return row
        return self.only(self.columns(rows)[:1])

    def one_object(self) -> Any:
        """The row of the URL as a model instance, with what its serializer needs."""
        if not self.fast_rows or self.answer_plan.prefetches:
            return get_object_or_404(self.whole(self.get_queryset()), **self.looked_up)
        key = self.kwargs[self.lookup_url_kwarg]
        row = next(iter(self.ask("object", self.get_serializer_class(), key=key)), None)
        if row is None:  # in the words of get_object_or_404
            raise Http404(f"No {self.queryset.model._meta.object_name} matches the given query.")
        return row

    def only(self, page) -> Any:
        rows = self.read(page)
        if not rows:
            raise Http404
        return rows[0]

    def list(self, request, *args, **kwargs):
        rows = self.read(self.paginate_queryset(self.readable()))
        self.seen(rows[0] if len(rows) == 1 else None, len(rows))
        return self.get_paginated_response(rows)

    def retrieve(self, request, *args, **kwargs):
        row = self.read_one(**self.looked_up)
        self.seen(row)
        return self.detail_answer(row)

    # What services and the answers to changes need.

    @cached_property
    def parent(self):
        """The nearest parent as an object, for services; access has already tied it to its ancestors."""
        if self.scope.at_root and ROOTS[self.root].id_is_tenant:
            return self.tenant
        model, key = cast("type[Model]", self.scope.model), self.kwargs[next(iter(self.scope.kwargs))]
        if not self.reads_parent:
            return model(pk=key, institution=self.tenant)
        row: Any = get_object_or_404(model, pk=key)
        if self.caller.institution is not None and getattr(row, "institution_id", None) == self.caller.institution_id:
            row.institution = self.caller.institution  # in memory since authentication
        return row

    def parent_link(self) -> dict[str, Any]:
        """The values that relate a new row to its parent; never anything from the body."""
        return dict.fromkeys(self.scope.rows, self.parent) if len(self.scope.rows) == 1 else self.link

    def in_memory(self, row) -> tuple | None:
        """The columns of a row that was just written, if the caller sees it for certain; None: it must be read."""
        is_seen = self.checks_rows or any(g.rows is None for g in self.grants)
        if not self.compiled or self.answer_plan.expressions or not is_seen:
            return None
        return loaded(row, self.answer_plan.columns)
