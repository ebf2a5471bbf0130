"""/institution/{}/course/{}/activity/{parent_lookup_activity_id}/report/{parent_lookup_id}/request/{id}/"""

from django.core.exceptions import ValidationError
from django.db.models import Exists, F, OuterRef, Subquery
from django_filters import fields
from django_filters import rest_framework as filters

from courses.row_rules import attended, taught
from institutions.models import Instrument
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.ids import bounded_id
from kernel.scope import under
from kernel.serializers import ResourceSerializer, named_number
from kernel.viewsets import ResourceViewSet
from reports.api.shared.evidence import LinkField, RequestEvidence, may_read_reports
from reports.arithmetic import RequestStatus, ResultCode, ResultStatus
from reports.models import Report, Request, RequestResult
from reports.visibility import own_work

_REQUEST_INSTRUMENTS = Request.instruments.through._default_manager.filter(request=OuterRef("pk"))


def audit_url(request: int, file_id: int | None, restricted: bool, evidence: RequestEvidence) -> str | None:
    return evidence.of(request, file_id, "result_audit.json", restricted)


def data_url(request: int, file_id: int | None, restricted: bool, evidence: RequestEvidence) -> str | None:
    return evidence.of(request, file_id, "request.json", restricted)


class InstitutionCourseActivityReportRequestResultSerializer(ResourceSerializer):
    status = named_number(ResultStatus)
    code = named_number(ResultCode)
    audit = LinkField(
        audit_url, "request_id", "audit_id", "request__learner__is_restricted", per_request=RequestEvidence
    )

    class Meta:
        model = RequestResult
        order = "instrument_id"
        fields = (
            "id", "status", "result", "error_message", "code", "audit", "created_at", "updated_at", "request",
            "instrument", "message_code",
        )  # fmt: skip
        read_only_fields = fields


class InstitutionCourseActivityReportRequestSerializer(ResourceSerializer):
    """What was captured, and what came of it. `session` is null for a document that was uploaded outside one."""

    status = named_number(RequestStatus)
    result = InstitutionCourseActivityReportRequestResultSerializer(source="results", many=True, read_only=True)
    data = LinkField(  # type: ignore[assignment] # fields leave the class
        data_url, "pk", "data_id", "learner__is_restricted", per_request=RequestEvidence
    )

    class Meta:
        model = Request
        fields = (
            "id", "result", "status", "data", "error_message", "created_at", "updated_at", "learner", "activity",
            "session", "message_code", "instruments",
        )  # fmt: skip
        read_only_fields = fields


class InstrumentsField(fields.ModelMultipleChoiceField):
    def clean(self, value):
        return super().clean([number for number in value or () if number != ""])  # a box left empty

    def _check_values(self, value):
        """An id that no database can hold is as unknown as any other."""
        for number in value:
            if bounded_id(number) is None:
                raise ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": number})
        return super()._check_values(value)


class InstrumentsFilter(filters.ModelMultipleChoiceFilter):
    """Requests for one of these instruments at least."""

    field_class = InstrumentsField

    def filter(self, queryset, value):
        return queryset.filter(Exists(_REQUEST_INSTRUMENTS.filter(instrument__in=value))) if value else queryset


class RequestFilter(filters.FilterSet):
    instruments = InstrumentsFilter(queryset=Instrument.objects.all())


class ReportRequestViewSet(ResourceViewSet):
    queryset = Request.objects.annotate(
        first_instrument=Subquery(_REQUEST_INSTRUMENTS.order_by("instrument").values("instrument")[:1])
    )
    serializer_class = InstitutionCourseActivityReportRequestSerializer
    filterset_class = RequestFilter
    search_fields = ("error_message", "message_code__code")
    ordering = (F("session").asc(nulls_last=True), "pk")
    orderable = {
        name: name
        for name in (
            "id", "status", "data", "error_message", "created_at", "updated_at", "learner", "activity", "session",
            "message_code",
        )
    } | {"instruments": "first_instrument"}  # fmt: skip
    shows_people = True
    scope = under(
        Report,
        rows={"activity": "activity_id", "learner": "learner_id"},
        parent_lookup_id="pk",
        parent_lookup_activity_id="activity",
        parent_lookup_activity__course_id="activity__course",
        parent_lookup_activity__vle__institution_id="institution",
    )
    access = {
        Role.GLOBAL | Role.ADMIN | Role.DATA: grant(READ),
        Role.INSTRUCTOR: grant(READ, parent=taught("activity__course__")),
        Role.LEARNER: grant(READ, parent=attended("activity__course__"), sees=own_work, when=may_read_reports),
    }
