"""An exam from its first enrolment sample to its reports, over HTTP: undisturbed, or with one fault after the other."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from pipeline.broker import OWN_QUEUE
from tests.captures import FR, KS, PICTURE, PLAG, archive, sample
from tests.clients.provider_sdk import LATER, SILENT
from tests.servers.engines import Engine, until

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), Path("/usr/lib/libfaketime"))
HOUR_OFF = {
    "LD_PRELOAD": str(FAKETIME),
    "FAKETIME": "+3600s",
    "DONT_FAKE_MONOTONIC": "1",
    "PYTHONPATH": str(Path(__file__).with_name("hour_off")),
}
LOOKS = "tests.servers.worked.exam"
LONGEST = 120.0  # seconds
ROUNDS = ((FR,), (FR, KS), (KS,), (FR,), (FR, KS))
MEDIA = {FR: "image/jpeg", KS: "text/plain"}
REAPER = "reports.results"
# Of bob's keystrokes there is one sample, of which no model can be made; one picture of him is too short.
GIVEN = {"ann": (FR, FR, KS, KS), "bob": (FR, FR, FR, KS)}
USED = {"models": 4, "fr": 4, "ks": 2}


def content(uid: str, number: int, instrument: int = FR) -> bytes:
    """What is captured: another content for each number."""
    return PICTURE + f"{uid} {number}".encode() if instrument == FR else json.dumps([[uid, number, 90]]).encode()


class Exam:
    def __init__(self, engine: Engine, name: str) -> None:
        self.engine, self.server, self.name = engine, engine.server, name
        self.facts = engine.service.run("exam", LOOKS, name=name)
        self.where = {"institution": self.facts["institution"], "activity": self.facts["activity"]}
        self.sent = 0

    def look(self, name: str, **arguments: Any) -> Any:
        return self.engine.service.run(name, LOOKS, **(self.where | arguments))

    def of_institution(self, name: str) -> Any:
        return self.engine.service.run(name, LOOKS, institution=self.where["institution"])

    def _post(self, path: str, body: dict[str, Any], token: str) -> None:
        """What a plugin does: whatever is answered 503 is sent again."""
        while (answer := self.server.call("POST", path, body, token)).status == 503:
            time.sleep(0.2)
        assert (answer.status, answer.json().get("status")) == (200, "OK"), answer.body

    def _lapi(self, kind: str, uid: str, **body: Any) -> None:
        learner = self.facts["learners"][uid]
        path = f"/lapi/v1/{kind}/{self.where['institution']}/{learner['learner_id']}/"
        token = learner["token" if kind == "enrolment" else "session_token"]
        self._post(path, {"learner_id": learner["learner_id"], **body}, token)

    def enrol(self) -> None:
        for uid, instruments in GIVEN.items():
            for number, instrument in enumerate(instruments):
                is_short = (uid, number) == ("bob", 2)
                given = b"\xff\xd8\xff\xe0" if is_short else content(uid, 100 + number, instrument)
                self._enrolment(uid, given, instrument)
        self.settled()
        until(lambda: self.of_institution("used") == USED)
        self.settled()

    def enrol_from_pages(self) -> None:
        """More samples of one learner than a page has are valid before the provider learns the first of them."""
        self.engine.signal_providers(signal.SIGSTOP)
        for number in range(11):
            self._lapi("enrolment", "ann", **sample(content("ann", number), MEDIA[FR], [FR]))
        until(lambda: self.look("unfinished").keys() == {"validations"})  # the messages are with the broker
        self.engine.signal_providers(signal.SIGCONT)
        until(lambda: self.of_institution("used") == {"models": 1, "fr": 11}, seconds=LONGEST)
        self.settled()

    def withdraw_while_providers_work(self) -> None:
        """One provider is verifying when ann withdraws the consent, one when a special need takes keystrokes from bob.

        And one has locked the model of eve's face, and has a capture to verify, when she has her enrolment erased.
        """
        for uid, instrument in (("bob", KS), ("eve", FR)):
            for number in range(2):
                self._enrolment(uid, content(uid, number, instrument), instrument)
        until(lambda: self.of_institution("used") == {"models": 2, "fr": 2, "ks": 2}, seconds=LONGEST)
        self.capture("bob", 2, (KS,), b"pause verifying")
        self._document("ann", sample(b"My essay: pause verifying", "text/plain", [PLAG]))
        self._enrolment("eve", content("eve", 2) + b"pause learning", FR)
        pausing = ("learning-sdk_fr", "verifying-sdk_ks", "verifying-sdk_plag")
        marks = [self.engine.folder / f"paused-{what}" for what in pausing]
        until(lambda: all(mark.exists() for mark in marks), seconds=LONGEST)
        self.capture("eve", 3, (FR,))
        until(lambda: "requests" not in self.look("unfinished"), seconds=LONGEST)
        self.of_institution("withdrawn")
        for mark in marks:
            mark.unlink()
        self.settled()

    def _enrolment(self, uid: str, given: bytes, instrument: int) -> None:
        self._lapi("enrolment", uid, **sample(given, MEDIA[instrument], [instrument]))

    def capture(self, uid: str, number: int, instruments: tuple[int, ...], more: bytes = b"") -> None:
        learner, place = self.facts["learners"][uid], {key: self.facts[key] for key in ("course", "activity")}
        body = sample(content(uid, number, instruments[0]) + more, MEDIA[instruments[0]], instruments)
        ids = {f"{key}_id": value for key, value in place.items()}
        self.sent += 1
        self._lapi("verification", uid, **body, **ids, session_id=learner["session"])

    def _document(self, uid: str, body: dict[str, Any]) -> None:
        course = f"/api/v2/vle/{self.facts['vle']}/course/{self.facts['course']}"
        where = f"{course}/activity/{self.facts['activity']}/attachment"
        self.sent += 1
        self._post(f"{where}/{self.facts['learners'][uid]['learner_id']}/", body, self.facts["vle_token"])

    def round(self, number: int) -> None:
        for uid in GIVEN:
            self.capture(uid, number, ROUNDS[number])

    def end(self) -> None:
        """A document and an alert of each; captures that are answered after a reminder, or never; all is closed."""
        vle = f"/api/v2/vle/{self.facts['vle']}"
        learners = {uid: self.facts["learners"][uid] for uid in GIVEN}
        for uid, learner in learners.items():
            self._document(uid, sample(archive(), "application/zip", [PLAG], session_id=learner["session"]))
            ids = {f"{key}_id": self.facts[key] for key in ("course", "activity")}
            self._lapi(
                "alert", uid, level="warning", data={"n": 1}, raised_at="2026-11-28T10:00:00Z", instruments=[FR],
                session_id=learner["session"], **ids,
            )  # fmt: skip
        self.capture("bob", 98, (FR,), LATER)
        self.capture("ann", 99, (FR,), SILENT)
        for learner in learners.values():
            closing = {"session_id": learner["session"], "close": True}
            answer = self.server.call("POST", f"{vle}/assessment/", closing, self.facts["vle_token"])
            assert answer.status == 200, answer.body
        self.settled()
        assert self.look("waiting") == 1

    def settled(self) -> None:
        """Nothing is left to do. Reminders of providers come due by themselves, a second or two later."""

        ends = time.monotonic() + LONGEST
        while left := self.look("unfinished"):
            assert time.monotonic() < ends, (left, self.engine.look("jobs"))
            time.sleep(0.2)
        assert self.look("number_of_requests") == self.sent

    def reaped(self) -> None:
        """What was not answered in time is closed, once, whoever looks for it."""
        self.look("grow_old")
        assert sum(self.engine.service.run("reaped_at_once", LOOKS)) == 1
        self.settled()

    def broker_knows_nobody(self) -> None:
        """While messages wait: no name, address or account of a person is among what the broker has stored."""
        kept = self.engine.broker.kept()
        assert b'"errbacks"' in kept  # of a body: it can be read here
        assert [each for each in (f"@{self.name}.", f"{self.name}-", self.name.title()) if each.encode() in kept] == []

    def outcome(self) -> dict[str, Any]:
        assert self.look("differences") == []
        return self.look("outcome")


def undisturbed(exam: Exam) -> None:
    exam.enrol()
    for number in range(len(ROUNDS)):
        exam.round(number)
    exam.settled()
    exam.end()
    exam.reaped()


def disturbed(exam: Exam) -> None:
    """Each fault is over before the next one: what is lost by one shall not be found again through another."""
    is_on_sqlite = exam.engine.is_on_sqlite  # no connection can be cut, and the clock is that of each process
    faults = [each for each in FAULTS[exam.engine.name] if each is not connections_are_cut or not is_on_sqlite]
    exam.enrol()
    for number in range(len(ROUNDS)):
        if number < len(faults):
            faults[number](exam, number)
            exam.settled()
        else:
            exam.round(number)
    exam.end()
    if killed_in_the_middle_of_a_job in faults and not is_on_sqlite:
        wrong_clock_closes_nothing(exam)
    exam.reaped()


def killed_in_the_middle_of_a_job(exam: Exam, number: int) -> None:
    """From then on two processes work, but for brokers, whose worker is several; one has a clock that is an hour fast.

    That one could not call as a provider: without a broker another one does.
    """
    engine, (first, *others) = exam.engine, GIVEN
    with engine.held("reports.results"):
        exam.capture(first, number, ROUNDS[number])
        until(lambda: engine.is_held("reports.results"))
        engine.kill()
    if engine.broker is None:
        engine.work_again()
    engine.work(**({} if engine.is_on_sqlite else HOUR_OFF))
    for uid in others:
        exam.capture(uid, number, ROUNDS[number])


def provider_is_killed_in_the_middle_of_a_task(exam: Exam, number: int) -> None:
    """Before it has answered, and others of its messages wait in its process."""
    engine = exam.engine
    with engine.held("sdk_fr"):
        exam.round(number)
        until(lambda: engine.is_held("sdk_fr"))
        engine.kill_provider("fr")


def provider_raises_in_the_middle_of_a_task(exam: Exam, number: int) -> None:
    """Its message is gone with it; it is sent again when a part of the instrument's time is over."""
    with exam.engine.raising("sdk_fr"):
        exam.round(number)
    until(lambda: exam.look("unfinished") == {"results": 1}, seconds=LONGEST)
    exam.broker_knows_nobody()
    exam.look("grow_older", minutes=20)
    exam.engine.service.run("due_now", LOOKS, turn="reports.asked_again")


