"""/institution/{parent_lookup_institution_id}/report/{id}/: the reports of all courses, in one list."""

from django.db.models import Q
from django.db.models.functions import Greatest
from django_filters import rest_framework as filters

from courses.models import Activity, Course
from courses.queries import CourseName, activity_name, activity_named, course_named
from courses.row_rules import taught
from institutions.models import Institution
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.filters import MomentFilter, TenantFilter
from kernel.scope import under
from kernel.serializers import Computed
from kernel.viewsets import ResourceViewSet
from learners.models import Learner
from reports.api.report import (
    InstitutionCourseActivityReportLearnerSerializer,
    LevelFilter,
    LevelsSerializer,
    ReportFilter,
)
from reports.contests import contest_state
from reports.looking import opened_since_changed, with_address
from reports.models import LEVELS, Report


class InstitutionReportSerializer(LevelsSerializer):
    """`activity` and `course` name the address below which the whole report is."""

    learner = InstitutionCourseActivityReportLearnerSerializer(read_only=True)
    activity = Computed(
        activity_named, "activity_id", lambda me: activity_name("activity__"), "activity__vle_activity_type"
    )
    course = Computed(
        course_named, "activity__course_id", *(f"activity__course__{name}" for name in CourseName._fields)
    )
    contest = Computed(contest_state, "contest", *LEVELS)

    class Meta:
        model = Report
        fields = ("id", "learner", "activity", "course", *LEVELS, "contest", "created_at", "updated_at")


class ContestStateFilter(filters.ChoiceFilter):
    """By what became of contests: of the open one, else of the last that was decided."""

    def __init__(self, *args, **kwargs):
        states = ("open", "upheld", "changed", "set_aside", "none")
        super().__init__(*args, choices=[(state, state) for state in states], **kwargs)

    def filter(self, queryset, value):
        if not value:
            return queryset
        return queryset.filter(Q(contest__isnull=True) if value == "none" else Q(contest__state=value))


class LookedAtFilter(filters.ChoiceFilter):
    """By who has opened the report since it last changed, as far back as the trail reaches."""

    def __init__(self, *args, **kwargs):
        choices = [
            ("true", "the caller has opened it since its last change"),
            ("false", "the caller has not"),
            ("nobody", "nobody has, but perhaps the learner"),
        ]
        help_text = "Who has opened the report since it last changed."
        super().__init__(*args, choices=choices, help_text=help_text, **kwargs)

    def filter(self, queryset, value):
        if not value:
            return queryset
        opened = opened_since_changed(None if value == "nobody" else self.parent.request.user.id)
        rows = with_address(queryset)
        return rows.filter(opened if value == "true" else ~opened)


class InstitutionReportFilter(ReportFilter):
    """Those of an activity's reports, and by where and when."""

    course = TenantFilter("activity__course", queryset=Course.objects.all())
    activity = TenantFilter("activity", queryset=Activity.objects.all())
    learner = TenantFilter("learner", queryset=Learner.objects.all())
    highest = LevelFilter(method="by_highest", help_text="The highest of the three levels.")
    contest = ContestStateFilter()
    looked_at = LookedAtFilter()
    created_at__gte = MomentFilter("created_at", "gte")
    created_at__lte = MomentFilter("created_at", "lte")
    updated_at__gte = MomentFilter("updated_at", "gte")
    updated_at__lte = MomentFilter("updated_at", "lte")

    def by_highest(self, queryset, name: str, value: int):
        return queryset.alias(highest=Greatest(*LEVELS)).filter(highest=value)


class InstitutionReportViewSet(ResourceViewSet):
    queryset = Report.objects.all()
    serializer_class = InstitutionReportSerializer
    filterset_class = InstitutionReportFilter
    search_fields = ("learner__user__search_text",)
    orderable = {
        **{name: name for name in ("id", *LEVELS, "created_at", "updated_at")},
        "learner": ("learner__user__last_name", "learner__user__first_name"),
        "activity": "activity",
        "course": "activity__course",
    }
    shows_people = True
    keys_first = True
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {
        Role.GLOBAL | Role.ADMIN | Role.DATA: grant(READ),
        Role.INSTRUCTOR: grant(READ, rows=taught("activity__course__")),
    }
