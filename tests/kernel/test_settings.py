"""Starting the service: every variable is described, and what is missing stops it with one clear line."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from tesla_api.local import local_keys

ROOT = Path(__file__).resolve().parents[2]
COMPLETE = {
    "SECRET_KEY": "s" * 50,
    "TOKEN_KEYS": "a1:" + "t" * 40,
    "ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "ALLOWED_HOSTS": "trust.example.org",
    "DATABASE_URL": "sqlite://:memory:",
}


def start(command="diffsettings", **environment):
    """A command that reads the settings and loads the apps, with this environment alone; `check` takes five times as
    long.
    """
    return run("manage.py", command, **environment)


def run(*arguments, **environment):
    """Python with these arguments and this environment alone."""
    clean = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def line_of(read, **environment):
    """The one line with which the settings end a process."""
    with pytest.raises(SystemExit) as ended:
        read(**environment)
    line = ended.value.code
    assert isinstance(line, str)
    assert line.splitlines() == [line]
    return line


def test_a_complete_environment_starts():
    assert start(**COMPLETE).returncode == 0


@pytest.mark.parametrize("name", COMPLETE)
def test_what_is_missing_stops_the_start_with_one_line(name, settings_of):
    line = line_of(settings_of, **{k: v for k, v in COMPLETE.items() if k != name})
    assert line.startswith(f"{name} is not set: ")


ADDRESSES = (
    "dash.example.org",
    "ftp://dash.example.org",
    "https://dash.example.org/?a=1",
    "https://",
    "https://h:port",
)
NUMBERS = ("", "many", "1.5", "-1", "9" * 30, "\u0663")  # the first counts as none
WRONG = {
    "DEMO": ("maybe", "2"),
    "DEBUG": ("maybe",),
    "TLS": ("maybe",),
    "TLS_REDIRECT": ("maybe",),
    "LEGACY_DASHBOARD": ("maybe",),
    "SECRET_KEY": ("short", "s" * 31, "s" * 40 + "\n" + "s" * 10, "s" * 50 + "\udcff"),
    "TOKEN_KEYS": (
        "short:abc", "noname", "a-b:" + "t" * 40, f"a1:{'t' * 40},{'t' * 40}", f"a1:{'t' * 40},a1:{'t' * 50}", ",",
    ),
    "ENCRYPTION_KEYS": ("bad", "x" * 44, COMPLETE["ENCRYPTION_KEYS"] + ",bad", ","),
    "TRAIL_KEYS": ("bad", "x" * 44, COMPLETE["ENCRYPTION_KEYS"] + ",bad"),
    "TRAIL_HEAD_MINUTES": NUMBERS[1:],
    "TRAIL_LEAST_DAYS": (*NUMBERS[1:], "89"),
    "TRAIL_HEADS_FILE": ("heads", "/nowhere/at/all", "/"),
    "ALLOWED_HOSTS": ("https://trust.example.org", "trust.example.org:8000", "a b", "host/path", ","),
    "DATABASE_URL": (
        "postgres", "mysql://u:p@h/name", "postgres://u:p@h:port/name", "postgres://u:p@h:5432/", "sqlite:////nowhere/at/all",
        "postgres://u:p@[::1/name", "postgres://u:p@h/name?sslmod=require", "postgres://u:p@h/name?sslmode=bad",
        "postgres://u:p@h/name?connect_timeout=soon",
    ),
    "DATABASE_CONN_MAX_AGE": NUMBERS[1:],
    "PUBLIC_URL": (*ADDRESSES, "no address"),
    "DASHBOARD_URL": (*ADDRESSES, "https://auth.example.org"),
    "WEB_PLUGIN_URL": ADDRESSES,
    "LOGO_URL": ADDRESSES,
    "S3_ENDPOINT_URL": ADDRESSES,
    "S3_BUCKET": ("a bucket", "x"),
    "S3_REGION": ("eu%west_1!", "eu west"),
    "S3_ACCESS_KEY_ID": ("alone",),
    "S3_SECRET_ACCESS_KEY": ("alone",),
    "TRUSTED_PROXIES": ("127.0.0.1,proxy.example.org", "10.0.0.0/40"),
    "CORS_ALLOWED_ORIGINS": ("https://ok.example.org/path", "dash.example.org", "*", "https://*.example.org"),
    "CSRF_TRUSTED_ORIGINS": ("dash.example.org", "https://"),
    "PROVIDER_BROKER_URL": ("broker.example.org", "amqp://", "amqp://h:port/v"),
    "BROKER_URL": ("broker.example.org", "amqp://", "amqp://h:port/v", "sqs://a:b@h"),
    "BROKER_MANAGEMENT_URL": ("http://h:15672", "amqp://u:p@h", "http://u:p@h:port"),
    "EMAIL_URL": ("mail.example.org", "smtp://", "imap://h", "smtp://h:port", "memorymail://"),
    "EMAIL_FROM": ("nobody", "a b@x.org"),
    "METRICS_ADDRESSES": ("prometheus", "10.0.0.0/40"),
    "PIPELINE_IN_SERVER": ("maybe",),
    "DATABASE_PLANS": ("maybe",),
    "LOG_LEVEL": ("LOUD", "10"),
    "VAR_DIR": (__file__, f"{__file__}/var"),
    "STATIC_DIR": (__file__, f"{__file__}/static"),
    "SPOOL_DIR": ("/nowhere/at/all", __file__),
    "WEB_HOST": ("http://127.0.0.1", "a host", "::1::", "999.1.1.1", "1.2.3"),
    "PORT": (*NUMBERS[1:], "0", "65536"),
    "WEB_CONCURRENCY": (*NUMBERS[1:], "0"),
    "WEB_THREADS": (*NUMBERS[1:], "0"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_value_that_cannot_be_meant_ends_the_process_with_one_line(name, settings_of):
    for wrong in WRONG[name]:
        line = line_of(settings_of, **COMPLETE | {name: wrong})
        assert re.match(rf"{name} (and \w+ )?must be", line) or name.startswith("S3_"), line
        assert name in line
        assert not re.search("sss|ttt|u:p@|bad|alone", line), "the value, which may be a secret"
    settings_of(**COMPLETE | {name: COMPLETE.get(name, "")})  # an empty value is none


def test_every_number_has_bounds(settings_of):
    described = re.findall(r"^([A-Z0-9_]+)=[0-9]+$", (ROOT / ".env.example").read_text(), re.M)
    switches = {"DEMO", "DEBUG", "TLS", "TLS_REDIRECT", "LEGACY_DASHBOARD", "PIPELINE_IN_SERVER", "DATABASE_PLANS"}
    assert len(described) > len(switches) + 10
    for name in described:
        for wrong in ("maybe",) if name in switches else NUMBERS[1:]:
            assert line_of(settings_of, **COMPLETE | {name: wrong}).startswith(f"{name} must be ")


def test_every_variable_is_read_in_the_one_place():
    apps = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    reading = {
        str(path.relative_to(ROOT))
        for app in apps
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"os\.(environ\b(?!\.setdefault)|getenv)", path.read_text())
    }
    assert reading == {"tesla_api/environment.py"}


BAD = {"ENCRYPTION_KEYS": "bad"}
BAD_LINE = "ENCRYPTION_KEYS must be Fernet keys (32 bytes in URL-safe base64), separated by commas.\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("-m", "gunicorn", "--config", "tesla_api/gunicorn.py", "--bind", "127.0.0.1:0"), 1),
        (("-m", "tesla_api.serve", "--bind", "127.0.0.1:0"), 1),
        (("manage.py", "migrate"), 1),
        (("-c", "import tesla_api.wsgi"), 3),
    ],
    ids=["gunicorn", "serve", "manage.py", "wsgi"],
)
def test_every_start_ends_with_the_line_and_a_code(arguments, code):
    bad, line = BAD, BAD_LINE
    if "tesla_api.serve" in arguments:  # gunicorn itself would read it, and end with a traceback
        bad, line = {"WEB_CONCURRENCY": "x"}, "WEB_CONCURRENCY must be a whole number from 1 to 1000.\n"
    ended = run(*arguments, **COMPLETE | bad)
    assert (ended.returncode, ended.stderr, ended.stdout) == (code, line, "")


def test_gunicorn_gets_its_configuration_and_the_number_of_processes():
    """Also where the variable is empty, which is none."""
    ended = run("-m", "tesla_api.serve", "--print-config", "--check-config", **COMPLETE | {"WEB_CONCURRENCY": ""})
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False), ended.stderr
    assert re.search(r"^workers +[=:] 2$", ended.stdout, re.M), ended.stdout


def test_a_server_without_the_configuration_ends_too():
    """Workers that end with another code are started again, for ever."""
    began = monotonic()
    ended = run("-m", "gunicorn", "tesla_api.wsgi", "--bind", "127.0.0.1:0", "--no-control-socket", **COMPLETE | BAD)
    assert (ended.returncode, BAD_LINE.strip() in ended.stderr, "Traceback" in ended.stderr) == (3, True, False)
    assert monotonic() - began < 30


def test_lists_may_have_blanks(settings_of):
    lists = {
        "TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8",
        "CORS_ALLOWED_ORIGINS": "https://a.example.org, https://b.example.org",
    }
    read = settings_of(**COMPLETE | lists)
    assert read["TRUSTED_PROXIES"] == ["127.0.0.1", "10.0.0.0/8"]
    assert read["CORS_ALLOWED_ORIGINS"] == ["https://a.example.org", "https://b.example.org"]


def test_a_pattern_of_hosts_asks_for_an_address_of_the_dashboards(settings_of):
    for pattern in ("*", ".example.org"):
        assert "DASHBOARD_URL or PUBLIC_URL" in line_of(settings_of, **COMPLETE | {"ALLOWED_HOSTS": pattern})
    read = settings_of(**COMPLETE | {"ALLOWED_HOSTS": "*", "PUBLIC_URL": "https://trust.example.org"})
    assert read["ALLOWED_HOSTS"] == ["*"]


def test_the_local_start_needs_nothing(tmp_path):
    for command in ("check", "diffsettings"):
        result = start(command, DEMO="1", VAR_DIR=str(tmp_path / "var"))
        assert result.returncode == 0, result.stderr
    path = tmp_path / "var" / "local.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["local.json"]


def test_local_keys_are_made_once(tmp_path, monkeypatch):
    first = local_keys(tmp_path)
    assert local_keys(tmp_path) == first
    # another process links its file between the look and the link
    monkeypatch.setattr(Path, "exists", lambda self: False)
    assert local_keys(tmp_path) == first


def test_the_example_lists_every_variable():
    read = set()
    text = (ROOT / "tesla_api/settings.py").read_text()
    read |= set(re.findall(r'env\.\w+\(\s*["\']([A-Z0-9_]+)["\']', text))
    read |= set(re.findall(r"\$\{([A-Z0-9_]+)", (ROOT / "docker-compose.yml").read_text()))
    listed = re.findall(r"^#? ?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M)
    assert sorted(listed) == sorted(set(listed))
    assert set(listed) == read


@pytest.mark.parametrize(
    "changes",
    [
        {"DASHBOARD_URL": "https://auth.example.org"},
        {"DASHBOARD_URL": "https://Authoring.example.org/tesla"},
        {"DASHBOARD_URL": "https://dash.example.org/auth"},
        {"PUBLIC_URL": "https://auth.example.org"},
        {"ALLOWED_HOSTS": "trust.example.org,oauth.example.org"},
    ],
    ids=str,
)
def test_a_dashboard_where_plugins_would_cut_its_address_stops_the_start(changes, settings_of):
    line = line_of(settings_of, **COMPLETE | changes)
    assert line == 'DASHBOARD_URL must be an address without "auth": VLE plugins cut the launcher\'s address there.'


@pytest.mark.parametrize(
    "own", [{"ALLOWED_HOSTS": "auth.example.org"}, {"PUBLIC_URL": "https://auth.example.org"}], ids=str
)
def test_own_host_may_be_called_as_it_likes_when_dashboards_are_elsewhere(own, settings_of):
    read = settings_of(**COMPLETE | {"DASHBOARD_URL": "https://dash.example.org/"} | own)
    assert read["DASHBOARD_URL"].rstrip("/") == "https://dash.example.org"


@pytest.mark.parametrize(
    ("name", "value"), [("WEB_PLUGIN_SCRIPT", "../x.js"), ("WEB_PLUGIN_STYLE", "https://x.org/x.css")]
)
def test_a_name_that_is_no_file_of_the_plugins_folder_stops_the_start(name, value, settings_of):
    line = line_of(settings_of, **COMPLETE | {name: value})
    assert line == f"{name} must be the name of a file in the folder WEB_PLUGIN_URL."


PLACES = {
    "WEB_PLUGIN_URL": "/static/plugin/", "LOGO_URL": "/static/logo.png", "WEB_PLUGIN_SCRIPT": "js/plugin.v2.js",
}  # fmt: skip


def test_addresses_of_pages_may_be_paths_here(settings_of):
    read = settings_of(**COMPLETE | PLACES)
    assert {name: read[name] for name in PLACES} == PLACES
    settings_of(**COMPLETE | dict.fromkeys((*PLACES, "WEB_PLUGIN_STYLE", "DASHBOARD_URL"), ""))
