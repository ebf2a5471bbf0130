"""Lists as files: every row that is found and no other, as text, safe for spreadsheets, and one line of the trail."""

import csv
import re
from io import BytesIO, StringIO

import openpyxl
import pytest
from django.http import QueryDict

from console import exports
from console.exports import text_of
from console.templatetags.console import instant, level
from console.words import DEMONSTRATED, LEVEL_WORDS
from institutions.models import Provider, User
from kernel.filters import TYPED
from reports.arithmetic import Level
from tests.captures import FR, PLAG
from tests.console.conftest import downloads
from tests.console.test_access import MATRIX
from tests.console.test_lists import BELOW, PAGES
from tests.contract.filling import fill
from tests.lines import details_of
from tests.reports.work import Work
from trail.models import Line

FORMULA = "=cmd|'/C calc'!A0"
BETWEEN_RESULTS = re.compile(r"; |, (?=[A-Z][a-z])")
SAYS_RESULT = re.compile(rf".*\d %.*|({'|'.join([*LEVEL_WORDS.values()][Level.OK :])})( .*)?")


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


def read(answer) -> list[list[str]]:
    """The rows of a file, its labels first."""
    assert answer.status_code == 200
    content = answer.getvalue()
    if answer["Content-Type"].startswith("text/csv"):
        return list(csv.reader(StringIO(content.decode("utf-8-sig"))))
    sheet = openpyxl.load_workbook(BytesIO(content)).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n"}  # "n": empty
    return [[str(cell.value or "") for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize("kind", exports.FORMATS)
def test_all_pages_of_the_filtered_list(kind, world, admin, address, monkeypatch):
    monkeypatch.setattr(exports, "PART", 7)
    fill(world, 30)
    shown = admin.get(address("learners/"), {"limit": "100", "search": "a", "ordering": "-uid"})
    names = [str(line.cells[0][1]) for line in shown.context["table"].lines]
    assert len(names) > 14
    link = downloads(shown)[kind]
    assert QueryDict(link[1:]) == QueryDict(f"search=a&ordering=-uid&download={kind}")  # not the page's limit
    before = Line.objects.count()
    answer = admin.get(address("learners/") + link)
    labels, *rows = read(answer)
    assert labels == ["Name", "Institution's id", "E-mail", "Informed consent", "Accepted", "Joined"]
    assert [row[0] for row in rows] == names
    name = f"learners-{world.home.institution.pk}.{kind}"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "no-store" in answer["Cache-Control"]
    (line,) = Line.objects.order_by("pk")[before:]
    assert (line.verb, line.resource, line.actor_id) == ("export", "console/learners", world.people["admin"].pk)
    details = details_of(line)
    assert (details["rows"], details["format"], details["asked"]["search"]) == (len(names), kind, [TYPED])


@pytest.mark.parametrize("kind", exports.FORMATS)
def test_formulas_and_controls_are_text(kind, world, admin, address):
    ann = world.home.people["ann"]
    ann.first_name, ann.last_name = FORMULA, ""
    ann.save()
    found = [row[0] for row in read(admin.get(address("learners/"), {"download": kind}))]
    assert f"'{FORMULA}" in found
    if kind == "xlsx":
        rows = iter([["a\x0bb", "x" * 40_000]])
        with exports.workbook(["A", "B"], rows) as file:
            sheet = openpyxl.load_workbook(file).active
        assert sheet["A2"].value == "ab"
        assert len(sheet["B2"].value) == exports.LONGEST


@pytest.mark.parametrize("who", ["global", "admin", "legal", "data", "send", "member", "stranger"])
def test_who_may_not_open_a_list_may_not_take_it_away(who, world, signed_in, address):
    browser = signed_in(who)
    for page in [*(f"{page}/" for page in PAGES), *BELOW, "trail/"]:
        shown, answer = browser.get(address(page)), browser.get(address(page), {"download": "csv"})
        assert answer.status_code == shown.status_code, page
        if shown.status_code == 200 and shown.context["table"] is not None:
            columns = [column for column in shown.context["table"].listing.columns if not column.only_shown]
            rows = read(answer)
            more = len(rows) - 1 - shown.context["table"].count
            assert more == 0 or (page == "trail/" and more == 1), page  # the page that was opened is a line, too
            assert {len(row) for row in rows} == {len(columns)}
            assert "<" not in "".join(map("".join, rows)), page
    assert MATRIX["vles/"][4] == 403


def test_results_and_levels_of_a_demonstration_are_labelled_in_every_list(world, admin, address):
    """In the file as on the page: each cell that says a result, or a level that was concluded from some."""
    work = Work(world.home)
    work.answer(work.request(PLAG), result=0.1, by=work.plag)
    work.answer(work.request(FR), result=0.9)
    pages = [page.replace("{report}", str(work.report().pk)) for page in [*(f"{page}/" for page in PAGES), *BELOW]]

    def said() -> list[str]:
        answers = [admin.get(address(page), {"download": "csv"}) for page in pages]
        found = [read(answer) for answer in answers if answer.status_code == 200]
        cells = [part for _, *rows in found for row in rows for cell in row for part in BETWEEN_RESULTS.split(cell)]
        return [cell for cell in cells if SAYS_RESULT.fullmatch(cell)]

    assert not [cell for cell in said() if DEMONSTRATED in cell]
    Provider.objects.filter(pk=work.plag.pk).update(is_demonstration=True)
    real = [cell for cell in said() if DEMONSTRATED not in cell]
    assert [cell for cell in real if "Face" not in cell] == []
    assert len(real) == 2  # in the lists of reports, and of requests
    Provider.objects.filter(pk=work.fr.pk).update(is_demonstration=True)
    assert [cell for cell in said() if DEMONSTRATED not in cell] == []


def test_wrong_filters_and_other_formats_show_the_page(world, admin, address):
    assert admin.get(address("people/"), {"roles": "ROOT", "download": "csv"}).status_code == 400
    assert "text/html" in admin.get(address("people/"), {"download": "pdf"})["Content-Type"]


def test_too_many_rows_for_xlsx_are_told(world, admin, address, monkeypatch):
    monkeypatch.setattr(exports, "XLSX_ROWS", 2)
    answer = admin.get(address("learners/"), {"download": "xlsx", "search": "home"}, follow=True)
    assert "3 rows are too many for xlsx, which takes 2: use CSV, or filters." in answer.text
    assert answer.redirect_chain == [(f"{address('learners/')}?search=home", 302)]
    assert not Line.objects.filter(verb="export").exists()


def test_list_that_is_refused_meanwhile_breaks_off(world, admin, address, monkeypatch):
    monkeypatch.setattr(exports, "PART", 2)
    parts = admin.get(address("learners/"), {"download": "csv"}).streaming_content
    User.objects.filter(pk=world.people["admin"].pk).update(inst_admin=False)
    monkeypatch.setattr("kernel.http.client.ApiClient.get", lambda *_: type("Refused", (), {"status": 403}))
    with pytest.raises(exports.ExportFailedError, match="403 after 0 rows"):
        b"".join(parts)


def test_texts_of_cells():
    assert text_of(level(4)) == "Alert"
    assert text_of(instant("2026-05-03T09:00:00Z")) == "2026-05-03T09:00:00+00:00"
    assert text_of("a < b & c") == "a < b & c"
    assert re.fullmatch(r"1 Alert 2 OK", text_of(level.__globals__["level_counts"]({4: 1, 2: 2})))


@pytest.mark.parametrize("kind", exports.FORMATS)
def test_tables_that_are_no_list_of_the_api(kind, world, admin, signed_in, address, monkeypatch):
    failed = {
        "provider": 1, "provider_name": FORMULA, "instrument": "Faces", "activity": 1, "activity_name": "Essay",
        "course": 1, "course_code": "C1", "course_number": "c1", "course_start": None, "failed": 2, "unanswered": 0,
    }  # fmt: skip
    monkeypatch.setattr("console.views.providers_failing", lambda *_, **__: [dict(failed)])
    found = {}
    for browser, page in (
        (admin, address("failing/")),
        (admin, address("imports/")),
        (signed_in("global"), "/console/"),
    ):
        assert f'href="?download={kind}"' in browser.get(page).text
        before = Line.objects.count()
        found[page], told = read(browser.get(page, {"download": kind})), Line.objects.order_by("pk")[before:]
        assert [(line.verb, details_of(line)["format"]) for line in told] == [("export", kind)], page
    failing, imports, institutions = found.values()
    assert failing[1] == [f"'{FORMULA}", "Faces", "Essay", "C1", "2", "0"]
    assert [imports[0][0], imports[1][0]] == ["File", world.home.job.filename]
    assert {row[0] for row in institutions[1:]} >= {world.home.institution.name, world.away.institution.name}
