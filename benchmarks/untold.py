"""The service's settings without the trail: what a line costs is the difference. Only benchmarks use them."""

from tesla_api.settings import *  # noqa: F403 - all of them

TRAIL_WRITER = ""
