"""What one more request costs, by the requests that its report has and by the learners of its activity; prints JSON.

In one process and without a server, in the database of DATABASE_URL that `benchmarks.submissions` has prepared:
dispatching, the answers of two providers and counting. `growth SIZE,SIZE,... REQUESTS ROUNDS`.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, cycle
from pathlib import Path
from statistics import median
from typing import Any

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from benchmarks.provider import body_of  # noqa: E402
from benchmarks.submissions import ACRONYM, Pair, analyse, requests_made  # noqa: E402
from benchmarks.watching import processor_seconds  # noqa: E402
from courses.models import Activity, ActivityInstrument, CourseLearner  # noqa: E402
from institutions.models import Institution, Provider, User  # noqa: E402
from kernel.batches import batched  # noqa: E402
from learners.models import Enrolment, Learner  # noqa: E402
from pipeline.jobs import WORKS, enqueue  # noqa: E402
from pipeline.models import Job  # noqa: E402
from pipeline.running import run_due  # noqa: E402
from reports.models import RequestProviderResult  # noqa: E402
from reports.services.verifying import Answer, results_answered  # noqa: E402

ROWS = 1000  # per statement
BATCHES = (200, 1)
_numbers = count(1)


class Place:
    """An activity with learners who have requests already."""

    def __init__(self, learners: int, requests: int) -> None:
        self.home = Institution.objects.get(acronym=ACRONYM)
        self.providers = list(Provider.objects.order_by("pk").select_related("instrument"))
        self.instruments = [provider.instrument_id or 0 for provider in self.providers]
        number = next(_numbers)
        with transaction.atomic():
            self.activity = self._activity(number)
            self.learners = self._learners(number, learners)
        for part in batched(range(learners * requests), ROWS):
            self._send(len(part))
            run_due()
            results = RequestProviderResult.objects.filter(request__activity=self.activity, status=0)
            keys = sorted({*results.values_list("request", flat=True)})
            results.update(status=1, result=0.5, code=1)
            enqueue("reports.results", keys)
            run_due()

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

    def _learners(self, number: int, learners: int) -> Iterator[int]:
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
        return cycle([row.pk for row in rows])

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
        Job.objects.all().delete()  # the messages to the providers
        return spent * 1000 / requests


def _seconds() -> float:
    database = connection.connection.info.backend_pid
    seconds = time.process_time()
    return seconds + processor_seconds(database) if Path(f"/proc/{database}/stat").exists() else seconds


def main() -> None:
    sizes, requests, rounds = sys.argv[1].split(","), int(sys.argv[2]), int(sys.argv[3])
    places: dict[str, Place] = {}
    for size in map(int, sizes):
        places[f"{size} requests in the report"] = Place(1, size)
        places[f"{size} learners in the activity"] = Place(size, 1)
    Job.objects.all().delete()
    analyse()
    found: dict[str, dict[int, list[float]]] = {name: {batch: [] for batch in BATCHES} for name in places}
    for _ in range(rounds):
        for name, place in places.items():
            for batch in BATCHES:
                found[name][batch].append(place.cost(requests, batch))
    costs: dict[str, Any] = {name: [median(each[batch]) for batch in BATCHES] for name, each in found.items()}
    print(json.dumps(costs))


if __name__ == "__main__":
    main()
