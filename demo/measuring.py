"""What the built-in providers find in a sample: a result that its bytes alone decide, or what is wrong with it.

Nobody is recognised and nothing is compared. Equal bytes have equal results, different bytes different ones.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reports.sentences import DEMONSTRATION

NOTE = DEMONSTRATION
PLACES = 9  # of a result, as it is stored
_TEXTS = ("text/", "application/json")
_DOCUMENTS = ("text/", "application/")
_DATA_URL = re.compile(r"data:([^;,]*)[^,]*;base64,", re.ASCII)


@dataclass(frozen=True)
class Measure:
    """How the provider of an instrument measures. `warning` and `alert` are its thresholds."""

    name: str
    media_types: tuple[str, ...]  # their beginnings
    shortest: int  # bytes
    too_short: str = "PROVIDER_INVALID_SAMPLE_DATA"
    warning: str = "0.6"
    alert: str = "0.3"
    low_is_good: bool = False
    warnings: float = 0.05  # of all samples
    alerts: float = 0.02
    shows_faces: bool = False  # in what auditors read


# A session has many captures, of which the worst decides; a document is alone, so that more of them are noticed.
MEASURES = {
    "fr": Measure(
        "Face recognition (demonstration)",
        ("image/",),
        100,
        too_short="PROVIDER_NO_FACE_DETECTED",
        shows_faces=True,
    ),
    "ks": Measure("Keystroke dynamics (demonstration)", _TEXTS, 16),
    "vr": Measure("Voice recognition (demonstration)", ("audio/", "video/"), 100),
    "fa": Measure("Forensic analysis (demonstration)", _DOCUMENTS, 16, warnings=0.2, alerts=0.1),
    "plag": Measure(
        "Plagiarism detection (demonstration)",
        _DOCUMENTS,
        16,
        warning="0.3",
        alert="0.6",
        low_is_good=True,
        warnings=0.2,
        alerts=0.1,
    ),
}


def queue_of(acronym: str) -> str:
    """The queue, and the acronym, of the built-in provider of an instrument."""
    return f"demo_{acronym}"


@dataclass(frozen=True)
class Problem:
    """Why there is no result: the code of a message, and a text."""

    code: str
    text: str


def _problem(code: str, text: str) -> Problem:
    return Problem(code, f"Demonstration: {text}")


def content_of(measure: Measure, sample: Any) -> bytes | Problem:
    """The content of a captured sample, as it is stored: JSON with a data URL and metadata."""
    facts = sample if isinstance(sample, dict) else {}
    url = str(facts.get("data") or "")
    head = _DATA_URL.match(url)
    if head is None:
        return _problem("PROVIDER_INVALID_SAMPLE_DATA", "the sample is no data URL in base64.")
    media_type = str((facts.get("metadata") or {}).get("mimetype") or head[1]).lower()
    if not media_type:
        return _problem("PROVIDER_MISSING_MIMETYPE", "the sample does not say its media type.")
    if not media_type.startswith(measure.media_types):
        return _problem("PROVIDER_INVALID_MIMETYPE", f"samples of {media_type[:100]} are not read.")
    try:
        content = base64.b64decode(url[head.end() :], validate=True)
    except binascii.Error:
        return _problem("PROVIDER_INVALID_SAMPLE_DATA", "the sample is no base64.")
    size = len(content.strip() if media_type.startswith(_TEXTS) else content)  # blanks are no text
    if not size:
        return _problem("PROVIDER_INVALID_SAMPLE_DATA", "the sample is empty.")
    if size < measure.shortest:
        return _problem(measure.too_short, f"the sample has {size} bytes, and {measure.shortest} are the least.")
    return content


def result_of(measure: Measure, content: bytes) -> float:
    """From 0 to 1. The first bytes of a hash say on which side of the thresholds it lies, the others where there."""
    digest = hashlib.sha256(measure.name.encode() + content).digest()
    side, place = (int.from_bytes(part, "big") / 2**64 for part in (digest[:8], digest[8:16]))
    limits = sorted((0.0, float(measure.warning), float(measure.alert), 1.0), reverse=measure.low_is_good)
    bad, fair, good = pairwise(limits)  # from the worst result to the best one
    if side < measure.alerts:
        begin, end = bad
    elif side < measure.alerts + measure.warnings:
        begin, end = fair
    else:
        begin, end = good
    return round(begin + (end - begin) * place, PLACES)
