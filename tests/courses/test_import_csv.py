"""`manage.py import_csv`: who is created, changed and left unchanged, which rows are refused, and the output."""

import csv
import stat
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, transaction

from courses.imports import people as importing
from courses.imports.dialects import COLUMNS
from courses.models import Course, CourseInstructor, CourseLearner
from institutions.models import VLE, FormerUid, Instructor, User
from kernel import repeats
from learners.models import Learner
from tests.lines import details_of
from tests.world import rewritten
from trail.models import Line

IGNORED = "not taken over, the person holds administrative rights or may sign in."


@pytest.fixture
def home(world):
    world.home.institution.mail_domain = "home.example.org, other.example.org"
    world.home.institution.save()
    return world.home


@pytest.fixture
def run(home, tmp_path):
    """run("uid,email", "1,a@x.org", "--dry-run"): standard output, the errors, and the rows of the result."""

    def imported(header: str, *lines: str, institution="HOME", encoding="utf-8", verbosity=0):
        options = [line for line in lines if line.startswith("--")]
        rows = [line for line in lines if not line.startswith("--")]
        file, result = tmp_path / "people.csv", tmp_path / "result.csv"
        file.write_bytes("".join(f"{line}\r\n" for line in [header, *rows]).encode(encoding, "surrogateescape"))
        result.unlink(missing_ok=True)
        out, err = StringIO(), StringIO()
        call_command(
            "import_csv", file, "--institution", institution, "--result", result, *options,
            stdout=out, stderr=err, verbosity=verbosity,
        )  # fmt: skip
        return out.getvalue(), err.getvalue(), read(result)

    return imported


def read(path) -> list[list[str]]:
    return list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))


def person(uid: str, institution="HOME") -> User:
    return User.objects.get(institution__acronym=institution, uid=uid)


def lines_about(who: User, verb: str) -> list:
    """What the trail tells of the person, sealed."""
    lines = Line.objects.filter(person_id=who.pk, verb=verb, resource="institution/user").order_by("pk")
    assert all(line.row_key == f"{who.institution_id}/{who.pk}" for line in lines)
    return [details_of(line) for line in lines]


def everything() -> dict[str, list[dict]]:
    tables = (User, Learner, Instructor, CourseLearner, CourseInstructor, Course, VLE)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in tables}


def test_new_people_with_roles_and_courses(home, run):
    output, wrong, result = run(
        "uid,first_name,last_name,email,locale,role,vle,course",
        "n1,Ann,Lee,Ann.Lee@home.example.org,pt-BR,learner,Moodle,c1",
        "n2,Bob,,,,instructor,Moodle,c1",
        "n3,,,,,both,Moodle,c2",
        "n4,,,,,Learner,,",
        "n5,Åsa,,asa@other.example.org,,,,",
    )
    assert (output, wrong) == ("5 rows: 5 created, 0 updated, 0 unchanged, 0 refused\n", "")
    ann = person("n1")
    assert (ann.first_name, ann.last_name, ann.email, ann.locale) == ("Ann", "Lee", "Ann.Lee@home.example.org", "pt-BR")
    assert [person(uid).username for uid in ("n1", "n2", "n5")] == [
        "ann.lee@home.example.org", "HOME-n2", "asa@other.example.org",
    ]  # fmt: skip
    made = [person(f"n{number}") for number in range(1, 6)]
    assert lines_about(made[2], "create") == [
        {"uid": [None, "n3"], "roles": [[], ["instructor", "learner"]]}
        | {f"{role}_of": [None, [home.other_course.pk]] for role in ("instructor", "learner")}
    ]
    assert not any(each.has_usable_password() or each.login_allowed or each.has_flag for each in made)
    assert [hasattr(each, "learner") for each in made] == [True, False, True, True, False]
    assert [hasattr(each, "instructor") for each in made] == [False, True, True, False, False]
    assert CourseLearner.objects.filter(course=home.course, learner=ann.pk, institution=home.institution).exists()
    assert CourseInstructor.objects.filter(course=home.course, instructor=made[1].pk).exists()
    assert CourseLearner.objects.filter(course=home.other_course, learner=made[2].pk).exists()
    assert CourseInstructor.objects.filter(course=home.other_course, instructor=made[2].pk).exists()
    assert result[0] == ["line", "status", "reasons", *COLUMNS]
    assert result[1] == [
        "2",
        "created",
        "",
        "n1",
        "Ann",
        "Lee",
        "Ann.Lee@home.example.org",
        "pt-BR",
        "learner",
        "Moodle",
        "c1",
    ]
    assert [row[:2] for row in result[1:]] == [[str(line), "created"] for line in range(2, 7)]


