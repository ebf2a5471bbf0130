"""The console's pages of special needs: categories in words, and whose they are, many learners' at once, too."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from institutions.models import Instrument
from learners.models import SENDCategory, SENDLearner
from tests.console.conftest import form_of
from tests.world import FUTURE, PAST, rewritten
from trail.models import Line


@pytest.fixture
def officer(signed_in):
    return signed_in("send")


@pytest.fixture
def page(address):
    return address("send/{category}/learners/")


def test_category_in_words(officer, address, sent, world):
    instrument = Instrument.objects.get(acronym="fr").pk
    values = {
        "description": "tremor",
        "data-enabled_options": ["high_contrast"],
        "data-disabled_instruments": [instrument],
    }
    answer = sent(officer, address("send/new/"), values)
    category = SENDCategory.objects.get(description="tremor")
    assert (answer.status_code, answer["Location"]) == (302, address(f"send/{category.pk}/"))
    assert category.data == {"enabled_options": ["high_contrast"], "disabled_instruments": [instrument]}
    assert "High contrast" in officer.get(answer["Location"]).text
    edit = address(f"send/{category.pk}/edit/")
    assert sent(officer, edit, {"data-enabled_options": ["big_fonts", "text_to_speech"]}).status_code == 302
    category.refresh_from_db()
    assert category.data == {"enabled_options": ["big_fonts", "text_to_speech"], "disabled_instruments": [instrument]}
    assert sent(officer, edit, {"data-disabled_instruments": []}).status_code == 302
    category.refresh_from_db()
    assert category.data["disabled_instruments"] == []


def test_instrument_that_is_not_offered_any_more_stays(officer, address, sent, world):
    category, off = world.home.category, world.home.category.data["disabled_instruments"][0]
    rewritten(Instrument.objects.filter(pk=off), enabled=False)
    assert sent(officer, address("send/{category}/edit/"), {"description": "Sight"}).status_code == 302
    more = Instrument.objects.filter(enabled=True).first().pk
    assert (
        sent(officer, address("send/{category}/edit/"), {"data-disabled_instruments": [off, more]}).status_code == 302
    )
    category.refresh_from_db()
    assert (category.description, category.data["disabled_instruments"]) == ("Sight", [more, off])


def test_unknown_values_are_refused(officer, address, sent):
    answer = sent(officer, address("send/new/"), {"description": "x", "data-disabled_instruments": ["999"]})
    assert answer.status_code == 400
    assert answer.context["form"].errors.keys() == {"data-disabled_instruments"}
    assert not SENDCategory.objects.filter(description="x").exists()


def test_one_learner(officer, address, sent, world):
    bob = world.people["bob"].pk
    values = {"category": str(world.home.category.pk), "expires_at": "2100-01-02T03:04"}
    answer = sent(officer, address("learners/{bob}/send/new/"), values)
    assert (answer.status_code, answer["Location"]) == (302, address("learners/{bob}/"))
    given = SENDLearner.objects.get(learner=bob)
    assert given.expires_at == datetime(2100, 1, 2, 3, 4, tzinfo=UTC)
    edit = address(f"learners/{{bob}}/send/{given.pk}/edit/")
    assert edit in officer.get(answer["Location"]).text
    assert 'value="2100-01-02T03:04"' in officer.get(edit).text
    refused = sent(officer, edit, {"expires_at": "2020-01-01T00:00"})
    assert refused.context["form"].errors == {"expires_at": ["This is in the past."]}
    assert sent(officer, edit, {"expires_at": "no date"}).context["form"].errors.keys() == {"expires_at"}
    assert sent(officer, edit, {"expires_at": ""}).status_code == 302
    assert SENDLearner.objects.get(pk=given.pk).expires_at is None
    twice = sent(officer, address("learners/{bob}/send/new/"), values)
    assert twice.status_code == 400
    delete = address(f"learners/{{bob}}/send/{given.pk}/delete/")
    assert "cannot be undone" not in officer.get(delete).text
    assert sent(officer, delete).status_code == 302
    assert not SENDLearner.objects.filter(learner=bob).exists()


def test_an_instant_that_nobody_touched_stays_as_it_is(officer, address, sent, world):
    """Also its seconds, which the page does not show."""
    until = FUTURE.replace(second=7, microsecond=8)
    SENDLearner.objects.filter(pk=world.home.assignment.pk).update(expires_at=until)
    assert sent(officer, address("learners/{ann}/send/{assignment}/edit/")).status_code == 302
    assert SENDLearner.objects.get(pk=world.home.assignment.pk).expires_at == until


def test_changed_meanwhile(officer, address, world):
    page = address("learners/{ann}/send/{assignment}/edit/")
    values = form_of(officer.get(page).text) | {"expires_at": "2100-01-02T03:04"}
    SENDLearner.objects.filter(pk=world.home.assignment.pk).update(expires_at=FUTURE)
    answer = officer.post(page, values)
    assert answer.status_code == 412
    assert answer.context["differences"] == [("Until (UTC)", "2100-01-02, 03:04", "2100-01-01, 00:00")]


def test_deletion_of_a_category_says_who_has_it(officer, address, sent, world):
    assert officer.get(address("send/{category}/delete/")).context["goes"] == [("learners who have it", 1)]
    assert sent(officer, address("send/{category}/delete/")).status_code == 302
    assert not SENDLearner.objects.filter(learner=world.people["ann"].pk).exists()


def test_many_learners_previewed_then_given(officer, page, sent, world):
    """By uid and by e-mail, in any spelling; who has it already keeps it; who is named twice gets it once."""
    lines = f" BOB \n{world.people['eve'].email.upper()};ann\r\neve"
    before = Line.objects.count()
    preview = sent(officer, page, {"learners": lines, "expires_at": "2100-01-02T03:04", "do": "check"})
    assert preview.status_code == 200
    assert [(each.name, each.kind) for each in preview.context["outcomes"]] == [
        ("Bob Home", "good"), ("Eve Home", "good"), ("Ann Home", "none"), ("Eve Home", "none"),
    ]  # fmt: skip
    assert "Give it to 2 learners" in preview.text
    assert SENDLearner.objects.filter(category=world.home.category).count() == 1
    (line,) = Line.objects.order_by("pk")[before:]  # of what was tried nothing is left
    assert (line.verb, line.resource) == ("read", "console/need-learners")
    answer = officer.post(page, form_of(preview.text) | {"do": "assign"})
    assert answer.status_code == 302
    given = SENDLearner.objects.filter(category=world.home.category, expires_at__isnull=False)
    assert {row.learner.user.uid for row in given} == {"bob", "eve"}
    assert Line.objects.filter(verb="create", resource="institution/learner/send").count() == 2


def test_one_wrong_line_stops_all(officer, page, sent, world):
    preview = sent(officer, page, {"learners": "bob\nnobody\nteacher", "do": "check"})
    wrong = [each.line for each in preview.context["outcomes"] if each.kind == "bad"]
    assert wrong == ["nobody", "teacher"]  # a teacher is no learner
    assert 'value="assign"' not in preview.text
    answer = officer.post(page, form_of(preview.text) | {"do": "assign", "outcome": preview.context["outcome"]})
    assert answer.status_code == 200
    assert not SENDLearner.objects.filter(learner=world.people["bob"].pk).exists()


def test_refusals_of_the_api_stand_at_their_lines(officer, page, sent):
    preview = sent(officer, page, {"learners": "bob\neve", "expires_at": "2020-01-01T00:00", "do": "check"})
    assert {each.text for each in preview.context["outcomes"]} == {"This is in the past."}


def test_what_was_previewed_is_given_and_nothing_else(officer, page, sent, world):
    preview = sent(officer, page, {"learners": "bob\neve", "do": "check"})
    values = form_of(preview.text) | {"do": "assign"}
    home = world.home
    SENDLearner.objects.create(institution=home.institution, learner=home.people["eve"].learner, category=home.category)
    answer = officer.post(page, values)
    assert answer.status_code == 412
    assert not SENDLearner.objects.filter(learner=world.people["bob"].pk).exists()
    assert officer.post(page, form_of(answer.text) | {"do": "assign"}).status_code == 302
    other = sent(officer, page, {"learners": "bob", "do": "assign"})  # never previewed
    assert other.status_code == 412


def test_a_name_that_is_one_learners_uid_and_anothers_address(officer, page, sent, world):
    rewritten(type(world.people["bob"]).objects.filter(pk=world.people["bob"].pk), uid=world.people["eve"].email)
    preview = sent(officer, page, {"learners": world.people["eve"].email, "do": "check"})
    assert preview.context["outcomes"][0].text.startswith("Several learners have this")


def test_learners_are_found_and_added_to_the_list(officer, page, sent, world):
    found = sent(officer, page, {"learners": "bob", "search": "eve", "do": "find"})
    assert [row["uid"] for row in found.context["found"]] == ["eve"]
    assert sent(officer, page, {"search": "eve", "do": "enter"}).context["found"] == found.context["found"]
    assert officer.post(page, form_of(found.text) | {"do": "enter"}).status_code == 200
    assert "Nobody was found." in sent(officer, page, {"search": "away", "do": "find"}).text
    added = officer.post(page, form_of(found.text) | {"marked": ["eve"], "do": "add"})
    assert form_of(added.text)["learners"] == ["bob\neve"]
    assert not SENDLearner.objects.filter(learner=world.people["eve"].pk).exists()


@pytest.mark.parametrize(
    ("text", "error"), [("", "This field is required."), (" ,;\n", "This field is required."), ("-", None)]
)
def test_nobody_is_named(text, error, officer, page, sent):
    answer = sent(officer, page, {"learners": text, "do": "check"})
    assert (answer.status_code == 400) is (error is not None)


def test_too_many(officer, page, sent):
    text = "\n".join(f"u{n}" for n in range(501))
    answer = sent(officer, page, {"learners": text, "do": "check"})
    assert answer.context["form"].errors == {"learners": ["At most 500 at once: these are 501."]}
    assert sent(officer, page, {"learners": ",;,", "do": "check"}).status_code == 400


def test_of_another_institution_nobody_is_found(officer, page, sent, world):
    rewritten(type(world.people["bob"]).objects.filter(pk=world.away.people["bob"].pk), uid="only-there")
    text = f"only-there\n{world.away.people['eve'].email}"
    preview = sent(officer, page, {"learners": text, "do": "check"})
    assert [each.kind for each in preview.context["outcomes"]] == ["bad", "bad"]


def test_names_are_looked_up_with_one_statement(officer, page, sent, world):
    def statements(text: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            sent(officer, page, {"learners": text, "do": "check"})
        return len(captured)

    assert statements("n1") == statements("\n".join(f"n{n}" for n in range(50)))


def test_over_is_said_too(officer, page, sent, world):
    SENDLearner.objects.filter(pk=world.home.assignment.pk).update(expires_at=PAST)
    preview = sent(officer, page, {"learners": "ann", "do": "check"})
    assert preview.context["outcomes"][0].text == "Has it already, until 1 Jan 2020, 00:00 UTC: that stays."
    assert "they all have it" in preview.text


def test_differences_are_said_in_words(officer, address, world):
    page = address("send/{category}/edit/")
    values = form_of(officer.get(page).text) | {"data-enabled_options": ["high_contrast"]}
    rewritten(type(world.home.category).objects.filter(pk=world.home.category.pk), description="Sight")
    answer = officer.post(page, values)
    assert answer.status_code == 412
    assert ("Switches on in the dashboard", "High contrast", "Big fonts") in answer.context["differences"]
