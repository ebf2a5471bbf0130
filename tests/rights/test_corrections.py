"""Corrections of the own account: by oneself where the institution allows it, else asked for and answered."""

import pytest

from institutions.models import Institution, User
from institutions.services.people import person_delete
from kernel.domain import Unknown
from reports.services.merging import people_merge
from rights.models import Correction
from rights.services import corrections
from tests.lines import details_of
from tests.world import PAST
from trail.models import Line

MINE = "/api/v2/me/correction/"


def ask(client, status: int = 201, **values):
    body = {"field": "first_name", "wanted": "Anna", "reason": "It is in my passport."} | values
    answer = client.post(MINE, body, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def answered(client, world, key: int, word: str, status: int = 200, **body):
    path = f"/api/v2/institution/{world.home.institution.pk}/correction/{key}/{word}/"
    answer = client.post(path, body, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def stored(world, who: str = "ann") -> User:
    return User.objects.get(pk=world.people[who].pk)


def test_correction_is_asked_for_and_accepted(world, as_):
    asked = ask(as_("ann"), wanted="  Anna ")
    assert (asked["before"], asked["wanted"], asked["state"]) == ("Ann", "Anna", "open")
    told = answered(as_("data"), world, asked["id"], "accept")
    assert (told["state"], told["person"]["first_name"], told["by_vle"]) == ("accepted", "Anna", False)
    assert stored(world).first_name == "Anna"
    lines = Line.objects.filter(person_id=world.people["ann"].pk).values_list("verb", "resource")
    assert {("create", "me/correction"), ("accept", "institution/correction")} <= {*lines}
    assert details_of(Line.objects.get(verb="accept")) == {"first_name": ["Ann", "Anna"]}
    assert answered(as_("data"), world, asked["id"], "accept", 409)["detail"].endswith("corrected.")
    assert answered(as_("data"), world, asked["id"], "refuse", 409, answer="No.")


def test_refused_correction_tells_the_reason_and_changes_nothing(world, as_):
    key = ask(as_("ann"))["id"]
    assert "answer" in answered(as_("data"), world, key, "refuse", 400, answer=" ")
    answered(as_("data"), world, key, "refuse", answer="The register says Ann.")
    told = as_("ann").get(f"{MINE}{key}/").json()
    assert (told["state"], told["answer"]) == ("refused", "The register says Ann.")
    assert stored(world).first_name == "Ann"
    assert ask(as_("ann"))["state"] == "open"


def test_who_answers_changes_no_more_than_otherwise(world, as_):
    """Data administrators change names, and of people without rights; administrators everything."""
    email = ask(as_("ann"), field="email", wanted="New@Home.example.org")["id"]
    assert "email" in answered(as_("data"), world, email, "accept", 403)["detail"]
    assert stored(world).email == "ann@home.example.org"
    answered(as_("admin"), world, email, "accept")
    assert stored(world).email == "New@Home.example.org"
    legal = ask(as_("legal"))["id"]
    answered(as_("data"), world, legal, "accept", 403)
    assert stored(world, "legal").first_name == "Legal"


def test_what_somebody_else_has_is_told_to_the_administrator_alone(world, as_):
    key = ask(as_("ann"), field="uid", wanted="bob")["id"]
    assert "uid" in answered(as_("admin"), world, key, "accept", 400)
    assert Correction.objects.get(pk=key).state == "open"


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"wanted": "Ann"}, "wanted"), ({"wanted": "a" * 151}, "wanted"), ({"field": "email", "wanted": "x"}, "wanted"),
        ({"field": "is_staff"}, "field"), ({"reason": ""}, "reason"), ({"wanted": "a\nb"}, "wanted"),
    ],
)  # fmt: skip
def test_what_could_not_be_stored_is_refused_at_once(values, name, world, as_):
    before = Correction.objects.count()
    assert [*ask(as_("ann"), 400, **values)] == [name]
    assert Correction.objects.count() == before


def test_one_of_a_field_is_open_and_can_be_withdrawn(world, as_):
    client = as_("ann")
    key = ask(client)["id"]
    assert ask(client, 409, wanted="Annie")["detail"].startswith("You have asked")
    assert ask(client, field="last_name", wanted="Home-Away")
    assert client.delete(f"{MINE}{key}/").status_code == 204
    key = ask(client)["id"]
    answered(as_("admin"), world, key, "refuse", answer="No.")
    assert client.delete(f"{MINE}{key}/").status_code == 409
    gone = Correction.objects.get(pk=key)
    Correction.objects.filter(pk=key).delete()
    with pytest.raises(Unknown):
        corrections.correction_refuse(correction=gone, by_id=1, answer="")


