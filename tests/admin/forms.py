"""The forms of an admin page, checked and saved as the page does it, without the page around them."""

from contextlib import contextmanager
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.contrib.admin.views.main import IncorrectLookupParameters
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.forms import BaseForm, BaseFormSet
from django.http import HttpRequest, QueryDict
from django.test import RequestFactory

from institutions.models import User
from kernel.admin import Refusal

PAGES: dict[str, ModelAdmin] = {
    f"{model._meta.app_label}/{model._meta.model_name}": page for model, page in admin.site._registry.items()
}


def request_of(person: User, **query: str) -> HttpRequest:
    request = RequestFactory().get("/admin/", query)
    request.user, request.session = person, SessionStore()
    return request


@contextmanager
def rolled_back():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def add_forms(page: ModelAdmin, person: User, body: dict[str, Any]) -> list[BaseForm | BaseFormSet]:
    """The form for a new row and the rows inside it, as `_changeform_view` makes them of a POST."""
    request, data = request_of(person), QueryDict(mutable=True)
    data.update(body)
    form = page.get_form(request, None, change=False)(data, {}, instance=None)
    instance = page.model()
    inside = [
        formset(data, {}, instance=instance, prefix=formset.get_default_prefix(), queryset=inline.get_queryset(request))
        for formset, inline in page.get_formsets_with_inlines(request, None)
    ]
    return [form, *inside]


def is_added(page: ModelAdmin, person: User, body: dict[str, Any]) -> bool:
    """Whether a new row is saved. What is refused must leave forms that can be shown; nothing of it stays."""
    with rolled_back():
        form, *inside = add_forms(page, person, body)
        if all([form.is_valid(), *(rows.is_valid() for rows in inside)]):
            try:
                with transaction.atomic():
                    row = form.save(commit=True)
                    for rows in inside:
                        rows.instance = row
                        rows.save()
            except Refusal:  # which the page tells: kernel/admin_pages.py
                return False
            return True
    assert shown(form, inside)
    return False


def shown(form: BaseForm, inside: list[BaseFormSet]) -> str:
    """The HTML of what a page says of refused forms. The first row stands for all: some values ask for a thousand."""
    parts = [*form, *form.errors.values()]
    for rows in inside:
        parts += [rows.management_form, rows.non_form_errors(), *rows.forms[:1]]
    return "".join(map(str, parts))


def rows_listed(page: ModelAdmin, person: User, **query: str) -> int | None:
    """How many rows a list with these parameters shows, None where Django refuses them; filters can be shown."""
    request = request_of(person, **query)
    try:
        changes = page.get_changelist_instance(request)
    except (IncorrectLookupParameters, SuspiciousOperation):
        return None
    for specification in changes.filter_specs:
        list(specification.choices(changes))
    return len(changes.result_list)
