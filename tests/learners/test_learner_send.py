"""/institution/{}/learner/{}/send/: which special needs hold for a learner, and until when."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from kernel.domain import Invalid, Unknown
from learners import services
from learners.models import Learner, SENDCategory, SENDLearner

PAST = "2020-01-02T03:04:05Z"
FUTURE = "2100-01-02T03:04:05Z"


@pytest.fixture
def base(world):
    return f"/api/v2/institution/{world.home.institution.pk}/learner/"


@pytest.fixture
def url(base, world):
    return f"{base}{world.people['ann'].pk}/send/"


@pytest.fixture
def one(url, world):
    return f"{url}{world.home.assignment.pk}/"


@pytest.fixture
def admin(as_):
    return as_("admin")


@pytest.fixture
def other(world):
    return SENDCategory.objects.create(
        institution=world.home.institution,
        description="no sound",
        data={"enabled_options": ["text_to_speech"], "disabled_instruments": [3]},
    )


def send_of(client, base, world, name="ann") -> dict:
    return client.get(f"{base}{world.people[name].pk}/").json()["send"]


def test_learner_reads_the_own_ones_and_no_others(as_, base, url, one, world):
    mine = as_("ann").get(url).json()
    assert ([row["id"] for row in mine["results"]], mine["count"]) == ([world.home.assignment.pk], 1)
    assert as_("bob").get(f"{base}{world.people['bob'].pk}/send/").json()["count"] == 0
    for address in (url, one):
        assert as_("bob").get(address).status_code == 403


# Assigning.


def test_category_is_assigned_for_good_and_the_rest_of_the_body_ignored(as_, base, url, world, other):
    """Dashboards send the category's description and data along."""
    body = {
        "category": other.pk, "description": "ignored", "data": {"enabled_options": ["nope"]},
        "info": {"id": world.home.category.pk}, "learner": world.people["bob"].pk, "id": 5,
    }  # fmt: skip
    answer = as_("send").post(url, body, format="json")
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert list(row) == ["id", "expires_at", "category", "info"]
    assert (row["expires_at"], row["category"]) == (None, other.pk)
    assert row["info"] == as_("send").get(f"/api/v2/institution/{world.home.institution.pk}/send/{other.pk}/").json()
    stored = SENDLearner.objects.get(pk=row["id"])
    assert (stored.learner_id, stored.institution_id) == (world.people["ann"].pk, world.home.institution.pk)
    assert SENDCategory.objects.get(pk=other.pk).description == "no sound"
    assert send_of(as_("ann"), base, world)["send"] == {
        "enabled_options": ["big_fonts", "text_to_speech"], "disabled_instruments": [2, 3],
    }  # fmt: skip


@pytest.mark.parametrize("written", [int, str])
@pytest.mark.parametrize("until", [None, FUTURE, "2100-01-02T03:04:05.678901+01:00", "2100-01-02T03:04"])
def test_category_is_a_number_or_its_digits_and_the_end_an_instant_or_null(written, until, admin, url, other):
    answer = admin.post(url, {"category": written(other.pk), "expires_at": until}, format="json")
    assert answer.status_code == 201, answer.content
    ends = answer.json()["expires_at"]
    if until is None:
        assert ends is None
    else:
        given = datetime.fromisoformat(until)
        assert datetime.fromisoformat(ends) == (given if given.tzinfo else given.replace(tzinfo=UTC))
        assert ends.endswith("Z")


@pytest.mark.parametrize("value", [None, "", 0, -1, 1.5, "abc", True, [], {}, 2**63, 10**40, 987654])
def test_unknown_category_is_400(value, admin, url, one, world):
    for answer in (
        admin.post(url, {"category": value}, format="json"),
        admin.put(one, {"category": value}, format="json"),
        admin.patch(one, {"category": value}, format="json"),
    ):
        assert (answer.status_code, list(answer.json())) == (400, ["category"])
    assert SENDLearner.objects.get(institution=world.home.institution).category_id == world.home.category.pk


def test_category_of_another_institution_is_as_unknown_as_one_that_does_not_exist(admin, url, one, world):
    theirs = world.away.category.pk
    unknown = admin.post(url, {"category": 987654}, format="json").json()
    for answer in (
        admin.post(url, {"category": theirs}, format="json"),
        admin.put(one, {"category": theirs}, format="json"),
        admin.patch(one, {"category": theirs}, format="json"),
    ):
        assert answer.status_code == 400
        assert str(answer.json()).replace(str(theirs), "987654") == str(unknown)


