"""Puts defects into a copy of the code, one at a time, and expects some test to fail: `python tests/mutations/run.py`.

--list names the mutants, --only WORD takes those whose name contains it (repeatable), --jobs N runs N at a time.
The exit code is 1 when one survives.
"""

import argparse
import compileall
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from queue import Empty, Queue

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.mutations.mutants import EQUIVALENT, Mutant, all_mutants  # noqa: E402 - after the path is known

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*_cache", "var", "__pycache__", "*.sqlite3")
NO_TESTS = 5  # exit code of pytest when the words choose none: nothing was noticed
LONGEST = 600  # seconds of one pytest: a mutant that hangs is found, too


def copied(to: Path) -> Path:
    shutil.copytree(ROOT, to, ignore=LEFT_OUT)
    return to


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "DEMO", "VAR_DIR"}}
    # Loading unused plugins takes longest.
    return kept | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": ""}


def pytest(tree: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and output; 0 passed, 1 failed, others are failures of import or collection."""
    plugins = [f"-p{name}" for name in ("no:cacheprovider", "pytest_django.plugin", "xdist.plugin")]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=line", *plugins, *arguments]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment(), capture_output=True, text=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return 1, "took too long"
    return done.returncode, done.stdout + done.stderr


def killer(mutant: Mutant, tree: Path) -> str | None:
    """The line of the test that fails with this mutant; None when all pass."""
    file = tree / mutant.file
    before = file.read_text()
    end = mutant.at + len(mutant.old)
    assert before[mutant.at : end] == mutant.old
    _write(file, before[: mutant.at] + mutant.new + before[end:])
    try:
        for arguments in mutant.tests:
            code, output = pytest(tree, *arguments)
            if code not in (0, NO_TESTS):
                lines = [line for line in output.splitlines() if line.startswith(("FAILED", "ERROR", "E  "))]
                return (lines or output.splitlines()[-1:] or ["?"])[0]
    finally:
        _write(file, before)
    return None


_ages = itertools.count()


def _write(file: Path, text: str) -> None:
    """With a time of its own: compiled code is known by the file's size and second."""
    file.write_text(text)
    seconds = file.stat().st_mtime + next(_ages)
    os.utime(file, (seconds, seconds))


def baseline(mutants: list[Mutant], tree: Path, jobs: int, short: bool) -> None:
    """Without a mutant every test that is going to be run passes: else nothing below would mean anything."""
    files = sorted({argument for mutant in mutants for run in mutant.tests for argument in run if "/" in argument})
    chosen = ("-k", "vle", "tests/contract/test_access.py") if short else ("-n", str(jobs), *files)
    code, output = pytest(tree, *chosen)
    if code != 0:
        raise SystemExit(f"the tests fail without any mutant:\n{output[-3000:]}")


def work(queue: "Queue[Mutant]", tree: Path, survivors: list[str]) -> None:
    while True:
        try:
            mutant = queue.get_nowait()
        except Empty:
            return
        begun = time.monotonic()
        found = killer(mutant, tree)
        if found is None:
            survivors.append(mutant.name)
        verdict = "SURVIVED" if found is None else "killed"
        print(f"{verdict:9} {time.monotonic() - begun:5.1f} s  {mutant.name}   {(found or '')[:110]}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--short", action="store_true", help="all tests have just passed: try only a few")
    asked = parser.parse_args()
    every = all_mutants(ROOT)
    if unknown := EQUIVALENT.keys() - {mutant.name for mutant in every}:
        raise SystemExit(f"no mutants, but said to change nothing: {sorted(unknown)}")
    mutants = [
        m for m in every if m.name not in EQUIVALENT and (not asked.only or any(w in m.name for w in asked.only))
    ]
    if not mutants:
        raise SystemExit(f"no mutant has {asked.only} in its name")
    if asked.list:
        print(*(mutant.name for mutant in mutants), sep="\n")
        return 0
    begun, survivors = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        scratch = Path(folder)
        trees = [copied(scratch / f"tree{n}") for n in range(asked.jobs)]
        for tree in trees:
            compileall.compile_dir(tree, quiet=1)
        baseline(mutants, trees[0], asked.jobs, asked.short)
        queue: Queue[Mutant] = Queue()
        for mutant in mutants:
            queue.put(mutant)
        workers = [threading.Thread(target=work, args=(queue, tree, survivors)) for tree in trees]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    killed = len(mutants) - len(survivors)
    print(f"\n{killed} of {len(mutants)} mutants killed in {time.monotonic() - begun:.0f} s")
    print(*(f"SURVIVED: {name}" for name in sorted(survivors)), sep="\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
