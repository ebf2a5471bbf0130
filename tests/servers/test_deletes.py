"""Rows are deleted while people sit an exam: whoever comes second is told so, and nobody is answered 5xx."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, islice, product
from typing import Any, NamedTuple

import pytest

from kernel.constraints import REFUSED
from tests.captures import FA, PLAG, archive, sample, untimed
from tests.servers import exams
from tests.servers.service import Answer, Server, at_once

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("servers")]
KINDS = ("activity", "course", "vle", "learner")  # what is deleted beside all writes
TURNS, ROUNDS = 6, 200
OTHERS_PER_ROUND, AT_ONCE = 2, 3
DOCUMENT = untimed(sample(archive(), "application/zip", [FA]))
FEW = 5  # the order in which PostgreSQL checks several references of one new row is its own


# What an exam is answered, too, because of what another request of the round or an earlier one has done: what is said.
ENROL = b'"status":4'  # for an instrument that was added
NOT_TAKEN = b'{"status":"ERROR","errors":{"instruments":["5: nothing is taken for it here."]}}'
REJECTED = b'{"status":"ERROR","errors":{"consent":["NOT_VALID_REJECTED"]}}'
TOO = {
    "deletion.create": {412: [b'{"detail":"Something has changed since the preview."}']},
    "document": {400: [NOT_TAKEN, REJECTED]},
    "vle_attachment.send": {400: [NOT_TAKEN, REJECTED]},
    "session opened": {406: [ENROL]},
    "vle_assessment.open": {406: [ENROL]},
    "session continued": {400: [b'["Closed session"]'], 406: [ENROL]},
    "session closed": {400: [b'["Cannot close a closed session"]']},
}


class Sent(NamedTuple):
    """A request, who sends it, and its status where nobody else changes anything."""

    name: str
    by: str
    alone: int
    body: Any
    send: Callable[[], Answer]

    def may_be(self, answer: Answer) -> bool:
        """Whether it is made, or told that it came second: by 401, if that has deleted the caller."""
        is_nobody = answer.status == 401 and self.by in ("vle", "learner", "ann", "")
        too = TOO.get(self.name, {}).get(answer.status)
        is_said = self.names_nothing(answer) if too is None else any(each in answer.body for each in too)
        return answer.status in {self.alone, 404, 409} or is_nobody or is_said

    def names_nothing(self, answer: Answer) -> bool:
        """Whether it is refused for nothing but rows that its body names and that have gone."""
        gone = {name: [f'Invalid pk "{value}" - object does not exist.'] for name, value in (self.body or {}).items()}
        said = answer.json() if answer.status == 400 else None
        return isinstance(said, dict) and bool(said) and all(gone.get(name) == texts for name, texts in said.items())


class Place:
    """One exam, and the requests that change it; each is sent to one of the two servers in turn."""

    def __init__(self, servers: tuple[Server, Server], place: dict, number: int) -> None:
        self.servers, self.place, self.kind = cycle(servers), place, KINDS[number % len(KINDS)]
        self.vle = f"/api/v2/vle/{place['vle']}/"
        self.home = f"/api/v2/institution/{place['institution']}/"
        self.course = f"course/{place['course']}/"
        self.activity = f"{self.course}activity/{place['activity']}/"
        self.turns = cycle(range(8))

    def _sent(self, name: str, by: str, alone: int, method: str, path: str, body: Any, token: str) -> Sent:
        return Sent(name, by, alone, body, partial(next(self.servers).call, method, path, body, token))

    def _by_admin(self, name: str, path: str, body: Any = None) -> Sent:
        method, alone = ("DELETE", 204) if body is None else ("POST", 200)
        return self._sent(name, "admin", alone, method, self.home + path, body, self.place["admin"])

    def rounds(self) -> Iterator[list[Sent]]:
        """Requests that are sent at once, that which deletes first; what much hangs on is deleted last."""
        member, learner, person, merged, *others = self.place["learners"]
        teacher, vle = self.place["teacher"], f"vle/{self.place['vle']}/"
        yield [self._by_admin("merge", f"user/{teacher}/merge/", {"from": merged["id"]}), *self.others(merged)]
        yield [self._by_admin("member", f"{self.course}learner/{member['id']}/"), *self.others(member)]
        yield [self._by_admin("sitter", f"learner/{learner['id']}/"), *self.others(learner)]
        yield [self._by_admin("user", f"user/{person['id']}/"), *self.others(person)]
        above = {"activity": self.activity, "course": self.course, "vle": vle}
        paths = {**above, "learner": f"learner/{self.place['ann']}/"}
        declared = [self._sent(*each) for each in self.place["declared"]]
        yield [self._by_admin(self.kind, paths[self.kind]), *declared, *self.others(others[0])]
        rest = {"category": f"send/{self.place['category']}/", "group": f"group/{self.place['group']}/"}
        if self.kind == "learner":
            rest["tool"] = f"{self.activity}instrument/{self.place['tool']}/"
        if self.kind == "vle":
            rest["instructor"] = f"instructor/{teacher}/"
        rest |= {} if self.kind == "vle" else {name: above[name] for name in KINDS[KINDS.index(self.kind) - 3 : 3]}
        for name, path in rest.items():
            yield [self._by_admin(name, path), *self.others(others[1])]

    def others(self, learner: dict) -> list[Sent]:
        """Some writes of an exam of this learner that no declaration has, others each time."""
        uid, token = learner["uid"], learner["session_token"]
        lapi = f"{self.place['institution']}/{learner['learner_id']}/"
        ids = {"course_id": self.place["course"], "activity_id": self.place["activity"]}
        capture = DOCUMENT | ids | {"learner_id": learner["learner_id"], "session_id": learner["session"]}
        alert = {"level": "alert", "data": {"a": 1}, "instruments": [FA]}
        opened = {"vle_activity_type": "quiz", "vle_activity_id": "1", "vle_learner_uid": uid}
        session = {"session_id": learner["session"]}
        person = {"uid": uid, "first_name": "Other", "last_name": "X", "email": f"{uid}@exams.example.org"}
        document = untimed(sample(archive(), "application/zip", [PLAG]))
        attachment = f"{self.vle}{self.activity}attachment/{learner['learner_id']}/"
        by_vle = self.place["vle_token"]
        every = [
            self._sent("capture of a session", "learner", 200, "POST", f"/lapi/v1/verification/{lapi}", capture, token),
            self._sent("alert of a session", "learner", 200, "POST", f"/lapi/v1/alert/{lapi}", capture | alert, token),
            self._sent("session opened", "vle", 200, "POST", f"{self.vle}assessment/", opened, by_vle),
            self._sent("session continued", "vle", 200, "POST", f"{self.vle}assessment/", session, by_vle),
            self._sent(
                "session closed", "vle", 200, "POST", f"{self.vle}assessment/", session | {"close": True}, by_vle
            ),
            self._sent("known member", "vle", 201, "POST", f"{self.vle}{self.course}learner/", person, by_vle),
            self._sent("document", "vle", 200, "POST", attachment, document, by_vle),
            self._sent("launcher used", "", 200, "POST", "/api/v2/auth/token", learner["launcher"], ""),
        ]
        return [every[turn] for turn in islice(self.turns, OTHERS_PER_ROUND)]

    def answers(self) -> list[list[tuple[Sent, Answer]]]:
        """Those of each round, that of what deletes first: it is sent after a third of the others."""
        found = []
        for sent in self.rounds():
            turn = len(sent) // 3
            answers = at_once([each.send for each in (*sent[1 : turn + 1], sent[0], *sent[turn + 1 :])])
            found.append([*zip(sent, (answers.pop(turn), *answers), strict=True)])
        return found


def test_deletes_beside_all_other_writes_are_never_answered_5xx(servers, service):
    """All that is answered is in the schema, too: see answers.py."""
    run = partial(service.run, module=exams.__name__)
    places, before = run("places", number=TURNS * len(KINDS), turns=TURNS), run("deadlocks")
    sent = [Place(servers, place, number) for number, place in enumerate(places)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        rounds = [round_ for of_place in pool.map(Place.answers, sent) for round_ in of_place]
    answers = [each for round_ in rounds for each in round_]
    wrong = [(each.name, answer.status, answer.body) for each, answer in answers if not each.may_be(answer)]
    assert wrong == []
    assert len(rounds) >= ROUNDS
    met = {(each.name, round_[0][0].name) for round_ in rounds for each, _ in round_[1:]}
    assert {*product(exams.WRITES, KINDS)} <= met
    assert [answer.body for _, answer in answers if REFUSED.encode() in answer.body] == []
    deleted = Counter(round_[0][1].status for round_ in rounds)
    # A merge is 200. Others were deleted by a declared write, or wait for the answer to a contest.
    assert deleted[204] + deleted[200] >= len(rounds) * 0.7
    assert run("deadlocks") - before <= FEW  # others are repeated, which takes a second
    assert Counter(answer.status // 100 for _, answer in answers)[2] > len(answers) / 2