def test_a_result_is_written_where_one_is_asked_for(home, tmp_path):
    file, out = tmp_path / "people.csv", StringIO()
    file.write_text("uid,role\nn1,learner\n")
    call_command("import_csv", file, "--institution", "HOME", stdout=out, verbosity=0)
    assert out.getvalue() == "1 rows: 1 created, 0 updated, 0 unchanged, 0 refused\n"
    assert hasattr(person("n1"), "learner")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["people.csv"]


def test_a_second_run_changes_nothing(run):
    rows = (
        "uid,first_name,role,vle,course",
        "n1,Ann,learner,Moodle,c1",
        "n1,Ann,learner,Moodle,c2",
        "n2,Bob,both,Moodle,c1",
    )
    run(*rows)
    before = everything()
    output, wrong, _ = run(*rows)
    assert (output, wrong) == ("3 rows: 0 created, 0 updated, 3 unchanged, 0 refused\n", "")
    assert everything() == before


def test_people_are_changed_as_the_file_says_and_an_empty_cell_says_nothing(home, run):
    bob = home.people["bob"]
    bob.set_unusable_password()
    bob.locale, bob.login_allowed = "en", False
    bob.save()
    output, wrong, result = run("uid,first_name,last_name,email,locale", "bob,Robert,,new@home.example.org,", "eve,,,,")
    assert (output, wrong) == ("2 rows: 0 created, 1 updated, 1 unchanged, 0 refused\n", "")
    after = person("bob")
    assert (after.first_name, after.last_name, after.email, after.locale) == (
        "Robert", "Home", "new@home.example.org", "en",
    )  # fmt: skip
    assert (after.pk, after.username) == (bob.pk, "home-bob")
    assert [row[1] for row in result[1:]] == ["updated", "unchanged"]
    assert lines_about(bob, "update") == [{"first_name": ["Bob", "Robert"], "email": [bob.email, after.email]}]


def test_empty_cells_clear_when_that_is_asked_for(home, run):
    bob = home.people["bob"]
    bob.set_unusable_password()
    bob.locale, bob.login_allowed = "en", False
    bob.save()
    output, _, _ = run("uid,first_name,email,locale,role", "bob,,,,", "n1,,,,", "--clear-empty")
    assert output == "2 rows: 1 created, 1 updated, 0 unchanged, 0 refused\n"
    after = person("bob")
    assert (after.first_name, after.last_name, after.email, after.locale) == ("", "Home", None, None)
    assert hasattr(after, "learner")  # roles are given, never taken


def test_roles_and_courses_are_added_to_people_who_are_there(home, run):
    output, _, result = run(
        "uid,role,vle,course",
        "eve,learner,Moodle,c1",
        "member,both,,",
        "teacher,learner,Moodle,c1",
        "ann,learner,Moodle,c1",
        "ann,,,",
    )
    assert output == "5 rows: 0 created, 3 updated, 2 unchanged, 0 refused\n"
    assert [row[1] for row in result[1:]] == ["updated"] * 3 + ["unchanged"] * 2
    assert CourseLearner.objects.filter(course=home.course, learner__user__uid__in=["eve", "teacher"]).count() == 2
    assert hasattr(person("member"), "learner")
    assert hasattr(person("member"), "instructor")
    eve, member = (lines_about(person(uid), "update") for uid in ("eve", "member"))
    assert eve == [{"learner_of": [None, [home.course.pk]]}]
    assert member == [{"roles": [[], ["instructor", "learner"]]}]
    assert not lines_about(person("ann"), "update")


