"""Verification requests with the results of providers, reports, alerts and histograms.

Results, confidences and enrolments are stored as fractions from 0 to 1; the API shows percentages.
"""

from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from courses.models import Activity, AssessmentSession
from files.models import StoredFile
from institutions.models import Institution, Instrument, Message, Provider
from kernel.constraints import Tied, fraction, one_of, tied_to_institution
from kernel.models import Timestamped
from learners.models import Learner
from reports.arithmetic import OPEN, AlertLevel, Level, RequestStatus, ResultCode, ResultStatus


def _fraction() -> models.DecimalField:
    return models.DecimalField(max_digits=7, decimal_places=6, default=0)


# Few rows, when all is well: what somebody has to wait for or to look at.
UNSETTLED = [int(status) for status in RequestStatus if status != RequestStatus.PROCESSED]


def _session_of_pair(prefix: str) -> Tied:
    """A constraint: the session, if there is one, has the same activity and learner as the row."""
    return Tied(
        fields=("session", "activity", "learner"),
        to_fields=("id", "activity", "learner"),
        name=f"{prefix}_session_of_pair",
    )


class Request(Timestamped):
    """A sample captured in an activity, to be checked by instruments. `session` is null for uploaded documents."""

    concerns = "learner_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="requests")
    activity = models.ForeignKey(Activity, null=True, on_delete=models.CASCADE, related_name="requests")
    session = models.ForeignKey(AssessmentSession, null=True, on_delete=models.SET_NULL, related_name="requests")
    instruments = models.ManyToManyField(Instrument, related_name="+")
    status = models.SmallIntegerField(default=RequestStatus.STORED)
    data = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="requests")
    error_message = models.TextField(null=True, blank=True)
    message_code = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    counted_status = models.SmallIntegerField(null=True, editable=False, help_text="As it is counted in its session.")

    class Meta:
        constraints = [
            one_of("status", map(int, RequestStatus), "request_status_known"),
            tied_to_institution("request_learner_institution", "learner", "user"),
            tied_to_institution("request_activity_institution", "activity"),
            tied_to_institution("request_data_institution", "data"),
            _session_of_pair("request"),
        ]
        indexes = [
            models.Index(fields=("activity", "learner", "session", "id"), name="request_of_pair"),
            models.Index(fields=("learner", "activity"), name="request_of_learner"),
            models.Index(
                fields=("activity", "status", "id"), condition=Q(status__in=UNSETTLED), name="request_unsettled"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class AbstractResult(Timestamped):
    """Status and result of checking a request. `result` is a fraction, null until there is one."""

    status = models.SmallIntegerField(default=ResultStatus.PENDING)
    result = models.FloatField(null=True, blank=True)
    code = models.SmallIntegerField(default=ResultCode.PENDING)
    error_message = models.TextField(null=True, blank=True)
    message_code = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    audit = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="%(class)ss")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.result} ({self.status})"


def _result_constraints(prefix: str) -> list[models.BaseConstraint]:
    return [
        one_of("status", map(int, ResultStatus), f"{prefix}_status_known"),
        one_of("code", map(int, ResultCode), f"{prefix}_code_known"),
        fraction("result", f"{prefix}_result_fraction"),
    ]


class RequestResult(AbstractResult):
    """The result of a request for one instrument, summarised over its providers."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="results")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    # As it is counted in the instrument's row of the report; a status of null is not counted yet.
    counted_status = models.SmallIntegerField(null=True, editable=False)
    counted_result = models.BigIntegerField(default=0, editable=False, help_text="Billionths.")
    counted_code = models.SmallIntegerField(default=ResultCode.PENDING, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("request", "instrument"), name="result_once_per_instrument"),
            *_result_constraints("request_result"),
        ]
        indexes = [models.Index(fields=("request", "status"), name="result_status_of_request")]


class RequestProviderResult(AbstractResult):
    """The result of a request from one provider."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="provider_results")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    first_asked_at = models.DateTimeField(db_default=Now(), editable=False)
    asked_at = models.DateTimeField(db_default=Now(), help_text="Or when the provider last said that it works on it.")
    asked_again = models.PositiveSmallIntegerField(db_default=0, help_text="How often since then: see unanswered.py.")
    counted_bin = models.SmallIntegerField(null=True, editable=False, help_text="As it is counted in the histograms.")
    counted_closed = models.BooleanField(default=False, editable=False, help_text="Counted as answered in the report.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("provider", "request"), name="result_once_per_provider"),
            *_result_constraints("provider_result"),
        ]
        indexes = [
            models.Index(fields=("request", "status"), name="provider_status_of_request"),
            models.Index(fields=("asked_at",), condition=Q(status__in=sorted(map(int, OPEN))), name="result_awaited"),
        ]


class Histogram(models.Model):
    """Counts of results in ten intervals: b0 counts those below 0.1, b9 those from 0.9 on."""

    b0 = models.BigIntegerField(default=0)
    b1 = models.BigIntegerField(default=0)
    b2 = models.BigIntegerField(default=0)
    b3 = models.BigIntegerField(default=0)
    b4 = models.BigIntegerField(default=0)
    b5 = models.BigIntegerField(default=0)
    b6 = models.BigIntegerField(default=0)
    b7 = models.BigIntegerField(default=0)
    b8 = models.BigIntegerField(default=0)
    b9 = models.BigIntegerField(default=0)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str([getattr(self, f"b{i}") for i in range(10)])


class LearnerInstrumentHistogram(Histogram):
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="+")
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("learner", "instrument"), name="histogram_learner_instrument")]


class LearnerProviderHistogram(Histogram):
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="+")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("learner", "provider"), name="histogram_learner_provider")]


class ActivityInstrumentHistogram(Histogram):
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="+")
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("activity", "instrument"), name="histogram_activity_instrument")]


