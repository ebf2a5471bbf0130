"""Cutting old lines off a chain: what goes, what stays, and what is found of those who cut without the service."""

import json
from datetime import timedelta
from importlib import import_module
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from kernel.recording import Entry, Origin, acting, command, record
from tests.trail.test_chain import BY, OTHER_KEY, _own_transaction, behind, faults, lines_written, sealed  # noqa: F401
from trail import chain, cutting, verifying
from trail.accounts import account_merged
from trail.cutting import BROKEN, HELD, cut_old, sent_heads
from trail.models import YOUNGEST_CUT, Cut, Head, Key, Line, Link
from trail.reading import cut_until

pytestmark = pytest.mark.django_db
DAYS = 365
OLD = timezone.now() - timedelta(days=DAYS + 30)


def aged(*institutions: int) -> None:
    """Old lines, sealed and signed."""
    lines_written(*institutions)
    _age()
    sealed(sign_now=True)


def _age() -> None:
    behind(
        f"UPDATE trail_line SET written_at = '{OLD.replace(tzinfo=None)}' "
        "WHERE NOT EXISTS (SELECT 1 FROM trail_link WHERE line_id = trail_line.id)"
    )


def young(*institutions: int) -> None:
    lines_written(*institutions)
    sealed(sign_now=True)


def cut(institution: int = 1, held=(), **options) -> tuple[int, int, str]:
    options = {"sent": {}} | options
    outcome = cut_old(institution, DAYS, lambda: held, **options)
    return outcome.lines, outcome.left, outcome.why


@pytest.fixture
def chained(db):
    """Five old lines of which a head was signed of the third, two young ones, and another institution's old ones."""
    aged(1, 1, 1)
    aged(1, 1)
    aged(2, 2)
    young(1, 1)


def test_a_signed_cut_takes_the_place_of_old_lines(chained, settings):
    assert cut(dry_run=True) == (5, 0, "")
    assert not Cut.objects.exists()
    last = Link.objects.get(institution_id=1, position=5)
    with acting(command("apply_retention")):
        assert cut() == (5, 0, "")
    assert cut() == (0, 0, "")
    made = Cut.objects.get()
    assert (made.first_position, made.position, made.lines, made.digest) == (1, 5, 5, last.digest)
    assert (made.first_at, made.last_at, made.days, made.by) == (OLD, OLD, DAYS, "command apply_retention")
    assert str(made) == "1: 1 to 5"
    assert [*Link.objects.filter(institution_id=1).values_list("position", flat=True)] == [6, 7]
    assert Line.objects.count() == Key.objects.count() == 4
    assert (cut_until(1), cut_until(2), cut_until(None)) == (OLD, None, None)
    young(1)
    assert verifying.verify() == (5, 5, [], {1: made})
    assert verifying.verify(institution_id=2).cuts == {}
    out = StringIO()
    call_command("verify_trail", stdout=out)
    assert "institution 1: begins behind 5 lines, the last one of" in out.getvalue()
    out = StringIO()
    call_command("verify_trail", "--json", stdout=out)
    (told,) = json.loads(out.getvalue())["cuts"]
    assert (told["position"], told["days"], told["digest"]) == (5, DAYS, last.digest)
    settings.ENCRYPTION_KEYS = [OTHER_KEY]
    assert ("wrong signature", 1, 1) in faults()


def test_the_record_of_a_cut_names_no_person(chained):
    with acting(BY):
        cut()
    assert Cut.objects.get().by == "person 7"


