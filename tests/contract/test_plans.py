"""Every resource can be read by its compiled plan and by its serializer, and both answers are the same."""

import re

import pytest

from kernel.viewsets import ResourceViewSet
from tesla_api.tree import TREE
from tests.contract.calls import CALLS, RESOURCES, names, url_of
from tests.contract.desk import fill_desk
from tests.contract.filling import fill

ROOTS = ("institution", "admin", "vle", "provider", "me")
READ = [name for name in names(*ROOTS) if CALLS[name].verb == "read" and CALLS[name].queries]
ONLY_LISTED = ("provider_available", "provider_used")  # their rows are those of provider_sample
LISTED = [name for name in READ if CALLS.get(listed := name.replace(".read", ".list")) and CALLS[listed].is_list]
# The signed address of a file is another one each time.
SIGNED = re.compile(rb"/files/[^/\"]+/")


@pytest.fixture(scope="module")
def standing(stage):
    def prepare(world) -> None:
        fill(world, 12)
        fill_desk(world, 12)

    with stage(prepare) as world:
        yield world


def test_every_resource_of_the_tree_is_read_here():
    listed = {RESOURCES[name].url for name in ONLY_LISTED}
    assert {CALLS[name].resource.url for name in READ} | listed == {resource.url for resource in TREE}


def readers(name: str) -> list[str]:
    """Who may read the row, each of whom may have another plan: those of the budgets."""
    return [*CALLS[name].queries]


@pytest.mark.parametrize("name", READ)
def test_compiled_and_plain_path_give_the_same_bytes(name, caller, world, monkeypatch):
    detail = url_of(CALLS[name], world)
    listed = [url_of(CALLS[name.replace(".read", ".list")], world) + "?limit=1000"] if name in LISTED else []
    for who in readers(name):
        client = caller(who)
        for url in (detail, *listed):
            fast = client.get(url)
            assert fast.status_code == 200, (who, url, fast.content)
            with monkeypatch.context() as patch:
                patch.setattr(ResourceViewSet, "compiled", property(lambda self: False))
                plain = client.get(url)
            assert SIGNED.sub(b"", fast.content) == SIGNED.sub(b"", plain.content)
            assert fast.json().get("count", 1) > 0


@pytest.mark.parametrize("name", LISTED)
def test_prepared_page_is_the_filtered_page(name, caller, world):
    """A list without parameters is read by a prepared statement, one with an empty search is not."""
    url = url_of(CALLS[name.replace(".read", ".list")], world)
    for who in readers(name):
        client = caller(who)
        prepared, filtered = client.get(f"{url}?limit=1000"), client.get(f"{url}?limit=1000&search=")
        assert SIGNED.sub(b"", prepared.content) == SIGNED.sub(b"", filtered.content)


@pytest.mark.any_database
@pytest.mark.parametrize("name", READ)
def test_browsable_page_shows_the_row(name, caller, world):
    call = CALLS[name]
    answer = caller(call.by).get(url_of(call, world), HTTP_ACCEPT="text/html")
    assert answer.status_code == 200
    assert any(
        name in answer.content
        for name in (b"created_at", b"client_id", b"is_global", b"learner_id", b"signed_in", b"added_by", b"acronym")
    )
