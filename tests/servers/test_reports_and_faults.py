"""From evidence to reports, with providers that are written with the SDK, as real processes.

What faults have disturbed is, after recovery, what comes out of the same exam without faults: row for row, whoever
carries the jobs. The providers are processes of their own behind a broker, and without one a part of the installation.
"""

from typing import Any

import pytest

from tests.captures import FR, KS
from tests.clients.provider_sdk import outcome
from tests.clients.wire import REQUESTS
from tests.servers import examined
from tests.servers.brokers import needed
from tests.servers.engines import ENGINES, ON_SQLITE, Engine
from tests.servers.examined import GIVEN, ROUNDS, Exam, content

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("engines")]
BILLION = 10**9
# `manage.py work` runs the loop of the thread: on SQLite once is enough. The same order: one engine is started once.
DISTURBED = ["thread"] if ON_SQLITE else [*ENGINES, "sqlite"]
_undisturbed: list[dict[str, Any]] = []  # the outcome, from the first engine: it is the same with each


def with_providers(engine: Engine, *names: str) -> Engine:
    if names and engine.name not in names:
        pytest.skip(f"for {' and '.join(names)}")
    engine.provide()
    return engine


def expected(engine: Engine) -> dict[str, Any]:
    if not _undisturbed:
        exam = Exam(engine, "calm")
        examined.undisturbed(exam)
        _undisturbed.append(exam.outcome())
    return _undisturbed[0]


@pytest.mark.parametrize("shared_engine", DISTURBED, indirect=True, scope="session")
def test_faults_change_nothing_in_the_reports(engine):
    if not ON_SQLITE:
        needed("libfaketime", examined.FAKETIME.exists())
    providing = with_providers(engine)
    calm = expected(providing)
    exam = Exam(providing, "stormy")
    examined.disturbed(exam)
    _same(exam.outcome(), calm)


def _same(found: dict[str, Any], calm: dict[str, Any]) -> None:
    assert found.keys() == calm.keys()
    for part, rows in calm.items():
        assert found[part] == rows, part


def test_every_result_is_counted_once(engine):
    """Numbers and sums, from the bytes that were sent."""
    reports = expected(with_providers(engine, "thread"))["reports"]
    assert [report["learner"] for report in reports] == [*GIVEN]
    for report in reports:
        details = {row["instrument_id"]: row for row in report["details"]}
        for instrument in (FR, KS):
            numbers = [n for n, instruments in enumerate(ROUNDS) if instrument in instruments]
            if (report["learner"], instrument) == ("eve", KS):  # of whom there is no model
                assert (details[KS]["closed_count"], details[KS]["processed_count"]) == (len(numbers), 0)
                continue
            contents = [content(report["learner"], n, ROUNDS[n][0]) for n in numbers]
            results = [round(outcome(each)[0] * BILLION) for each in contents]
            assert details[instrument]["processed_count"] == len(numbers)
            assert details[instrument]["result_sum"] == sum(results)
        (session,) = report["sessions"]
        assert (session["is_closed"], session["warning_alerts"]) == (True, 1)
        is_ann = report["learner"] == "ann"  # one of whose captures was never answered
        assert session["total_requests"] == len(ROUNDS) + 1 + is_ann


def test_the_providers_have_sent_and_read_everything(engine):
    """The last one: the providers end. A learner with more samples than a page has is enrolled, too."""
    providing = with_providers(engine, "redis", "rabbitmq")
    Exam(providing, "pages").enrol_from_pages()
    left = providing.provided()
    assert [each["failed"] for each in left.values()] == [[], [], []]
    gone = {task for each in left.values() for task in each["gone"]}
    assert gone <= {"provider_notify"}  # of a reminder that was set again while its message was on the way
    sent = {name for each in left.values() for name in each["sent"]}
    assert sent == {f"provider/{file.stem}" for file in (REQUESTS / "provider").iterdir()}
    assert left["fr"]["unseen"] == []
