"""What global administrators and commands have done, and what concerns no institution: lines of the trail, read only.

Lines of an institution are read by its data administrators, in the console and the API.
"""

import json

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR

from kernel.admin import ReadOnlyAdmin, administrator, resource_of
from kernel.caller import CallerKind
from kernel.filters import TYPED
from kernel.recording import COMMAND, Entry, record
from trail.models import OF_SERVICE, Line
from trail.reading import told


class ActorFilter(admin.SimpleListFilter):
    title = "actor"
    parameter_name = "actor_kind"

    def lookups(self, request, model_admin):
        return ((CallerKind.GLOBAL_ADMIN.value, "Global administrators"), (COMMAND, "Commands"))

    def queryset(self, request, queryset):
        return queryset.filter(actor_kind=self.value()) if self.value() else queryset


@admin.register(Line)
class LineAdmin(ReadOnlyAdmin):
    list_display = ("written_at", "who", "verb", "resource", "row_key", "institution_id", "what")
    list_filter = (ActorFilter,)
    search_fields = ("=actor_id", "=row_key", "=person_id", "=request_id")
    search_help_text = "Number of the actor, of the row, of the person whom it concerns, or of the request"
    ordering = ("-pk",)
    fields = (
        "written_at", "who", "address", "signed_in", "request_id", "verb", "resource", "row_key", "institution_id",
        "person_id", "what",
    )  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).filter(OF_SERVICE)

    def get_changelist_instance(self, request):
        changes = super().get_changelist_instance(request)
        changes.result_list = list(changes.result_list)
        opened = told([line.pk for line in changes.result_list])
        for line in changes.result_list:
            line.told = opened[line.pk]
        return changes

    def get_object(self, request, object_id, from_field=None):
        if (line := super().get_object(request, object_id, from_field)) is not None:
            line.told = told([line.pk])[line.pk]
        return line

    def changelist_view(self, request, *args, **kwargs):
        """Who reads the trail leaves a line, too."""
        asked = {
            name: [value if value.isdecimal() or name != SEARCH_VAR else TYPED for value in values]
            for name, values in request.GET.lists()
            if any(values)
        }
        response = super().changelist_view(request, *args, **kwargs)
        if response.status_code == 200:
            self._read(request, "", None, {"asked": asked} if asked else {})
        return response

    def change_view(self, request, object_id, *args, **kwargs):
        response = super().change_view(request, object_id, *args, **kwargs)
        line = getattr(response, "context_data", {}).get("original")
        if line is not None:
            self._read(request, object_id, line.person_id, {})
        return response

    def _read(self, request, row: str, person: int | None, details: dict) -> None:
        entry = Entry("read", resource_of(Line()), row, None, person, details)
        record(entry, by=administrator(request))

    @admin.display(description="Who")
    def who(self, line) -> str:
        name = line.told["name"] or ("" if line.actor_kind == "" else "(account deleted)")
        return f"{name} {line.actor_id or ''}".strip()

    @admin.display(description="Address")
    def address(self, line) -> str:
        return line.told["address"] or ""

    @admin.display(description="What")
    def what(self, line) -> str:
        return json.dumps(line.told["details"], ensure_ascii=False) if line.told["details"] else ""
