"""What was changed after a form was opened is not undone by it, on every page that writes."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.forms.models import model_to_dict

from institutions.models import Message, MessageLocale, User
from kernel.stale import StateCheckedForm, StateCheckedRow
from tests.admin.forms import PAGES, request_of
from tests.conftest import client_of

CHANGES = admin.ModelAdmin.has_change_permission
WRITING = sorted(name for name, page in PAGES.items() if type(page).has_change_permission is CHANGES)


def form_of(root, path: str) -> dict[str, str]:
    """What a browser would send of the page without a change, hidden fields among it."""
    answer = root.get(path)
    body: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", answer.content.decode()):
        values = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        is_sent = values.get("type") != "submit" and (values.get("type") != "checkbox" or " checked" in tag)
        if "name" in values and is_sent:
            body[values["name"]] = values.get("value", "")
    inside = (form for rows in answer.context["inline_admin_formsets"] for form in rows.formset.forms)
    for form in (answer.context["adminform"].form, *inside):
        for bound in form:
            if bound.html_name not in body and bound.value() not in (None, False, True):
                body[bound.html_name] = bound.value()  # of a text area
    return body


@pytest.mark.parametrize("name", WRITING)
def test_every_form_that_writes_is_checked_and_knows_what_it_was_opened_with(name, world):
    page, request = PAGES[name], request_of(world.people["global"])
    row = page.model(pk=1)
    form = page.get_form(request, row, change=True)(instance=row)
    assert isinstance(form, StateCheckedForm)
    assert all(f'name="initial-{column}"' in str(form[column]) for column in model_to_dict(row, form.fields))
    inside = [inline for inline in page.get_inline_instances(request, row) if inline.has_change_permission(request)]
    assert all(issubclass(inline.form, StateCheckedRow) for inline in inside)


def test_pages_that_write_are_found():
    assert {*WRITING} >= {f"institutions/{name}" for name in ("institution", "user", "vle", "provider", "message")}


def test_what_has_changed_meanwhile_is_shown_and_not_undone(world, root):
    home = world.home.institution
    path = f"/admin/institutions/institution/{home.pk}/change/"
    body = form_of(root, path) | {"name": "New name"}
    changes = {"mail_domain": "home.example.org", "external_ic": True}
    api = client_of(world.people["admin"])
    assert api.patch(f"/api/v2/institution/{home.pk}/", changes, format="json").status_code == 200
    answer = root.post(path, body)
    errors = answer.context["adminform"].form.errors
    assert (answer.status_code, {*errors}) == (200, {*changes})
    assert "It is now: home.example.org" in errors["mail_domain"][0]
    assert "It is now: yes" in errors["external_ic"][0]
    home.refresh_from_db()
    assert (home.name, home.mail_domain, home.external_ic) == ("University home", "home.example.org", True)
    # Who has seen it may overwrite it, as the refused form says.
    seen = {n: answer.context["adminform"].form.data[n] for n in body}
    assert root.post(path, seen).status_code == 302
    home.refresh_from_db()
    assert (home.name, home.mail_domain, home.external_ic) == ("New name", None, False)


def test_without_a_change_meanwhile_and_with_the_same_one_forms_are_saved(world, root):
    person = User.objects.get(pk=world.people["bob"].pk)
    path = f"/admin/institutions/user/{person.pk}/change/"
    body = form_of(root, path)
    assert root.post(path, body | {"last_name": "Same"}).status_code == 302
    assert root.post(path, body | {"last_name": "Same"}).status_code == 302
    assert root.post(path, body | {"last_name": "Other"}).status_code == 200
    person.refresh_from_db()
    assert person.last_name == "Same"


def test_rows_inside_a_page_are_checked_too(root, world):
    message = Message.objects.filter(locales__isnull=False).first()
    path = f"/admin/institutions/message/{message.pk}/change/"
    body = form_of(root, path)
    row = MessageLocale.objects.filter(code=message).order_by("pk").first()
    MessageLocale.objects.filter(pk=row.pk).update(message="Theirs")
    assert root.post(path, body | {"description": "Mine"}).status_code == 302  # the row was not touched here
    row.refresh_from_db()
    message.refresh_from_db()
    assert (row.message, message.description) == ("Theirs", "Mine")
    answer = root.post(path, body | {"locales-0-message": "Mine"})
    assert "It is now: Theirs" in str(answer.context["inline_admin_formsets"][0].formset.errors)
    row.refresh_from_db()
    assert row.message == "Theirs"
