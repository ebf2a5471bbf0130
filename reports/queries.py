"""Hot read paths of reports: which requests are shown, and what the statistics of a report stand on."""

from collections.abc import Iterable
from decimal import Decimal
from functools import cache

from django.db.models import Exists, OuterRef, Value

from institutions.models import Provider
from learners import arithmetic as properties
from reports import arithmetic
from reports.models import ActivityInstrumentHistogram, Alert, LearnerInstrumentHistogram, Report
from reports.rules import flagged_asks
from tesla_api.api.prepared import Prepared

_BINS = tuple(f"b{place}" for place in range(arithmetic.BINS))
_LEARNER, _ACTIVITY, _ALERTED = 1, 2, 3


def _flagged(report, requests):
    return flagged_asks(report).filter(request__any_of=requests).values_list("request")


def _measured(report, activity):
    """(what, instrument, ten bins): histograms of the learner and of the activity, and a row if there are alerts."""
    learner = LearnerInstrumentHistogram.objects.filter(learner__reports=report)
    context = ActivityInstrumentHistogram.objects.filter(activity=activity)
    alerts = Alert.objects.filter(activity=OuterRef("activity"), learner=OuterRef("learner"), session__isnull=False)
    alerted = Report.objects.filter(Exists(alerts), pk=report)
    return learner.values_list(Value(_LEARNER), "instrument_id", *_BINS).union(
        context.values_list(Value(_ACTIVITY), "instrument_id", *_BINS),
        alerted.values_list(Value(_ALERTED), "pk", *(Value(0) for _ in _BINS)),
        all=True,
    )


def _providers():
    found = Provider.objects.filter(enabled=True, instrument__isnull=False)
    return found.values_list("pk", "instrument_id", "inverted_polarity", "warning_below", "alert_below", "enabled")


_FLAGGED = Prepared(_flagged, "report", "requests")
_MEASURED = Prepared(_measured, "report", "activity")
_PROVIDERS = Prepared(_providers)


def requests_flagged(report: int, requests: list[int]) -> frozenset[int]:
    """Of these requests of a report's pair those of which some instrument has a warning or an alert in the report."""
    return frozenset(key for (key,) in _FLAGGED(report=report, requests=requests))


class Measures:
    """What the statistics of one report stand on: histograms and providers by instrument, and whether it has alerts."""

    def __init__(self, rows: Iterable[tuple], providers: Iterable[properties.Provider]) -> None:
        self.histograms: dict[tuple[int, int], list[int]] = {}
        self.alerted = False
        for what, instrument, *bins in rows:
            if what == _ALERTED:
                self.alerted = True
            else:
                self.histograms[what, instrument] = bins
        self.providers: dict[int | None, list[properties.Provider]] = {}
        for provider in providers:
            self.providers.setdefault(provider.instrument_id, []).append(provider)
        self.statistics = cache(self._statistics)

    def learner_histogram(self, instrument: int) -> list[int]:
        """All results of the learner, whatever the activity. Nothing counted yet is ten zeros: charts draw ten bars."""
        return self.histograms.get((_LEARNER, instrument), [0] * arithmetic.BINS)

    def activity_histogram(self, instrument: int) -> list[int]:
        """All results of this activity, whoever the learner."""
        return self.histograms.get((_ACTIVITY, instrument), [0] * arithmetic.BINS)

    def _statistics(self, instrument: int, result: Decimal, confidence: Decimal) -> arithmetic.Statistics:
        measured = arithmetic.Measured(
            result,
            confidence,
            self.learner_histogram(instrument),
            self.activity_histogram(instrument),
            self.alerted,
        )
        return arithmetic.instrument_statistics(measured, arithmetic.provider_shown(self.providers.get(instrument, ())))


def measures(view) -> Measures:
    """For Computed(..., given=measures) in the row of one report."""
    rows = _MEASURED(report=view.kwargs["id"], activity=view.link["activity"])
    return Measures(rows, (properties.Provider(*row) for row in _PROVIDERS()))
