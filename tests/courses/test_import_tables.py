"""Tables as spreadsheets and other programs write them: `manage.py import_csv` takes them, or says what mends them."""

import csv
import gzip
import zipfile
from contextlib import closing
from datetime import date
from io import BytesIO, StringIO

import openpyxl
import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.imports import people as importing
from courses.imports import workbooks
from courses.imports.table_statistics import TableStatistics
from courses.models import Course, CourseInstructor, CourseLearner
from institutions.models import VLE, Instructor, User
from learners.models import Learner
from tests.world import rewritten

MESSAGE = "a number that a spreadsheet has shortened"


@pytest.fixture
def home(world):
    return world.home


@pytest.fixture
def run(home, tmp_path):
    """run("uid\\nn1\\n", "--dry-run"): standard output, the errors, and the rows of the result."""

    def imported(content, *options: str, name="people.csv"):
        file, result = tmp_path / name, tmp_path / "result.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        out, err = StringIO(), StringIO()
        call_command(
            "import_csv", file, "--institution", "HOME", "--result", result, *options, stdout=out, stderr=err,
            verbosity=0,
        )  # fmt: skip
        with result.open(encoding="utf-8-sig", newline="") as written:
            return out.getvalue().splitlines()[0], err.getvalue(), list(csv.reader(written))

    return imported


def workbook(*rows, formats=()) -> bytes:
    book, content = openpyxl.Workbook(), BytesIO()
    for row in rows:
        book.active.append(row)
    for cell, shown in formats:
        book.active[cell].number_format = shown
    book.save(content)
    return content.getvalue()


def person(uid: str) -> User:
    return User.objects.get(institution__acronym="HOME", uid=uid)


def attends(uid: str) -> set[str]:
    rows = CourseLearner.objects.filter(learner__user__uid=uid, institution__acronym="HOME")
    return {*rows.values_list("course__vle_course_id", flat=True)}


def teaches(uid: str) -> set[str]:
    rows = CourseInstructor.objects.filter(instructor__user__uid=uid, institution__acronym="HOME")
    return {*rows.values_list("course__vle_course_id", flat=True)}


# What spreadsheets make of a table.


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("uid\tfirst_name\nn1\tÅsa\n".encode(), ()),
        ("uid;first_name\r\nn1;Åsa\r\n".encode("utf-8-sig"), ()),
        ("sep=;\r\nuid;first_name\r\nn1;Åsa\r\n".encode(), ()),
        ("sep=,\r\nuid,first_name;;\r\nn1,Åsa\r\n".encode("utf-8-sig"), ("--column=first_name=first_name;;",)),
        ("uid\tfirst_name\r\nn1\tÅsa\r\n".encode("utf-16"), ()),
        ("uid,first_name\nn1,Åsa\n".encode("utf-16-le"), ()),
        ("uid,first_name\nn1,Åsa\n".encode("utf-16-be"), ()),
        ("uid;first_name\nn1;Åsa\n".encode("cp1252"), ("--encoding=windows-1252",)),
        ("uid,first_name\rn1,Åsa\r".encode(), ()),
        (b"\r\n  \n;;\nuid;first_name\nn1;\xc3\x85sa\n", ()),
        (b"UID;First name;;\r\nn1;\xc3\x85sa;;\r\n;;;\r\n   \r\n", ()),
        (gzip.compress("uid,first_name\nn1,Åsa\n".encode(), mtime=0), ()),
    ],
)  # fmt: skip
def test_encodings_and_separators(run, content, options):
    output, wrong, _ = run(content, *options)
    assert (output, wrong) == ("1 rows: 1 created, 0 updated, 0 unchanged, 0 refused", "")
    assert person("n1").first_name == "Åsa"


def test_short_rows_end_in_empty_cells_that_clear_nothing(run):
    User.objects.filter(uid="bob").update(password="!", login_allowed=False)
    output, wrong, _ = run("uid,first_name,last_name,role\nn1\nn2,Ann\nbob,Robert\n", "--clear-empty")
    assert (output, wrong) == ("3 rows: 2 created, 1 updated, 0 unchanged, 0 refused", "")
    assert (person("bob").first_name, person("bob").last_name) == ("Robert", "Home")