def test_category_is_required_but_for_patch(admin, url, one):
    for answer in (admin.post(url, {}, format="json"), admin.put(one, {"expires_at": None}, format="json")):
        assert answer.json() == {"category": ["This field is required."]}
    assert admin.patch(one, {}, format="json").status_code == 200


def test_same_category_twice_is_400(admin, url, base, world, other):
    again = admin.post(url, {"category": world.home.category.pk}, format="json")
    assert (again.status_code, list(again.json())) == (400, ["category"])
    row = admin.post(url, {"category": other.pk}, format="json").json()
    for method in ("put", "patch"):
        answer = getattr(admin, method)(f"{url}{row['id']}/", {"category": world.home.category.pk}, format="json")
        assert (answer.status_code, list(answer.json())) == (400, ["category"])
    bob = f"{base}{world.people['bob'].pk}/send/"
    assert admin.post(bob, {"category": other.pk}, format="json").status_code == 201


def test_an_assignment_that_has_run_out_is_still_one(admin, url, one, world):
    SENDLearner.objects.filter(pk=world.home.assignment.pk).update(expires_at=PAST)
    assert admin.post(url, {"category": world.home.category.pk}, format="json").status_code == 400
    assert admin.patch(one, {"expires_at": None}, format="json").status_code == 200


# Until when.


