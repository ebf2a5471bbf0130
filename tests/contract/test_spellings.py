"""An identifier is the same in every spelling: composed or not, with invisible characters, with blanks at its ends.

Uids and e-mails ignore case. The ids of a VLE do not: they are not people's.
"""

from io import StringIO
from urllib.parse import quote

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import Activity, Course, CourseLearner
from institutions.models import User
from kernel.fields import EmailIdentifierField, IdentifierField
from kernel.text import identifier_key
from tests.courses.sittings import NEW, consented, enrolled

UID = "\u00c9lo@Ex.org"
SPELLINGS = [UID, "\u00e9LO@EX.ORG", "E\u0301lo@ex.org", " e\u0301lo@ex.org ", "\u00e9lo\u200b@ex\u00ad.org\ufeff"]
each_spelling = pytest.mark.parametrize("uid", SPELLINGS, ids=ascii)


@pytest.fixture
def bob(world) -> User:
    """A learner as Moodle's plugin makes one: the uid is the e-mail, more or less."""
    person = world.home.people["bob"]
    person.uid, person.email, person.login_allowed = UID, "Elo@Ex.org", False
    person.set_unusable_password()
    person.save()
    return person


@pytest.fixture
def vle(world, as_):
    """vle("post", "launcher/", {...})"""
    client = as_("vle")

    def sent(method: str, path: str, body: dict | None = None):
        at = f"/api/v2/vle/{world.home.vle.pk}/{path}"
        return getattr(client, method)(at, body, format="json") if body else getattr(client, method)(at)

    return sent


@pytest.fixture
def members(world) -> str:
    return f"course/{world.home.course.pk}/learner/"


@each_spelling
def test_a_vle_finds_the_same_person(uid, bob, vle, members, world):
    found = vle("get", f"{members}?uid={quote(uid)}").json()["results"]
    assert [(row["id"], row["uid"]) for row in found] == [(bob.pk, UID)]
    same = {"uid": uid, "first_name": bob.first_name, "last_name": bob.last_name, "email": "Elo@Ex.org"}
    with CaptureQueriesContext(connection) as asked:
        answer = vle("post", members, same)
    assert (answer.status_code, answer.json()["id"], answer.json()["uid"]) == (201, bob.pk, UID)
    assert not [query for query in asked if query["sql"].startswith(("INSERT", "UPDATE"))]
    CourseLearner.objects.filter(learner=bob.pk).delete()
    assert vle("post", members, same | {"first_name": "Changed"}).json()["id"] == bob.pk
    assert vle("patch", f"{members}{bob.pk}/", {"uid": uid, "first_name": "Again"}).status_code == 200
    assert User.objects.filter(institution=world.home.institution, uid=UID).count() == 1


@each_spelling
def test_a_vle_opens_the_exam_of_the_same_person(uid, bob, vle, world):
    enrolled(consented(world.home, "bob"))
    opened = vle("post", "assessment/", NEW | {"vle_learner_uid": uid})
    assert (opened.status_code, opened.json()["learner"]) == (200, bob.pk)
    again = vle("post", "assessment/", NEW | {"vle_learner_uid": uid, "session_id": opened.json()["id"]})
    assert (again.status_code, again.json()["id"]) == (200, opened.json()["id"])
    other = vle("post", "assessment/", NEW | {"vle_learner_uid": "ann", "session_id": opened.json()["id"]})
    assert other.status_code == 400
    assert vle("post", "launcher/", {"vle_user_uid": uid}).status_code == 200


@each_spelling
def test_people_find_the_same_person(uid, bob, as_, world):
    home = f"/api/v2/institution/{world.home.institution.pk}"
    for path in (f"learner/?uid={quote(uid)}", "learner/?email=ELO@ex.org", f"course/{world.home.course.pk}/learner/"):
        found = as_("admin").get(f"{home}/{path}").json()["results"]
        assert bob.pk in [row["id"] for row in found]
    inside = f"{home}/course/{world.home.course.pk}/learner/"
    CourseLearner.objects.filter(learner=bob.pk).delete()
    assert as_("admin").post(inside, {"uid": uid}).json()["id"] == bob.pk
    assert as_("admin").put(f"{inside}{bob.pk}/", {"uid": uid}).json()["id"] == bob.pk
    for path in ("user/", "learner/"):
        body = {"uid": uid, "username": "other", "email": "other@x.org"}
        assert [*as_("admin").post(f"{home}/{path}", body).json()] == ["uid"]
    assert as_("admin").post(f"{home}/instructor/", {"uid": uid}).json()["id"] == bob.pk