@pytest.mark.parametrize("uid", ["admin", "legal", "data", "send", "teacher"])  # the provider admits teachers
def test_names_and_mail_of_who_holds_a_flag_are_not_taken_over(home, run, uid):
    User.objects.filter(uid=uid).update(password="!", login_allowed=False)
    before = person(uid)
    output, wrong, result = run(
        "uid,first_name,last_name,email,locale,role", f"{uid},Eve,{before.last_name},eve@home.example.org,ca,learner"
    )
    assert output == "1 rows: 0 created, 1 updated, 0 unchanged, 0 refused\n"
    after = person(uid)
    assert (after.first_name, after.last_name, after.email) == (before.first_name, before.last_name, before.email)
    assert (after.locale, hasattr(after, "learner")) == ("ca", True)
    assert wrong == f"line 2: updated: email: {IGNORED} first_name: {IGNORED}\n"
    assert result[1][2] == f"email: {IGNORED} first_name: {IGNORED}"
    assert run("uid,first_name", f"{uid},Eve")[:2] == (
        "1 rows: 0 created, 0 updated, 1 unchanged, 0 refused\n", f"line 2: unchanged: first_name: {IGNORED}\n",
    )  # fmt: skip


def test_names_and_mail_of_who_has_a_password_are_not_taken_over(run):
    before = person("ann")
    assert before.has_usable_password()
    _, wrong, _ = run("uid,email,first_name", "ann,thief@home.example.org,Mallory")
    assert (person("ann").email, person("ann").first_name) == (before.email, before.first_name)
    assert "line 2: unchanged: email: not taken over" in wrong


def test_a_former_uid_means_the_person_and_makes_nobody(home, run):
    bob = home.people["bob"]
    User.objects.filter(pk=bob.pk).update(password="!", login_allowed=False)
    FormerUid.objects.create(institution=home.institution, person=bob, uid_key="1001b")
    before = everything()
    rows = "uid,last_name,role", "1001B,Newer,learner", "bob,Newest,", "1001b,Newest,"
    said = "3 rows: 0 created, 2 updated, 1 unchanged, 0 refused\n"
    assert run(*rows, "--dry-run")[0].startswith(said)
    assert everything() == before
    output, wrong, result = run(*rows)
    assert (output, person("bob").last_name, User.objects.count()) == (said, "Newest", len(before["User"]))
    assert result[1][1:3] == ["updated", "uid: 1001B is a former uid, the person is known as bob now."]
    assert "line 4: unchanged: uid: 1001b is a former uid" in wrong


def test_a_global_administrator_is_never_written(world, home, run):
    rewritten(User.objects.filter(pk=world.people["global"].pk), institution=home.institution, uid="boss")
    before = everything()
    _, wrong, _ = run("uid,first_name,role", "boss,Eve,learner")
    assert wrong == "line 2: refused: This is the account of a global administrator.\n"
    assert everything() == before


def test_another_institution_with_the_same_uids_and_names_is_untouched(world, home, run):
    away = world.away

    def theirs():
        rows = [model.objects.filter(institution=away.institution) for model in (User, Learner, CourseLearner, VLE)]
        return [list(queryset.order_by("pk").values()) for queryset in rows]

    before = theirs()
    User.objects.filter(institution=home.institution, uid="bob").update(password="!", login_allowed=False)
    run(
        "uid,first_name,locale,role,vle,course",
        "bob,Robert,ca,learner,Moodle,c2",
        "eve,,ca,both,Moodle,c1",
        "n1,,,learner,Moodle,c1",
    )
    assert theirs() == before
    assert person("bob").first_name == "Robert"
    assert not CourseLearner.objects.filter(course__vle=away.vle, learner__user__uid="n1").exists()
    away.vle.name = "Only theirs"
    away.vle.save()
    _, wrong, _ = run("uid,role,vle,course", "n2,learner,Only theirs,c1")
    assert wrong == "line 2: refused: vle: the institution has no VLE of this name.\n"


