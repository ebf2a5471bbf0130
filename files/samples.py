"""The JSON object that is stored for a captured sample, as providers fetch it: with the sample as a data URL."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol
from uuid import UUID

import orjson


class Sample(Protocol):
    """Something captured: an image, a recording, keystrokes, a document."""

    @property
    def media_type(self) -> str: ...

    def base64(self) -> Iterable[bytes]: ...


def capture_facts(
    *,
    learner_id: UUID,
    instruments: Iterable[int],
    course_id: int | None = None,
    activity_id: int | None = None,
    session_id: int | None = None,
) -> dict[str, Any]:
    """The first keys of every such object: from whom, where and for which instruments (ids) it was captured."""
    return {
        "learner_id": learner_id,
        "course_id": course_id,
        "activity_id": activity_id,
        "session_id": session_id,
        "instruments": sorted(instruments),
    }


def sample_json(sample: Sample, **facts: Any) -> Iterator[bytes]:
    """{...facts, "data": "data:<media type>;base64,..."} in chunks."""
    yield orjson.dumps(facts, option=orjson.OPT_UTC_Z)[:-1]
    yield f',"data":"data:{sample.media_type};base64,'.encode()
    yield from sample.base64()
    yield b'"}'
