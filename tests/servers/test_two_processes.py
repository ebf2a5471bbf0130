"""Two server processes on one database: a change in one holds in the other, and one of two racing requests wins."""

import time
from collections import Counter
from functools import partial

import pytest

from tests.servers.service import Answer, Server, at_once

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("servers")]
LOGIN = "/api/v2/auth/login"


@pytest.fixture
def running(servers, service, facts):
    """The two servers, and what is known of the institution; `run` calls a function of tests/servers/data.py."""
    return servers, facts["races"] | {"run": service.run}


def token(known, name):
    """A token of a new session, made without the sign-in."""
    return known["run"]("access_token", person=known["people"][name]["id"])


def home(known, path=""):
    return f"/api/v2/institution/{known['institution']}/{path}"


def statuses(answers):
    return Counter(answer.status for answer in answers)


def _signed_in(server: Server, body: dict) -> Answer:
    """The answer, once the server has a place for another password to be checked."""
    while (answer := server.call("POST", LOGIN, body)).status == 503:
        time.sleep(0.2)
    return answer


def test_failures_are_counted_across_processes(running):
    servers, known = running
    body = {"email": known["people"]["send"]["email"], "password": "wrong"}
    answers = at_once([partial(_signed_in, servers[i % 2], body) for i in range(24)])
    assert statuses(answers) == {401: 10, 429: 14}
    good = {**body, "password": known["password"]}
    assert [server.call("POST", LOGIN, good).status for server in servers] == [429, 429]


def test_logout_in_one_process_ends_the_session_in_the_other(running):
    (one, other), known = running
    access = token(known, "admin")
    assert other.call("GET", "/api/v2/auth/profile", token=access).status == 200
    assert one.call("DELETE", "/api/v2/auth/logout", token=access).status == 204
    assert other.call("GET", "/api/v2/auth/profile", token=access).status == 401


def test_a_new_password_ends_sessions_in_the_other_process(running):
    (one, other), known = running
    access, admin = token(known, "member"), token(known, "admin")
    person = home(known, f"user/{known['people']['member']['id']}/")
    new = {"password": "another-horse-7-battery", "password2": "another-horse-7-battery"}
    assert other.call("GET", person, token=access).status == 200
    assert one.call("PATCH", person, new, admin).status == 200
    assert other.call("GET", person, token=access).status == 401


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("vle/", {"type": 0, "name": "Raced"}, "name"),
        ("ic/", {"version": "9.0.0", "valid_from": "2040-01-01T00:00:00Z"}, "version"),
        ("user/", {"username": "raced", "uid": "raced"}, None),
        ("learner/", {"uid": "raced-learner", "email": "raced@races.example.org"}, None),
        ("instructor/", {"uid": "raced-teacher"}, None),
        ("ui/", {"route": "dashboard"}, "route"),
    ],
)
def test_of_equal_rows_written_at_once_only_one_is_stored(running, path, body, field):
    servers, known = running
    admin = token(known, "admin")
    answers = at_once([partial(servers[i % 2].call, "POST", home(known, path), body, admin) for i in range(12)])
    assert statuses(answers) == {201: 1, 400: 11}
    if field:
        assert {tuple(answer.json()) for answer in answers if answer.status == 400} == {(field,)}


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_of_changes_of_the_same_state_only_one_is_made(running, method):
    servers, known = running
    admin = token(known, "admin")
    made = servers[0].call("POST", home(known, "group/"), {"name": "Raced"}, admin)
    path, tag = home(known, f"group/{made.json()['id']}/"), {"If-Match": made.headers["ETag"]}
    bodies = [{"description": f"by {n}"} if method == "PATCH" else None for n in range(12)]
    answers = at_once([partial(servers[n % 2].call, method, path, bodies[n], admin, **tag) for n in range(12)])
    assert statuses(answers) == ({200: 1, 412: 11} if method == "PATCH" else {204: 1, 404: 11})
    if method == "PATCH":
        (changed,) = (answer for answer in answers if answer.status == 200)
        assert {answer.headers["ETag"] for answer in answers} == {changed.headers["ETag"]}
        assert servers[1].call("GET", path, token=admin).json() == changed.json()


