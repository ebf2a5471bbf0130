"""Who changed what: each change on these pages is a line of the trail, and Django's own log stays empty."""

from django.contrib.admin.models import LogEntry

from institutions.models import Institution, Instrument, Message, MessageLocale, Provider, UIOption
from kernel.recording import Entry, Origin, record
from tests.admin.test_institution import ADD, BODY
from tests.admin.test_person import USERS, body_of
from tests.conftest import client_of
from tests.lines import details_of
from trail.models import Line

LINES = "/admin/trail/line/"


def told(root_id: int) -> list[tuple[str, str, str]]:
    """(model, verb, id of the row), the newest last; in no case in Django's log."""
    assert not LogEntry.objects.exists()
    lines = Line.objects.filter(actor_id=root_id, resource__startswith="pages/").exclude(verb="read").order_by("pk")
    return [(line.resource.rpartition("/")[2], line.verb, line.row_key) for line in lines]


def test_changes_on_the_pages_are_lines(world, root):
    me = world.people["global"].pk
    assert root.post(ADD, BODY).status_code == 302
    new = Institution.objects.get(acronym="NEW")
    legal, bob = world.people["legal"], world.people["bob"]
    assert root.post(f"{USERS}{legal.pk}/change/", body_of(legal, locale="ca")).status_code == 302
    assert root.post(f"{USERS}{bob.pk}/delete/", {"post": "yes"}).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": [new.pk], "post": "yes"}
    assert root.post("/admin/institutions/institution/", chosen).status_code == 302
    assert told(me) == [
        ("institution", "create", str(new.pk)),
        ("user", "update", str(legal.pk)),
        ("user", "delete", str(bob.pk)),
        ("institution", "delete", str(new.pk)),
    ]


def test_changes_of_what_all_institutions_share_are_lines(world, root):
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
    assert told(me) == [
        ("instrument", "update", "1"),
        ("provider", "create", str(Provider.objects.get().pk)),
        ("uioption", "update", str(option.pk)),
    ]


def test_rows_inside_a_page_are_told_with_their_values(world, root):
    message = Message.objects.create(code="NEW_ONE")
    english, dutch = (
        MessageLocale.objects.create(code=message, locale=locale, message="Old") for locale in ("en", "nl")
    )
    page = f"/admin/institutions/message/{message.pk}/change/"
    opened = root.get(page).context
    body = {}
    for form in (opened["adminform"].form, *opened["inline_admin_formsets"][0].formset.forms):
        for name in form.fields:
            body[form.add_prefix(name)] = "" if form[name].value() is None else form[name].value()
            hidden = form[name].html_initial_name
            body[hidden] = body[form.add_prefix(name)]
    formset = opened["inline_admin_formsets"][0].formset
    body |= {formset.management_form.add_prefix(name): form_value for name, form_value in (
        ("TOTAL_FORMS", 3), ("INITIAL_FORMS", 2), ("MIN_NUM_FORMS", 0), ("MAX_NUM_FORMS", 1000),
    )}  # fmt: skip
    prefix = formset.prefix
    body |= {f"{prefix}-0-message": "New", f"{prefix}-1-DELETE": "on", f"{prefix}-2-locale": "ca",
             f"{prefix}-2-message": "Nou"}  # fmt: skip
    answer = root.post(page, body)
    assert answer.status_code == 302, answer.context["errors"]
    details = details_of(Line.objects.latest("pk"))
    assert details[f"message locale {english}"] == [{"message": "Old"}, {"message": "New"}]
    gone, made = details[f"message locale {dutch}"], details["message locale NEW_ONE (ca)"]
    assert (gone[0]["message"], gone[1], made[0], made[1]["message"]) == ("Old", None, None, "Nou")


def test_lines_can_be_read_but_not_changed_and_whoever_reads_them_leaves_one(world, root):
    ann, me = world.people["ann"], world.people["global"].pk
    client_of(world.people["global"]).patch(f"/api/v2/admin/user/{ann.pk}/", {"send_admin": True})
    line = Line.objects.latest("pk")
    assert "send_admin" in root.get(f"{LINES}?q={ann.pk}").content.decode()
    assert "127.0.0.1" in root.get(f"{LINES}{line.pk}/change/").content.decode()
    assert root.get(f"{LINES}{10**9}/change/").status_code == 302
    read = Line.objects.filter(verb="read", resource="pages/trail/line", actor_id=me).order_by("pk")
    assert [(row.row_key, row.person_id, details_of(row)) for row in read] == [
        ("", None, {"asked": {"q": [str(ann.pk)]}}), (str(line.pk), ann.pk, {}),
    ]  # fmt: skip
    for path in (f"{LINES}{line.pk}/delete/", f"{LINES}{line.pk}/change/", f"{LINES}add/"):
        assert root.post(path, {"post": "yes", "actor_id": 5}).status_code == 403
    ann.delete()
    assert "send_admin" not in root.get(LINES).content.decode()


def test_lines_of_an_institutions_own_people_are_not_shown_here(world, root):
    home = world.home.institution.pk
    record(Entry("read", "institution/learner/send", "1/2", home), by=Origin("person", 7, "Somebody"))
    record(Entry("create", "institution/vle", 3, home), by=Origin("command", None, "register_vle"))
    page = root.get(LINES).content.decode()
    assert "learner/send" not in page
    assert "register_vle" in page
    assert root.get(f"{LINES}{Line.objects.get(resource='institution/learner/send').pk}/change/").status_code == 302


def test_history_of_a_row_leads_to_its_lines(world, root):
    me, page = world.people["global"].pk, f"{USERS}{world.people['ann'].pk}/"
    answer = root.get(f"{page}history/")
    assert answer.status_code == 302
    assert answer["Location"] == f"{LINES}?resource=pages%2Finstitutions%2Fuser&row_key={world.people['ann'].pk}"
    assert root.get(f"{USERS}{10**9}/history/").status_code == 404
    root.post(f"{page}change/", body_of(world.people["ann"], locale="ca"))
    found = root.get(answer["Location"]).context["cl"].result_list
    assert [(line.verb, line.actor_id, line.told["details"]["locale"][1]) for line in found] == [("update", me, "ca")]
    assert f"{LINES}?actor_id={me}" in root.get("/admin/").content.decode()
