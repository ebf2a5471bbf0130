"""Every page in Chromium: nothing blocked, nothing failed, nothing from another host; and every form is sent."""

import json
import re
from urllib.parse import quote_plus

import pytest

from tesla_api.tree import TREE
from tests.browser.forms import FORMS, Forms, Key
from tests.browser.visit import Values, Visit
from tests.pages.walk import DATA_ONLY, FOR_PEOPLE, Place, places

pytestmark = pytest.mark.browser

PDF = b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
LIST = "/api/v2/institution/"


def test_every_resource_has_its_forms_here():
    assert {resource.name for resource in FOR_PEOPLE} == FORMS.keys() | DATA_ONLY


def test_start_page_leads_to_every_part(visit):
    page = visit.open("/")
    links = page.locator(".cards a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert links == [LIST, "/console/", "/docs/", "/redoc/", "/schema/", "/admin/", "/health/ready"]
    for link in links:
        visit.open(link, *({401} if link == LIST else ()))


def test_sign_in_leads_back_and_sign_out_ends_it(visit):
    page = visit.open(LIST, 401)
    page.click("main >> text=Sign in")
    assert page.url.endswith("/signin/?next=%2Fapi%2Fv2%2Finstitution%2F")
    visit.sign_in("inst_admin", path=page.url)
    assert page.url == visit.server.url + LIST
    assert page.locator(".who .name").inner_text() != ""
    visit.open("/").click("text=Sign out")
    page.wait_for_selector(".who >> text=Sign in")
    visit.json(LIST, 401)


def test_wrong_password_is_told(visit):
    page = visit.open("/signin/")
    visit.statuses = {401}
    visit.try_sign_in("nobody@example.org", "wrong")
    assert "No account with this e-mail and password" in page.inner_text("[role=alert]")


def test_institution_is_chosen_on_a_page(visit):
    page = visit.open("/signin/oidc/", 404)
    page.fill("[name=institution]", "NLU")
    page.click("main button")
    assert "No institution of this short name" in page.inner_text("[role=alert]")


def test_swagger_ui_sends_with_the_browsers_session(admin):
    page = admin.open("/docs/")
    page.click("#operations-tag-Institutions")
    page.locator(".opblock-summary-get", has=page.locator('[data-path="/api/v2/institution/"]')).first.click()
    page.click("text=Try it out")
    with page.expect_response(f"**{LIST}*") as caught:
        page.click("text=Execute")
    assert caught.value.status == 200
    page.wait_for_selector(".live-responses-table .response")


def test_redoc_shows_and_searches(visit):
    page = visit.open("/redoc/")
    page.wait_for_selector("h1:has-text('TeSLA institution API')")
    page.fill("input[placeholder='Search...']", "course")
    page.wait_for_selector("[data-role='search:results'] li")


def test_error_pages(visit):
    visit.open("/nowhere", 404)
    assert visit.page.inner_text("h1") == "Not found"
    visit.open("/api/v2/nowhere/", 404)


def test_person_without_the_right_is_told_so_by_the_admin_site(admin):
    page = admin.open("/admin/", 403)
    assert page.inner_text("h1") == "For global administrators only"


def test_every_admin_page(global_admin):
    page, seen = global_admin.open("/admin/"), set()
    waiting = ["/admin/"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        global_admin.open(path)
        found = page.locator("a[href]").evaluate_all("links => links.map(link => link.pathname)")
        # Every index, changelist and add page; one row of each kind.
        rows = [link for link in found if re.fullmatch(r"/admin/\w+/\w+/[^/]+/change/", link)][:1]
        kinds = [link for link in found if re.fullmatch(r"/admin/(\w+/){1,2}(add/)?", link)]
        waiting += {*rows, *kinds} - seen - set(waiting)
    assert len(seen) > 1


@pytest.mark.parametrize(("role", "root"), [("inst_admin", "institution"), ("global_admin", "admin")])
def test_every_list_and_row_is_a_page(visit, role, root):
    visit.enter(role)
    seen = set()
    for place in places(visit.json, root):
        visit.open(place.listed)
        assert visit.page.locator("tbody tr").count() == min(len(place.rows), 10)
        seen.add(place.name)
        if place.name == "institution-oidc":  # the sample institutions have none: its forms are sent below
            continue
        visit.open(place.first)
        assert visit.page.locator("h1").count() == 1
        for link in visit.page.locator(".tools a:not(:text('JSON'))").evaluate_all(
            "links => links.map(link => link.href)"
        ):
            visit.open(link, 405)  # an action, which may have something to read
    assert seen == {resource.name for resource in TREE if resource.root == root} - DATA_ONLY


def test_the_trail_is_a_page(visit):
    visit.enter("data_admin")
    home = visit.json(LIST)["results"][0]["id"]
    page = visit.open(f"{LIST}{home}/trail/")
    assert page.locator("tbody tr").count() == 10
    line = visit.json(f"{LIST}{home}/trail/?limit=1")["results"][0]["id"]
    visit.open(f"{LIST}{home}/trail/{line}/")
    assert not visit.offers("PUT")
    assert not visit.offers("DELETE")


def test_lists_are_paged_searched_and_ordered(admin):
    place = next(place for place in places(admin.json) if place.name == "institution-course")
    page = admin.open(f"{place.listed}?limit=1")
    page.click(".pages >> text=2")
    assert "offset=1" in page.url
    code = place.rows[0]["code"]
    page.fill("[name=search]", code)
    page.select_option("[name=ordering]", "-code")
    with page.expect_navigation():
        page.click("text=Show")
    assert page.url.endswith(f"/course/?search={quote_plus(code)}&ordering=-code&limit=10")
    assert code in page.locator("tbody").inner_text()


@pytest.mark.parametrize("name", sorted(FORMS))
def test_every_form_does_what_it_says(visit, name):
    root = next(resource.root for resource in TREE if resource.name == name)
    visit.enter("global_admin" if root == "admin" else "inst_admin")
    forms, admin = FORMS[name], visit
    found = {place.name: place for place in places(visit.json, root, needed(name, forms))}
    place = found[name]
    if forms.above is not None:
        parent = create(admin, found[forms.above], FORMS[forms.above].create)
        listed = f"{parent}{place.resource.segments[-1][0]}/"
        place = Place(place.resource, listed, admin.json(f"{listed}?limit=1000")["results"])
    row = create(admin, place, told(forms.create, found))
    admin.open(row)
    assert admin.offers("PUT") == (forms.change is not None)
    assert admin.offers("DELETE") == forms.deletable
    if forms.change is not None:
        change(admin, row, told(forms.change, found))
    for word, values in forms.actions.items():
        admin.open(f"{row}{word}/", 405)
        admin.send("POST", values, 201)
    if forms.deletable:
        remove(admin, place, row)
    if forms.above is not None:
        remove(admin, found[forms.above], parent)


def needed(name: str, forms: Forms) -> set[str]:
    """The resources whose rows the forms need: all others of the tree would be read for nothing."""
    keys = {v.of for values in (forms.create, forms.change) if isinstance(values, dict) for v in values.values()
            if isinstance(v, Key)}  # fmt: skip
    return {name, forms.above or name} | keys


def told(values: Values | None, found: dict[str, Place]) -> Values | None:
    """With the keys that are asked for."""
    if not isinstance(values, dict):
        return values
    return {name: found[v.of].rows[0]["id"] if isinstance(v, Key) else v for name, v in values.items()}


def create(visit: Visit, place: Place, values: Values | None) -> str:
    """The address of the row that the form made; of the list's last row where none is offered."""
    page = visit.open(place.listed)
    assert visit.offers("POST") == (values is not None)
    if values is None:
        return place.at(place.rows[-1])
    visit.send("POST", values, 201)
    made = page.locator(".note.good a").get_attribute("href")
    assert visit.json(f"{place.listed}?limit=1000")["count"] == len(place.rows) + 1
    assert_holds(visit.json(made), values)
    return made


def change(visit: Visit, row: str, values: Values) -> None:
    before = visit.json(row)
    visit.send("PUT", values, 200)
    after = visit.json(row)
    assert_holds(after, values)
    written = {"updated_at", "sha256", *(values if isinstance(values, dict) else after)}
    assert {k: v for k, v in after.items() if k not in written} == {k: v for k, v in before.items() if k not in written}
    visit.open(row)
    visit.send("PATCH", "{}", 200)
    assert visit.json(row) | {"updated_at": None} == after | {"updated_at": None}


def remove(visit: Visit, place: Place, row: str) -> None:
    visit.open(row)
    visit.delete()
    visit.json(row, 404)
    visit.page.click("text=Back to the list")
    visit.page.wait_for_url(f"**{place.listed}")


def assert_holds(row, values: Values) -> None:
    for name, value in values.items() if isinstance(values, dict) else ():
        if name in row and not isinstance(row[name], dict | list):
            assert str(row[name]) == str(value), name


def test_box_that_is_unticked_is_stored_as_false(admin):
    row = next(places(admin.json)).first
    for ticked in (True, False):
        admin.open(row)
        admin.send("PUT", {"external_ic": ticked}, 200)
        assert admin.json(row)["external_ic"] is ticked


def test_pdf_is_uploaded_by_the_form_and_kept_by_the_next_one(admin):
    consents = next(place for place in places(admin.json) if place.name == "institution-ic")
    consent = create(admin, consents, FORMS["institution-ic"].create)
    page = admin.open(f"{consent}document/")
    pdf = {"name": "consent.pdf", "mimeType": "application/pdf", "buffer": PDF}
    admin.send("POST", {"language": "en", "html": "<p>I consent.</p>", "pdf": pdf}, 201)
    document = page.locator(".note.good a").get_attribute("href")
    admin.open(document)
    admin.send("PUT", {"html": "<p>Another text.</p>"}, 200)
    assert page.context.request.get(admin.json(document)["pdf"]).body() == PDF
    admin.send("PATCH", '{"pdf": null}', 200)
    assert admin.json(document)["pdf"] is None
    remove(admin, consents, consent)


def test_refused_form_is_corrected_and_sent_again(admin):
    place = next(place for place in places(admin.json) if place.name == "institution-vle")
    page = admin.open(place.listed)
    admin.send("POST", {"type": "0", "name": "Twice", "url": "nonsense"}, 400)
    assert page.locator(".field.wrong").count() == 1
    admin.send("POST", {"url": "https://twice.example.org"}, 201)
    made = page.locator(".note.good a").get_attribute("href")
    remove(admin, place, made)


def test_ended_session_is_told_when_a_form_is_sent(admin):
    place = next(place for place in places(admin.json) if place.name == "institution-vle")
    page = admin.open(place.listed)
    page.context.clear_cookies()
    admin.send("POST", {"type": "0", "name": "Too late"}, 401)
    assert "Nobody is signed in here" in page.inner_text("main")


def test_change_that_came_too_late_is_shown_and_sent_again(admin):
    """Two windows with the same form: the second learns what the first has saved, and may still have its way."""
    row = admin.json("/api/v2/institution/")["results"][0]
    path = f"/api/v2/institution/{row['id']}/"
    first, second = admin, Visit(admin.page.context.new_page(), admin.server)
    for window in (first, second):
        window.open(path)
    first.send("PATCH", {"mail_domain": "first.example.org"}, 200)
    second.send("PATCH", {"mail_domain": "second.example.org"}, 412)
    cells = second.page.locator("main table td").all_inner_texts()
    assert cells == ["Mail domain", "second.example.org", "first.example.org"]
    second.send("PATCH", {"mail_domain": "second.example.org"}, 200)
    first.send("PUT", json.dumps({"name": row["name"], "acronym": row["acronym"], "mail_domain": "x.example.org"}), 412)
    assert first.json(path)["mail_domain"] == "second.example.org"
    second.send("PATCH", {"mail_domain": row["mail_domain"] or ""}, 200)
    kept = {name: value for name, value in row.items() if name != "updated_at"}
    assert first.json(path).items() >= kept.items()  # also what was not ticked, in the form that was shown again
    assert second.wrong == []
