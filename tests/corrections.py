"""Corrections that ann asks for, for tests."""

from rights.models import Correction
from tests.world import Home, World


def wanted(world: World) -> None:
    """The correction of each institution is open."""
    for home in (world.home, world.away):
        Correction.objects.filter(pk=home.correction.pk).update(state="open", answer="", decided_at=None)


def fill_corrections(home: Home, rows: int) -> None:
    for n in range(rows):
        Correction.objects.create(
            institution=home.institution, person=home.people["bob" if n % 2 else "ann"], field="first_name",
            before="Ann", wanted=f"Anna {n}", reason=f"It is my name, {n}.", state="accepted" if n % 2 else "refused",
            answer="" if n % 2 else f"The register says {n}.", sent_by=home.vle.pk if n % 2 else None,
        )  # fmt: skip
