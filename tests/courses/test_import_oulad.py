"""`manage.py import_oulad`: what it creates, that a second run creates nothing, and which rows it refuses."""

import csv
import re
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from courses.imports.oulad import loading
from courses.imports.oulad.reading import Dataset
from courses.models import Activity, Course, CourseLearner
from institutions.models import VLE, Credential, Instructor, User
from institutions.services import rosters
from institutions.services.people import person_create
from institutions.services.vles import vle_create
from learners.models import Learner, SENDCategory, SENDLearner
from tests.courses.oulad import ROWS, student, write_oulad
from tests.world import rewritten

VLE_NAME = "Open University (OULAD)"
CATEGORY = "Disability declared"
TABLES = (User, Learner, VLE, Credential, Course, Activity, CourseLearner, SENDCategory, SENDLearner)


@pytest.fixture
def home(world):
    return world.home.institution


def imported(folder, *arguments, institution="HOME", verbosity=0) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(
        "import_oulad", folder, "--institution", institution, *arguments, stdout=out, stderr=err, verbosity=verbosity
    )
    return out.getvalue(), err.getvalue()


def content() -> dict[str, list[dict]]:
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in TABLES}


def uids_of(course) -> set[str]:
    return set(CourseLearner.objects.filter(course=course).values_list("learner__user__uid", flat=True))


@pytest.mark.parametrize("packed", [False, True])
def test_presentations_become_courses_with_activities_and_members(home, tmp_path, packed):
    output, wrong = imported(write_oulad(tmp_path, packed=packed))
    assert wrong == ""
    vle = VLE.objects.get(institution=home, name=VLE_NAME)
    assert list(
        vle.courses.order_by("vle_course_id").values_list("institution", "code", "vle_course_id", "start", "end")
    ) == [
        (home.pk, "AAA", "AAA-2013J", datetime(2013, 10, 1, tzinfo=UTC), datetime(2014, 6, 26, tzinfo=UTC)),
        (home.pk, "BBB", "BBB-2014B", datetime(2014, 2, 1, tzinfo=UTC), datetime(2014, 9, 23, tzinfo=UTC)),
    ]
    first, second = vle.courses.order_by("vle_course_id")
    columns = ("institution", "course", "vle_activity_type", "vle_activity_id", "end", "start", "enabled")
    assert list(vle.activities.order_by("vle_activity_id").values_list(*columns)) == [
        (home.pk, first.pk, "TMA", "1752", datetime(2013, 10, 20, tzinfo=UTC), None, False),
        (home.pk, first.pk, "Exam", "1757", None, None, False),
        (home.pk, second.pk, "CMA", "1800", datetime(2014, 1, 29, tzinfo=UTC), None, False),
    ]
    assert (uids_of(first), uids_of(second)) == ({"11", "12"}, {"11"})
    people = User.objects.filter(institution=home, uid__in=["11", "12", "13"]).order_by("uid")
    assert [person.username for person in people] == ["HOME-11", "HOME-12", "HOME-13"]
    assert {(person.email, person.first_name, person.login_allowed, person.has_flag) for person in people} == {
        (None, "", False, False)
    }
    assert not any(person.has_usable_password() for person in people)
    assert len({person.password for person in people}) == 3
    assert {person.learner.institution_id for person in people} == {home.pk}
    category = SENDCategory.objects.get(institution=home, description=CATEGORY)
    assert category.data == {"enabled_options": [], "disabled_instruments": []}
    # Declared in one presentation, it holds for the person.
    assert set(category.assignments.values_list("learner__user__uid", "expires_at")) == {("11", None), ("12", None)}
    assert f"VLE {vle.pk} {VLE_NAME}: made" in output
    assert f"SEND category {category.pk} {CATEGORY}: made" in output
    assert re.search(r"studentAssessment +3 +0\n", output)
    assert "2 courses, 3 activities, 3 people, 3 learners, 3 memberships, 2 SEND assignments" in output


