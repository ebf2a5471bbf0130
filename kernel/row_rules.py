"""The rules of grants as SQL: under which parents a grant applies, and which rows it makes visible."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.constants import LOOKUP_SEP
from django.db.models.sql import Query

from kernel.access import Grant


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
