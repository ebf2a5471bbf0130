"""Writes with few statements: what is refused, what is told, and what is answered without reading it again."""

from threading import Event, Thread
from time import sleep

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from courses.api.group import GroupViewSet
from courses.models import ActivityInstrument, CourseGroup, CourseLearner
from institutions.models import InformedConsent, Instrument, User
from institutions.services.people import person_update
from kernel import errors
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.domain import Conflict
from kernel.writes import Taken, inserted, loaded, one_transaction, save_values
from learners.models import Learner
from learners.services import state_of_locked_learner
from tests.contract import vle_calls

TAKEN = ["This value is already taken."]


@pytest.fixture
def home(world):
    return world.home


def person(home, **values) -> User:
    return User(institution=home.institution, **{"username": "n", "uid": "n", "email": "n@x.org"} | values)


def test_a_row_that_a_constraint_forbids_is_not_inserted_and_the_transaction_goes_on(home):
    made = person(home)
    assert inserted(made)
    assert User.objects.get(pk=made.pk).created_at == made.created_at
    for taken in ({"username": "m"}, {"uid": "m"}, {"email": "m@x.org"}):
        values = {"username": "m", "uid": "m", "email": "m@x.org"} | {name: getattr(made, name) for name in taken}
        refused = person(home, **values)
        assert not inserted(refused)
        assert refused.pk is None
    assert User.objects.filter(uid__in=("n", "m")).count() == 1
    assert not inserted(Learner(user=home.people["ann"], institution=home.institution))
    made.first_name = "Saved"
    made.save()
    assert User.objects.get(pk=made.pk).first_name == "Saved"


@one_transaction()
def _inner(home, error: Exception | None = None) -> None:
    CourseGroup.objects.create(institution=home.institution, name="inner")
    if error is not None:
        raise error


def test_a_transaction_inside_another_one_is_a_part_of_it(home):
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        _inner(home)
    assert sum("SAVEPOINT" in query["sql"] for query in captured) == 2  # of the outer one
    with CaptureQueriesContext(connection) as captured:
        _inner(home)
    assert sum("SAVEPOINT" in query["sql"] for query in captured) == 2  # by itself it is one
    before = CourseGroup.objects.count()
    with pytest.raises(Conflict):
        _inner(home, Conflict("no"))
    assert CourseGroup.objects.count() == before


def test_who_catches_an_error_and_goes_on_needs_a_savepoint(home):
    before = CourseGroup.objects.count()
    with pytest.raises(TransactionManagementError), transaction.atomic():
        with pytest.raises(Conflict):
            _inner(home, Conflict("no"))
        CourseGroup.objects.count()
    with transaction.atomic():
        with pytest.raises(Conflict), transaction.atomic():
            _inner(home, Conflict("no"))
        assert CourseGroup.objects.count() == before


@pytest.mark.parametrize("method", ["post", "patch"])
def test_everything_that_is_taken_is_told_at_once(method, as_, home):
    bob = home.people["bob"].pk
    url = f"/api/v2/institution/{home.institution.pk}/user/" + (f"{bob}/" if method == "patch" else "")
    body = {"uid": "ann", "username": "home-ann", "email": "ANN@home.example.org"}
    answer = getattr(as_("admin"), method)(url, body, format="json")
    assert (answer.status_code, answer.json()) == (400, dict.fromkeys(("uid", "email", "username"), TAKEN))
    assert User.objects.get(pk=bob).uid == "bob"


def test_everything_that_is_taken_is_told_to_services_too(home):
    with pytest.raises(Exception, match="taken") as raised:
        person_update(person=home.people["bob"], uid="ann", email="ann@home.example.org")
    assert {*raised.value.message_dict} == {"uid", "email"}


