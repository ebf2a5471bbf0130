"""The benchmark ends well on a small roster: the floor still answers what the service answers, at every address."""

import pytest

from benchmarks.console import PAGES
from benchmarks.endpoints import MEASURED
from benchmarks.writing import WRITES

pytestmark = pytest.mark.xdist_group("benchmarks")


def test_every_address_is_measured_beside_the_floor(run):
    printed, written = run("benchmarks.run", "--rounds=1", "--seconds=0.005", "--calls=2")
    names = {endpoint.name for endpoint in MEASURED}
    measured = {line[:26].strip(): line for line in printed.splitlines() if line[:26].strip() in names}
    assert measured.keys() == names
    for write in WRITES:
        assert f"\n{write.name:26} " in written
    for page in PAGES:
        assert f"\n{page.name:26} " in written
    assert set(measured.values()) <= set(written.splitlines())
    assert "\nversions   Python 3.11" in written
    assert "\nPostgreSQL " in written
    assert "\nroster     2 courses, 4 activities, 3 learners, 3 memberships" in written
    assert written.count("by function, ") == 3