@pytest.mark.parametrize(
    ("header", "row", "reasons"),
    [
        ("uid,first_name", '" ",Ann', "uid: missing."),
        ("uid", "x" * 256, "uid: Ensure this value has at most 255 characters (it has 256)."),
        ("uid,email", "n1,a b@home.example.org", "email: Enter a valid email address."),
        ("uid,email", "n1,x@away.example.org", "email: The institution does not accept addresses of this domain."),
        (
            "uid,email",
            "n1,ſ@home.example.org",
            "email: Only ASCII characters are accepted; write the domain in its xn-- form.",
        ),
        ("uid,email", "n1,BOB@home.example.org", "email: This value is already taken."),
        ("uid,first_name", f"n1,{'x' * 151}", "first_name: Ensure this value has at most 150 characters (it has 151)."),
        ("uid,role", "n1,admin", "role: one of learner, instructor, both, or nothing."),
        ("uid,role,vle,course", "n1,,Moodle,c1", "role: missing, it says as what the person is in the course."),
        ("uid,role,vle,course", "n1,learner,Moodle,", "course: missing, the row names a VLE."),
        ("uid,role,vle,course", "n1,learner,,c1", "vle: missing, the row names a course."),
        ("uid,role,vle,course", "n1,learner,Sakai,c1", "vle: the institution has no VLE of this name."),
        ("uid,role,vle,course", "n1,learner,Moodle,c9", "course: the VLE has no course with this id."),
        ("uid,role,course", "n1,learner,c1", "vle: missing, the row names a course."),
        ("uid,vle,course", ",Moodle,", "uid: missing. course: missing, the row names a VLE."),
        ("uid,first_name", "n1,Ann,Lee", "3 cells where the first line has 2."),
        ("uid,first_name", "n1,a\x00", "The control character U+0000 is not allowed."),
        ("uid,first_name", "n1,\udcff", "The line is not UTF-8: name the file's encoding, such as windows-1252."),
        ("uid,first_name", 'n1,"Ann', "The line is no CSV: unexpected end of data."),
    ],
)  # fmt: skip
def test_a_refused_row_is_reported_and_the_other_rows_are_written(home, run, header, row, reasons):
    before = User.objects.count()
    fill = "," * header.count(",")
    output, wrong, result = run(header, f"n7{fill}", row, f"n8{fill}")
    assert output == "3 rows: 2 created, 0 updated, 0 unchanged, 1 refused\n"
    assert wrong == f"line 3: refused: {reasons}\n"
    assert result[2][:3] == ["3", "refused", reasons]
    assert len(result[2]) == len(result[0]) + row.count(",Lee")
    assert [line[1] for line in result[1:]] == ["created", "refused", "created"]
    assert User.objects.count() == before + 2


def test_errors_of_existing_people_are_reported_too(home, run):
    User.objects.filter(institution=home.institution, uid__in=["bob", "eve"]).update(password="!", login_allowed=False)
    before = everything()
    _, wrong, _ = run(
        "uid,email,locale",
        "bob,eve@home.example.org,",
        "bob,b@away.example.org,",
        "eve,a b@home.example.org,?",
        "ann,thief@x.org,",
    )
    assert wrong.splitlines() == [
        "line 2: refused: email: This value is already taken.",
        "line 3: refused: email: The institution does not accept addresses of this domain.",
        "line 4: refused: email: Enter a valid email address.",
        f"line 5: unchanged: email: {IGNORED}",
    ]
    assert everything() == before


