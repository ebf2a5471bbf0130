"""The console's page that imports tables of people: who may, the steps, the errors to repair, what stays."""

import csv
import gzip
import re
import sqlite3
import zipfile
from datetime import timedelta
from io import BytesIO, StringIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import BaseCommand, call_command
from django.db import OperationalError
from django.utils import timezone

from console import imports as page
from courses.imports import jobs
from courses.imports.dialects import FIELDS
from courses.imports.tables import DELIMITER_WORDS, ENCODINGS, Limits
from courses.management.commands.import_csv import Command
from courses.models import CourseLearner, Import, ImportPart, ImportTrial
from institutions.models import User
from tests.world import rewritten
from trail.models import Line

TABLE = "uid,first_name,role,vle,course\nn1,Ann,learner,Moodle,c1\neve,Eva,both,,\nn2,Bob,boss,,\n=n3,=1,,,\n"


class Browser:
    """An administrator's browser on the pages of the imports."""

    def __init__(self, client, institution) -> None:
        self.client, self.home = client, f"/console/{institution.pk}/imports/"
        self.at = self.home

    def get(self, path: str = ""):
        return self.client.get(path or self.at)

    def post(self, values: dict, path: str = ""):
        token = str(self.client.get(self.home).context["csrf_token"])
        if values.get("action") == "run":
            values = {"version": Import.objects.latest("pk").version} | values
        answer = self.client.post(path or self.at, {**values, "csrfmiddlewaretoken": token})
        if answer.status_code == 302:
            self.at = answer["Location"]
        return answer

    def upload(self, content: str | bytes, name: str = "people.csv", **values):
        data = content.encode() if isinstance(content, str) else content
        return self.post({"file": SimpleUploadedFile(name, data), **values}, self.home)

    def check(self, **changes):
        """Send the form with the columns as the page has filled it in, but for the changes."""
        shown = self.get().context
        fields = {field: place for field, _, place in shown["fields"]}
        columns = {f"column-{field}": changes.pop(field, place) for field, place in fields.items()}
        left_out = changes.pop("left_out", [place for place, _, is_left_out in shown["unknown"] if is_left_out])
        return self.post({"action": "check", **columns, "leave-out": left_out, **changes})

    def wait(self):
        """Load the page until it has nothing to do any more."""
        for _ in range(50):
            answer = self.get()
            if not answer.context["is_working"]:
                return answer
        raise AssertionError("The import does not end.")


def archive(*names: str) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name in names:
            file.writestr(name, "uid\n1\n")
    return content.getvalue()


@pytest.fixture
def browser(signed_in, world):
    Import.objects.all().delete()  # the world's own
    return Browser(signed_in("admin"), world.home.institution)


