"""A Django process on the database of the servers: it calls the function that each line of its input names.

Tests reach the servers over HTTP alone. What cannot be done there (rows to begin with, commands, a look into tables)
is done here, because starting a process for each such step costs more than the step.
"""

import json
import sys
import traceback
from importlib import import_module

import django

django.setup()

from django.db import connection  # noqa: E402


def called(line: str) -> dict:
    module, name, arguments = json.loads(line)
    try:
        return {"result": getattr(import_module(module), name)(**arguments)}
    except Exception:  # noqa: BLE001 - the test shows it
        return {"error": traceback.format_exc()}
    finally:
        connection.close()


answers, sys.stdout = sys.stdout, sys.stderr  # what commands print is no answer
for line in sys.stdin:
    print(json.dumps(called(line)), file=answers, flush=True)
