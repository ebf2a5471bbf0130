"""The only base of resource viewsets: the single place where querysets are scoped."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import Any, ClassVar, cast

from django.db import transaction
from django.db.models import Model, OrderBy, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet

from kernel.access import METHOD, READ, ROOTS, Grant, marks, visible
from kernel.caller import Anyone, Caller, Role
from kernel.fast.prepared import Prepared, Rows
from kernel.fast.rows import CannotCompileError, Plan, compile_rows
from kernel.rooted import Rooted
from kernel.scope import Scope
from kernel.serializers import ResourceSerializer
from kernel.writes import loaded

_SEALED = {
    "get_queryset", "get_object", "get_permissions", "get_authenticators", "permission_classes",
    "authentication_classes", "initial", "check_permissions", "list", "retrieve", "create", "update",
    "partial_update", "destroy",
}  # fmt: skip
PAGE_PARAMS = {"limit", "offset", "format"}


# One resource: declarations only. Hooks: narrow(queryset), and perform_* calling one service each.
# scope, access: see the modules of the same name. search_fields, orderable, filterset_class: see filters.
# No docstring: the schema would show it as the description of every operation.
class ResourceViewSet(Rooted, ModelViewSet):
    queryset: QuerySet[Any]
    serializer_class: type[ResourceSerializer]
    detail_serializer_class: type[ResourceSerializer] | None = (
        None  # of a row by itself, where it says more than a list
    )
    scope: Scope = Scope()
    access: dict[Role, Grant] = {}
    fast_rows = True  # False: this serializer is read by DRF's own path; say why beside it
    conflicts = False  # True: changes can be answered 409
    answers_from_memory = False  # True: after a write `serializer.instance` is the row as stored, below this parent
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_converter = "id"
    ordering: tuple[str | OrderBy, ...] = ("pk",)  # always total: ends in a unique column
    orderable: Mapping[str, str | tuple[str, ...]] = {}  # name in `ordering=` -> column, or columns
    search_fields: tuple[str, ...] = ()
    link: dict[str, Any] = {}  # what ties rows to the parent of this request
    page: Sequence[Any] = ()  # what is being shown: rows of the plan's columns, or model instances
    _plans: ClassVar[dict[type[ResourceSerializer], Plan]]
    _prepared: ClassVar[dict[Any, Prepared]]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in _SEALED & cls.__dict__.keys():
            raise TypeError(f"{cls.__name__}.{name} is sealed: declare scope, access or narrow()")
        if not ROOTS[cls.root].id_is_own:
            cls.scope = cls.scope.without_root()
        cls.root_kwarg = cls.scope.root_kwarg
        if cls.scope.parent_is_free and any(g.parent or g.sees for g in cls.access.values()):
            raise TypeError(f"{cls.__name__}.access has parent rules, but there is no parent below the institution")
        # What nobody is granted does not exist: 405, and absent from the OpenAPI schema.
        opened = frozenset[str]().union(*(g.actions for g in cls.access.values()))
        verbs = {METHOD[a] for a in opened & METHOD.keys()}
        for extra in cls.get_extra_actions():
            mapping: dict[str, str] = extra.mapping  # type: ignore[attr-defined] # the decorator's
            verbs |= {verb for verb, name in mapping.items() if name in opened}
        cls.http_method_names = ["head", "options", *sorted(verbs)]

    # Who asks, and under what.

    @cached_property
    def parent(self):
        """The nearest parent as an object, for services; access has already tied it to its ancestors."""
        if self.scope.at_root and ROOTS[self.root].id_is_tenant:
            return self.tenant
        return get_object_or_404(cast("type[Model]", self.scope.model), pk=self.kwargs[next(iter(self.scope.kwargs))])

    def enter(self) -> None:
        """Find the parent of the URL, tied to all its ancestors, and the grants that hold under it. 404 without it."""
        if "_held" in self.__dict__:
            return  # the browsable API asks again for each of its forms
        roles, caller = self.roles, self.caller
        grants = [g for who, g in self.access.items() if who & roles and (g.when is None or g.when(caller))]
        if self.scope.at_root:
            if self.tenant_id is not None:
                self.tenant  # noqa: B018 - a global administrator may name one that does not exist
            self.link = dict.fromkeys(self.scope.rows, self.root_id)
        elif self.scope.model is not None:
            found = self.prepared("parent", tuple(grants))(me=caller.id, home=caller.institution_id, **self.kwargs)
            if (row := found.first()) is None:
                raise Http404
            width = len(self.scope.rows)
            self.link = dict(zip(self.scope.rows, row[:width], strict=True))
            grants = self._standing(grants, row[width:])
        self._held = tuple(grants)

    @staticmethod
    def _standing(grants: list[Grant], marked: tuple) -> list[Grant]:
        """Of these grants those that hold under the parent and see it; 404 when some hold there and none sees it."""
        held = [(g, sees) for g, holds, sees in zip(grants, marked[::2], marked[1::2], strict=True) if holds]
        seeing = [g for g, sees in held if sees]
        if held and not seeing:
            raise Http404
        return seeing

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What the caller holds here for the action at hand."""
        return tuple(g for g in self._held if self.action in g.actions)

    def parent_link(self) -> dict[str, Any]:
        """What a new row is given: the parent itself, never anything from the body."""
        return dict.fromkeys(self.scope.rows, self.parent) if len(self.scope.rows) == 1 else self.link

    def given(self, fact: Callable[[Any], Any]) -> Any:
        """A fact that computed fields need, asked once per request."""
        known = self.__dict__.setdefault("_given", {})
        if fact not in known:
            known[fact] = fact(self)
        return known[fact]

    # Which rows.

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return self.narrow(self.scoped(self.link, self.grants, self.caller, self.tenant_id))

    @classmethod
    def scoped(cls, link: dict, grants: Iterable[Grant], caller: Caller | Anyone, tenant: int | None):
        """Rows under the parent that the grants let the caller see, in total order."""
        if cls.scope.tenant:
            link = link | {cls.scope.tenant: tenant}
        return visible(cls.queryset.filter(cls.scope.hanging(link)), grants, caller).order_by(*cls.ordering)

    @classmethod
    def columns_of(cls, name: str) -> tuple[str, ...]:
        """What `ordering=name` sorts by."""
        columns = cls.orderable[name]
        return (columns,) if isinstance(columns, str) else columns

    def narrow(self, queryset):
        """Hook: reduce or annotate; it can never widen."""
        return queryset

    @classmethod
    def prepared(cls, what: str, grants: tuple[Grant, ...], *of: type[ResourceSerializer]) -> Prepared:
        """The statements of this resource, one per set of grants and, for one row, per serializer."""
        known = cls.__dict__.get("_prepared")
        if known is None:
            known = cls._prepared = {}
        if (what, grants, *of) not in known:
            known[what, grants, *of] = getattr(cls, f"_prepare_{what}")(grants, *of)
        return known[what, grants, *of]

    @classmethod
    def _prepare_parent(cls, grants) -> Prepared:
        def parent(me, home, **kwargs):
            columns: list[Any] = [*cls.scope.rows.values(), *marks(cls.scope.model, grants, Anyone(me, home))]
            return cls.scope.parents(kwargs).values_list(*columns)

        return Prepared(parent, "me", "home", *cls.scope.kwargs)

    @classmethod
    def _prepare_row(cls, grants, serializer) -> Prepared:
        plan = cls.plan(serializer)

        def one(me, home, tenant, key, **link):
            found = cls.scoped(link, grants, Anyone(me, home), tenant)
            return plan.expressed(found.filter(**{cls.lookup_field: key}), me)

        return Prepared(one, "me", "home", "tenant", "key", *cls.scope.rows, columns=plan.columns)

    @classmethod
    def _prepare_page(cls, grants) -> Prepared:
        def page(me, home, tenant, **link):
            return cls.plan().expressed(cls.scoped(link, grants, Anyone(me, home), tenant), me)

        # Links say which rows there are: joined to the rows first, databases read those of the whole institution.
        by_links = any(g.rows is None for g in grants) and cls.ordering == ("pk",) and not cls.queryset.query.where
        keys_of = cls.scope.linked(cls.queryset.model) if by_links else None
        return Prepared(page, "me", "home", "tenant", *cls.scope.rows, columns=cls.plan().columns, keys_of=keys_of)

    # How they are read: by the compiled plan for JSON, by DRF's own path for everything else.

    @classmethod
    def plan(cls, serializer: type[ResourceSerializer] | None = None) -> Plan:
        """How rows are read for a list, or for another serializer of them."""
        shown, plans = serializer or cls.serializer_class, cls.__dict__.get("_plans")
        if plans is None:
            plans = cls._plans = {}
        if shown not in plans:
            try:
                plans[shown] = compile_rows(shown(), cls.scope.constants(ROOTS[cls.root].id_is_tenant))
            except CannotCompileError as error:
                raise CannotCompileError(f"{cls.__name__}: {error}") from error
        return plans[shown]

    @classmethod
    def serializers(cls) -> list[type[ResourceSerializer]]:
        """What rows are read by: in lists, by themselves, and where an action has its own."""
        own = (action.kwargs.get("serializer_class") for action in cls.get_extra_actions())  # type: ignore[attr-defined]
        return [*dict.fromkeys(shown for shown in (cls.serializer_class, cls.detail_serializer_class, *own) if shown)]

    def get_serializer_class(self):
        return (self.action == "retrieve" and self.detail_serializer_class) or self.serializer_class

    @property
    def shown(self) -> Plan:
        """The plan of what this action answers."""
        return self.plan(self.get_serializer_class())

    def whole(self, queryset):
        """For model instances: the joins and lists that the serializer will ask for."""
        if not self.fast_rows:
            return queryset
        plan = self.shown
        found = queryset.select_related(*plan.relations).prefetch_related(*plan.prefetches)
        return plan.expressed(found, self.caller.id)

    def columns(self, queryset):
        """For the compiled plan: what it asks of each row."""
        plan = self.shown
        return plan.expressed(queryset, self.caller.id).values_list(*plan.columns)

    @property
    def compiled(self) -> bool:
        return self.fast_rows and self.request.accepted_renderer.format == "json"

    @property
    def preparable(self) -> bool:
        return self.compiled and type(self).narrow is ResourceViewSet.narrow

    def ask(self, what: str, *of: type[ResourceSerializer], **values: Any) -> Rows:
        """A prepared statement of this resource, with this request's ids."""
        me, home = self.caller.id, self.caller.institution_id
        return self.prepared(what, self.grants, *of)(me=me, home=home, tenant=self.tenant_id, **self.link, **values)

    def readable(self):
        """The rows a list shows: prepared when nothing but a page is asked."""
        if self.preparable and self.request.query_params.keys() <= PAGE_PARAMS:
            return self.ask("page")
        queryset = self.filter_queryset(self.get_queryset())
        return self.columns(queryset) if self.compiled else self.whole(queryset)

    def read(self, page) -> Any:
        """Some rows of `readable`, as JSON values."""
        self.page = list(page)
        return self.shown(self.page, self) if self.compiled else self.get_serializer(self.page, many=True).data

    @property
    def page_keys(self) -> list[Any]:
        """Keys of the rows that are being shown, for `given` facts about them; `pk` must be a column of one."""
        if not self.compiled:
            return [row.pk for row in self.page]
        at = self.shown.columns.index("pk")
        return [row[at] for row in self.page]

    def read_one(self, **lookup) -> Any:
        """The one visible row that `lookup` finds, as JSON values; 404 when there is none."""
        if self.preparable and [*lookup] == [self.lookup_field]:
            return self.only(self.ask("row", self.get_serializer_class(), key=lookup[self.lookup_field]))
        found = self.get_queryset().filter(**lookup)
        if not self.compiled:
            self.page = [get_object_or_404(self.whole(found))]
            return self.get_serializer(self.page[0]).data
        return self.only(self.columns(found)[:1])

    def only(self, found) -> Any:
        rows = self.read(found)
        if not rows:
            raise Http404
        return rows[0]

    @property
    def looked_up(self) -> dict[str, Any]:
        return {self.lookup_field: self.kwargs[self.lookup_url_kwarg]}

    def get_object(self):
        """The row of the URL as a model instance; 404 when it is not there or not visible."""
        return self._not_nobodys(get_object_or_404(self.whole(self.get_queryset()), **self.looked_up))

    def locked(self):
        """The row of the URL, locked until the transaction ends: what it says now is what the change builds on."""
        found = self.get_queryset().select_for_update(of=("self",))
        return self._not_nobodys(get_object_or_404(found, **self.looked_up))

    def _not_nobodys(self, row):
        """Unless it is only read: what hangs from no parent is everybody's, and nobody here may change it."""
        if self.action not in READ and self.scope.is_nobodys(row):
            raise PermissionDenied
        return row

    def list(self, request, *args, **kwargs):
        return self.get_paginated_response(self.read(self.paginate_queryset(self.readable())))

    def retrieve(self, request, *args, **kwargs):
        return Response(self.read_one(**self.looked_up))

    def create(self, request, *args, **kwargs):
        serializer: Any = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        if (known := self.known(serializer.validated_data)) is not None:
            return Response(self.read_back(known), status.HTTP_201_CREATED)
        with serializer.refusals_told(), transaction.atomic():
            self.perform_create(serializer)
            return Response(self.read_back(serializer.instance), status.HTTP_201_CREATED)

    def update(self, request, *args, **kwargs):
        with ExitStack() as around, transaction.atomic():
            row = self.locked()
            serializer: Any = self.get_serializer(row, data=request.data, partial=kwargs.pop("partial", False))
            serializer.is_valid(raise_exception=True)
            around.enter_context(serializer.refusals_told())
            self.perform_update(serializer)
            return Response(self.read_back(serializer.instance))

    def destroy(self, request, *args, **kwargs):
        with transaction.atomic():
            self.perform_destroy(self.locked())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def read_back(self, row):
        """What was written is read as anyone else would: who could not see it may not have written it."""
        values = self.in_memory(row) if self.answers_from_memory else None
        if values is not None:
            return self.only([values])
        try:
            return self.read_one(pk=row.pk)
        except Http404 as error:
            raise PermissionDenied from error

    def known(self, values: dict[str, Any]) -> Any:
        """Hook: the row that is there already, just as the body wants it: then nothing is written."""

    def in_memory(self, row) -> tuple | None:
        """The columns of a row that was just written, of a caller who sees all rows here; None: it must be read."""
        if not self.preparable or self.shown.expressions or all(g.rows is not None for g in self.grants):
            return None
        return loaded(row, self.shown.columns)

    def perform_create(self, serializer):
        serializer.save(**self.parent_link())
