"""What one more request costs, by the requests that its report has and by the learners of its activity; prints JSON.

In one process and without a server, in the database of DATABASE_URL that `benchmarks.submissions` has prepared:
dispatching, the answers of two providers and counting. `growth SIZE,SIZE,... REQUESTS ROUNDS`.

One thing grows at a time. A batch writes one row for each report and instrument that it is about, so that a batch about
a hundred reports costs more than one about ten: what is measured in activities of all sizes is about the same number of
reports, and what more of them cost is measured by itself. The measured requests are deleted again, and the database is
vacuumed before each round. Of each cost the least counts: what else the machine does only adds to it.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count, cycle
from pathlib import Path

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from benchmarks.provider import body_of  # noqa: E402
from benchmarks.submissions import ACRONYM, Pair, analyse, requests_made  # noqa: E402
from courses.models import Activity, ActivityInstrument, CourseLearner  # noqa: E402
from files.models import StoredFile  # noqa: E402
from institutions.models import Institution, Provider, User  # noqa: E402
from kernel.batches import batched  # noqa: E402
from learners.models import Enrolment, Learner  # noqa: E402
from pipeline.jobs import WORKS, enqueue  # noqa: E402
from pipeline.models import Job  # noqa: E402
from pipeline.running import run_due  # noqa: E402
from reports.models import Request, RequestProviderResult, RequestResult  # noqa: E402
from reports.services.verifying import Answer, results_answered  # noqa: E402

ROWS = 1000  # per statement
BATCHES = (200, 1)
FEWER = 5  # times, when one is taken at a time
REPORTS = 10  # that the measured requests are about, at most
SPREAD = (1, 10, 100)  # reports, the same beside each other
_numbers = count(1)


class Place:
    """An activity with learners who have requests already; so many of the learners get more."""

    def __init__(self, learners: int, requests: int, reports: int = REPORTS) -> None:
        self.home = Institution.objects.get(acronym=ACRONYM)
        self.providers = list(Provider.objects.order_by("pk").select_related("instrument"))
        self.instruments = [provider.instrument_id or 0 for provider in self.providers]
        number = next(_numbers)
        with transaction.atomic():
            self.activity = self._activity(number)
            everybody = self._learners(number, learners)
        self.learners: Iterator[int] = cycle(everybody)
        for part in batched(range(learners * requests), ROWS):
            self._send(len(part))
            run_due()
            results = RequestProviderResult.objects.filter(request__activity=self.activity, status=0)
            keys = sorted({*results.values_list("request", flat=True)})
            results.update(status=1, result=0.5, code=1)
            enqueue("reports.results", keys)
            run_due()
        self.learners = cycle(everybody[:reports])

    def _activity(self, number: int) -> Activity:
        other = Activity.objects.filter(institution=self.home).order_by("pk")[0]
        made = Activity.objects.create(
            institution=self.home, vle_id=other.vle_id, course_id=other.course_id, vle_activity_type="growth",
            vle_activity_id=str(number), enabled=True, name=f"Growth {number}",
        )  # fmt: skip
        ActivityInstrument.objects.bulk_create(
            ActivityInstrument(activity=made, instrument_id=instrument) for instrument in self.instruments
        )
        return made

    def _learners(self, number: int, learners: int) -> list[int]:
        users = User.objects.bulk_create(
            [
                User(
                    institution=self.home, username=f"grown{number}.{place}", uid=f"grown{number}.{place}",
                    email=f"grown{number}.{place}@example.org", password="!", locale="en",
                )
                for place in range(learners)
            ],
            batch_size=ROWS,
        )  # fmt: skip
        rows = Learner.objects.bulk_create([Learner(user=u, institution=self.home) for u in users], batch_size=ROWS)
        CourseLearner.objects.bulk_create(
            [CourseLearner(institution=self.home, course_id=self.activity.course_id, learner=row) for row in rows],
            batch_size=ROWS,
        )
        Enrolment.objects.bulk_create(
            [
                Enrolment(institution=self.home, learner=row, provider=provider, percentage=1, can_analyse=True)
                for row in rows
                for provider in self.providers
                if provider.instrument is not None and provider.instrument.requires_enrolment
            ],
            batch_size=ROWS,
        )
        return [row.pk for row in rows]

    def _send(self, number: int) -> list[int]:
        pairs = [Pair(self.activity.pk, next(self.learners)) for _ in range(number)]
        return requests_made(self.home.pk, pairs, self.instruments, prefix=f"growth/{next(_numbers)}")

    def cost(self, requests: int, batch: int) -> float:
        """Processor's milliseconds of one more request, of this process and of its connection in the database."""
        for name in ("reports.request", "reports.results"):
            WORKS[name] = replace(WORKS[name], batch=batch)
        keys = self._send(requests)
        begun = _seconds()
        run_due(name="reports.request")
        for provider in self.providers:
            for part in batched(keys, batch):
                results_answered(provider=provider.pk, answers={key: Answer(**body_of(key)) for key in part})
        run_due(name="reports.results")
        spent = _seconds() - begun
        _forget(keys)
        return spent * 1000 / requests


def _forget(requests: Iterable[int]) -> None:
    """The rows of these requests go, and the messages to providers; what is counted of them in reports stays."""
    rows = Request.objects.filter(pk__in=requests)
    files = [*rows.values_list("data", flat=True)]
    for model in (RequestProviderResult, RequestResult, Request.instruments.through):
        model._default_manager.filter(request__in=rows.values("pk"))._raw_delete("default")
    rows._raw_delete("default")
    StoredFile.objects.filter(pk__in=files)._raw_delete("default")
    Job.objects.all()._raw_delete("default")


def _seconds() -> float:
    """Of the processor; of the database's process to the nanosecond, where the system says so."""
    account = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    seconds = time.process_time()
    return seconds + int(account.read_text().split()[0]) / 10**9 if account.exists() else seconds


def tidied() -> None:
    """Statistics of what is there, and no rows that are gone: jobs, too, of which none is left."""
    analyse()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM pipeline_job")


def main() -> None:
    sizes, requests, rounds = sys.argv[1].split(","), int(sys.argv[2]), int(sys.argv[3])
    places: dict[str, Place] = {}
    for size in map(int, sizes):
        places[f"{size} requests in the report"] = Place(1, size)
        places[f"{size} learners in the activity"] = Place(size, 1)
    for reports in SPREAD:
        if reports <= requests:
            places[f"{reports} reports for {requests} requests"] = Place(reports, 1, reports)
    Job.objects.all().delete()
    costs: dict[str, list[float]] = {name: [float("inf")] * len(BATCHES) for name in places}
    for number in range(rounds):
        tidied()
        for name in [*places][:: -1 if number % 2 else 1]:
            for place, batch in enumerate(BATCHES):
                some = requests if batch > 1 else max(1, requests // FEWER)
                costs[name][place] = min(costs[name][place], places[name].cost(some, batch))
    print(json.dumps(costs))


if __name__ == "__main__":
    main()