def test_a_quoted_line_break_belongs_to_its_cell(run):
    output, wrong, result = run('uid,first_name,last_name\nn1,"Ann\nghost,Maria",Lee\nn2,Bob,Roe\n')
    assert (output, wrong) == ("2 rows: 2 created, 0 updated, 0 unchanged, 0 refused", "")
    assert person("n1").first_name == "Ann ghost,Maria"
    assert person("n1").last_name == "Lee"
    assert [(row[0], row[4]) for row in result[1:]] == [("2", "Ann\nghost,Maria"), ("4", "Bob")]
    assert not User.objects.filter(uid="ghost").exists()


def test_a_line_break_in_what_identifies_is_refused(run):
    _, wrong, _ = run('uid,email\n"n1\nn2",a@home.example.org\n')
    assert wrong == "line 2: refused: uid: The control character U+000A is not allowed.\n"


def test_a_quote_that_is_never_closed_spoils_one_row(run):
    _, wrong, _ = run('uid,first_name\nn1,"Ann\nn2,Bob\n' + "".join(f"m,{'x' * 100}\n" for _ in range(700)) + "n3,\n")
    assert wrong == "line 2: refused: The line is no CSV: unexpected end of data.\n"
    assert person("n2").first_name == "Bob"
    assert person("n3")


@pytest.mark.parametrize(
    ("uid", "says"),
    [
        ("1.23457E+11", MESSAGE),
        ("123.457E+9", MESSAGE),
        ("123E+9", MESSAGE),
        ("12:30:00", "what a spreadsheet has made of the value"),
        ("TRUE", "what a spreadsheet has made of the value"),
        ('"1,23457E+11"', MESSAGE),
        ("1e+20", MESSAGE),
        ("#N/A", "what a spreadsheet has made of the value"),
        ("#NAME?", "what a spreadsheet has made of the value"),
        ("########", "what a spreadsheet has made of the value"),
    ],
)
def test_uids_that_a_spreadsheet_has_spoilt_are_refused(run, uid, says):
    output, wrong, _ = run(f"uid,first_name\n{uid},Ann\n{uid},Bob\nE5,Eve\n12E5,Ed\n")
    assert output == "4 rows: 2 created, 0 updated, 0 unchanged, 2 refused"
    assert wrong.count(says) == 2


def test_a_uid_with_decimals_is_warned_about(run):
    output, wrong, _ = run("uid\n1001.0\n")
    assert output == "1 rows: 1 created, 0 updated, 0 unchanged, 0 refused"
    assert wrong == "line 2: created: uid: 1001.0 looks like the number 1001 with decimals that a program has added.\n"


def test_whom_only_a_vle_has_told_of_is_the_institutions_from_then_on(run):
    """Then the VLE can rename the person no more."""
    User.objects.filter(uid__in=["bob", "eve", "ann", "member"]).update(
        brought_by_vle=7, password="!", login_allowed=False
    )
    output, _, _ = run("uid,role,email\nbob,,\neve,learner,\nann,boss,\nmember,,no address\n")
    assert output == "4 rows: 0 created, 0 updated, 2 unchanged, 2 refused"
    assert [person(uid).brought_by_vle for uid in ("bob", "eve", "ann", "member")] == [None, None, 7, 7]


def test_spellings_of_one_uid_and_one_address_are_one_person(run):
    output, wrong, _ = run(
        "uid,first_name,email\nÉlodie,Élodie,elo@home.example.org\n"
        "e\u0301LODIE\u200b,Élodie,ELO@home.example.org\nBOB,,\nn1,,Elo@Home.example.org\n"
    )
    assert output == "4 rows: 1 created, 1 updated, 1 unchanged, 1 refused"  # the address has another spelling
    assert wrong == "line 5: refused: email: This value is already taken.\n"


def test_a_locale_that_is_not_known_refuses_nobody(run):
    User.objects.filter(uid="bob").update(locale="ca", password="!", login_allowed=False)
    output, wrong, _ = run("uid,first_name,locale\nn1,Ann,english!\nbob,Robert,sr_latin_rs\n")
    assert output == "2 rows: 1 created, 1 updated, 0 unchanged, 0 refused"
    assert wrong.splitlines() == [
        "line 2: created: locale: not taken over, enter a language code such as en, ca or pt-BR."
    ]
    assert (person("n1").locale, person("bob").locale) == (None, "sr")


# Workbooks.


