"""Entity tags of every detail: present, steady, changed by every change; conditions of requests are kept to.

What a row is after a change, and so its tag, depends on the database: what was written may be read otherwise.
"""

import re
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.utils.serializer_helpers import ReturnDict, ReturnList

from courses.models import Activity
from institutions.models import Institution
from kernel.states import Momentary, State, lasting
from learners.models import Learner, SENDLearner
from reports.models import ReportInstrument
from tests.contract.calls import CALLS, body_of, names, request, send, url_of
from tests.world import PAST, rewritten

ROOTS = ("institution", "admin", "vle", "provider", "me")
TAG = re.compile(r'"[0-9a-f]{32}(-[0-9a-f]{8})?"')
OTHER = '"00000000000000000000000000000000"'
READ = [name for name in names(*ROOTS, verb="read") if CALLS[name].status == 200]
CHANGES = [name for name in names(*ROOTS) if CALLS[name].verb in ("put", "patch")]
_OF_ROWS = {CALLS[name].resource.name for name in READ}
ACTIONS = [
    name
    for name in names("institution", "admin", "vle", method="get")
    if CALLS[name].verb not in ("read", "list") and CALLS[name].status == 200 and CALLS[name].resource.name in _OF_ROWS
]
DELETIONS = names(*ROOTS, verb="delete")
MEMBERS = ("course_instructor", "course_learner", "vle_instructor", "vle_learner")


# Changes that leave a row as it is: members keep their uid, and a VLE changes nobody who can sign in.
LEAVE_AS_IT_IS = {f"{member}.{verb}" for member in MEMBERS for verb in ("put", "patch")}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """clock(seconds) moves the time by which addresses expire; otherwise it stands."""
    seconds_since_1970 = [1_800_000_000]
    stub = SimpleNamespace(time=lambda: sum(seconds_since_1970))
    for module in ("files.links", "kernel.states"):
        monkeypatch.setattr(f"{module}.time", stub)
    return seconds_since_1970.append


