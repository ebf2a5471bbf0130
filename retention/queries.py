"""The periods of institutions."""

from collections.abc import Mapping

from retention.models import Period


def periods_of(institution_id: int | None) -> Mapping[str, int]:
    """{kind: days}, of the kinds that have a period."""
    return {period.kind: period.kept_days for period in Period.objects.filter(institution=institution_id)}