def test_it_is_cut_in_parts_and_goes_on_after_an_interruption(chained, monkeypatch):
    monkeypatch.setattr(cutting, "LINES", 2)
    assert cut(dry_run=True) == (5, 0, "")
    part = cutting._part_cut

    def interrupted(rule):
        if Cut.objects.exists():
            raise KeyboardInterrupt
        return part(rule)

    monkeypatch.setattr(cutting, "_part_cut", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cut()
    assert faults() == []
    monkeypatch.setattr(cutting, "_part_cut", part)
    assert cut() == (3, 0, "")
    assert [*Cut.objects.order_by("pk").values_list("first_position", "position")] == [(1, 2), (3, 4), (5, 5)]
    assert faults() == []


def test_who_finds_a_part_cut_by_another_goes_on_behind_it(chained, monkeypatch):
    monkeypatch.setattr(cutting, "LINES", 2)
    insert, part = cutting.inserted, cutting._part_cut

    def late(row):
        monkeypatch.setattr(cutting, "inserted", insert)
        part(rule)
        return insert(row)

    rule = cutting._Rule(1, DAYS, timezone.now() - timedelta(days=DAYS), set, frozenset())
    monkeypatch.setattr(cutting, "inserted", late)
    assert cut() == (3, 0, "")
    assert Cut.objects.count() == 3
    assert faults() == []


def test_neither_the_last_line_nor_what_is_not_sealed_is_cut():
    aged(1, 1)
    lines_written(1)
    _age()
    assert cut() == (1, 0, "")
    assert cut(3) == (0, 0, "")
    sealed()
    assert (Line.objects.count(), faults()) == (2, [])


@pytest.mark.parametrize(
    "line",
    [
        lambda: record(Entry("read", "institution/learner", 9, 1, 9), by=BY),
        lambda: record(Entry("sign-in", "auth", 9, 1), by=Origin("learner", 9, "Bob", "learner session")),
        lambda: (lines_written(1), Key.objects.filter(line_id=Line.objects.latest("pk").pk).update(person_id=9)),
    ],
    ids=["concerns", "did", "merged"],
)
def test_the_first_line_about_a_held_person_keeps_all_behind_it(line):
    record(Entry("read", "institution/vle", 9, 1), by=Origin("vle", 9, "Moodle", "approle"))  # another one's number
    aged(1)
    line()
    aged(1)
    young(1)
    assert cut(held=[9], dry_run=True) == (2, 2, HELD)
    account_merged(9, 19)
    assert cut(held=[19], dry_run=True) == (2, 2, HELD)
    assert cut(held=[19]) == (2, 2, HELD)
    assert cut(held=[19]) == (0, 2, HELD)
    assert cut(held=[8]) == (2, 0, "")
    assert faults() == []


FORGED = (
    "INSERT INTO trail_cut (institution_id, first_position, position, digest, first_at, last_at, heads, days, \"by\", "
    "made_at, key_name, signature) SELECT institution_id, 1, 4, digest, '2020-01-01', '2020-01-01', 'h', 1, 'x', "
    "'2020-01-01', 'k', '' FROM trail_link WHERE institution_id = 1 AND position = 4"
)  # fmt: skip
BEFORE = {
    "changed": "UPDATE trail_line SET verb = 'read' WHERE id IN (SELECT line_id FROM trail_link WHERE position = 2)",
    "removed": "DELETE FROM trail_line WHERE id IN (SELECT line_id FROM trail_link WHERE position = 2)",
    "moved": "UPDATE trail_link SET position = 20 WHERE position = 2",
    "another head": "UPDATE trail_head SET digest = 'x' WHERE position = 3",
    "head of another place": "UPDATE trail_head SET position = 4 WHERE position = 3",
    "forged cut": FORGED,
}


@pytest.mark.parametrize("name", BEFORE)
def test_what_was_tampered_with_is_not_cut(name, chained):
    behind(BEFORE[name])
    found, left = faults(), Line.objects.filter(institution=1, written_at__lt=OLD + timedelta(1)).count()
    assert found
    assert cut(dry_run=True) == cut() == (0, left, BROKEN)
    assert faults() == found


HEAD = ", ".join(verifying.SentHead._fields)
HEAD_AGAIN = f"INSERT INTO trail_head ({HEAD}) SELECT {HEAD} FROM trail_head WHERE position = 3"
# By somebody who can do everything in the database, and has no key. Cuts have the places 1 to 4 and 5.
AFTER = {
    "a further line": ("DELETE FROM trail_line WHERE id IN (SELECT line_id FROM trail_link WHERE position = 6)",
                       [("removed", 1, 6)]),
    "further lines with their places": ("DELETE FROM trail_link WHERE position = 6",
                                        [("removed", 1, 6), ("inserted", 1, None)]),
    "all that is left": ("DELETE FROM trail_link WHERE institution_id = 1",
                         [("cut", 1, 6), ("cut", 1, 7), *[("inserted", 1, None)] * 2]),
    "the last cut": ("DELETE FROM trail_cut WHERE position = 5",
                     [("removed", 1, 5), ("cut", 1, 5)]),
    "the first cut": ("DELETE FROM trail_cut WHERE position = 4", [("removed", 1, 1)]),
    "all cuts": ("DELETE FROM trail_cut", [("removed", 1, 1), ("cut", 1, 3), ("cut", 1, 5)]),
    "a longer cut": ("UPDATE trail_cut SET position = 6 WHERE position = 5",
                     [("wrong signature", 1, 5), ("removed", 1, 5), ("cut", 1, 5)]),
    "another institution's cut": ("UPDATE trail_cut SET institution_id = 2 WHERE position = 4",
                                  [("removed", 1, 1), ("wrong signature", 2, 1)]),
    "another digest": ("UPDATE trail_cut SET digest = '' WHERE position = 5",
                       [("wrong signature", 1, 5), ("removed", 1, 5), ("cut", 1, 5)]),
    "other instants": ("UPDATE trail_cut SET last_at = '2020-01-01' WHERE position = 4",
                       [("wrong signature", 1, 1), ("removed", 1, 1)]),
    "a head before the cut": ("DELETE FROM trail_head WHERE position = 3", [("changed", 1, 1)]),
    "the same head twice": (HEAD_AGAIN, [("changed", 1, 1)]),
    "a place before the cut": ("UPDATE trail_link SET institution_id = 1 WHERE institution_id = 2 AND position = 2",
                               [("inserted", 1, 2), ("cut", 2, 2)]),
}  # fmt: skip


@pytest.mark.parametrize("name", AFTER)
def test_what_was_done_to_a_chain_that_was_cut_is_found(name, chained, monkeypatch):
    monkeypatch.setattr(cutting, "LINES", 4)
    assert cut() == (5, 0, "")
    statement, expected = AFTER[name]
    behind(statement)
    assert faults() == expected


def test_what_was_sent_away_before_a_cut_can_still_be_checked(
    chained, settings, tmp_path, django_capture_on_commit_callbacks
):
    """A head is compared with those that the cut has verified and signed; a cut with those that are stored."""
    settings.TRAIL_HEADS_FILE = str(tmp_path / "heads")
    assert sent_heads() == {}
    with django_capture_on_commit_callbacks(execute=True):
        aged(2)
        young(2)
        assert cut(2, sent=sent_heads()) == (3, 0, "")
    head, _, made = (json.loads(line) for line in (tmp_path / "heads").read_text().splitlines())
    assert (head["position"], made["first_position"], made["position"]) == (3, 1, 3)
    call_command("verify_trail", stdout=StringIO())

    def found(*sent) -> list[tuple]:
        lines = [json.dumps(line) for line in sent]
        return [(fault.kind, fault.position) for fault in verifying.verify(institution_id=2, sent=lines).faults]

    other = Head.objects.get(institution_id=2, position=2)
    name, signature = chain.sign(chain.head_text(2, 2, "x", other.signed_at))
    rewritten = {"institution_id": 2, "position": 2, "digest": "x", "signed_at": chain.instant(other.signed_at),
                 "key": name, "signature": signature}  # fmt: skip
    assert found(head, made) == []
    assert found(rewritten) == [("changed", 2)]
    assert found(head | {"digest": "x"}, made | {"days": 1}) == [("wrong signature", 3), ("wrong signature", 1)]
    assert found({"institution_id": 1, "position": 9}) == []
    behind("DELETE FROM trail_cut")
    assert ("removed", 1) in found(made)
    with pytest.raises(CommandError):
        call_command("verify_trail", stdout=StringIO())


def test_lines_of_which_another_head_was_sent_are_not_cut(chained, settings, tmp_path):
    rows = Head.objects.filter(institution_id=1).values_list(*verifying.SentHead._fields)
    sent = {head.position: head for head in (verifying.SentHead(*row) for row in rows)}
    assert cut(sent={1: {sent[3]._replace(digest="x")}}) == (0, 5, BROKEN)
    file = tmp_path / "heads"
    settings.TRAIL_HEADS_FILE = str(file)
    for text in ("no head", '{"institution_id": 1}', "[]"):
        file.write_text(text)
        assert sent_heads() is None
    assert cut(sent=None) == (0, 5, BROKEN)
    assert cut(sent={1: {*sent.values()}}) == (5, 0, "")


def test_what_is_cut_while_it_is_verified_is_no_fault(chained, monkeypatch):
    read = verifying.links_with_lines

    def after_a_cut(links):
        monkeypatch.setattr(verifying, "links_with_lines", read)
        cut()
        return read(links)

    monkeypatch.setattr(verifying, "links_with_lines", after_a_cut)
    assert (faults(), Cut.objects.count()) == ([], 1)


def deleted(statement: str) -> None:
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute(statement)


def test_the_database_lets_old_lines_go_behind_a_cut_alone(chained):
    """Also those who cannot sign leave a cut, which nobody takes away again, and do not reach what is young."""
    refused = pytest.raises(DatabaseError, match=r"The trail is never changed\.")
    places = "IN (SELECT line_id FROM trail_link WHERE institution_id = 1 AND position"
    deleted(FORGED)
    for statement in (
        f"DELETE FROM trail_line WHERE id {places} = 5)",
        "DELETE FROM trail_line WHERE institution_id = 2",
        "DELETE FROM trail_link WHERE institution_id = 1 AND position = 4",  # its line is there
        "UPDATE trail_cut SET position = 3",
        "DELETE FROM trail_cut",
    ):
        with refused:
            deleted(statement)
    deleted(FORGED.replace("1, 4,", "5, 2000000000,"))
    for position in (6, 7):
        with refused:
            deleted(f"DELETE FROM trail_line WHERE id {places} = {position})")
    deleted(f"DELETE FROM trail_line WHERE id {places} <= 5)")
    deleted("DELETE FROM trail_link WHERE institution_id = 1 AND position <= 5")
    assert faults()[:3] == [("wrong signature", 1, 1), ("wrong signature", 1, 5), ("removed", 1, 1)]
    assert cut() == (0, 0, BROKEN)


def test_a_line_is_hidden_in_no_other_chain(chained):
    """Not in another institution's, which may be cut earlier, nor at a place that is free since it was cut."""
    cut()
    lines_written(1)
    hidden = Line.objects.order_by("-pk")[0].pk
    link = "INSERT INTO trail_link (institution_id, position, line_id, digest) VALUES ({}, {}, {}, 'x')"
    for institution, position in ((2, 3), (987, 1), (1, 4)):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(link.format(institution, position, hidden))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(link.format(1, 8, hidden + 1))  # of a line that there is not
    behind(link.format(2, 3, hidden))
    assert ("inserted", 2, 3) in faults()


def test_a_table_of_the_same_name_does_not_stand_for_the_cuts(chained):
    """PostgreSQL looks for temporary tables first."""
    if connection.vendor != "postgresql":
        pytest.skip("triggers of SQLite see their own database alone")
    deleted("CREATE TEMPORARY TABLE trail_cut ON COMMIT DROP AS SELECT 1 AS institution_id, 100 AS position")
    with pytest.raises(DatabaseError, match=r"The trail is never changed\."):
        deleted("DELETE FROM trail_line WHERE institution_id = 1")


def test_the_least_period_is_not_below_what_the_database_lets_go(settings):
    assert settings.TRAIL_LEAST_DAYS >= YOUNGEST_CUT == import_module("trail.migrations.0005_cuts").DAYS
