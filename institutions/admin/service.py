"""Forms and ModelAdmins that write through services, which check the rules, and not through model.save()."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.http import HttpRequest

from institutions.models import User
from kernel.admin import BaseAdmin, Refusal, refusal_text
from kernel.domain import Counted, Invalid
from kernel.repeats import is_passing


class ServiceForm(forms.ModelForm):
    """A form whose row is created or changed by a service.

    `clean` calls the service, so that its refusals become errors of the form's fields. If anything fails after that,
    or a row inside the page is wrong, the transaction of the view takes the change back.
    """

    caller: User
    request: HttpRequest
    renamed: dict[str, str] = {}  # name of a value in the service -> name of the field in the form

    def apply(self, values: dict[str, Any]) -> Any:
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                with transaction.atomic():
                    self.saved_row = self.apply(dict(values))
            except Refusal as error:
                if is_passing(error):
                    raise
                if isinstance(error, Counted):
                    error.count()
                self._add_refusal(error)
        return values

    def _add_refusal(self, error: Exception) -> None:
        if isinstance(error, Invalid):
            errors: dict[str, Any] = dict(error.fields)
        elif isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            errors = error.message_dict
        else:
            errors = {NON_FIELD_ERRORS: refusal_text(error)}
        for name, texts in errors.items():
            field = self.renamed.get(name, name)
            self.add_error(field if field in self.fields else None, texts)

    def _post_clean(self) -> None:
        """No validation of the model: the service did it, and a uniqueness check would find the row just created."""

    def save(self, commit: bool = True) -> Any:
        self.instance = self.saved_row
        self.save_m2m = lambda: None  # type: ignore[method-assign]
        return self.saved_row


class ServiceAdmin(BaseAdmin):
    """A ModelAdmin whose forms are ServiceForms."""

    add_form: type[forms.ModelForm] | None = None

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is None and self.add_form is not None:
            kwargs["form"] = self.add_form
        form = super().get_form(request, obj, change, **kwargs)
        form.caller, form.request = request.user, request
        return form

    def _changeform_view(self, request, object_id, form_url, extra_context):
        answer = super()._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc]
        shown = getattr(answer, "context_data", None) or {}
        if request.method == "POST" and "adminform" in shown and not shown["adminform"].form.errors:
            transaction.set_rollback(True)  # the form has been applied, and the page is shown again all the same
        return answer

    def save_model(self, request, obj, form, change) -> None:
        """Nothing: the service that the form called has saved the row."""


def password_field(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, required=False, strip=False, max_length=128, widget=widget, help_text=help_text)


class PasswordFields(forms.Form):
    password1 = password_field("Password", "new-password")
    password2 = password_field("Password again", "new-password")

    def clean_password2(self) -> str:
        first, second = self.cleaned_data.get("password1", ""), self.cleaned_data["password2"]
        if first != second:
            raise ValidationError("The two passwords are not the same.")
        return second


def passwords_merged(values: dict[str, Any]) -> dict[str, Any]:
    """The values with `password` for the two password fields; without it when they are empty."""
    password = values.pop("password2")
    values.pop("password1")
    return values | ({"password": password} if password else {})