def test_violated_constraints_are_told_before_what_a_service_refuses(as_, home):
    used = home.activity_instrument
    Instrument.objects.filter(pk=used.instrument_id).update(enabled=False)
    url = f"/api/v2/institution/{home.institution.pk}/course/{home.course.pk}/activity/{home.activity.pk}/instrument/"
    for body, text in (({"instrument_id": used.instrument_id}, TAKEN), ({"instrument_id": 4}, None)):
        Instrument.objects.filter(pk=4).update(enabled=False)
        answer = as_("admin").post(url, body | {"active": True}, format="json")
        assert answer.status_code == 400
        assert list(answer.json()) == ["instrument_id"]
        assert (answer.json()["instrument_id"] == TAKEN) == (text is TAKEN)
    assert ActivityInstrument.objects.filter(activity=home.activity).count() == 1


def test_equal_values_are_not_saved_and_in_json_1_is_not_true(home):
    row, instrument = home.activity_instrument, home.activity_instrument.instrument
    row.options = {"a": [1], "b": 2}
    row.save()
    with CaptureQueriesContext(connection) as statements:
        save_values(row, {"options": {"a": [1], "b": 2}, "instrument": instrument, "active": row.active})
    assert not len(statements)
    for options in ({"a": [True], "b": 2}, {"a": [1.0], "b": 2}, {"a": [1]}, [], 1, True, None):
        save_values(row, {"options": options, "active": row.active})
        row.refresh_from_db()
        assert repr(row.options) == repr(options)


@pytest.mark.django_db(transaction=True)
def test_what_the_database_refuses_at_the_commit_is_409_and_not_written(as_, world, monkeypatch):
    """Foreign keys and ties are checked when the transaction ends, behind the view's own code."""
    home, stranger = world.home, world.away.people["ann"].learner

    def tie(self, serializer):
        row = serializer.instance or CourseGroup(institution=home.institution)
        row.name = "Half"
        row.save()
        CourseLearner.objects.create(institution=home.institution, course=home.course, learner=stranger)
        serializer.instance = row

    for hook in ("perform_create", "perform_update"):
        monkeypatch.setattr(GroupViewSet, hook, tie)
    admin, groups = as_("admin"), f"/api/v2/institution/{home.institution.pk}/group/"
    for answer in (
        admin.post(groups, {"name": "Arts"}, format="json"),
        admin.patch(f"{groups}{home.group.pk}/", {"name": "Arts"}, format="json"),
    ):
        told = {"detail": "This has been changed or deleted meanwhile."}
        assert (answer.status_code, answer.json()) == (409, told)
    assert not CourseGroup.objects.filter(name="Half").exists()
    assert not CourseLearner.objects.filter(learner=stranger, course=home.course).exists()


# Answers from memory.


def test_what_is_written_is_answered_as_it_is_read(as_, home):
    admin, groups = as_("admin"), f"/api/v2/institution/{home.institution.pk}/group/"
    for method, path, body in (
        ("post", groups, {"name": "Arts", "parent": home.group.pk}),
        ("patch", f"{groups}{home.group.pk}/", {"description": "All of it."}),
        ("put", f"{groups}{home.group.pk}/", {"name": "Other", "parent": None}),
    ):
        answer = getattr(admin, method)(path, body, format="json").json()
        assert answer == admin.get(f"{groups}{answer['id']}/").json()


@pytest.mark.parametrize("place", ["new", "outside", "inside"])
@pytest.mark.parametrize("consented", [True, False])
def test_members_are_answered_as_they_are_read(place, consented, as_, home):
    name = {"new": "new@x.org", "outside": "eve", "inside": "ann"}[place]
    if place != "new":
        found = home.newer_consent if consented else None
        Learner.objects.filter(user=home.people[name]).update(consent=found)
        assert CourseLearner.objects.filter(course=home.course, learner=home.people[name].pk).exists() == (
            place == "inside"
        )
    url = f"/api/v2/vle/{home.vle.pk}/course/{home.course.pk}/learner/"
    for _ in range(2):
        answer = as_("vle").post(url, vle_calls.PERSON | {"uid": name, "email": "other@x.org"}, format="json")
        assert answer.status_code == 201, answer.content
        assert answer.json() == as_("vle").get(f"{url}{answer.json()['id']}/").json()


