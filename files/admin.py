"""Stored files, read only. Their contents are not shown."""

from django.contrib import admin

from files.models import PendingErasure, StoredFile
from kernel.admin import ReadOnlyAdmin


@admin.register(StoredFile)
class StoredFileAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "media_type", "size", "institution", "owner", "created_at")
    list_select_related = ("institution", "owner")
    list_filter = ("kind",)
    search_fields = ("=id", "=storage_key", "=institution__acronym", "=owner__username", "=owner__email")
    search_help_text = "Number, storage key, acronym of the institution, or username or e-mail of the owner"
    ordering = ("-pk",)


@admin.register(PendingErasure)
class PendingErasureAdmin(ReadOnlyAdmin):
    list_display = ("storage_key", "created_at")
    ordering = ("-pk",)