class ActivityProviderHistogram(Histogram):
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="+")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("activity", "provider"), name="histogram_activity_provider")]


LEVELS = ("identity_level", "content_level", "integrity_level")


class AbstractLevels(Timestamped):
    identity_level = models.SmallIntegerField(default=Level.PENDING)
    content_level = models.SmallIntegerField(default=Level.PENDING)
    integrity_level = models.SmallIntegerField(default=Level.PENDING)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.identity_level}/{self.content_level}/{self.integrity_level}"


def _level_constraints(prefix: str) -> list[models.BaseConstraint]:
    return [one_of(level, map(int, Level), f"{prefix}_{level}") for level in LEVELS]


# Written out, as the index of such reports has it: PostgreSQL uses it where a query says the same.
WITH_WARNING = reduce(or_, (Q(**{f"{level}__gte": Level.WARNING.value}) for level in LEVELS))


class Report(AbstractLevels):
    """The report on a learner's work on an activity. It exists from the first result on."""

    concerns = "learner_id"
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="reports")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="reports")
    contest = models.JSONField(
        null=True, editable=False, help_text="What became of contests: a ContestState. Null: there was none."
    )
    evidence_deleted_after = models.PositiveIntegerField(
        null=True, editable=False, help_text="Evidence older than so many days was deleted. Null: none was."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("activity", "learner"), name="report_once_per_pair"),
            models.UniqueConstraint(fields=("activity", "learner", "id"), name="report_of_pair"),
            *_level_constraints("report"),
            tied_to_institution("report_activity_institution", "activity"),
            tied_to_institution("report_learner_institution", "learner", "user"),
        ]
        indexes = [
            models.Index(fields=("institution", "updated_at"), condition=WITH_WARNING, name="report_with_warning")
        ]


class ReportInstrument(AbstractLevels):
    """One instrument in a report. The row is computed from the counters below; see reports/counts.py."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="details")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    enrolment = _fraction()
    confidence = _fraction()
    result = _fraction()
    total_count = models.PositiveIntegerField(default=0, help_text="Requests that this instrument checks.")
    closed_count = models.PositiveIntegerField(default=0, help_text="Of these with a final status.")
    processed_count = models.PositiveIntegerField(default=0, help_text="Of these with a result.")
    result_sum = models.BigIntegerField(default=0, help_text="Of the results, in billionths.")
    pending_codes = models.PositiveIntegerField(default=0, help_text="Results by their code.")
    ok_codes = models.PositiveIntegerField(default=0)
    warning_codes = models.PositiveIntegerField(default=0)
    alert_codes = models.PositiveIntegerField(default=0)
    answered = models.JSONField(default=dict, blank=True, help_text="{provider: its results with a final status}")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("report", "instrument"), name="detail_once_per_instrument"),
            *_level_constraints("detail"),
            fraction("enrolment", "detail_enrolment_fraction"),
            fraction("confidence", "detail_confidence_fraction"),
            fraction("result", "detail_result_fraction"),
        ]


class ReportSession(AbstractLevels):
    """The part of a report about one session, with counts of its requests.

    `activity` and `learner` repeat those of report and session, so that a constraint can compare them.
    """

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="+")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="+")
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="sessions")
    session = models.OneToOneField(AssessmentSession, on_delete=models.CASCADE, related_name="report")
    total_requests = models.PositiveIntegerField(default=0)
    pending_requests = models.PositiveIntegerField(default=0)
    valid_requests = models.PositiveIntegerField(default=0)
    processed_requests = models.PositiveIntegerField(default=0)
    closed_at = models.DateTimeField(null=True, blank=True)
    info_alerts = models.PositiveIntegerField(default=0)
    warning_alerts = models.PositiveIntegerField(default=0)
    alert_alerts = models.PositiveIntegerField(default=0)
    error_alerts = models.PositiveIntegerField(default=0)
    kinds = models.PositiveSmallIntegerField(
        default=0, help_text="What the learner's instruments counted for: 1 identity, 2 content, 4 integrity, added up."
    )
    deleted_alerts = models.JSONField(
        null=True, editable=False, help_text="Of the alerts above those that are deleted: a number for each level."
    )

    class Meta:
        constraints = [
            *_level_constraints("session"),
            _session_of_pair("report_session"),
            Tied(
                fields=("report", "activity", "learner"),
                to_fields=("id", "activity", "learner"),
                name="report_session_report_of_pair",
            ),
        ]


class Alert(Timestamped):
    """An alert that a client raised while a learner worked, such as another person in front of the camera."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="alerts")
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="alerts")
    session = models.ForeignKey(AssessmentSession, null=True, on_delete=models.SET_NULL, related_name="alerts")
    level = models.SmallIntegerField(choices=[(level.value, level.name.title()) for level in AlertLevel])
    instruments = models.ManyToManyField(Instrument, related_name="+")
    message_code = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    unknown_code = models.CharField(
        max_length=250, blank=True, default="", help_text="The code that was sent, if it is no message's."
    )
    data = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="alerts")
    raised_at = models.DateTimeField()
    is_counted = models.BooleanField(default=False, editable=False, help_text="In the report on its session.")

    class Meta:
        constraints = [
            one_of("level", map(int, AlertLevel), "alert_level_known"),
            tied_to_institution("alert_learner_institution", "learner", "user"),
            tied_to_institution("alert_activity_institution", "activity"),
            tied_to_institution("alert_data_institution", "data"),
            _session_of_pair("alert"),
        ]
        indexes = [
            models.Index(fields=("learner", "activity"), name="alert_of_pair"),
            models.Index(fields=("session",), condition=Q(is_counted=False), name="alert_not_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.message_code_id or self.unknown_code}"
