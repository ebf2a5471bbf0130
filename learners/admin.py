"""Learners and their data, read only: they are changed through the API, which checks the rules."""

from django.contrib import admin

from kernel.admin import ReadOnlyAdmin, ReadOnlyInline
from learners.models import ConsentDecision, DecidedText, Enrolment, EnrolmentSample, Learner, SENDCategory, SENDLearner

OF_LEARNER = ("=learner__learner_id", "=learner__user__username", "=learner__user__email", "=institution__acronym")
OF_LEARNER_HELP = "Pseudonym, username or e-mail of the learner, or acronym of the institution"


class SENDLearnerInline(ReadOnlyInline):
    model = SENDLearner
    fields = ("category", "expires_at")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("category")


class EnrolmentInline(ReadOnlyInline):
    model = Enrolment
    fields = ("provider", "percentage", "can_analyse", "locked_at")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("provider")


@admin.register(Learner)
class LearnerAdmin(ReadOnlyAdmin):
    list_display = ("learner_id", "user", "institution", "consent", "consent_accepted", "consent_rejected", "joined_at")
    list_select_related = ("user", "institution", "consent")
    search_fields = ("=learner_id", "user__search_text", "=institution__acronym")
    search_help_text = "Pseudonym, username, e-mail, names or uid, or acronym of the institution"
    ordering = ("-pk",)
    inlines = (SENDLearnerInline, EnrolmentInline)


class DecidedTextInline(ReadOnlyInline):
    model = DecidedText
    fields = ("language", "text", "inferred")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("text")


@admin.register(ConsentDecision)
class ConsentDecisionAdmin(ReadOnlyAdmin):
    list_display = ("at", "learner_id", "decision", "version", "language", "signed_in", "address", "institution")
    list_select_related = ("institution",)
    list_filter = ("decision",)
    search_fields = ("=learner_id", "=version", "=institution__acronym")
    search_help_text = "Pseudonym of the learner, version, or acronym of the institution"
    ordering = ("-pk",)
    inlines = (DecidedTextInline,)


@admin.register(SENDCategory)
class SENDCategoryAdmin(ReadOnlyAdmin):
    list_display = ("id", "description", "institution", "updated_at")
    list_select_related = ("institution",)
    search_fields = ("search_text", "=institution__acronym")
    ordering = ("-pk",)


@admin.register(SENDLearner)
class SENDLearnerAdmin(ReadOnlyAdmin):
    list_display = ("id", "learner", "category", "expires_at", "institution")
    list_select_related = ("learner", "category", "institution")
    search_fields = OF_LEARNER
    search_help_text = OF_LEARNER_HELP
    ordering = ("-pk",)


@admin.register(EnrolmentSample)
class EnrolmentSampleAdmin(ReadOnlyAdmin):
    list_display = ("id", "learner", "status", "institution", "created_at")
    list_select_related = ("learner", "institution")
    list_filter = ("status",)
    search_fields = ("=id", *OF_LEARNER)
    search_help_text = OF_LEARNER_HELP
    ordering = ("-pk",)


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin):
    list_display = ("id", "learner", "provider", "percentage", "can_analyse", "locked_at", "institution")
    list_select_related = ("learner", "provider", "institution")
    list_filter = ("can_analyse", "provider__instrument")
    search_fields = ("=id", *OF_LEARNER)
    search_help_text = OF_LEARNER_HELP
    ordering = ("-pk",)
    exclude = ("model_samples",)
