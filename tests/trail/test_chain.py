"""The chains: what was done to lines behind the service's back is found."""

import json
import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from kernel.models import RecordError
from kernel.recording import Entry, Origin, record
from tests.guards import lifted
from trail import chain, sealing, verifying
from trail.models import Head, Key, Line, Link, Sealing
from trail.sealing import seal

pytestmark = pytest.mark.django_db
BY = Origin("person", 7, "Ann", "password", None, "192.0.2.1", "r-1")
OTHER_KEY = "b3RoZXIga2V5IHRoYXQgaGFzIDMyIGJ5dGVzIGluISE="


def lines_written(*institutions: int) -> None:
    for number, institution in enumerate(institutions):
        record(Entry("update", "institution/course", number, institution, details={"name": ["a", "b"]}), by=BY)


@pytest.fixture(autouse=True)
def _own_transaction(request, monkeypatch):
    """A test is one transaction, which it must not wait for: sealing sees all of it, unless it is tried itself."""
    if connection.vendor == "postgresql" and "transactional_db" not in request.fixturenames:
        monkeypatch.setattr(sealing, "horizon", lambda: 2**60)


def sealed(**options) -> tuple[int, int]:
    if connection.vendor == "postgresql":
        Sealing.objects.update(up_to=0)  # lines of the same transaction as those before
    return seal(**options)


def faults() -> list[tuple]:
    return [(fault.kind, fault.institution_id, fault.position) for fault in verifying.verify().faults]


def test_each_institution_has_its_chain_and_its_head():
    lines_written(1, 2, 1)
    assert sealed() == (3, 2)
    places = Link.objects.order_by("pk").values_list("institution_id", "position")
    assert [*places] == [(1, 1), (2, 1), (1, 2)]
    assert {*Head.objects.values_list("institution_id", "position")} == {(1, 2), (2, 1)}
    assert sealed() == (0, 0)
    assert verifying.verify() == (3, 2, [], {})
    assert verifying.verify(institution_id=1)[:2] == (2, 1)


