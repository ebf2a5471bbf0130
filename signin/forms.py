"""The form of the sign-in page."""

from django import forms


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
