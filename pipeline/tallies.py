"""Counting what happens to messages to providers, for pipeline_status and /metrics: numbers that only grow."""

from collections.abc import Mapping

from django.db.models import F

from pipeline.models import Tally

SENT_AGAIN, GIVEN_UP = "sent_again", "given_up"


def tally(what: str, outcome: str, numbers: Mapping[str, int]) -> None:
    """Count so many more, by the providers' acronyms, in the transaction that does it."""
    for provider in sorted(numbers):
        row = {"what": what, "outcome": outcome, "provider": provider}
        counted = Tally.objects.filter(**row)
        more = {"number": F("number") + numbers[provider]}
        if not counted.update(**more):
            Tally.objects.bulk_create([Tally(**row)], ignore_conflicts=True)  # another process may have been first
            counted.update(**more)
