"""Django's authentication backend: by e-mail, with the same rules and failure counters as the API's sign-in."""

from django.contrib.auth.backends import ModelBackend

from kernel.http.address import client_address
from signin.devices import device_of
from signin.services import Refused, Suspended
from signin.services.people import person_verified


class EmailBackend(ModelBackend):
    def authenticate(self, request, username=None, password=None, institution=None, **kwargs):
        """The person, or None. Raises LockedOut and Suspended, which the sign-in page shows."""
        if request is None or not username or not password:
            return None
        try:
            return person_verified(
                email=username, password=password, institution=institution,
                address=client_address(request), device=device_of(request),
            )  # fmt: skip
        except Suspended:
            raise
        except Refused:
            return None