def test_moves_of_the_same_moment_make_no_cycle_together(running):
    servers, known = running
    admin = token(known, "admin")

    def move(n, below):
        where = home(known, f"group/{groups[n]}/")
        return partial(servers[n % 2].call, "PATCH", where, {"parent": below}, admin)

    made = [servers[0].call("POST", home(known, "group/"), {"name": str(n)}, admin).json() for n in range(3)]
    groups = [group["id"] for group in made]
    for size in (2, 3) * 5:
        answers = at_once([move(n, groups[(n + 1) % size]) for n in range(size)])
        assert statuses(answers) == {200: size - 1, 400: 1}  # whoever would have closed the ring
        assert statuses([move(n, None)() for n in range(3)]) == {200: 3}


def test_nothing_is_put_below_a_group_that_is_being_deleted(running):
    servers, known = running
    admin, where = token(known, "admin"), home(known, "group/")
    for _ in range(5):
        top, other = (servers[0].call("POST", where, {"name": "x"}, admin).json()["id"] for _ in range(2))
        calls = [
            partial(servers[0].call, "DELETE", f"{where}{top}/", None, admin),
            partial(servers[1].call, "POST", where, {"name": "child", "parent": top}, admin),
            partial(servers[0].call, "PATCH", f"{where}{other}/", {"parent": top}, admin),
            partial(servers[1].call, "POST", f"{where}{top}/course/", {"id": known["other_course"]}, admin),
        ]
        gone, child, moved, course = (answer.status for answer in at_once(calls))
        assert (gone, child in (201, 400), moved in (200, 400), course in (201, 404)) == (204, True, True, True)
        rows = servers[1].call("GET", f"{where}?limit=1000", token=admin).json()["results"]
        left = {row["id"] for row in rows}
        assert top not in left
        assert {row["parent"] for row in rows} - {None} <= left


def test_a_course_added_to_a_group_by_many_at_once_is_in_it_once(running):
    servers, known = running
    admin, where = token(known, "admin"), home(known, "group/")
    group = f"{where}{servers[0].call('POST', where, {'name': 'x'}, admin).json()['id']}/course/"
    body = {"id": known["other_course"]}
    answers = at_once([partial(servers[i % 2].call, "POST", group, body, admin) for i in range(8)])
    assert statuses(answers) == {201: 8}
    assert servers[0].call("GET", group, token=admin).json()["count"] == 1


def test_a_category_assigned_by_many_at_once_is_assigned_once(running):
    servers, known = running
    admin = token(known, "admin")
    where = home(known, f"learner/{known['people']['bob']['id']}/send/")
    body = {"category": known["category"]}
    answers = at_once([partial(servers[i % 2].call, "POST", where, body, admin) for i in range(8)])
    assert statuses(answers) == {201: 1, 400: 7}
    assert {tuple(answer.json()) for answer in answers if answer.status == 400} == {("category",)}


def test_the_last_two_administrators_cannot_demote_each_other_at_once(running):
    (one, other), known = running
    admin, second = token(known, "admin"), token(known, "second")

    def demote(server, whom, who):
        return partial(
            server.call, "PATCH", home(known, f"user/{known['people'][whom]['id']}/"), {"inst_admin": False}, who
        )

    answers = at_once([demote(one, "second", admin), demote(other, "admin", second)])
    # The second one would be the last (409), or is no administrator any more (403; 404 for all but the own row).
    assert sorted(answer.status for answer in answers) in ([200, 403], [200, 404], [200, 409])
    users = one.call("GET", home(known, "user/?roles=ADMIN"), token=token(known, "root")).json()
    assert users["count"] == 1


def test_a_consent_accepted_twice_at_once_is_recorded_once(running):
    servers, known = running
    ann = token(known, "ann")
    path = home(known, f"learner/{known['people']['ann']['id']}/ic/")
    body = {"version": known["version"]}
    answers = at_once([partial(servers[i % 2].call, "POST", path, body, ann) for i in range(8)])
    assert statuses(answers) == {201: 8}
    rejected = at_once([partial(servers[i % 2].call, "DELETE", path, None, ann) for i in range(8)])
    assert statuses(rejected) == {204: 1, 404: 7}