@pytest.mark.parametrize(
    "value", [PAST, "1900-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "soon", "2100-13-01", "", 5, True, [], {}]
)  # fmt: skip
def test_end_in_the_past_or_none_at_all_is_400(value, admin, url, one, other, world):
    for answer in (
        admin.post(url, {"category": other.pk, "expires_at": value}, format="json"),
        admin.put(one, {"category": world.home.category.pk, "expires_at": value}, format="json"),
        admin.patch(one, {"expires_at": value}, format="json"),
    ):
        assert (answer.status_code, list(answer.json())) == (400, ["expires_at"])
    assert SENDLearner.objects.get(institution=world.home.institution).expires_at is None


@pytest.mark.parametrize("value", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_end_beyond_the_calendar_is_400(value, admin, url, other):
    answer = admin.post(url, {"category": other.pk, "expires_at": value}, format="json")
    assert (answer.status_code, list(answer.json())) == (400, ["expires_at"])


def test_put_keeps_the_end_when_it_is_left_out_and_null_is_for_good(admin, one, world, other):
    admin.patch(one, {"expires_at": FUTURE}, format="json")
    kept = admin.put(one, {"category": other.pk}, format="json").json()
    assert (kept["category"], kept["expires_at"], kept["info"]["description"]) == (other.pk, FUTURE, "no sound")
    assert admin.patch(one, {"category": world.home.category.pk}, format="json").json()["expires_at"] == FUTURE
    for method in ("put", "patch"):
        admin.patch(one, {"expires_at": FUTURE}, format="json")
        answer = getattr(admin, method)(one, {"category": other.pk, "expires_at": None}, format="json")
        assert answer.json()["expires_at"] is None


def test_what_has_run_out_may_be_sent_back_unchanged(admin, one, world, other):
    """The dashboard sends a row back as it was shown, perhaps to the millisecond."""
    ran_out = datetime(2020, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    SENDLearner.objects.filter(pk=world.home.assignment.pk).update(expires_at=ran_out)
    row = admin.get(one).json()
    for ends in (row["expires_at"], "2020-01-02T03:04:05.678Z"):
        for method, category in (("put", other.pk), ("patch", world.home.category.pk)):
            body = row | {"category": category, "expires_at": ends}
            answer = getattr(admin, method)(one, body, format="json")
            assert (answer.status_code, answer.json()["expires_at"]) == (200, row["expires_at"])
    for ends in ("2020-01-02T03:04:05.680Z", "2020-01-02T03:04:04Z", PAST, "2021-01-01T00:00:00Z"):
        answer = admin.patch(one, {"expires_at": ends}, format="json")
        assert (answer.status_code, list(answer.json())) == (400, ["expires_at"]), ends


# What shows in the learner.


def test_what_has_run_out_is_listed_here_and_counts_no_more(as_, base, url, one, world):
    ann = as_("ann")
    assert send_of(ann, base, world)["is_send"] is True
    SENDLearner.objects.filter(pk=world.home.assignment.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert send_of(ann, base, world) == {
        "is_send": False, "send": {"enabled_options": [], "disabled_instruments": []},
    }  # fmt: skip
    for who in ("ann", "send", "admin", "global"):
        assert as_(who).get(url).json()["count"] == 1
        assert as_(who).get(one).status_code == 200


def test_every_change_shows_at_once(as_, base, url, one, world, other):
    admin, ann = as_("admin"), as_("ann")
    admin.patch(one, {"category": other.pk}, format="json")
    assert send_of(ann, base, world)["send"] == {"enabled_options": ["text_to_speech"], "disabled_instruments": [3]}
    admin.patch(one, {"expires_at": FUTURE}, format="json")
    assert send_of(ann, base, world)["is_send"] is True
    assert admin.delete(one).status_code == 204
    assert send_of(ann, base, world)["is_send"] is False
    assert SENDCategory.objects.filter(pk=other.pk).exists()
    assert Learner.objects.filter(pk=world.people["ann"].pk).exists()


# The chain.


@pytest.mark.parametrize("who", ["admin", "send", "global"])
def test_learner_of_the_institution_and_assignment_of_the_learner(who, as_, base, world, other):
    client = as_(who)
    teacher, theirs = world.people["teacher"].pk, world.away.people["ann"].pk
    for person in (teacher, theirs, 987654):
        assert client.get(f"{base}{person}/send/").status_code == 404
        assert client.post(f"{base}{person}/send/", {"category": other.pk}, format="json").status_code == 404
        for assignment in (world.home.assignment.pk, world.away.assignment.pk):
            assert client.get(f"{base}{person}/send/{assignment}/").status_code == 404
            assert client.delete(f"{base}{person}/send/{assignment}/").status_code == 404
    bob = f"{base}{world.people['bob'].pk}/send/"
    for assignment in (world.home.assignment.pk, world.away.assignment.pk):
        assert client.get(f"{bob}{assignment}/").status_code == 404
    ann = f"{base}{world.people['ann'].pk}/send/{world.away.assignment.pk}/"
    assert client.get(ann).status_code == 404
    assert SENDLearner.objects.count() == 2


# Lists.


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "SOUND"}, ["no sound"]),
        ({"search": "sight"}, ["low sight"]),
        ({"search": "nothing"}, []),
        ({"ordering": "-id"}, ["no sound", "low sight"]),
        ({"ordering": "expires_at"}, ["no sound", "low sight"]),
        ({"ordering": "-category"}, ["no sound", "low sight"]),
        ({"ordering": "info"}, ["low sight", "no sound"]),
        ({"limit": 1, "offset": 1}, ["no sound"]),
    ],
)
def test_search_ordering_and_pages(query, found, admin, url, other):
    admin.post(url, {"category": other.pk, "expires_at": FUTURE}, format="json")
    assert [row["info"]["description"] for row in admin.get(url, query).json()["results"]] == found


# Services.


def test_services_refuse_strangers_and_what_is_gone(world, other):
    ann = world.home.learners["ann"]
    with pytest.raises(Invalid, match="category"):
        services.send_assign(learner=ann, category=world.away.category)
    with pytest.raises(Invalid, match="category"):
        services.send_assignment_update(assignment=world.home.assignment, category=world.away.category)
    with pytest.raises(Invalid, match="expires_at"):
        services.send_assign(learner=ann, category=other, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    stale, ghost = SENDLearner.objects.get(pk=world.home.assignment.pk), world.home.learners["bob"]
    world.home.assignment.delete()
    with pytest.raises(Unknown, match="assignment"):
        services.send_assignment_update(assignment=stale, expires_at=None)
    Learner.objects.filter(pk=ghost.pk).delete()
    with pytest.raises(Unknown, match="learner"):
        services.send_assign(learner=ghost, category=other)


def test_what_changed_meanwhile_stays(world, other):
    stale = SENDLearner.objects.get(pk=world.home.assignment.pk)
    services.send_assignment_update(assignment=world.home.assignment, expires_at=datetime(2100, 1, 1, tzinfo=UTC))
    services.send_assignment_update(assignment=stale, category=other)
    stored = SENDLearner.objects.get(pk=stale.pk)
    assert (stored.category_id, stored.expires_at) == (other.pk, datetime(2100, 1, 1, tzinfo=UTC))