def test_who_came_by_a_vle_is_told_to_who_answers(world, as_, sent):
    key = ask(sent("ann"))["id"]
    path = f"/api/v2/institution/{world.home.institution.pk}/correction/{key}/"
    assert as_("data").get(path).json()["by_vle"] is True


@pytest.mark.parametrize("allowed", [False, True])
def test_own_names_are_corrected_where_the_institution_allows_it(allowed, world, as_):
    Institution.objects.filter(pk=world.home.institution.pk).update(allow_own_names=allowed)
    path = f"/api/v2/institution/{world.home.institution.pk}/user/{world.people['ann'].pk}/"
    answer = as_("ann").patch(path, {"first_name": "Anna", "last_name": "Maria"}, format="json")
    assert answer.status_code == (200 if allowed else 403), answer.content
    assert stored(world).full_name == ("Anna Maria" if allowed else "Ann Home")
    for name, value in {"email": "x@home.example.org", "uid": "x", "inst_admin": True}.items():
        assert as_("ann").patch(path, {name: value}, format="json").status_code == 403
    other = path.replace(str(world.people["ann"].pk), str(world.people["bob"].pk))
    assert as_("ann").patch(other, {"first_name": "X"}, format="json").status_code in (403, 404)


def test_corrections_go_with_the_account_and_move_with_a_merge(world, as_):
    ask(as_("bob"))
    ask(as_("ann"))
    for field in ("uid", "last_name"):  # of the latter both have an answer: neither is lost
        Correction.objects.create(
            institution=world.home.institution, person=world.people["bob"], field=field, wanted="b", state="refused",
            reason="r", decided_at=PAST,
        )  # fmt: skip
    ann = world.people["ann"]
    people_merge(
        institution=world.home.institution, kept_id=ann.pk, gone_id=world.people["bob"].pk,
        by_id=world.people["admin"].pk,
    )  # fmt: skip
    mine = Correction.objects.filter(person=ann)
    assert sorted(mine.values_list("field", "state")) == [
        ("first_name", "open"), ("last_name", "refused"), ("last_name", "refused"), ("uid", "refused"),
    ]  # fmt: skip
    person_delete(person=stored(world))
    assert not Correction.objects.filter(institution=world.home.institution).exists()


def test_pages_lead_from_the_wish_to_the_answer(world, signed_in):
    Institution.objects.filter(pk=world.home.institution.pk).update(allow_own_names=True)
    Correction.objects.all().delete()
    ann, data = signed_in("ann"), signed_in("data")
    for browser in (ann, data):
        browser.handler.enforce_csrf_checks = False
    page = "/me/corrections/"
    names = {"action": "names", "first_name": "Anne", "last_name": "Home"}
    shown = ann.get(page).context["own_state"]
    assert ann.post(page, names | {"state": shown}).status_code == 302
    assert 'value="Anne"' in ann.get(page).text
    late = ann.post(page, names | {"first_name": "Anna", "state": shown})
    assert (late.status_code, 'value="Anne"' in late.text, stored(world).first_name) == (412, True, "Anne")
    wish = {"field": "last_name", "wanted": "Homer", "reason": "A letter is missing."}
    assert ann.post(page, wish).status_code == 302
    again = ann.post(page, wish)
    assert (again.status_code, "wait for the answer" in again.text) == (409, True)
    home = f"/console/{world.home.institution.pk}/"
    key = Correction.objects.get().pk
    assert f'href="{home}corrections/?state=open"' in data.get(home).text
    assert "Homer" in data.get(f"{home}corrections/?state=open").text
    form = f"{home}corrections/{key}/"
    assert "A letter is missing." in data.get(form).text
    assert data.post(form, {"action": "refuse", "answer": ""}).status_code == 400
    assert data.post(form, {"action": "refuse", "answer": "It was never there."}).status_code == 302
    assert "It was never there." in ann.get(page).text
    ann.post(page, wish)
    assert data.post(f"{home}corrections/{key + 1}/", {"action": "accept"}).status_code == 302
    assert stored(world).last_name == "Homer"
    assert "Homer" not in data.get(f"{home}corrections/?state=open").text
    ann.post(page, wish | {"field": "first_name"})
    assert ann.post(page, {"withdraw": str(Correction.objects.latest("pk").pk)}).status_code == 302
    assert not Correction.objects.filter(state="open").exists()
