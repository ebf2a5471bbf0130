"""Rows that all institutions share: instruments, providers, messages and the dashboard's routes for everybody."""

from typing import Any

from django import forms
from django.contrib import admin

from institutions.admin.service import ServiceAdmin, ServiceForm
from institutions.admin.vle import CredentialInline
from institutions.models import (
    Instrument,
    Message,
    MessageLocale,
    Provider,
    ProviderNotification,
    UIOption,
)
from institutions.services.instruments import provider_register, provider_update
from institutions.services.routes import roles_checked
from kernel.admin import BaseAdmin, ReadOnlyAdmin, UndeletableAdmin
from kernel.stale import StateCheckedRow


@admin.register(Instrument)
class InstrumentAdmin(UndeletableAdmin):
    """An instrument that is no longer wanted is disabled: reports refer to it."""

    list_display = ("id", "acronym", "name", "enabled", "requires_enrolment", "identity", "originality", "authorship")
    list_display_links = ("id", "acronym")
    search_fields = ("search_text",)
    ordering = ("pk",)


class ProviderForm(ServiceForm):
    def apply(self, values: dict[str, Any]) -> Provider:
        if self.instance.pk is None:
            return provider_register(**values)
        return provider_update(provider=self.instance, **values)


@admin.register(Provider)
class ProviderAdmin(ServiceAdmin, UndeletableAdmin):
    """A provider that is no longer wanted is disabled: results refer to it. No secret is shown here."""

    form = ProviderForm
    list_display = ("id", "acronym", "name", "instrument", "version", "enabled", "inverted_polarity")
    list_display_links = ("id", "acronym")
    list_select_related = ("instrument",)
    list_filter = ("enabled",)
    search_fields = ("search_text", "=instrument__acronym")
    ordering = ("pk",)
    inlines = (CredentialInline,)


@admin.register(ProviderNotification)
class ProviderNotificationAdmin(ReadOnlyAdmin):
    list_display = ("id", "provider", "key", "when")
    list_select_related = ("provider",)
    search_fields = ("=key", "=provider__acronym")
    ordering = ("-pk",)


class UIOptionForm(forms.ModelForm):
    def clean_roles(self) -> str | None:
        return roles_checked(self.cleaned_data["roles"])


@admin.register(UIOption)
class UIOptionAdmin(BaseAdmin):
    """The rows that all institutions share; those of one institution are changed through the API."""

    form = UIOptionForm
    list_display = ("route", "enabled", "roles")
    search_fields = ("route", "roles")
    ordering = ("route", "pk")
    fields = ("route", "enabled", "roles")

    def get_queryset(self, request):
        return super().get_queryset(request).filter(institution=None)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "roles" and field is not None:
            field.required = False
        return field


class MessageForm(forms.ModelForm):
    def clean_code(self) -> str:
        return self.cleaned_data["code"].upper()


class MessageLocaleForm(StateCheckedRow):
    def clean_locale(self) -> str:
        return self.cleaned_data["locale"].lower()


class MessageLocaleInline(admin.TabularInline):
    model = MessageLocale
    form = MessageLocaleForm
    extra = 1


@admin.register(Message)
class MessageAdmin(BaseAdmin):
    form = MessageForm
    list_display = ("code", "datatype", "description")
    search_fields = tuple(f"{name}__folded_contains" for name in ("code", "description", "meaning"))
    ordering = ("code",)
    inlines = (MessageLocaleInline,)

    def get_readonly_fields(self, request, obj=None):
        return ("code",) if obj else ()  # another code would be another message
