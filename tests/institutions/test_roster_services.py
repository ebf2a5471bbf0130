"""Many people at once: who is created, who stays unchanged, and what happens when others write at the same time."""

import pytest
from django.db import IntegrityError, transaction

from institutions.models import FormerUid, Instructor, User
from institutions.services import rosters
from institutions.services.person_values import usernames_together
from kernel.domain import Conflict
from learners.models import Learner, SENDLearner
from learners.services import learners_add, sends_assign
from tests.world import rewritten


@pytest.fixture
def home(world):
    return world.home.institution


def test_people_are_created_by_the_rules_of_a_single_one_and_the_others_reported(home):
    home.mail_domain = "home.example.org"
    made, refused = rosters.people_create(
        institution=home,
        people={
            "n1": {"first_name": "Ann", "email": "New@home.example.org", "locale": "en"},
            "n2": {"email": "new@HOME.example.org"},
            "n3": {"email": "BOB@home.example.org"},
            "n4": {"email": "x@elsewhere.example.org"},
            "n5": {"first_name": None, "email": "", "locale": "ca_valencia"},
            "n6": {"first_name": "a\tb", "last_name": "x" * 151},
            "a\nb": {},
            "": {},
        },
    )
    assert {*made} == {"n1", "n5"}
    taken = "email: This value is already taken."
    assert {uid: refused[uid] for uid in ("n2", "n3", "n4")} == {
        "n2": taken, "n3": taken, "n4": "email: The institution does not accept addresses of this domain.",
    }  # fmt: skip
    assert refused["n6"].count(": ") == 2
    assert {*refused} == {"n2", "n3", "n4", "n6", "a\nb", ""}
    person = User.objects.get(pk=made["n1"])
    assert (person.username, person.email, person.first_name) == ("new@home.example.org", "New@home.example.org", "Ann")
    nameless = User.objects.get(pk=made["n5"])
    assert (nameless.username, nameless.locale) == ("HOME-n5", "ca")
    assert not any(each.has_usable_password() for each in User.objects.filter(pk__in=made.values()))


def test_of_two_spellings_of_a_uid_the_first_is_made(home):
    made, refused = rosters.people_create(institution=home, people={"n1@x.org": {}, "N1@X.org": {}})
    assert [*made] == ["n1@x.org"]
    assert [*refused] == ["N1@X.org"]
    assert "already taken" in refused["N1@X.org"]


def test_a_list_finds_makes_and_refuses(world, home):
    rewritten(User.objects.filter(username="root"), institution=home, uid="boss")
    FormerUid.objects.create(institution=home, person=world.people["ann"], uid_key="n-ann")
    roster = rosters.people_listed(institution=home, uids=["ann", "N-Ann", "n1", "boss", "x" * 256])
    assert roster.existing == dict.fromkeys(["ann", "N-Ann"], world.people["ann"].pk)
    assert {*roster.created} == {"n1"}
    assert roster.refused["boss"] == "This is the account of a global administrator."
    assert "at most 255" in roster.refused["x" * 256]


def test_names_are_taken_once(world, home):
    rewritten(User.objects.filter(username="home-ann"), username="HOME-n1")
    rewritten(User.objects.filter(username="home-bob"), username="n2@home.example.org")
    rewritten(User.objects.filter(username="away-ann"), username="HOME-n3")
    made = usernames_together(
        home,
        {"n1": None, "n1-2": None, "n2": "N2@home.example.org", "n3": f"{'x' * 140}@example.org", "n&": "", "n#": ""},
    )
    # The second name of n1 is the first of n1-2.
    assert made == {
        "n1": "HOME-n1-2",
        "n1-2": "HOME-n1-2-2",
        "n2": "HOME-n2",
        "n3": "HOME-n3",
        "n&": "HOME-n-",
        "n#": "HOME-n--2",
    }


def test_lost_race_is_a_conflict_and_creates_nobody(world, home, monkeypatch):
    usernames = {"n1": "fresh", "ann": "other"}
    monkeypatch.setattr(rosters, "usernames_together", lambda institution, people: usernames)
    with transaction.atomic(), pytest.raises(Conflict, match="at this moment"):
        rosters.people_create(institution=home, people={"n1": {}, "ann": {}})
    assert not User.objects.filter(username="fresh").exists()


def test_other_refusals_of_the_database_are_no_conflict(home, monkeypatch):
    def refuse(*arguments, **more):
        raise IntegrityError("something else")

    monkeypatch.setattr(rosters, "rows_inserted", refuse)
    with transaction.atomic(), pytest.raises(IntegrityError):
        rosters.people_create(institution=home, people={"n1": {}})


@pytest.mark.parametrize(("add", "role", "model"), [
    (rosters.instructors_add, "instructor", Instructor), (learners_add, "learner", Learner),
])  # fmt: skip
def test_roles_are_given_to_those_of_the_institution_who_lack_them(world, home, add, role, model):
    people = [world.people[name].pk for name in ("ann", "teacher", "member")]
    stranger = world.away.people["member"].pk
    before = set(model.objects.values_list("user_id", flat=True))
    amount = add(institution=home, person_ids=[*people, stranger])
    added = set(model.objects.values_list("user_id", flat=True)) - before
    assert added == {*people} - before
    assert amount == len(added) == 2
    assert add(institution=home, person_ids=people) == 0


def test_a_category_is_assigned_once(world):
    ann, bob = world.people["ann"].pk, world.people["bob"].pk
    assignment = SENDLearner.objects.get(learner=ann)
    assert sends_assign(category=world.home.category, learners=[ann, bob, bob]) == 1
    assert set(world.home.category.assignments.values_list("learner", "expires_at")) == {(ann, None), (bob, None)}
    assert SENDLearner.objects.get(learner=ann).updated_at == assignment.updated_at