def server_ends_between_commit_and_publishing(exam: Exam, number: int) -> None:
    (exam.engine.folder / "die-after-commit").touch()
    with pytest.raises((OSError, HTTPException)):
        exam.capture("ann", number, ROUNDS[number])
    assert not (exam.engine.folder / "die-after-commit").exists()
    for uid in [*GIVEN][1:]:
        exam.capture(uid, number, ROUNDS[number])


def broker_is_away(exam: Exam, number: int) -> None:
    """Learners notice nothing. Operators are told."""
    engine = exam.engine
    engine.broker.stop()
    begun = time.monotonic()
    exam.round(number)
    assert time.monotonic() - begun < 2 * len(GIVEN)
    assert exam.look("unfinished")["jobs"] >= len(GIVEN)
    assert all(row["messages"] is None and row["error"] for row in engine.look("figures")["depths"])
    assert f'tesla_broker_answers{{queue="{OWN_QUEUE}"}} 0.0' in engine.server.call("GET", "/metrics").body.decode()
    engine.broker.start()


def storage_fails(exam: Exam, number: int) -> None:
    """Nothing is stored of a capture whose sample cannot be; the plugin sends it again."""
    learner = exam.facts["learners"]["ann"]
    ids = {f"{key}_id": exam.facts[key] for key in ("course", "activity")}
    instruments = ROUNDS[number]
    body = sample(content("ann", number, instruments[0]), MEDIA[instruments[0]], instruments)
    path = f"/lapi/v1/verification/{exam.where['institution']}/{learner['learner_id']}/"
    ids |= {"learner_id": learner["learner_id"], "session_id": learner["session"]}
    with _without_files(exam.engine):
        answer = exam.server.call("POST", path, body | ids, learner["session_token"])
    assert answer.status == 503, (answer.status, answer.body)
    assert exam.look("number_of_requests") == exam.sent
    exam.round(number)


