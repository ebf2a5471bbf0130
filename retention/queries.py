"""The periods of institutions."""

from collections.abc import Mapping

from retention.models import Period


def periods_of(institution_id: int | None) -> Mapping[str, int]:
    """{kind: days}, of the kinds that have a period."""
    return dict(Period.objects.filter(institution=institution_id).values_list("kind", "days"))
