"""The only base of resource viewsets: what a resource declares, its hooks, and how rows are written.

Selecting and reading rows is in `reading.py`; who may do what is decided before, see `access.py`.
"""

from contextlib import ExitStack
from typing import Any

from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from kernel.access import METHOD, READ, ROOTS
from kernel.filters import refuse_choices
from kernel.locks import Lock, locking
from kernel.reading import Reader
from kernel.seal import refuse_options

# What a resource may declare, and the hooks it may override: everything else is sealed (see `seal.py`).
DECLARATIONS = frozenset({
    "root",  # first word of the URL, see access.ROOTS
    "queryset",
    "serializer_class",
    "detail_serializer_class",  # of details, where they have more fields than lists
    "scope",  # what the ids of the URL filter, see scope.py
    "access",  # {roles: grant(...)}, see access.py
    "conflicts",  # True: changes can be answered 409
    "ordering",  # of lists without one; always total: ends in a unique column
    "orderable",  # {name in `ordering=`: column, or columns}
    "search_fields",  # columns for `search=`
    "filterset_class",  # see filters.py
    "lookup_field", "lookup_url_kwarg", "lookup_value_converter",  # how a URL names a row; default: by its key, {id}
    "fast_rows", "keys_first",  # False: rows by the REST framework (say why); True: many, joined when sorted and cut
    "reads_parent",  # False: services use only the parent's key and institution
    "lock_before",  # relations of the row whose rows are locked first, in the same statement, as the services do
    "lock_keys",  # False: new rows may refer to the locked ones meanwhile
    "lock_for_delete",  # relations of the row that its deletion locks in the same statement; see locks.py for the order
    "answers_from_memory",  # True: after a write `serializer.instance` is the row as stored, below this parent
    "checks_rows",  # True: services check under their locks what `rows` of the grants says; only they ask for a change
    "locks_row",  # False: a write changes other rows, which the service locks
    "renderer_classes", "tagged_actions", "shows_people", "is_recorded", "links_to",  # the last three: told.py
    "lock_first", "existing_row", "perform_create", "perform_update", "perform_destroy", "extend_answer",
    "after_reading", "handle_exception",
})  # fmt: skip


# No docstring: the schema would show it as the description of every operation.
class ResourceViewSet(Reader):
    declarations = DECLARATIONS
    conflicts = False
    lock_before: tuple[str, ...] = ()
    lock_for_delete: tuple[str, ...] = ()
    lock_keys = True
    locks_row = True
    answers_from_memory = False
    lookup_value_converter = "id"

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if not ROOTS[cls.root].id_is_own:
            cls.scope = cls.scope.without_root()
        cls.root_kwarg = cls.scope.root_kwarg
        if cls.scope.parent_is_free and any(g.parent or g.sees for g in cls.access.values()):
            raise TypeError(f"{cls.__name__}.access has parent rules, but there is no parent below the institution")
        # Methods that nobody is granted are answered 405 and are absent from the OpenAPI schema.
        granted = frozenset[str]().union(*(g.actions for g in cls.access.values()))
        verbs = {METHOD[a] for a in granted & METHOD.keys()}
        refuse_choices(cls.__name__, getattr(cls, "filterset_class", None))
        for extra in cls.get_extra_actions():
            refuse_choices(f"{cls.__name__}.{extra.__name__}", extra.kwargs.get("filterset_class"))  # type: ignore[attr-defined]
            refuse_options(f"{cls.__name__}.{extra.__name__}", extra.kwargs)  # type: ignore[attr-defined]
            mapping: dict[str, str] = extra.mapping  # type: ignore[attr-defined] # the decorator's
            verbs |= {verb for verb, name in mapping.items() if name in granted}
        cls.http_method_names = ["head", "options", *sorted(verbs)]

    def enter(self) -> None:
        """Set the link to the parent of the URL and the grants under it. 404 when the ids name no chain of parents."""
        if self._entered_grants is not None:
            return  # the browsable API calls it again for each of its forms
        grants = self._grants_of_roles()
        if self.scope.at_root:
            if self.tenant_id is not None:
                self.tenant  # noqa: B018 - a global administrator may name one that does not exist
            self.link = dict.fromkeys(self.scope.rows, self.root_id)
        elif self.scope.model is not None:
            if (row := self.parent_row(grants)) is None:
                raise Http404
            width = len(self.scope.rows)
            self.link = dict(zip(self.scope.rows, row[:width], strict=True))
            grants = self._grants_at_parent(grants, row[width:])
        self._entered_grants = tuple(grants)

    # The row to be changed.

    def get_object(self):
        """The row of the URL as a model instance; 404 when it is not there or not visible."""
        return self._refuse_shared_rows(self.one_object())

    def locked(self):
        """The row of the URL as stored, locked until the transaction ends."""
        self.lock_first()
        if not self.locks_row and not self.is_conditional:
            return self.get_object()
        is_deleted = self.action == "destroy"
        locks = dict.fromkeys(self.lock_before, Lock.DELETE if self.lock_keys else Lock.CHANGE)
        locks |= dict.fromkeys(self.lock_for_delete if is_deleted else (), Lock.CHANGE)
        rows = self.get_queryset().select_related(*locks) if locks else self.get_queryset()
        locks["self"] = Lock.DELETE if self.lock_keys or is_deleted else Lock.CHANGE
        row = self._refuse_shared_rows(get_object_or_404(locking(rows, **locks), **self.looked_up))
        self.refuse_other_states()
        return row if self.locks_row else self.get_object()

    def lock_first(self) -> None:
        """Hook: lock other rows before the one of the URL, in the order of the services. It may raise errors."""

    def _refuse_shared_rows(self, row):
        """403 for changes of a row without a parent: all institutions share it."""
        if self.action not in READ and self.scope.is_shared(row):
            raise PermissionDenied
        return row

    def create(self, request, *args, **kwargs):
        serializer: Any = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        if (existing := self.existing_row(serializer.validated_data)) is not None:
            return Response(self.read_back(existing), status.HTTP_201_CREATED)
        with serializer.violations_by_field(), transaction.atomic(), self.writing(serializer):
            self.perform_create(serializer)
            return Response(self.read_back(serializer.instance), status.HTTP_201_CREATED)

    def update(self, request, *args, **kwargs):
        with ExitStack() as stack, transaction.atomic():
            row = self.locked()
            serializer: Any = self.get_serializer(row, data=request.data, partial=kwargs.pop("partial", False))
            serializer.is_valid(raise_exception=True)
            stack.enter_context(serializer.violations_by_field())
            with self.writing(serializer):
                self.perform_update(serializer)
            return Response(self.read_back(serializer.instance))

    def destroy(self, request, *args, **kwargs):
        with transaction.atomic(), self.deleting(self.locked()) as row:
            self.perform_destroy(row)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def read_back(self, row):
        """The written row, read with the caller's grants: 403, and so a rollback, when the caller may not see it."""
        self._refuse_shared_rows(row)
        values = self.in_memory(row) if self.answers_from_memory else None
        try:
            answer = self.read_one(pk=row.pk) if values is None else self.only([values])
        except Http404 as error:
            raise PermissionDenied from error
        return self.extend_answer(self.tagged(answer))

    def extend_answer(self, values: dict[str, Any]) -> dict[str, Any]:
        """Hook: add values to the answer of a change, such as credentials that no later answer contains."""
        return values

    def existing_row(self, values: dict[str, Any]) -> Any:
        """Hook for `create`: a row that already has the values of the body; then nothing is written."""

    def perform_create(self, serializer):
        serializer.save(**self.parent_link())