def test_a_workbook(run):
    content = workbook(
        ["uid", "First Name", "email", "role", None],
        [1001, "Ann", "ann2@home.example.org", "learner"],
        [],
        [7, "Zed", None, None],
        [1002.0, "Line\nbreak"],
        formats=(("A4", "00000"),),
    )
    output, wrong, result = run(content, name="people.xlsx")
    assert (output, wrong) == ("3 rows: 3 created, 0 updated, 0 unchanged, 0 refused", "")
    assert (person("1001").email, person("00007").first_name) == ("ann2@home.example.org", "Zed")
    assert person("1002").first_name == "Line break"
    assert [row[0] for row in result[1:]] == ["2", "4", "5"]


def test_numbers_that_have_lost_digits_and_dates_are_refused(run):
    _, wrong, _ = run(workbook(["uid"], [1234567890123456789], [date(2026, 2, 1)]), name="people.xlsx")
    assert [MESSAGE in line or "has made of the value" in line for line in wrong.splitlines()] == [True, True]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"is an old \(\.xls\) or encrypted workbook"),
        (b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "OpenDocument"),
        (b"%PDF-1.7", "is a PDF"),
        (b"PK\x03\x04 nothing", "is no workbook that can be read"),
        (b"\x1f\x8b broken", "cannot be read"),
        (b"\xff\xfeu\0i\0d", "lacks the column uid"),
        (b"\xff\xfeu\0i\0d\0\n", "cannot be read as utf-16"),
    ],
)
def test_other_files_are_refused_by_name(run, content, says):
    if "lacks" in says:
        content = content.replace(b"u", b"v")
        content += b"\0"
    with pytest.raises(CommandError, match=says):
        run(content, name="people.xlsx")


def _changed(content: bytes, part: str, text: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, text if name == part else old.read(name))
        if part not in old.namelist():
            new.writestr(part, text)
    return out.getvalue()


def test_workbooks_that_would_fill_the_memory_are_refused(run, monkeypatch):
    content = workbook(["uid"], ["n1"])
    sheet = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(BytesIO(content)) as archive:
        text = archive.read(sheet)
    monkeypatch.setattr(workbooks, "LONGEST_ROW", 100_000)
    monkeypatch.setattr(workbooks, "_CHUNK", 10_000)
    long_row = text.replace(b"</row>", b"<c><v>1</v></c>" * 20_000 + b"</row>", 1)
    far_row = text.replace(b'<row r="2"', b'<row r="99999999999"').replace(b'"A2"', b'"A99999999999"')
    monkeypatch.setattr(workbooks, "MOST_ROWS", 1_000)
    for changed, says in ((long_row, "too long a row"), (far_row, "more than 1,000 rows")):
        with pytest.raises(CommandError, match=says):
            run(_changed(content, sheet, changed), name="people.xlsx")
    for limit in ("MOST_SHEET_BYTES", "MOST_TEXT_BYTES", "MOST_OTHER_BYTES"):
        with monkeypatch.context() as patched:
            patched.setattr(workbooks, limit, 50)
            with pytest.raises(CommandError, match="is too large"):
                run(_changed(content, "xl/sharedStrings.xml", b" " * 100), name="people.xlsx")
    run(content, name="people.xlsx")


# Known kinds of tables.


def test_own_columns_in_any_spelling(run):
    run("E-Mail,U.I.D.,FIRST NAME,last-name\nann2@home.example.org,n1,Ann,Lee\n")
    assert (person("n1").email, person("n1").last_name) == ("ann2@home.example.org", "Lee")


def test_moodle_user_upload(run, home):
    Course.objects.create(institution=home.institution, vle=home.vle, vle_course_id="77", code="HIST")
    output, wrong, _ = run(
        "username,password,firstname,lastname,email,idnumber,lang,course1,role1,course2,type2,enrolstatus2,cohort1,"
        "profile_field_x,deleted,suspended\n"
        "annlee,Secret1!,Ann,Lee,ann2@home.example.org,1001,es_mx,HIST,,c2,2,,g,x,0,0\n"
        "bobroe,,Bob,Roe,,1002,,HIST,editingteacher,c1,,1,,,,\n"
        "gone,,Gone,Roe,,1003,,HIST,,,,,,,1,\n"
        "eve,,Eve,Roe,,1004,,HIST,manager,c2,,,,,,\n"
        "nobody,,No,Body,,,,,,,,,,,,\n"
        "away,,Away,Roe,,1005,,HIST,,,,,,,,1\n"
    )
    assert output == "6 rows: 3 created, 0 updated, 0 unchanged, 1 refused, 2 skipped"
    assert wrong.splitlines() == [
        "line 4: skipped: the row says deleted 1; imports take nothing away.",
        "line 5: created: HIST: the role manager is none of this service, so not a member of it.",
        "line 6: refused: uid: missing, idnumber is empty here. --column uid=username takes username.",
        "line 7: skipped: the row says suspended 1; imports take nothing away.",
    ]
    assert (attends("1004"), teaches("1004")) == ({"c2"}, set())
    assert (attends("1001"), teaches("1001")) == ({"77"}, {"c2"})
    assert (attends("1002"), teaches("1002")) == (set(), {"77"})
    assert (person("1001").locale, person("1001").has_usable_password()) == ("es_mx", False)


