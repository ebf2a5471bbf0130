"""README.md and docs/: links, files, addresses, commands and bodies that they name are there."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = ("README.md", "CHANGELOG.md", "benchmarks/README.md", "clients/typescript/README.md")
DOCUMENTS = sorted([*(ROOT / name for name in ELSEWHERE), *ROOT.glob("docs/*.md")])
REQUESTS = ROOT / "tests" / "clients" / "requests"
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name not in {".git", ".venv", "var"}}
METHODS = "GET|POST|PUT|PATCH|DELETE"
# Only the beginning of addresses, and the example of a resource that is to be made.
PARTS = {"/lapi/", "/lapi/v1/", "/api/v2/admin/", "/api/v2/institution/1/room/1/"}
GAP = re.compile(r"\{\{\w+\}\}")

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def code(text: str) -> str:
    """What is marked as code: indented blocks, and words in backticks on lines of their own."""
    blocks = [line for line in text.splitlines() if line.startswith("    ")]
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", text)])


def anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@each_document
def test_links_lead_to_files_and_headings(document):
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text())
    broken = []
    for link in links:
        if re.match(r"https?:", link):
            continue
        name, _, part = link.partition("#")
        target = document.parent / name if name else document
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.M) if part and target.is_file() else []
        if not target.exists() or (part and part not in map(anchor, headings)):
            broken.append(link)
    assert broken == []


@each_document
def test_files_that_are_named_exist(document):
    """Whatever begins like a path from the top of the repository."""
    begins = "|".join(map(re.escape, sorted(FOLDERS)))
    paths = re.findall(rf"(?<![\w/.$-])(?:(?:\.\./)?)((?:{begins})/[\w./-]*)(?![\w{{<*])", document.read_text())
    missing = [path for path in paths if not (ROOT / path.rstrip(".")).exists()]
    assert missing == []


def addresses(text: str) -> list[tuple[str, str]]:
    """(method or "", path from the root) of the addresses in code; ids of any kind become 1."""
    named = []
    pattern = rf"(?:({METHODS}) )?(?:https?://[\w.:]+)?(?<![\w.])(/?(?:\$\w+/)?(?:[\w.]+/)[\w/{{}}$.-]*)"
    for method, written in re.findall(pattern, code(text).replace("$SERVICE", "")):
        path = re.sub(r"^\$API/|^/api/v2/", "", written)
        path = re.sub(r"\{\w+\}|\$\w+", "1", path)
        if re.match(r"(institution|vle|provider|admin|auth)/", path) and not path.startswith("admin/1"):
            named.append((method, f"/api/v2/{path}"))
        elif path.startswith(("/lapi/", "/console/", "/docs/", "/redoc/")):
            named.append((method, path))
    return named


def answers(method: str, path: str) -> bool:
    """Whether the URL tree has the address, and its view the method."""
    bare = path.startswith("/api/v2/auth/")
    try:
        view: Any = resolve(path.rstrip("/") if bare else path.rstrip("/") + "/").func
    except Resolver404:
        return False
    offered = getattr(view, "actions", None) or dir(getattr(view, "cls", None) or view.view_class)
    return not method or method.lower() in offered


@each_document
def test_addresses_that_are_named_are_in_the_tree(document):
    named = [found for found in addresses(document.read_text()) if found[1] not in PARTS]
    assert [found for found in named if not answers(*found)] == []


def test_addresses_are_found_and_wrong_ones_noticed():
    found = addresses(
        "`POST institution/{id}/ic/`\n\n    curl $API/vle/$VLE/course/ -H x\n    GET /lapi/v1/profile/1/2/\n"
    )
    assert sorted(found) == [
        ("", "/api/v2/vle/1/course/"), ("GET", "/lapi/v1/profile/1/2/"), ("POST", "/api/v2/institution/1/ic/"),
    ]  # fmt: skip
    assert all(answers(*named) for named in found)
    assert not answers("PUT", "/api/v2/vle/1/launcher/")
    assert not answers("", "/api/v2/institution/1/consent/")


@each_document
def test_commands_of_manage_py_exist(document):
    named = set(re.findall(r"manage\.py (\w+)", document.read_text()))
    assert named <= get_commands().keys()


@pytest.mark.parametrize("name", ["operator", "dashboards"])
def test_settings_that_are_named_are_in_the_example(name):
    known = set(re.findall(r"^([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M))
    named = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)[`=/]", (ROOT / "docs" / f"{name}.md").read_text()))
    assert len(named) > 3
    assert named <= known


def test_the_read_me_is_short_and_pictures_are_small():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
    pictures = {path.name: path.stat().st_size for path in (ROOT / "docs" / "screenshots").iterdir()}
    assert len(pictures) <= 6
    assert {name for name, size in pictures.items() if size >= 150_000} == set()
    shown = set(re.findall(r"screenshots/([\w.]+)", "".join(path.read_text() for path in DOCUMENTS)))
    assert shown == pictures.keys()


# The requests of docs/plugin-author.md are those that the clients of the tests send.

AUTHOR = (ROOT / "docs" / "plugin-author.md").read_text()
SHOWN = re.findall(rf"^    # ([\w/-]+)\.http\n    ({METHODS}) (\S+)\n((?:    .+\n)*)", AUTHOR, re.M)


def sent(name: str) -> tuple[str, str, str]:
    """Method, path and body of a request of the clients, with its gaps."""
    _, _, request = (REQUESTS / f"{name}.http").read_text().partition("\n")
    head, _, body = request.partition("\n\n")
    method, path, _ = head.splitlines()[0].split(" ")
    return method, path.replace("//", "/"), body.strip()


def fits(shown: Any, template: Any) -> bool:
    """The same value, where the template has no gap; beside a gap the same text."""
    if isinstance(template, dict):
        same = isinstance(shown, dict) and list(shown) == list(template)
        return same and all(fits(shown[key], template[key]) for key in template)
    if isinstance(template, list):
        return isinstance(shown, list) and len(shown) == len(template) and all(map(fits, shown, template))
    if isinstance(template, str) and GAP.fullmatch(template):
        return True
    if isinstance(template, str) and GAP.search(template):
        return isinstance(shown, str) and matches(shown, template)
    return shown == template


def matches(text: str, template: str) -> bool:
    return re.fullmatch(".+".join(map(re.escape, GAP.split(template))), text) is not None


@pytest.mark.parametrize(("name", "method", "path", "body"), SHOWN, ids=[name for name, *_ in SHOWN])
def test_request_is_one_of_the_clients(name, method, path, body):
    expected_method, expected_path, expected_body = sent(name)
    assert method == expected_method
    assert matches(path, expected_path), (path, expected_path)
    quoted = re.sub(r"(?<=[:,\[ ])(\{\{\w+\}\})(?=[,\]}])", r'"\1"', expected_body)  # a gap for a value that is no text
    assert (body == "") == (expected_body == "")
    if body:
        assert fits(json.loads(body), json.loads(quoted)), (body, expected_body)


def test_each_step_of_a_plugin_is_shown():
    needed = {
        "login", "course-create", "learner-add", "activity-create", "launcher", "assessment-create",
        "assessment-close", "can-send", "document-send",
    }  # fmt: skip
    assert {f"moodle/{name}" for name in needed} | {"plugin/capture"} <= {name for name, *_ in SHOWN}


# The resource of docs/developer.md, made in a copy of the code.

COMMANDS = """
import django
from django.core.management import call_command
django.setup()
call_command("check", fail_level="WARNING")
call_command("makemigrations", "institutions", dry_run=True)
call_command("spectacular")
"""


def blocks(text: str) -> list[str]:
    """The code that stands inside the items of a list."""
    found = re.findall(r"(?:^ {7}.*\n(?:\n+(?= {7}))?)+", text, re.M)
    return [textwrap.dedent(block) for block in found]


def insert(path: Path, before: str, text: str) -> None:
    """Put the text before the first occurrence of the other one."""
    source = path.read_text()
    assert before in source, f"{path}: {before}"
    path.write_text(source.replace(before, text + before, 1))


def test_the_recipe_of_a_resource_makes_one(tmp_path):
    text = (ROOT / "docs" / "developer.md").read_text()
    (table,) = [block for block in blocks(text) if block.startswith("class Room(")]
    (face,) = [block for block in blocks(text) if block.startswith('"""/institution/')]
    (line,) = re.findall(r"`(Resource\([^`]+\))`", text)
    copy = tmp_path / "copy"
    shutil.copytree(
        ROOT, copy, ignore=shutil.ignore_patterns(".*", "tests", "benchmarks", "clients", "docs", "var", "__pycache__")
    )
    models, tree = copy / "institutions" / "models.py", copy / "tesla_api" / "tree.py"
    insert(models, "from django.db import models", "from django.core.validators import MaxValueValidator\n")
    models.write_text(f"{models.read_text()}\n\n{table}")
    (copy / "institutions" / "api" / "room.py").write_text(face)
    insert(tree, "from institutions.api.ui ", "from institutions.api.room import RoomViewSet\n")
    insert(tree, '    Resource("admin/user/{id}/"', f"    {line},\n")
    environment = os.environ | {"DEMO": "1", "VAR_DIR": str(tmp_path), "DATABASE_URL": "sqlite://:memory:"}
    command = [sys.executable, "-c", COMMANDS]
    answer = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-3000:]
    assert "Create model Room" in answer.stdout
    assert "/institution/{parent_lookup_institution_id}/room/{id}/:" in answer.stdout
