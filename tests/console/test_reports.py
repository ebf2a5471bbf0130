"""The list of the reports of all courses: chosen by name, and each row leads to the report's own page."""

from django.urls import reverse

from tests.console.conftest import offered
from tests.reports.test_institution_report import reports

__all__ = ["reports"]


def test_course_and_activity_are_chosen_by_their_names(world, reports, signed_in, address, monkeypatch):
    browser, home = signed_in("data"), world.home
    page = browser.get(address("reports/"), {"course": home.other_course.pk})
    assert f'<option value="{home.other_course.pk}" selected>C2</option>' in page.text
    assert f'<option value="{reports["other"].pk}">Essay</option>' in page.text
    assert [str(line.cells[0][1]) for line in page.context["table"].lines] == ["Bob Home"]
    ids = [home.institution.pk, home.other_course.pk, reports["other"].pk, reports["bob"].pk]
    place = reverse("console:report", args=ids)
    assert f'<a href="{place}">Bob Home</a>' in page.text
    assert browser.get(place).status_code == 200
    for nonsense in ({"course": "x"}, {"course": world.away.course.pk}):
        assert browser.get(address("reports/"), nonsense).status_code == 400
    elsewhere = browser.get(address("reports/"), {"course": home.course.pk, "activity": reports["other"].pk})
    assert "selected>none of these</option>" in elsewhere.text  # the list is empty, and says why
    monkeypatch.setattr("console.views.CHOICES", 1)
    many = browser.get(address("reports/"))
    assert 'name="course-search"' in many.text
    assert [*offered(many, "course")] == []
    found = browser.get(address("reports/"), {"course-search": "c2", "course": home.course.pk})
    assert [*offered(found, "course").values()] == ["C1", "C2"]  # what was chosen before stays
    assert "any; found: 1" in found.text


def test_activity_that_a_link_names_without_its_course_has_its_name(reports, signed_in, address, world):
    browser, key = signed_in("data"), reports["other"].pk
    linked = browser.get(address("reports/"), {"activity": key})
    assert offered(linked, "activity") == {str(key): "Essay"}
    assert [str(line.cells[0][1]) for line in linked.context["table"].lines] == ["Bob Home"]
    course, listed = browser.get(address(f"courses/{world.home.other_course.pk}/")), address("reports/")
    numbers = f'<a class="quietly" href="{listed}?activity={key}"><span'
    assert numbers in course.text
    assert offered(browser.get(address("reports/")), "activity") == {}
    assert browser.get(address("reports/"), {"activity": world.away.activity.pk}).status_code == 400
