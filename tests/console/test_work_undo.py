"""Undo: what a form has changed is put back, unless somebody has changed it since."""

import pytest
from django.contrib.sessions.models import Session
from django.forms.models import model_to_dict

from console.work.pages import DeletePage, EditPage
from courses.models import GroupCourse
from institutions.models import UIOption
from learners.models import Learner, SENDLearner

# A form, what is sent, and the rows that are afterwards as they were before.
CASES = {
    "groups/{group}/edit/": ({"name": "Other", "description": "new"}, lambda home: [home.group]),
    "settings/": ({"contest_days": "99", "mail_domain": "other.example.org"}, lambda home: [home.institution]),
    "vles/{vle}/edit/": ({"name": "Other"}, lambda home: [home.vle]),
    "courses/{course}/activities/{activity}/edit/": ({"enabled": ""}, lambda home: [home.activity]),
    "groups/{group}/courses/{course}/delete/": ({}, lambda home: GroupCourse.objects.filter(group=home.group)),
    "courses/{course}/learners/{ann}/delete/": ({}, lambda home: Learner.objects.filter(courses=home.course)),
    "learners/{ann}/send/{assignment}/delete/": (
        {}, lambda home: SENDLearner.objects.filter(learner=home.learners["ann"])
    ),
    "settings/dashboard/people/{ui_option}/delete/": (
        {}, lambda home: UIOption.objects.filter(institution=home.institution)
    ),
}  # fmt: skip
LEFT_OUT = {"id", "pk"}  # a row that is made again has another number


def stored(home, rows) -> list[dict]:
    found = rows(home)
    if isinstance(found, list):
        found = [type(row).objects.get(pk=row.pk) for row in found]
    return [{name: value for name, value in model_to_dict(row).items() if name not in LEFT_OUT} for row in found]


@pytest.fixture
def undo(address):
    def sent(browser):
        token = browser.cookies["csrftoken"].value
        return browser.post(address("undo/"), {"csrfmiddlewaretoken": token}, follow=True)

    return sent


@pytest.mark.parametrize("page", CASES)
def test_what_was_changed_is_put_back_once(page, signed_in, address, sent, undo, world):
    body, rows = CASES[page]
    admin, before = signed_in("admin"), stored(world.home, rows)
    answer = sent(admin, address(page), body)
    assert answer.status_code == 302
    assert stored(world.home, rows) != before
    assert 'class="undo"' in admin.get(answer["Location"]).text
    assert "It is as it was before." in undo(admin).text
    assert stored(world.home, rows) == before
    assert "There is nothing to undo any more." in undo(admin).text


def test_every_page_with_a_way_back_is_a_case():
    pages, found = [EditPage, DeletePage], set()
    while pages:
        page = pages.pop()
        pages += page.__subclasses__()
        if getattr(page, "keeps_all", False) or ("way_back" in vars(page) and page is not DeletePage):
            found.add(page.__name__)
    assert len(found) == len(CASES), found


def test_what_somebody_has_changed_since_is_left_alone(signed_in, address, sent, undo, world):
    admin, page = signed_in("admin"), address("groups/{group}/edit/")
    sent(admin, page, {"name": "Mine"})
    sent(signed_in("data"), page, {"description": "of somebody else"})
    assert "somebody has changed it since" in undo(admin).text
    assert type(world.home.group).objects.get(pk=world.home.group.pk).name == "Mine"


def test_it_is_of_one_browser_and_one_institution(signed_in, address, sent, undo, world):
    admin, other, everybody = signed_in("admin"), signed_in("data"), signed_in("global")
    assert "There is nothing to undo any more." in undo(other).text
    sent(admin, address("groups/{group}/edit/"), {"name": "Mine"})
    session = admin.session
    session["undo"] = {**session["undo"], "institution": world.away.institution.pk}
    session.save()
    assert "There is nothing to undo any more." in undo(admin).text
    assert everybody.get(address("undo/")).status_code == 405
    assert admin.post(address("undo/", home=world.away)).status_code == 403  # no token of the form


def test_nothing_about_people_is_kept(signed_in, address, sent):
    admin = signed_in("admin")
    sent(admin, address("people/{ann}/edit/"), {"last_name": "Canary"})
    assert "undo" not in admin.session
    assert not any("Canary" in row.session_data for row in Session.objects.all())