def test_of_rows_that_want_one_address_the_first_gets_it(home, run):
    User.objects.filter(institution=home.institution, uid="eve").update(password="!", login_allowed=False)
    _, _, result = run(
        "uid,email",
        "n1,same@home.example.org",
        "n2,SAME@home.example.org",
        "n3,eve@home.example.org",
        "eve,moved@home.example.org",
        "n4,eve@home.example.org",
        "n5,moved@home.example.org",
    )
    assert [row[1] for row in result[1:]] == ["created", "refused", "refused", "updated", "created", "refused"]
    assert person("n1").email == "same@home.example.org"
    assert person("n4").email == "eve@home.example.org"
    assert not User.objects.filter(uid__in=["n2", "n3", "n5"]).exists()


def test_several_rows_of_one_new_person(home, run):
    _, _, result = run(
        "uid,first_name,role,vle,course", "n1,Ann,learner,Moodle,c1", "n1,Anna,learner,Moodle,c2", "n1,,both,,"
    )
    assert [row[1] for row in result[1:]] == ["created", "updated", "updated"]
    assert person("n1").first_name == "Anna"
    assert set(person("n1").learner.courses.values_list("vle_course_id", flat=True)) == {"c1", "c2"}


def test_more_people_than_are_written_at_once(home, run):
    lines = [f"n{number},n{number}@home.example.org,learner,Moodle,c1" for number in range(1100)]
    output, _, result = run("uid,email,role,vle,course", *lines, "n0,bad,,,")
    assert output == "1101 rows: 1100 created, 0 updated, 0 unchanged, 1 refused\n"
    assert [row[3] for row in result[1:]] == [*(f"n{number}" for number in range(1100)), "n0"]
    assert CourseLearner.objects.filter(course=home.course).count() == 1102
    assert run("uid,role", *(f"n{number},learner" for number in range(1100)))[0].startswith(
        "1100 rows: 0 created, 0 updated"
    )


def test_many_reasons_are_cut_on_the_screen_and_whole_in_the_result(run):
    _, wrong, result = run("uid,role", *["n1,boss"] * 120)
    assert wrong.splitlines()[-1] == "... and 20 more; --result FILE writes them all."
    assert len(wrong.splitlines()) == 101
    assert len([row for row in result if row[1] == "refused"]) == 120


# Dry runs, and all or nothing.

MIXED = (
    "uid,first_name,email,role",
    "n1,Ann,ann2@home.example.org,learner",
    "eve,,,both",
    "n2,,ann2@home.example.org,",
    "ann,,,learner",
)


def test_a_dry_run_reports_the_same_and_writes_nothing(run):
    before = everything()
    output, wrong, result = run(*MIXED, "--dry-run")
    assert everything() == before
    assert output == (
        "4 rows: 1 created, 1 updated, 1 unchanged, 1 refused\nThis was a dry run: nothing was written.\n"
    )
    real = run(*MIXED)
    assert real == (output.splitlines()[0] + "\n", wrong, result)
    assert [row[1] for row in result[1:]] == ["created", "updated", "refused", "unchanged"]


def test_all_or_nothing_writes_nothing_when_a_row_is_refused(run, tmp_path):
    before = everything()
    with pytest.raises(CommandError, match=r"Nothing was written, because rows are refused\."):
        run(*MIXED, "--all-or-nothing")
    assert everything() == before
    assert [row[1:4] for row in read(tmp_path / "result.csv")[1:]] == [
        ["not written", "", "n1"],
        ["not written", "", "eve"],
        ["refused", "email: This value is already taken.", "n2"],
        ["unchanged", "", "ann"],
    ]
    output, wrong, result = run(*MIXED[:3], "--all-or-nothing")
    assert (output, wrong) == ("2 rows: 1 created, 1 updated, 0 unchanged, 0 refused\n", "")
    assert [row[1] for row in result[1:]] == ["created", "updated"]
    assert hasattr(person("n1"), "learner")


# The file.


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("mark", [",", ";"])
def test_spreadsheets_write_their_own_kind_of_csv(run, tmp_path, encoding, mark):
    lines = [line.replace("|", mark) for line in ("uid|first_name|last_name", f'n1|"Lee{mark} A."| Roe ')]
    run(*lines, encoding=encoding)
    assert (person("n1").first_name, person("n1").last_name) == (f"Lee{mark} A.", "Roe")
    assert (tmp_path / "result.csv").read_text(encoding="utf-8-sig").splitlines()[0] == mark.join(
        ["line", "status", "reasons", "uid", "first_name", "last_name"]
    )


