"""The WSGI application. It refuses requests with headers that Django cannot handle before Django sees them."""

import os
import re
import sys
from codecs import lookup

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

from kernel.postgres.limits import limit_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tesla_api.settings")
TEXT = {"utf-8", "ascii"}


def has_valid_headers(environ: dict) -> bool:
    """Whether Content-Type and Accept can be parsed and the charset is a text encoding.

    Django decodes requests with whatever codec Content-Type names, before any middleware runs.
    """
    try:
        _, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
        for media_type in environ.get("HTTP_ACCEPT", "").split(","):
            parse_header_parameters(media_type)
        return lookup(parameters.get("charset", "utf-8")).name in TEXT
    except (ValueError, LookupError):
        return False


def cors_headers(environ: dict) -> list[tuple[str, str]]:
    """CORS headers for the refusals made here; for all other responses a middleware adds them."""
    if not re.match(settings.CORS_URLS_REGEX, environ.get("PATH_INFO", "")):
        return []
    origin: str = environ.get("HTTP_ORIGIN", "")
    allowed = [("Access-Control-Allow-Origin", origin)] if origin in settings.CORS_ALLOWED_ORIGINS else []
    return [("Vary", "origin"), *allowed]


def checked(application):
    """Wrap the application: requests with invalid headers or without a length are answered here."""

    def respond(environ, start_response):
        chunked = "HTTP_TRANSFER_ENCODING" in environ and not environ.get("CONTENT_LENGTH")
        if has_valid_headers(environ) and not chunked:
            limit_statements(settings.STATEMENT_SECONDS)
            return application(environ, start_response)
        status, text = (
            ("411 Length Required", b'{"detail":"Send the length of the body."}')
            if chunked
            else ("400 Bad Request", b'{"detail":"The headers Content-Type or Accept cannot be understood."}')
        )
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(text)))]
        start_response(status, [*headers, *cors_headers(environ)])
        return [text]

    return respond


try:
    application = checked(get_wsgi_application())
except SystemExit as wrong:  # a wrong setting
    # A gunicorn that was started without tesla_api/gunicorn.py ends only when a worker ends with this code.
    sys.stderr.write(f"{wrong.code}\n")
    sys.exit(3)
