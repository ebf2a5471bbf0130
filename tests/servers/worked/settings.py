"""The service with the app of the tests: its jobs, and an address that asks for them."""

from tesla_api.settings import *  # noqa: F403

INSTALLED_APPS += ["tests.servers.worked"]  # noqa: F405
ROOT_URLCONF = "tests.servers.worked.urls"
