"""/health/live and /health/ready, for load balancers and monitors: without credentials and with any Host header."""

import logging
from functools import cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse

logger = logging.getLogger(__name__)
LIVE, READY = "/health/live", "/health/ready"


class Health:
    """The outermost middleware: health requests skip host check, redirects, sessions and cookies."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest):
        path = request.path_info.removesuffix("/")
        if path not in {LIVE, READY}:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return _response({"detail": "Only GET and HEAD."}, 405, Allow="GET, HEAD")
        failed = failed_part() if path == READY else None
        if failed:
            return _response({"status": "unavailable", "failed": failed}, 503)
        return _response({"status": "ok"})


def _response(content: dict[str, str], status: int = 200, **headers: str) -> HttpResponse:
    headers["Cache-Control"] = "no-store"
    response = JsonResponse(content, status=status, headers=headers)
    response._has_been_logged = True  # type: ignore[attr-defined] # failed_part has logged the reason
    return response


def failed_part() -> str | None:
    """Why this process is not ready: "database" or "migrations"; None when it is."""
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except Error as error:
        logger.warning("not ready: the database does not answer: %s", error)
        return "database"
    missing = sorted(_newest() - applied.keys())
    if missing:
        logger.warning("not ready: migrations are missing: %s", missing)
        return "migrations"
    return None


@cache
def _newest() -> set[tuple[str, str]]:
    """The latest migration of each app, read from disk once per process."""
    return set(MigrationLoader(None).graph.leaf_nodes())
