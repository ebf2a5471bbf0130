"""Every page that changes or deletes a row: what was changed since it was opened is shown, and not overwritten."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import Model
from django.urls import get_resolver, resolve

from console.work import activities, consents, courses, groups, institution, needs, oidc, people, retention, vles
from console.work.forms import WorkForm
from console.work.pages import CHANGED, DeletePage, EditPage
from institutions.models import UIOption
from kernel.http.client import ROOT, ApiClient
from tests.console.conftest import form_of
from tests.console.test_access import MATRIX, WHO
from tests.world import FUTURE, Home, rewritten

Change = Callable[[Home, int], None]


def stored(name: str, /, **columns: tuple) -> Change:
    """Writes the first values, or the second ones, to the row that the world's home has under this name."""

    def change(home: Home, turn: int) -> None:
        row: Model = home.people["ann"] if name == "ann" else getattr(home, name)
        rewritten(type(row).objects.filter(pk=row.pk), **{column: of[turn] for column, of in columns.items()})

    return change


def closed(home: Home, turn: int) -> None:
    """Another part of the dashboard is closed, then its closing is changed."""
    if turn == 0:
        UIOption.objects.create(institution=home.institution, route="dashboard", enabled=False)
    UIOption.objects.filter(institution=home.institution, route="dashboard").update(roles=["LEARNER"][:turn])


ACTIVITY = stored("activity", enabled=(False, False), conf=(None, "Again"))
TOOL = stored("activity_instrument", active=(False, False), options=(None, {"a": 1}))
VERSION = stored("newer_consent", version=("2.0.1", "2.0.2"), patch=(1, 2))
VALID = stored("newer_consent", valid_from=(FUTURE, FUTURE + timedelta(days=1)))
TEXT = stored("newer_document", html=("<p>Theirs</p>", "<p>Again</p>"))
GROUP = stored("group", name=("Theirs", "Again"))
CATEGORY = stored("category", description=("Theirs", "Again"))
ASSIGNMENT = stored("assignment", expires_at=(FUTURE, FUTURE + timedelta(days=1)))
PERSON = stored("ann", last_name=("Theirs", "Again"))
CONNECTION = stored("oidc", client_id=("theirs", "again"))
LMS = stored("vle", name=("Theirs", "Again"))
CHANGES: dict[type, Change] = {
    activities.EditActivity: ACTIVITY,
    activities.DeleteActivity: ACTIVITY,
    activities.EditInstrument: TOOL,
    activities.DeleteInstrument: TOOL,
    consents.EditConsent: VERSION,
    consents.PublishConsent: VALID,
    consents.DeleteConsent: VERSION,
    consents.EditText: TEXT,
    consents.DeleteText: TEXT,
    courses.RemoveMember: PERSON,
    courses.DeleteCourse: stored("course", code=("Theirs", "Again")),
    groups.EditGroup: GROUP,
    groups.DeleteGroup: GROUP,
    groups.RemoveCourse: stored("course", code=("Theirs", "Again")),
    institution.Settings: stored("institution", contest_days=(11, 12)),
    institution.Dashboard: closed,
    institution.DeleteClosing: stored("ui_option", enabled=(True, False)),
    needs.EditNeed: CATEGORY,
    needs.DeleteNeed: CATEGORY,
    needs.EditAssignment: ASSIGNMENT,
    needs.DeleteAssignment: ASSIGNMENT,
    oidc.Connection: CONNECTION,
    oidc.DeleteConnection: CONNECTION,
    people.EditPerson: PERSON,
    people.DeletePerson: PERSON,
    people.RolePage: PERSON,
    retention.Retention: stored("period", days=(11, 12)),
    vles.EditVLE: LMS,
    vles.DeleteVLE: LMS,
}


def made_of(base: type) -> set[type]:
    """All classes of the console that inherit this one and are inherited by none."""
    below = [each for each in base.__subclasses__() if each.__module__.startswith("console.")]
    return set().union(*(made_of(each) or {each} for each in below))


def test_every_page_is_tried_here():
    assert made_of(EditPage) | made_of(DeletePage) == CHANGES.keys()
    served = {page.callback.view_class for page in get_resolver("console.urls").url_patterns}
    assert CHANGES.keys() <= served


@pytest.fixture
def page_of(address):
    pages = {}
    for page in MATRIX:
        pages.setdefault(resolve(address(page)).func.view_class, page)
    return pages


@pytest.mark.parametrize("page", CHANGES, ids=lambda page: page.__name__)
def test_what_was_changed_meanwhile_is_shown_and_not_overwritten(page, world, signed_in, address, page_of, monkeypatch):
    who = "admin" if MATRIX[page_of[page]][WHO.index("admin")] == 200 else "data"
    browser, url, change = signed_in(who), address(page_of[page]), CHANGES[page]
    opened = browser.get(url)
    path = ROOT + opened.context["view"].api_path

    def row() -> bytes:
        return browser.get(path, headers={"Accept": "application/json"}).content

    def sent(shown):
        """The form as it is: a version is published after its effect was shown."""
        values = form_of(shown.text)
        if page is not consents.PublishConsent:
            return browser.post(url, values)
        checked = browser.post(url, values | {"do": "check"})
        return browser.post(url, form_of(checked.text) | {"do": "publish"})

    change(world.home, 0)
    theirs = row()
    if issubclass(page, EditPage):
        with monkeypatch.context() as patched:  # refused for another reason, it stands for what it was opened with
            patched.setattr(WorkForm, "is_valid", lambda form: False)
            opened = browser.post(url, form_of(opened.text))
            assert opened.status_code == 400
    refused = sent(opened)
    assert (refused.status_code, row()) == (412, theirs)
    if issubclass(page, EditPage):
        assert refused.context["differences"]
        assert "Somebody has changed this" in refused.text
    else:
        assert refused.context["problems"] == [CHANGED]

    send = ApiClient.send

    def at_the_last_moment(*args, **more):
        patched.undo()
        change(world.home, 1)
        return send(*args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(ApiClient, "send", at_the_last_moment)
        late = sent(refused)
    assert late.status_code == 412
    theirs = row()
    assert sent(late).status_code == 302
    assert row() != theirs