def test_a_line_dated_behind_the_last_year_stops_nothing():
    """From a clock that is wrong, or put in from elsewhere: Python knows no such instant."""
    lines_written(1)
    columns = ", ".join(column for column in chain.COLUMNS if column not in ("id", "written_at"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO trail_line (written_at, written_in, {columns}) "
            f"SELECT '10001-01-01 00:00:00', written_in, {columns} FROM trail_line"
        )
    lines_written(1)
    assert sealed() == (3, 1)
    assert faults() == []


def test_heads_are_signed_at_an_interval_and_none_is_forgotten(settings):
    lines_written(1)
    sealed()
    lines_written(1)
    assert sealed() == (1, 0)
    assert Sealing.objects.get().unsigned == [1]
    assert sealed(sign_now=True) == (0, 1)
    lines_written(1)
    settings.TRAIL_HEAD_MINUTES = 0
    assert sealed() == (1, 1)
    assert Sealing.objects.get().unsigned == []


def test_many_lines_are_sealed_in_parts(monkeypatch):
    monkeypatch.setattr(sealing, "LINES", 2)
    lines_written(*[1] * 5)
    assert sealed() == (5, 1)
    assert verifying.verify() == (5, 1, [], {})


@pytest.mark.django_db(transaction=True)
def test_a_line_is_not_sealed_before_what_may_come_before_it(transactional_db):
    """On PostgreSQL: the own transaction, which is open, may still write."""
    with transaction.atomic():
        lines_written(1)
        assert seal() == ((0, 0) if connection.vendor == "postgresql" else (1, 1))
    for _ in range(200):  # transactions of other databases on the same server may be open for a moment
        seal()
        if Link.objects.exists():
            break
        time.sleep(0.05)
    assert verifying.verify() == (1, 1, [], {})


def test_who_finds_another_at_it_leaves_it_to_that_one(monkeypatch):
    lines_written(1)
    monkeypatch.setattr(sealing, "_locked_state", lambda: None)
    assert seal() == (0, 0)


def test_a_database_that_was_restored_elsewhere_is_sealed_further():
    lines_written(1)
    sealed()
    lines_written(1)
    if connection.vendor == "postgresql":
        Sealing.objects.update(up_to=2**61)  # its transactions are counted anew
        assert faults() == []
    assert seal()[0] == 1
    assert faults() == []


@pytest.mark.parametrize("table", ["trail_line", "trail_link", "trail_head"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET institution_id = 2", "DELETE FROM {}", "TRUNCATE {}"],
    ids=["update", "delete", "truncate"],
)
def test_the_database_refuses(table, statement):
    if connection.vendor == "sqlite" and statement.startswith("TRUNCATE"):
        pytest.skip("SQLite has no TRUNCATE")
    lines_written(1)
    sealed()
    refused = pytest.raises(DatabaseError, match=r"The trail is never changed\.")
    with connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute(statement.format(table))
    with pytest.raises(RecordError):
        Line.objects.get().delete()
    assert faults() == []


def behind(statement: str) -> None:
    with lifted(), connection.cursor() as cursor:
        cursor.execute(statement)


# By somebody who can do everything in the database, and has no key.
TAMPERING = {
    "changed": ("UPDATE trail_line SET verb = 'read' WHERE row_key = '1'", [("changed", 1, 2)]),
    "actor": ("UPDATE trail_line SET actor_id = 8 WHERE row_key = '1'", [("changed", 1, 2)]),
    "when": ("UPDATE trail_line SET written_at = '2020-01-01 00:00:00+00' WHERE row_key = '1'", [("changed", 1, 2)]),
    "removed": ("DELETE FROM trail_line WHERE row_key = '1'", [("removed", 1, 2)]),
    "removed with its place": (
        "DELETE FROM trail_link WHERE position = 2", [("removed", 1, 2), ("inserted", 1, None)],
    ),
    "cut": ("DELETE FROM trail_link WHERE position = 4", [("cut", 1, 4), ("inserted", 1, None)]),
    "all links": ("DELETE FROM trail_link", [("cut", 1, 4), *[("inserted", 1, None)] * 4]),
    "other institution": ("UPDATE trail_link SET institution_id = 2 WHERE position = 4",
                          [("removed", 2, 1), ("cut", 1, 4)]),
    "digest": ("UPDATE trail_link SET digest = line_id WHERE position = 4", [("changed", 1, 4), ("changed", 1, 4)]),
    "signature": ("UPDATE trail_head SET position = 3", [("wrong signature", 1, 3)]),
    "no signature": ("UPDATE trail_head SET signature = 'x'", [("wrong signature", 1, 4)]),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERING)
def test_what_was_done_behind_its_back_is_found(name):
    statement, expected = TAMPERING[name]
    lines_written(1, 1, 1, 1)
    sealed()
    behind(statement)
    assert faults() == expected
    assert verifying.verify(institution_id=3).faults == []


def test_lines_that_have_changed_places_are_found():
    lines_written(1, 1, 1)
    sealed()
    first, second = Link.objects.order_by("position").values_list("line_id", flat=True)[:2]
    behind(f"UPDATE trail_link SET line_id = -1 WHERE line_id = {first}")
    behind(f"UPDATE trail_link SET line_id = {first} WHERE line_id = {second}")
    behind(f"UPDATE trail_link SET line_id = {second} WHERE line_id = -1")
    assert faults() == [("changed", 1, 1), ("changed", 1, 2)]


def test_a_line_that_is_put_in_later_is_found():
    lines_written(1)
    sealed()
    columns = ", ".join(field.column for field in Line._meta.concrete_fields if field.column != "id")
    number = Line.objects.get().pk - 1000
    behind(f"INSERT INTO trail_line (id, {columns}) SELECT {number}, {columns} FROM trail_line")
    assert faults() == [("inserted", 1, None)]


def test_a_chain_that_was_made_anew_is_not_the_signed_one():
    lines_written(1, 1)
    sealed()
    behind("UPDATE trail_line SET verb = 'read'")
    previous = chain.START
    for link in Link.objects.order_by("position"):
        line = Line.objects.filter(pk=link.line_id).values_list(*chain.COLUMNS).get()
        previous = chain.digest(previous, line)
        behind(f"UPDATE trail_link SET digest = '{previous}' WHERE position = {link.position}")
    assert faults() == [("changed", 1, 2)]


def test_heads_that_were_sent_away_find_what_was_cut_off_with_its_heads(
    settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.TRAIL_HEADS_FILE = str(tmp_path / "heads")
    verified()
    lines_written(1, 1)
    with django_capture_on_commit_callbacks(execute=True):
        sealed()
    (sent,) = (tmp_path / "heads").read_text().splitlines()
    assert json.loads(sent)["position"] == 2
    verified()
    for table in ("trail_line", "trail_link", "trail_head"):
        behind(f"DELETE FROM {table}")
    assert faults() == []
    with pytest.raises(CommandError):
        call_command("verify_trail", stdout=StringIO())
    settings.TRAIL_HEADS_FILE = ""
    verified()
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_trail", "--heads", str(tmp_path / "heads"), "--json", stdout=out)
    (fault,) = json.loads(out.getvalue())["faults"]
    assert (fault["kind"], fault["institution_id"], fault["position"]) == ("cut", 1, 2)
    for text in ("no JSON", '{"position": 1}', '{"signed_at": 3}', '{"signed_at": "x"}'):
        (tmp_path / "heads").write_text(text)
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("verify_trail", "--heads", str(tmp_path / "heads"))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_trail", "--heads", str(tmp_path / "none"))


def verified() -> None:
    call_command("verify_trail", stdout=StringIO())


def test_keys_of_its_own_are_rotated(settings):
    lines_written(1)
    sealed()
    settings.TRAIL_KEYS = [OTHER_KEY]
    assert faults() == [("wrong signature", 1, 1)]  # by the key that is derived from the one of encryption
    settings.TRAIL_KEYS = []
    settings.ENCRYPTION_KEYS = [OTHER_KEY, *settings.ENCRYPTION_KEYS]
    assert faults() == []
    lines_written(1)
    out = StringIO()
    call_command("seal_trail", stdout=out)
    sealed(sign_now=True)
    call_command("seal_trail", "--public-keys", stdout=out)
    assert faults() == []
    newest, *_ = chain.public_keys()
    assert Head.objects.latest("pk").key_name == newest
    assert newest in out.getvalue()


def test_a_key_that_is_destroyed_leaves_the_chain_valid():
    lines_written(1)
    sealed()
    Key.objects.all().delete()
    assert faults() == []
