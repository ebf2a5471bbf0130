"""manage.py check_web_plugin: fetches what an exam page of a VLE would, and says what it would not get."""

from argparse import ArgumentParser
from collections.abc import Iterator
from email.message import Message
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from courses import web_plugin
from institutions.models import VLE

SECONDS = 10
SCRIPTS = {"text/javascript", "application/javascript"}
# {file: (media types, whether a script of the page reads it, which needs the file's permission)}
EXPECTED = {"script": (SCRIPTS, False), "style": ({"text/css"}, False), "translation": ({"application/json"}, True)}
# What a browser asks before it sends: a capture, here of nobody, and what the plugin sends for new tokens.
QUESTIONS = ("/lapi/v1/alert/1/00000000-0000-4000-8000-000000000000/", "/api/v2/auth/token/refresh")
LINKS = ("/session/x/data.json", "/session/x/connector.js")  # of no session: the service itself must say so


class Command(BaseCommand):
    help = "Fetch the web plugin's files and ask the capture API as an exam page of each VLE would; fails if one fails."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--page",
            action="append",
            metavar="URL",
            help="Where exam pages are, such as https://moodle.example.org; may be repeated. Default: all VLEs.",
        )
        parser.add_argument(
            "--service", metavar="URL", help="The service's address as browsers know it. Default: PUBLIC_URL."
        )

    def handle(self, *args: Any, page: list[str] | None, service: str | None, **_: Any) -> None:
        here = service or settings.PUBLIC_URL
        if not here:
            raise CommandError("Set PUBLIC_URL, or name the service's address with --service.")
        _origin(here)
        origins = sorted({_origin(address) for address in page or _addresses_of_vles()})
        if not origins:
            raise CommandError("No VLE has an address: name one with --page.")
        failures = 0
        for origin in origins:
            self.stdout.write(f"a page of {origin}")
            for url, problem in _tried(origin, here.rstrip("/")):
                self.stdout.write(f"  FAILED {url}: {problem}" if problem else f"  ok     {url}")
                failures += bool(problem)
        if failures:
            raise CommandError(f"{failures} of these would fail in an exam page.")


def _addresses_of_vles() -> list[str]:
    return [url for url in VLE.objects.values_list("url", flat=True) if url]


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError as error:  # half of an IPv6 address
        raise CommandError(f"{address} is no address.") from error
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise CommandError(f"{address} is no http or https address.")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _tried(origin: str, here: str) -> Iterator[tuple[str, str]]:
    """(URL, what is wrong with it or "")."""
    place = web_plugin.folder_path()
    folder = f"{here}{place}" if place.startswith("/") else place
    for kind, name in web_plugin.file_names().items():
        url = urljoin(folder, name)
        yield url, _problem_of_file(url, origin, *EXPECTED[kind])
    for path in LINKS:
        yield f"{here}{path}", _problem_of_link(f"{here}{path}", origin)
    for path in QUESTIONS:
        yield f"{here}{path}", _problem_of_question(f"{here}{path}", origin)


def _problem_of_file(url: str, origin: str, media_types: set[str], is_read: bool) -> str:
    status, headers, problem = _fetched(url, origin, "GET", {})
    if problem or status != 200:
        return problem or f"status {status}"
    if headers.get_content_type() not in media_types:
        return f"its media type is {headers.get_content_type()}, browsers want {' or '.join(sorted(media_types))}"
    if is_read and headers.get("Access-Control-Allow-Origin") not in {"*", origin}:
        return "pages of other hosts may not read it: Access-Control-Allow-Origin is missing"
    if headers.get("Cross-Origin-Resource-Policy", "cross-origin") != "cross-origin":
        return "pages of other hosts may not load it: Cross-Origin-Resource-Policy forbids it"
    return ""


def _problem_of_link(url: str, origin: str) -> str:
    status, headers, problem = _fetched(url, origin, "GET", {})
    if problem:
        return problem
    if status != 404 or headers.get_content_type() != "application/json":
        return f"the service does not get it, something before it answers (status {status})"
    if headers.get("Access-Control-Allow-Origin") not in {"*", origin}:
        return "pages of other hosts may not read it: Access-Control-Allow-Origin is missing"
    return ""


def _problem_of_question(url: str, origin: str) -> str:
    asks = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    status, headers, problem = _fetched(url, origin, "OPTIONS", asks)
    if not problem and headers.get("Access-Control-Allow-Origin") not in {"*", origin}:
        problem = f"it cannot be sent from there: is {origin} in CORS_ALLOWED_ORIGINS? (status {status})"
    return problem


class _NoRedirect(HTTPRedirectHandler):
    """Browsers follow redirects of files, but not of the question that precedes what they send."""

    def redirect_request(self, req: Request, *args: Any, **kwargs: Any) -> Request | None:
        return None if req.get_method() == "OPTIONS" else super().redirect_request(req, *args, **kwargs)


def _fetched(url: str, origin: str, method: str, headers: dict[str, str]) -> tuple[int, Message, str]:
    """(status, headers, what went wrong before there was an answer)."""
    request = Request(url, method=method, headers={"Origin": origin, **headers})  # noqa: S310 - http or https: `handle`
    if origin.startswith("https:") and url.startswith("http:"):
        return 0, Message(), "browsers load nothing by http into pages of https"
    try:
        with build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
            return answer.status, answer.headers, ""
    except HTTPError as error:
        return error.code, error.headers, ""
    except (OSError, HTTPException, ValueError) as error:  # no such host, no answer, a certificate that is not trusted
        return 0, Message(), str(getattr(error, "reason", error))
