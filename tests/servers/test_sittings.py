"""Sessions of assessments in two server processes: concurrent requests leave one state, and no 500."""

from collections import Counter
from functools import partial

import pytest

from tests.servers.service import at_once

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("servers")]
QUIZ = {"vle_activity_type": "quiz", "vle_activity_id": "1"}


@pytest.fixture
def home(facts):
    return facts["sittings"]


@pytest.fixture
def call(servers, home):
    """A request to the VLE's address of sessions, not sent yet; `number` chooses the server."""

    def prepared(number: int, **body):
        path = f"/api/v2/vle/{home['vle']}/assessment/"
        return partial(servers[number % 2].call, "POST", path, body, home["vle_token"])

    return prepared


def statuses(answers):
    return Counter(answer.status for answer in answers)


def opened(call, uid: str = "bob", number: int = 0) -> int:
    answer = call(number, **QUIZ, vle_learner_uid=uid)()
    assert answer.status == 200, answer.body
    return answer.json()["id"]


def test_sessions_opened_at_once_are_all_open(call):
    answers = at_once([call(n, **QUIZ, vle_learner_uid="bob") for n in range(8)])
    assert statuses(answers) == {200: 8}
    numbers = {answer.json()["id"] for answer in answers}
    assert len(numbers) == 8
    assert statuses([call(n, session_id=n)() for n in numbers]) == {200: 8}


def test_a_session_closed_by_many_at_once_is_closed_once(call):
    for _ in range(3):
        number = opened(call)
        answers = at_once([call(n, session_id=number, close=True) for n in range(8)])
        assert statuses(answers) == {200: 1, 400: 7}
        assert {tuple(a.json()) for a in answers if a.status == 400} == {("Cannot close a closed session",)}


def test_several_sessions_of_a_learner_closed_at_once_are_all_closed(call, service):
    for _ in range(3):
        numbers = [opened(call) for _ in range(5)]
        calls = [call(n, session_id=number, close=True) for n, number in enumerate([*numbers, *reversed(numbers)])]
        answers = at_once([*calls, partial(service.run, "close_sessions")])[:-1]
        assert statuses(answers).keys() == {200, 400}
        assert sum(a.status == 200 and a.json()["id"] == numbers[-1] for a in answers) == 1
        assert statuses([call(0, session_id=number)() for number in numbers]) == {400: 5}


def test_a_session_is_entered_while_it_is_closed(call, servers):
    for _ in range(3):
        made = call(0, **QUIZ, vle_learner_uid="bob")().json()
        path = made["data"]["data"].partition("/session")
        reads = [partial(servers[n % 2].call, "GET", f"/session{path[2]}") for n in range(6)]
        *answers, closing = at_once([*reads, call(0, session_id=made["id"], close=True)])
        assert closing.status == 200
        assert statuses(answers).keys() <= {200, 404}
        assert reads[0]().status == 404


def test_learners_leave_the_course_while_sessions_are_opened(call, service, servers, home):
    admin = service.run("access_token", person=home["people"]["admin"]["id"])
    members = f"/api/v2/institution/{home['institution']}/course/{home['course']}/learner/"
    for _ in range(4):
        leave = partial(servers[1].call, "DELETE", f"{members}{home['people']['bob']['id']}/", None, admin)
        left, *answers = at_once([leave, *(call(n, **QUIZ, vle_learner_uid="bob") for n in range(5))])
        assert left.status == 204
        assert statuses(answers).keys() <= {200, 404}
        assert call(0, **QUIZ, vle_learner_uid="bob")().status == 404
        assert servers[0].call("POST", members, {"uid": "bob"}, admin).status == 201


def test_a_consent_is_taken_back_while_sessions_are_opened(call, service, servers, home):
    bob = service.run("access_token", person=home["people"]["bob"]["id"])
    path = f"/api/v2/institution/{home['institution']}/learner/{home['people']['bob']['id']}/ic/"
    for _ in range(4):
        reject = partial(servers[1].call, "DELETE", path, None, bob)
        rejected, *answers = at_once([reject, *(call(n, **QUIZ, vle_learner_uid="bob") for n in range(5))])
        assert rejected.status == 204
        assert statuses(answers).keys() <= {200, 406}
        assert call(0, **QUIZ, vle_learner_uid="bob")().status == 406
        assert servers[0].call("POST", path, {"version": home["version"]}, bob).status == 201


def test_learners_are_deleted_while_sessions_are_opened(call, service, servers, home):
    admin = service.run("access_token", person=home["people"]["admin"]["id"])
    for uid in (f"learner{number}" for number in range(6)):
        path = f"/api/v2/institution/{home['institution']}/learner/{home['people'][uid]['id']}/"
        delete = partial(servers[1].call, "DELETE", path, None, admin)
        gone, *answers = at_once([delete, *(call(n, **QUIZ, vle_learner_uid=uid) for n in range(5))])
        assert gone.status == 204
        assert statuses(answers).keys() <= {200, 404}
        assert call(0, **QUIZ, vle_learner_uid=uid)().status == 404
