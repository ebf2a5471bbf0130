"""Tables of people are imported by the benchmark, every row as expected: here a few."""

import pytest

from benchmarks.import_people import TITLES

pytestmark = pytest.mark.xdist_group("benchmarks")


def test_every_kind_of_row_is_measured(run):
    printed, written = run("benchmarks.import_people", "--new=20", "--existing=10")
    assert printed == f"{written}\n"
    lines = written.partition(TITLES)[2].split("\n")[1:-1]
    assert [int(line[44:52]) for line in lines] == [20, 10, 10, 10, 20]