def test_the_new_vle_has_no_credentials_and_no_secret_is_printed(home, tmp_path):
    output, _ = imported(write_oulad(tmp_path))
    vle = VLE.objects.get(institution=home, name=VLE_NAME)
    assert not vle.credential_rows.exists()
    assert vle.lti_secret
    assert vle.lti_secret not in output
    assert vle.lti["consumer_key"] not in output
    assert f"POST /api/v2/institution/{home.pk}/vle/{vle.pk}/credentials/" in output


@pytest.mark.parametrize("name", ["courses", "assessments", "studentInfo", "studentRegistration", "studentAssessment"])
def test_a_second_run_changes_nothing(world, tmp_path, name):
    folder = write_oulad(tmp_path)
    imported(folder)
    before = content()
    output, wrong = imported(folder)
    assert content() == before
    assert wrong == ""
    assert "found" in output
    assert "made" not in output
    assert "0 courses, 0 activities, 0 people, 0 learners, 0 memberships, 0 SEND assignments" in output
    # A row that is missing in the second run deletes nothing.
    write_oulad(folder, {name: ROWS[name][:-1]})
    imported(folder)
    assert content() == before


def test_a_second_run_adds_what_the_files_have_more(home, tmp_path):
    folder = write_oulad(tmp_path)
    imported(folder)
    write_oulad(folder, {"studentRegistration": [*ROWS["studentRegistration"], "BBB,2014B,13,1"]})
    assert "0 people, 0 learners, 1 memberships" in imported(folder)[0]
    assert uids_of(Course.objects.get(institution=home, vle_course_id="BBB-2014B")) == {"11", "13"}


def test_later_changes_are_kept_by_a_second_run(home, tmp_path):
    folder = write_oulad(tmp_path)
    imported(folder)
    rewritten(Course.objects.filter(vle_course_id="AAA-2013J"), code="History", start=None, description="Ours")
    rewritten(Activity.objects.filter(vle_activity_id="1752"), name="Essay", enabled=True, end=None)
    rewritten(User.objects.filter(uid="11"), first_name="Ann", email="ann@example.org")
    SENDLearner.objects.filter(learner__user__uid="12").update(expires_at=datetime(2030, 1, 1, tzinfo=UTC))
    before = content()
    imported(folder)
    assert content() == before


def test_names_of_vle_and_category_can_be_chosen(home, tmp_path):
    output, _ = imported(write_oulad(tmp_path), "--vle", "Study portal", "--send", "Declared")
    assert "Study portal: made" in output
    assert VLE.objects.get(institution=home, name="Study portal").courses.count() == 2
    assert SENDCategory.objects.get(institution=home, description="Declared").assignments.count() == 2
    for wrong in ("", " ", "a\nb", "x" * 251):
        for option in ("--vle", "--send"):
            with pytest.raises(CommandError, match=option):
                imported(tmp_path, option, wrong)


def test_a_vle_of_that_name_is_used_and_keeps_its_credentials(home, tmp_path):
    vle, _ = vle_create(institution=home, name=VLE_NAME, type=0, url="https://ou.example.org")
    output, _ = imported(write_oulad(tmp_path))
    assert f"VLE {vle.pk} {VLE_NAME}: found" in output
    assert "credentials/" not in output
    assert vle.courses.count() == 2
    assert vle.credential_rows.filter(revoked_at=None, expires_at=None).count() == 1
    assert VLE.objects.get(pk=vle.pk).url == "https://ou.example.org"


def test_another_institution_with_the_same_names_is_untouched(world, tmp_path):
    away = world.away.institution
    other, _ = vle_create(institution=away, name=VLE_NAME, type=0)
    SENDCategory.objects.create(institution=away, description=CATEGORY, data={})
    for uid in ("11", "12"):
        person_create(institution=away, uid=uid, email=f"{uid}@away.example.org")

    def theirs():
        rows = {model.__name__: model.objects.filter(institution=away) for model in TABLES if model is not Credential}
        return {name: list(queryset.order_by("pk").values()) for name, queryset in rows.items()}

    before = theirs()
    imported(write_oulad(tmp_path))
    assert theirs() == before
    assert not other.courses.exists()
    assert Learner.objects.get(user__uid="11").institution == world.home.institution
    # Then the same for them.
    imported(tmp_path, institution="AWAY")
    assert other.courses.count() == 2
    assert set(User.objects.filter(uid="11").values_list("username", flat=True)) == {"HOME-11", "11@away.example.org"}


