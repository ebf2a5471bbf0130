"""VLEs and their credentials, without the secrets."""

from typing import Any

from django.contrib import admin

from institutions.admin.service import ServiceAdmin, ServiceForm
from institutions.models import VLE, Credential
from institutions.services.vles import vle_update
from kernel.admin import ReadOnlyInline, UndeletableAdmin


class CredentialInline(ReadOnlyInline):
    model = Credential
    fields = ("role_id", "created_at", "expires_at", "revoked_at", "last_used_at")


class VLEForm(ServiceForm):
    def apply(self, values: dict[str, Any]) -> VLE:
        vle = VLE.objects.get(pk=self.instance.pk)
        for name, value in values.items():
            setattr(vle, name, value)
        vle.full_clean()
        vle_update(vle=vle, **values)
        return vle


@admin.register(VLE)
class VLEAdmin(ServiceAdmin, UndeletableAdmin):
    """A VLE is registered through the API, which hands out its credentials; no secret is shown here."""

    form = VLEForm
    list_display = ("name", "institution", "type", "url", "client_id", "created_at")
    list_select_related = ("institution",)
    search_fields = ("search_text", "=institution__acronym")
    search_help_text = "Name or address, or acronym of the institution"
    ordering = ("-pk",)
    fields = ("institution", "type", "name", "url", "client_id", "lti", "created_at", "updated_at")
    readonly_fields = ("institution", "type", "lti", "created_at", "updated_at")
    inlines = (CredentialInline,)

    def has_add_permission(self, request) -> bool:
        return False