def errors(browser, name: str = "errors.csv") -> str:
    answer = browser.client.get(f"{browser.at}{name}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert "no-store" in answer["Cache-Control"]
    return b"".join(answer.streaming_content).decode()


def test_upload_check_and_import(browser, world):
    User.objects.filter(institution=world.home.institution, uid="eve").update(password="!", login_allowed=False)
    before = User.objects.count()
    assert browser.upload(TABLE).status_code == 302
    shown = browser.get()
    assert shown.context["kind"] == "own columns"
    assert [place for _, _, place in shown.context["fields"]] == ["0", "1", "", "", "", "2", "3", "4"]
    browser.check()
    assert browser.get().context["is_working"] is False  # the first page has done all there was
    shown = browser.wait()
    assert shown.context["job"].state == "checked"
    assert shown.context["counts"] == {
        "created": 2, "updated": 1, "unchanged": 0, "refused": 1,
    }  # fmt: skip
    assert "line 4" not in shown.content.decode()
    assert "role: one of learner, instructor, both, or nothing." in shown.content.decode()
    assert User.objects.count() == before  # a check writes nothing
    browser.post({"action": "run"})
    done = browser.wait()
    assert done.context["job"].state == "done"
    assert done.context["counts"] == {
        "created": 2, "updated": 1, "unchanged": 0, "refused": 1,
    }  # fmt: skip
    assert User.objects.filter(institution=world.home.institution, uid="=n3", first_name="=1").exists()
    link = CourseLearner.objects.get(course=world.home.course, learner__user__uid="n1")
    assert (link.added_by, link.added_by_id) == ("import", world.people["admin"].pk)
    assert not ImportTrial.objects.exists()


def test_the_errors_are_a_table_that_can_be_repaired_and_uploaded(browser):
    User.objects.filter(uid="eve").update(password="!", login_allowed=False)
    browser.upload(TABLE.replace("=n3,=1,,", "=n3,=1,boss,"))
    browser.check()
    browser.wait()
    text = errors(browser)
    rows = list(csv.reader(StringIO(text.removeprefix("\ufeff"))))
    assert rows[0] == ["line", "status", "reasons", "uid", "first_name", "role", "vle", "course"]
    assert [row[:2] + row[3:6] for row in rows[1:]] == [
        ["4", "refused", "n2", "Bob", "boss"], ["5", "refused", "'=n3", "'=1", "boss"],
    ]  # fmt: skip
    browser.upload(text.replace(",boss,", ",learner,"), "repaired.csv")
    browser.check()
    browser.wait()
    browser.post({"action": "run"})
    assert browser.wait().context["counts"]["created"] == 2
    assert User.objects.filter(uid="=n3", first_name="=1", learner__isnull=False).exists()


# The control of the page for each option of `import_csv`: its name in a form, or the last word of a link.
OPTIONS = {
    "file": {"file"},
    "institution": set(),  # in the address
    "column": {f"column-{field}" for field in FIELDS},
    "ignore": {"leave-out"},
    "vle": {"of_vle"},
    "delimiter": {"delimiter"},
    "encoding": {"encoding"},
    "dry_run": {"check"},
    "all_or_nothing": {"all_or_nothing"},
    "clear_empty": {"clears"},
    "result": {"result.csv"},
    "template": {"template.csv"},
}


def test_the_page_offers_what_the_command_does(browser):
    options = {action.dest for action in Command().create_parser("manage.py", "import_csv")._actions}
    options -= {action.dest for action in BaseCommand().create_parser("manage.py", "any")._actions}
    assert options == OPTIONS.keys()
    home = browser.get().text
    browser.upload("uid,Nome\nn1,Ann\n")
    browser.check(left_out=["1"])
    shown = home + browser.wait().text
    found = {*re.findall(r'<(?:input|select)[^>]* name="([\w-]+)"', shown)} - {"version", "csrfmiddlewaretoken"}
    found |= {*re.findall(r' name="action" value="(\w+)"', shown)} - {"run", "delete"}
    found |= {*re.findall(r'/imports/(?:\d+/)?([\w.]+)"', shown)} - {"errors.csv"}
    assert found == {name for names in OPTIONS.values() for name in names}
    for name, offered in (("encoding", ENCODINGS), ("delimiter", DELIMITER_WORDS)):
        (select,) = re.findall(rf'<select id="{name}".*?</select>', home, re.DOTALL)
        assert re.findall(r"<option>(.*?)</option>", select) == [*offered]


def test_the_template_can_be_uploaded(browser):
    answer = browser.client.get(f"{browser.home}template.csv")
    content = b"".join(answer.streaming_content)
    assert answer["Content-Disposition"] == 'attachment; filename="people.csv"'
    browser.upload(content)
    assert browser.get().context["kind"] == "own columns"


def test_a_delimiter_can_be_named(browser):
    wrong = browser.upload("uid\nn1\n", delimiter="|")
    assert (wrong.status_code, wrong.context["wrong"]) == (400, "There is no such delimiter.")
    browser.upload("uid;first_name\nn1;Ann\n", delimiter=",")
    assert Import.objects.latest("pk").columns == ["uid;first_name"]
    browser.upload("uid\tfirst_name\nn1\tAnn\n", delimiter="tab")
    assert Import.objects.latest("pk").columns == ["uid", "first_name"]


def test_the_result_is_that_of_the_command_and_can_be_imported_again(browser, tmp_path):
    """All rows with their outcomes, letter for letter, whatever is in their cells."""
    User.objects.filter(uid="eve").update(password="!", login_allowed=False)
    content = 'uid;first_name;role\nn1;=1;learner\neve;\'@x;\n=n2;"a\nb; c";boss\n\u00fc3;\u00c5;\nn4;;;;x\nn5;\x00;\n'
    file, result = tmp_path / "people.csv", tmp_path / "result.csv"
    file.write_text(content)
    call_command(
        "import_csv", file, "--institution", "HOME", "--dry-run", "--result", result, stdout=StringIO(),
        stderr=StringIO(), verbosity=0,
    )  # fmt: skip
    browser.upload(content)
    browser.check()
    browser.wait()
    assert errors(browser, "result.csv") == result.read_text()
    assert Line.objects.filter(verb="export", resource="console/import-result").count() == 1
    browser.post({"action": "run"})
    browser.wait()
    text = errors(browser, "result.csv")
    assert text == result.read_text()  # what was announced
    browser.upload(text.replace("boss", "learner"), "repaired.csv")
    browser.check()
    browser.wait()
    browser.post({"action": "run"})
    assert browser.wait().context["counts"] == {"created": 1, "updated": 0, "unchanged": 3, "refused": 2}
    assert User.objects.get(uid="=n2").first_name == "a b; c"
    assert User.objects.filter(uid="eve", first_name="'@x").exists()


def test_all_or_nothing(browser, world):
    browser.upload(TABLE)
    browser.check(all_or_nothing="on")
    shown = browser.wait()
    assert "so nothing is imported" in shown.text
    assert 'value="run"' not in shown.text
    assert browser.post({"action": "run"}).status_code == 409
    before = User.objects.count()
    browser.upload(TABLE.replace("boss", "learner"))
    browser.check(all_or_nothing="on")
    seen = browser.wait().context["job"].version
    browser.check()  # somebody else wants those that can be imported
    browser.wait()
    assert browser.post({"action": "run", "version": seen}).status_code == 409
    browser.check(all_or_nothing="on")
    browser.wait()
    browser.post({"action": "run"})
    assert browser.at.endswith("?begun")
    shown = browser.get()  # says that the work begins, and does nothing
    assert (shown.context["is_working"], User.objects.count()) == (True, before)
    browser.at = browser.at.removesuffix("?begun")
    assert f'url={browser.at}"' in shown.text
    assert browser.wait().context["counts"] == {"created": 3, "updated": 1, "unchanged": 0, "refused": 0}
    assert User.objects.count() == before + 3


def test_all_or_nothing_takes_everything_back(browser, world, monkeypatch):
    """A row is refused that the check has not refused: somebody else has the address meanwhile."""
    monkeypatch.setattr(jobs, "ROWS_TOGETHER", 2)
    browser.upload("uid,email\nn1,\nn2,\nn3,n3@home.example.org\nn4,\nann,\n")
    browser.check(all_or_nothing="on")
    browser.wait()
    browser.post({"action": "run"})
    browser.at = browser.at.removesuffix("?begun")
    rewritten(User.objects.filter(pk=world.people["bob"].pk), email="n3@home.example.org")
    before = User.objects.count()
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "_alone", lambda job: False)  # another page deals with it
        assert browser.get().context["is_working"]
    shown = browser.wait()
    assert User.objects.count() == before
    assert shown.context["job"].state == "checked"
    assert shown.context["counts"] == {
        "created": 0, "updated": 0, "unchanged": 1, "refused": 1, "not written": 3,
    }  # fmt: skip
    assert 'value="run"' not in shown.text
    statuses = [row[1] for row in csv.reader(StringIO(errors(browser, "result.csv")))]
    assert statuses == ["status", "not written", "not written", "refused", "not written", "unchanged"]