def test_existing_people_get_the_role_and_no_other_change(world, home, tmp_path):
    teacher = world.people["teacher"]
    admin = world.people["admin"]
    rewritten(User.objects.filter(pk=teacher.pk), uid="11")
    rewritten(User.objects.filter(pk=admin.pk), uid="12")
    before = list(User.objects.filter(pk__in=[teacher.pk, admin.pk]).order_by("pk").values())
    output, _ = imported(write_oulad(tmp_path))
    assert list(User.objects.filter(pk__in=[teacher.pk, admin.pk]).order_by("pk").values()) == before
    assert Learner.objects.filter(user__in=[teacher, admin]).count() == 2
    assert Instructor.objects.filter(user=teacher).exists()
    assert "1 people, 3 learners" in output


def test_a_global_administrator_becomes_no_learner(world, home, tmp_path):
    root = world.people["global"]
    rewritten(User.objects.filter(pk=root.pk), uid="11", institution=home)
    output, wrong = imported(write_oulad(tmp_path))
    assert not Learner.objects.filter(user=root).exists()
    reason = "This is the account of a global administrator."
    assert wrong.splitlines() == [
        f"studentInfo.csv, line 2: {reason}",
        f"studentRegistration.csv, line 2: {reason}",
        f"studentInfo.csv, line 4: {reason}",
        f"studentRegistration.csv, line 4: {reason}",
    ]
    assert re.search(r"studentInfo +2 +2\n", output)
    assert uids_of(Course.objects.get(vle_course_id="AAA-2013J")) == {"12"}


def test_user_names_that_others_have_are_numbered(world, tmp_path):
    for username in ("HOME-11", "HOME-12", "HOME-12-2"):
        person_create(institution=world.home.institution, uid=username, username=username)
    person_create(institution=world.away.institution, uid="x", username="HOME-13")  # has names of its own
    imported(write_oulad(tmp_path))
    made = User.objects.filter(institution=world.home.institution, uid__in=["11", "12", "13"])
    assert dict(made.values_list("uid", "username")) == {"11": "HOME-11-2", "12": "HOME-12-3", "13": "HOME-13"}


def test_user_names_are_made_of_what_the_acronym_leaves(world, home, tmp_path):
    home.acronym = "Öpen & " + "x" * 240
    home.save()
    imported(write_oulad(tmp_path), institution=home.acronym)
    names = set(User.objects.filter(institution=home, uid__in=["11", "12", "13"]).values_list("username", flat=True))
    stem = "Öpen-" + "x" * 145
    assert names == {stem, f"{stem[:148]}-2", f"{stem[:148]}-3"}


