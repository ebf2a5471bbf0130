"""Documents of a learner come in while the VLE or an administrator changes the learner: no answer is a 500."""

from functools import partial

import pytest

from tests.captures import FA, archive, sample, untimed
from tests.servers.service import at_once

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("servers")]


@pytest.fixture
def home(facts):
    return facts["captures"]


@pytest.fixture
def documents(servers, home):
    """Eight requests that each send a document of ann."""
    body = untimed(sample(archive(), "application/zip", [FA]))
    path = attachment_path(home)
    return [partial(server.call, "POST", path, body, home["vle_token"]) for server in servers * 4]


def attachment_path(home) -> str:
    activity = f"course/{home['course']}/activity/{home['activity']}"
    return f"/api/v2/vle/{home['vle']}/{activity}/attachment/{home['learner_ids']['ann']}/"


def test_the_plugin_adds_the_learner_again_while_documents_come_in(servers, home, documents):
    for turn in range(5):
        members = [
            partial(
                servers[n % 2].call,
                "POST",
                f"/api/v2/vle/{home['vle']}/course/{home['course']}/learner/",
                {
                    "uid": "ann",
                    "first_name": f"Ann {turn} {n}",
                    "last_name": "Home",
                    "email": "ann@captures.example.org",
                },
                home["vle_token"],
            )
            for n in range(8)
        ]
        answers = at_once([call for pair in zip(documents, members, strict=True) for call in pair])
        assert [answer.status for answer in answers[::2]] == [200] * 8
        assert [answer.status for answer in answers[1::2]] == [201] * 8


def test_a_learner_is_deleted_while_documents_come_in(service, servers, home, documents):
    admin = service.run("access_token", person=home["people"]["admin"]["id"])
    path = f"/api/v2/institution/{home['institution']}/learner/{home['people']['ann']['id']}/"
    deleted, *answers = at_once([partial(servers[1].call, "DELETE", path, None, admin), *documents])
    assert deleted.status == 204
    assert {answer.status for answer in answers} <= {200, 404}
    assert documents[0]().status == 404
