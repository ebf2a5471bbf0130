"""What tesla_api/settings.py makes of an environment."""

import os
import runpy

import pytest

from tests.migrated import ROOT


@pytest.fixture
def settings_of(monkeypatch):
    """settings_of(NAME="value"): what tesla_api/settings.py makes of this environment alone, in this process."""

    def read(**environment):
        monkeypatch.setattr(os, "environ", dict(environment))
        return runpy.run_path(str(ROOT / "tesla_api/settings.py"))

    return read