# Rows that are refused: file, row, message. Each row follows those of the sample.
REJECTED = [
    ("courses", "CCC,2013X,268", "code_presentation: '2013X' is no year with B or J behind it, such as 2013J."),
    ("courses", "CCC,0000J,268", "code_presentation: '0000J' is no year with B or J behind it, such as 2013J."),
    ("courses", "CCC,2013J,long", "module_presentation_length: 'long' is no whole number of days."),
    ("courses", "CCC,2013J,2.5", "module_presentation_length: '2.5' is no whole number of days."),
    ("courses", "CCC,2013J,-1", "module_presentation_length is negative."),
    ("courses", "CCC,2013J,99999999999", "module_presentation_length: 99999999999 days are more than a hundred years."),
    ("courses", "CCC,2013J,", "module_presentation_length is missing."),
    ("courses", ",2013J,268", "code_module is missing."),
    ("courses", "CCC,,268", "code_presentation is missing."),
    ("courses", f"{'C' * 241},2013J,268", "code_module has more than 240 characters."),
    ("courses", "AAA,2013J,1", "There is a line before with the presentation AAA-2013J."),
    ("courses", "CC\x07,2013J,268", "The control character U+0007 is not allowed."),
    ("courses", "CC\udcff,2013J,268", "The line is not UTF-8: name the file's encoding, such as windows-1252."),
    ("courses", "CCC,2013J", "2 cells where the first line has 3."),
    ("courses", "CCC,2013J,268,1", "4 cells where the first line has 3."),
    ("courses", '"CCC,2013J,268', "The line is no CSV: unexpected end of data."),
    ("assessments", "CCC,2013J,1900,TMA,1,1", "There is no presentation 'CCC-2013J'."),
    ("assessments", "AAA,2014J,1900,TMA,1,1", "There is no presentation 'AAA-2014J'."),
    ("assessments", "AAA,2013J,x1,TMA,1,1", "id_assessment: 'x1' is no id, which is a whole number."),
    ("assessments", "AAA,2013J,-1,TMA,1,1", "id_assessment: '-1' is no id, which is a whole number."),
    ("assessments", "AAA,2013J,,TMA,1,1", "id_assessment is missing."),
    ("assessments", "AAA,2013J,1900,Quiz,1,1", "assessment_type: 'Quiz' is none of TMA, CMA, Exam."),
    ("assessments", "AAA,2013J,1900,,1,1", "assessment_type is missing."),
    ("assessments", "AAA,2013J,1900,TMA,soon,1", "date: 'soon' is no whole number of days."),
    ("assessments", "AAA,2013J,1900,TMA,99999,1", "date: 99999 days are more than a hundred years."),
    ("assessments", "BBB,2014B,1752,TMA,1,1", "There is a line before with the assessment 1752."),
    ("assessments", "BBB,2014B,01752,TMA,1,1", "There is a line before with the assessment 1752."),
    ("studentInfo", student("CCC", "2013J", 14), "There is no presentation 'CCC-2013J'."),
    (
        "studentInfo",
        student("AAA", "2013J", "x" * 50),
        f"id_student: '{'x' * 40}...' is no id, which is a whole number.",
    ),
    ("studentInfo", student("AAA", "2013J", "9" * 19), f"id_student: '{'9' * 19}' is no id, which is a whole number."),
    ("studentInfo", student("AAA", "2013J", ""), "id_student is missing."),
    ("studentInfo", student("AAA", "2013J", 14, "?"), "disability: '?' is neither Y nor N."),
    ("studentInfo", student("AAA", "2013J", 14, ""), "disability is missing."),
    ("studentInfo", student("AAA", "2013J", 12, "N"), "There is a line before with the student 12 in AAA-2013J."),
    ("studentInfo", "AAA,2013J,14,N", "4 cells where the first line has 11."),
    ("studentRegistration", "CCC,2013J,11,1", "There is no presentation 'CCC-2013J'."),
    ("studentRegistration", "AAA,2013J,14,1", "There is no student 14."),
    ("studentRegistration", "AAA,2013J,y,1", "id_student: 'y' is no id, which is a whole number."),
    ("studentRegistration", "AAA,2013J,13,early", "date_registration: 'early' is no whole number of days."),
    ("studentRegistration", "AAA,2013J,11,1", "There is a line before with the student 11 in AAA-2013J."),
    ("studentAssessment", "1999,11,1,0", "There is no assessment 1999."),
    ("studentAssessment", "1752,14,1,0", "There is no student 14."),
    ("studentAssessment", "1752,13,1,0", "The student 13 is not registered for AAA-2013J."),
    ("studentAssessment", "1757,11,1,2", "is_banked: '2' is neither 0 nor 1."),
    ("studentAssessment", "1757,11,1,", "is_banked is missing."),
    ("studentAssessment", "1757,11,,0", "date_submitted is missing."),
    ("studentAssessment", "1757,11,late,0", "date_submitted: 'late' is no whole number of days."),
    ("studentAssessment", "z,11,1,0", "id_assessment: 'z' is no id, which is a whole number."),
    ("studentAssessment", "1752,z,1,0", "id_student: 'z' is no id, which is a whole number."),
    ("studentAssessment", "1752,11,20,0", "There is a line before with the assessment 1752 and the student 11."),
]


