"""The browsable API: who sees which form, what a form sends, and what a page costs."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.test.utils import CaptureQueriesContext

from courses.models import Course
from institutions.models import VLE, InformedConsent, InformedConsentDocument, Institution, Provider, User
from tests.pages.walk import places
from tests.world import PASSWORD, rewritten


def path_of(world, *rest) -> str:
    return "/".join(["/api/v2/institution", str(world.home.institution.pk), *map(str, rest), ""])


def forms_of(page: str) -> set[str]:
    return set(re.findall(r"<button[^>]* data-method=\"(\w+)\"", page)) | set(
        re.findall(r"data-method=\"(DELETE)\"", page)
    )


def write(browser, method, path, body, **more):
    token = browser.cookies["csrftoken"].value
    return getattr(browser, method)(path, body, headers={"X-CSRFToken": token}, **more)


@pytest.mark.parametrize(
    ("name", "rest", "forms"),
    [
        ("admin", (), {"PUT", "PATCH"}),
        ("global", (), {"PUT", "PATCH"}),
        ("member", (), set()),
        ("admin", ("vle",), {"POST"}),
        ("global", ("vle",), set()),
        ("admin", ("course",), set()),
        ("admin", ("instrument",), set()),
    ],
)
def test_forms_are_shown_to_whom_may_send_them(world, signed_in, name, rest, forms):
    assert forms_of(signed_in(name).get(path_of(world, *rest)).text) == forms


def test_row_has_forms_for_change_and_deletion(world, signed_in):
    page = signed_in("admin").get(path_of(world, "vle", world.home.vle.pk)).text
    assert forms_of(page) == {"PUT", "PATCH", "DELETE"}
    assert 'value="Moodle"' in page


def test_refused_page_has_no_form(world, signed_in):
    answer = signed_in("member").get(path_of(world, "vle"))
    assert answer.status_code == 403
    assert forms_of(answer.text) == set()


def test_anonymous_reader_is_led_to_the_sign_in_page(world, visitor):
    answer = visitor.get(path_of(world, "vle"))
    assert answer.status_code == 401
    assert f'href="/signin/?next={path_of(world, "vle").replace("/", "%2F")}"' in answer.text


@pytest.mark.parametrize("token", [None, "x" * 64])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_writing_with_a_browser_session_needs_the_csrf_token(world, signed_in, method, token):
    headers = {"accept": "application/json"} | ({"X-CSRFToken": token} if token else {})
    rest = ("vle",) if method == "post" else ("vle", world.home.vle.pk)
    body = {"content_type": "application/json", "data": {"type": 0, "name": "x"}}
    answer = getattr(signed_in("admin"), method)(path_of(world, *rest), headers=headers, **body)
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["detail"].startswith("CSRF Failed")
    assert [vle.name for vle in VLE.objects.filter(institution=world.home.institution)] == ["Moodle"]


def test_post_form_works_without_script(world, signed_in):
    browser = signed_in("admin")
    page = browser.get(path_of(world, "vle"))
    body = {"type": "0", "name": "By form", "csrfmiddlewaretoken": str(page.context["csrf_token"])}
    answer = browser.post(path_of(world, "vle"), body)
    assert answer.status_code == 201
    made = VLE.objects.get(name="By form")
    assert f'<a href="{path_of(world, "vle", made.pk)}">Open it</a>' in answer.text
    assert 'value="By form"' not in answer.text  # the next one begins empty


def test_unticked_box_sends_an_explicit_false(world, signed_in):
    path = path_of(world)
    Institution.objects.update(allow_learner_report=True, allow_learner_audit=True)
    page = signed_in("admin").get(path).text
    name = "allow_learner_report"
    assert re.search(rf'type="hidden" name="{name}" value="false">\s*<label><input type="checkbox" name="{name}"', page)


def test_last_value_of_a_switch_counts(world, signed_in):
    browser = signed_in("admin")
    browser.get(path_of(world))
    Institution.objects.update(allow_learner_report=True, allow_learner_audit=True, allow_valid_audit=True)
    body = "allow_learner_report=false&allow_learner_audit=false&allow_learner_audit=true"
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert write(browser, "put", path_of(world), body, **form).status_code == 200
    found = Institution.objects.get(pk=world.home.institution.pk)
    assert (found.allow_learner_report, found.allow_learner_audit, found.allow_valid_audit) == (False, True, True)


def test_refusal_keeps_what_was_typed_and_says_why_at_the_field(world, signed_in):
    browser = signed_in("admin")
    browser.get(path_of(world, "vle"))
    answer = write(browser, "post", path_of(world, "vle"), {"type": "0", "name": "Kept", "url": "nonsense"})
    assert answer.status_code == 400
    assert 'value="Kept"' in answer.text
    assert '<p class="error">Enter an http or https address.</p>' in answer.text
    assert forms_of(answer.text) == {"POST"}


def test_refused_change_keeps_what_was_typed(world, signed_in):
    browser, path = signed_in("admin"), path_of(world, "vle", world.home.vle.pk)
    browser.get(path)
    body = {"type": 0, "name": "Typed", "url": "nonsense"}
    answer = write(browser, "put", path, body, content_type="application/json")
    assert answer.status_code == 400
    assert 'value="Typed"' in answer.text
    assert forms_of(answer.text) == {"PUT", "PATCH"}


@pytest.mark.parametrize(
    "body", ["[1]", "null", '"x"', "{broken", '{"name": {"a": [1]}, "type": []}', "7", '{"url": 5}']
)
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_any_json_is_answered_with_a_page(world, signed_in, method, body):
    browser = signed_in("admin")
    browser.get(path_of(world, "vle"))
    path = path_of(world, "vle") if method == "post" else path_of(world, "vle", world.home.vle.pk)
    answer = write(browser, method, path, body, content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/html")


def test_password_is_never_written_back(world, signed_in):
    browser = signed_in("admin")
    browser.get(path_of(world, "user"))
    secret = {"password": "verylongsecret1", "password2": "verylongsecret2"}
    answer = write(browser, "post", path_of(world, "user"), {"username": "x", "uid": "x", **secret})
    assert answer.status_code == 400
    assert "verylongsecret" not in answer.text


@pytest.mark.django_db(transaction=True)
def test_own_new_password_keeps_this_browser_signed_in(world, signed_in):
    """Also where Django compares its own hash of the password, in the admin pages."""
    browser, elsewhere = signed_in("global"), signed_in("global")
    path, secret = f"/api/v2/admin/user/{world.people['global'].pk}/", "verylongsecret1"
    body = {"password": secret, "password2": secret, "current_password": PASSWORD}
    assert write(browser, "patch", path, body, content_type="application/json").status_code == 200
    for address in (path, "/admin/", "/console/"):
        assert (browser.get(address).status_code, elsewhere.get(address).status_code) in ((200, 401), (200, 302))


def test_deletion_leads_back_to_the_list(world, signed_in):
    browser, course = signed_in("admin"), world.home.other_course
    browser.get(path_of(world, "course", course.pk))
    answer = write(browser, "delete", path_of(world, "course", course.pk), "")
    assert answer.status_code == 200
    assert f'<a href="{path_of(world, "course")}">Back to the list</a>' in answer.text
    assert not Course.objects.filter(pk=course.pk).exists()


def test_action_has_the_form_that_the_schema_declares(world, signed_in):
    browser, path = signed_in("admin"), path_of(world, "vle", world.home.vle.pk, "credentials")
    assert f'href="{path}"' in browser.get(path_of(world, "vle", world.home.vle.pk)).text
    page = browser.get(path)
    assert page.status_code == 405
    assert f'href="{path}"' not in signed_in("global").get(path_of(world, "vle", world.home.vle.pk)).text
    assert 'name="overlap_minutes"' in page.text
    assert 'name="url"' not in page.text
    assert write(browser, "post", path, {"overlap_minutes": "5"}).status_code == 201


def test_stored_text_is_escaped(world, signed_in):
    VLE.objects.filter(pk=world.home.vle.pk).update(
        name="<script>alert(1)</script>",
        url='https://x.example.org/"onclick="alert(1)',
        client_id="javascript:alert(1)",
    )
    browser = signed_in("admin")
    for rest in (("vle",), ("vle", world.home.vle.pk)):
        page = browser.get(path_of(world, *rest)).text
        assert "<script>alert" not in page
        assert 'onclick="alert' not in page
        assert 'href="javascript' not in page


def test_row_leads_to_what_is_below_it(world, signed_in):
    admin, member = (signed_in(name).get(path_of(world)).text for name in ("admin", "member"))
    assert f'<a href="{path_of(world, "vle")}">VLE</a>' in admin
    assert f'<a href="{path_of(world, "course")}">Course</a>' in admin
    assert f'<a href="{path_of(world, "vle")}">VLE</a>' not in member


def test_trail_and_heading_are_readable(world, signed_in):
    page = signed_in("admin").get(path_of(world, "vle", world.home.vle.pk)).text
    trail = re.findall(r"<a href=\"([^\"]+)\"[^>]*>([^<]+)</a>", page[page.index('class="trail"') :].split("</nav>")[0])
    assert trail == [
        ("/", "Start"),
        ("/api/v2/institution/", "Institution"),
        (path_of(world), str(world.home.institution.pk)),
        (path_of(world, "vle"), "VLE"),
        (path_of(world, "vle", world.home.vle.pk), str(world.home.vle.pk)),
    ]
    assert f">VLE {world.home.vle.pk}</h1>" in page


def test_page_without_trailing_slash_leads_on_all_the_same(world, signed_in):
    page = signed_in("admin").get(path_of(world, "vle").rstrip("/")).text
    assert f'<a href="{path_of(world, "vle", world.home.vle.pk)}">' in page


def test_page_costs_the_same_with_more_rows(world, signed_in):
    browser, path = signed_in("admin"), path_of(world, "course")
    costs = []
    for more in range(2):
        Course.objects.bulk_create(
            Course(institution=world.home.institution, vle=world.home.vle, vle_course_id=f"{more}-{n}")
            for n in range(4)
        )
        browser.get(path)
        with CaptureQueriesContext(connection) as asked:
            browser.get(path)
        costs.append(len(asked))
    assert costs[0] == costs[1]
    assert costs[0] <= 10


@pytest.mark.parametrize(("who", "root"), [("admin", "institution"), ("global", "admin")])
def test_no_page_costs_many_queries(who, root, world, signed_in, as_):
    asking, browser = as_(who), signed_in(who)
    Provider.objects.create(name="P", acronym="p", version="1", queue="p", instrument_id=1)
    for place in places(lambda path: asking.get(path).json(), root):
        for path in filter(None, (place.listed, place.first)):
            browser.get(path)
            with CaptureQueriesContext(connection) as asked:
                browser.get(path)
            assert len(asked) <= 16, f"{path}: {[query['sql'] for query in asked]}"


def test_no_choice_is_made_of_rows(world, signed_in, as_):
    """Whoever is next door, and however many there are: no page lists people, rows or tenants as options."""
    asking, browser = as_("admin"), signed_in("admin")
    rewritten(User.objects.filter(institution=world.away.institution), first_name="Nextdoor", last_name="Nextdoor")
    rewritten(VLE.objects.filter(institution=world.away.institution), name="Nextdoor")
    for place in places(lambda path: asking.get(path).json()):
        for path in filter(None, (place.listed, place.first)):
            page = browser.get(path).text
            assert "Nextdoor" not in page, path
            assert max((select.count("<option") for select in page.split("<select")), default=0) <= 60, path


def test_filters_keep_what_was_asked(world, signed_in):
    page = signed_in("admin").get(path_of(world, "course"), {"search": "C1", "ordering": "-code", "limit": "25"}).text
    assert 'name="search" value="C1"' in page
    assert '<option value="-code" selected>' in page
    assert '<option value="25" selected>' in page
    assert ">C2<" not in page
    filtered = signed_in("admin").get(path_of(world, "user"), {"roles": "LEARNER"}).text
    assert re.search(r'<option value="LEARNER"\s+selected>', filtered)
    assert "invalid name" not in filtered
    everybody = signed_in("admin").get(path_of(world, "user"), {"uid": "", "email": "", "search": ""}).text
    assert "home-bob" in everybody  # nothing was typed into the form


def test_instants_are_shown_whole_and_mistyped_ones_again(world, signed_in):
    browser, path = signed_in("admin"), path_of(world, "ic", world.home.consent.pk)
    InformedConsent.objects.filter(pk=world.home.consent.pk).update(valid_from="2031-02-03T04:05:06.789012Z")
    assert 'value="2031-02-03T04:05:06.789012Z"' in browser.get(path).text
    answer = write(browser, "put", path, {"version": "1.0.0", "valid_from": "someday"}, content_type="application/json")
    assert answer.status_code == 400
    assert 'value="someday"' in answer.text


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_body_that_cannot_be_read_is_told_on_a_page(world, signed_in, settings, method):
    browser = signed_in("admin")
    path = path_of(world, "vle") if method == "post" else path_of(world, "vle", world.home.vle.pk)
    answer = write(browser, method, path, "<a/>", content_type="application/xml")
    assert (answer.status_code, answer["Content-Type"]) == (415, "text/html; charset=utf-8")
    settings.REQUEST_BODY_BYTES = 10
    answer = write(browser, method, path, '{"name": "long enough"}', content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (413, "text/html; charset=utf-8")


def test_pages_of_the_administration_lead_to_one_another_and_offer_every_form(world, signed_in):
    """The administration's institutions are other resources than those that begin the other tree."""
    browser, root = signed_in("global"), "/api/v2/admin/"
    Provider.objects.create(name="P", acronym="p", version="1", queue="p", instrument_id=1)
    assert f'href="{root}instrument/1/provider/"' in browser.get(f"{root}instrument/1/").text
    page = browser.get(f"{root}institution/{world.home.institution.pk}/").text
    assert f"{root}institution/{world.home.institution.pk}/vle/" not in page
    for word in ("user/", "institution/", "instrument/", "instrument/1/provider/", "ui/"):
        rows = browser.get(f"{root}{word}", headers={"accept": "application/json"}).json()["results"]
        assert forms_of(browser.get(f"{root}{word}").text) == {"POST"}
        assert forms_of(browser.get(f"{root}{word}{rows[0]['id']}/").text) >= {"PUT", "PATCH", "DELETE"}
        assert forms_of(signed_in("admin").get(f"{root}{word}").text) == set()


