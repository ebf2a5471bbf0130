"""The trail as a page: sentences, names that lead to more lines, the table for spreadsheets, and who opened it."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from console.trail import OF_FILES, VERBS, thing
from courses.models import Course
from courses.queries import course_text
from institutions.models import Instrument
from kernel.filters import TYPED
from kernel.recording import Entry, Origin, command, record
from tests.console.conftest import offered
from tests.console.test_lists import HOSTILE
from tests.lines import details_of
from tests.world import PAST
from trail.models import Key, Line

CHANGES = {"last_name": ["Lee", HOSTILE], "send": [None, {"a": [1, True]}]}
PASSWORD = {"signed_in": "password", "address": "192.0.2.1", "request_id": "r-1"}


@pytest.fixture
def written(world):
    """What was done and seen in the home institution, by callers of all kinds."""
    home, people = world.home, world.people
    ids = f"{home.institution.pk}/{home.course.pk}/{home.activity.pk}"
    ann, data, at = people["ann"].pk, people["data"].pk, home.institution.pk
    admin = Origin("person", data, "home-data", **PASSWORD)
    report, learner = "institution/course/activity/report", "institution/learner"
    record(
        Entry("read", report, f"{ids}/{home.report.pk}", at, ann, {"rows": 1}),
        Entry("read", report, ids, at, None, {"rows": 3, "asked": {"search": ["ann"]}}, sealed=True),
        Entry("update", learner, f"{at}/{ann}", at, ann, CHANGES, sealed=True),
        Entry("sign-in", "auth", 1, at, data),
        by=admin,
    )  # fmt: skip
    record(Entry("update", "admin/user", ann, at, ann, {"password": [None, None]}, sealed=True),
           by=Origin("admin", people["global"].pk, "root", **PASSWORD))  # fmt: skip
    record(Entry("capture", "lapi/verification", "1/2", at, ann), by=Origin("learner", ann, "home-ann"))
    record(Entry("read", "files/request", 5, at, ann), by=Origin("vle", home.vle.pk, "its id", "approle"))
    record(Entry("import", "people", institution=at, details={"new": 2, "text": "x" * 99}), by=command("import_csv"))
    record(Entry("sign-in failed", "auth", 1, at, ann), by=Origin(address="192.0.2.9"))
    record(Entry("read", learner, "", world.away.institution.pk, None, {"rows": 1}), by=admin)


def shown(page) -> list[tuple[str, ...]]:
    """(what was done, values, how) of each line, as text, the latest first."""
    lines = page.context["table"].lines
    return [tuple(unescape(re.sub(r"<[^>]*>", "", str(value))) for _, value in line.cells[1:]) for line in lines]


def test_sentences(world, written, signed_in, address):
    page = signed_in("data").get(address("trail/"))
    said = {line[0]: line[1:] for line in shown(page) if "Data Home signed in" not in line[0]}
    changed, imported = "Data Home changed a learner: Ann Home", "The command import_csv imported people"
    listed = "Data Home read the list of reports"
    assert said.keys() == {
        "Somebody failed to sign in: Ann Home",
        imported,
        f"The VLE {world.home.vle.name} read a file (captured sample of a request): Ann Home",
        "Ann Home sent a sample for an assessment",
        "The global administrator root changed an account: Ann Home",
        changed,
        listed,
        "Data Home read a report: Ann Home",
    }
    assert said["The global administrator root changed an account: Ann Home"][0] == "password changed"
    assert said[imported] == (f"new: 2; text: {'x' * 80}\N{HORIZONTAL ELLIPSIS}", "on the server")
    assert said[listed] == ("3 rows; asked for: search ann", "with the password from 192.0.2.1")
    assert said[changed][0].endswith("send: \N{EN DASH} \N{RIGHTWARDS ARROW} a 1, yes")
    assert HOSTILE not in page.text
    assert "Lee \N{RIGHTWARDS ARROW} &lt;script" in page.text
    assert said["Somebody failed to sign in: Ann Home"][1] == "from 192.0.2.9"
    assert said["Ann Home sent a sample for an assessment"][1] == "\N{EN DASH}"


def test_numbers_in_values_have_their_names_and_never_those_of_another_institution(world, signed_in, address):
    """People, courses, groups, activities and instruments; whoever writes such a line may have named a stranger."""
    home, away, fr = world.home, world.away, Instrument.objects.get(pk=1)
    Course.objects.filter(pk=home.course.pk).update(start=PAST)

    def values(of) -> dict:
        return {
            "course": [None, of.course.pk], "parent": [of.group.pk, None], "activity": [of.activity.pk, 0],
            "assignee": [None, of.people["data"].pk], "set_by_id": [of.people["admin"].pk, None],
            "instruments": [[1], [1, 10**9]], "vle": [None, of.vle.pk], "number": [1, of.course.pk],
            "asked": {"learner": [str(of.people["ann"].pk)], "search": ["x"]},
        }  # fmt: skip

    for of in (home, away):
        record(
            Entry("update", "institution/vle", "1", home.institution.pk, None, values(of)),
            by=Origin("person", world.people["data"].pk, "x"),
        )
    browser = signed_in("data")
    with CaptureQueriesContext(connection) as queries:
        page = browser.get(address("trail/?verb=update"))
    assert len(queries) <= 12
    of_home, of_away = sorted((line[1] for line in shown(page)), key=len, reverse=True)
    for words in (
        f"course: \N{EN DASH} \N{RIGHTWARDS ARROW} {home.course.pk} ({course_text(home.course.code, '', PAST)})",
        f"parent: {home.group.pk} ({home.group.name})", f"activity: {home.activity.pk} ({home.activity.name})",
        f"{home.people['data'].pk} (Data Home)", f"set by id: {home.people['admin'].pk} (Admin Home)",
        f"instruments: 1 ({fr.name}) \N{RIGHTWARDS ARROW} 1 ({fr.name}), {10**9};",
        f"vle: \N{EN DASH} \N{RIGHTWARDS ARROW} {home.vle.pk} ({home.vle.name})",
        f"number: 1 \N{RIGHTWARDS ARROW} {home.course.pk};", f"learner {home.people['ann'].pk} (Ann Home), search x",
    ):  # fmt: skip
        assert words in of_home
    assert re.findall(r"\((.*?)\)", of_away) == [fr.name, fr.name]


def test_what_is_put_into_something_is_not_made(written, signed_in, address, world):
    home = world.home
    by, link = Origin("person", world.people["data"].pk, "home-data", **PASSWORD), f"{home.institution.pk}/1/2"
    record(Entry("delete", "institution/group/course", link, home.institution.pk), by=by)
    record(Entry("create", "vle/course/learner", link, home.institution.pk, world.people["ann"].pk), by=by)
    said = [line[0] for line in shown(signed_in("data").get(address("trail/")))]
    assert "Data Home took out a course of a group" in said
    assert "Data Home put in a learner of a course: Ann Home" in said


def test_what_told_of_somebody_whose_account_is_gone(world, written, signed_in, address):
    browser = signed_in("data")
    world.people["ann"].delete()
    said = shown(browser.get(address("trail/?verb=update&actor_kind=person,admin")))
    assert ("Data Home changed a learner: somebody whose account is gone", "no longer readable") in [
        line[:2] for line in said
    ]
    assert not Key.objects.filter(person_id=world.people["ann"].pk).exists()


def test_names_of_another_institutions_people_are_not_shown(world, signed_in, address):
    home, stranger = world.home.institution.pk, world.away.people["ann"].pk
    record(Entry("read", "institution/learner", "", home, stranger), by=Origin("person", stranger))
    page = signed_in("data").get(address(f"trail/?person_id={stranger}"))
    assert [line[0] for line in shown(page)] == ["somebody whose account is gone read the list of learners"]


def test_names_lead_to_more_lines(world, written, signed_in, address):
    browser, ann = signed_in("data"), world.people["ann"].pk
    page = browser.get(address("trail/")).text
    links = {
        link.replace("&amp;", "&").replace("%2C", ",")
        for link in re.findall(r'<a href="(\?[^"]*(?:actor|person)_id=[^"]*)"', page)
    }
    of_ann = {f"?person_id={ann}", f"?actor_kind=person,launched,learner,admin&actor_id={ann}"}
    assert links >= {*of_ann, f"?actor_kind=vle&actor_id={world.home.vle.pk}"}
    for link in of_ann:
        found = shown(browser.get(address("trail/") + link))
        assert found
        assert all("Ann Home" in line[0] for line in found)
    assert f"{address('trail/')}?person_id={ann}" in browser.get(address("learners/{ann}/")).text
    assert "trail/" not in signed_in("admin").get(address("learners/{ann}/")).text


def test_opening_the_page_and_the_table_are_lines(world, written, signed_in, address):
    browser, home = signed_in("data"), world.home.institution.pk
    browser.get(address("trail/?verb=update"))
    line = Line.objects.latest("pk")
    assert (line.verb, line.resource, line.row_key) == ("read", "console/trail", str(home))
    assert details_of(line) == {"rows": {f"institution/trail {home}": 2}, "asked": {"verb": [TYPED]}}
    assert shown(browser.get(address("trail/?resource=console/trail")))[-1][:2] == (
        "Data Home read the console's page \N{LEFT DOUBLE QUOTATION MARK}trail\N{RIGHT DOUBLE QUOTATION MARK}",
        "shown: the list of lines of the trail (2 rows); asked for: verb (a text)",
    )
    export = re.search(r'href="(/api/v2/[^"]*export/[^"]*)"', browser.get(address("trail/?verb=update")).text)
    answer = browser.get(export[1])
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert len(b"".join(answer).decode().splitlines()) == 3
    assert Line.objects.latest("pk").resource == "institution/trail/export"
    assert "export/?" not in browser.get(address("trail/")).text


def test_people_are_found_by_what_they_are_called(world, written, signed_in, address):
    browser = signed_in("data")
    sent = "Ann Home sent a sample for an assessment"
    found = browser.get(address("trail/?person_id-search=ann+home"))
    ((ann, name),) = offered(found, "person_id").items()
    assert (name, "any; found: 1" in found.text) == ("Ann Home (ann)", True)
    chosen = browser.get(address(f"trail/?person_id={ann}"))
    of_ann = [line[0] for line in shown(chosen)]
    assert len(of_ann) == 6
    assert all(text.endswith(": Ann Home") or text == sent for text in of_ann)
    assert offered(chosen, "person_id") == {ann: name}  # what a link has chosen has its name, too
    assert [line[0] for line in shown(browser.get(address(f"trail/?actor_id={ann}")))] == [sent]
    of_vle = browser.get(address(f"trail/?actor_kind=vle&actor_id={world.home.vle.pk}"))
    assert offered(of_vle, "actor_id") == {str(world.home.vle.pk): world.home.vle.name}
    foreign = browser.get(address(f"trail/?actor_kind=vle&actor_id={world.away.vle.pk}&person_id={'9' * 18}"))
    assert (offered(foreign, "actor_id"), offered(foreign, "person_id")) == ({}, {})


def test_what_lines_are_about_is_chosen_in_words(written, signed_in, address):
    browser = signed_in("data")
    resources = {words: value for value, words in offered(browser.get(address("trail/")), "resource").items()}
    assert [words for words in resources if re.search(r"[/_]|^$", words)] == []
    about_learners = shown(browser.get(address(f"trail/?resource={resources['Learners']}")))
    assert about_learners
    assert all("learner" in line[0] for line in about_learners)
    ((said, *_),) = shown(browser.get(address(f"trail/?resource={resources['A sample for an assessment']}")))
    assert said == "Ann Home sent a sample for an assessment"


def test_wrong_filters_are_shown(signed_in, address):
    page = signed_in("data").get(address("trail/?person_id=x&written_at__gte=never"))
    assert page.status_code == 400
    assert page.text.count('aria-invalid="true"') == 2


def test_instants_of_the_boxes_are_taken(written, signed_in, address):
    browser = signed_in("data")
    assert shown(browser.get(address("trail/?written_at__gte=2020-01-01T10:30")))
    assert not shown(browser.get(address("trail/?written_at__lte=2020-01-01T10:30")))


def test_statements_do_not_grow_with_the_lines(written, signed_in, address):
    browser, costs = signed_in("data"), []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address("trail/")).status_code == 200
        costs.append(len(queries))
        record(*[Entry("create", "institution/group", n, Line.objects.last().institution_id) for n in range(9)],
               by=Origin("person", 1, "x"))  # fmt: skip
    assert costs[0] == costs[1] <= 12


@pytest.mark.parametrize(
    ("resource", "row", "verb", "words"),
    [
        ("institution/learner/enrolment", "1/2", "read", "the enrolment"),
        ("institution/learner", "1", "read", "the list of learners"),
        ("institution/learner", "1", "create", "a learner"),
        ("admin/user", "7", "read", "an account"),
        ("files/alert", "7", "read", "a file (alert data)"),
        ("files/removed", "7", "read", "a file (removed)"),
        ("pages/institutions/user", "7", "update", "user in the administration pages"),
        ("pages/unknown", "7", "update", "unknown in the administration pages"),
        ("pages/old/thing", "7", "update", "old thing in the administration pages"),
        ("something/else", "7", "update", "something else"),
    ],
)
def test_things_have_words(resource, row, verb, words):
    assert thing(resource, row, verb) == words


def test_every_verb_of_the_code_and_every_kind_of_file_has_words():
    assert {"read", "create", "update", "delete", "merge", "credentials", "sign-in failed"} <= VERBS.keys()
    assert OF_FILES["audit_made"]
