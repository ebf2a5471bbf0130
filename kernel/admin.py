"""Base classes of the ModelAdmins and inlines of all apps.

Related rows are typed or looked up, never listed in a select; errors of services and the database become messages.
"""

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import ForeignKey, IntegerField, JSONField, ManyToManyField, Model, ProtectedError, QuerySet
from django.forms.fields import InvalidJSONInput
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from kernel.caller import CallerKind
from kernel.changes import SECRET, institution_of, person_concerned, values_of, without_secrets
from kernel.constraints import TAKEN
from kernel.domain import DomainError
from kernel.ids import bounded_id
from kernel.nesting import TOO_DEEP, validate_depth
from kernel.recording import Entry, Origin, origin, record
from kernel.repeats import is_passing
from kernel.stale import state_checked
from kernel.text import search_words

Refusal = (DomainError, ValidationError, ProtectedError, IntegrityError, DataError)


def refusal_text(error: Exception) -> str:
    """The message for a person about this error."""
    if isinstance(error, ProtectedError):
        return "Other rows depend on this one."
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, IntegrityError):
        return TAKEN
    return "These values cannot be stored." if isinstance(error, DataError) else str(error)


class ShallowJSONField(forms.JSONField):
    """JSON that is not nested too deeply; also refuses text that is too deep for Python's parser."""

    def to_python(self, value: Any) -> Any:
        try:
            content = super().to_python(value)
        except RecursionError as error:
            raise ValidationError(TOO_DEEP, code="too_deep") from error
        validate_depth(content)
        return content

    def bound_data(self, data: Any, initial: Any) -> Any:
        """The typed text, for the form with its errors."""
        try:
            return super().bound_data(data, initial)
        except RecursionError:
            return InvalidJSONInput(data)