def test_columns_that_are_not_known_are_chosen(browser):
    browser.upload("Matricola;Nome\nn1;Ann\n", "elenco.csv")
    shown = browser.get()
    assert shown.context["kind"] == ""
    assert [place for _, _, place in shown.context["fields"]] == [""] * 8
    refused = browser.check()
    assert (refused.status_code, refused.context["wrong"]) == (400, "Choose the column with the uid.")
    for place in ("9", "9" * 5000, "\u0660", "-1", "x"):
        assert browser.check(uid=place).status_code == 400, place[:9]
        assert browser.check(uid="0", left_out=[place]).status_code == 400, place[:9]
    browser.check(uid="0", left_out=["1"])
    shown = browser.wait()
    assert shown.context["unknown"] == [("1", "Nome", True)]
    browser.check(first_name="1")  # a column that is for a field is not left out
    browser.wait()
    browser.post({"action": "run"})
    browser.wait()
    assert User.objects.get(uid="n1").first_name == "Ann"


def test_what_becomes_of_each_column_is_said_before_the_check(browser):
    browser.upload("uid;Nome;Note;note;;department\nn1;Ann;1;2;3;4\n", "elenco.csv")
    assert [name for _, name, _ in browser.get().context["unknown"]] == ["Nome", "Note", "note", "department"]
    refused = browser.check(first_name="1", left_out=["5"])
    assert refused.status_code == 400
    assert refused.context["wrong"] == (
        "elenco.csv has columns that are not taken: 'Note', 'note'. It has: uid, Nome, Note, note, department. Wanted "
        "are uid, first_name, last_name, email, locale, role, vle, course; no file gives administrative rights or "
        "passwords. Choose the field of each of them, or leave it out."
    )
    # What was chosen is still there, and nothing of it is stored.
    assert {field: place for field, _, place in refused.context["fields"]}["first_name"] == "1"
    assert [(place, is_left_out) for place, _, is_left_out in refused.context["unknown"]] == [
        ("2", False), ("3", False), ("5", True),
    ]  # fmt: skip
    job = Import.objects.latest("pk")
    assert (job.state, job.mapping) == ("uploaded", {"uid": "uid"})
    browser.check(first_name="1", left_out=["2", "3", "5"])
    assert browser.wait().context["counts"]["created"] == 1
    refused = browser.check(left_out=["2", "3"])  # again, with other columns
    assert refused.status_code == 400
    assert 'value="run"' not in refused.content.decode()


