"""Who has opened a report since it changed: the trail says so, as far back as it reaches."""

from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat, Greatest

from kernel.caller import PEOPLE
from reports.arithmetic import Level
from reports.models import LEVELS, WITH_WARNING, Report
from trail.models import OPENED_REPORTS, Line

_PARTS = ("institution", "activity__course", "activity", "pk")
_KINDS = tuple(kind.value for kind in PEOPLE)


def with_address(reports: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """The reports with the alias `address`: what names them in the trail."""
    text = CharField()
    institution, *others = (Cast(part, text) for part in _PARTS)
    parts = [each for part in others for each in (Value("/"), part)]
    return reports.alias(address=Concat(institution, *parts, output_field=text))


def opened_since_changed(person: int | None = None) -> Q:
    """A condition on reports `with_address`: it was opened, or taken away, since its last change.

    By this person; or else by anybody but the learner. Each report is looked up by the one index that serves it: EXISTS
    is a join to PostgreSQL, which compared each report with each line once the trail had grown since it was analyzed.
    The institution is not asked for, as other indexes have it: an address begins with it.
    """
    lines = Line.objects.filter(
        actor_kind__in=_KINDS, verb__in=("read", "export"),
        resource__in=OPENED_REPORTS, row_key=OuterRef("address"), written_at__gte=OuterRef("updated_at"),
    )  # fmt: skip
    by = ~Q(actor_id=OuterRef("learner_id")) if person is None else Q(actor_id=person)
    return Q(Coalesce(Subquery(lines.filter(by).values(found=Value(value=True))[:1]), Value(value=False)))


def unseen(since: datetime) -> dict[str, Any]:
    """Columns of an institution: how many of its reports with an alert, with a warning, nobody has opened.

    Of those that have changed since then: by the index of reports with warnings.
    """
    warned = Report.objects.filter(WITH_WARNING, institution=OuterRef("pk"), updated_at__gte=since)
    reports: QuerySet[Any, Any] = warned.annotate(highest=Greatest(*LEVELS)).order_by()
    rows = with_address(reports).filter(~opened_since_changed())
    counted = {
        name: rows.filter(highest=level).values("institution").annotate(number=Count("pk")).values("number")
        for name, level in (("alerts_unseen", Level.ALERT), ("warnings_unseen", Level.WARNING))
    }
    return {name: Coalesce(Subquery(number), 0) for name, number in counted.items()}
