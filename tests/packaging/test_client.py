"""The TypeScript client's package: its version is the API's, and nothing in it is fetched unpinned.

That its types are those of the schema, that it compiles and what it sends is checked by `make client-check`.
"""

import json
import re

import pytest

from tests.migrated import ROOT

CLIENT = ROOT / "clients" / "typescript"
PACKAGE = json.loads((CLIENT / "package.json").read_text())
LOCK = json.loads((CLIENT / "package-lock.json").read_text())


def test_the_version_is_the_schemas():
    (version,) = re.findall(r"^  version: (\S+)$", (ROOT / "tesla_api" / "openapi.yaml").read_text()[:500], re.M)
    assert PACKAGE["version"] == LOCK["version"] == LOCK["packages"][""]["version"] == version


def test_every_package_is_pinned_and_its_content_locked():
    wanted = PACKAGE["dependencies"] | PACKAGE["devDependencies"]
    assert [name for name, version in wanted.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    packages = {name: package for name, package in LOCK["packages"].items() if name}
    assert {f"node_modules/{name}": version for name, version in wanted.items()}.items() <= {
        name: package["version"] for name, package in packages.items()
    }.items()
    assert [name for name, package in packages.items() if not package["integrity"].startswith("sha512-")] == []


def test_the_strictest_checks_are_on():
    options = json.loads((CLIENT / "tsconfig.json").read_text())["compilerOptions"]
    assert {name for name in ("strict", "noUncheckedIndexedAccess", "exactOptionalPropertyTypes") if options[name]} == {
        "strict", "noUncheckedIndexedAccess", "exactOptionalPropertyTypes",
    }  # fmt: skip


@pytest.mark.parametrize("folder", ["node_modules", "dist"])
def test_what_is_installed_and_compiled_is_not_committed(folder):
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {f"{folder}/", f"/clients/typescript/{folder}/"} & {*ignored}
