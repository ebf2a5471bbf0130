"""Stored files and the records of who read them, read only. The contents of files are not shown."""

from django.contrib import admin

from files.models import FileRead, PendingErasure, StoredFile
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


@admin.register(FileRead)
class FileReadAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "file_id", "owner_id", "reader_kind", "reader_id", "address", "institution")
    list_select_related = ("institution",)
    list_filter = ("kind", "reader_kind")
    search_fields = ("=file_id", "=owner_id", "=reader_id", "=institution__acronym")
    search_help_text = "Number of the file, of its owner or of its reader, or acronym of the institution"
    ordering = ("-pk",)
