"""The console's pages of activities and their instruments: forms of schemas, alternatives, what reports become."""

import pytest

from console.work.schemas import options_of
from courses.models import Activity, ActivityInstrument
from institutions.models import Instrument
from reports.models import ReportInstrument
from tests.console.conftest import form_of
from tests.world import rewritten

AT = "courses/{course}/activities/{activity}/"
SCHEMA = {
    "type": "object",
    "required": ["mode", "every"],
    "properties": {
        "mode": {"enum": ["quick", "thorough", 3, False, None], "title": "How", "default": "quick"},
        "every": {"type": "integer", "minimum": 5, "maximum": 60, "description": "In seconds."},
        "share": {"type": "number", "maximum": 1},
        "note": {"type": "string", "maxLength": 5},
        "areas": {"type": "array", "title": "Areas"},
        "light": {
            "type": "object",
            "title": "Light",
            "default": {"least": 3},
            "properties": {"least": {"type": "integer"}, "warn": {"type": "boolean", "default": True}},
        },
    },
}


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


@pytest.fixture
def face(world):
    return Instrument.objects.get(acronym="fr")


def test_an_instrument_is_chosen_set_up_and_taken_out(admin, address, sent, world, face):
    choose = admin.get(address(f"{AT}instruments/")).text
    assert "Keystroke" not in choose.partition("Which one?")[2]  # the activity has it
    page = address(f"{AT}instruments/{face.pk}/new/")
    assert page in choose
    shown = admin.get(page)
    assert form_of(shown.text)["options-online"] == ["on"]  # the default of the schema
    assert "It has checked nothing in this activity" in shown.text
    ks = world.home.activity_instrument
    answer = sent(admin, page, {"options-offline": "on", "alternative_to": str(ks.pk)})
    row = ActivityInstrument.objects.get(activity=world.home.activity, instrument=face)
    assert (answer.status_code, row.options, row.active) == (302, {"online": True, "offline": True}, True)
    assert row.alternative_to == ks
    assert admin.get(page).status_code == 404  # it is there
    edit = address(f"{AT}instruments/{row.pk}/edit/")
    assert edit in admin.get(answer["Location"]).text
    values = form_of(admin.get(edit).text)
    del values["active"]
    assert admin.post(edit, values).status_code == 302
    row.refresh_from_db()
    assert (row.active, row.options, row.alternative_to) == (False, {"online": True, "offline": True}, ks)
    assert sent(admin, edit, {"alternative_to": ""}).status_code == 302
    row.refresh_from_db()
    assert row.alternative_to is None
    assert sent(admin, address(f"{AT}instruments/{row.pk}/delete/")).status_code == 302
    assert not ActivityInstrument.objects.filter(pk=row.pk).exists()


def test_what_reports_become_is_said_in_numbers(admin, address, sent, world, face):
    home = world.home
    ReportInstrument.objects.filter(pk=home.report_instrument.pk).update(total_count=3, closed_count=1)
    page = admin.get(address(f"{AT}instruments/{{row}}/edit/")).text
    assert "It is done with 1 capture in 1 report of this activity; 2 wait for a result." in page
    ActivityInstrument.objects.create(activity=home.activity, instrument=face, alternative_to=home.activity_instrument)
    page = address(f"{AT}instruments/{{row}}/delete/")
    shown = admin.get(page)
    assert shown.context["goes"] == [("alternatives to it", 1)]
    assert "What it has found stays in the reports" in shown.text
    edit = admin.get(address(f"{AT}instruments/{{row}}/edit/"))
    assert [word for _, word in edit.context["form"].fields["alternative_to"].choices] == ["all learners"]
    assert sent(admin, page).status_code == 302
    assert not home.activity.instruments.exists()
    assert ReportInstrument.objects.filter(pk=home.report_instrument.pk).exists()