def test_columns_that_other_programs_write_are_known(browser):
    browser.upload("username,firstname,department,profile_field_x,nick\nn1,Ann,a,b,c\n")
    shown = browser.get().context
    assert (shown["kind"], shown["passed"]) == ("Moodle user upload", ["department", "profile_field_x"])
    assert [name for _, name, _ in shown["unknown"]] == ["nick"]
    assert "'nick'" in browser.check().context["wrong"]


def test_the_vle_of_courses_is_chosen(browser, world):
    home = world.home
    home.institution.vles.create(name="Second")
    browser.upload("user_id,course_id,role,status\nann,c2,student,active\n")
    refused = browser.check()
    assert (refused.status_code, refused.context["wrong"]) == (
        400, "The table has courses: name their VLE, one of Moodle, Second.",
    )  # fmt: skip
    assert browser.check(of_vle="Nowhere").status_code == 400
    browser.check(of_vle="Moodle")
    browser.wait()
    browser.post({"action": "run"})
    browser.wait()
    assert CourseLearner.objects.filter(course=home.other_course, learner__user__uid="ann").exists()


def test_a_workbook_is_read(browser):
    book, content = openpyxl.Workbook(), BytesIO()
    for row in (["uid", "first_name"], [1001, "Ann"]):
        book.active.append(row)
    book.save(content)
    browser.upload(content.getvalue(), "people.xlsx")
    browser.check()
    assert browser.wait().context["job"].counts == {"created": 1}


def test_passwords_are_not_kept(browser):
    browser.upload(
        "user_id,login_id,status,Password,ssha_password\nn1,n1,active,hunter2,{SSHA}x\n,n2,active,hunter2,\n"
    )
    shown = browser.get()
    assert shown.context["secret"] == ["Password", "ssha_password"]
    browser.check()
    page = browser.wait().text
    for text in (shown.text, page, errors(browser), errors(browser, "result.csv"), str(ImportPart.objects.values())):
        assert "n1" in text or "n2" in text
        assert "hunter2" not in text
        assert "SSHA}" not in text


@pytest.mark.parametrize(
    ("content", "name", "values", "says"),
    [
        (b"", "a.csv", {}, "a.csv is empty."),
        (b"\xd0\xcf\x11\xe0 old", "a.xls", {}, "old (.xls) or encrypted workbook"),
        (archive("a/enrollments.csv", "a/users.csv"), "a.zip", {}, "import a/users.csv, then a/enrollments.csv."),
        (archive("people.csv"), "a.zip", {}, "unpack it and import the table of people in it."),
        ("\n<HTML><table>".encode("utf-16"), "a.xls", {}, "is a web page or XML"),
        (b"PK\x03\x04 broken", "a.xlsx", {}, "is no workbook that can be read"),
        (b"uid,uid\n1,2\n", "a.csv", {}, "has the column uid more than once."),
        (b"uid\nn1\n", "a.csv", {"encoding": "utf-7"}, "There is no such encoding."),
        (
            b"u\xe9id\nn1\n",
            "a.csv",
            {},
            "line 1: The line is not UTF-8: name the file's encoding, such as windows-1252.",
        ),
    ],
)
def test_files_that_are_refused(browser, content, name, values, says):
    answer = browser.upload(content, name, **values)
    assert answer.status_code == 400
    assert says in answer.context["wrong"]
    assert not Import.objects.exists()


