"""In one process and without a server: SQL queries of each address, and where their time goes. Prints JSON."""

import cProfile
import io
import json
import pstats
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import connection, connections  # noqa: E402
from django.db.backends.utils import CursorWrapper  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import URLResolver  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from benchmarks.console import PAGES, Page  # noqa: E402
from benchmarks.endpoints import MEASURED, Endpoint  # noqa: E402
from kernel.access import DeclaredAccess  # noqa: E402
from kernel.fast.prepared import Rows  # noqa: E402
from kernel.fast.rows import Plan  # noqa: E402
from kernel.http.renderers import JSONRenderer  # noqa: E402
from kernel.pagination import Pages  # noqa: E402
from kernel.viewsets import ResourceViewSet  # noqa: E402
from signin.authentication import TokenAuthentication  # noqa: E402
from tesla_api.wsgi import application  # noqa: E402

FUNCTIONS = 20
# The stages of a request; time counts for the innermost stage.
STAGES: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("database: statements", CursorWrapper, ("execute",)),
    ("database: rows to Python objects", Rows, ("count", "__getitem__", "__iter__")),
    ("database: is it still there (SELECT 1)", type(connections["default"]), ("is_usable",)),
    ("token", TokenAuthentication, ("get_validated_token", "get_header", "get_raw_token")),
    ("caller", TokenAuthentication, ("get_user",)),
    ("access", DeclaredAccess, ("has_permission",)),
    ("rest of authentication and negotiation", APIView, ("initial", "initialize_request")),
    ("view: filters and page", ResourceViewSet, ("readable", "paginate_queryset")),
    ("view: one row, its statement compiled", ResourceViewSet, ("read_one",)),
    ("view: rows to JSON values", Plan, ("__call__",)),
    ("view: links of the page", Pages, ("get_paginated_response",)),
    ("JSON text", JSONRenderer, ("render",)),
    ("rest of the view", ResourceViewSet, ("dispatch",)),
    ("URL", URLResolver, ("resolve",)),
)


def call(endpoint: Endpoint | Page, facts: dict[str, Any], query: str | None = None) -> bytes:
    statuses: list[str] = []
    if isinstance(endpoint, Page):
        who = {"HTTP_ACCEPT": "text/html", "HTTP_COOKIE": facts["cookies"][endpoint.caller]}
    else:
        token = facts["tokens"][endpoint.caller]
        who = {"HTTP_ACCEPT": "application/json", "HTTP_AUTHORIZATION": f"JWT {token}"}
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": endpoint.path(facts["ids"]),
        "QUERY_STRING": endpoint.query if query is None else query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        **who,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    }
    answer = application(environ, lambda status, headers: statuses.append(status))
    body = b"".join(answer)
    answer.close()
    if statuses != ["200 OK"]:
        raise RuntimeError(f"{endpoint.name}: {statuses} {body[:300]!r}")
    return body


def queries(endpoint: Endpoint, facts: dict[str, Any]) -> int:
    """Beside the one that finds the caller, as tests/contract/test_budgets.py counts them."""
    call(endpoint, facts)
    with CaptureQueriesContext(connection) as captured:
        call(endpoint, facts)
    return sum("signin_callersession" not in query["sql"] for query in captured)


def statements(page: Page, facts: dict[str, Any]) -> int:
    """All of them."""
    call(page, facts)
    with CaptureQueriesContext(connection) as captured:
        call(page, facts)
    return len(captured)


class Clock:
    """Seconds by stage. A stage that another one calls is taken out of it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.running = ["middleware and server interface"]
        self.since = time.perf_counter()

    def turn(self) -> None:
        now = time.perf_counter()
        self.seconds[self.running[-1]] += now - self.since
        self.since = now

    def timed(self, stage: str, function: Any) -> Any:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            self.turn()
            self.running.append(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self.turn()
                self.running.pop()

        return run


@contextmanager
def clock() -> Iterator[Clock]:
    stages_clock, originals = Clock(), []
    for stage, owner, names in STAGES:
        for name in names:
            own = owner.__dict__.get(name)
            originals.append((owner, name, own))
            setattr(owner, name, stages_clock.timed(stage, getattr(owner, name)))
    try:
        yield stages_clock
    finally:
        for owner, name, own in reversed(originals):
            if own is None:
                delattr(owner, name)
            else:
                setattr(owner, name, own)


def stages(endpoint: Endpoint, facts: dict[str, Any], query: str, calls: int) -> list[str]:
    for _ in range(calls // 4):
        call(endpoint, facts, query)
    begun = time.perf_counter()
    for _ in range(calls):
        call(endpoint, facts, query)
    plain = (time.perf_counter() - begun) / calls * 1000
    with clock() as stages_clock:
        for _ in range(calls):
            call(endpoint, facts, query)
        stages_clock.turn()
    whole = sum(stages_clock.seconds.values())
    return [
        f"{endpoint.name}, {query or 'one row'}: {plain:.2f} ms in one process without a server",
        *(
            f"  {spent / calls * 1000:6.3f} ms {spent / whole:4.0%}  {stage}"
            for stage, spent in sorted(stages_clock.seconds.items(), key=lambda item: -item[1])
        ),
    ]


def functions(endpoint: Endpoint, facts: dict[str, Any], query: str, calls: int) -> list[str]:
    """The functions with the most time of their own. The profiler overstates the cost of Python calls."""
    with cProfile.Profile() as profile:
        for _ in range(calls):
            call(endpoint, facts, query)
    rows = pstats.Stats(profile).stats.items()  # type: ignore[attr-defined] # not in its stubs
    lines = [f"  by function, {endpoint.name}, {query or 'one row'}: own ms, calls, cumulative ms"]
    for (file, line, name), (_, number, own, cumulative, _) in sorted(rows, key=lambda item: -item[1][2])[:FUNCTIONS]:
        where = "/".join(Path(file).parts[-2:]) + f":{line}" if line else ""
        lines.append(
            f"  {own / calls * 1000:7.3f} {number / calls:6.1f} {cumulative / calls * 1000:7.3f}  {name} {where}"
        )
    return lines


def main(what: str, calls: int, facts: dict[str, Any], names: list[str]) -> None:
    if what == "pages":
        print(json.dumps({page.name: statements(page, facts) for page in PAGES}))
        return
    endpoints = [endpoint for endpoint in MEASURED if endpoint.name in names]
    if what == "queries":
        print(json.dumps({endpoint.name: queries(endpoint, facts) for endpoint in endpoints}))
        return
    for endpoint in endpoints:
        for query in dict.fromkeys((endpoint.query, "limit=1" if endpoint.is_list else "")):
            print("\n".join(stages(endpoint, facts, query, calls)))
        print("\n".join(functions(endpoint, facts, endpoint.query, calls)), end="\n\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), json.load(sys.stdin), sys.argv[3:])