def test_moodle_with_an_empty_idnumber_says_which_column_helps(run):
    _, wrong, _ = run("username,idnumber\nu1,\n")
    assert wrong == "line 2: refused: uid: missing, idnumber is empty here. --column uid=username takes username.\n"


def test_moodle_without_idnumber_and_with_another_column(run):
    rows = "username,firstname,email\nannlee,Ann,ann2@home.example.org\n"
    run(rows)
    assert person("annlee").first_name == "Ann"
    run(rows.replace("ann2", "ann3"), "--column", "uid=email")
    assert person("ann3@home.example.org").first_name == "Ann"


ONEROSTER_1_1 = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,"
)
ONEROSTER_1_1 += "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
ONEROSTER_1_2 = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,"
ONEROSTER_1_2 += "identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,"
ONEROSTER_1_2 += "preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns,metadata.x\n"


def test_oneroster(run):
    output, _, _ = run(
        ONEROSTER_1_1 + "u1,active,,true,o,student,ann,,Ann,Lee,,,,,,,,secret\n"
        "u2,active,,true,o,teacher,bob,,Bob,Roe,,,,,,,,\n"
        "u3,tobedeleted,,true,o,student,c,,C,D,,,,,,,,\n"
        "u4,active,,true,o,parent,d,,D,E,,,,,,,,\n"
        "u6,active,,false,o,student,f,,F,G,,,,,,,,\n"
    )
    assert output == "5 rows: 2 created, 0 updated, 0 unchanged, 0 refused, 3 skipped"
    assert (hasattr(person("u1"), "learner"), hasattr(person("u2"), "instructor")) == (True, True)
    run(ONEROSTER_1_2 + "u5,,,true,eve,,Eve,Fox,,,,,,,,,,,,,,,,\n")
    assert (person("u5").first_name, hasattr(person("u5"), "learner")) == ("Eve", False)
    output, wrong, _ = run(
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n"
        "e1,active,,c1,s,u1,student,,,\ne2,active,,C2,s,u2,teacher,true,,\ne3,tobedeleted,,c1,s,u2,teacher,,,\n"
        "e4,active,,c1,s,u9,student,,,\ne5,active,,c9,s,u1,student,,,\ne6,active,,c1,s,u1,proctor,,,\n"
    )
    assert output == "6 rows: 0 created, 2 updated, 0 unchanged, 2 refused, 2 skipped"
    assert "uid: nobody in the institution has it; import the people first." in wrong
    assert "course: the VLE has no course with this id." in wrong
    assert (attends("u1"), teaches("u2")) == ({"c1"}, {"c2"})
    assert not User.objects.filter(uid__in=["u3", "u4", "u9"]).exists()


def test_canvas(run):
    output, _, _ = run(
        "user_id,integration_id,login_id,password,first_name,last_name,full_name,sortable_name,short_name,email,status\n"
        "k1,,ann,,Ann,Lee,,,,ann2@home.example.org,active\nk2,,bob,,,,,,,,deleted\n"
        "k4,,cat,,,,,,,,suspended\n"
    )
    assert output == "3 rows: 1 created, 0 updated, 0 unchanged, 0 refused, 2 skipped"
    run("user_id,login_id,full_name,status\nk3,eve,Eva Maria Fox,active\n")
    assert (person("k3").first_name, person("k3").last_name) == ("Eva Maria", "Fox")
    output, _, _ = run(
        "course_id,user_id,role,section_id,status\nc1,k1,student,,active\nc1,k3,ta,,active\nc2,k1,student,,completed\n"
        "c2,k1,observer,,active\n,k1,student,s1,active\n"
    )
    assert output == "5 rows: 0 created, 2 updated, 0 unchanged, 1 refused, 2 skipped"
    assert (attends("k1"), teaches("k3")) == ({"c1"}, {"c1"})