@pytest.mark.any_database
@pytest.mark.parametrize(("name", "row", "reason"), REJECTED)
def test_a_refused_row_is_reported_and_writes_nothing(world, tmp_path, name, row, reason):
    rows = ROWS[name]
    output, wrong = imported(write_oulad(tmp_path, {name: [*rows, row]}))
    assert wrong == f"{name}.csv, line {len(rows) + 2}: {reason}\n"
    assert re.search(rf"{name} +{len(rows)} +1\n", output)
    assert "2 courses, 3 activities, 3 people, 3 learners, 3 memberships, 2 SEND assignments" in output


@pytest.mark.parametrize("name", ROWS)
def test_rows_after_a_spoilt_one_are_taken(world, tmp_path, name):
    output, wrong = imported(write_oulad(tmp_path, {name: ['"x', *ROWS[name]]}))
    assert wrong == f"{name}.csv, line 2: The line is no CSV: unexpected end of data.\n"
    assert "2 courses, 3 activities, 3 people, 3 learners, 3 memberships, 2 SEND assignments" in output


def test_rows_about_a_rejected_row_are_rejected_too(world, tmp_path):
    output, wrong = imported(write_oulad(tmp_path, {"courses": ["AAA,2013J,268", "BBB,2014B,no"]}))
    assert [line.partition(":")[0] for line in wrong.splitlines()] == [
        "courses.csv, line 3",
        "assessments.csv, line 4",
        "studentInfo.csv, line 4",
        "studentInfo.csv, line 5",
        "studentRegistration.csv, line 4",
        "studentAssessment.csv, line 4",
    ]
    assert "1 courses, 2 activities, 2 people, 2 learners, 2 memberships, 1 SEND assignments" in output


def test_many_rejected_rows_are_cut_on_the_screen_and_whole_in_a_file(world, tmp_path):
    folder = write_oulad(tmp_path / "files", {"studentAssessment": ["1999,11,1,0"] * 130})
    file = tmp_path / "rejected.csv"
    _, wrong = imported(folder, "--rejected", file)
    lines = wrong.splitlines()
    assert len(lines) == 101
    assert lines[-1] == "... and 30 more; --rejected FILE writes them all."
    rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["file", "line", "reason"]
    assert rows[-1] == ["studentAssessment.csv", "131", "There is no assessment 1999."]
    assert len(rows) == 131


def test_an_activity_in_another_course_of_the_vle_is_left_there(home, tmp_path):
    folder = write_oulad(tmp_path)
    imported(folder)
    other = Course.objects.get(vle_course_id="BBB-2014B")
    Activity.objects.filter(vle_activity_id="1752").update(course=other)
    output, wrong = imported(folder)
    assert wrong == "assessments.csv, line 2: TMA 1752 is in another course of this VLE.\n"
    assert re.search(r"assessments +2 +1\n", output)
    assert Activity.objects.get(vle_activity_id="1752").course == other


# What ends the command before anything is written.


@pytest.mark.parametrize("name", ROWS)
def test_a_missing_file_is_named(world, tmp_path, name):
    folder, before = write_oulad(tmp_path), content()
    (folder / f"{name}.csv").unlink()
    with pytest.raises(CommandError, match=rf"neither {name}\.csv nor {name}\.csv\.gz"):
        imported(folder)
    assert content() == before


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("courses", "module_presentation_length"),
        ("assessments", "id_assessment"),
        ("assessments", "date"),
        ("studentInfo", "disability"),
        ("studentRegistration", "date_registration"),
        ("studentAssessment", "is_banked"),
    ],
)
def test_a_missing_column_is_named(world, tmp_path, name, column):
    folder, before = write_oulad(tmp_path), content()
    path = folder / f"{name}.csv"
    path.write_text(path.read_text().replace(column, "other", 1))
    with pytest.raises(CommandError, match=rf"{name}\.csv lacks the column {column}\."):
        imported(folder)
    assert content() == before


