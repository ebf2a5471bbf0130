"""Rows are deleted while people sit an exam: whoever comes second is told so, and nobody is answered 5xx."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle

import pytest

from kernel.constraints import REFUSED
from tests.captures import FA, PLAG, archive, sample
from tests.servers import exams
from tests.servers.service import Answer, Server, at_once

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("servers")]
PLACES, WRITES_PER_ROUND, AT_ONCE = 23, 5, 3
DOCUMENT = sample(archive(), "application/zip", [FA])
FEW = 5  # the order in which PostgreSQL checks several references of one new row is its own
Send = Callable[[], Answer]


class Place:
    """One exam, and the requests that change it; each is sent to one of the two servers in turn."""

    def __init__(self, servers: tuple[Server, Server], known: dict, place: dict, number: int) -> None:
        self.servers, self.known, self.place, self.number = cycle(servers), known, place, number
        self.vle = f"/api/v2/vle/{place['vle']}/"
        self.home = f"/api/v2/institution/{known['institution']}/"
        self.course = f"course/{place['course']}/"
        self.activity = f"{self.course}activity/{place['activity']}/"

    def _send(self, token: str, method: str, path: str, body=None) -> Send:
        return partial(next(self.servers).call, method, path, body, token)

    def by_vle(self, method: str, path: str, body=None) -> Send:
        return self._send(self.place["vle_token"], method, self.vle + path, body)

    def by_admin(self, method: str, path: str, body=None) -> Send:
        return self._send(self.known["admin"], method, self.home + path, body)

    def deletes(self) -> list[tuple[Send, dict]]:
        """One after the other, each with the learner of whom is written meanwhile: what much hangs on comes last."""
        member, learner, person, merged, *others = self.place["learners"]
        teacher, vle = self.place["teacher"], f"vle/{self.place['vle']}/"
        last = [(self.activity, vle), (self.course, vle), (vle, f"instructor/{teacher}/")][self.number % 3]
        deleted = {
            f"{self.activity}instrument/{self.place['tool']}/": others[0],
            f"send/{self.place['category']}/": others[0],
            f"{self.course}learner/{member['id']}/": member,
            f"learner/{learner['id']}/": learner,
            f"user/{person['id']}/": person,
            f"group/{self.place['group']}/": others[0],
            **dict.fromkeys(last, others[1]),
        }
        merge = self.by_admin("POST", f"user/{teacher}/merge/", {"from": merged["id"]}), merged
        return [merge, *((self.by_admin("DELETE", path), whose) for path, whose in deleted.items())]

    def writes(self, learner: dict, turn: int) -> list[Send]:
        """All other writes in an exam of this learner, beginning with another one each time."""
        quiz = {"vle_activity_type": "quiz", "vle_activity_id": "1"}
        members = f"{self.course}learner/"
        uid, own, changed = learner["uid"], f"learner/{learner['id']}/", f"{self.number} {turn}"
        person = {"uid": uid, "first_name": changed, "last_name": "X", "email": f"{uid}@exams.example.org"}
        lapi = f"/{self.known['institution']}/{learner['learner_id']}/"
        ids = {"course_id": self.place["course"], "activity_id": self.place["activity"]}
        capture = DOCUMENT | ids | {"learner_id": learner["learner_id"], "session_id": learner["session"]}
        alert = {"level": "alert", "data": {"a": 1}, "raised_at": "2026-11-25T09:00:00Z", "instruments": [FA]}
        every = [
            self._send(learner["session_token"], "POST", f"/lapi/v1/verification{lapi}", capture),
            self.by_vle("POST", "assessment/", quiz | {"vle_learner_uid": uid}),
            self._send(learner["session_token"], "POST", f"/lapi/v1/alert{lapi}", capture | alert),
            self.by_vle("POST", members, person),
            self.by_vle("POST", "assessment/", {"session_id": learner["session"]}),
            self.by_vle("POST", f"{self.activity}attachment/{learner['learner_id']}/", DOCUMENT),
            self.by_vle("POST", "launcher/", {"vle_user_uid": uid, "session_id": learner["session"]}),
            self._send("", "POST", "/api/v2/auth/token", learner["launcher"]),
            self.by_vle("PUT", f"{members}{learner['id']}/", person),
            self._send(learner["own_token"], "DELETE", f"{self.home}{own}ic/"),
            self._send(learner["own_token"], "POST", f"{self.home}{own}ic/", {"version": self.known["version"]}),
            self.by_admin("POST", f"group/{self.place['group']}/course/", {"id": self.place["course"]}),
            self.by_admin("POST", f"{self.activity}instrument/", {"instrument_id": PLAG, "active": True}),
            self.by_vle("POST", "assessment/", {"session_id": learner["session"], "close": True}),
            self.by_admin("PATCH", f"{own}", {"first_name": changed}),
            self.by_vle("POST", f"{self.course}activity/", {"vle_activity_type": "x", "vle_activity_id": changed}),
            self.by_admin("DELETE", f"{members}{learner['id']}/"),
            self.by_admin("POST", members, {"uid": uid}),
            self.by_admin("PATCH", f"{self.activity}", {"enabled": True}),
            self.by_admin("POST", f"{own}send/", {"category": self.place["other_category"]}),
            self.by_vle("POST", "course/", {"vle_course_id": changed, "code": changed}),
            self.by_admin("POST", f"vle/{self.place['vle']}/credentials/", {"overlap_minutes": 5}),
            self.by_admin("DELETE", f"{own}enrolment/"),
        ]
        first = turn * WRITES_PER_ROUND % len(every)
        return [*every[first:], *every[:first]][:WRITES_PER_ROUND]

    def rounds(self) -> list[list[Answer]]:
        """The answers of each round, that of the delete first."""
        return [
            at_once([delete, *self.writes(learner, self.number + turn)])
            for turn, (delete, learner) in enumerate(self.deletes())
        ]


def test_deletes_beside_all_other_writes_are_never_answered_5xx(servers, service):
    run = partial(service.run, module=exams.__name__)
    known, before = run("places", number=PLACES), run("deadlocks")
    sent = [Place(servers, known, place, number) for number, place in enumerate(known["places"])]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        rounds = [answers for of_place in pool.map(Place.rounds, sent) for answers in of_place]
    answers = [answer for round_ in rounds for answer in round_]
    assert [answer.body for answer in answers if answer.status >= 500] == []
    assert len(rounds) >= 200
    assert [answer.body for answer in answers if REFUSED.encode() in answer.body] == []
    deleted = Counter(first.status for first, *_ in rounds)
    assert deleted.keys() <= {200, 204, 404}  # 200: a merge; 404: a membership that is removed at the same moment
    assert deleted[204] >= len(rounds) * 0.8
    assert run("deadlocks") - before <= FEW  # others are repeated, which takes a second
    assert Counter(answer.status // 100 for answer in answers)[2] > len(answers) / 2
