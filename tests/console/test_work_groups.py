"""The console's pages that make, change and delete groups, and put courses into them; the picker with a search."""

import pytest

from console.work import forms
from courses.models import CourseGroup, GroupCourse
from tests.console.conftest import form_of


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


def test_added_below_another_one_and_moved(admin, address, sent, world):
    faculty = world.home.group
    answer = sent(admin, address("groups/new/"), {"name": "Mathematics", "parent": str(faculty.pk)})
    group = CourseGroup.objects.get(name="Mathematics")
    assert (answer.status_code, answer["Location"]) == (302, address(f"groups/{group.pk}/"))
    assert group.parent == faculty
    assert sent(admin, address(f"groups/{group.pk}/edit/"), {"parent": "", "description": "x"}).status_code == 302
    group.refresh_from_db()
    assert (group.parent, group.name, group.description) == (None, "Mathematics", "x")
    below_itself = sent(admin, address("groups/{group}/edit/"), {"parent": str(faculty.pk)})
    assert below_itself.context["form"].errors == {"parent": ["A group cannot stand below itself."]}


def test_groups_of_others_are_neither_offered_nor_taken(admin, address, sent, world):
    page = address("groups/new/")
    offered = [key for key, _ in admin.get(page).context["form"].fields["parent"].choices]
    assert offered == ["", str(world.home.group.pk)]
    for parent in (world.away.group.pk, "x", "9" * 30):
        answer = sent(admin, page, {"name": "New", "parent": str(parent)})
        assert answer.status_code == 400
        assert answer.context["form"].errors.keys() == {"parent"}


def test_courses_are_put_in_and_taken_out(admin, address, sent, world):
    course, group = world.home.other_course, world.home.group
    answer = sent(admin, address("groups/{group}/courses/new/"), {"id": str(course.pk)})
    assert (answer.status_code, answer["Location"]) == (302, address("groups/{group}/"))
    assert GroupCourse.objects.filter(group=group, course=course).exists()
    assert address(f"groups/{{group}}/courses/{course.pk}/delete/") in admin.get(answer["Location"]).text
    assert sent(admin, address(f"groups/{{group}}/courses/{course.pk}/delete/")).status_code == 302
    assert not GroupCourse.objects.filter(group=group, course=course).exists()
    foreign = sent(admin, address("groups/{group}/courses/new/"), {"id": str(world.away.course.pk)})
    assert foreign.status_code == 404
    assert sent(admin, address("groups/{group}/courses/new/"), {"id": ""}).context["form"].errors.keys() == {"id"}


def test_deletion_says_what_goes(admin, address, sent, world):
    home = world.home
    below = CourseGroup.objects.create(institution=home.institution, name="Below", parent=home.group)
    GroupCourse.objects.create(institution=home.institution, group=below, course=home.other_course)
    page = address("groups/{group}/delete/")
    assert admin.get(page).context["goes"] == [("groups below it", 1), ("places of courses in these groups", 2)]
    assert sent(admin, page).status_code == 302
    assert not CourseGroup.objects.filter(institution=home.institution).exists()
    assert CourseGroup.objects.filter(pk=world.away.group.pk).exists()


def test_of_many_rows_a_search_offers_some(admin, address, world, monkeypatch):
    """Without script: the button finds, what was typed stays, and nothing is written until a row is chosen."""
    monkeypatch.setattr(forms, "FEW", 1)
    home, page = world.home, address("groups/new/")
    CourseGroup.objects.create(institution=home.institution, name="Second")
    fresh = admin.get(page)
    assert [key for key, _ in fresh.context["form"].fields["parent"].choices] == [""]
    values = form_of(fresh.text) | {"name": "New", "parent-search": "facul"}
    for pressed in ({"find": "parent"}, {}):  # the button, or Enter
        found = admin.post(page, values | pressed)
        assert found.status_code == 200
        assert found.context["form"].errors == {}
        assert 'value="New"' in found.text
        choices = found.context["form"].fields["parent"].choices
        assert [word for _, word in choices] == ["no other group", "Faculty"]
    chosen = form_of(found.text) | {"parent": str(home.group.pk)}
    other = admin.post(page, chosen | {"parent-search": "nothing like it", "find": "parent"})
    assert "Nothing was found." in other.text
    assert form_of(other.text)["parent"] == [str(home.group.pk)]  # what was chosen before stays
    assert not CourseGroup.objects.filter(name="New").exists()
    assert admin.post(page, form_of(other.text)).status_code == 302
    assert CourseGroup.objects.get(name="New").parent == home.group
