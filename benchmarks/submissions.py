"""Submissions of OULAD_DIR as requests of the service, in a process of the run.

`prepare` fills the empty database of DATABASE_URL: the roster, two providers, and a model of each learner; it prints
what the providers need. `send FIRST NUMBER BATCH WINDOW` makes requests of so many submissions, a batch in one
transaction with the jobs that ask the providers, and waits while more than WINDOW requests have no result yet. It
prints when each batch was made and when its reports were counted. `send ... stored` also stores what was submitted, and
the learners' models, for providers that read them.

The rows are those of `reports.services.captures.request_create`, written for a whole batch at once. The roster has no
content: it is made up.
"""

import hashlib
import json
import os
import sys
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import django

django.setup()

from django.apps import apps  # noqa: E402
from django.core.files.base import ContentFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Model  # noqa: E402
from django.utils import timezone  # noqa: E402

from courses.imports.oulad.reading import Dataset  # noqa: E402
from courses.models import Activity, ActivityInstrument  # noqa: E402
from files.models import Kind, StoredFile  # noqa: E402
from files.services import store  # noqa: E402
from institutions.models import Credential, Institution, Instrument, Provider  # noqa: E402
from kernel.batches import batched  # noqa: E402
from learners.models import Enrolment, Learner  # noqa: E402
from pipeline.jobs import enqueue  # noqa: E402
from pipeline.running import run_due  # noqa: E402
from reports.arithmetic import RequestStatus  # noqa: E402
from reports.models import Request  # noqa: E402
from signin import tokens  # noqa: E402
from signin.models import CallerSession  # noqa: E402

ACRONYM = "SUBMIT"
ROWS = 2000  # per statement
DOCUMENT = 60_000  # bytes
MODEL = json.dumps({"samples": list(range(20)), "model": "0" * 20_000}).encode()
LOOK = 0.02  # seconds between two looks at what is finished


class Pair(NamedTuple):
    """Whose submission it is, and to what."""

    activity: int
    learner: int


def prepare(folder: str) -> dict[str, Any]:
    home = Institution.objects.create(acronym=ACRONYM, name="University of the benchmark", external_ic=True)
    call_command("import_oulad", folder, institution=ACRONYM, verbosity=0, stdout=sys.stderr)
    with transaction.atomic():
        working = [provider_made(acronym) for acronym in ("plag", "fa")]
        learners, activities = Learner.objects.filter(institution=home), Activity.objects.filter(institution=home)
        activities.update(enabled=True)
        ActivityInstrument.objects.bulk_create(
            [
                ActivityInstrument(activity_id=activity, instrument_id=provider.instrument_id or 0)
                for activity in activities.values_list("pk", flat=True)
                for provider in working
            ],
            batch_size=ROWS,
        )
        model_needed = next(provider for provider in working if provider.instrument.requires_enrolment)  # type: ignore[union-attr]
        Enrolment.objects.bulk_create(
            [
                Enrolment(institution=home, learner_id=learner, provider=model_needed, percentage=1, can_analyse=True)
                for learner in learners.values_list("pk", flat=True)
            ],
            batch_size=ROWS,
        )
    run_due()  # what the import has asked for is no part of the run
    analyse()
    return {
        "submissions": sum(1 for _ in pairs(folder)),
        "providers": [{"id": row.pk, "queue": row.queue, "token": token_of(row)} for row in working],
    }


def provider_made(acronym: str) -> Provider:
    instrument = Instrument.objects.get(acronym=acronym)
    is_inverted = acronym == "plag"
    warning, alert = ("0.3", "0.6") if is_inverted else ("0.6", "0.3")
    return Provider.objects.create(
        instrument=instrument, name=f"Provider of {acronym}", acronym=acronym, version="1", queue=f"bench_{acronym}",
        enabled=True, warning_below=warning, alert_below=alert, inverted_polarity=is_inverted,
    )  # fmt: skip


def token_of(provider: Provider) -> str:
    credential = Credential.objects.create(provider=provider, secret_hash="x" * 64)
    session = CallerSession.objects.create(
        kind="provider", credential=credential, expires_at=timezone.now() + timedelta(days=1)
    )
    return tokens.pair(session)["access_token"]


def analyse() -> None:
    """As autovacuum does, of tables with rows only.

    A table that has been vacuumed without rows is planned for as empty: until the next time, every foreign key to it
    would be looked for in the whole table.
    """
    filled = [model._meta.db_table for model in apps.get_models(include_auto_created=True) if _is_filled(model)]
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {', '.join(map(connection.ops.quote_name, filled))}")


def _is_filled(model: type[Model]) -> bool:
    return model._meta.managed and not model._meta.proxy and model._base_manager.exists()


