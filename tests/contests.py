"""Contests of ann's report, for tests."""

from collections.abc import Sequence
from typing import Any

from files.models import Kind, StoredFile
from institutions.models import User
from rights.models import Contest, ContestFile, Erasure, LegalHold
from tests.world import FUTURE, PAST, Home, World

REASON = "I was there all the time."


def contest_of(home: Home, **values: Any) -> Contest:
    """Withdrawn, unless it is said otherwise, so that the report can be contested."""
    values = {
        "report": home.report,
        "state": "withdrawn",
        "level": "identity",
        "machine_levels": {"identity": 2},
        "reason": REASON,
    } | values
    return Contest.objects.create(institution=home.institution, **{"deadline": FUTURE} | values)


def file_of(contest: Contest, home: Home, name: str = "essay.pdf") -> ContestFile:
    """A row without an object in the store."""
    file = StoredFile.objects.create(
        institution=home.institution, owner=home.people["ann"], kind=Kind.CONTEST.value, size=2, sha256="0" * 64,
        media_type="application/pdf", storage_key=f"{home.institution.pk}/contest/{contest.pk}-{name}",
    )  # fmt: skip
    return ContestFile.objects.create(institution=home.institution, contest=contest, file=file, name=name)


def standing(home: Home) -> Contest:
    """The contest of the world, with a file."""
    if not home.contest.files.exists():
        file_of(home.contest, home)
    return home.contest


def opened(world: World) -> None:
    """The first contest of each institution is open, and the data administrator decides it."""
    for home in (world.home, world.away):
        Contest.objects.filter(pk=home.contest.pk).update(state="open", assignee=home.people["data"])


def fill_contests(home: Home, rows: int) -> None:
    standing(home)
    for n in range(rows):
        contest = contest_of(
            home, state="upheld" if n % 2 else "changed", level=None if n % 2 else "content", answer=f"Looked at {n}.",
            human_levels={} if n % 2 else {"content": 2}, decided_at=PAST,
            assignee=home.people["data"] if n % 2 else None,
        )  # fmt: skip
        file_of(contest, home, f"{n}.pdf")


def fill_holds(home: Home, people: Sequence[User]) -> None:
    """Of each of these people one that is over, every other one without a last day."""
    LegalHold.objects.bulk_create(
        LegalHold(
            institution=home.institution, person=person, reason=f"Case {n}.", set_by_id=home.people["data"].pk,
            until=None if n % 2 else PAST.date(), released_at=PAST, release_reason="" if n % 2 else f"Settled {n}.",
        )
        for n, person in enumerate(people)
    )  # fmt: skip


def erasure_asked(world: World) -> None:
    """The erasures of the world are to be decided."""
    for home in (world.home, world.away):
        Erasure.objects.filter(pk=home.erasure.pk).update(state="asked")


def fill_erasures(home: Home, people: Sequence[User]) -> None:
    """Of each of these people one that was refused, and of every other one more that is carried out."""
    Erasure.objects.bulk_create(
        Erasure(
            institution=home.institution, person=person, is_own=True, reason=f"I have left, {n}.", state="refused",
            answer=f"Not before {n}.", decided_at=PAST, decided_by_id=home.people["data"].pk,
        )
        for n, person in enumerate(people)
    )  # fmt: skip
    Erasure.objects.bulk_create(
        Erasure(
            institution=home.institution, state="done", phase="rest", decided_at=PAST, finished_at=PAST, total=n,
            kept=[["The trail", "A proof."]], erased={"reports": n}, told_at=PAST,
        )
        for n, _ in enumerate(people[::2])
    )  # fmt: skip