def test_the_vle_of_a_table_that_names_none(run, home):
    other = VLE.objects.create(institution=home.institution, name="Second")
    Course.objects.create(institution=home.institution, vle=other, vle_course_id="x", code="X")
    rows = "user_id,course_id,role,status\nann,x,student,active\n"
    with pytest.raises(CommandError, match="name their VLE, one of Moodle, Second"):
        run(rows)
    run(rows, "--vle", "Second")
    assert "x" in attends("ann")
    _, wrong, _ = run("uid,role,course\nbob,learner,x\n", "--vle", "Only theirs")
    assert wrong == "line 2: refused: vle: the institution has no VLE of this name.\n"


def test_a_code_that_several_courses_have_names_none(run, home):
    for number in "12":
        Course.objects.create(institution=home.institution, vle=home.vle, vle_course_id=number, code="SAME")
    _, wrong, _ = run("username,course1\nann,SAME\n")
    assert wrong == "line 2: refused: course: the VLE has no course with this id.\n"


# Columns that are not known.


def test_unknown_columns_are_mapped_or_passed_over(run):
    rows = "Matricola;Nome;Facoltà\nn1;Ann;Law\n"
    with pytest.raises(CommandError) as refused:
        run(rows)
    for word in ("Matricola, Nome, Facoltà", "uid, first_name, last_name", "--column uid=NAME", "Moodle", "OneRoster"):
        assert word in str(refused.value)
    with pytest.raises(CommandError, match=r"'Nome', 'Facoltà'.*--column FIELD=COLUMN.*--ignore COLUMN"):
        run(rows, "--column", "uid=matricola")
    run(rows, "--column", "uid=matricola", "--column", "first_name=Nome", "--ignore", "Facoltà")
    assert person("n1").first_name == "Ann"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--column", "uid=Nothing"], "has no column 'Nothing'. It has: uid, first_name"),
        (["--ignore", "Nothing"], "has no column 'Nothing'"),
        (["--column", "inst_admin=uid"], "write FIELD=COLUMN, where FIELD is one of uid"),
        (["--column", "uid"], "write FIELD=COLUMN"),
        (["--ignore", "uid"], "lacks the column uid"),
        (["--delimiter", "|"], "one of , ; and tab"),
        (["--encoding", "utf-7"], "invalid choice"),
    ],
)
def test_wrong_options(run, options, says):
    with pytest.raises(CommandError, match=says):
        run("uid,first_name\nn1,Ann\n", *options)


def test_two_columns_for_one_field(run):
    with pytest.raises(CommandError, match="more than once: uid, U-ID"):
        run("uid,U-ID\n1,2\n")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans without statistics")
