"""What is behind an instrument's row of a report, for a page: samples as what they are, some of them at a time.

The same rows and the same links as in the JSON of the audit (audits.py), and nothing more. Texts and keystrokes are
read here, to be shown; pictures, recordings and documents are left to whoever follows their links. Of a PDF the links
lead to pictures of its pages.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby, pairwise
from statistics import fmean
from typing import Any

import orjson
from django.db.models import Count, F, FilteredRelation, Q, Window

from files.contents import PAGE, SAMPLE, SHOWN, head_of, json_of, pages_in, samples_in
from files.documents import DOCUMENTS
from files.links import Links
from files.media import suffix_of
from files.models import StoredFile
from files.pages import PDF, can_draw
from institutions.models import Provider
from reports.models import RequestProviderResult, RequestResult
from reports.sentences import DEMONSTRATION

TEXT = 20_000  # characters of a text that are shown
KEYS = 400  # of which keystrokes are drawn
FACTS, FACT = 12, 200  # of what a provider says besides: so many, and so many characters of each
FACES = 12  # samples of a provider's answer
MODEL = 12  # samples of a model
PAGES = 30  # of a document
_KINDS = {"image": "picture", "audio": "sound", "video": "film"}


@dataclass(frozen=True)
class Stroke:
    """A key that was pressed, in milliseconds from the first one on."""

    key: str
    at: float
    held: float


@dataclass(frozen=True)
class Keystrokes:
    strokes: tuple[Stroke, ...]
    number: int
    held: float  # milliseconds, on the average
    between: float  # from one key to the next


@dataclass(frozen=True)
class Exhibit:
    """A sample: `kind` is picture, sound, film, keystrokes, text, document text, pages, document, or gone if erased.

    `pages` are addresses of pictures, of the first page alone or of all, as many as are shown.
    """

    kind: str
    address: str = ""
    media_type: str = ""
    text: str = ""
    is_cut: bool = False
    keystrokes: Keystrokes | None = None
    name: str = ""  # of the file, as it was handed in
    pages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A sample in what a provider says of a capture."""

    exhibit: Exhibit
    score: float | None


@dataclass(frozen=True)
class Said:
    """What one provider says of a capture."""

    provider: str
    status: int
    result: float | None
    code: int
    pictures: tuple[Picture, ...]
    facts: tuple[tuple[str, str], ...]
    demonstration: str


@dataclass(frozen=True)
class Capture:
    request: int
    at: datetime
    session: int | None
    status: int
    result: float | None
    code: int
    message: str
    exhibit: Exhibit
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Model:
    """The enrolment with one provider, and the samples that it was made of."""

    provider: str
    demonstration: str
    percent: int
    exhibits: tuple[Exhibit, ...]
    left: int  # samples that are not shown


@dataclass
class Shown:
    count: int
    captures: list[Capture]
    models: list[Model]
    read: list[StoredFile] = field(
        default_factory=list
    )  # whose content is shown: texts, keystrokes, what providers say

    @property
    def demonstration(self) -> str:
        labels = [model.demonstration for model in self.models]
        return max([*labels, *(said.demonstration for capture in self.captures for said in capture.said)], default="")


def evidence_shown(activity: int, learner: int, instrument: int, links: Links, first: int, size: int) -> Shown:
    """`size` captures from the one of number `first` on, and the enrolments of this instrument.

    In three statements; behind the last captures one more.
    """
    pair = {"request__activity": activity, "request__learner": learner}
    results = RequestResult.objects.filter(instrument=instrument, **pair).annotate(total=Window(Count("pk")))
    ordered = results.select_related("request__data").order_by("request__created_at", "request")
    found = list(ordered[first : first + size])
    shown = Shown(found[0].total if found else first and results.count(), [], [])
    answers = RequestProviderResult.objects.filter(
        request__in=[result.request_id for result in found], provider__instrument=instrument
    )
    said = _grouped(answers.select_related("audit", "provider").order_by("request", "provider"))
    for result in found:
        shown.captures.append(_capture(result, said.get(result.request_id, ()), links, shown))
    asked = RequestProviderResult.objects.filter(provider__instrument=instrument, **pair)
    own = FilteredRelation("enrolments", condition=Q(enrolments__learner=learner))
    providers = Provider.objects.filter(pk__in=asked.values("provider")).annotate(
        own=own, percentage=F("own__percentage"), sample=F("own__model_samples"), **_SAMPLE_FILE
    )
    shown.models = list(_models(providers.order_by("pk", "sample"), links, shown))
    return shown


def request_shown(file: StoredFile, links: Links) -> tuple[Exhibit, list[StoredFile]]:
    """What was captured with one request, in this file, and the files that were read for it."""
    shown = Shown(1, [], [])
    exhibit = _exhibit(file, links, shown)
    if exhibit.kind == "pages":
        exhibit = _with_all_pages(exhibit, file, links, shown)
    return exhibit, shown.read


def _with_all_pages(exhibit: Exhibit, file: StoredFile, links: Links, shown: Shown) -> Exhibit:
    """With its text, for who cannot see pictures."""
    found = pages_in(file, TEXT + 1)
    if found is None:
        return replace(exhibit, kind="document", pages=())
    shown.read.append(file)
    pages = tuple(_page(file, 0, number, links) for number in range(1, min(found.number, PAGES) + 1))
    return replace(exhibit, pages=pages, text=found.text[:TEXT], is_cut=found.number > PAGES or len(found.text) > TEXT)


def _page(file: StoredFile, number: int, page: int, links: Links) -> str:
    return str(links(file.pk, f"page-{number}-{page}.png", PAGE))


