"""Institutions, people and what all institutions share. Every change goes through the service that keeps its rules."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import admin as _auth_admin  # noqa: F401 - registers groups, which this service has not
from django.contrib.auth.models import Group
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.html import format_html

from institutions.models import (
    VLE,
    Credential,
    InformedConsent,
    InformedConsentDocument,
    Institution,
    Instrument,
    Message,
    MessageLocale,
    Provider,
    ProviderNotification,
    UIOption,
    User,
)
from institutions.services.institutions import (
    institution_create,
    institution_delete,
    institution_obstacles,
    institution_update,
)
from institutions.services.people import person_create, person_delete, person_update
from institutions.services.vles import vle_update
from tesla_api.admin_pages import FixedPage, Page, ReadingPage, ReadingRows, Refusal, told
from tesla_api.api.domain import Invalid

admin.site.unregister(Group)
SWITCHES = (
    "external_ic", "disable_vle_learner_creation", "disable_vle_instructor_creation", "disable_vle_user_creation",
    "allow_learner_report", "allow_learner_audit", "allow_valid_audit",
)  # fmt: skip
FLAGS = ("inst_admin", "legal_admin", "send_admin", "data_admin")


class ServiceForm(forms.ModelForm):
    """A form whose row is made or changed by a service.

    The service is called while the form is checked, so that what it refuses is said beside the field; the view's
    transaction takes the change back when anything fails afterwards.
    """

    caller: User
    renamed: dict[str, str] = {}  # the service's word for a field -> the form's

    def apply(self, values: dict[str, Any]) -> Any:
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                with transaction.atomic():
                    self.applied = self.apply(dict(values))
            except Refusal as error:
                self._refused(error)
        return values

    def _refused(self, error: Exception) -> None:
        if isinstance(error, Invalid):
            found: dict[str, Any] = dict(error.fields)
        elif isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            found = error.message_dict
        else:
            found = {NON_FIELD_ERRORS: told(error)}
        for name, texts in found.items():
            field = self.renamed.get(name, name)
            self.add_error(field if field in self.fields else None, texts)

    def _post_clean(self) -> None:
        """Nothing: the service has checked the row, and by now there may be one with these very values."""

    def save(self, commit: bool = True) -> Any:
        self.instance = self.applied
        self.save_m2m = lambda: None  # type: ignore[method-assign]
        return self.applied


class ServicePage(Page):
    """A page whose forms are ServiceForms."""

    add_form: type[forms.ModelForm] | None = None

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is None and self.add_form is not None:
            kwargs["form"] = self.add_form
        form = super().get_form(request, obj, change, **kwargs)
        form.caller = request.user  # type: ignore[attr-defined]
        return form

    def save_model(self, request, obj, form, change) -> None:
        """The form's service has saved it."""


class PasswordFields(forms.Form):
    password1 = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label="Password again",
        required=False,
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password2(self) -> str:
        first, second = self.cleaned_data.get("password1", ""), self.cleaned_data["password2"]
        if first != second:
            raise ValidationError("The two passwords are not the same.")
        return second


def password_taken(values: dict[str, Any]) -> dict[str, Any]:
    """The two password fields as one value, which is only there when something was typed."""
    password = values.pop("password2")
    values.pop("password1")
    return values | ({"password": password} if password else {})


class InstitutionForm(ServiceForm):
    def apply(self, values: dict[str, Any]) -> Institution:
        return institution_update(institution=Institution.objects.get(pk=self.instance.pk), **values)


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
        values = password_taken(values)
        if "password" in values:
            person["password"] = values.pop("password")
        if not person["username"]:
            del person["username"]
        institution, self.administrator = institution_create(administrator=person, **values)
        return institution


