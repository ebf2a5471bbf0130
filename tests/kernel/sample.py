"""Resources for tests of the kernel alone: parents with rules, nested lists, several columns to one parent."""

from django.db.models import Q
from django.urls import include, path
from django_filters import rest_framework as filters
from rest_framework import serializers

from courses.models import Activity, Course, CourseGroup
from courses.row_rules import attended, taught
from institutions.api.institution import InstitutionSerializer
from institutions.models import VLE, Institution, Provider, ProviderNotification, UIOption
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import TenantFilter
from kernel.routing import Resource, mount
from kernel.scope import Scope, under
from kernel.serializers import ResourceSerializer, TenantRelatedField
from kernel.viewsets import ResourceViewSet
from reports.models import Report, ReportInstrument, Request
from tesla_api import urls


class GroupSerializer(ResourceSerializer):
    institution = InstitutionSerializer(read_only=True)
    parent = TenantRelatedField(queryset=CourseGroup.objects.all(), required=False, allow_null=True)

    class Meta:
        model = CourseGroup
        fields = ("id", "institution", "parent", "name", "description")


class GroupFilter(filters.FilterSet):
    parent = TenantFilter(queryset=CourseGroup.objects.all())

    class Meta:
        model = CourseGroup
        fields = ("name", "parent")


class GroupViewSet(ResourceViewSet):
    queryset = CourseGroup.objects.all()
    serializer_class = GroupSerializer
    filterset_class = GroupFilter
    orderable = {"name": "name", "parent": "parent"}
    search_fields = ("name",)
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.ADMIN: grant(READ, WRITE), Role.MEMBER: grant(READ, rows=lambda me: Q(name="open"))}


class ActivitySerializer(ResourceSerializer):
    class Meta:
        model = Activity
        fields = ("id", "vle_activity_type", "vle_activity_id", "name", "enabled", "description")


class ActivityViewSet(ResourceViewSet):
    queryset = Activity.objects.all()
    serializer_class = ActivitySerializer
    scope = under(
        Course,
        rows="course",
        parent_lookup_course_id="pk",
        parent_lookup_vle__institution_id="vle__institution",
    )
    access = {
        Role.GLOBAL | Role.ADMIN: grant(READ, "create"),
        Role.INSTRUCTOR: grant(READ, WRITE, parent=taught()),
        Role.LEARNER: grant(READ, parent=attended(), rows=lambda me: Q(enabled=True)),
    }

    def perform_create(self, serializer):
        course = self.parent
        serializer.save(course=course, vle_id=course.vle_id, institution_id=course.institution_id)


class DetailSerializer(serializers.ModelSerializer):
    instrument = serializers.CharField(source="instrument.name")

    class Meta:
        model = ReportInstrument
        order = "instrument_id"
        fields = ("instrument", "identity_level")


class ReportSerializer(ResourceSerializer):
    detail = DetailSerializer(source="details", many=True, read_only=True)

    class Meta:
        model = Report
        fields: tuple[str, ...] = ("id", "learner", "detail")


class LongReportSerializer(ReportSerializer):
    class Meta(ReportSerializer.Meta):
        fields = (*ReportSerializer.Meta.fields, "identity_level")


class ReportViewSet(ResourceViewSet):
    queryset = Report.objects.all()
    serializer_class = ReportSerializer
    detail_serializer_class = LongReportSerializer
    scope = under(
        Activity,
        rows="activity",
        parent_lookup_activity_id="pk",
        parent_lookup_course_id="course",
        parent_lookup_institution_id="institution",
    )
    access = {Role.ADMIN: grant(READ)}


class RequestSerializer(ResourceSerializer):
    class Meta:
        model = Request
        fields = ("id", "status", "instruments", "learner")


class RequestViewSet(ResourceViewSet):
    queryset = Request.objects.all()
    serializer_class = RequestSerializer
    scope = under(
        Report,
        rows={"activity": "activity_id", "learner": "learner_id"},  # the requests of the report's pair
        tenant="institution",
        parent_lookup_report_id="pk",
        parent_lookup_activity_id="activity",
        parent_lookup_course_id="activity__course",
        parent_lookup_institution_id="institution",
    )
    access = {
        Role.ADMIN: grant(READ),
        Role.LEARNER: grant(READ, parent=attended("activity__course__"), sees=lambda me: Q(learner=me.id)),
    }


