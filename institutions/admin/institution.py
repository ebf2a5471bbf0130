"""Institutions; a new one is created together with its first administrator."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.urls import reverse
from django.utils.html import format_html

from institutions.admin.service import PasswordFields, ServiceAdmin, ServiceForm, passwords_merged
from institutions.models import Institution, User
from institutions.services.institutions import (
    institution_create,
    institution_delete,
    institution_obstacles,
    institution_resume,
    institution_suspend,
    institution_update,
)

SWITCHES = (
    "external_ic", "disable_vle_learner_creation", "disable_vle_instructor_creation", "disable_vle_user_creation",
    "allow_learner_report", "allow_learner_audit", "allow_valid_audit", "launcher_admin", "launcher_everywhere",
)  # fmt: skip


class InstitutionForm(ServiceForm):
    def apply(self, values: dict[str, Any]) -> Institution:
        reason = values.pop("suspension_reason")
        institution = institution_update(institution=Institution.objects.get(pk=self.instance.pk), **values)
        if reason.strip():
            return institution_suspend(institution=institution, reason=reason)
        return institution_resume(institution=institution)


class NewInstitutionForm(ServiceForm, PasswordFields):
    """An institution and its first administrator."""

    renamed = {"password": "password1"}
    uid = forms.CharField(max_length=255, initial="admin", help_text="The institution's own name for the person.")
    username = forms.CharField(max_length=150, required=False, help_text="Empty: the e-mail address.")
    email = forms.EmailField(label="E-mail", max_length=254, help_text="What the person signs in with.")
    first_name = forms.CharField(max_length=150, required=False)
    last_name = forms.CharField(max_length=150, required=False)

    def apply(self, values: dict[str, Any]) -> Institution:
        person = {name: values.pop(name) for name in ("uid", "username", "email", "first_name", "last_name")}
        values = passwords_merged(values)
        if "password" in values:
            person["password"] = values.pop("password")
        if not person["username"]:
            del person["username"]
        institution, self.administrator = institution_create(administrator=person, **values)
        return institution


@admin.register(Institution)
class InstitutionAdmin(ServiceAdmin):
    form, add_form = InstitutionForm, NewInstitutionForm
    list_display = ("acronym", "name", "mail_domain", "external_ic", "suspended_at", "created_at")
    list_filter = ("external_ic",)
    search_fields = ("search_text",)
    ordering = ("acronym", "pk")
    readonly_fields = ("created_at", "updated_at", "suspended_at")

    def get_fieldsets(self, request, obj=None):
        about = ("acronym", "name", "mail_domain", "allowed_domains")
        if obj is not None:
            return (
                (None, {"fields": about}),
                ("Switches", {"fields": SWITCHES}),
                (
                    "Suspension",
                    {
                        "fields": ("suspension_reason", "suspended_at"),
                        "description": "With a reason nobody of the institution is let in; taking it away lets them in "
                        "again. Nothing is deleted.",
                    },
                ),
                ("Dates", {"fields": ("created_at", "updated_at")}),
            )
        first = ("email", "username", "uid", "first_name", "last_name", "password1", "password2")
        return (
            (None, {"fields": about}),
            ("Switches", {"fields": SWITCHES, "classes": ("collapse",)}),
            (
                "First administrator",
                {"fields": first, "description": "Without a password nobody can sign in yet: set one later."},
            ),
        )

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is None:  # the fields of the administrator are declared on the form, not on the model
            kwargs["fields"] = ("acronym", "name", "mail_domain", "allowed_domains", *SWITCHES)
        return super().get_form(request, obj, change, **kwargs)

    def save_related(self, request, form, formsets, change) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            self._show_next_step(request, form.instance, form.administrator)

    def _show_next_step(self, request, institution: Institution, person: User) -> None:
        vles = request.build_absolute_uri(f"/api/v2/institution/{institution.pk}/vle/")
        if person.login_allowed:
            text = "Next: {} signs in at {} and registers a VLE at {}."
            text = format_html(text, person.email, request.build_absolute_uri(reverse("signin")), vles)
        else:
            page = reverse("admin:institutions_user_change", args=(person.pk,))
            text = format_html(
                'Next: <a href="{}">allow {} to sign in and set a password</a>; then a VLE can be registered at {}.',
                page, person.email, vles,
            )  # fmt: skip
        self.message_user(request, text, messages.SUCCESS)

    def get_deleted_objects(self, objs, request):
        """Institution and administrators are deleted together; any other row of the institution prevents it."""
        names = [f"Institution: {institution}" for institution in objs]
        obstacles = [
            f"{institution}: {obstacle}"
            for institution in objs
            for obstacle in institution_obstacles(institution=institution)
        ]
        return names, {"institutions": len(names)}, set(), obstacles

    def delete_model(self, request, obj) -> None:
        institution_delete(institution=obj)

    def delete_queryset(self, request, queryset) -> None:
        for institution in queryset:
            institution_delete(institution=institution)
