"""How gunicorn serves the application; the command line overrides every value.

The application's settings are read here, before the first bind: a wrong one ends the server instead of its workers,
which gunicorn would start again for ever.
"""

import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from tesla_api import settings
from tesla_api.environment import counted_in

wsgi_app = "tesla_api.wsgi:application"
bind = f"{settings.WEB_HOST}:{settings.WEB_PORT}"
worker_class = "gthread"
workers = settings.WEB_CONCURRENCY
threads = settings.WEB_THREADS
timeout = 60

# The heartbeat file must not block a worker on a slow disk.
if Path("/dev/shm").is_dir():  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108

# Which proxies are believed is the application's decision alone: no header changes the request here.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

# No access log, and no control socket in the home directory. A log that the command line asks for has no paths (texts
# that were searched for, links to files) and no addresses of clients.
accesslog = None
access_log_format = "%(t)s %(m)s %(s)s %(B)s %(D)s"
control_socket_disable = True

# What the processes count for /metrics is in files of this folder, from the first process on.
_counted = counted_in() or tempfile.mkdtemp(prefix="tesla-metrics-") if settings.METRICS_ADDRESSES else ""
if _counted:
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", _counted)


def post_worker_init(worker: Any) -> None:
    """Background work begins after the fork: a thread does not survive one."""
    from pipeline.loop import thread_of_server

    gc.collect()
    gc.freeze()  # what has been loaded is never garbage: collections need not look at it again
    if settings.PIPELINE_IN_SERVER:
        sys.setswitchinterval(0.001)  # seconds: background work that computes lets requests in sooner
    worker.pipeline = thread_of_server()


def worker_exit(server: Any, worker: Any) -> None:
    if getattr(worker, "pipeline", None) is not None:
        worker.pipeline.end()


def child_exit(server: Any, worker: Any) -> None:
    if _counted:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    if _counted:
        shutil.rmtree(_counted, ignore_errors=True)
