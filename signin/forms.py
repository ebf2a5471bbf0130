"""The forms of sign-in and passwords."""

from django import forms
from django.contrib.auth.forms import SetPasswordForm


class SignInForm(forms.Form):
    """Its maximum lengths are those of the API's sign-in."""

    email = forms.CharField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        max_length=1024, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    institution = forms.CharField(
        max_length=255,
        required=False,
        help_text="Its short name. Only for people with the same e-mail and password in several.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


class ForgottenForm(forms.Form):
    """Whose password is to be set by a link."""

    email = forms.EmailField(
        label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    institution = forms.CharField(
        max_length=255,
        required=False,
        help_text="Its short name, if only that account is meant. Without it, all accounts of the address get a link.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


class OwnPasswordForm(SetPasswordForm):
    """The new password twice, after the present one, which the service checks and whose failures it counts."""

    field_order = ["current_password", "new_password1", "new_password2"]
    current_password = forms.CharField(
        label="Present password", max_length=1024, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
