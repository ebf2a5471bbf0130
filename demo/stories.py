"""What happens to a learner in an activity, and what providers say of it. Levels are not told here: they follow.

The numbers are drawn from the learner and the activity, so that the same story is always told the same way.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass, field

from reports.arithmetic import AlertLevel, ResultCode, ResultStatus

PENDING, DONE, FAILED, LATE = ResultStatus.PENDING, ResultStatus.PROCESSED, ResultStatus.ERROR, ResultStatus.TIMEOUT
SENSORS = ("fr", "vr", "ks")  # used while the learner works; the others look at documents
SITTING_MINUTES = 45


@dataclass(frozen=True)
class Answer:
    """What a provider says of one capture for one instrument."""

    status: ResultStatus
    result: float | None = None
    code: ResultCode = ResultCode.PENDING
    message: str | None = None


@dataclass(frozen=True)
class Capture:
    """One request; `faces` is how many people the picture shows."""

    minute: int
    answers: dict[str, Answer]
    faces: int = 1


@dataclass(frozen=True)
class Noticed:
    """An alert of a sensor."""

    minute: int
    level: AlertLevel
    message: str
    instrument: str


@dataclass(frozen=True)
class Sitting:
    captures: tuple[Capture, ...]
    noticed: tuple[Noticed, ...] = ()
    going_on: bool = False


@dataclass(frozen=True)
class Story:
    sittings: tuple[Sitting, ...]
    documents: tuple[Capture, ...]
    lately: bool = False  # so recent that nothing is answered yet


@dataclass(frozen=True)
class Manner:
    """How a story goes: about what result each instrument sees, what goes wrong, and how often of three times."""

    usual: dict[str, float] = field(default_factory=dict)
    failing: tuple[str, ...] = ()
    failure: Answer = Answer(FAILED)
    failures: int = 0
    noticed: tuple[Noticed, ...] = ()
    faces: int = 1
    going_on: bool = False


GOOD = {"fr": 0.9, "vr": 0.88, "ks": 0.82, "fa": 0.86, "plag": 0.07}
_EVERYTHING = tuple(GOOD)
_OTHERS = Noticed(18, AlertLevel.ALERT, "PROVIDER_MULTIPLE_PEOPLE", "fr")
_BLACK = "SENSOR_CAMERA_BLACK_IMAGE"
MANNERS = {
    "fine": Manner(),
    "tired": Manner({"fr": 0.5, "vr": 0.5, "ks": 0.66}),
    "stranger": Manner({"fr": 0.16, "vr": 0.2, "ks": 0.24}),
    "company": Manner({"fr": 0.62}, noticed=(_OTHERS,), faces=2),
    "copied": Manner({"plag": 0.84}),
    "paraphrased": Manner({"plag": 0.44}),
    "ghost": Manner({"fa": 0.2}),
    "distracted": Manner(
        noticed=(
            Noticed(2, AlertLevel.INFO, "SENSOR_CAMERA_STARTED", "fr"),
            Noticed(25, AlertLevel.WARNING, "INTEGRITY_OTHER_WINDOW", "ks"),
        )
    ),
    "patchy": Manner(failing=("fr", "vr"), failure=Answer(LATE), failures=2),
    "blocked": Manner(
        failing=("fr", "vr", "ks"),
        failure=Answer(FAILED, message=_BLACK),
        failures=3,
        noticed=(Noticed(1, AlertLevel.ERROR, _BLACK, "fr"),),
        faces=0,
    ),
    "halfway": Manner(failing=("fr", "vr", "plag"), failure=Answer(ResultStatus.WAITING), failures=1),
    "waiting": Manner(failing=_EVERYTHING, failure=Answer(PENDING), failures=3, going_on=True),
    "queued": Manner(failing=_EVERYTHING, failure=Answer(PENDING), failures=3),
    "absent": Manner(),  # never enrolled: providers are not even asked
}


def story_told(name: str, *, about: str, tools: Collection[str], sittings: int) -> Story:
    """The story of one learner, `about`, with these instruments."""
    manner, drawn = MANNERS[name], random.Random(f"{name} {about}")  # noqa: S311 - no secret
    sensors = [tool for tool in SENSORS if tool in tools]
    papers = [tool for tool in tools if tool not in SENSORS]
    told = tuple(
        Sitting(
            captures=_captures(manner, sensors, drawn),
            noticed=tuple(item for item in manner.noticed if item.instrument in tools) if last else (),
            going_on=manner.going_on and last,
        )
        for last in ([False] * (sittings - 1) + [True] if sensors else ())
    )
    # Who is still at it has handed in nothing yet.
    papered = _document(manner, papers, drawn) if papers and not manner.going_on else ()
    return Story(told[-1:] if manner.going_on else told, papered, lately=manner.failure.status == PENDING)


def _captures(manner: Manner, sensors: list[str], drawn: random.Random) -> tuple[Capture, ...]:
    """Three pictures or recordings and two pieces of typing, as far as the instruments are used."""
    times = {"fr": (3, 19, 38), "vr": (4, 20, 36), "ks": (11, 29)}
    found = [
        Capture(minute, {tool: _answer(manner, tool, turn, drawn)}, manner.faces)
        for tool in sensors
        for turn, minute in enumerate(times[tool])
    ]
    return tuple(sorted(found, key=lambda capture: capture.minute))


def _document(manner: Manner, papers: list[str], drawn: random.Random) -> tuple[Capture, ...]:
    return (Capture(SITTING_MINUTES + 10, {tool: _answer(manner, tool, 0, drawn) for tool in papers}),)


def _answer(manner: Manner, tool: str, turn: int, drawn: random.Random) -> Answer:
    value = round(min(1.0, max(0.0, (GOOD | manner.usual)[tool] + drawn.uniform(-0.05, 0.05))), 3)
    if tool in manner.failing and turn < manner.failures:
        return manner.failure
    return Answer(DONE, value, ResultCode.OK)
