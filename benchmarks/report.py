"""The table of a run, and the text that is committed."""

import argparse
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import console
from benchmarks.console import Shown
from benchmarks.endpoints import SIDES, Measured
from benchmarks.servers import ROOT, Run
from benchmarks.writing import Timed

PACKAGES = ("Django", "djangorestframework", "psycopg2-binary", "gunicorn", "orjson", "PyJWT")
SETTINGS = ("autovacuum", "shared_buffers", "fsync", "synchronous_commit", "jit", "max_connections")
WIDTHS = (26, 3, 7, 7, 7, 7, 7, 7, 6, 6, 6)
TITLES = ("address", "SQL", "bytes", "ms", "p99", "req/s", "floor", "f.req/s", "ratio", "r/s", "target")


def _row(values: tuple[str, ...]) -> str:
    first, *rest = values
    return f"{first:{WIDTHS[0]}}" + "".join(
        f"{value:>{width + 1}}" for value, width in zip(rest, WIDTHS[1:], strict=True)
    )


def columns() -> str:
    return _row(TITLES)


def line(result: Measured) -> str:
    target = result.endpoint.target
    row = _row(
        (
            result.endpoint.name, str(result.queries), str(result.size), f"{result.milliseconds('service'):.2f}",
            f"{result.p99('service'):.2f}", f"{result.rate('service'):.0f}", f"{result.milliseconds('floor'):.2f}",
            f"{result.rate('floor'):.0f}", f"{result.slower:.2f}", f"{result.fewer:.2f}",
            f"{target}" if target else "-",
        )
    )  # fmt: skip
    return f"{row}  over" if target and result.slower > target else row


def write_columns() -> str:
    return f"{'write':26}{'ms':>9}{'p99':>9}{'floor':>9}{'ratio':>8}{'target':>8}"


def write_line(timed: Timed) -> str:
    row = (
        f"{timed.write.name:26}{timed.milliseconds('service'):9.2f}{timed.p99('service'):9.2f}"
        f"{timed.milliseconds(timed.write.beside):9.2f}{timed.slower:8.2f}{timed.write.target:8}"
    )
    return f"{row}  over" if timed.slower > timed.write.target else row


def page_columns() -> str:
    return f"{'page of the console':26}{'SQL':>5}{'bytes':>9}{'ms':>9}{'p99':>9}{'target':>8}"


def page_line(shown: Shown) -> str:
    row = (
        f"{shown.page.name:26}{shown.statements:5}{shown.size:9}{shown.milliseconds:9.1f}{shown.p99:9.1f}"
        f"{console.TARGET:8.0f}"
    )
    return f"{row}  over" if shown.is_over else row


def figures(
    run: Run, facts: dict[str, Any], options: argparse.Namespace, empty: tuple[float, float], reads: list[Measured],
    writes: list[Timed], pages: list[Shown], profile: str,
) -> str:  # fmt: skip
    return "\n".join(
        [
            *_heading(run, facts, options, empty),
            "",
            columns(),
            *map(line, reads),
            "",
            write_columns(),
            *map(write_line, writes),
            "",
            page_columns(),
            *map(page_line, pages),
            f"targets: {console.TARGET:.0f} ms and {console.STATEMENTS} statements; pages have no floor.",
            "",
            "raw rounds: milliseconds at the median and requests/s, floor | service | ratios",
            *(text for measured in reads for text in _raw(measured)),
            "",
            "what costs most: the three addresses nearest to their target or furthest beyond it, in one process.",
            "`database: statements` is the time until PostgreSQL has planned and run them; the floor has to wait, too.",
            "",
            profile,
        ]
    )


def machine(run: Run, served: Mapping[str, str] = os.environ) -> list[str]:
    """When, on what, and with which versions and settings it was measured; `served` has those of the servers."""
    versions = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES)]
    [(server,)] = run.sql("SELECT current_setting('server_version')")
    settings = [f"{name}={run.sql(f'SHOW {name}')[0][0]}" for name in SETTINGS]
    workers = served.get("WEB_CONCURRENCY") or "2", served.get("WEB_THREADS") or "4"
    return [
        f"date       {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}",
        f"machine    {_processor()}, {os.cpu_count()} cores, {_memory()}, {platform.platform()}",
        f"load       {os.getloadavg()[0]:.1f} of the whole machine at the end, the run's own share included",
        f"versions   {', '.join(versions)}",
        f"PostgreSQL {server}: {', '.join(settings)}",
        f"servers    gunicorn gthread, {workers[0]} processes of {workers[1]} threads each",
    ]


def _heading(run: Run, facts: dict[str, Any], options: argparse.Namespace, empty: tuple[float, float]) -> list[str]:
    return [
        "Reads of the API beside the floor. `make bench` writes this file; benchmarks/README.md says how to read it.",
        "",
        *machine(run),
        f"roster     {', '.join(f'{number} {name}' for name, number in facts['rows'].items())}",
        f"run        {options.rounds} rounds, {options.seconds} s of each side for latency and as much for requests/s",
        f"client     a constant answer takes it {empty[0]:.2f} ms, {empty[1]:.0f} requests/s on 4 connections",
    ]


def _raw(measured: Measured) -> list[str]:
    lines = [measured.endpoint.name]
    for done in measured.rounds:
        sides = " | ".join(f"{done.milliseconds[side]:8.3f} {done.rates[side]:7.0f}" for side in SIDES)
        lines.append(f"  {sides} | {done.slower:5.2f} {done.fewer:5.2f}")
    return lines


def _commit() -> str:
    words = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    names = [text for text in Path("/proc/cpuinfo").read_text().splitlines() if text.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.processor()


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
