"""What the pages of Django's admin share: no long selects, no lost rules, no rights beyond what a page is for."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError
from django.db.models import ForeignKey, IntegerField, JSONField, ManyToManyField, Model, ProtectedError
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from kernel.constraints import TAKEN
from kernel.domain import DomainError
from kernel.ids import bounded_id
from kernel.nesting import TOO_DEEP, validate_depth

Refusal = (DomainError, ValidationError, ProtectedError, IntegrityError, DataError)


def told(error: Exception) -> str:
    """A refusal in words."""
    if isinstance(error, ProtectedError):
        return "Other rows depend on this one."
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, IntegrityError):
        return TAKEN
    return "These values cannot be stored." if isinstance(error, DataError) else str(error)


class ShallowJSONField(forms.JSONField):
    """JSON that is not nested too deeply; what Python cannot even read is said to be so, too."""

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except RecursionError as error:
            raise ValidationError(TOO_DEEP, code="too_deep") from error
        validate_depth(found)
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed, for the form that says what is wrong with it."""
        try:
            return super().bound_data(data, initial)
        except RecursionError:
            return InvalidJSONInput(data)


class Page(admin.ModelAdmin):
    """Rows that can be changed. Related rows are numbers to type or to look up in a window, never a list."""

    list_per_page = 50
    show_full_result_count = False
    list_max_show_all = 200
    formfield_overrides = {JSONField: {"form_class": ShallowJSONField}}

    def __init__(self, model: type[Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        self.raw_id_fields = raw_ids(model)  # type: ignore[misc]

    def get_object(self, request, object_id, from_field=None):
        """None, too, for a number that no database can hold."""
        key = self.opts.pk
        key = key.target_field if isinstance(key, ForeignKey) else key
        if isinstance(key, IntegerField) and bounded_id(object_id) is None:
            return None
        return super().get_object(request, object_id, from_field)

    def changeform_view(self, request, *args, **kwargs) -> HttpResponse:
        return self._refusals_told(request, super().changeform_view, *args, **kwargs)

    def changelist_view(self, request, *args, **kwargs) -> HttpResponse:
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            return HttpResponseRedirect(request.path)  # a character that PostgreSQL does not take
        return self._refusals_told(request, super().changelist_view, *args, **kwargs)

    def delete_view(self, request, *args, **kwargs) -> HttpResponse:
        return self._refusals_told(request, super().delete_view, *args, **kwargs)

    def _refusals_told(self, request: HttpRequest, view, *args, **kwargs) -> HttpResponse:
        """What a service refuses is said on the page that was sent; the view's transaction is undone by then."""
        try:
            return view(request, *args, **kwargs)
        except Refusal as error:
            if request.method != "POST":
                raise
            self.message_user(request, told(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


class FixedPage(Page):
    """Rows that can be changed but not deleted here: what hangs on them is deleted through the API, which knows how."""

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class ReadingPage(FixedPage):
    """Rows to look at."""

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


class ReadingRows(admin.TabularInline):
    """Rows to look at, inside another one's page."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


def raw_ids(model: type[Model]) -> list[str]:
    """Names of all relations of a model that a form could show as a list."""
    relations = (*model._meta.fields, *model._meta.many_to_many)
    return [field.name for field in relations if isinstance(field, ForeignKey | ManyToManyField) and field.editable]
