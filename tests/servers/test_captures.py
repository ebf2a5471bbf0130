"""What is captured from a learner while the VLE or an administrator does something with the person: no 500."""

from functools import partial

import pytest

from tests.captures import FA, archive, sample
from tests.servers.service import at_once, service

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with service(tmp_path_factory.mktemp("service")) as found:
        known = found.fill("tests.servers.capturing")
        yield (found.start(), found.start()), known


@pytest.fixture
def documents(running):
    (first, second), known = running
    body = sample(archive(), "application/zip", [FA])
    return [partial(server.call, "POST", known["path"], body, known["token"]) for server in (first, second) * 4]


def test_the_plugin_brings_the_learner_again_while_documents_come_in(running, documents):
    servers, known = running
    for turn in range(5):
        members = [
            partial(
                servers[n % 2].call,
                "POST",
                known["members"],
                {"uid": "ann", "first_name": f"Ann {turn} {n}", "last_name": "Home", "email": "ann@home.example.org"},
                known["token"],
            )
            for n in range(8)
        ]
        answers = at_once([call for pair in zip(documents, members, strict=True) for call in pair])
        assert [answer.status for answer in answers[::2]] == [200] * 8
        assert [answer.status for answer in answers[1::2]] == [201] * 8


def test_a_learner_is_deleted_while_documents_come_in(running, documents):
    servers, known = running
    admin = servers[0].token(known["admin"], known["password"])
    deleted, *answers = at_once([partial(servers[1].call, "DELETE", known["learner"], None, admin), *documents])
    assert deleted.status == 204
    assert {answer.status for answer in answers} <= {200, 404}
    assert documents[0]().status == 404
