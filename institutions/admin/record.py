"""What global administrators changed through the API, read only. Changes made in the admin are in Django's own log."""

from django.contrib import admin

from institutions.models import AdministrationRecord
from kernel.admin import ReadOnlyAdmin


@admin.register(AdministrationRecord)
class AdministrationRecordAdmin(ReadOnlyAdmin):
    list_display = ("at", "by_id", "address", "action", "resource", "resource_id", "institution_id", "changes")
    list_filter = ("action", "resource")
    search_fields = ("=by_id", "=resource_id", "=institution_id")
    search_help_text = "Number of the administrator, of the row or of the institution"
    ordering = ("-pk",)
