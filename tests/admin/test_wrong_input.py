"""Whatever is sent to the admin's pages is answered, never an error of the server.

Values are tried on the forms and lists that the pages use; that the pages use them is shown by one request each.
"""

import pytest

from institutions.models import Institution, Instrument, Message, Provider, UIOption, User
from kernel.nesting import DEEPEST, TOO_DEEP
from tests.admin.forms import PAGES, add_forms, is_added, rolled_back, rows_listed
from tests.admin.test_institution import BODY

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
    '"\\u0000"',
    "NaN",
    "x" * 5_000,
)
ODD_PARAMETERS = ("-1", "99999999999999999999999", "abc", "💥")
PARAMETERS = (
    "q", "o", "p", "all", "kind", "is_staff__exact", "role", "ended_at__isempty", "institution__id__exact",
    "user__password__startswith",
)  # fmt: skip


@pytest.mark.parametrize("page", sorted(PAGES))
def test_odd_parameters_of_a_changelist(page, world, root):
    for name in PARAMETERS:
        for value in ODD_PARAMETERS:
            rows = rows_listed(PAGES[page], world.people["global"], **{name: value})
            assert rows is None or rows >= 0
    refused = root.get(f"/admin/{page}/", {"no_such_field__exact": "1"})
    assert (refused.status_code, refused["Location"]) == (302, f"/admin/{page}/?e=1")
    without = root.get(f"/admin/{page}/", {"q": "a\x00b"})
    assert (without.status_code, without["Location"]) == (302, f"/admin/{page}/")


@pytest.mark.parametrize("page", sorted(PAGES))
def test_odd_keys_of_rows(page, root):
    for key in ("0", "-1", "99999999999999999999999", "abc", "_00", "%00", "a" * 300):
        for action in ("change", "delete", "history"):
            assert root.get(f"/admin/{page}/{key}/{action}/").status_code in (302, 403, 404), (key, action)


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
PERSON = {
    "institution": "", "username": "u", "email": "u@example.org", "uid": "", "locale": "", "is_staff": "on",
    "password1": "", "password2": "", "first_name": "", "last_name": "",
}  # fmt: skip
ADDED = [
    ("institutions/institution", Institution, BODY | {"external_ic": ""}),
    ("institutions/provider", Provider, PROVIDER),
    ("institutions/uioption", UIOption, UI_OPTION),
    ("institutions/message", Message, MESSAGE),
    ("institutions/user", User, PERSON),
]


@pytest.mark.parametrize(("page", "model", "body"), ADDED)
def test_odd_values_of_a_new_row(page, model, body, world):
    administrator, before = world.people["global"], model.objects.count()
    assert is_added(PAGES[page], administrator, body)
    for field in body:
        answers = {is_added(PAGES[page], administrator, body | {field: value}) for value in ODD}
        assert answers <= {True, False}, field
    assert model.objects.count() == before


@pytest.mark.parametrize(("page", "model", "body"), ADDED)
def test_odd_values_are_answered_by_the_page_as_its_forms_say(page, model, body, world, root):
    """One request for each field, with another value each time."""
    for number, field in enumerate(body):
        changed = body | {field: ODD[number % len(ODD)]}
        expected, before = is_added(PAGES[page], world.people["global"], changed), model.objects.count()
        with rolled_back():
            answer = root.post(f"/admin/{page}/add/", changed)
            assert (answer.status_code == 302, model.objects.count() - before) == (expected, int(expected)), field


@pytest.mark.parametrize("field", ["options", "options_schema"])
def test_json_that_is_nested_too_deeply(field, world, root):
    def nested(levels: int) -> dict[str, str]:
        return PROVIDER | {field: '{"a":' * levels + "1" + "}" * levels}

    page, administrator = PAGES["institutions/provider"], world.people["global"]
    for levels in (DEEPEST + 1, 252, 900, 100_000):
        form = add_forms(page, administrator, nested(levels))[0]
        assert form.errors == {field: [TOO_DEEP]}, levels
        assert str(form[field])
    answer = root.post("/admin/institutions/provider/add/", nested(100_000))
    assert (answer.status_code, answer.context["errors"]) == (200, [[TOO_DEEP]])
    assert not Provider.objects.exists()
    assert is_added(page, administrator, nested(DEEPEST))


def test_what_only_the_database_refuses_is_told_on_the_page(root):
    before, body = Instrument.objects.count(), {"name": "N", "acronym": "n", "queue": "n", "timeout_minutes": "60"}
    answer = root.post("/admin/institutions/instrument/add/", body | {"options_schema": "NaN"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/institutions/instrument/add/")
    assert Instrument.objects.count() == before
    (message,) = root.get(answer["Location"]).context["messages"]
    assert message.level_tag == "error"