class BaseAdmin(admin.ModelAdmin):
    """Rows that can be changed. Related rows are ids to type or to look up in a window, never a select of all rows."""

    list_per_page = 50
    show_full_result_count = False
    list_max_show_all = 200
    formfield_overrides = {JSONField: {"form_class": ShallowJSONField}}

    def __init__(self, model: type[Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        self.raw_id_fields = related_field_names(model)  # type: ignore[misc]

    def get_object(self, request, object_id, from_field=None):
        """None also for an id that is too large for the database's integers."""
        key = self.opts.pk
        key = key.target_field if isinstance(key, ForeignKey) else key
        if isinstance(key, IntegerField) and bounded_id(object_id) is None:
            return None
        return super().get_object(request, object_id, from_field)

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is not None:
            kwargs["form"] = state_checked(kwargs.get("form", self.form))
        return super().get_form(request, obj, change, **kwargs)

    def changeform_view(self, request, *args, **kwargs) -> HttpResponse:
        return self._with_refusals_as_messages(request, super().changeform_view, *args, **kwargs)

    def changelist_view(self, request, *args, **kwargs) -> HttpResponse:
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            return HttpResponseRedirect(request.path)  # a character that PostgreSQL does not take
        return self._with_refusals_as_messages(request, self._list_view, *args, **kwargs)

    def _list_view(self, request, *args, **kwargs) -> HttpResponse:
        """An action and what is recorded of it are one transaction."""
        with transaction.atomic() if request.method == "POST" else nullcontext():
            return super().changelist_view(request, *args, **kwargs)

    # Changes are lines of the trail: Django's own log stays empty, and so do its pages.

    def construct_change_message(self, request, form, formsets, add=False):
        """What Django makes a text of, as values."""
        changes = _changes_in(form)
        for formset in formsets or ():
            changes |= _changes_inside(formset)
        return changes

    def log_addition(self, request, obj, message):
        record(_entry("create", obj, message), by=administrator(request))

    def log_change(self, request, obj, message):
        record(_entry("update", obj, message), by=administrator(request))

    def log_deletions(self, request, queryset):
        record(*(_entry("delete", row, {}) for row in queryset), by=administrator(request))

    def history_view(self, request, object_id, extra_context=None) -> HttpResponse:
        """The row's lines of the trail."""
        if (row := self.get_object(request, unquote(object_id))) is None:
            raise Http404
        query = urlencode({"resource": resource_of(row), "row_key": row.pk})
        return HttpResponseRedirect(f"{reverse('admin:trail_line_changelist')}?{query}")

    def delete_view(self, request, *args, **kwargs) -> HttpResponse:
        return self._with_refusals_as_messages(request, super().delete_view, *args, **kwargs)

    def get_search_results(self, request, queryset, search_term):
        """Words as in lists of the API: to Django apostrophes are quotes, so each word is quoted for it."""
        quoted = (word.replace("\\", "\\\\").replace('"', '\\"') for word in search_words(search_term))
        return super().get_search_results(request, queryset, " ".join(f'"{word}"' for word in quoted))

    def _with_refusals_as_messages(self, request: HttpRequest, view, *args, **kwargs) -> HttpResponse:
        """Show a refusal of a POST as a message on the same page. The view's transaction is rolled back by then."""
        try:
            return view(request, *args, **kwargs)
        except Refusal as error:
            if request.method != "POST" or is_passing(error):
                raise
            self.message_user(request, refusal_text(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


class UndeletableAdmin(BaseAdmin):
    """Rows that can be changed but not deleted: the API deletes them together with what depends on them."""

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class ReadOnlyAdmin(UndeletableAdmin):
    """Rows that can only be read."""

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    """Rows that can only be read, on the page of the row they belong to."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


def _changes_in(form: Any) -> dict[str, list[Any]]:
    """{field: [before, after]} of a form, without secrets."""
    return {
        name: [None, None] if SECRET.search(name) else [without_secrets(form.initial.get(name)), _sent(form, name)]
        for name in form.changed_data
    }


def _sent(form: Any, name: str) -> Any:
    value = form.cleaned_data.get(name)
    if isinstance(value, QuerySet):
        return sorted(value.values_list("pk", flat=True))
    return value.pk if isinstance(value, Model) else without_secrets(value)


def _changes_inside(formset: Any) -> dict[str, list[Any]]:
    """The rows of other models on the page that were changed: {model and row: [values before, values after]}."""
    changes: dict[str, list[Any]] = {}
    for row in formset.new_objects:
        changes[_named(row)] = [None, without_secrets(values_of(row))]
    for row, _ in formset.changed_objects:
        fields = next(_changes_in(form) for form in formset.forms if form.instance == row)
        changes[_named(row)] = [{name: both[at] for name, both in fields.items()} for at in (0, 1)]
    for row in formset.deleted_objects:
        changes[_named(row)] = [without_secrets(values_of(row)), None]
    return changes


def _named(row: Model) -> str:
    return f"{row._meta.verbose_name} {row}"


def resource_of(row: Model) -> str:
    """What lines call the rows of this model that were changed on these pages."""
    return f"pages/{row._meta.label_lower.replace('.', '/')}"


def administrator(request: HttpRequest) -> Origin:
    """Who is at these pages: Django has signed them in, no view of the API."""
    return replace(
        origin(),
        kind=CallerKind.GLOBAL_ADMIN.value,
        id=request.user.pk,
        name=request.user.get_username(),
        signed_in="password",
    )


def _entry(verb: str, row: Model, details: dict[str, Any]) -> Entry:
    person = person_concerned(row)
    return Entry(verb, resource_of(row), row.pk, institution_of(row), person, details, sealed=person is not None)


def related_field_names(model: type[Model]) -> list[str]:
    """The editable foreign keys and many-to-many fields of a model, for raw_id_fields."""
    relations = (*model._meta.fields, *model._meta.many_to_many)
    return [field.name for field in relations if isinstance(field, ForeignKey | ManyToManyField) and field.editable]