def test_a_delimiter_can_be_named(run):
    with pytest.raises(CommandError, match=r"lacks the column uid\."):
        run("uid;first_name", "n1;Ann", "--delimiter=,")
    run("uid;first_name", "n1;Ann", "--delimiter=;")
    assert person("n1").first_name == "Ann"
    with pytest.raises(CommandError, match="--delimiter"):
        run("uid", "n2", "--delimiter=|")


@pytest.mark.parametrize(
    "column",
    ["inst_admin", "legal_admin", "send_admin", "data_admin", "is_staff", "password", "login_allowed", "username",
     "nickname"],
)  # fmt: skip
def test_columns_that_are_not_taken_are_named(run, column):
    before = everything()
    with pytest.raises(
        CommandError,
        match=f"columns that are not taken: '{column}'. It has: uid, first_name, {column}. Wanted are uid, first_name, "
        ".*no file gives administrative rights.*--column FIELD=COLUMN",
    ):
        run(f"uid,first_name,{column}", "n1,Ann,1")
    assert everything() == before


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("first_name", "lacks the column uid"),
        ("uid,role,uid", "has the column uid more than once"),
        ("", "lacks the column"),
    ],
)
def test_a_wrong_first_line_ends_the_command(run, header, says):
    with pytest.raises(CommandError, match=says):
        run(header, "n1")


def test_arguments_that_are_missing_or_wrong(run, home, tmp_path):
    with pytest.raises(CommandError, match=r"none\.csv cannot be read: No such file"):
        call_command("import_csv", tmp_path / "none.csv", "--institution", "HOME")
    with pytest.raises(CommandError, match="no institution with the acronym 'home'"):
        run("uid", "n1", institution="home")
    for arguments in ([], [tmp_path / "people.csv"]):
        with pytest.raises(CommandError, match="FILE and --institution are needed"):
            call_command("import_csv", *arguments)


