"""How far captures are: the part of an activity's and of a report's page that renews itself."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.safestring import SafeString

from console import words
from reports.arithmetic import ResultStatus
from reports.progress import Captures, Progress, captures_progress

SECONDS_WAITING = 3  # from one look to the next, while something waits or is at work
SECONDS_OPEN = 6  # while there is only a session from which something may come
SECONDS_QUIET = 30  # otherwise: a session may be opened, and documents come without one
REASONS_SHOWN = 5  # of an instrument


@dataclass(frozen=True)
class CapturesPart:
    """The part as it is now, and its ETag."""

    html: SafeString
    tag: str

    def answer(self, request: HttpRequest) -> HttpResponseBase | None:
        """The part alone; 304 for who has it."""
        response = HttpResponse(self.html, headers={"ETag": self.tag})
        return get_conditional_response(request, etag=self.tag, response=response)


def captures_part(activity: int, ids: Mapping[str, int], learner: int | None = None) -> CapturesPart:
    """Of all learners of the activity, or of one. The caller may read the reports that it is about.

    `ids` are those of the page's address, as far as `captures_shown` needs them.
    """
    return captures_shown(captures_progress(activity, learner), ids, learner)


def captures_shown(captures: Captures, ids: Mapping[str, int], learner: int | None = None) -> CapturesPart:
    """Each number is a link to the captures that it counts."""
    rows, is_open = captures
    listed = reverse("console:unsettled", kwargs={name: ids[name] for name in ("institution", "course", "activity")})
    values = {
        "rows": [{"row": row, "counts": list(_counts(row, listed, learner)), "reasons": list(_reasons(row))}
                 for row in rows],
        "summary": _summary(rows),
        "seconds": _seconds(rows, is_open=is_open),
    }  # fmt: skip
    html = render_to_string("console/captures_now.html", values)
    return CapturesPart(html, f'"{hashlib.sha256(html.encode()).hexdigest()[:32]}"')


def _counts(row: Progress, listed: str, learner: int | None) -> Iterator[tuple[str, int, str]]:
    """(word, number, address of the list) of each state."""
    asked = {"instrument": row.instrument} | ({} if learner is None else {"learner": learner})
    for state, word in words.CAPTURE_WORDS.items():
        yield word.capitalize(), getattr(row, state), f"{listed}?{urlencode({'state': state, **asked})}"


def _seconds(rows: Sequence[Progress], *, is_open: bool) -> int:
    """After how many seconds a page looks again."""
    if any(row.waiting or row.working for row in rows):
        return SECONDS_WAITING
    return SECONDS_OPEN if is_open else SECONDS_QUIET


def _summary(rows: Sequence[Progress]) -> str:
    sums = {name: sum(getattr(row, name) for row in rows) for name in words.CAPTURE_WORDS}
    return ", ".join(f"{sums[name]:,} {word}" for name, word in words.CAPTURE_WORDS.items())


def _reasons(row: Progress) -> Iterator[tuple[str, int]]:
    """Why captures have failed or wait, each with the number of them."""
    failed: dict[str, int] = {}
    waiting = 0
    for cause in row.causes:
        if cause.status == ResultStatus.WAITING:
            waiting += cause.number
        elif len(failed) < REASONS_SHOWN:
            text = cause.text.strip().rstrip(".") or words.RESULT_STATUS_WORDS[cause.status]
            failed[text] = failed.get(text, 0) + cause.number
    found = [
        *failed.items(),
        ("other reasons", row.failed - sum(failed.values())),
        (words.RESULT_STATUS_WORDS[ResultStatus.WAITING], waiting),
        ("no provider has begun with it", row.waiting - waiting),
    ]
    yield from ((text, number) for text, number in found if number > 0)
