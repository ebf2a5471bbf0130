"""Many rows with one statement are stored as Django would store them one by one."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DataError, connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from institutions.models import VLE, Instructor, Instrument, Provider, User
from kernel.many import Among, rows_inserted, rows_updated
from learners.models import Learner

AWKWARD = """It's "quoted", \\back\\slashed, {braced}, 100 %s, \t tabbed, null, Łódź 😀"""
TIMES = ("id", "created_at", "updated_at")


def stored(model, keys, without=()):
    """The rows' columns as the database has them."""
    columns = [field.column for field in model._meta.concrete_fields if field.name not in without]
    with connection.cursor() as cursor:
        names = ", ".join(map(connection.ops.quote_name, columns))
        marks = ", ".join(["%s"] * len(keys))
        key = model._meta.pk.column
        cursor.execute(f"SELECT {names} FROM {model._meta.db_table} WHERE {key} IN ({marks}) ORDER BY {key}", keys)
        return cursor.fetchall()


def test_rows_are_inserted_as_instances_are(world):
    home = world.home.institution
    columns = ("username", "uid", "email", "first_name", "last_name", "locale")
    rows = [
        ("e\u0301 ", " Ünï\u00ad ", " One@X.org", AWKWARD, "O’Neil", None),
        ("two", "2", None, "", "", "ca"),
        ("three", "3", "3@x.org", "null", "[1]", ""),
    ]
    before = timezone.now()
    with CaptureQueriesContext(connection) as queries:
        keys = rows_inserted(User, columns, rows, same={"institution": home.pk, "password": "!"})
    assert len(queries) == 1
    assert [User.objects.get(pk=key).username for key in keys] == ["é", "two", "three"]
    many = stored(User, keys, TIMES)
    made = User.objects.get(pk=keys[0])
    assert before <= made.created_at == made.updated_at <= timezone.now()
    User.objects.filter(pk__in=keys).delete()
    one_by_one = [
        User.objects.create(**dict(zip(columns, row, strict=True)), institution=home, password="!").pk for row in rows
    ]
    assert many == stored(User, one_by_one, TIMES)


def test_what_only_some_fields_know_to_store(world):
    home = world.home.institution
    key, other = rows_inserted(VLE, ("name", "lti_secret"), [("a", "s3cret"), ("b", "")], same={"institution": home.pk})
    vle = VLE.objects.get(pk=key)
    assert (vle.lti, vle.type, vle.lti_secret, vle.search_text) == ({}, 0, "s3cret", "a")
    assert "s3cret" not in str(stored(VLE, [key, other]))
    rows_updated(VLE, ("lti",), {key: ({"issuer": AWKWARD},), other: ([None, 1.5, True],)})
    assert [VLE.objects.get(pk=each).lti for each in (key, other)] == [{"issuer": AWKWARD}, [None, 1.5, True]]


def test_rows_that_are_there_can_be_passed_over(world):
    home, people = world.home.institution, world.home.people
    same = {"institution": home.pk}
    new = [(people["member"].pk,), (people["ann"].pk,)]
    assert rows_inserted(Learner, ("user",), new, same=same, passes_over_taken=True) == [people["member"].pk]
    made = Learner.objects.get(pk=people["member"].pk)
    assert made.learner_id.version == 4
    assert timezone.now() - made.joined_at < timedelta(minutes=1)


def test_values_are_changed_whatever_their_type(world):
    now = timezone.now()
    instrument = Instrument.objects.create(name="Face", acronym="many", queue="many")
    one, other = (
        Provider.objects.create(name=name, acronym=name, queue=name, version="1", instrument=instrument)
        for name in ("one", "other")
    )
    columns = ("alert_below", "warning_below", "service_port", "enabled", "description", "instrument", "updated_at")
    new = {
        one.pk: (Decimal("0.25"), Decimal("0.5"), 8080, True, AWKWARD, one.instrument_id, now),
        other.pk: (None, None, None, False, None, None, now - timedelta(days=1)),
    }
    with CaptureQueriesContext(connection) as queries:
        rows_updated(Provider, columns, new)
    assert len(queries) == 1
    names = [Provider._meta.get_field(name).attname for name in columns]
    assert dict(zip(new, Provider.objects.filter(pk__in=new).order_by("pk").values_list(*names), strict=True)) == new


def test_rows_are_found_by_any_number_of_texts(world):
    home, ann = world.home.institution, world.home.people["ann"]
    ann.first_name = AWKWARD
    ann.save()
    texts = [AWKWARD, *(f"{number}" for number in range(5000))]
    rows = User.objects.filter(Among(F("first_name"), texts), institution=home)
    assert [*rows.values_list("pk", flat=True)] == [ann.pk]
    assert not rows.exclude(Among(F("first_name"), [AWKWARD])).exists()
    assert not User.objects.filter(Among(F("first_name"), ())).exists()


def test_without_rows_there_is_no_statement(world):
    with CaptureQueriesContext(connection) as queries:
        assert rows_inserted(Instructor, ("user",), []) == []
        rows_updated(Provider, ("name",), {})
    assert not len(queries)


def test_a_value_that_cannot_be_sent_or_stored_is_refused(world):
    with pytest.raises(TypeError, match="bytes"):
        rows_updated(Provider, ("name",), {1: (b"name",)})
    if connection.vendor == "postgresql":  # SQLite knows no lengths
        with pytest.raises(DataError):
            rows_updated(User, ("locale",), {world.home.people["ann"].pk: ("l" * 11,)})