class VLECourseSerializer(ResourceSerializer):
    institution = InstitutionSerializer(read_only=True)
    vle = serializers.PrimaryKeyRelatedField(read_only=True)

    class Meta:
        model = Course
        fields = ("id", "institution", "vle", "code", "vle_course_id")


class VLECourseViewSet(ResourceViewSet):
    """Below another root: the first id is the VLE's own, the institution is the one that the VLE belongs to."""

    root = "vle"
    queryset = Course.objects.all()
    serializer_class = VLECourseSerializer
    scope = under(VLE, rows="vle", tenant="institution", parent_lookup_vle_id="pk")
    access = {Role.VLE: grant(READ, "create")}

    def perform_create(self, serializer):
        serializer.save(vle=self.parent, institution=self.tenant)


class VLEActivityViewSet(ResourceViewSet):
    root = "vle"
    queryset = Activity.objects.all()
    serializer_class = ActivitySerializer
    scope = under(Course, rows="course", tenant="institution", parent_lookup_course_id="pk", parent_lookup_vle_id="vle")
    access = {Role.VLE: grant(READ)}


class OptionSerializer(ResourceSerializer):
    institution = InstitutionSerializer(read_only=True, allow_null=True)

    class Meta:
        model = UIOption
        fields = ("id", "institution", "route", "user")


class OptionViewSet(ResourceViewSet):
    """Rows of the institution, and rows of nobody that are seen below every institution."""

    queryset = UIOption.objects.all()
    serializer_class = OptionSerializer
    search_fields = ("route",)
    scope = under(Institution, rows="institution", with_shared_rows=True, parent_lookup_institution_id="pk")
    access = {Role.GLOBAL: grant(READ), Role.ADMIN: grant(READ, WRITE)}


class AllInstitutionsViewSet(ResourceViewSet):
    """Below a root without id and without institution."""

    root = "admin"
    queryset = Institution.objects.all()
    serializer_class = InstitutionSerializer
    scope = Scope()
    access = {Role.GLOBAL: grant(READ, "destroy")}


class NotificationSerializer(ResourceSerializer):
    class Meta:
        model = ProviderNotification
        fields = ("id", "key")


class NotificationViewSet(ResourceViewSet):
    """Below a root whose rows are of no institution."""

    root = "provider"
    queryset = ProviderNotification.objects.all()
    serializer_class = NotificationSerializer
    scope = under(Provider, rows="provider", parent_lookup_provider_id="pk")
    access = {Role.PROVIDER: grant(READ)}


class GroupsOfAnyViewSet(ResourceViewSet):
    """There, the first id names a row like any other."""

    root = "admin"
    queryset = CourseGroup.objects.all()
    serializer_class = GroupSerializer
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.GLOBAL: grant(READ, WRITE)}


_COURSE = "institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_course_id}/"
_ACTIVITY = (
    "institution/{parent_lookup_institution_id}/course/{parent_lookup_course_id}/activity/{parent_lookup_activity_id}/"
)
TREE = (
    Resource("institution/{parent_lookup_institution_id}/group/{id}/", GroupViewSet),
    Resource("institution/{parent_lookup_institution_id}/option/{id}/", OptionViewSet),
    Resource(_COURSE + "activity/{id}/", ActivityViewSet),
    Resource(_ACTIVITY + "report/{id}/", ReportViewSet),
    Resource(_ACTIVITY + "report/{parent_lookup_report_id}/request/{id}/", RequestViewSet),
    Resource("vle/{parent_lookup_vle_id}/course/{id}/", VLECourseViewSet),
    Resource("vle/{parent_lookup_vle_id}/course/{parent_lookup_course_id}/activity/{id}/", VLEActivityViewSet),
    Resource("provider/{parent_lookup_provider_id}/notification/{id}/", NotificationViewSet),
    Resource("admin/institution/{id}/", AllInstitutionsViewSet),
    Resource("admin/institution/{parent_lookup_institution_id}/group/{id}/", GroupsOfAnyViewSet),
)
urlpatterns = [path("api/v2/", include(mount(TREE))), *urls.urlpatterns]
handler404 = "kernel.errors.not_found"
