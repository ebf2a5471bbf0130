"""Submissions go from request to report, and captures are measured beside the floor: here a few of each."""

import pytest

pytestmark = pytest.mark.xdist_group("benchmarks")


def test_every_submission_is_in_one_report(run):
    few = ("--alone=0", "--single=0", "--sdk=1", "--providers=1", "--sizes=1,2", "--more=2")  # parts start processes
    _, written = run("benchmarks.pipeline", *few)
    assert f"\n{'in batches':16}{2:>10}" in written
    assert f"\n{'as the SDK does':16}{1:>10}" in written
    assert f"\n{3:>10} submissions\n{3:>10} requests\n{6:>10} results of providers\n" in written
    assert written.count("the last beside the first") == 2


def test_captures_are_measured_beside_the_floor(run):
    few = ("--clients=2", "--rounds=1", "--seconds=0.05", "--requests=2000", "--bytes=100")
    _, written = run("benchmarks.captures", *few)
    assert [line[:8] for line in written.splitlines() if line.startswith("1: ")] == ["1: floor", *["1: servi"] * 3]
    assert written.count("times") == 5
    assert "2 processes of 2 threads each" in written
