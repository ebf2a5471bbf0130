"""Stored files and who read them, to look at. What is in a file is not shown here."""

from django.contrib import admin

from files.models import FileRead, PendingErasure, StoredFile
from kernel.admin import ReadingPage


@admin.register(StoredFile)
class StoredFilePage(ReadingPage):
    list_display = ("id", "kind", "media_type", "size", "institution", "owner", "created_at")
    list_select_related = ("institution", "owner")
    list_filter = ("kind",)
    search_fields = ("=id", "=storage_key", "=institution__acronym", "=owner__username", "=owner__email")
    search_help_text = "Number, storage key, acronym of the institution, or username or e-mail of the owner"
    ordering = ("-pk",)


@admin.register(PendingErasure)
class PendingErasurePage(ReadingPage):
    list_display = ("storage_key", "created_at")
    ordering = ("-pk",)


@admin.register(FileRead)
class FileReadPage(ReadingPage):
    list_display = ("at", "kind", "file_id", "owner_id", "reader_kind", "reader_id", "address", "institution")
    list_select_related = ("institution",)
    list_filter = ("kind", "reader_kind")
    search_fields = ("=file_id", "=owner_id", "=reader_id", "=institution__acronym")
    search_help_text = "Number of the file, of its owner or of its reader, or acronym of the institution"
    ordering = ("-pk",)
