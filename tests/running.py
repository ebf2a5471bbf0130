"""Pytest plugin: how a run is spread over processes, and what each folder costs (--folder-times)."""

import gc
import os
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--folder-times", action="store_true", help="Tests, seconds and CPU seconds of each folder.")


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # while tests are collected, all of which stay: a third of that time
    if config.getoption("folder_times"):
        config.pluginmanager.register(FolderTimes())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: one process for each processor, and none for a single file, whose tests take less than their start.

    More than eight would wait for the longest file.
    """
    paths = {argument.partition("::")[0] for argument in config.args}
    if len(paths) == 1 and Path(*paths).is_file():
        return 0
    given = os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS")
    return int(given) if given else min(os.cpu_count() or 1, 8)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadGroupScheduling

    class ByFile(LoadGroupScheduling):
        """A file's tests, or those of a mark xdist_group, go to one process: what they share is made once."""

        def _split_scope(self, nodeid: str) -> str:
            scope = super()._split_scope(nodeid)
            return nodeid.partition("::")[0] if scope == nodeid else scope

    config.option.loadscopereorder = False  # the order is made below
    return ByFile(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Groups and large files begin first, so that no process is left with one at the end."""
    if hasattr(config, "workerinput"):
        tests = Counter(item.path for item in items)
        items.sort(key=lambda item: (not _is_in_group(item), -tests[item.path], item.path))


def pytest_collection_finish() -> None:
    gc.freeze()  # tests, modules and declarations are never garbage, and need not be looked at again
    gc.set_threshold(50_000, 20, 50)  # a request makes thousands of objects, nearly none of them in a circle
    gc.enable()


def _is_in_group(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("servers", "xdist_group"))


def cpu() -> float:
    """CPU seconds of this process and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


class FolderTimes:
    def __init__(self) -> None:
        self.begun, self.used = time.perf_counter(), cpu()
        self.folders: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
        """In the process that runs the test: its CPU seconds travel with its report."""
        report = yield
        before, self.used = self.used, cpu()
        report.cpu = self.used - before
        return report

    def pytest_collection_finish(self) -> None:
        self.used = cpu()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name in (report.nodeid.partition("::")[0].rpartition("/")[0], "in tests"):
            row = self.folders[name]
            row[0] += report.when == "call"
            row[1] += report.duration
            row[2] += report.cpu

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.section("folders: tests, seconds, CPU seconds")
        rows: Sequence = sorted(self.folders.items(), key=lambda row: row[1][2])
        for name, (tests, seconds, used) in rows:
            terminalreporter.write_line(f"{tests:6} {seconds:8.1f} {used:8.1f}  {name}")
        terminalreporter.write_line(f"       {time.perf_counter() - self.begun:8.1f} {cpu():8.1f}  the run")
