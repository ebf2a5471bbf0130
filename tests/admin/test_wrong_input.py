"""Whatever is sent to the admin's pages is answered, never an error of the server."""

import pytest
from django.contrib import admin

from institutions.models import Provider
from kernel.nesting import DEEPEST, TOO_DEEP
from tests.admin.test_institution import ADD, BODY

PAGES = sorted(f"{model._meta.app_label}/{model._meta.model_name}" for model in admin.site._registry)
ODD = (
    "",
    "-1",
    "0",
    "99999999999999999999999",
    "1.5",
    "abc",
    "null",
    "true",
    "[]",
    '{"a": 1}',
    "a\x00b",
    "\x1b",
    "💥" * 99,
)


@pytest.mark.parametrize("page", PAGES)
def test_odd_parameters_of_a_changelist(page, root):
    names = ("q", "o", "p", "all", "kind", "is_staff__exact", "role", "ended_at__isempty", "institution__id__exact")
    for name in (*names, "user__password__startswith"):
        for value in ("-1", "99999999999999999999999", "abc", "a\x00b", "💥"):
            assert root.get(f"/admin/{page}/", {name: value}).status_code in (200, 302, 400), (name, value)


@pytest.mark.parametrize("page", PAGES)
def test_odd_keys_of_rows(page, root):
    for key in ("0", "-1", "99999999999999999999999", "abc", "_00", "%00", "a" * 300):
        for action in ("change", "delete", "history"):
            assert root.get(f"/admin/{page}/{key}/{action}/").status_code in (302, 403, 404), (key, action)


@pytest.mark.parametrize("field", [*BODY, "external_ic"])
def test_odd_values_of_a_new_institution(field, root):
    for value in (*ODD, "x" * 5_000):
        assert root.post(ADD, BODY | {field: value}).status_code in (200, 302), value


PROVIDER = {
    "name": "Faces", "acronym": "faces", "version": "1", "queue": "faces", "enabled": "on", "instrument": "1",
    "alert_below": "0.3", "warning_below": "0.6", "options_schema": "null", "options": "null", "service_port": "",
    "credential_rows-TOTAL_FORMS": "0", "credential_rows-INITIAL_FORMS": "0",
}  # fmt: skip
UI_OPTION = {"route": "statistics", "enabled": "on", "roles": "ADMIN"}
MESSAGE = {
    "code": "NEW", "datatype": "html", "locales-TOTAL_FORMS": "1", "locales-INITIAL_FORMS": "0",
    "locales-0-locale": "CA", "locales-0-message": "Nou",
}  # fmt: skip
PERSON = {"institution": "", "username": "u", "email": "u@example.org", "uid": "", "locale": "", "is_staff": "on"}


@pytest.mark.parametrize(
    ("page", "body"),
    [
        ("institutions/provider", PROVIDER),
        ("institutions/uioption", UI_OPTION),
        ("institutions/message", MESSAGE),
        ("institutions/user", PERSON | {"password1": "", "password2": "", "first_name": "", "last_name": ""}),
    ],
)
def test_odd_values_of_other_rows(page, body, root):
    for field in body:
        for value in (*ODD, '"\\u0000"', "NaN", "x" * 5_000):
            answer = root.post(f"/admin/{page}/add/", body | {field: value})
            assert answer.status_code in (200, 302, 400), (field, value)


@pytest.mark.parametrize("field", ["options", "options_schema"])
def test_json_that_is_nested_too_deeply(field, root):
    def sent(levels: int):
        nested = '{"a":' * levels + "1" + "}" * levels
        return root.post("/admin/institutions/provider/add/", PROVIDER | {field: nested})

    for levels in (DEEPEST + 1, 252, 900, 100_000):
        answer = sent(levels)
        assert (answer.status_code, Provider.objects.exists()) == (200, False), levels
        assert answer.context["errors"] == [[TOO_DEEP]], levels
    assert sent(DEEPEST).status_code == 302
    assert Provider.objects.exists()
