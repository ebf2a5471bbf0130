"""/institution/{}/course/{}/activity/{parent_lookup_activity_id}/report/{id}/"""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.db.models import Q
from django_filters import rest_framework as filters
from rest_framework import serializers

from courses.models import Activity
from courses.row_rules import attended, taught
from files.links import Links, evidence_links
from files.models import Made
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.filters import ColumnFilter, FoldedFilter, IdentifierFilter
from kernel.scope import under
from kernel.serializers import BlankableEmailField, Computed, ResourceSerializer, named_number
from kernel.viewsets import ResourceViewSet
from learners.models import Learner
from reports.api.shared.evidence import LinkField, may_read_reports
from reports.arithmetic import Facts, Level, Thresholds, percent
from reports.contests import contest_state
from reports.models import LEVELS, Report, ReportInstrument
from reports.queries import ReportStatistics, report_statistics
from reports.sentences import DEMONSTRATION, FactSentence, fact_sentences
from reports.visibility import own_work

DOCUMENTED = ("id", "learner", "detail", *LEVELS)  # what dashboards know; other keys follow


def plain(value: bool) -> bool:
    return value


class LevelsSerializer(ResourceSerializer):
    identity_level = named_number(Level)
    content_level = named_number(Level)
    integrity_level = named_number(Level)


class InstitutionCourseActivityReportLearnerSerializer(ResourceSerializer):
    id = serializers.IntegerField(source="user_id", read_only=True)
    uid = serializers.CharField(source="user.uid", read_only=True)
    first_name = serializers.CharField(source="user.first_name", read_only=True)
    last_name = serializers.CharField(source="user.last_name", read_only=True)
    email = BlankableEmailField(source="user.email", read_only=True, allow_null=False)

    class Meta:
        model = Learner
        fields = ("id", "uid", "first_name", "last_name", "email", "learner_id")


class InstitutionCourseActivityReportDetailSerializer(LevelsSerializer):
    """Percentages are whole numbers from 0 to 100."""

    instrument = serializers.CharField(source="instrument.name", read_only=True)
    enrolment = Computed(percent, "enrolment")
    confidence = Computed(percent, "confidence")
    result = Computed(percent, "result")
    instrument_id = serializers.IntegerField(read_only=True)

    class Meta:
        model = ReportInstrument
        order = "instrument_id"
        fields: tuple[str, ...] = ("instrument", "enrolment", "confidence", "result", *LEVELS, "instrument_id")


class InstitutionCourseActivityReportSerializer(LevelsSerializer):
    learner = InstitutionCourseActivityReportLearnerSerializer(read_only=True)
    detail = InstitutionCourseActivityReportDetailSerializer(source="details", many=True, read_only=True)
    contest = Computed(contest_state, "contest", *LEVELS)
    is_restricted = Computed(
        plain, "learner__is_restricted", help_text="The learner has withdrawn the consent: nobody opens the evidence."
    )

    class Meta:
        model = Report
        fields: tuple[str, ...] = (*DOCUMENTED, "contest", "is_restricted")


def learner_histogram(instrument: int, statistics: ReportStatistics) -> list[int]:
    return statistics.learner_histogram(instrument)


def activity_histogram(instrument: int, statistics: ReportStatistics) -> list[int]:
    return statistics.activity_histogram(instrument)


def statistic(name: str, kind: Any) -> Computed:
    """The field of one value of the row's `arithmetic.Statistics`; `kind` is its type in the schema."""

    def value(instrument, result, confidence, measured):
        return getattr(measured.statistics(instrument, result, confidence), name)

    value.__annotations__["return"] = kind
    return Computed(value, "instrument_id", "result", "confidence", per_request=report_statistics)


def sentences(instrument: int, result: Any, confidence: Any, measured: ReportStatistics) -> list[FactSentence]:
    """Of the facts, and of what ended checks without their providers."""
    ended = [obstacle.fact for obstacle in measured.obstacles(instrument)]
    return fact_sentences(measured.statistics(instrument, result, confidence).facts, ended)


def demonstration(answered: Mapping[str, int], measured: ReportStatistics) -> str:
    """Empty where no provider that is a demonstration has given results."""
    return DEMONSTRATION if measured.demonstrations & {*answered} else ""


