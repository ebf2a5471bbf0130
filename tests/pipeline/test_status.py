"""What pipeline_status and retry_jobs say and do."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models.functions import Now

from pipeline.jobs import awaited, enqueue, enqueue_for_provider, gauge
from pipeline.models import Job
from pipeline.running import TRIES, run_due, take, taken_batch
from pipeline.status import waiting
from pipeline.tallies import GIVEN_UP, SENT_AGAIN, tally
from tests.pipeline.conftest import later


def said(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def filled(works):
    works.declare("t.work", batch=2)
    works.failing = {9}
    enqueue("t.work", [9])
    run_due()
    Job.objects.update(parked_at=Now(), tries=TRIES)
    enqueue("t.work", [1, 2, 3])
    taken_batch()
    enqueue_for_provider("tesla_far", "a.task", "1", 1)
    later(30)
    enqueue_for_provider("tesla_far", "a.task", "2", 2)
    gauge("overdue_results")(lambda: {"faces": 2, "voices": 0})
    awaited("results")(lambda: [FACES])
    awaited("validations")(list)
    for _ in range(2):
        tally("results", SENT_AGAIN, {"voices": 1, "faces": 2})
    tally("results", GIVEN_UP, {"faces": 1})
    return works


FACES = {"instrument": "fr", "provider": "faces", "queue": "tesla_far", "open": 12, "oldest_seconds": 61}


def test_what_waits_is_counted_by_name_and_queue(filled):
    assert waiting() == [
        {"name": "t.work", "queue": "", "waiting": 1, "doing": 2, "parked": 1, "oldest_seconds": 30},
        {"name": "a.task", "queue": "tesla_far", "waiting": 2, "doing": 0, "parked": 0, "oldest_seconds": 30},
    ]


def test_what_has_failed_or_whose_process_died_is_not_being_done(works, settings):
    works.declare("t.work")
    works.failing = {1}
    enqueue("t.work", [1])
    run_due()
    assert [(row["waiting"], row["doing"]) for row in waiting()] == [(1, 0)]
    later(2)
    taken_batch()
    assert [(row["waiting"], row["doing"]) for row in waiting()] == [(0, 1)]
    later(settings.JOB_SECONDS + 1)
    assert [(row["waiting"], row["doing"]) for row in waiting()] == [(1, 0)]


def test_figures_as_json_and_as_text(filled, settings):
    found = json.loads(said("pipeline_status", "--json"))
    assert found["jobs"] == waiting()
    assert found["gauges"] == {"overdue_results": {"faces": 2, "voices": 0}}
    assert found["awaited"] == {"results": [FACES], "validations": []}
    assert found["tallies"] == {
        "results": [
            {"provider": "faces", "sent_again": 4, "given_up": 1},
            {"provider": "voices", "sent_again": 2, "given_up": 0},
        ]
    }
    assert found["depths"] == []
    (parked,) = found["parked"]
    assert (parked["name"], parked["key"], parked["tries"]) == ("t.work", "9", TRIES)
    assert parked["error"] == "ValueError: [9] cannot be done"
    assert (found["carried_by"], found["queues_without_carrier"]) == ("database", ["tesla_far"])
    text = said("pipeline_status")
    assert "a.task  tesla_far  2        0      0       30" in text
    assert "overdue results: 2\n  faces: 2\n" in text
    assert "results that providers have not answered:\ninstrument  provider  queue      open  oldest_seconds\n" in text
    assert "\nfr          faces     tesla_far  12    61\n" in text
    assert "validations" not in text
    assert (
        "results that were sent to providers again, or given up, up to now:\nprovider  sent_again  given_up\n"
        "faces     4           1\nvoices    2           0\n"
    ) in text
    assert f"{parked['id']} t.work 9: ValueError: [9] cannot be done" in text
    assert "there is no broker (BROKER_URL) for: tesla_far" in text
    settings.BROKER_URL = "redis://:secret@127.0.0.1:1/0"
    told = said("pipeline_status", "--json")
    assert json.loads(told)["carried_by"] == "redis"
    assert "secret" not in told
    assert json.loads(told)["queues_without_carrier"] == []


def test_an_empty_table_is_told_so(works):
    assert said("pipeline_status") == "carried by: database\n\nno jobs\n"


def test_parked_jobs_are_tried_again_all_or_some(works):
    for name, key in (("a", 1), ("a", 2), ("b", 3)):
        Job.objects.create(name=name, key=str(key), arguments=key, tries=TRIES, parked_at=Now())
    enqueue("a", [4])
    first = Job.objects.get(key="1").pk
    assert said("retry_jobs", "--name", "a", "--id", str(first)) == "1 jobs are tried again.\n"
    assert said("retry_jobs", "--name", "b") == "1 jobs are tried again.\n"
    assert said("retry_jobs") == "1 jobs are tried again.\n"
    assert said("retry_jobs") == "0 jobs are tried again.\n"
    assert {*Job.objects.values_list("tries", "parked_at")} == {(0, None)}
    assert len(take(Job.objects.order_by("pk"), 10)) == 4
