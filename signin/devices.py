"""Known devices: a browser in which somebody has signed in with a password shows so at the next sign-in.

The cookie is a random number, signed, which only the sign-in page gets; which accounts it stands for is kept by the
service as keyed hashes. It opens nothing: the password is needed as before, see signin/services/attempts.py.
"""

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from institutions.models import User
from signin.services.attempts import PLACES_KEPT, device_remembered
from signin.services.people import BY_EMAIL

COOKIE = "signin_device"


def device_of(request: HttpRequest) -> str | None:
    """The device that the browser shows; None without one, or with one that this service has not made of late."""
    return request.get_signed_cookie(COOKIE, default=None, salt=COOKIE, max_age=PLACES_KEPT)


def device_kept(request: HttpRequest, response: HttpResponse, person: User) -> HttpResponse:
    """The person has signed in here. A browser keeps its device for all who use it."""
    device = device_of(request) or secrets.token_urlsafe(16)
    device_remembered(what=BY_EMAIL, account=person.pk, device=device)
    response.set_signed_cookie(
        COOKIE, device, salt=COOKIE, max_age=PLACES_KEPT, path=reverse("signin"), httponly=True,
        secure=settings.SESSION_COOKIE_SECURE, samesite=settings.SESSION_COOKIE_SAMESITE,
    )  # fmt: skip
    return response
