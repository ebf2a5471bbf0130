"""The console's page of how long data is kept."""

from pipeline.running import run_due
from reports.models import Report
from retention.models import Deletion, Period
from tests.console.conftest import form_of


def periods(world) -> dict[str, int]:
    return dict(Period.objects.filter(institution=world.home.institution.pk).values_list("kind", "days"))


def test_periods_are_set_changed_and_taken_away(signed_in, address, sent, world):
    page, data = address("retention/"), signed_in("data")
    assert sent(data, page, {"captures": "180", "reports": "400"}).status_code == 302
    assert periods(world) == {"captures": 180, "reports": 400}
    assert sent(data, page, {"captures": ""}).status_code == 302
    assert periods(world) == {"reports": 400}
    assert Period.objects.get(institution=world.away.institution.pk).kind == "documents"


def test_wrong_number_and_a_change_meanwhile(signed_in, address, sent, world):
    page, data = address("retention/"), signed_in("data")
    answer = sent(data, page, {"captures": "0", "alerts": "30"})
    assert (answer.status_code, [*answer.context["form"].errors]) == (400, ["captures"])
    assert periods(world) == {"captures": 3650}
    assert [*sent(data, page, {"trail": "364"}).context["form"].errors] == ["trail"]
    assert sent(data, page, {"captures": "1", "state": "another"}).status_code == 412
    assert periods(world) == {"captures": 3650}


def test_deletion_in_bulk_shows_what_would_go_and_deletes_it(signed_in, address, sent, world):
    page, admin, course = address("deletion/"), signed_in("admin"), str(world.home.course.pk)
    assert sent(admin, page, {}).status_code == 400
    shown = sent(admin, page, {"course": course})
    assert (shown.status_code, dict(shown.context["goes"])) == (200, {"reports": 1, "requests": 1})
    values = form_of(shown.text) | {"course": course, "sure": "1"}
    assert admin.post(page, values | {"seen": "another"}).status_code == 412
    assert admin.post(page, values).status_code == 302
    row = Deletion.objects.get(institution=world.home.institution.pk, status="running")
    assert (row.course_id, row.expected["reports"]) == (world.home.course.pk, 1)
    run_due()
    assert not Report.objects.filter(pk=world.home.report.pk).exists()
    assert "1 reports" in admin.get(page).text
