"""`python -m tesla_api.serve`, with more arguments of gunicorn if need be: gunicorn with the configuration beside this.

gunicorn takes WEB_CONCURRENCY from the environment as soon as it is imported, before it reads any configuration: one
that is empty or no number would end it with a traceback. So the settings are read first, as for every other start.
"""

import runpy
import sys
from pathlib import Path

from tesla_api import environment, settings

if __name__ == "__main__":
    environment.hand_on("WEB_CONCURRENCY", settings.WEB_CONCURRENCY)
    sys.argv[1:1] = ["--config", str(Path(__file__).with_name("gunicorn.py"))]
    runpy.run_module("gunicorn", run_name="__main__", alter_sys=True)
