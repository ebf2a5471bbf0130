"""What a page of Django's admin shows of a refusal."""

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError
from django.db.models import ProtectedError
from django.test import RequestFactory

from institutions.models import Institution
from kernel.admin import refusal_text
from kernel.domain import Conflict


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ProtectedError("protected", set()), "Other rows depend on this one."),
        (ValidationError(["One.", "Two."]), "One. Two."),
        (IntegrityError("unique"), "This value is already taken."),
        (DataError("out of range"), "These values cannot be stored."),
        (Conflict("It is in use."), "It is in use."),
    ],
)
def test_a_refusal_is_told_in_words(error, text):
    assert refusal_text(error) == text


def test_a_refusal_of_a_page_that_is_only_read_is_an_error():
    def view(request):
        raise Conflict("It is in use.")

    page = admin.site._registry[Institution]
    with pytest.raises(Conflict):
        page._with_refusals_as_messages(RequestFactory().get("/admin/"), view)
