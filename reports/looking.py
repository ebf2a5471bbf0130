"""Who has opened a report since it changed: the trail says so, as far back as it reaches."""

from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from kernel.caller import PEOPLE
from reports.models import Report
from trail.models import Line

# The pages that show a report with its reasons: lists, which show the levels alone, are not among them.
OPENED = ("institution/course/activity/report", "console/report", "console/report-pdf")
_PARTS = ("institution", "activity__course", "activity", "pk")
_KINDS = tuple(kind.value for kind in PEOPLE)


def with_address(reports: QuerySet[Report]) -> QuerySet[Report]:
    """The reports with the alias `address`: what names them in the trail."""
    text = CharField()
    institution, *others = (Cast(part, text) for part in _PARTS)
    parts = [each for part in others for each in (Value("/"), part)]
    return reports.alias(address=Concat(institution, *parts, output_field=text))


def opened_since_changed(institution: int, person: int) -> Exists:
    """A condition on reports `with_address`: this person has opened it, or taken it away, since its last change."""
    lines = Line.objects.filter(
        institution=institution, actor_id=person, actor_kind__in=_KINDS, verb__in=("read", "export"),
        resource__in=OPENED, row_key=OuterRef("address"), written_at__gte=OuterRef("updated_at"),
    )  # fmt: skip
    return Exists(lines)
