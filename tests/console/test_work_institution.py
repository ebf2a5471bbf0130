"""The console's pages of the institution's settings, and of the parts of the dashboard that it closes."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from institutions.models import Institution, UIOption
from learners.models import SENDLearner
from tests.console.conftest import form_of


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


@pytest.fixture
def routes(world):
    UIOption.objects.filter(institution=None).delete()
    for route in ("course", "report"):
        UIOption.objects.create(route=route, enabled=True)


def own(world) -> set[tuple[str, bool, int | None]]:
    rows = UIOption.objects.filter(institution=world.home.institution)
    return {(row.route, row.enabled, row.user_id) for row in rows}


@pytest.mark.parametrize("who", ["admin", "global"])
def test_settings(who, signed_in, address, sent, world):
    values = {"mail_domain": "home.example.org", "allow_learner_report": "on", "allowed_domains": "moodle.example.org"}
    values["contest_days"] = "20"
    answer = sent(signed_in(who), address("settings/"), values)
    assert (answer.status_code, answer["Location"]) == (302, address("settings/"))
    home = Institution.objects.get(pk=world.home.institution.pk)
    assert (home.mail_domain, home.allow_learner_report, home.external_ic) == ("home.example.org", True, False)
    assert home.contest_days == 20
    assert (home.name, home.acronym) == ("University home", "HOME")


def test_wrong_setting_stands_at_its_field(admin, address, sent, world):
    answer = sent(admin, address("settings/"), {"mail_domain": "not a domain!", "external_ic": "on"})
    assert answer.status_code == 400
    assert answer.context["form"].errors.keys() == {"mail_domain"}
    assert form_of(answer.text)["external_ic"] == ["on"]
    assert not Institution.objects.get(pk=world.home.institution.pk).external_ic


def test_a_part_is_opened_and_another_closed(admin, address, sent, world, routes):
    page = address("settings/dashboard/")
    assert form_of(admin.get(page).text)["open"] == ["report"]  # the world's institution has closed the other
    assert sent(admin, page, {"open": ["course"]}).status_code == 302
    assert own(world) == {("report", False, None)}
    assert sent(admin, page, {"open": ["course", "nothing"]}).context["form"].errors.keys() == {"open"}


def test_parts_changed_meanwhile(admin, address, world, routes):
    page = address("settings/dashboard/")
    values = form_of(admin.get(page).text) | {"open": []}
    UIOption.objects.filter(institution=world.home.institution).delete()
    answer = admin.post(page, values)
    assert answer.status_code == 412
    assert own(world) == set()
    assert admin.post(page, form_of(answer.text)).status_code == 302
    assert own(world) == {("course", False, None), ("report", False, None)}


def test_closed_for_one_person(admin, address, sent, world, routes):
    bob, page = world.people["bob"], address("settings/dashboard/")
    new = address("settings/dashboard/people/new/")
    assert sent(admin, new, {"route": "report", "user": str(bob.pk)}).status_code == 302
    assert ("report", False, bob.pk) in own(world)
    assert "for Bob Home" in " ".join(admin.get(page).text.split())
    for user in ("", str(world.away.people["bob"].pk)):
        assert sent(admin, new, {"route": "report", "user": user}).context["form"].errors.keys() == {"user"}
    closing = UIOption.objects.get(user=bob)
    assert sent(admin, address(f"settings/dashboard/people/{closing.pk}/delete/")).status_code == 302
    assert own(world) == {("course", False, None)}


def test_what_is_the_same_for_all_institutions_stays(admin, address, sent, world, routes):
    everywhere = UIOption.objects.get(route="report", institution=None)
    page = address(f"settings/dashboard/people/{everywhere.pk}/delete/")
    assert sent(admin, page).status_code == 403
    assert UIOption.objects.filter(pk=everywhere.pk).exists()


def test_settings_changed_meanwhile(admin, address, world):
    page = address("settings/")
    values = form_of(admin.get(page).text) | {"external_ic": "on", "mail_domain": "home.example.org"}
    Institution.objects.filter(pk=world.home.institution.pk).update(allow_valid_audit=True)
    answer = admin.post(page, values)
    assert answer.status_code == 412
    assert [(sent, now) for _, sent, now in answer.context["differences"]] == [
        ("yes", "no"), ("home.example.org", "nothing"), ("no", "yes"),
    ]  # fmt: skip
    assert not Institution.objects.get(pk=world.home.institution.pk).external_ic


def test_dates_are_those_of_the_institutions_time_zone(admin, address, sent, world):
    """Shown and typed; the API answers and the next page of another institution is in UTC as before."""
    page = address("settings/")
    assert sent(admin, page, {"time_zone": "Mars/Olympus"}).context["form"].errors.keys() == {"time_zone"}
    assert sent(admin, page, {"time_zone": "Europe/Madrid"}).status_code == 302
    assert Institution.objects.get(pk=world.home.institution.pk).time_zone == "Europe/Madrid"
    form = address("learners/{bob}/send/new/")
    assert "Until (Europe/Madrid)" in admin.get(form).text
    assert (
        sent(admin, form, {"category": str(world.home.category.pk), "expires_at": "2099-07-01T00:30"}).status_code
        == 302
    )
    given = SENDLearner.objects.get(learner=world.people["bob"].pk)
    assert given.expires_at == datetime(2099, 6, 30, 22, 30, tzinfo=UTC)
    assert 'value="2099-07-01T00:30"' in admin.get(address(f"learners/{{bob}}/send/{given.pk}/edit/")).text
    assert "1 Jul 2099, 00:30 CEST" in admin.get(address("learners/{bob}/")).text
    path = f"/api/v2/institution/{world.home.institution.pk}/learner/{world.people['bob'].pk}/send/{given.pk}/"
    assert admin.get(path, headers={"accept": "application/json"}).json()["expires_at"] == "2099-06-30T22:30:00Z"
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_time_zone_that_there_is_not_any_more_is_utc(admin, address, world):
    Institution.objects.filter(pk=world.home.institution.pk).update(time_zone="../../etc/passwd")
    assert "Until (UTC)" in admin.get(address("learners/{bob}/send/new/")).text
