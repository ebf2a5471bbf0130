"""The WSGI application that the server runs."""

import os
import re
from codecs import lookup

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tesla_api.settings")
TEXT = {"utf-8", "ascii"}


def understandable(environ: dict) -> bool:
    """Headers that Django reads before any middleware, and believes: it would decode with any codec that is named."""
    try:
        _, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
        for media_type in environ.get("HTTP_ACCEPT", "").split(","):
            parse_header_parameters(media_type)
        return lookup(parameters.get("charset", "utf-8")).name in TEXT
    except (ValueError, LookupError):
        return False


def readable_by(environ: dict) -> list[tuple[str, str]]:
    """Headers that let dashboards on other hosts read a refusal, as the middleware does with every other answer."""
    if not re.match(settings.CORS_URLS_REGEX, environ.get("PATH_INFO", "")):
        return []
    origin: str = environ.get("HTTP_ORIGIN", "")
    allowed = [("Access-Control-Allow-Origin", origin)] if origin in settings.CORS_ALLOWED_ORIGINS else []
    return [("Vary", "origin"), *allowed]


def guarded(application):
    """The application, for requests whose headers and length are what they should be."""

    def answer(environ, start_response):
        chunked = "HTTP_TRANSFER_ENCODING" in environ and not environ.get("CONTENT_LENGTH")
        if understandable(environ) and not chunked:
            return application(environ, start_response)
        status, text = (
            ("411 Length Required", b'{"detail":"Send the length of the body."}')
            if chunked
            else ("400 Bad Request", b'{"detail":"The headers Content-Type or Accept cannot be understood."}')
        )
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(text)))]
        start_response(status, [*headers, *readable_by(environ)])
        return [text]

    return answer


application = guarded(get_wsgi_application())