def tag_at(client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    return answer["ETag"]


def prepared(call, caller, world):
    """The right caller, and the address of the row when everything is there that the call needs."""
    if call.before is not None:
        call.before(world)
    return caller(call.by), url_of(CALLS[f"{call.resource.name}.read"], world)


def url_of_answer(call, answer, world) -> str:
    """Of the row in the answer, which may be another one: members are replaced."""
    key = call.resource.name_of(answer.json())
    return url_of(CALLS[f"{call.resource.name}.read"], world, **{call.resource.own: key})


def test_every_detail_is_read_here():
    assert {CALLS[name].resource.name for name in CHANGES + DELETIONS} <= {CALLS[name].resource.name for name in READ}
    assert len(READ) > 30


@pytest.mark.any_database
@pytest.mark.parametrize("name", ACTIONS)
def test_actions_that_answer_one_row_have_a_tag_too(name, caller, world):
    call = CALLS[name]
    if call.before is not None:
        call.before(world)
    client, url = caller(call.by), url_of(call, world)
    answer = client.get(url)
    if answer.streaming or (answer.json().keys() & {"results", "former_uids"} and "id" not in answer.json()):
        return  # a table, a page of a list, or a list of texts
    assert TAG.fullmatch(answer["ETag"])
    assert client.get(url, HTTP_IF_NONE_MATCH=answer["ETag"]).status_code == 304


@pytest.mark.any_database
@pytest.mark.parametrize("name", READ)
def test_tag_is_the_same_until_something_changes(name, caller, world):
    client, url = prepared(CALLS[name], caller, world)
    tag = tag_at(client, url)
    assert TAG.fullmatch(tag)
    assert tag_at(client, url) == client.head(url)["ETag"] == tag
    assert client.get(url, HTTP_ACCEPT="text/html")["ETag"] == tag  # the page's forms send it


@pytest.mark.any_database
@pytest.mark.parametrize("name", READ)
def test_known_state_is_not_sent_again_unless_addresses_expire(name, caller, world, clock):
    client, url = prepared(CALLS[name], caller, world)
    first = client.get(url)
    tag = first["ETag"]
    has_addresses = "/files/" in first.content.decode()
    assert has_addresses == (lasting(tag) != tag)
    for method, known in ((client.get, tag), (client.head, f"{OTHER}, W/{tag}"), (client.get, "*")):
        answer = method(url, HTTP_IF_NONE_MATCH=known)
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
        assert answer["Cache-Control"] == "no-store"
    other_times = {f'{lasting(tag)[:-1]}{time}"' for time in ("", "-0", "-x", "-ffffffffffff")} - {tag}
    for unknown in (OTHER, tag.strip('"'), "", *other_times):
        assert client.get(url, HTTP_IF_NONE_MATCH=unknown).status_code == 200
    half = settings.EVIDENCE_URL_SECONDS // 2
    clock(half - 60)  # addresses expire at a full minute
    answer = client.get(url, HTTP_IF_NONE_MATCH=tag)
    assert (answer.status_code, answer["ETag"]) == (304, tag)  # of the answer that the client has
    clock(60)
    late = client.get(url, HTTP_IF_NONE_MATCH=tag)
    assert late.status_code == (200 if has_addresses else 304)
    assert (late["ETag"] != tag) == has_addresses == (late.content not in (b"", first.content))
    assert lasting(late["ETag"]) == lasting(tag)


@pytest.mark.parametrize("name", CHANGES)
def test_change_of_a_known_state_gives_the_next_one(name, caller, world, clock):
    call = CALLS[name]
    client, url = prepared(call, caller, world)
    before = client.get(url)
    clock(settings.EVIDENCE_URL_SECONDS)  # an address that has expired is no change
    sent = {"HTTP_IF_MATCH": f"{OTHER}, {before['ETag']}"}
    answer = request(client, call.method, url, body_of(call, world), **sent)
    assert answer.status_code == call.status, answer.content
    assert tag_at(client, url_of_answer(call, answer, world)) == answer["ETag"]
    assert (answer["ETag"] == before["ETag"]) == (answer.json() == before.json()) == (name in LEAVE_AS_IT_IS)


@pytest.mark.any_database
@pytest.mark.parametrize("name", CHANGES + DELETIONS)
def test_change_of_another_state_is_refused(name, caller, world):
    call = CALLS[name]
    client, url = prepared(call, caller, world)
    before = client.get(url)
    tag = before["ETag"]
    for known in (OTHER, f"W/{tag}", tag.strip('"'), ""):
        answer = request(client, call.method, url, body_of(call, world), HTTP_IF_MATCH=known)
        assert (answer.status_code, answer["ETag"]) == (412, tag), known
        assert answer.json() == {"detail": "The row has changed since it was read."}
    assert client.get(url).content == before.content


@pytest.mark.any_database
@pytest.mark.parametrize("name", DELETIONS)
def test_known_state_is_deleted(name, caller, world):
    call = CALLS[name]
    client, url = prepared(call, caller, world)
    tag = tag_at(client, url)
    assert client.delete(url, HTTP_IF_NONE_MATCH=tag).status_code == 412  # the reverse condition
    assert client.delete(url, HTTP_IF_MATCH=tag).status_code == call.status  # 409: an institution that has rows
    assert client.get(url, HTTP_IF_NONE_MATCH=tag).status_code == (404 if call.status == 204 else 304)


@pytest.mark.parametrize("name", ["vle.put", "vle.patch", "vle.delete", "course_learner.delete"])
def test_any_state_can_be_meant(name, caller, world):
    answer = send(caller(CALLS[name].by), CALLS[name], world, HTTP_IF_MATCH=" * ")
    assert answer.status_code == CALLS[name].status, answer.content


CREATIONS = [name for name in names(*ROOTS, verb="create", status=201) if f"{CALLS[name].resource.name}.read" in CALLS]


@pytest.mark.parametrize("name", CREATIONS)
def test_what_is_created_has_its_tag(name, caller, world):
    client, answer = caller(CALLS[name].by), send(caller(CALLS[name].by), CALLS[name], world)
    assert answer.status_code == 201, answer.content
    assert tag_at(client, url_of_answer(CALLS[name], answer, world)) == answer["ETag"]


# What changes an answer by another way than a change of its row.
AROUND = {
    "group.read": lambda world: rewritten(Institution.objects.all(), name="Renamed"),
    "learner.read": lambda world: SENDLearner.objects.all().delete(),
    "course_learner.read": lambda world: Learner.objects.update(consent_rejected=PAST),
    "course.read": lambda world: Activity.objects.update(enabled=False),
    "report.read": lambda world: ReportInstrument.objects.update(identity_level=4),
    "vle_report.read": lambda world: ReportInstrument.objects.update(identity_level=4),
}


@pytest.mark.parametrize("name", AROUND)
def test_changes_around_the_row_are_noticed(name, caller, world):
    call = CALLS[name]
    url = url_of(call, world)
    tag = tag_at(caller(call.by), url)
    AROUND[name](world)
    assert tag_at(caller(call.by), url) != tag


def test_tag_is_of_what_its_reader_sees(caller, world):
    """The teacher's roles in the course are in the teacher's answer alone, so that the two tags differ."""
    url = url_of(CALLS["course.read"], world)
    assert tag_at(caller("teacher"), url) != tag_at(caller("admin"), url) == tag_at(caller("data"), url)


@pytest.mark.parametrize("name", ["learner.erase_enrolment", "learner.reject"])
def test_deletion_of_what_has_no_tag_meets_no_condition(name, caller, world):
    call = CALLS[name]
    client, row = prepared(call, caller, world)
    url = url_of(call, world)
    assert client.delete(url, HTTP_IF_MATCH=tag_at(client, row)).status_code == 412
    assert client.delete(url, HTTP_IF_MATCH="*").status_code == 204


def test_body_is_looked_at_after_the_state(caller, world):
    client, url = caller("admin"), url_of(CALLS["vle.read"], world)
    assert client.put(url, {"name": ""}, HTTP_IF_MATCH=OTHER).status_code == 412
    refused = client.put(url, {"name": ""}, HTTP_IF_MATCH=tag_at(client, url))
    assert (refused.status_code, "ETag" in refused) == (400, False)


def test_rights_are_looked_at_before_the_state(caller, world):
    url = url_of(CALLS["vle.read"], world)
    for who, status in (("teacher", 403), ("stranger", 404), ("anonymous", 401)):
        answer = caller(who).put(url, {"name": "x"}, HTTP_IF_MATCH=OTHER)
        assert (answer.status_code, "ETag" in answer) == (status, False)


def test_without_conditions_writing_reads_nothing_more(caller, world):
    """What a condition costs is paid by who sends one (write_budgets.json pins the rest)."""
    client, url = caller("admin"), url_of(CALLS["vle.read"], world)
    tag = tag_at(client, url)
    with CaptureQueriesContext(connection) as plain:
        client.patch(url, {"name": "x"})
    tag = tag_at(client, url)
    with CaptureQueriesContext(connection) as conditional:
        assert client.patch(url, {"name": "y"}, HTTP_IF_MATCH=tag).status_code == 200
    assert len(conditional) == len(plain) + 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": {"x": 1, "y": [2]}}, {"a": {"y": [2], "x": 1}}),  # as PostgreSQL and SQLite give stored JSON
        ({"at": PAST}, {"at": "2020-01-01T00:00:00Z"}),
        ({"a": Momentary("/files/1", "1/a.pdf", 7)}, {"a": Momentary("/files/2", "1/a.pdf", 7)}),
        (ReturnDict({"a": ReturnList([1], serializer=None)}, serializer=None), {"a": [1]}),
    ],
)
def test_same_state_has_the_same_tag(one, other):
    assert State(one).tag == State(other).tag


def test_tag_is_the_same_in_every_process():
    assert State({"id": 1, "name": "É"}).tag == '"7b20f400b9bd49de8791195e6fc0bba5"'


def test_answer_is_good_until_the_first_address_expires():
    one, two = Momentary("/files/1", "1/a.pdf", 255), Momentary("/files/2", "2/a.pdf", 4095)
    assert State([one, two]).tag.endswith('-ff"')
    assert lasting(State([one, two]).tag) == State(["1/a.pdf", "2/a.pdf"]).tag
