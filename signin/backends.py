"""Django's sign-in, for the pages: by e-mail, with the same rules and the same count of failures as the API."""

from django.contrib.auth.backends import ModelBackend

from kernel.http.address import client_address
from signin.services import Refused
from signin.services.people import person_verified


class EmailBackend(ModelBackend):
    def authenticate(self, request, username=None, password=None, **kwargs):
        """The person, or None. Raises LockedOut, which the sign-in page tells."""
        if request is None or not username or not password:
            return None
        try:
            return person_verified(email=username, password=password, address=client_address(request))
        except Refused:
            return None
