"""Starting the service: every variable is described, and what is missing stops it with one clear line."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

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


def start(command="check", **environment):
    """`manage.py check` or another command, with this environment alone."""
    clean = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_environment_starts():
    assert start(**COMPLETE).returncode == 0


@pytest.mark.parametrize("name", COMPLETE)
def test_what_is_missing_stops_the_start_with_one_line(name):
    result = start(**{k: v for k, v in COMPLETE.items() if k != name})
    assert result.returncode == 1
    assert result.stderr.startswith(f"{name} is not set: ")
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("ring", ["short:abc", "noname", "a-b:" + "t" * 40])
def test_an_unusable_key_ring_stops_the_start(ring):
    result = start(**COMPLETE | {"TOKEN_KEYS": ring})
    assert result.returncode == 1
    assert result.stderr.startswith("TOKEN_KEYS must be")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("TRUSTED_PROXIES", "127.0.0.1,proxy.example.org"),
        ("TRUSTED_PROXIES", "10.0.0.0/40"),
        ("CORS_ALLOWED_ORIGINS", "https://ok.example.org/path"),
        ("DASHBOARD_URL", "https://auth.example.org"),
    ],
)
def test_a_variable_that_cannot_be_meant_stops_the_start(name, wrong):
    result = start(**COMPLETE | {name: wrong})
    assert (result.returncode, result.stderr.startswith(f"{name} must be")) == (1, True), result.stderr


def test_lists_may_have_blanks():
    lists = {
        "TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8",
        "CORS_ALLOWED_ORIGINS": "https://a.example.org, https://b.example.org",
    }
    assert start(**COMPLETE | lists).returncode == 0


def test_a_pattern_of_hosts_asks_for_an_address_of_the_dashboards():
    for pattern in ("*", ".example.org"):
        result = start(**COMPLETE | {"ALLOWED_HOSTS": pattern})
        assert (result.returncode, "DASHBOARD_URL or PUBLIC_URL" in result.stderr) == (1, True)
    assert start(**COMPLETE | {"ALLOWED_HOSTS": "*", "PUBLIC_URL": "https://trust.example.org"}).returncode == 0


def test_the_local_start_needs_nothing(tmp_path):
    for _ in range(2):
        result = start(DEMO="1", VAR_DIR=str(tmp_path / "var"))
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
    for path in ("tesla_api/settings.py", "tesla_api/gunicorn.py"):
        text = (ROOT / path).read_text()
        read |= set(re.findall(r'(?:env\.\w+|required|environ\.get)\(\s*["\']([A-Z0-9_]+)["\']', text))
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
def test_a_dashboard_where_plugins_would_cut_its_address_stops_the_start(changes):
    result = start(**COMPLETE | changes)
    assert (result.returncode, result.stderr.strip()) == (
        1,
        'DASHBOARD_URL must be an address without "auth": VLE plugins cut the launcher\'s address there.',
    )


def test_own_host_may_be_called_as_it_likes_when_dashboards_are_elsewhere():
    elsewhere = {"DASHBOARD_URL": "https://dash.example.org/"}
    assert start(**COMPLETE | elsewhere | {"ALLOWED_HOSTS": "auth.example.org"}).returncode == 0
    assert start(**COMPLETE | elsewhere | {"PUBLIC_URL": "https://auth.example.org"}).returncode == 0


@pytest.mark.parametrize("name", ["DASHBOARD_URL", "WEB_PLUGIN_URL", "LOGO_URL"])
@pytest.mark.parametrize(
    "value", ["dash.example.org", "ftp://dash.example.org", "https://dash.example.org/?a=1", "https://"]
)
def test_an_address_that_is_none_stops_the_start(name, value):
    result = start(**COMPLETE | {name: value})
    assert result.returncode == 1
    assert result.stderr.startswith(f"{name} must be an address without query")
    assert len(result.stderr.strip().splitlines()) == 1


def test_addresses_of_pages_may_be_paths_here():
    assert start(**COMPLETE | {"WEB_PLUGIN_URL": "/static/plugin/", "LOGO_URL": "/static/logo.png"}).returncode == 0
    assert start(**COMPLETE | {"WEB_PLUGIN_URL": "", "LOGO_URL": "", "DASHBOARD_URL": ""}).returncode == 0