def test_no_file_and_too_large_a_file(browser, monkeypatch):
    assert browser.post({}, browser.home).context["wrong"] == "Choose a file."
    monkeypatch.setattr(page, "MOST_BYTES", 1000)
    monkeypatch.setattr(page, "FORM_BYTES", 0)
    assert browser.upload("uid\n" + "x" * 2000).status_code == 413
    monkeypatch.setattr(page, "FORM_BYTES", 64 * 1024)
    monkeypatch.setattr(jobs, "MOST_BYTES", 1000)
    assert browser.upload("uid\n" + "x" * 2000).status_code == 400
    monkeypatch.setattr(jobs, "MOST_ROWS", 2)
    assert "more than 2 rows" in browser.upload("uid\n1\n2\n3\n").context["wrong"]
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("uid\nn1\n" + "\n" * 100, "has more than 50 lines."),
        ("uid\n" + f"{'x' * 999}\n" * 40 + "\n" * 9, "has more than 0 MB, unpacked."),
        ("x" * 40_000, "has more than 0 MB, unpacked."),
    ],
)
def test_what_is_packed_counts_as_it_is_unpacked(browser, monkeypatch, content, says):
    monkeypatch.setattr(jobs, "LIMITS", Limits(size=30_000, lines=50))
    for name, data in (("a.csv", content.encode()), ("a.csv.gz", gzip.compress(content.encode()))):
        answer = browser.upload(data, name)
        assert (answer.status_code, answer.context["wrong"]) == (400, f"{name} {says}")
    assert not Import.objects.exists()


def test_a_form_of_another_site_is_refused(browser):
    answer = browser.client.post(browser.home, {"file": SimpleUploadedFile("a.csv", b"uid\nn1\n")})
    assert answer.status_code == 403
    assert not Import.objects.exists()


@pytest.mark.parametrize("who", ["global", "data", "teacher", "stranger"])
def test_only_administrators_of_the_institution_write(who, browser, signed_in):
    browser.upload(TABLE)
    other, status = signed_in(who), 404 if who == "stranger" else 403
    token = {"csrfmiddlewaretoken": other.cookies["csrftoken"].value}
    for path, values in ((browser.at, {"action": "delete"}), (browser.home, {"file": BytesIO(b"uid\nn1\n")})):
        answer = other.post(path, values | token)
        assert (answer.status_code, answer.context["status"]) == (status, status)
    for path in (f"{browser.at}errors.csv", f"{browser.at}result.csv", f"{browser.home}template.csv"):
        assert other.get(path).status_code == status
    assert Import.objects.get().state == "uploaded"


def test_an_import_of_another_institution_is_unknown(browser, world):
    theirs = Import.objects.create(institution=world.away.institution, filename="theirs.csv", state="checked")
    for path in ("", "errors.csv", "result.csv"):
        assert browser.client.get(f"{browser.home}{theirs.pk}/{path}").status_code == 404
    assert browser.post({"action": "delete"}, f"{browser.home}{theirs.pk}/").status_code == 404
    assert "theirs.csv" not in browser.client.get(browser.home).content.decode()
    assert Import.objects.filter(pk=theirs.pk).exists()


def test_people_and_courses_of_another_institution_are_out_of_reach(browser, world):
    away = world.away
    away.vle.name = "Only theirs"
    away.vle.save()
    before = list(User.objects.filter(institution=away.institution).order_by("pk").values())
    members = CourseLearner.objects.filter(institution=away.institution).count()
    browser.upload("uid,first_name,role,vle,course\nbob,Robert,learner,Only theirs,c1\nbob,Robert,,,\n")
    assert browser.get().context["vles"] == ["Moodle"]
    browser.check()
    browser.wait()
    browser.post({"action": "run"})
    browser.wait()
    assert list(User.objects.filter(institution=away.institution).order_by("pk").values()) == before
    assert CourseLearner.objects.filter(institution=away.institution).count() == members


def test_each_part_is_imported_once_however_often_the_page_loads(browser, world, monkeypatch):
    monkeypatch.setattr(jobs, "ROWS_TOGETHER", 2)
    monkeypatch.setattr(page, "SECONDS", 0)
    browser.upload("uid\n" + "".join(f"n{number}\n" for number in range(7)))
    browser.check()
    assert [browser.get().context["job"].rows_done for _ in range(4)] == [2, 4, 6, 7]
    browser.wait()
    browser.post({"action": "run"})
    job = Import.objects.get()
    stale = Import.objects.get()
    assert jobs.import_step(job=job)
    part = stale.parts.get(number=0)
    assert not jobs._advanced(stale, len(part.rows))  # another process has done it
    assert browser.wait().context["job"].counts == {"created": 7}