def test_a_consent_that_is_accepted_while_it_is_changed_keeps_the_text_that_was_accepted(running):
    """The first acceptance freezes the documents: changes before it count, and those after it are refused."""
    servers, known = running
    legal, ann = token(known, "legal"), token(known, "ann")
    learner = home(known, f"learner/{known['people']['ann']['id']}/")
    for round_ in range(4):
        version = {"version": f"7.0.{round_}", "valid_from": "2020-01-01T00:00:00Z"}
        consent = servers[0].call("POST", home(known, "ic/"), version, legal).json()["id"]
        documents = home(known, f"ic/{consent}/document/")
        body = {"language": "en", "html": "<p>Text of the beginning</p>"}
        assert servers[0].call("POST", documents, body, legal).status == 201
        changes = [
            partial(servers[n % 2].call, "PATCH", f"{documents}en/", {"html": f"<p>Text {n}</p>"}, legal)
            for n in range(6)
        ]
        accept = partial(servers[1].call, "POST", f"{learner}ic/", {"version": version["version"]}, ann)
        *changed, accepted = at_once([*changes, accept])
        assert accepted.status == 201
        assert statuses(changed).keys() <= {200, 409}
        late = {"html": f"<p>Text after the acceptance {round_}</p>"}  # the same text again would be no change
        assert servers[0].call("PATCH", f"{documents}en/", late, legal).status == 409
        shown = servers[0].call("GET", f"{documents}en/", token=legal).json()
        decision = servers[1].call("GET", f"{learner}decision/?ordering=-id&limit=1", token=ann).json()["results"][0]
        (text,) = servers[1].call("GET", f"{learner}decision/{decision['id']}/", token=ann).json()["texts"]
        assert (text["sha256"], text["html"]) == (shown["sha256"], shown["html"])
        assert decision["version"] == version["version"]


def test_a_launcher_exchanged_by_two_at_once_opens_one_session(running):
    servers, known = running
    for number, secret in known["run"]("launchers", vle=known["vle"], uid="ann"):
        body = {"id": str(number), "token": secret}
        first, second = at_once([partial(server.call, "POST", "/api/v2/auth/token", body) for server in servers])
        assert sorted((first.status, second.status)) == [200, 401]
        pair = (first if first.status == 200 else second).json()
        assert servers[0].call("GET", "/api/v2/auth/profile", token=pair["access_token"]).status == 200


def test_a_launcher_exchanged_by_many_at_once_opens_one_session(running):
    servers, known = running
    number, secret = known["run"]("launchers", vle=known["vle"], uid="ann")[0]
    body = {"id": number, "token": secret}
    answers = at_once([partial(servers[i % 2].call, "POST", "/api/v2/auth/token", body) for i in range(8)])
    assert statuses(answers) == {200: 1, 401: 7}


def approle(server, credentials, path="/api/v2/auth/approle"):
    body = {name: credentials[name] for name in ("role_id", "secret_id")}
    return server.call("POST", path, body)


def registered(server, known):
    """A new VLE with its credentials."""
    root = token(known, "root")
    users = server.call("GET", home(known, "user/?roles=ADMIN"), token=root).json()["results"]
    admin = token(known, users[0]["uid"])
    made = server.call("POST", home(known, "vle/"), {"type": 0, "name": f"Of {admin[-12:]}"}, admin)
    assert made.status == 201, made.body
    return made.json(), admin


def test_a_rotation_in_one_process_ends_credential_and_tokens_in_the_other(running):
    (one, other), known = running
    made, admin = registered(one, known)
    signed_in = approle(other, made["credentials"])
    assert signed_in.status == 200
    pair = signed_in.json()["token"]
    assert other.call("GET", "/api/v2/institution/", token=pair["access_token"]).status == 403  # known, not admitted
    rotated = one.call("POST", home(known, f"vle/{made['id']}/credentials/"), {}, admin)
    assert other.call("GET", "/api/v2/institution/", token=pair["access_token"]).status == 401
    assert other.call("POST", "/api/v2/auth/token/refresh", {"token": pair}).status == 403
    assert approle(other, made["credentials"]).status == 401
    assert approle(other, rotated.json()["credentials"]).status == 200


@pytest.mark.parametrize("ending", ["rotated", "deleted"])
def test_a_launcher_exchanged_while_its_secret_is_revoked_leaves_nobody_signed_in(running, ending):
    servers, known = running
    for _ in range(3):
        made, admin = registered(servers[0], known)
        vle = approle(servers[0], made["credentials"]).json()["token"]["access_token"]
        courses = f"/api/v2/vle/{made['id']}/course/"  # a VLE launches only its members
        course = servers[0].call("POST", courses, {"vle_course_id": "1", "code": "1"}, vle).json()["id"]
        assert servers[0].call("POST", f"{courses}{course}/learner/", {"uid": "ann"}, vle).status == 201
        ask = partial(servers[1].call, "POST", f"/api/v2/vle/{made['id']}/launcher/", {"vle_user_uid": "ann"}, vle)
        tickets = [{name: answer.json()[name] for name in ("id", "token")} for answer in (ask() for _ in range(7))]
        where = home(known, f"vle/{made['id']}/")
        rotate = partial(servers[0].call, "POST", f"{where}credentials/", {}, admin)
        end = rotate if ending == "rotated" else partial(servers[0].call, "DELETE", where, None, admin)
        calls = [partial(servers[i % 2].call, "POST", "/api/v2/auth/token", body) for i, body in enumerate(tickets)]
        *answers, ended = at_once([*calls[:6], end])
        assert ended.status in (201, 204)
        assert statuses(answers).keys() <= {200, 401}
        for answer in answers:
            if answer.status == 200:
                pair = answer.json()
                assert servers[1].call("GET", "/api/v2/auth/profile", token=pair["access_token"]).status == 401
        assert calls[6]().status == 401


