"""How gunicorn serves the application; the command line overrides every value."""

import os
from pathlib import Path

wsgi_app = "tesla_api.wsgi:application"
bind = f"{os.environ.get('WEB_HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)
timeout = 60

# The heartbeat file must not block a worker on a slow disk.
if Path("/dev/shm").is_dir():  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108

# Which proxies are believed is the application's decision alone: no header changes the request here.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

# No access log, and no control socket in the home directory.
accesslog = None
control_socket_disable = True
