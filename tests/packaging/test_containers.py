"""Dockerfile and docker-compose.yml, without an engine. `.ci/container` runs their commands."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
EXAMPLE = set(re.findall(r"^([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M))
OF_SERVICES = {
    "image", "build", "command", "environment", "env_file", "depends_on", "ports", "volumes", "healthcheck", "restart",
    "read_only", "tmpfs", "cap_drop", "security_opt", "profiles", "hostname", "stop_grace_period",
}  # fmt: skip


def test_services_and_their_keys_are_known():
    assert COMPOSE.keys() == {"services", "volumes"}
    assert COMPOSE["services"].keys() == {"database", "migrate", "web", "work", "rabbitmq"}
    for service in COMPOSE["services"].values():
        assert service.keys() <= OF_SERVICES
        named = [volume.partition(":")[0] for volume in service.get("volumes", ())]
        assert set(named) <= COMPOSE["volumes"].keys()


def test_every_variable_is_in_the_example():
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", COMPOSE_TEXT))
    assert used
    assert used <= EXAMPLE
    for name in ("migrate", "web", "work"):
        assert COMPOSE["services"][name]["env_file"] == ".env"
        assert COMPOSE["services"][name]["environment"].keys() <= EXAMPLE
    of_image = set(re.findall(r"(?<![A-Z_])(DEMO|WEB_HOST|PORT|VAR_DIR|STATIC_DIR)=", DOCKERFILE))
    assert of_image == {"DEMO", "WEB_HOST", "PORT", "VAR_DIR", "STATIC_DIR"} <= EXAMPLE


def test_the_image_has_two_stages_its_own_account_and_a_health_check():
    assert len(re.findall(r"^FROM ", DOCKERFILE, re.M)) == 2
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER tesla$", last, re.M)
    assert re.search(r"^HEALTHCHECK .*\\\n.*health/ready", last, re.M)
    assert "--uid 10001" in last


def test_all_apps_are_copied_and_nothing_else_is_sent():
    from django.apps import apps

    ours = {Path(app.path).relative_to(ROOT).parts[0] for app in apps.get_app_configs() if _is_ours(app.path)}
    for app in ours:
        assert f"\nCOPY {app} {app}\n" in DOCKERFILE
        assert f"\n!{app}\n" in (ROOT / ".dockerignore").read_text()
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")


def _is_ours(path: str) -> bool:
    return ROOT in Path(path).parents and ".venv" not in path


def test_the_database_is_waited_for_and_the_tables_are_made_first():
    assert COMPOSE["services"]["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert COMPOSE["services"]["web"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert "pg_isready" in COMPOSE["services"]["database"]["healthcheck"]["test"][1]
    assert "ports" not in COMPOSE["services"]["database"]


def test_background_work_has_a_process_and_a_broker_that_need_not_be():
    services = COMPOSE["services"]
    assert services["web"]["environment"]["PIPELINE_IN_SERVER"] == "0"
    assert services["work"]["command"] == ["python", "manage.py", "work"]
    assert {name for name, service in services.items() if "profiles" in service} == {"rabbitmq"}
    assert all("rabbitmq" not in service.get("depends_on", {}) for service in services.values())
