"""How much may be stored of what is captured: for each learner, and for each institution.

What is stored already is asked once a minute by each process, which adds what it stores itself: the limits may be
exceeded by what other processes store within that minute. A learner's use is read with the learner (`with_use`), so
that a capture needs no statement for it; an institution's, which is asked only where it has a limit, needs one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import JSONArray

from files.models import Kind, StoredFile
from kernel.domain import Full

CAPTURED = (Kind.SAMPLE, Kind.REQUEST, Kind.ALERT)
COPIED = (Kind.BUNDLE,)  # what people take away counts for the institution, and takes no room from their captures
KEPT = 60.0  # seconds
MOST = 10_000  # learners and institutions that a process remembers


@dataclass
class _Use:
    """What is stored of a learner or of an institution."""

    files: int
    bytes: int
    read_at: float = field(default_factory=monotonic)

    @property
    def is_fresh(self) -> bool:
        return self.read_at + KEPT >= monotonic()


_uses: dict[tuple[str, Any], _Use] = {}


def with_use(learners: QuerySet[Any], learner_id: UUID | None) -> QuerySet[Any]:
    """The learners with what is stored of each in the column `stored_use`, if that of the one must be asked now."""
    return with_stored_use(learners) if is_asked(learner_id) else learners


def is_asked(learner_id: UUID | None) -> bool:
    """Whether what is stored of the learner must be read now."""
    known = _uses.get(("learner", learner_id))
    return _limits_learners() and (known is None or not known.is_fresh)


def with_stored_use(learners: QuerySet[Any]) -> QuerySet[Any]:
    captured = StoredFile.objects.filter(owner=OuterRef("pk"), kind__in=CAPTURED).order_by().values("owner")
    return learners.annotate(stored_use=Subquery(captured.values(use=JSONArray(Count("pk"), Sum("size")))))


def refuse_full(learner: Any) -> None:
    """Raises Full when nothing more may be stored of this learner, or in the institution."""
    if _limits_learners():
        use = _use_of_learner(learner)
        if _reached(use.files, settings.LEARNER_SAMPLES) or _reached(use.bytes, settings.LEARNER_SAMPLE_BYTES):
            raise Full(data="No more can be stored of this learner.")
    refuse_full_institution(learner.institution_id)


def refuse_full_institution(institution_id: int) -> None:
    """Raises Full when nothing more may be stored in the institution."""
    if settings.INSTITUTION_SAMPLE_BYTES:
        use = _use_of_institution(institution_id)
        if _reached(use.bytes, settings.INSTITUTION_SAMPLE_BYTES):
            raise Full(data="No more can be stored in this institution.")


def stored(learner: Any, size: int) -> None:
    """Note what has been stored."""
    for key in (("learner", learner.learner_id), ("institution", learner.institution_id)):
        if (use := _uses.get(key)) is not None:
            use.bytes, use.files = use.bytes + size, use.files + 1


def forget() -> None:
    """Ask anew."""
    _uses.clear()


def _limits_learners() -> bool:
    return bool(settings.LEARNER_SAMPLES or settings.LEARNER_SAMPLE_BYTES)


def _use_of_learner(learner: Any) -> _Use:
    def read() -> _Use:
        if not hasattr(learner, "stored_use"):  # read without `with_use`
            return _asked(StoredFile.objects.filter(owner=learner.pk))
        files, size = learner.stored_use or (0, 0)
        return _Use(int(files), int(size))

    return _fresh(("learner", learner.learner_id), read)


def _use_of_institution(institution: int) -> _Use:
    return _fresh(
        ("institution", institution),
        lambda: _asked(StoredFile.objects.filter(institution=institution), CAPTURED + COPIED),
    )


def _fresh(key: tuple[str, Any], read: Callable[[], _Use]) -> _Use:
    use = _uses.get(key)
    if use is None or not use.is_fresh:
        if len(_uses) >= MOST:
            forget()
        use = _uses[key] = read()
    return use


def _asked(files: QuerySet[StoredFile], kinds: Sequence[Kind] = CAPTURED) -> _Use:
    captured = files.filter(kind__in=kinds).aggregate(files=Count("pk"), bytes=Sum("size"))
    return _Use(captured["files"], captured["bytes"] or 0)


def _reached(used: int, limit: int) -> bool:
    """0 is no limit."""
    return 0 < limit <= used
