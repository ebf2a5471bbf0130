"""What happens to learners in an activity and the results that providers give; levels are computed from these.

Random numbers are seeded with learner and activity, so that each run generates the same data.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass, field

from reports.arithmetic import AlertLevel, ResultCode, ResultStatus

PENDING, DONE, FAILED, LATE = ResultStatus.PENDING, ResultStatus.PROCESSED, ResultStatus.ERROR, ResultStatus.TIMEOUT
SENSORS = ("fr", "vr", "ks")  # instruments used during a session; the others check documents
SESSION_MINUTES = 45


@dataclass(frozen=True)
class Answer:
    """The result of a provider for one capture and instrument."""

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
class SampleAlert:
    """An alert raised in a session."""

    minute: int
    level: AlertLevel
    message: str
    instrument: str


@dataclass(frozen=True)
class SampleSession:
    captures: tuple[Capture, ...]
    alerts: tuple[SampleAlert, ...] = ()
    is_open: bool = False


@dataclass(frozen=True)
class Story:
    sessions: tuple[SampleSession, ...]
    documents: tuple[Capture, ...]
    is_recent: bool = False  # of today


@dataclass(frozen=True)
class StoryTemplate:
    """What kind of story it is.

    `usual` are the approximate results by instrument. The first `failures` captures of the `failing` instruments end
    with `failure`.
    """

    usual: dict[str, float] = field(default_factory=dict)
    failing: tuple[str, ...] = ()
    failure: Answer = Answer(FAILED)
    failures: int = 0
    alerts: tuple[SampleAlert, ...] = ()
    faces: int = 1
    is_open: bool = False
    is_recent: bool = False


GOOD = {"fr": 0.9, "vr": 0.88, "ks": 0.82, "fa": 0.86, "plag": 0.07}
_EVERYTHING = tuple(GOOD)
_OTHERS = SampleAlert(18, AlertLevel.ALERT, "PROVIDER_MULTIPLE_PEOPLE", "fr")
_BLACK = "SENSOR_CAMERA_BLACK_IMAGE"
STORY_TEMPLATES = {
    "fine": StoryTemplate(),
    "tired": StoryTemplate({"fr": 0.5, "vr": 0.5, "ks": 0.66}),
    "stranger": StoryTemplate({"fr": 0.16, "vr": 0.2, "ks": 0.24}),
    "company": StoryTemplate({"fr": 0.62}, alerts=(_OTHERS,), faces=2),
    "copied": StoryTemplate({"plag": 0.84}),
    "paraphrased": StoryTemplate({"plag": 0.44}),
    "ghost": StoryTemplate({"fa": 0.2}),
    "distracted": StoryTemplate(
        alerts=(
            SampleAlert(2, AlertLevel.INFO, "SENSOR_CAMERA_STARTED", "fr"),
            SampleAlert(25, AlertLevel.WARNING, "INTEGRITY_OTHER_WINDOW", "ks"),
        )
    ),
    "patchy": StoryTemplate(failing=("fr", "vr"), failure=Answer(LATE), failures=2),
    "blocked": StoryTemplate(
        failing=("fr", "vr", "ks"),
        failure=Answer(FAILED, message=_BLACK),
        failures=3,
        alerts=(SampleAlert(1, AlertLevel.ERROR, _BLACK, "fr"),),
        faces=0,
    ),
    "halfway": StoryTemplate(failing=("fr", "vr", "plag"), failure=Answer(ResultStatus.WAITING), failures=1),
    # No provider has been asked yet: those who carry messages ask the built-in ones.
    "begun": StoryTemplate(failing=_EVERYTHING, failure=Answer(PENDING), failures=3, is_open=True, is_recent=True),
    # Nothing is settled until services outside have answered.
    "queued": StoryTemplate(failing=_EVERYTHING, failure=Answer(ResultStatus.WAITING), failures=3, is_recent=True),
    "absent": StoryTemplate(),  # never enrolled, so that providers are not asked
}


def make_story(name: str, *, about: str, acronyms: Collection[str], session_count: int) -> Story:
    """The story of one learner, `about`, with these instruments."""
    template, generator = STORY_TEMPLATES[name], random.Random(f"{name} {about}")  # noqa: S311 - not for secrets
    sensors = [acronym for acronym in SENSORS if acronym in acronyms]
    document_instruments = [acronym for acronym in acronyms if acronym not in SENSORS]
    all_sessions = tuple(
        SampleSession(
            captures=_captures(template, sensors, generator),
            alerts=tuple(item for item in template.alerts if item.instrument in acronyms) if last else (),
            is_open=template.is_open and last,
        )
        for last in ([False] * (session_count - 1) + [True] if sensors else ())
    )
    # A learner whose session is still open has not handed in a document yet.
    documents = (
        _document(template, document_instruments, generator) if document_instruments and not template.is_open else ()
    )
    return Story(all_sessions[-1:] if template.is_open else all_sessions, documents, is_recent=template.is_recent)


def _captures(template: StoryTemplate, sensors: list[str], generator: random.Random) -> tuple[Capture, ...]:
    """Three pictures, three recordings and two typing samples, for those of the instruments that are used."""
    times = {"fr": (3, 19, 38), "vr": (4, 20, 36), "ks": (11, 29)}
    captures = [
        Capture(minute, {acronym: _answer(template, acronym, number, generator)}, template.faces)
        for acronym in sensors
        for number, minute in enumerate(times[acronym])
    ]
    return tuple(sorted(captures, key=lambda capture: capture.minute))


def _document(
    template: StoryTemplate, document_instruments: list[str], generator: random.Random
) -> tuple[Capture, ...]:
    return (
        Capture(
            SESSION_MINUTES + 10,
            {acronym: _answer(template, acronym, 0, generator) for acronym in document_instruments},
        ),
    )


def _answer(template: StoryTemplate, acronym: str, number: int, generator: random.Random) -> Answer:
    value = round(min(1.0, max(0.0, (GOOD | template.usual)[acronym] + generator.uniform(-0.05, 0.05))), 3)
    if acronym in template.failing and number < template.failures:
        return template.failure
    return Answer(DONE, value, ResultCode.OK)
