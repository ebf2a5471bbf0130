"""/institution/{}/send/: categories of special needs, and what each of them says at once."""

import json

import pytest

from institutions.models import Instrument
from kernel.domain import Invalid, Unknown
from learners import services
from learners.models import SENDCategory, SENDLearner
from learners.queries import send_data

BODY = {"description": "no sound", "data": {"enabled_options": ["text_to_speech"], "disabled_instruments": ["3"]}}
NOTHING = {"enabled_options": [], "disabled_instruments": []}
STORED = {"enabled_options": ["big_fonts"], "disabled_instruments": [2]}  # of the world's category


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/send/"


@pytest.fixture
def one(url, world):
    return f"{url}{world.home.category.pk}/"


@pytest.fixture
def admin(as_):
    return as_("admin")


def send_of(client, world, name="ann") -> dict:
    url = f"/api/v2/institution/{world.home.institution.pk}/learner/{world.people[name].pk}/"
    return client.get(url).json()["send"]


def test_categories_of_another_institution_are_not_here(as_, url, world):
    theirs = f"{url}{world.away.category.pk}/"
    assert as_("global").get(theirs).status_code == 404
    for who in ("admin", "send"):
        client = as_(who)
        assert client.get(url).json()["count"] == 1
        assert client.get(theirs).status_code == 404
        assert client.put(theirs, BODY, format="json").status_code == 404
        assert client.patch(theirs, BODY, format="json").status_code == 404
        assert client.delete(theirs).status_code == 404
    assert SENDCategory.objects.get(pk=world.away.category.pk).description == "low sight"


# What is sent and what is answered.


@pytest.mark.parametrize(
    ("data", "answered"),
    [
        (None, NOTHING),  # not sent at all
        ({}, NOTHING),
        ({"enabled_options": None, "disabled_instruments": None}, NOTHING),
        ({"enabled_options": ["big_fonts"]}, NOTHING | {"enabled_options": ["big_fonts"]}),
        ({"disabled_instruments": [1], "enabled_options": None}, NOTHING | {"disabled_instruments": [1]}),
        ({"disabled_instruments": ["5", 2, "2", 5, "1"]}, NOTHING | {"disabled_instruments": [1, 2, 5]}),
        (
            {"enabled_options": ["text_to_speech", "high_contrast", "big_fonts", "big_fonts"]},
            NOTHING | {"enabled_options": ["big_fonts", "high_contrast", "text_to_speech"]},
        ),
        ({"enabled_options": [], "nope": 1}, NOTHING),
    ],
)
def test_both_keys_are_answered_whatever_was_sent(data, answered, admin, url):
    """An earlier implementation stored what was sent and answered with 500 where a key was missing, and to every
    search.
    """
    body = {"description": " new ", "institution": {"id": 1}, "id": 5} | ({} if data is None else {"data": data})
    answer = admin.post(url, body, format="json")
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert list(row)[:6] == ["id", "institution", "data", "description", "created_at", "updated_at"]
    assert list(row["data"]) == ["enabled_options", "disabled_instruments"]
    assert (row["data"], row["description"]) == (answered, "new")
    assert SENDCategory.objects.get(pk=row["id"]).data == answered
    assert admin.get(f"{url}{row['id']}/").json() == row


@pytest.mark.parametrize("stored", [{}, {"enabled_options": ["big_fonts"]}, {"disabled_instruments": None}])
def test_both_keys_are_answered_whatever_is_stored(stored, as_, url, one, world):
    SENDCategory.objects.filter(pk=world.home.category.pk).update(data=stored)
    expected = {"enabled_options": stored.get("enabled_options", []), "disabled_instruments": []}
    admin = as_("admin")
    assert admin.get(one).json()["data"] == admin.get(url).json()["results"][0]["data"] == expected
    assert send_of(admin, world) == {"is_send": True, "send": expected}
    assert admin.patch(one, {"data": {"enabled_options": None}}, format="json").json()["data"] == NOTHING
    assert send_data(SENDCategory.objects.get(pk=world.home.category.pk).data) == NOTHING


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize(
    ("data", "answered"),
    [
        (None, STORED),  # not sent at all
        ({}, STORED),
        ({"enabled_options": ["high_contrast"]}, STORED | {"enabled_options": ["high_contrast"]}),
        ({"enabled_options": None}, STORED | {"enabled_options": []}),
        ({"disabled_instruments": []}, STORED | {"disabled_instruments": []}),
        ({"disabled_instruments": ["1"], "enabled_options": None}, NOTHING | {"disabled_instruments": [1]}),
    ],
)
def test_change_keeps_what_it_leaves_out(method, data, answered, admin, one):
    body = {"description": "renamed"} | ({} if data is None else {"data": data})
    answer = getattr(admin, method)(one, body, format="json")
    assert answer.status_code == 200, answer.content
    assert (answer.json()["data"], answer.json()["description"]) == (answered, "renamed")
    assert admin.get(one).json()["data"] == answered


