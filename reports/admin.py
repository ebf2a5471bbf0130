"""Reports and the data they are computed from, read only."""

from django.contrib import admin

from kernel.admin import ReadOnlyAdmin, ReadOnlyInline
from reports.models import (
    LEVELS,
    Alert,
    Report,
    ReportInstrument,
    ReportSession,
    Request,
    RequestProviderResult,
    RequestResult,
)

OF_PAIR = ("=id", "=learner__learner_id", "=learner__user__username", "=activity__name", "=institution__acronym")
OF_PAIR_HELP = "Number, pseudonym or username of the learner, name of the activity, or acronym of the institution"


class ReportInstrumentInline(ReadOnlyInline):
    model = ReportInstrument
    fields = ("instrument", "enrolment", "confidence", "result", *LEVELS)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("instrument")


class ReportSessionInline(ReadOnlyInline):
    model = ReportSession
    fields = ("session", "total_requests", "pending_requests", "valid_requests", "processed_requests", *LEVELS)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("session")


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("id", "learner", "activity", *LEVELS, "institution", "updated_at")
    list_select_related = ("learner", "activity", "institution")
    list_filter = LEVELS
    search_fields = OF_PAIR
    search_help_text = OF_PAIR_HELP
    ordering = ("-pk",)
    inlines = (ReportInstrumentInline, ReportSessionInline)


class RequestResultInline(ReadOnlyInline):
    model = RequestResult
    fields = ("instrument", "status", "result", "code", "message_code", "error_message")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("instrument", "message_code")


class RequestProviderResultInline(ReadOnlyInline):
    model = RequestProviderResult
    fields = ("provider", "status", "result", "code", "message_code", "error_message")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("provider", "message_code")


@admin.register(Request)
class RequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "learner", "activity", "session", "status", "institution", "created_at")
    list_select_related = ("learner", "activity", "session", "institution")
    list_filter = ("status",)
    search_fields = OF_PAIR
    search_help_text = OF_PAIR_HELP
    ordering = ("-pk",)
    inlines = (RequestResultInline, RequestProviderResultInline)


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("id", "raised_at", "level", "message_code", "learner", "activity", "session", "institution")
    list_select_related = ("message_code", "learner", "activity", "session", "institution")
    list_filter = ("level",)
    search_fields = (*OF_PAIR, "=message_code__code")
    search_help_text = OF_PAIR_HELP
    ordering = ("-pk",)
