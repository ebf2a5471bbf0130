"""How a line is written: with one statement, sealed where it tells of people, whose keys go with their accounts."""

from contextvars import Context

import pytest
from django import forms
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from institutions.models import Instrument, User
from kernel import recording
from kernel.admin import _changes_in
from kernel.caller import Caller, CallerKind
from kernel.recording import Entry, Origin, record
from trail.jobs import sealing
from trail.models import NO_INSTITUTION, Head, Key, Line, Link, MergedAccount, Part, Sealing
from trail.sealed import opened
from trail.writing import LONGEST

pytestmark = pytest.mark.django_db
BY = Origin("person", 7, "Ann Archer", "password", None, "192.0.2.1", "r-1")
VLE = Origin("vle", 3, "Moodle", "approle", None, "192.0.2.9", "r-2")


def text_of(line: Line, part: Part) -> str | None:
    key = Key.objects.filter(line_id=line.pk, part=part).values_list("key", flat=True).first()
    return opened(line.origin if part == Part.ORIGIN else line.details, key)


def test_lines_are_one_statement_and_have_the_clock_of_the_database():
    with CaptureQueriesContext(connection) as captured:
        record(*[Entry("read", "institution/course", number, 1) for number in range(3)], by=BY)
    assert len(captured) == 1
    lines = list(Line.objects.order_by("pk"))
    assert [line.row_key for line in lines] == ["0", "1", "2"]
    assert abs((timezone.now() - lines[0].written_at).total_seconds()) < 60
    assert (lines[0].written_in > 0) is (connection.vendor == "postgresql")
    assert Key.objects.count() == 3


def test_many_lines_fit_the_database():
    record(*[Entry("read", "r", number, 1) for number in range(150)], by=BY)
    assert Line.objects.count() == 150


def test_what_tells_of_people_is_sealed_and_readable_with_the_keys():
    record(Entry("update", "institution/user", 8, 1, 8, {"last_name": ["Bell", "Bow"]}, sealed=True), by=BY)
    line = Line.objects.get()
    assert "Ann" not in line.origin
    assert "192" not in line.origin
    assert "Bell" not in line.details
    assert text_of(line, Part.ORIGIN) == '{"name":"Ann Archer","address":"192.0.2.1"}'
    assert text_of(line, Part.DETAILS) == '{"last_name":["Bell","Bow"]}'
    assert {*Key.objects.values_list("person_id", "part")} == {(7, 1), (8, 2)}
    assert (line.actor_kind, line.actor_id, line.signed_in, line.request_id) == ("person", 7, "password", "r-1")


def test_what_tells_of_nobody_is_plain():
    record(Entry("update", "vle/course", 1, details={"name": ["a", "b"]}, sealed=True), by=VLE)
    record(Entry("sign-in failed", "auth/login"), by=Origin(address="192.0.2.5"))
    record(Entry("create", "user", 5), by=recording.command("import_csv"))
    lines = list(Line.objects.order_by("pk"))
    assert lines[0].origin == '{"name":"Moodle","address":"192.0.2.9"}'
    assert lines[0].details == '{"name":["a","b"]}'
    assert lines[1].origin == '{"name":"","address":"192.0.2.5"}'
    assert (lines[2].actor_kind, lines[2].actor_id, lines[2].institution_id) == ("command", None, NO_INSTITUTION)
    assert not Key.objects.exists()


def test_keys_go_with_the_account_however_it_is_deleted(world):
    person = world.people["ann"]
    record(Entry("update", "institution/user", person.pk, 1, person.pk, {"a": [1, 2]}, sealed=True), by=BY)
    line = Line.objects.get()
    mine = Key.objects.filter(person_id=person.pk)
    assert mine.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO trail_key (line_id, part, person_id, key) SELECT 0, 1, 999, key FROM trail_key "
                       "WHERE part = 1")  # fmt: skip
    for account, kept in ((997, 999), (998, person.pk)):
        MergedAccount.objects.create(account_id=account, person_id=kept)
    other = User.objects.create(pk=999, username="gone", email="gone@example.org")
    other.delete()
    assert not Key.objects.filter(person_id=999).exists()
    assert MergedAccount.objects.get().person_id == person.pk
    assert mine.count() == 1
    mine.delete()
    assert text_of(line, Part.DETAILS) is None
    assert "Archer" in (text_of(line, Part.ORIGIN) or "")


def test_strange_values_are_written_and_long_ones_named():
    record(Entry("update", "r", "x" * 200, details={"a": ["\ud800", 2**70], 3: {1, 2}}), by=VLE)
    record(Entry("update", "r", 1, details={"text": "x" * LONGEST, "b": 1}), by=VLE)
    first, second = Line.objects.order_by("pk")
    assert len(first.row_key) == 100
    assert str(2**70) in first.details
    assert second.details == '{"text":null,"b":null}'


def test_nothing_is_written_without_entries_or_a_writer(settings):
    record(by=BY)
    settings.TRAIL_WRITER = ""
    record(Entry("read", "r"), by=BY)
    assert not Line.objects.exists()


def test_a_line_goes_with_its_transaction():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(Entry("update", "r"), by=BY)
        raise ZeroDivisionError
    assert not Line.objects.exists()
    assert not Key.objects.exists()


def test_who_acts_is_said_once():
    with recording.acting(BY):
        record(Entry("read", "r"))
        assert recording.origin() is BY
    assert recording.origin() != BY
    assert Line.objects.get().actor_id == 7


def test_outside_a_request_nobody_acts():
    """Background work runs in threads and contexts of their own."""

    def work() -> Origin:
        recording.caller_known(Caller(CallerKind.PERSON, 7))
        sealing()
        return recording.origin()

    assert Context().run(work) == Origin()


def test_rows_say_what_they_are():
    record(Entry("update", "institution/group", "1/2", 1), by=BY)
    key = Key.objects.get()
    assert str(Line.objects.get()) == "update institution/group 1/2 by person 7"
    assert str(key) == f"of line {key.line_id} for 7"
    assert [str(Link(institution_id=1, position=2)), str(Sealing(up_to=3))] == ["1: 2", "up to 3"]
    assert str(Head(institution_id=1, position=2, signed_at="now")) == "1: 2 at now"


def test_several_rows_chosen_in_a_form_are_told_by_their_keys(world):
    class Chosen(forms.Form):
        instruments = forms.ModelMultipleChoiceField(Instrument.objects.all())

    keys = sorted(Instrument.objects.values_list("pk", flat=True)[:2])
    form = Chosen({"instruments": keys[::-1]})
    assert form.is_valid()
    assert _changes_in(form) == {"instruments": [None, keys]}
