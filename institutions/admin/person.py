"""People of all institutions, global administrators included."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from institutions.admin.service import PasswordFields, ServiceAdmin, ServiceForm, password_field, passwords_merged
from institutions.models import User
from institutions.services.passwords import refuse_unproven
from institutions.services.people import person_create, person_delete, person_locked, person_update
from institutions.services.person_values import FLAGS, is_same
from kernel.http.address import client_address
from kernel.http.browser import browser_session_id, browser_session_keep
from kernel.stale import StateCheckedForm


class PersonForm(StateCheckedForm, ServiceForm, PasswordFields):
    renamed = {"password": "password1"}
    locale = forms.CharField(required=False, help_text="A language code such as en, ca or pt-BR.")
    current_password = password_field(
        "Present password", "current-password", "Only to change your own password or e-mail."
    )

    def row_locked(self) -> User:
        return person_locked(person_id=self.instance.pk)

    def apply(self, values: dict[str, Any]) -> User:
        own = self.instance.pk == self.caller.pk
        given = values.pop("current_password") or None
        for name in ("is_staff", "is_active"):
            if own and not values[name]:
                raise ValidationError({name: "You cannot take this from yourself."})
        session_id = browser_session_id(self.request) if own else None
        if own and (values["password2"] or not is_same(self.instance.email, values["email"])):
            address = client_address(self.request)
            refuse_unproven(person=self.instance, given=given, address=address, session_id=session_id)
        return person_update(person=self.instance, session_id=session_id, **passwords_merged(values))


class NewPersonForm(ServiceForm, PasswordFields):
    renamed = {"password": "password1"}
    locale = forms.CharField(required=False, help_text="A language code such as en, ca or pt-BR.")
    username = forms.CharField(
        max_length=150, required=False, help_text="Empty: the e-mail address, or acronym and uid."
    )

    def apply(self, values: dict[str, Any]) -> User:
        if not values["username"]:
            del values["username"]
            if values["institution"] is None:
                raise ValidationError({"username": "Who is of no institution needs a username."})
        return person_create(**passwords_merged(values))


class RoleFilter(admin.SimpleListFilter):
    title = parameter_name = "role"

    def lookups(self, request, model_admin):
        return (("instructor", "Instructor"), ("learner", "Learner"))

    def queryset(self, request, queryset):
        roles = dict(self.lookups(request, None))
        return queryset.filter(**{f"{self.value()}__isnull": False}) if self.value() in roles else queryset


@admin.register(User)
class UserAdmin(ServiceAdmin):
    form, add_form = PersonForm, NewPersonForm
    list_display = (
        "username", "email", "first_name", "last_name", "institution", "uid", "login_allowed", "is_active", "is_staff",
        "last_login",
    )  # fmt: skip
    list_select_related = ("institution",)
    list_filter = ("is_staff", *FLAGS, RoleFilter, "login_allowed", "is_active")
    search_fields = ("search_text", "=institution__acronym")
    search_help_text = "Username, e-mail, names, uid, or acronym of the institution"
    ordering = ("-pk",)
    person = ("username", "email", "first_name", "last_name", "uid", "locale")

    def save_model(self, request, obj, form, change) -> None:
        if change and obj.pk == request.user.pk:
            browser_session_keep(request, form.saved_row)

    def get_fieldsets(self, request, obj=None):
        passwords = ("password1", "password2") if obj is None else ("password1", "password2", "current_password")
        if obj is None:
            rights: tuple[str, ...] = ("is_staff", *FLAGS)
        else:
            rights = ("is_active", "login_allowed", "is_staff", *FLAGS)
        dates = (("Dates", {"fields": ("last_login", "created_at", "updated_at")}),) if obj else ()
        return (
            (None, {"fields": ("institution", *self.person)}),
            ("Rights", {"fields": rights}),
            ("Password", {"fields": passwords, "description": "Empty: no password, or as it is."}),
            *dates,
        )

    def get_readonly_fields(self, request, obj=None):
        return ("institution", "last_login", "created_at", "updated_at") if obj else ()

    def get_form(self, request, obj=None, change=False, **kwargs):
        rights = ("is_staff", *FLAGS)
        others = ("is_active", "login_allowed") if obj else ("institution",)
        kwargs["fields"] = (*self.person, *rights, *others)
        return super().get_form(request, obj, change, **kwargs)

    def get_deleted_objects(self, objs, request):
        """Only the accounts: their roles and files are deleted too, but may be too many to be listed or counted."""
        own = [f"{person}: your own account" for person in objs if person.pk == request.user.pk]
        return [f"Person: {person}, with all roles, data and files" for person in objs], {}, set(), own

    def delete_model(self, request, obj) -> None:
        person_delete(person=obj)

    def delete_queryset(self, request, queryset) -> None:
        for person in queryset:
            person_delete(person=person)