class InstitutionCourseActivityReportStatisticsSerializer(InstitutionCourseActivityReportDetailSerializer):
    """What the row means, compared with this learner's results and with those of all learners in this activity.

    Null where there is nothing to compare: no results yet, or no enabled provider.
    """

    instrument_acronym = serializers.CharField(source="instrument.acronym", read_only=True)
    learner_histogram = Computed(learner_histogram, "instrument_id", per_request=report_statistics)
    activity_histogram = Computed(activity_histogram, "instrument_id", per_request=report_statistics)
    instrument_polarity = statistic("polarity", int | None)
    result_bean = statistic("result_bean", int)
    thresholds = statistic("thresholds", Thresholds | None)
    prob_learner = statistic("prob_learner", float | None)
    prob_context = statistic("prob_context", float | None)
    h_prob_learner = statistic("h_prob_learner", float | None)
    h_prob_context = statistic("h_prob_context", float | None)
    facts = statistic("facts", Facts)
    fact_sentences = Computed(sentences, "instrument_id", "result", "confidence", per_request=report_statistics)
    demonstration = Computed(demonstration, "answered", per_request=report_statistics)

    class Meta(InstitutionCourseActivityReportDetailSerializer.Meta):
        fields = (
            *InstitutionCourseActivityReportDetailSerializer.Meta.fields,
            "instrument_acronym", "learner_histogram", "activity_histogram", "instrument_polarity", "result_bean",
            "thresholds", "prob_learner", "prob_context", "h_prob_learner", "h_prob_context", "facts", "fact_sentences",
            "demonstration",
        )  # fmt: skip


def report_url(report: int, links: Links) -> str:
    return links(report, "report.json", Made.REPORT)


class InstitutionCourseActivityReportLongSerializer(InstitutionCourseActivityReportSerializer):
    """The report with its statistics, and `data`: the address of its sessions and documents as JSON."""

    detail = InstitutionCourseActivityReportStatisticsSerializer(source="details", many=True, read_only=True)
    data = LinkField(report_url, "pk", per_request=evidence_links)  # type: ignore[assignment] # fields leave the class

    class Meta(InstitutionCourseActivityReportSerializer.Meta):
        fields = (*DOCUMENTED, "data", "contest", "is_restricted")


class LevelFilter(filters.ChoiceFilter):
    """One of the five levels."""

    def __init__(self, *args, **kwargs):
        names = [(int(level), level.name.replace("_", " ").capitalize()) for level in Level]
        super().__init__(*args, choices=names, **kwargs)


class BoundFilter(filters.NumberFilter):
    """A whole number, one of the levels or not."""

    field_class = forms.IntegerField


# The three lower bounds are boxes above a dashboard's columns, which never fail; -1 is what they send for no bound.
class ReportFilter(filters.FilterSet):
    learner__first_name = FoldedFilter("learner__user__first_name")
    learner__last_name = FoldedFilter("learner__user__last_name")
    learner__email = IdentifierFilter("learner__user__email")
    identity_level = LevelFilter()
    identity_level__gte = ColumnFilter("identity_level", "gte")
    identity_level__lte = BoundFilter("identity_level", "lte")
    content_level = LevelFilter()
    content_level__gte = ColumnFilter("content_level", "gte")
    content_level__lte = BoundFilter("content_level", "lte")
    integrity_level = LevelFilter()
    integrity_level__gte = ColumnFilter("integrity_level", "gte")
    integrity_level__lte = BoundFilter("integrity_level", "lte")
    level = LevelFilter(method="any_level")
    level__gte = BoundFilter(method="any_level")
    level__lte = BoundFilter(method="any_level")

    def any_level(self, queryset, name: str, value: int):
        """By one of the three levels at least; `name` is "level" with or without a lookup."""
        return queryset.filter(reduce(or_, (Q(**{level.replace("level", name): value}) for level in LEVELS)))


class ReportViewSet(ResourceViewSet):
    queryset = Report.objects.all()
    serializer_class = InstitutionCourseActivityReportSerializer
    detail_serializer_class = InstitutionCourseActivityReportLongSerializer
    filterset_class = ReportFilter
    search_fields = ("learner__user__search_text", *LEVELS)
    orderable = {name: name for name in ("id", "learner", *LEVELS)}
    shows_people = True
    scope = under(
        Activity,
        rows="activity",
        parent_lookup_activity_id="pk",
        parent_lookup_activity__course_id="course",
        parent_lookup_activity__vle__institution_id="institution",
    )
    access = {
        Role.GLOBAL | Role.ADMIN | Role.DATA: grant(READ),
        Role.INSTRUCTOR: grant(READ, parent=taught("course__")),
        Role.LEARNER: grant(READ, parent=attended("course__"), rows=own_work, when=may_read_reports),
    }
