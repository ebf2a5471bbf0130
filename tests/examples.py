"""`given` of hypothesis with 20 examples, or as many as EXAMPLES says: `make prove` tries 200."""

import os

from hypothesis import given, settings

__all__ = ["given"]

settings.register_profile("tests", max_examples=int(os.environ.get("EXAMPLES", "20")), deadline=None)
settings.load_profile("tests")