def test_many_processes_of_a_vle_sign_in_at_once(running):
    servers, known = running
    made, _ = registered(servers[0], known)
    assert statuses(at_once([partial(approle, servers[i % 2], made["credentials"]) for i in range(30)])) == {200: 30}


def test_a_vle_is_deleted_while_it_signs_in(running):
    servers, known = running
    for _ in range(4):
        made, admin = registered(servers[0], known)
        gone = partial(servers[1].call, "DELETE", home(known, f"vle/{made['id']}/"), None, admin)
        answers = at_once([partial(approle, servers[i % 2], made["credentials"]) if i != 3 else gone for i in range(8)])
        assert answers[3].status == 204
        assert {answer.status for answer in answers} <= {200, 204, 401}
        assert approle(servers[0], made["credentials"]).status == 401


def test_two_slashes_before_the_path_are_taken_as_one(running):
    servers, known = running
    made, _ = registered(servers[0], known)
    assert approle(servers[0], made["credentials"], "//api/v2/auth/approle").status == 200


def test_wrong_secrets_are_counted_across_processes(running):
    servers, known = running
    made, _ = registered(servers[0], known)
    wrong = made["credentials"] | {"secret_id": "wrong"}
    answers = at_once([partial(approle, servers[i % 2], wrong) for i in range(24)])
    assert statuses(answers) == {401: 10, 429: 14}
    assert [approle(server, wrong).status for server in servers] == [429, 429]
    assert [approle(server, made["credentials"]).status for server in servers] == [200, 200]


def test_after_rotations_at_once_one_credential_is_valid(running):
    servers, known = running
    root = token(known, "root")
    users = servers[0].call("GET", home(known, "user/?roles=ADMIN"), token=root).json()["results"]
    admin = token(known, users[0]["uid"])  # whoever is left of the two
    path = home(known, f"vle/{known['vle']}/credentials/")
    answers = at_once([partial(servers[i % 2].call, "POST", path, {}, admin) for i in range(8)])
    assert statuses(answers) == {201: 8}
    assert known["run"]("valid_credentials", vle=known["vle"]) == 1


def test_the_last_two_global_administrators_cannot_end_each_other_at_once(running):
    """Neither by deletion nor by removing the right: one of them stays, and can restore the other."""
    servers, known = running
    users = "/api/v2/admin/user/"
    root_row, root = f"{users}{known['people']['root']['id']}/", token(known, "root")
    for round_ in range(6):
        pair = []
        for name in ("one", "other"):
            made = known["run"]("global_administrator", name=f"{name}{round_}")
            pair.append((f"{users}{made['id']}/", made["token"]))
        (one, first), (other, second) = pair
        assert servers[0].call("PATCH", root_row, {"is_staff": False}, first).status == 200
        verb, body = (("DELETE", None), ("PATCH", {"is_staff": False}), ("PATCH", {"is_active": False}))[round_ % 3]
        answers = at_once([
            partial(servers[0].call, verb, other, body, first),
            partial(servers[1].call, verb, one, body, second),
        ])  # fmt: skip
        # The second one would be the last (409), or is nobody (401) or no administrator (403) any more.
        statuses_ = [answer.status for answer in answers]
        won = next(n for n, status in enumerate(statuses_) if status < 300)
        assert statuses_[1 - won] in (401, 403, 409), statuses_
        left = (first, second)[won]
        assert known["run"]("global_administrators") == [int(pair[won][0].split("/")[-2])]
        assert servers[0].call("PATCH", root_row, {"is_staff": True}, left).status == 200
        for row, _ in pair:
            assert servers[1].call("DELETE", row, None, root).status in (204, 404)
