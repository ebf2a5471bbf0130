"""Django's sign-in, for the pages: by e-mail, with the same rules and the same count of failures as the API."""

from django.contrib.auth.backends import ModelBackend

from signin import services
from tesla_api.api.address import client_address


class EmailBackend(ModelBackend):
    def authenticate(self, request, username=None, password=None, **kwargs):
        """The person, or None. Raises services.LockedOut, which the sign-in page tells."""
        if request is None or not username or not password:
            return None
        try:
            return services.person_verified(email=username, password=password, address=client_address(request))
        except services.Refused:
            return None
