"""How gunicorn serves the application; the command line overrides every value.

The application's settings are read here, before the first bind: a wrong one ends the server instead of its workers,
which gunicorn would start again for ever.
"""

from pathlib import Path

from tesla_api import settings

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

# No access log, and no control socket in the home directory.
accesslog = None
control_socket_disable = True
