"""From evidence to reports, with providers that are written with the SDK, as real processes.

What faults have disturbed is, after recovery, what comes out of the same exam without faults: row for row, whoever
carries the jobs. The providers are processes of their own behind a broker, and without one a part of the installation.
"""

from typing import Any

import pytest

from reports.arithmetic import ResultStatus
from reports.obstacles import ERASED, NOT_USED, WITHDRAWN
from tests.captures import FR, KS
from tests.clients.provider_sdk import LATER, outcome
from tests.clients.wire import REQUESTS
from tests.servers import examined
from tests.servers.brokers import needed
from tests.servers.engines import ON_SQLITE, Engine
from tests.servers.examined import GIVEN, ROUNDS, Exam, content

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("engines")]
BILLION = 10**9
# Of each learner who has withdrawn something.
REASONS = {
    "ann": ("sdk_plag", ResultStatus.ERROR, WITHDRAWN.text),
    "bob": ("sdk_ks", ResultStatus.ERROR, NOT_USED.text),
    "eve": ("sdk_fr", ResultStatus.MISSING_ENROLMENT, ERASED.text),
}
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
            if (report["learner"], instrument) == ("bob", KS):  # of whom there is no model
                assert (details[KS]["closed_count"], details[KS]["processed_count"]) == (len(numbers), 0)
                continue
            contents = [content(report["learner"], n, ROUNDS[n][0]) for n in numbers]
            if (report["learner"], instrument) == ("bob", FR):
                contents.append(content("bob", 98) + LATER)
            results = [round(outcome(each)[0] * BILLION) for each in contents]
            assert details[instrument]["processed_count"] == len(contents)
            assert details[instrument]["result_sum"] == sum(results)
        (session,) = report["sessions"]
        assert (session["is_closed"], session["warning_alerts"]) == (True, 1)
        more = 2  # a document, and what is answered after a reminder, or never
        assert session["total_requests"] == len(ROUNDS) + more


def test_what_the_document_for_operators_says_is_so(engine):
    """docs/providers.md: typed step by step with RabbitMQ, and with Redis what is otherwise there."""
    providing = with_providers(engine, "redis", "rabbitmq")
    if providing.followed:
        providing.follow_document_on()
    else:
        providing.connects_as_documented_without_accounts()


def test_the_providers_have_sent_and_read_everything(engine):
    """The last one: the providers end. A learner with more samples than a page has is enrolled, too.

    And learners withdraw something while providers work with it: these are answered 404, and nothing is stored. All of
    that is HTTP: one broker is enough.
    """
    providing = with_providers(engine, "redis", "rabbitmq")
    if engine.name == "redis":
        assert [each["failed"] for each in providing.provided().values()] == [[], [], []]
        return
    Exam(providing, "pages").enrol_from_pages()
    withdrawn = Exam(providing, "withdrawn")
    withdrawn.withdraw_while_providers_work()
    left = providing.provided()
    assert [each["failed"] for each in left.values()] == [[], [], []]
    gone = {acronym: {*each["gone"]} for acronym, each in left.items()}
    # A reminder may have been set again while its message was on the way.
    assert {acronym: tasks - {"provider_notify"} for acronym, tasks in gone.items()} == {
        "fr": {"enrol_learner", "verify_request"}, "ks": {"verify_request"}, "plag": {"verify_request"},
    }  # fmt: skip
    _refused(withdrawn.outcome())
    sent = {name for each in left.values() for name in each["sent"]}
    assert sent == {f"provider/{file.stem}" for file in (REQUESTS / "provider").iterdir()}
    assert left["fr"]["unseen"] == []


def _refused(found: dict[str, Any]) -> None:
    """What is left of learners who have withdrawn something: no answer, no model, and why."""
    for request in found["requests"]:
        ((_, summary),) = request["results"]
        ((provider, answer, has_audit),) = request["answers"]
        told = (provider, ResultStatus(summary["status"]), answer["error_message"])
        assert told == REASONS[request["learner"]]
        assert (answer["result"], has_audit) == (None, False)
    assert len(found["requests"]) == len(REASONS)
    assert [row[:2] for row in found["enrolments"]] == [["bob", "sdk_ks"]]
    assert {row[0] for row in found["samples"]} == {"bob"}
