"""/ui/auth/launcher and /ui/plugin/...: links of VLEs, where no dashboard has these addresses."""

import pytest
from django.utils import timezone

from institutions.models import Institution
from institutions.services.vles import vle_credentials_rotate
from signin.models import CallerSession, Launcher, Target
from signin.services.launchers import launcher_create
from trail.models import Line

PAGE = "/ui/auth/launcher"
TOLD = "This link has been used, or is too old."


@pytest.fixture
def ticket(world):
    """ticket("ann"): what a VLE's link for this person ends in."""

    def made(name: str = "ann", **values) -> dict[str, str]:
        launcher, token = launcher_create(vle=world.home.vle, person=world.people[name], **values)
        return {"id": str(launcher.pk), "token": token}

    return made


def go_on(browser, ticket, page: str = PAGE):
    """The button of the page."""
    browser.get(page, ticket)
    token = browser.cookies["csrftoken"].value
    return browser.post(page, ticket | {"csrfmiddlewaretoken": token})


def test_who_was_sent_sees_the_own_data_after_a_button(world, visitor, ticket):
    sent = ticket()
    page = visitor.get(PAGE, sent)
    assert page.status_code == 200
    assert world.home.vle.name in page.text
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"
    assert CallerSession.objects.count() == 0  # nothing is used up by looking

    answer = go_on(visitor, sent)
    assert (answer.status_code, answer["Location"]) == (302, "/me/")
    held = visitor.get("/me/")
    assert (held.status_code, world.people["ann"].username in held.text) == (200, True)
    line = Line.objects.order_by("-pk").first()
    assert (line.resource, line.actor_kind) == ("me/held", "launched")

    assert TOLD in visitor.get(PAGE, sent).text  # once
    assert go_on(visitor, sent).status_code == 403
    assert visitor.get("/me/").status_code == 200


def test_no_other_site_can_use_a_ticket_in_a_persons_browser(world, visitor, ticket):
    assert visitor.post(PAGE, ticket()).status_code == 403
    assert not CallerSession.objects.exists()


@pytest.mark.parametrize(
    ("page", "who", "place"),
    [
        ("/ui/plugin/ic", "ann", "/me/consents/current/"),
        ("/ui/plugin/activity/report", "ann", "/me/reports/"),
        ("/ui/plugin/dashboard", "ann", "/me/"),
        ("/ui/plugin/ic", "teacher", "/me/"),
    ],
)
def test_the_plugins_links_lead_to_the_page_that_they_name(page, who, place, world, visitor, ticket):
    answer = go_on(visitor, ticket(who), page)
    assert answer["Location"] == place
    assert visitor.get(place).status_code == 200


def test_nothing_but_the_own_data_is_open(world, visitor, ticket):
    """Not even to people whose institution lets its VLEs send administrators, nor to global administrators."""
    Institution.objects.update(launcher_admin=True)
    for who in ("admin", "teacher"):
        go_on(visitor, ticket(who))
        assert visitor.get("/me/").status_code == 200
        for page in (f"/console/{world.home.institution.pk}/", "/admin/login/", "/signin/password/"):
            assert visitor.get(page)["Location"].startswith("/signin/"), page
        assert visitor.get("/api/v2/institution/", {"format": "json"}).status_code == 401


def test_a_person_signed_in_here_is_signed_out_before(world, visitor, signed_in, ticket):
    browser = signed_in("bob")
    page = browser.get(PAGE, sent := ticket())
    assert world.people["bob"].username in page.text
    go_on(browser, sent)
    assert CallerSession.objects.get(user=world.people["bob"]).ended_at is not None
    assert world.people["ann"].username in browser.get("/me/").text


def test_signing_out_and_a_replaced_secret_end_it(world, visitor, ticket):
    go_on(visitor, ticket())
    visitor.post("/signout/", {"csrfmiddlewaretoken": visitor.cookies["csrftoken"].value})
    assert visitor.get("/me/")["Location"].startswith("/signin/")
    assert CallerSession.objects.get().ended_at is not None

    go_on(visitor, ticket())
    vle_credentials_rotate(vle=world.home.vle, overlap_minutes=0)
    assert visitor.get("/me/")["Location"].startswith("/signin/")


def test_other_tickets_are_refused_and_not_used_up(world, visitor, ticket):
    good = ticket()
    kept = [good, ticket(target=Target.LAPI)]
    Launcher.objects.filter(pk=(old := ticket())["id"]).update(expires_at=timezone.now())
    for bad in (
        kept[1], old, {"id": good["id"], "token": old["token"]}, {"id": "x", "token": good["token"]}, {},
        {"id": good["id"]}, {"id": "9" * 30, "token": "\0"},
    ):  # fmt: skip
        page = visitor.get(PAGE, bad)
        assert (page.status_code, TOLD in page.text) == (403, True), bad
        visitor.get("/signin/")
        assert visitor.post(PAGE, bad | {"csrfmiddlewaretoken": visitor.cookies["csrftoken"].value}).status_code == 403
    assert Launcher.objects.filter(pk__in=[each["id"] for each in kept], used_at=None).count() == 2


@pytest.mark.parametrize("change", ["deactivated", "suspended"])
def test_who_may_not_sign_in_any_more_is_told_so(change, world, visitor, ticket):
    sent = ticket()
    visitor.get(PAGE, sent)
    if change == "deactivated":
        type(world.people["ann"]).objects.filter(pk=world.people["ann"].pk).update(is_active=False)
    else:
        Institution.objects.filter(pk=world.home.institution.pk).update(suspended_at=timezone.now())
    answer = go_on(visitor, sent)
    assert answer.status_code == 403
    assert not CallerSession.objects.exists()