def _grouped(answers: Any) -> dict[int, list[RequestProviderResult]]:
    return {key: list(group) for key, group in groupby(answers, key=lambda answer: answer.request_id)}


def _capture(result: RequestResult, answers: Sequence[Any], links: Links, shown: Shown) -> Capture:
    request = result.request
    message = result.error_message or request.error_message or result.message_code_id or request.message_code_id
    return Capture(
        request=request.pk,
        at=request.created_at,
        session=request.session_id,
        status=result.status,
        result=result.result,
        code=result.code,
        message=message or "",
        exhibit=_exhibit(request.data, links, shown),
        said=tuple(_said(answer, links, shown) for answer in answers),
    )


def _said(answer: RequestProviderResult, links: Links, shown: Shown) -> Said:
    stored = json_of(answer.audit)
    file = answer.audit
    pictures: list[Picture] = []
    if file is not None:
        shown.read.append(file)
        for number, media_type, holder in samples_in(stored):
            if len(pictures) == FACES:
                break
            score = holder.get("score") if isinstance(holder, dict) else None
            pictures.append(
                Picture(_linked(file, number, media_type, links), score if isinstance(score, int | float) else None)
            )
    return Said(
        provider=answer.provider.name,
        status=answer.status,
        result=answer.result,
        code=answer.code,
        pictures=tuple(pictures),
        facts=tuple(_facts(stored)),
        demonstration=DEMONSTRATION if answer.provider.is_demonstration else "",
    )


def _facts(stored: Any) -> Iterator[tuple[str, str]]:
    """The plain values of what a provider says, without those that are shown otherwise."""
    values = stored if isinstance(stored, dict) else {} if stored is None or isinstance(stored, list) else {"": stored}
    plain = [
        (name, value)
        for name, value in values.items()
        if isinstance(value, str | int | float) and name != "demonstration" and str(value)[:5].lower() != "data:"
    ]
    yield from ((str(name)[:FACT], str(value)[:FACT]) for name, value in plain[:FACTS])


_FILE = "file_of_sample_"
_SAMPLE_FILE = {
    f"{_FILE}{column.attname}": F(f"own__model_samples__data__{column.attname}")
    for column in StoredFile._meta.concrete_fields
}


def _models(samples: Iterable[Any], links: Links, shown: Shown) -> Iterator[Model]:
    """Of providers, each as often as there are samples of the learner's model with it, but once at least."""
    for provider, rows in groupby(samples, key=lambda row: (row.pk, row.name, row.is_demonstration, row.percentage)):
        _, name, is_demonstration, percentage = provider
        own = [row for row in rows if row.sample is not None]
        yield Model(
            provider=name,
            demonstration=DEMONSTRATION if is_demonstration else "",
            percent=round(100 * (percentage or 0)),
            exhibits=tuple(_exhibit(_file_of(row), links, shown) for row in own[:MODEL]),
            left=max(len(own) - MODEL, 0),
        )


def _file_of(row: Any) -> StoredFile | None:
    values = {name.removeprefix(_FILE): getattr(row, name) for name in _SAMPLE_FILE}
    return None if values["id"] is None else StoredFile(**values)


def _exhibit(file: StoredFile | None, links: Links, shown: Shown) -> Exhibit:
    head = head_of(file, TEXT + 1)
    if file is None or not head.media_type:
        return Exhibit("gone")
    metadata = head.facts.get("metadata")
    name = metadata.get("filename") if isinstance(metadata, Mapping) else None
    exhibit = _linked(file, 0, head.media_type, links, name if isinstance(name, str) else "")
    if head.text is None:
        return exhibit
    shown.read.append(file)
    is_document = head.media_type in DOCUMENTS
    if not is_document and (strokes := keystrokes_of(head.text)) is not None:
        return Exhibit("keystrokes", exhibit.address, head.media_type, keystrokes=strokes, name=exhibit.name)
    is_cut = len(head.text) > TEXT
    kind = "document text" if is_document else "text"
    return Exhibit(kind, exhibit.address, head.media_type, head.text[:TEXT], is_cut, name=exhibit.name)


def _linked(file: StoredFile, number: int, media_type: str, links: Links, name: str = "") -> Exhibit:
    kind = _KINDS.get(media_type.partition("/")[0], "document") if media_type in SHOWN else "document"
    address = str(links(file.pk, f"sample-{number}.{suffix_of(media_type)}", SAMPLE))
    if media_type == PDF and can_draw():
        return Exhibit("pages", address, media_type, is_cut=True, name=name, pages=(_page(file, number, 1, links),))
    return Exhibit(kind, address, media_type, name=name)


def keystrokes_of(text: str) -> Keystrokes | None:
    """[[key, milliseconds, milliseconds for which it was held], ...] as JSON; None for every other text."""
    if not text.lstrip().startswith("[["):
        return None
    try:
        rows = orjson.loads(text)
        strokes = [Stroke(str(key)[:20], float(at), max(float(held), 0.0)) for key, at, held in rows]
    except (TypeError, ValueError):
        return None
    strokes.sort(key=lambda stroke: stroke.at)
    begin = strokes[0].at
    gaps = [later.at - earlier.at for earlier, later in pairwise(strokes)]
    return Keystrokes(
        tuple(Stroke(stroke.key, stroke.at - begin, stroke.held) for stroke in strokes[:KEYS]),
        len(strokes),
        fmean(stroke.held for stroke in strokes),
        fmean(gaps) if gaps else 0.0,
    )
