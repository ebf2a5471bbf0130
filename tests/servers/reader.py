"""Somebody who follows a document: its blocks of code are typed into a shell, one after the other, as they stand there.

What a reader would replace is replaced: the address of the service, folders, and values that the test names.
"""

import os
import re
import shutil
import subprocess
import textwrap
from collections.abc import Mapping
from pathlib import Path

from tests.servers.databases import ROOT
from tests.servers.service import Service

DONE = "-- done --"
STRICT = "set -euo pipefail; shopt -s inherit_errexit"  # what fails in a function, a pipe or a $( ) fails, too
SITE = "http://127.0.0.1:8000"


def part(document: str, heading: str) -> str:
    """What stands below this heading, up to the next one that is not below it."""
    _, found, after = (ROOT / document).read_text().partition(f"\n{heading}\n")
    assert found, f"{document} has no {heading}"
    depth = len(heading.partition(" ")[0])
    return re.split(rf"^#{{1,{depth}}} ", after, maxsplit=1, flags=re.M)[0]


def blocks(text: str) -> list[str]:
    """What is indented by four characters more than the paragraph or item of a list that it follows."""
    found: list[list[str]] = []
    margin, code, after_blank = 0, False, True
    for line in text.splitlines():
        if not line.strip():
            after_blank = True
            if code:
                found[-1].append("")
            continue
        deeper = len(line) - len(line.lstrip()) >= margin + 4
        if deeper and after_blank and not code:
            found.append([])
        code = deeper and (code or after_blank)
        if code:
            found[-1].append(line)
        else:
            margin = len(re.match(r" *(?:(?:\d+\.|-) +)?", line)[0])
        after_blank = False
    return [textwrap.dedent("\n".join(lines)).strip("\n") for lines in found]


class Shell:
    """A shell in the folder of the code, with the settings of a service. An answer of 400 and above is an error."""

    def __init__(self, service: Service, port: int, folder: Path, values: Mapping[str, str] | None = None) -> None:
        folder.mkdir()
        self.file = folder / "block"
        self.values = {SITE: f"http://127.0.0.1:{port}", "/tmp/": f"{folder}/"} | dict(values or {})
        curl = folder / "curl"
        curl.write_text(f'#!/bin/sh\nexec {shutil.which("curl")} --fail-with-body "$@"\n')
        curl.chmod(0o755)
        environment = service.environment | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        self.process = subprocess.Popen(["bash"], cwd=ROOT, env=environment, text=True, **pipes)
        self.run(STRICT)

    def run(self, block: str) -> str:
        """What the block prints. A block that fails is an AssertionError with what it has printed."""
        self.file.write_text(f"{self.replaced(block)}\n")
        print(f". {self.file} </dev/null; echo; echo '{DONE}'", file=self.process.stdin, flush=True)
        printed = []
        for line in self.process.stdout:
            if line.rstrip("\n") == DONE:
                return "".join(printed)
            printed.append(line)
        raise AssertionError("\n".join([block, "has failed:", "".join(printed)]))

    def replaced(self, text: str) -> str:
        for there, here in self.values.items():
            text = text.replace(there, here)
        # `make check` runs these checks, and each command would for some seconds.
        return re.sub(r"(manage\.py \w+)", r"\1 --skip-checks", text)

    def end(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=20)
