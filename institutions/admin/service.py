"""Forms and pages whose changes go through the service that keeps the rules."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction

from institutions.models import User
from kernel.admin import Page, Refusal, told
from kernel.domain import Invalid


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