def test_put_needs_a_description_and_patch_nothing(admin, one):
    assert admin.put(one, {"data": {}}, format="json").json() == {"description": ["This field is required."]}
    assert admin.patch(one, {}, format="json").json()["data"] == STORED


@pytest.mark.parametrize(
    "data",
    [
        None, "", "x", 1, [], True, "{}",
        {"enabled_options": "big_fonts"}, {"enabled_options": {}}, {"enabled_options": 1}, {"enabled_options": True},
        {"enabled_options": ["Big_fonts"]}, {"enabled_options": ["x" * 500]}, {"enabled_options": [None]},
        {"enabled_options": [1]}, {"enabled_options": [True]}, {"enabled_options": [["big_fonts"]]},
        {"enabled_options": [{}]}, {"enabled_options": [""]}, {"enabled_options": ["a\0"]},
        {"disabled_instruments": "1"}, {"disabled_instruments": 1}, {"disabled_instruments": {"1": 1}},
        {"disabled_instruments": [99]}, {"disabled_instruments": ["99"]}, {"disabled_instruments": [0]},
        {"disabled_instruments": [-1]}, {"disabled_instruments": [1.0]}, {"disabled_instruments": [True]},
        {"disabled_instruments": [None]}, {"disabled_instruments": ["abc"]}, {"disabled_instruments": ["1.0"]},
        {"disabled_instruments": [2**63]}, {"disabled_instruments": [10**40]}, {"disabled_instruments": [[1]]},
        {"disabled_instruments": [{}]}, {"disabled_instruments": [""]}, {"disabled_instruments": ["٣"]},
        {"disabled_instruments": [1, 99]}, {"enabled_options": ["big_fonts", "nope"]},
    ],
)  # fmt: skip
def test_wrong_data_is_400_under_its_name(data, admin, url, one, world):
    for answer in (
        admin.post(url, {"description": "x", "data": data}, format="json"),
        admin.put(one, {"description": "x", "data": data}, format="json"),
        admin.patch(one, {"data": data}, format="json"),
    ):
        assert (answer.status_code, list(answer.json())) == (400, ["data"])
        assert all(isinstance(text, str) for text in answer.json()["data"])
    stored = SENDCategory.objects.get(institution=world.home.institution)
    assert (stored.data, stored.description) == (STORED, "low sight")


def test_deeply_nested_data_is_400(admin, url):
    for depth in (400, 900):
        nested = "[" * depth + "]" * depth
        for key in ("enabled_options", "disabled_instruments"):
            body = f'{{"description": "x", "data": {{"{key}": [{nested}]}}}}'
            answer = admin.post(url, body, content_type="application/json")
            assert answer.status_code == 400
            form = {"description": "x", "data": f'{{"{key}": [{nested}]}}'}
            assert list(admin.post(url, form, format="multipart").json()) == ["data"]
    deep = {"description": "x", "data": "[" * 50_000}
    assert list(admin.post(url, deep, format="multipart").json()) == ["data"]


@pytest.mark.parametrize("value", [None, "", "   ", [], {}, "a\0b"])
def test_description_is_required_and_not_blank(value, admin, url, one):
    for answer in (
        admin.post(url, {"description": value}, format="json"),
        admin.patch(one, {"description": value}, format="json"),
    ):
        assert (answer.status_code, list(answer.json())) == (400, ["description"])
    assert list(admin.post(url, {}, format="json").json()) == ["description"]


def test_description_is_of_any_length_with_lines_and_not_unique(admin, url):
    for text in ("x" * 20_000, "one\ntwo", "low sight", "low sight"):
        answer = admin.post(url, {"description": text}, format="json")
        assert (answer.status_code, answer.json()["description"]) == (201, text)


def test_forms_send_data_as_json_text(admin, url, one):
    made = admin.post(url, {"description": "x", "data": json.dumps(BODY["data"])}, format="multipart")
    assert made.json()["data"] == {"enabled_options": ["text_to_speech"], "disabled_instruments": [3]}
    assert admin.post(url, {"description": "x", "data": " "}, format="multipart").json()["data"] == NOTHING
    assert admin.put(one, {"description": "x", "data": ""}, format="multipart").json()["data"] == STORED
    assert list(admin.put(one, {"description": "x", "data": "{"}, format="multipart").json()) == ["data"]
    page = admin.get(one, HTTP_ACCEPT="text/html").content.decode()
    assert "&quot;enabled_options&quot;" in page


# Instruments are those of this moment.


def test_instrument_installed_meanwhile_is_known_and_a_disabled_one_too(admin, url):
    """An earlier implementation read the list of instruments when it was started, and knew no new one until the next
    start.
    """
    body = {"description": "x", "data": {"disabled_instruments": [77]}}
    assert admin.post(url, body, format="json").status_code == 400
    Instrument.objects.create(pk=77, name="New", acronym="new", queue="new", enabled=False)
    assert admin.post(url, body, format="json").json()["data"]["disabled_instruments"] == [77]


# What a category says shows in its learners at once.


