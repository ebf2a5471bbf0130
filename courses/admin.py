"""Courses, activities and assessment sessions, read only: VLEs and the API change them."""

from django.contrib import admin

from courses.models import Activity, ActivityInstrument, AssessmentSession, Course, CourseGroup
from kernel.admin import ReadOnlyAdmin, ReadOnlyInline


class ActivityInstrumentInline(ReadOnlyInline):
    model = ActivityInstrument
    fields = ("instrument", "active", "options", "alternative_to")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("instrument", "alternative_to")


@admin.register(Course)
class CourseAdmin(ReadOnlyAdmin):
    list_display = ("id", "code", "vle_course_id", "vle", "institution", "start", "end")
    list_select_related = ("vle", "institution")
    search_fields = ("=id", "search_text", "=institution__acronym")
    search_help_text = "Number, code, the VLE's id or the description, or acronym of the institution"
    ordering = ("-pk",)


@admin.register(CourseGroup)
class CourseGroupAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "parent", "institution")
    list_select_related = ("parent", "institution")
    search_fields = ("=id", "search_text", "=institution__acronym")
    ordering = ("-pk",)


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "vle_activity_type", "vle_activity_id", "enabled", "course", "institution")
    list_select_related = ("course", "institution")
    list_filter = ("enabled",)
    search_fields = ("=id", "search_text", "=course__code", "=institution__acronym")
    search_help_text = "Number, name, description, the VLE's id or the course's code, or acronym of the institution"
    ordering = ("-pk",)
    inlines = (ActivityInstrumentInline,)


@admin.register(AssessmentSession)
class AssessmentSessionAdmin(ReadOnlyAdmin):
    list_display = ("id", "learner", "activity", "started_at", "closed_at", "auto_closed", "institution")
    list_select_related = ("learner", "activity", "institution")
    list_filter = (("closed_at", admin.EmptyFieldListFilter),)
    search_fields = (
        "=id",
        "=learner__learner_id",
        "=learner__user__username",
        "=activity__name",
        "=institution__acronym",
    )
    search_help_text = "Number, pseudonym or username of the learner, name of the activity, or acronym"
    ordering = ("-pk",)
