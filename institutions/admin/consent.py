"""Informed consents, read only: they are changed through the API, which checks their rules."""

from django.contrib import admin

from institutions.models import InformedConsent, InformedConsentDocument
from kernel.admin import ReadOnlyAdmin, ReadOnlyInline


class InformedConsentDocumentInline(ReadOnlyInline):
    model = InformedConsentDocument
    fields = ("language", "html", "pdf", "updated_at")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("pdf")


@admin.register(InformedConsent)
class InformedConsentAdmin(ReadOnlyAdmin):
    list_display = ("id", "version", "institution", "valid_from", "accepted_at")
    list_select_related = ("institution",)
    search_fields = ("=version", "=institution__acronym")
    search_help_text = "Version, or acronym of the institution"
    ordering = ("-pk",)
    inlines = (InformedConsentDocumentInline,)