def test_change_and_deletion_show_in_the_learner_at_once(as_, one, world):
    """An earlier implementation kept special needs and the current consent for 24 hours in a cache of each process."""
    admin, ann = as_("admin"), as_("ann")
    assert send_of(ann, world) == {"is_send": True, "send": STORED}
    data = {"enabled_options": ["high_contrast"], "disabled_instruments": ["5", "1"]}
    admin.patch(one, {"data": data}, format="json")
    said = {"enabled_options": ["high_contrast"], "disabled_instruments": [1, 5]}
    assert send_of(ann, world) == {"is_send": True, "send": said}
    assert admin.delete(one).status_code == 204
    assert send_of(ann, world) == {"is_send": False, "send": NOTHING}


def test_deletion_takes_the_assignments_of_this_category_only(admin, url, one, world):
    other = SENDCategory.objects.create(institution=world.home.institution, description="other")
    for name in ("ann", "bob"):
        SENDLearner.objects.create(
            institution=world.home.institution, learner=world.home.learners[name], category=other
        )
    assert admin.delete(one).status_code == 204
    assert [row["id"] for row in admin.get(url).json()["results"]] == [other.pk]
    assert SENDLearner.objects.filter(institution=world.home.institution).count() == 2
    assert SENDLearner.objects.filter(institution=world.away.institution).count() == 1


# Lists.


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"description": "low sight"}, ["low sight"]),
        ({"description": "low"}, []),
        ({"description": ""}, ["low sight", "no sound"]),
        ({"description": "a\nb"}, []),
        ({"id": "abc"}, []),
        ({"id": "1.5"}, []),
        ({"id": "9" * 40}, []),
        ({"search": "SOUND"}, ["no sound"]),
        ({"search": "sight low"}, ["low sight"]),
        ({"search": "nothing"}, []),
        ({"ordering": "-id"}, ["no sound", "low sight"]),
        ({"ordering": "-description"}, ["no sound", "low sight"]),
        ({"ordering": "summary"}, ["low sight", "no sound"]),
    ],
)
def test_filters_search_and_ordering(query, found, admin, url, world):
    for home in (world.home, world.away):
        SENDCategory.objects.create(institution=home.institution, description="no sound")
    assert [row["description"] for row in admin.get(url, query).json()["results"]] == found


def test_filter_by_id(admin, url, world):
    assert admin.get(url, {"id": world.home.category.pk}).json()["count"] == 1
    assert admin.get(url, {"id": world.away.category.pk}).json()["count"] == 0


# Services.


def test_what_changed_meanwhile_stays(world):
    stale = SENDCategory.objects.get(pk=world.home.category.pk)
    services.send_category_update(category=world.home.category, data={"enabled_options": []})
    services.send_category_update(category=stale, data={"disabled_instruments": [1]})
    services.send_category_update(category=stale, description="renamed")
    stored = SENDCategory.objects.get(pk=stale.pk)
    assert stored.data == {"enabled_options": [], "disabled_instruments": [1]}
    assert stored.description == "renamed"


def test_what_is_gone_is_unknown(world):
    gone = SENDCategory.objects.get(pk=world.home.category.pk)
    world.home.category.delete()
    with pytest.raises(Unknown):
        services.send_category_update(category=gone, description="x")
    with pytest.raises(Invalid, match="category"):
        services.send_assign(learner=world.home.learners["ann"], category=gone)


def test_extra_time_and_allowances_are_told_of_learners_who_have_any(admin, one, as_, world):
    assert "provide" not in send_of(admin, world)
    sent = {"extra_time": 25, "allowances": ["scribe", "reader", "scribe"]}
    row = admin.patch(one, sent, format="json").json()
    assert (row["extra_time"], row["allowances"]) == (25, ["reader", "scribe"])
    assert (row["data"], row["description"]) == (STORED, "low sight")
    other = SENDCategory.objects.create(
        institution=world.home.institution, description="x", data={}, extra_time=50, allowances=["prompter"]
    )
    services.send_assign(learner=world.home.learners["ann"], category=other)

    provided = {"extra_time": 50, "allowances": ["prompter", "reader", "scribe"]}
    assert send_of(admin, world)["provide"] == provided
    needs = as_("ann").get("/api/v2/me/held/").json()["needs"]
    assert {name: needs[name] for name in provided} == provided
    assert admin.patch(one, {"extra_time": None, "allowances": []}, format="json").status_code == 200
    assert send_of(admin, world)["provide"] == {"extra_time": 50, "allowances": ["prompter"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("extra_time", 0), ("extra_time", -1), ("extra_time", 301), ("extra_time", "x"), ("extra_time", [25]),
        ("allowances", ["nope"]), ("allowances", "reader"), ("allowances", None), ("allowances", [["reader"]]),
        ("allowances", {"reader": True}),
    ],
)  # fmt: skip
def test_other_allowances_are_refused(name, value, admin, one):
    answer = admin.patch(one, {name: value}, format="json")
    assert (answer.status_code, list(answer.json())) == (400, [name])