def test_form_of_a_schema(admin, address, sent, world, face):
    rewritten(Instrument.objects.filter(pk=face.pk), options_schema=SCHEMA)
    page = address(f"{AT}instruments/{face.pk}/new/")
    shown = admin.get(page)
    assert "not in the form and stay as they are: Areas." in shown.text
    values = form_of(shown.text)
    assert values["options-mode"] == ['"quick"']
    assert (values["options-light-least"], values["options-light-warn"]) == (["3"], ["on"])
    wrong = sent(admin, page, {"options-every": "61", "options-note": "too long", "options-share": "x"})
    assert wrong.context["form"].errors.keys() == {"options-every", "options-note", "options-share"}
    assert sent(admin, page).context["form"].errors.keys() == {"options-every"}  # required, without a default
    values = {"options-every": "20", "options-mode": "false", "options-share": "0.5", "options-light-least": ""}
    assert sent(admin, page, values).status_code == 302
    row = ActivityInstrument.objects.get(activity=world.home.activity, instrument=face)
    assert row.options == {"mode": False, "every": 20, "share": 0.5, "light": {"warn": True}}
    row.options = row.options | {"areas": [1]}  # set by the API
    row.save()
    edit = address(f"{AT}instruments/{row.pk}/edit/")
    assert form_of(admin.get(edit).text)["options-mode"] == ["false"]
    values = form_of(admin.get(edit).text) | {"options-note": "a", "options-share": ""}
    del values["options-light-warn"]
    assert admin.post(edit, values).status_code == 302
    row.refresh_from_db()
    assert row.options["areas"] == [1]
    assert row.options["light"]["warn"] is False
    assert "share" not in row.options


def test_the_api_judges_the_options(admin, address, sent, face):
    schema = {"type": "object", "properties": {"word": {"type": "string", "pattern": "^a"}}}
    rewritten(Instrument.objects.filter(pk=face.pk), options_schema=schema)
    refused = sent(admin, address(f"{AT}instruments/{face.pk}/new/"), {"options-word": "b"})
    assert refused.status_code == 400
    assert [*refused.context["form"].errors] == ["options-word"]


@pytest.mark.parametrize(
    "schema", [None, {}, {"properties": []}, {"properties": {"a": 1, "b-c": {"type": "string"}, "d": {"enum": [[1]]}}}]
)
def test_schemas_that_say_little(schema):
    found = options_of(schema)
    assert found.inputs == ()
    assert found.row({"a": 1}) == {"options": {}}
    assert found.body({"a": 1}, {}) == {"a": 1}


def test_an_activity_of_a_vle_is_switched_on_and_off(admin, address, sent, world):
    page = address(f"{AT}edit/")
    assert "changed there" in admin.get(page).text
    values = form_of(admin.get(page).text)
    assert values.keys() == {"csrfmiddlewaretoken", "state", "enabled"}
    del values["enabled"]
    assert admin.post(page, values).status_code == 302
    world.home.activity.refresh_from_db()
    assert (world.home.activity.enabled, world.home.activity.name) == (False, "Quiz")


def test_an_own_activity_from_beginning_to_end(admin, address, sent, world):
    page = address("courses/{course}/activities/new/")
    assert page in admin.get(address("courses/{course}/")).text
    values = {"name": "Oral", "start": "2027-01-02T09:00", "end": "2027-01-01T09:00", "enabled": "on"}
    wrong = sent(admin, page, values)
    assert wrong.context["form"].errors == {"end": ["The end is before the start."]}
    assert sent(admin, page, values | {"end": "2027-01-02T10:00"}).status_code == 302
    activity = Activity.objects.get(course=world.home.course, name="Oral")
    assert (activity.vle_activity_type, activity.enabled) == ("manual", True)
    edit = address(f"courses/{{course}}/activities/{activity.pk}/edit/")
    assert sent(admin, edit, {"name": "Oral exam"}).status_code == 302
    activity.refresh_from_db()
    assert activity.name == "Oral exam"
    delete = address(f"courses/{{course}}/activities/{activity.pk}/delete/")
    assert sent(admin, delete).status_code == 302
    assert not Activity.objects.filter(pk=activity.pk).exists()
    assert ("reports", 1) in admin.get(address(f"{AT}delete/")).context["goes"]


def test_instruments_of_another_activity_are_not_there(admin, address, world):
    other = Activity.objects.create(
        institution=world.home.institution, vle=world.home.vle, course=world.home.course, vle_activity_type="quiz",
        vle_activity_id="2",
    )  # fmt: skip
    for form in ("edit/", "delete/"):
        path = f"courses/{{course}}/activities/{other.pk}/instruments/{world.home.activity_instrument.pk}/{form}"
        assert admin.get(address(path)).status_code == 404