@each_spelling
def test_an_import_finds_the_same_person(uid, bob, world, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(f"uid,first_name,role\n{uid},Changed,instructor\n", encoding="utf-8")
    before = User.objects.count()
    call_command("import_csv", file, "--institution", "HOME", stdout=StringIO(), verbosity=0)
    assert User.objects.count() == before
    assert User.objects.get(pk=bob.pk).first_name == "Changed"


def test_two_spellings_in_one_table_are_one_person(world, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("uid,first_name,email\nNew,A,new@x.org\nnew,B,\n n\u00adew,C,NEW@x.org\n", encoding="utf-8")
    call_command("import_csv", file, "--institution", "HOME", stdout=StringIO(), verbosity=0)
    made = User.objects.get(institution=world.home.institution, uid="NEW")
    assert (made.uid, made.first_name, made.email) == ("New", "C", "NEW@x.org")


def test_what_is_stored_has_no_invisible_characters(world, as_):
    body = {"uid": " N\u200bew ", "username": " ne\u00adw ", "email": "\ufeffNew@x.org "}
    made = as_("admin").post(f"/api/v2/institution/{world.home.institution.pk}/user/", body)
    assert made.status_code == 201, made.content
    assert [made.json()[name] for name in body] == ["New", "new", "New@x.org"]
    stored = User.objects.values_list("uid", "uid_key", "username", "email", "email_key").get(pk=made.json()["id"])
    assert stored == ("New", "new", "new", "New@x.org", "new@x.org")


VLE_ID = "Kurs-\u00e9"
SAME = ["Kurs-\u00e9", "Kurs-e\u0301", " Kurs\u200b-\u00e9 "]


@pytest.mark.parametrize("key", SAME, ids=ascii)
def test_a_vle_finds_the_same_course(key, vle, world):
    body = {"code": "C", "vle_course_id": key}
    made = vle("post", "course/", body)
    assert (made.status_code, made.json()["vle_course_id"]) == (201, VLE_ID)
    for spelling in SAME:
        found = vle("get", f"course/?vle_course_id={quote(spelling)}").json()["results"]
        assert [row["id"] for row in found] == [made.json()["id"]]
        assert vle("post", "course/", body | {"vle_course_id": spelling}).status_code == 400
    other = vle("post", "course/", body | {"vle_course_id": VLE_ID.upper()})
    assert (other.status_code, other.json()["id"] == made.json()["id"]) == (201, False)
    assert Course.objects.filter(vle_course_id__in=SAME).count() == 1


@pytest.mark.parametrize("key", SAME, ids=ascii)
def test_a_vle_finds_the_same_activity(key, vle, world):
    at = f"course/{world.home.course.pk}/activity/"
    body = {"name": "A", "enabled": True, "vle_activity_type": key, "vle_activity_id": key}
    made = vle("post", at, body)
    stored = made.json()["vle_activity_type"], made.json()["vle_activity_id"]
    assert (made.status_code, stored) == (201, (VLE_ID, VLE_ID))
    consented(world.home, "bob")
    for spelling in SAME:
        named = {"vle_activity_type": spelling, "vle_activity_id": spelling}
        query = f"vle_activity_type={quote(spelling)}&vle_activity_id={quote(spelling)}"
        assert [row["id"] for row in vle("get", f"{at}?{query}").json()["results"]] == [made.json()["id"]]
        assert vle("post", at, body | named).status_code == 400
        opened = vle("post", "assessment/", named | {"vle_learner_uid": "bob"})
        assert (opened.status_code, opened.json()["activity"]) == (200, made.json()["id"])
        again = vle("post", "assessment/", named | {"vle_learner_uid": "bob", "session_id": opened.json()["id"]})
        assert again.status_code == 200
    assert vle("post", at, body | {"vle_activity_id": VLE_ID.upper()}).status_code == 201
    assert Activity.objects.filter(vle_activity_id=VLE_ID).count() == 1


@pytest.mark.parametrize("nothing", ["\u200b", " \u00ad ", "\ufeff"], ids=ascii)
def test_invisible_identifiers_are_none(nothing, vle, members, world):
    person = {"uid": nothing, "first_name": "A", "last_name": "B", "email": "a@x.org"}
    for path, body, name in (
        (members, person, "uid"),
        (members, person | {"uid": "new", "email": nothing}, "email"),
        ("course/", {"code": "C", "vle_course_id": nothing}, "vle_course_id"),
        ("launcher/", {"vle_user_uid": nothing}, "vle_user_uid"),
        ("assessment/", NEW | {"vle_learner_uid": nothing}, "vle_learner_uid"),
    ):
        answer = vle("post", path, body)
        assert (answer.status_code, [*answer.json()]) == (400, [name]), path


def test_identifier_that_grows_beyond_its_column_is_400(vle, members):
    longest = "\u0958" * 250  # in NFC two characters each
    for path, name in ((members, "uid"), ("course/", "vle_course_id"), ("launcher/", "vle_user_uid")):
        answer = vle(
            "post", path, {name: longest, "code": "C", "first_name": "A", "last_name": "B", "email": "a@x.org"}
        )
        assert (answer.status_code, [*answer.json()]) == (400, [name])


def test_identifiers_of_all_tables_are_normalised_and_folded_where_they_are_peoples():
    names = {"uid", "email", "username"}
    kinds = {
        f"{model.__name__}.{field.name}": (type(field), field.compared_in if hasattr(field, "compared_in") else None)
        for model in apps.get_models()
        if model._meta.label != "pipeline.BrokerAccount"  # its names are the service's own
        for field in model._meta.concrete_fields
        if field.name in names or field.name.startswith(("vle_course_", "vle_activity_"))
    }
    assert kinds == {
        "User.username": (IdentifierField, None),
        "User.email": (EmailIdentifierField, "email_key"),
        "User.uid": (IdentifierField, "uid_key"),
        "Course.vle_course_id": (IdentifierField, None),
        "Activity.vle_activity_type": (IdentifierField, None),
        "Activity.vle_activity_id": (IdentifierField, None),
    }
    assert [User._meta.get_field(name).fold for name in ("email_key", "uid_key")] == [identifier_key] * 2
