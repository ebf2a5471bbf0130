"""The pages on which an administrator merges two accounts: choice, preview, confirmation."""

import html
import re

import pytest
from django.utils.html import strip_tags

from courses.models import AssessmentSession
from institutions.models import User
from learners.models import Learner


@pytest.fixture
def page(address):
    return address("people/{ann}/merge/")


def merge(browser, page: str, gone: int, token: bool = True):
    shown = browser.get(page, {"from": gone})
    values = {"from": gone, "state": shown.context.get("state", "")}
    return browser.post(page, values | ({"csrfmiddlewaretoken": str(shown.context["csrf_token"])} if token else {}))


def test_list_of_people_leads_there_for_who_may(signed_in, address, page):
    assert f'href="{page}"' in signed_in("admin").get(address("people/")).text
    for who in ("global", "legal", "data", "send"):
        assert "/merge/" not in signed_in(who).get(address("people/")).text


def test_other_account_is_found_by_what_was_typed(signed_in, page, world):
    browser = signed_in("admin")
    assert browser.get(page).context["choices"] is None
    found = browser.get(f"{page}?search=bob").context["choices"]
    assert [row["uid"] for row in found] == ["bob"]
    assert f'href="?from={world.people["bob"].pk}"' in browser.get(f"{page}?search=bob").text
    assert "Nobody else." in browser.get(f"{page}?search=ann").text
    assert browser.get(f"{page}?search=away").context["choices"] == []


def test_preview_says_what_moves_and_changes_nothing(signed_in, page, world):
    browser = signed_in("admin")
    people = list(User.objects.order_by("pk").values())
    answer = browser.get(f"{page}?from={world.people['bob'].pk}")
    assert answer.status_code == 200
    assert ("courses attended", 1, 1) in answer.context["moves"]
    said = " ".join(html.unescape(strip_tags(answer.text)).split())
    assert "The account of Bob Home (bob) is deleted." in said
    assert answer.context["kept"]["id"] == world.people["ann"].pk
    assert list(User.objects.order_by("pk").values()) == people


def test_merge_by_the_button(signed_in, page, address, world):
    answer = merge(signed_in("admin"), page, world.people["bob"].pk)
    assert (answer.status_code, answer["Location"]) == (302, f"{address('people/')}?id={world.people['ann'].pk}")
    assert not User.objects.filter(pk=world.people["bob"].pk).exists()
    assert Learner.objects.filter(pk=world.people["ann"].pk).exists()


def test_what_has_changed_since_it_was_shown_is_shown_again(signed_in, page, world):
    browser, bob = signed_in("admin"), world.people["bob"].pk
    shown = browser.get(page, {"from": bob})
    values = {"csrfmiddlewaretoken": str(shown.context["csrf_token"]), "from": bob, "state": shown.context["state"]}
    world.home.join(world.home.other_course, "bob")
    answer = browser.post(page, values)
    assert answer.status_code == 412
    assert "Something has changed since this was shown." in answer.text
    assert User.objects.filter(pk=bob).exists()
    assert browser.post(page, values | {"state": answer.context["state"]}).status_code == 302


def test_refusal_of_the_api_is_shown(signed_in, page, world):
    home, bob = world.home.institution, world.people["bob"]
    session = AssessmentSession.objects.create(institution=home, activity=world.home.activity, learner_id=bob.pk)
    browser = signed_in("admin")
    for answer in (browser.get(f"{page}?from={bob.pk}"), merge(browser, page, bob.pk)):
        assert answer.status_code == 409
        assert re.search(r'role="alert">This learner is in an assessment session', answer.text)
        assert '<button class="bad">' not in answer.text
    assert AssessmentSession.objects.get(pk=session.pk).learner_id == bob.pk


@pytest.mark.parametrize(("who", "status"), [("admin", 403), ("ann", 400)])
def test_own_account_and_the_same_one_are_refused(who, status, signed_in, page, world):
    answer = signed_in("admin").get(f"{page}?from={world.people[who].pk}")
    assert answer.status_code == status
    assert 'role="alert"' in answer.text


def test_who_may_not_merge_gets_no_page_and_merges_nobody(signed_in, page, world):
    for who in ("global", "legal", "data", "send", "ann"):
        browser = signed_in(who)
        answer = browser.post(
            page, {"from": world.people["bob"].pk}, headers={"X-CSRFToken": browser.cookies["csrftoken"].value}
        )
        assert answer.status_code == 403
    assert User.objects.filter(pk=world.people["bob"].pk).exists()


def test_without_a_token_of_the_page_nothing_happens(signed_in, page, world):
    assert merge(signed_in("admin"), page, world.people["bob"].pk, token=False).status_code == 403
    assert User.objects.filter(pk=world.people["bob"].pk).exists()


@pytest.mark.parametrize("gone", ["away", "0", "x", "9" * 30, ""])
def test_accounts_that_are_not_there(gone, signed_in, page, world):
    gone = world.away.people["bob"].pk if gone == "away" else gone
    browser = signed_in("admin")
    assert browser.get(f"{page}?from={gone}").status_code == 404
    assert merge(browser, page, gone).status_code == 404
    assert User.objects.filter(pk=world.away.people["bob"].pk).exists()