def test_the_result_must_not_be_the_file_and_must_have_a_place(home, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("uid\nn1\n")
    with pytest.raises(CommandError, match="would overwrite the file that is read"):
        call_command("import_csv", file, "--institution", "HOME", "--result", tmp_path / "." / "people.csv")
    with pytest.raises(CommandError, match="No such file or directory"):
        call_command(
            "import_csv", file, "--institution", "HOME", "--result", tmp_path / "none" / "result.csv", verbosity=0
        )
    with pytest.raises(CommandError, match="is there already and is no file"):
        call_command("import_csv", file, "--institution", "HOME", "--result", tmp_path)
    assert not User.objects.filter(uid="n1").exists()
    assert file.read_text() == "uid\nn1\n"


def test_the_result_file_is_private_and_has_no_formulas(run, tmp_path):
    _, _, result = run("uid,first_name,last_name", '=cmd,"=HYPERLINK(""http://x"")",@SUM', "+1,-1,ok")
    assert [row[3:] for row in result[1:]] == [["'=cmd", '\'=HYPERLINK("http://x")', "'@SUM"], ["'+1", "'-1", "ok"]]
    assert person("=cmd").first_name == '=HYPERLINK("http://x")'  # stored as it was given
    assert stat.S_IMODE((tmp_path / "result.csv").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if "csv" in path.name) == ["people.csv", "result.csv"]


def test_the_template_can_be_imported_where_its_courses_are(home, run):
    out = StringIO()
    call_command("import_csv", "--template", stdout=out)
    home.institution.mail_domain = None
    home.institution.save()
    Course.objects.create(institution=home.institution, vle=home.vle, vle_course_id="history-1", code="H")
    output, wrong, _ = run(*out.getvalue().splitlines())
    assert (output, wrong) == ("3 rows: 3 created, 0 updated, 0 unchanged, 0 refused\n", "")


def test_progress_is_shown_unless_it_is_switched_off(run):
    assert "100%" in run("uid", "n1", verbosity=1)[1]
    assert run("uid", "n1", verbosity=0)[1] == ""


# Somebody else writes at the same time.


def test_people_who_cannot_be_written_together_are_written_one_by_one(run, monkeypatch):
    insert = importing.people_insert

    def refuse(**values):
        if len(values["people"]) > 1:
            raise importing.DomainError("Somebody else is writing the same people at this moment.")
        insert(**values)

    monkeypatch.setattr(importing, "people_insert", refuse)
    output, wrong, _ = run("uid,role,vle,course", "n1,learner,Moodle,c1", "n2,both,Moodle,c2")
    assert (output, wrong) == ("2 rows: 2 created, 0 updated, 0 unchanged, 0 refused\n", "")
    assert set(person("n2").learner.courses.values_list("vle_course_id", flat=True)) == {"c2"}


class DeadlockDetected(Exception):
    pgcode = "40P01"


def test_a_part_whose_transaction_the_database_ends_is_written_again(run, monkeypatch):
    write, written = importing._write, []

    def ended_once(home, states, *more):
        with transaction.atomic():
            write(home, states, *more)
            written.append(len(states))
            if len(written) == 1:
                raise OperationalError("deadlock detected") from DeadlockDetected()

    monkeypatch.setattr(importing, "_write", ended_once)
    monkeypatch.setattr(repeats, "PAUSE", 0)
    output, wrong, _ = run("uid,role", "n1,learner", "n2,both")
    assert (output, wrong) == ("2 rows: 2 created, 0 updated, 0 unchanged, 0 refused\n", "")
    assert written == [2, 2]
    assert Instructor.objects.filter(user=person("n2")).exists()


def test_a_course_that_is_deleted_meanwhile_refuses_its_rows(home, run, monkeypatch):
    write = importing._write

    def late(*arguments):
        Course.objects.filter(vle=home.vle, vle_course_id="c2").delete()
        write(*arguments)

    monkeypatch.setattr(importing, "_write", late)
    _, wrong, result = run(
        "uid,role,vle,course", "n1,learner,Moodle,c2", "n2,learner,Moodle,c1", "eve,learner,Moodle,c2"
    )
    assert [row[1] for row in result[1:]] == ["refused", "created", "refused"]
    assert wrong.splitlines()[0] == "line 2: refused: course: the VLE has no course with this id."
    assert not User.objects.filter(uid="n1").exists()


def test_what_the_database_notes_late_refuses_the_row(run, monkeypatch):
    def refuse(*arguments):
        raise importing.IntegrityError("noted at the commit")

    monkeypatch.setattr(importing, "_write", refuse)
    _, wrong, _ = run("uid,role", "eve,both")
    assert wrong == "line 2: refused: Somebody else is changing the same person or course at this moment.\n"


def test_a_database_that_gives_up_ends_the_command_in_one_line(run, monkeypatch):
    def refuse(*arguments):
        raise DatabaseError("deadlock detected\nDETAIL: ...")

    monkeypatch.setattr(importing, "_write", refuse)
    with pytest.raises(CommandError, match="run the import again: deadlock detected"):
        run("uid,role", "eve,both")


def test_a_row_with_a_cell_too_many_is_repaired_in_the_result(run, tmp_path):
    _, wrong, result = run("uid,first_name,last_name", "n1,Doe, Jane,Q")
    assert wrong == "line 2: refused: 4 cells where the first line has 3.\n"
    assert result[1][3:] == ["n1", "Doe", " Jane", "Q"]
    text = (tmp_path / "result.csv").read_text(encoding="utf-8-sig").replace("Doe, Jane", '"Doe, Jane"')
    assert run(*text.splitlines())[0] == "1 rows: 1 created, 0 updated, 0 unchanged, 0 refused\n"
    assert (person("n1").first_name, person("n1").last_name) == ("Doe, Jane", "Q")
