"""The rules of grants as SQL: under which parents a grant applies, and which rows it makes visible."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.constants import LOOKUP_SEP
from django.db.models.sql import Query

from kernel.access import Grant


@dataclass(frozen=True, eq=False)
class About:
    """A rule about one row above the limited ones, such as their course: it is the same rule at all depths below it.

    `path` leads there from the limited rows and ends in "__"; it is empty for the row itself. `keys` makes the query
    of the keys of the rows where the rule holds for a caller.
    """

    name: str
    path: str
    keys: Callable[[Any], QuerySet[Any, Any]]

    def __call__(self, me: Any) -> Q:
        return Q(**{f"{self.path}pk__in": self.keys(me)})

    def fact(self, me: Any, ids: Mapping[str, Any]) -> Hashable:
        """That it holds for the caller at the row with this id; `ids` by their path from the limited rows."""
        return fact(self.name, me, ids.get(self.path.removesuffix("__") or "pk"))


def fact(name: str, me: Any, key: Any) -> Hashable:
    """That the rule of this name holds for the caller at the row with this key; see `kernel.fast.once`."""
    return name, me.kind, me.id, me.vle_id, key


def marks(model, grants: Iterable[Grant], caller) -> list[Exists | Value]:
    """Two columns per grant for the parent's own query: whether its `parent` rule and its `sees` rule apply."""
    return [
        Exists(model._default_manager.filter(rule(caller), pk=OuterRef("pk"))) if rule else Value(True)
        for g in grants
        for rule in (g.parent, g.sees)
    ]


def visible(queryset, grants: Iterable[Grant], caller):
    """Rows that are visible by any of the grants. `manage.py check` refuses rules that could duplicate rows."""
    seen = Q(pk__in=[])
    for grant in grants:
        rule = grant.rows and grant.rows(caller)
        if not rule:  # no rule, or one that excludes nothing for this caller
            return queryset
        seen |= rule
    return queryset.filter(seen)


def multiplies(model, rule: Q) -> bool:
    """Whether filtering by the rule may return a row several times: it joins a to-many relation."""
    names = (child if isinstance(child, Q) else child[0] for child in rule.children if isinstance(child, Q | tuple))
    return any(
        multiplies(model, name)
        if isinstance(name, Q)
        else any(step.m2m for step in Query(model).names_to_path(name.split(LOOKUP_SEP), model._meta)[0])
        for name in names
    )
