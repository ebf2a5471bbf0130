"""What the stored object of a captured sample looks like: JSON that providers fetch, with the sample as data URL."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import orjson


class Sample(Protocol):
    """Something captured: an image, a recording, keystrokes, a document."""

    @property
    def media_type(self) -> str: ...

    def base64(self) -> Iterable[bytes]: ...


def sample_json(sample: Sample, **facts: Any) -> Iterator[bytes]:
    """{...facts, "data": "data:<media type>;base64,..."} in chunks."""
    yield orjson.dumps(facts, option=orjson.OPT_UTC_Z)[:-1]
    yield f',"data":"data:{sample.media_type};base64,'.encode()
    yield from sample.base64()
    yield b'"}'