def pairs(folder: str) -> Iterator[Pair]:
    """Of each submission, in the order of the file."""
    home = Institution.objects.get(acronym=ACRONYM)
    activities = dict(Activity.objects.filter(institution=home).values_list("vle_activity_id", "pk"))
    learners = dict(Learner.objects.filter(institution=home).values_list("user__uid", "pk"))
    dataset = Dataset(Path(folder), lambda rejected: None)
    dataset.read()
    for submission in dataset.submissions():
        yield Pair(activities[submission.assessment], learners[submission.student])


def sample(pair: Pair) -> bytes:
    """What a provider is given of a submission, with a document of 60,000 bytes."""
    document = f"data:text/plain;base64,{b64encode(os.urandom(DOCUMENT)).decode()}"
    about = {"learner_id": str(pair.learner), "course_id": None, "activity_id": pair.activity, "session_id": None}
    return json.dumps(about | {"data": document, "instruments": [], "metadata": {"mimetype": "text/plain"}}).encode()


def stored(files: Iterable[StoredFile], contents: Iterable[bytes]) -> None:
    for file, content in zip(files, contents, strict=True):
        store().save(file.storage_key, ContentFile(content))
        file.size, file.sha256 = len(content), hashlib.sha256(content).hexdigest()


def models_stored(home: int, learners: Iterable[int]) -> None:
    """Each enrolment of these learners without a model gets one."""
    enrolments = list(Enrolment.objects.filter(learner__in=learners, model=None).order_by("pk"))
    files = [
        StoredFile(
            institution_id=home, owner_id=row.learner_id, kind=Kind.MODEL, media_type="application/json",
            storage_key=f"bench/model/{row.pk}",
        )
        for row in enrolments
    ]  # fmt: skip
    stored(files, (MODEL for _ in files))
    for row, file in zip(enrolments, StoredFile.objects.bulk_create(files), strict=True):
        row.model = file
    Enrolment.objects.bulk_update(enrolments, ["model"])


@transaction.atomic
def requests_made(
    home: int, made: list[Pair], instruments: list[int], prefix: str = "bench", *, is_stored: bool = False
) -> list[int]:
    """The ids of the requests of these submissions."""
    files = [
        StoredFile(
            institution_id=home, owner_id=pair.learner, kind=Kind.REQUEST, media_type="application/json", size=1000,
            sha256="0" * 64, storage_key=f"{prefix}/{pair.activity}/{pair.learner}/{place}",
        )
        for place, pair in enumerate(made)
    ]  # fmt: skip
    if is_stored:
        stored(files, map(sample, made))
        models_stored(home, {pair.learner for pair in made})
    StoredFile.objects.bulk_create(files)
    requests = Request.objects.bulk_create(
        Request(institution_id=home, learner_id=pair.learner, activity_id=pair.activity, data=file)
        for pair, file in zip(made, files, strict=True)
    )
    through = Request.instruments.through
    through._default_manager.bulk_create(
        through(request_id=request.pk, instrument_id=instrument) for request in requests for instrument in instruments
    )
    keys = [request.pk for request in requests]
    enqueue("reports.request", keys)
    return keys


class Flow:
    """Makes requests as long as not too many have no result; remembers when."""

    def __init__(self, window: int, *, is_stored: bool) -> None:
        self.window, self.is_stored = window, is_stored
        self.open: deque[tuple[list[int], float]] = deque()
        self.waiting = 0
        self.batches: list[tuple[int, float, float]] = []  # requests, made at, counted at

    def send(self, submissions: Iterator[Pair], batch: int) -> None:
        home = Institution.objects.get(acronym=ACRONYM).pk
        instruments = list(Provider.objects.order_by("instrument").values_list("instrument", flat=True))
        for part in batched(submissions, batch):
            while self.waiting and self.waiting + len(part) > self.window:
                self._look()
            keys = requests_made(home, part, instruments, is_stored=self.is_stored)
            self.open.append((keys, time.time()))
            self.waiting += len(keys)
        while self.waiting:
            self._look()

    def _look(self) -> None:
        """Take off what is finished of the oldest batches, or wait a little."""
        keys, made = self.open[0]
        left = Request.objects.filter(pk__gte=keys[0], pk__lte=keys[-1], status__lt=RequestStatus.PROCESSED)
        if left.exists():
            time.sleep(LOOK)
            return
        self.open.popleft()
        self.waiting -= len(keys)
        self.batches.append((len(keys), made, time.time()))


def main() -> None:
    folder = os.environ["OULAD_DIR"]
    if sys.argv[1] == "prepare":
        print(json.dumps(prepare(folder)))
        return
    skipped, number, batch, window = map(int, sys.argv[2:6])
    flow = Flow(window, is_stored="stored" in sys.argv[6:])
    flow.send(islice(pairs(folder), skipped, skipped + number), batch)
    print(json.dumps(flow.batches))


if __name__ == "__main__":
    main()