def test_columns_that_are_not_read_need_not_be_there(world, tmp_path):
    folder = write_oulad(tmp_path)
    (folder / "studentInfo.csv").write_text(
        "\ufeffdisability,id_student,code_presentation,code_module\nY,11,2013J,AAA\nN,12,2013J,AAA\nN,11,2014B,BBB\n"
    )
    output, wrong = imported(folder)
    assert wrong == ""
    assert "2 people, 2 learners, 3 memberships, 1 SEND assignments" in output


def test_a_file_that_breaks_off_is_found_before_anything_is_written(world, tmp_path):
    folder, before = write_oulad(tmp_path, packed=True), content()
    path = folder / "studentAssessment.csv.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CommandError, match=r"studentAssessment\.csv\.gz cannot be read"):
        imported(folder)
    assert content() == before


@pytest.mark.parametrize("acronym", ["NONE", "home", "HOM", ""])
def test_an_institution_is_named_exactly(world, tmp_path, acronym):
    with pytest.raises(CommandError, match=f"no institution with the acronym '{acronym}'"):
        imported(write_oulad(tmp_path), institution=acronym)


def test_a_place_that_cannot_be_written_is_named(world, tmp_path):
    before = content()
    with pytest.raises(CommandError, match=r"rejected\.csv: No such file or directory"):
        imported(write_oulad(tmp_path), "--rejected", tmp_path / "none" / "rejected.csv")
    assert content() == before


def test_progress_is_shown_unless_it_is_switched_off(world, tmp_path):
    folder = write_oulad(tmp_path)
    assert "presentations: 100%" in imported(folder, verbosity=1)[1]
    assert imported(folder, verbosity=0)[1] == ""


# Somebody else writes at the same time.


def test_a_person_who_appears_meanwhile_is_found_at_the_second_attempt(world, home, tmp_path, monkeypatch):
    create, calls = rosters.people_create, []

    def late(**values):
        calls.append(values)
        if len(calls) == 1:
            person_create(institution=home, uid="12", first_name="Early")
        return create(**values)

    # The command has looked for the people; one of them is made before it makes them.
    monkeypatch.setattr(rosters, "people_create", late)
    output, wrong = imported(write_oulad(tmp_path))
    assert wrong == ""
    assert len(calls) == 3
    assert "3 people, 3 learners, 3 memberships" in output  # the first attempt was taken back as a whole
    assert User.objects.filter(institution=home, uid="12").count() == 1
    assert uids_of(Course.objects.get(vle_course_id="AAA-2013J")) == {"11", "12"}


def test_who_is_in_the_way_again_and_again_ends_the_command(world, tmp_path, monkeypatch):
    def refuse(**values):
        raise IntegrityError("noted at the commit")

    monkeypatch.setattr(loading, "people_listed", refuse)
    with pytest.raises(CommandError, match=r"AAA-2013J: somebody else writes .* Run the import again\."):
        imported(write_oulad(tmp_path))
    assert not Course.objects.filter(vle_course_id="AAA-2013J").exists()


def test_a_vle_that_is_deleted_meanwhile_ends_the_command(world, home, tmp_path):
    dataset = Dataset(write_oulad(tmp_path), print)
    dataset.read()
    target = loading.target_prepared(institution=home, vle=VLE_NAME, category=CATEGORY)
    VLE.objects.filter(pk=target.vle.pk).delete()
    presentations = dataset.presentations.values()
    with pytest.raises(loading.Unknown, match="deleted meanwhile"):
        list(loading.presentations_load(target=target, presentations=presentations, reject=print))
    assert not Course.objects.filter(vle_course_id="AAA-2013J").exists()
    home.pk = 10**9
    with pytest.raises(loading.Unknown, match="no such institution"):
        loading.target_prepared(institution=home, vle="Another", category=CATEGORY)
