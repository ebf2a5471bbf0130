"""Who changed what: Django's own log for changes on these pages, and the API's records to be read here."""

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry

from institutions.models import AdministrationRecord, Institution, Instrument, Provider, UIOption, User
from tests.admin.test_institution import ADD, BODY
from tests.admin.test_person import USERS, body_of
from tests.conftest import client_of


def logged(root_id: int) -> list[tuple[str, int, str]]:
    """(model, kind of the change, id of the row), the newest last."""
    entries = LogEntry.objects.filter(user=root_id).order_by("pk").select_related("content_type")
    return [(entry.content_type.model, entry.action_flag, entry.object_id) for entry in entries]


def test_changes_on_the_pages_are_in_djangos_log(world, root):
    me = world.people["global"].pk
    assert root.post(ADD, BODY).status_code == 302
    new = Institution.objects.get(acronym="NEW")
    legal, bob = world.people["legal"], world.people["bob"]
    assert root.post(f"{USERS}{legal.pk}/change/", body_of(legal, locale="ca")).status_code == 302
    assert root.post(f"{USERS}{bob.pk}/delete/", {"post": "yes"}).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": [new.pk], "post": "yes"}
    assert root.post("/admin/institutions/institution/", chosen).status_code == 302
    assert logged(me) == [
        ("institution", ADDITION, str(new.pk)),
        ("user", CHANGE, str(legal.pk)),
        ("user", DELETION, str(bob.pk)),
        ("institution", DELETION, str(new.pk)),
    ]


def test_changes_of_what_all_institutions_share_are_in_djangos_log(world, root):
    me = world.people["global"].pk
    face = Instrument.objects.get(pk=1)
    body = {
        "name": "Faces", "acronym": "fr", "queue": face.queue, "description": "", "options_schema": "null",
        "timeout_minutes": 60,
    }  # fmt: skip
    assert root.post("/admin/institutions/instrument/1/change/", body).status_code == 302
    body = {
        "instrument": 1, "name": "P", "acronym": "p", "version": "1", "queue": "p", "description": "", "url": "",
        "image": "", "service_port": "", "options_schema": "null", "options": "null", "alert_below": "",
        "warning_below": "",
        **{f"credential_rows-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")},
    }  # fmt: skip
    assert root.post("/admin/institutions/provider/add/", body).status_code == 302
    option = UIOption.objects.get(institution=None, route="course")
    body = {"route": "course", "roles": " ADMIN, DATA "}
    assert root.post(f"/admin/institutions/uioption/{option.pk}/change/", body).status_code == 302
    assert UIOption.objects.get(pk=option.pk).roles == "ADMIN,DATA"
    assert logged(me) == [
        ("instrument", CHANGE, "1"),
        ("provider", ADDITION, str(Provider.objects.get().pk)),
        ("uioption", CHANGE, str(option.pk)),
    ]
    assert not AdministrationRecord.objects.exists()  # which are the API's


def test_records_of_the_api_can_be_read_but_not_changed(world, root):
    client_of(world.people["global"]).patch(f"/api/v2/admin/user/{world.people['ann'].pk}/", {"send_admin": True})
    record = AdministrationRecord.objects.get()
    page = "/admin/institutions/administrationrecord/"
    assert "send_admin" in root.get(page).content.decode()
    assert "send_admin" in root.get(f"{page}{record.pk}/change/").content.decode()
    for path in (f"{page}{record.pk}/delete/", f"{page}{record.pk}/change/", f"{page}add/"):
        assert root.post(path, {"post": "yes", "by_id": 5}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [record.pk], "post": "yes"}
    root.post(page, chosen)
    assert AdministrationRecord.objects.get().by_id == record.by_id == User.objects.get(username="root").pk