def storage_fails_while_providers_work(exam: Exam, number: int) -> None:
    """They read no sample, and repeat their tasks."""
    engine = exam.engine
    engine.signal_providers(signal.SIGSTOP)
    exam.round(number)
    until(lambda: exam.look("unfinished").keys() == {"results"})  # the messages are with the broker
    exam.broker_knows_nobody()
    with _without_files(engine), engine.refused():
        engine.signal_providers(signal.SIGCONT)


@contextmanager
def _without_files(engine: Engine) -> Iterator[None]:
    files = engine.folder / "files"
    away = files.rename(files.with_name("files-away"))
    files.touch()
    try:
        yield
    finally:
        files.unlink()
        away.rename(files)


def connections_are_cut(exam: Exam, number: int) -> None:
    """In the middle of a job, all of them. And before the answer of a provider in a process of its own is committed."""
    engine = exam.engine
    with ExitStack() as until_then:
        if engine.broker is not None:
            until_then.enter_context(engine.refused())
            until_then.enter_context(engine.held("answer"))
        with engine.held("reports.request"):
            exam.round(number)
            until(lambda: engine.is_held("reports.request"))
            assert engine.look("cut") > 0
        if engine.broker is not None:
            until(lambda: engine.is_held("answer"))
            assert engine.look("cut") > 0


