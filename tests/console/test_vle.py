"""The console's page of a VLE: which of the settings that it sends do not work."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import Course
from institutions.models import VLEWarning
from institutions.services.vles import vle_warn
from tests.pages.test_policy import assert_clean
from tests.world import PAST, rewritten


@pytest.fixture(autouse=True)
def nobody_was_warned():
    cache.clear()


def test_warnings_of_the_last_days_are_shown_as_text(world, signed_in, address):
    home, away = world.home, world.away
    hostile = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>"""
    vle_warn(vle_id=home.vle.pk, warnings={"max_ttl": f"{hostile}: 360 minutes are used", "locale": "x" * 900})
    vle_warn(vle_id=away.vle.pk, warnings={"locale": "of the other university"})
    answer = signed_in("admin").get(address("vles/{vle}/"))
    assert_clean(answer)
    assert "max_ttl" in answer.text
    assert "360 minutes are used" in answer.text
    assert hostile not in answer.text
    assert "of the other university" not in answer.text
    VLEWarning.objects.update(updated_at=PAST)
    assert "None in the last 30 days." in signed_in("admin").get(address("vles/{vle}/")).text


def test_a_warning_about_nothing_new_costs_nothing(world):
    vle_warn(vle_id=world.home.vle.pk, warnings={"locale": "one"})
    with CaptureQueriesContext(connection) as captured:
        vle_warn(vle_id=world.home.vle.pk, warnings={"locale": "two"})
    assert len(captured) == 0
    assert VLEWarning.objects.get().text == "one"


def test_a_course_without_a_code_is_named_by_its_number_in_the_vle(world, signed_in, address):
    rewritten(Course.objects.filter(pk=world.home.course.pk), code="")
    for page in ("courses/", "courses/{course}/", "courses/{course}/activities/{activity}/"):
        assert ">c1</a>" in signed_in("admin").get(address(page)).text.replace("\n", "") or page == "courses/{course}/"
    assert "<h1>c1</h1>" in signed_in("admin").get(address("courses/{course}/")).text