@admin.register(Institution)
class InstitutionPage(ServicePage):
    form, add_form = InstitutionForm, NewInstitutionForm
    list_display = ("acronym", "name", "mail_domain", "external_ic", "created_at")
    list_filter = ("external_ic",)
    search_fields = ("acronym", "name")
    ordering = ("acronym", "pk")
    readonly_fields = ("created_at", "updated_at")

    def get_fieldsets(self, request, obj=None):
        about = ("acronym", "name", "mail_domain", "allowed_domains")
        if obj is not None:
            return (
                (None, {"fields": about}),
                ("Switches", {"fields": SWITCHES}),
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
        if obj is None:  # the administrator's fields are the form's own
            kwargs["fields"] = ("acronym", "name", "mail_domain", "allowed_domains", *SWITCHES)
        return super().get_form(request, obj, change, **kwargs)

    def save_related(self, request, form, formsets, change) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            self._next_told(request, form.instance, form.administrator)

    def _next_told(self, request, institution: Institution, person: User) -> None:
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
        """What goes is the institution and its administrators; anything else keeps it from being deleted."""
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


class PersonForm(ServiceForm, PasswordFields):
    renamed = {"password": "password1"}

    def apply(self, values: dict[str, Any]) -> User:
        own = self.instance.pk == self.caller.pk
        for name in ("is_staff", "is_active"):
            if own and not values[name]:
                raise ValidationError({name: "You cannot take this from yourself."})
        return person_update(person=self.instance, **password_taken(values))


class NewPersonForm(ServiceForm, PasswordFields):
    renamed = {"password": "password1"}
    username = forms.CharField(
        max_length=150, required=False, help_text="Empty: the e-mail address, or acronym and uid."
    )

    def apply(self, values: dict[str, Any]) -> User:
        if not values["username"]:
            del values["username"]
            if values["institution"] is None:
                raise ValidationError({"username": "Who is of no institution needs a username."})
        return person_create(**password_taken(values))


class RoleFilter(admin.SimpleListFilter):
    title = parameter_name = "role"

    def lookups(self, request, model_admin):
        return (("instructor", "Instructor"), ("learner", "Learner"))

    def queryset(self, request, queryset):
        roles = dict(self.lookups(request, None))
        return queryset.filter(**{f"{self.value()}__isnull": False}) if self.value() in roles else queryset


@admin.register(User)
class UserPage(ServicePage):
    form, add_form = PersonForm, NewPersonForm
    list_display = (
        "username", "email", "first_name", "last_name", "institution", "uid", "login_allowed", "is_active", "is_staff",
        "last_login",
    )  # fmt: skip
    list_select_related = ("institution",)
    list_filter = ("is_staff", *FLAGS, RoleFilter, "login_allowed", "is_active")
    search_fields = ("username", "email", "first_name", "last_name", "=uid", "=institution__acronym")
    search_help_text = "Username, e-mail, names, uid, or acronym of the institution"
    ordering = ("-pk",)
    person = ("username", "email", "first_name", "last_name", "uid", "locale")

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            rights: tuple[str, ...] = ("is_staff", *FLAGS)
        else:
            rights = ("is_active", "login_allowed", "is_staff", *FLAGS)
        kept = (("Dates", {"fields": ("last_login", "created_at", "updated_at")}),) if obj else ()
        return (
            (None, {"fields": ("institution", *self.person)}),
            ("Rights", {"fields": rights}),
            ("Password", {"fields": ("password1", "password2"), "description": "Empty: no password, or as it is."}),
            *kept,
        )

    def get_readonly_fields(self, request, obj=None):
        return ("institution", "last_login", "created_at", "updated_at") if obj else ()

    def get_form(self, request, obj=None, change=False, **kwargs):
        rights = ("is_staff", *FLAGS)
        kept = ("is_active", "login_allowed") if obj else ("institution",)
        kwargs["fields"] = (*self.person, *rights, *kept)
        return super().get_form(request, obj, change, **kwargs)

    def get_deleted_objects(self, objs, request):
        """Who goes; the account's roles and files, which may be very many, go with it uncounted."""
        own = [f"{person}: your own account" for person in objs if person.pk == request.user.pk]
        return [f"Person: {person}, with all roles, data and files" for person in objs], {}, set(), own

    def delete_model(self, request, obj) -> None:
        person_delete(person=obj)

    def delete_queryset(self, request, queryset) -> None:
        for person in queryset:
            person_delete(person=person)


class CredentialRows(ReadingRows):
    model = Credential
    fields = ("role_id", "created_at", "expires_at", "revoked_at", "last_used_at")


class VLEForm(ServiceForm):
    def apply(self, values: dict[str, Any]) -> VLE:
        changed = VLE.objects.get(pk=self.instance.pk)
        for name, value in values.items():
            setattr(changed, name, value)
        changed.full_clean()
        vle_update(vle=changed, **values)
        return changed


@admin.register(VLE)
class VLEPage(ServicePage, FixedPage):
    """A VLE is registered through the API, which hands out its credentials; no secret is shown here."""

    form = VLEForm
    list_display = ("name", "institution", "type", "url", "client_id", "created_at")
    list_select_related = ("institution",)
    search_fields = ("name", "url", "=institution__acronym")
    search_help_text = "Name or address, or acronym of the institution"
    ordering = ("-pk",)
    fields = ("institution", "type", "name", "url", "client_id", "lti", "created_at", "updated_at")
    readonly_fields = ("institution", "type", "lti", "created_at", "updated_at")
    inlines = (CredentialRows,)

    def has_add_permission(self, request) -> bool:
        return False


@admin.register(Instrument)
class InstrumentPage(FixedPage):
    """An instrument that is no longer wanted is disabled: reports refer to it."""

    list_display = ("id", "acronym", "name", "enabled", "requires_enrolment", "identity", "originality", "authorship")
    list_display_links = ("id", "acronym")
    search_fields = ("acronym", "name")
    ordering = ("pk",)


class ProviderForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if (values.get("alert_below") is None) != (values.get("warning_below") is None):
            raise ValidationError("The two thresholds are a pair: give both or neither.")
        return values


@admin.register(Provider)
class ProviderPage(FixedPage):
    """A provider that is no longer wanted is disabled: results refer to it."""

    form = ProviderForm
    list_display = ("id", "acronym", "name", "instrument", "version", "enabled", "inverted_polarity")
    list_display_links = ("id", "acronym")
    list_select_related = ("instrument",)
    list_filter = ("enabled",)
    search_fields = ("acronym", "name", "=instrument__acronym")
    ordering = ("pk",)
    inlines = (CredentialRows,)


@admin.register(ProviderNotification)
class ProviderNotificationPage(ReadingPage):
    list_display = ("id", "provider", "key", "when")
    list_select_related = ("provider",)
    search_fields = ("=key", "=provider__acronym")
    ordering = ("-pk",)


class InformedConsentDocumentRows(ReadingRows):
    model = InformedConsentDocument
    fields = ("language", "html", "pdf", "updated_at")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("pdf")


@admin.register(InformedConsent)
class InformedConsentPage(ReadingPage):
    list_display = ("id", "version", "institution", "valid_from", "accepted_at")
    list_select_related = ("institution",)
    search_fields = ("=version", "=institution__acronym")
    search_help_text = "Version, or acronym of the institution"
    ordering = ("-pk",)
    inlines = (InformedConsentDocumentRows,)


class UIOptionForm(forms.ModelForm):
    KNOWN = ("ADMIN", "SEND", "LEGAL", "DATA", "INSTRUCTOR", "LEARNER", "GLOBAL_ADMIN")

    def clean_roles(self) -> str | None:
        """Names of roles without blanks; none at all is everyone."""
        named = [name.strip() for name in (self.cleaned_data["roles"] or "").split(",") if name.strip()]
        unknown = [name for name in named if name not in self.KNOWN]
        if unknown:
            raise ValidationError(f"Not a role: {', '.join(unknown)}. Roles are {', '.join(self.KNOWN)}.")
        return ",".join(named) or None


@admin.register(UIOption)
class UIOptionPage(Page):
    """The rows that all institutions share; their own ones are the institutions' business."""

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


class MessageLocaleForm(forms.ModelForm):
    def clean_locale(self) -> str:
        return self.cleaned_data["locale"].lower()


class MessageLocaleRows(admin.TabularInline):
    model = MessageLocale
    form = MessageLocaleForm
    extra = 1


@admin.register(Message)
class MessagePage(Page):
    form = MessageForm
    list_display = ("code", "datatype", "description")
    search_fields = ("code", "description", "meaning")
    ordering = ("code",)
    inlines = (MessageLocaleRows,)

    def get_readonly_fields(self, request, obj=None):
        return ("code",) if obj else ()  # another code would be another message