def messages_come_again_and_late(exam: Exam, number: int) -> None:
    """Before the last round, so that the providers have taken them all when it is answered."""
    assert exam.look("messages_again") > 0
    exam.round(number)


# One in each of the first rounds. What brokers do is caused with both, what a worker of Celery does with one of them,
# and with `work`, which is on SQLite, what ends a process that writes. Workers begun after the kill have a wrong clock.
FAULTS: dict[str, tuple[Callable[[Exam, int], None], ...]] = {
    "thread": (
        killed_in_the_middle_of_a_job,
        server_ends_between_commit_and_publishing,
        storage_fails,
        connections_are_cut,
        messages_come_again_and_late,
    ),
    "redis": (
        killed_in_the_middle_of_a_job,
        provider_is_killed_in_the_middle_of_a_task,
        broker_is_away,
        connections_are_cut,
        provider_raises_in_the_middle_of_a_task,
    ),
    "rabbitmq": (
        server_ends_between_commit_and_publishing,
        provider_is_killed_in_the_middle_of_a_task,
        broker_is_away,
        storage_fails_while_providers_work,
        messages_come_again_and_late,
    ),
    "work": (killed_in_the_middle_of_a_job, server_ends_between_commit_and_publishing),
}


def wrong_clock_closes_nothing(exam: Exam) -> None:
    """A process whose clock is an hour fast looks for what is overdue; what was asked a minute ago is not.

    The server may have the turn instead, with the right clock: then there is another one.
    """
    mark = exam.engine.folder / "reaped-by-wrong-clock"
    mark.unlink(missing_ok=True)

    def is_reaped() -> bool:
        exam.engine.service.run("due_now", LOOKS, turn=REAPER)
        until(lambda: not exam.engine.service.run("is_due", LOOKS, turn=REAPER))
        return mark.exists()

    until(is_reaped, seconds=LONGEST)
    assert exam.look("waiting") == 1
