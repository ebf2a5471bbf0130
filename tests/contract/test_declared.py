"""Every operation that the service answers is declared, with a matrix line of its own, and nothing else is."""

from collections.abc import Iterator
from functools import cache

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tesla_api.tree import CALLS as CALLS_OF_TREE
from tesla_api.tree import PROCEDURES, TREE
from tests.contract.calls import CALLS, RESOURCES
from tests.contract.declared import Resource, calls_of
from tests.contract.document import documented, operations

SIGN_IN = "/api/v2/auth/"  # tests/signin
VERBS = ("get", "post", "put", "patch", "delete")


@cache
def answered() -> frozenset[tuple[str, str]]:
    """(method, address) of everything that is no page, as the URLs say it."""
    operations = set()
    for route, view in _views(get_resolver().url_patterns):
        methods = getattr(view, "actions", None) or [verb for verb in VERBS if hasattr(view.cls, verb)]
        opened = view.cls.http_method_names
        operations |= {(method, "/" + _named(route)) for method in methods if method in opened and method in VERBS}
    return frozenset(operations)


def served() -> set[tuple[str, str]]:
    """The same below /api/v2/ and /lapi/v1/, but for ways to sign in."""
    return {each for each in answered() if each[1].startswith(("/api/v2/", "/lapi/v1/")) and SIGN_IN not in each[1]}


def _views(patterns, prefix: str = "") -> Iterator[tuple[str, object]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and hasattr(pattern.callback, "cls"):
            yield route, pattern.callback


def _named(route: str) -> str:
    """<id:vle_id> -> {vle_id}"""
    parts = (part.strip("<>").rpartition(":")[2] if part.startswith("<") else part for part in route.split("/"))
    return "/".join(
        f"{{{part}}}" if was.startswith("<") else part for part, was in zip(parts, route.split("/"), strict=True)
    )


def test_every_operation_is_declared_and_no_other():
    declared = {(call.method, call.url) for call in CALLS.values()}
    assert served() - declared == set(), "without a declaration in tests/contract/resources/"
    assert declared - served() == set(), "declared, but not served"


def test_every_line_of_the_tree_is_one_declaration():
    lines = [entry.url for entry in (*TREE, *CALLS_OF_TREE, *PROCEDURES)]
    declared = [resource.url for resource in RESOURCES.values() if resource.root != "lapi"]
    assert sorted(declared) == sorted(lines)


def test_operation_without_a_matrix_line_is_refused():
    with pytest.raises(ValueError, match="room: no matrix line for \\['patch'\\]"):
        calls_of(Resource("room", "admin/room/{id}/", "i", matrix={"list": 200}, bodies={"patch": {}}))
    with pytest.raises(ValueError, match="shorter"):
        calls_of(Resource("room", "institution/{institution_id}/", "i", matrix={"list": (200, 401)}))


def test_operations_of_the_document_are_declared():
    declared = [documented(call).id for call in CALLS.values() if documented(call)]
    assert sorted(declared) == sorted(operations())
    assert len(declared) == 108


def test_right_caller_is_answered_what_the_document_says():
    for call in CALLS.values():
        assert documented(call) is None or call.status == documented(call).status, call.name


def test_lists_of_the_tree_say_what_orders_and_what_is_searched():
    for call in CALLS.values():
        if call.is_list:
            assert call.resource.orderable, call.name
            assert call.resource.golden, call.name