def test_a_check_knows_what_earlier_parts_would_do(browser, world, monkeypatch):
    monkeypatch.setattr(jobs, "ROWS_TOGETHER", 1)
    User.objects.filter(institution=world.home.institution, uid="eve").update(password="!", login_allowed=False)
    browser.upload(
        "uid,first_name,email\nn1,Ann,one@home.example.org\nn2,Bob,ONE@home.example.org\nn1,Ann,\nn1,Anna,\n"
        "eve,Eva,\neve,Eva,\n"
    )
    browser.check()
    assert browser.wait().context["job"].counts == {"created": 1, "refused": 1, "unchanged": 2, "updated": 2}
    browser.post({"action": "run"})
    assert browser.wait().context["job"].counts == {"created": 1, "refused": 1, "unchanged": 2, "updated": 2}


def test_a_busy_database_makes_the_page_try_again(browser, monkeypatch):
    browser.upload(TABLE)
    browser.check()

    def busy(**values):
        reason = sqlite3.OperationalError("database is locked")
        reason.sqlite_errorname = "SQLITE_BUSY"
        raise OperationalError("database is locked") from reason

    with monkeypatch.context() as patched:
        patched.setattr(page, "import_steps", busy)
        answer = browser.get()
    assert answer.status_code == 200
    assert answer.context["busy"]
    assert 'http-equiv="refresh"' in answer.content.decode()
    assert browser.wait().context["job"].state == "checked"


def test_who_went_on_elsewhere_is_told(browser):
    browser.upload(TABLE)
    assert browser.post({"action": "run"}).status_code == 409  # it was not checked
    browser.check()
    browser.wait()
    browser.post({"action": "run"})
    assert browser.post({"action": "check", "column-uid": "0"}).status_code == 409
    browser.wait()
    assert browser.post({"action": "run"}).status_code == 409


def test_what_is_imported_is_what_was_looked_at(browser):
    """Somebody else has checked the same import with other columns meanwhile."""
    browser.upload("uid,matricula,first_name\nqq1,rr1,Q\n")
    browser.check(left_out=["1"])
    seen = browser.wait().context["job"].version
    browser.check(uid="1", left_out=["0"])
    assert browser.wait().context["job"].version != seen
    answer = browser.post({"action": "run", "version": seen})
    assert answer.status_code == 409
    assert "with other columns" in answer.content.decode()
    assert not User.objects.filter(uid__in=("qq1", "rr1")).exists()


def test_what_is_deleted_while_a_page_works_on_it_is_gone(browser, monkeypatch):
    browser.upload(TABLE)
    browser.check()
    steps = page.import_steps

    def late(**values):
        Import.objects.all().delete()
        steps(**values)

    monkeypatch.setattr(page, "import_steps", late)
    assert browser.get().status_code == 404


def test_vles_that_have_changed_meanwhile_are_asked_for_again(browser, world):
    browser.upload("user_id,course_id,role,status\nann,c2,student,active\n")
    browser.check()
    world.home.institution.vles.create(name="Second")
    shown = browser.wait()
    assert shown.context["job"].state == "uploaded"
    browser.check(of_vle="Moodle")
    assert browser.wait().context["job"].counts == {"updated": 1}


def test_deleting_and_what_is_old(browser, world):
    browser.upload(TABLE)
    at = browser.at
    browser.post({"action": "delete"})
    assert browser.client.get(at).status_code == 404
    assert not ImportPart.objects.exists()
    browser.upload(TABLE)
    Import.objects.update(updated_at=timezone.now() - timedelta(days=8))
    browser.client.get(browser.home)
    assert not Import.objects.exists()


def test_there_are_not_too_many(browser, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_IMPORTS", 1)
    browser.upload(TABLE)
    assert browser.upload(TABLE).status_code == 409
    assert Import.objects.count() == 1


def test_only_administrators_have_the_link(signed_in, browser):
    home = browser.home.removesuffix("imports/")
    assert browser.home in browser.client.get(home).content.decode()
    assert browser.home not in signed_in("legal").get(home).content.decode()