def tags_of(page: str) -> set[str]:
    """What the forms of a page send as If-Match."""
    return {unescape(tag) for tag in re.findall(r'data-tag="([^"]+)"', page)}


def rows_of(page: str) -> list[list[str]]:
    """The first table's cells."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for row in body.split("</tr>")[:-1]]


def test_forms_send_the_state_that_they_show(world, signed_in):
    browser, path = signed_in("admin"), path_of(world, "vle", world.home.vle.pk)
    page = browser.get(path)
    assert tags_of(page.text) == {page["ETag"]}
    assert page.text.count("data-tag=") == 3  # change, change with JSON, delete
    saved = write(browser, "put", path, {"type": 0, "name": "New"}, content_type="application/json")
    assert tags_of(saved.text) == {saved["ETag"]} != {page["ETag"]}
    assert tags_of(browser.get(path_of(world, "vle")).text) == set()


def test_refused_value_does_not_hide_what_changes_meanwhile(world, signed_in):
    browser, path = signed_in("admin"), path_of(world, "vle", world.home.vle.pk)
    tag = browser.get(path)["ETag"]
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value, "If-Match": tag}
    answer = browser.put(path, {"type": 0, "url": "no"}, content_type="application/json", headers=token)
    assert answer.status_code == 400
    assert tags_of(answer.text) == {tag}


def too_late(browser, method: str, path: str, body, **more):
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value, "If-Match": '"0"'}
    answer = getattr(browser, method)(path, body, headers=token, **more)
    assert (answer.status_code, answer["Content-Type"]) == (412, "text/html; charset=utf-8")
    return answer


def test_change_that_came_too_late_is_shown_beside_what_is_stored(world, signed_in):
    browser, path = signed_in("admin"), path_of(world, "vle", world.home.vle.pk)
    page = browser.get(path)
    rewritten(VLE.objects.filter(pk=world.home.vle.pk), name="<b>Theirs</b>", client_id=None)
    body = {"name": "Mine", "type": "0", "url": world.home.vle.url, "client_id": "c"}
    answer = too_late(browser, "put", path, encode_multipart(BOUNDARY, body), content_type=MULTIPART_CONTENT)
    assert rows_of(answer.text) == [["Name", "Mine", "&lt;b&gt;Theirs&lt;/b&gt;"], ["Client id", "c", "-"]]
    assert 'value="Mine"' in answer.text
    assert forms_of(answer.text) == {"PUT", "PATCH"}
    assert tags_of(answer.text) == {answer["ETag"]}
    assert answer["ETag"] != page["ETag"]
    assert not VLE.objects.filter(name="Mine").exists()


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ({"locale": "ca"}, [["Locale", "ca", "-"]]),
        ({"uid": "ann", "email": "ann@home.example.org", "password": "verysecret1", "password2": "verysecret1"}, []),
        ({"locale": "x_", "inst_admin": None, "nonsense": 1}, []),
    ],
)
def test_only_what_would_change_is_shown(body, rows, world, signed_in):
    browser, path = signed_in("admin"), path_of(world, "user", world.people["ann"].pk)
    browser.get(path)
    answer = too_late(browser, "patch", path, body, content_type="application/json")
    assert rows_of(answer.text) == rows
    assert ("All your values are stored already." in answer.text) == (not rows)
    assert "verysecret1" not in answer.text


def test_long_texts_are_shown_where_they_differ(world, signed_in):
    browser, same = signed_in("admin"), "<p>same</p>" * 100
    path = path_of(world, "ic", world.home.consent.pk, "document", "en")
    InformedConsentDocument.objects.update(html=f"{same}<p>theirs</p>{same}")
    browser.get(path)
    answer = too_late(browser, "patch", path, {"html": f"{same}<p>mine</p>{same}"}, content_type="application/json")
    ((_, mine, theirs),) = rows_of(answer.text)
    assert "&lt;p&gt;mine&lt;/p&gt;" in mine
    assert "&lt;p&gt;theirs&lt;/p&gt;" in theirs
    assert len(unescape(mine)) == len(unescape(theirs)) == 202


def test_deletion_that_came_too_late_can_be_sent_again(world, signed_in):
    browser, path = signed_in("admin"), path_of(world, "course", world.home.other_course.pk)
    browser.get(path)
    answer = too_late(browser, "delete", path, "")
    assert forms_of(answer.text) == {"DELETE"}
    assert tags_of(answer.text) == {answer["ETag"]}
    assert Course.objects.filter(pk=world.home.other_course.pk).exists()


@pytest.mark.parametrize("body", ["{broken", "[1]", "null", '{"name": {"a": [1]}, "type": []}'])
def test_nonsense_that_came_too_late_is_answered_with_a_page(body, world, signed_in):
    browser, path = signed_in("admin"), path_of(world, "vle", world.home.vle.pk)
    browser.get(path)
    too_late(browser, "put", path, body, content_type="application/json")


def test_actions_that_answer_a_row_send_its_state(world, signed_in):
    answer = signed_in("data").get(path_of(world, "learner", world.people["ann"].pk, "enrolment"))
    assert forms_of(answer.text) == {"DELETE"}
    assert tags_of(answer.text) == {answer["ETag"]}