def test_who_sees_only_some_rows_is_not_answered_from_memory(as_, home, monkeypatch):
    some = grant(READ, WRITE, rows=lambda me: Q(name=home.group.name))
    monkeypatch.setattr(GroupViewSet, "access", {Role.ADMIN: some})
    url = f"/api/v2/institution/{home.institution.pk}/group/{home.group.pk}/"
    assert as_("admin").patch(url, {"description": "seen"}, format="json").status_code == 200
    assert as_("admin").patch(url, {"name": "unseen"}, format="json").status_code == 403
    assert CourseGroup.objects.get(pk=home.group.pk).name == home.group.name


def test_only_what_is_in_memory_is_taken_from_it(home):
    ann = Learner.objects.select_related("user", "consent").get(user=home.people["ann"])
    ann.consent = home.consent
    columns = ("pk", "user__uid", "consent__version", "consent_rejected")
    assert loaded(ann, columns) == (ann.pk, "ann", home.consent.version, None)
    ann.consent = None
    assert loaded(ann, columns) == (ann.pk, "ann", None, None)
    assert loaded(ann, ("institution__acronym",)) is None
    assert loaded(Learner.objects.get(pk=ann.pk), columns) is None
    stale = Learner.objects.get(pk=ann.pk)  # joined before somebody else gave the learner a consent
    stale._state.fields_cache |= {"user": ann.user, "consent": None}
    stale.consent_id = InformedConsent.objects.filter(institution=home.institution).first().pk
    stale._state.fields_cache["consent"] = None
    assert loaded(stale, columns) is None


# Locks.


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("of", "first"), [(("user", "self"), "user"), (("self", "user"), "learner")])
def test_rows_of_one_statement_are_locked_in_the_order_of_of(of, first, world):
    """What services rely on, and PostgreSQL does not promise: who waits for one row holds those before it alone."""
    if not connection.features.has_select_for_update_nowait:
        pytest.skip("SQLite has one writer at a time")
    ann = world.people["ann"].pk
    tables = {"user": User.objects.filter(pk=ann), "learner": Learner.objects.filter(pk=ann)}
    both = Learner.objects.select_related("user").filter(pk=ann)
    (last,) = tables.keys() - {first}
    waiting, told = Event(), []

    def wait() -> None:
        with transaction.atomic():
            waiting.set()
            told.extend(both.select_for_update(of=of, no_key=True))
        connection.close()

    with transaction.atomic():
        list(tables[first].select_for_update())
        thread = Thread(target=wait)
        thread.start()
        assert waiting.wait(10)
        _until_somebody_waits()
        list(tables[last].select_for_update(nowait=True))  # nobody holds it yet
    thread.join(10)
    assert [row.pk for row in told] == [ann]


def _until_somebody_waits() -> None:
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if cursor.fetchone():
                return
        sleep(0.05)
    raise AssertionError("nobody waits")


# What happens between a question and its answer.


def test_a_consent_given_while_the_lock_was_waited_for_is_read_again(home):
    learner = Learner.objects.select_related("institution", "consent").get(user=home.people["eve"])
    assert learner.consent is None
    learner.consent_id = home.newer_consent.pk
    learner._state.fields_cache["consent"] = None  # as the statement joined it
    assert state_of_locked_learner(learner, None).learner.consent == home.newer_consent


def test_a_value_that_is_free_again_when_the_database_is_asked_is_told_as_taken():
    error = Taken(lambda: None, uid="taken")
    assert errors._translate(error, view=None).detail == {"uid": ["taken"]}


def test_a_refusal_of_another_constraint_is_not_told_as_a_taken_value(home, monkeypatch):
    def refuse(self, **how):
        raise IntegrityError("another constraint")

    monkeypatch.setattr(User, "save", refuse)
    with pytest.raises(IntegrityError, match="another constraint"):
        person_update(person=home.people["bob"], first_name="Robert")