def test_statistics_wait_for_nobody(db):
    """Another import has made its own, in a transaction that takes long."""
    table = User._meta.db_table
    with closing(psycopg2.connect(**connection.get_connection_params())) as other, other.cursor() as theirs:
        theirs.execute(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
        TableStatistics(User).rows_added(1)


# The result can be repaired and imported again.


def test_a_result_can_be_imported_again(run, tmp_path):
    names = ["=1+1", "'=x", "''=x", "'plain", "-", "plain"]
    rows = "".join(f"{name},{name},boss\n" for name in names)
    _, _, result = run(f"uid,first_name,role\n{rows}")
    assert {row[1] for row in result[1:]} == {"refused"}
    text = (tmp_path / "result.csv").read_text()
    output, wrong, again = run(text.replace("boss", "learner"))
    assert (output, wrong) == ("6 rows: 6 created, 0 updated, 0 unchanged, 0 refused", "")
    assert {*User.objects.filter(first_name__in=names).values_list("uid", flat=True)} == {*names}
    assert again[0] == ["line", "status", "reasons", "uid", "first_name", "role"]
    assert [row[3:5] for row in again[1:]] == [row[3:5] for row in result[1:]]


def test_apostrophes_of_another_table_stay(run):
    run("uid,first_name\nn1,'=x\n")
    assert person("n1").first_name == "'=x"


def test_a_result_of_canvas_keeps_its_own_status(run, tmp_path):
    run("course_id,user_id,role,status\nc1,nobody,student,active\n")
    text = (tmp_path / "result.csv").read_text(encoding="utf-8-sig")
    assert text.startswith("line,status,reasons,course_id,user_id,role,status")
    output, _, _ = run(text.replace("nobody", "eve"))
    assert output == "1 rows: 0 created, 1 updated, 0 unchanged, 0 refused"


# Sets of rows.


def everything() -> list:
    tables = (User, Learner, Instructor, CourseLearner, CourseInstructor, Course)
    return [list(model.objects.order_by("pk").values()) for model in tables]


TWICE = (
    "uid,first_name,email,role,vle,course\nn1,Ann,one@home.example.org,learner,Moodle,c1\n"
    "n2,Bob,ONE@home.example.org,,,\nn1,Ann,,,,\nn1,Anna,two@home.example.org,both,Moodle,c2\n"
    "n3,Cat,one@home.example.org,,,\nbob,Robert,eve@home.example.org,,,\neve,Eva,moved@home.example.org,,,\n"
    "bob,Robert,eve@home.example.org,,,\neve,Eva,,learner,Moodle,c1\neve,Eva,,learner,Moodle,c1\n"
)


@pytest.mark.parametrize("together", [1, 2, 500])
def test_rows_mean_the_same_however_many_are_written_together(run, monkeypatch, together):
    monkeypatch.setattr(importing, "ROWS_TOGETHER", together)
    User.objects.filter(uid__in=["bob", "eve"]).update(password="!", login_allowed=False)
    before = everything()
    dry = run(TWICE, "--dry-run")
    assert everything() == before
    real = run(TWICE)
    assert real == dry
    assert [row[1] for row in real[2][1:]] == [
        "created", "refused", "unchanged", "updated", "created",
        "refused", "updated", "updated", "updated", "unchanged",
    ]  # fmt: skip
    assert (person("n1").email, person("n3").email) == ("two@home.example.org", "one@home.example.org")
    assert (person("bob").email, person("eve").email) == ("eve@home.example.org", "moved@home.example.org")


def test_two_people_exchange_their_addresses(run):
    User.objects.filter(uid__in=["bob", "eve"]).update(password="!", login_allowed=False)
    run("uid,email\nbob,free@home.example.org\neve,bob@home.example.org\nbob,eve@home.example.org\n")
    assert (person("bob").email, person("eve").email) == ("eve@home.example.org", "bob@home.example.org")


@pytest.mark.parametrize("option", ["--dry-run", "--all-or-nothing"])
def test_a_dry_run_reads_only(run, option):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        try:
            run(
                "uid,first_name,role,vle,course\nn1,Ann,learner,Moodle,c1\neve,Eva,both,Moodle,c2\nn2,,boss,,\n", option
            )
        except CommandError:
            assert option == "--all-or-nothing"
    statements = [query["sql"] for query in captured]
    assert len(statements) > 3
    assert [sql for sql in statements if not sql.startswith("SELECT") or "FOR UPDATE" in sql] == []


def test_a_person_who_is_changed_meanwhile_is_read_again(run, monkeypatch):
    User.objects.filter(uid="bob").update(password="!", login_allowed=False)
    write, others = importing._write, ["Mallory"]

    def late(*arguments):
        if others:
            rewritten(User.objects.filter(uid="bob"), first_name="Late", last_name=others.pop())
        write(*arguments)

    monkeypatch.setattr(importing, "_write", late)
    output, _, _ = run("uid,first_name\nbob,Robert\nn1,Ann\n")
    assert output == "2 rows: 1 created, 1 updated, 0 unchanged, 0 refused"
    assert (person("bob").first_name, person("bob").last_name) == ("Robert", "Mallory")


def test_a_password_that_is_given_meanwhile_keeps_names(run, monkeypatch):
    User.objects.filter(uid="bob").update(password="!", login_allowed=False)
    write = importing._write

    def late(*arguments):
        User.objects.filter(uid="bob").update(password="pbkdf2_sha256$1$x$y")
        write(*arguments)

    monkeypatch.setattr(importing, "_write", late)
    _, wrong, _ = run("uid,first_name\nbob,Robert\n")
    assert wrong.startswith("line 2: unchanged: first_name: not taken over")
    assert person("bob").first_name == "Bob"


def test_the_number_of_statements_does_not_grow_with_the_rows(run):
    def statements(numbers) -> tuple[int, int]:
        rows = "".join(f"n{n},Ann,n{n}@home.example.org,both,Moodle,c{n % 2 + 1}\n" for n in numbers)
        with CaptureQueriesContext(connection) as captured:
            run("uid,first_name,email,role,vle,course\n" + rows)
            first = len(captured)
            run("uid,first_name,email,role,vle,course\n" + rows.replace("Ann", "Eve"))
        return first, len(captured) - first

    few = statements(range(2))
    assert statements(range(10, 40)) == few
    assert max(few) < 40
