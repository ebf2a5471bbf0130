"""The roster goes through the VLE API without one wrong answer: here three students of it."""

import pytest

pytestmark = pytest.mark.xdist_group("benchmarks")


def test_everything_that_is_sent_arrives_once(run):
    _, written = run("benchmarks.push_oulad", "--clients=2")
    assert "\nleft       2 learners, 3 memberships in the database; " in written
    for name in ("courses", "activities", "learners, new", "learners, there already"):
        (line,) = (line for line in written.splitlines() if line.startswith(f"{name}  "))
        assert line.endswith(" 0")
    assert "\nmemory of the server's processes" in written
