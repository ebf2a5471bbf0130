"""`manage.py seed_demo` on an empty database: what it refuses to do, and what an interrupted run leaves."""

import pytest
from django.core.management import CommandError

from demo import seed
from institutions.models import User
from tests.demo.sample import EXPECTED, OTHER_DATABASE, numbers_of_rows, seed_demo, signed_in, signs_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _demo(settings, tmp_path):
    settings.DEMO = True
    settings.VAR_DIR = tmp_path / "var"


def test_interrupted_runs_are_completed_by_the_next(monkeypatch, settings):
    settings.VAR_DIR.mkdir()
    (settings.VAR_DIR / "demo.json").write_text(OTHER_DATABASE)
    interruptions = (
        (seed.structure, "ensure_vle", 1),
        (seed.structure, "ensure_activity", 3),
        (seed, "store_evidence", 20),
    )
    for module, step, last in interruptions:
        real, calls = getattr(module, step), iter(range(1000))

        def interrupted(*args, real=real, calls=calls, last=last, **kwargs):
            if next(calls) == last:
                raise KeyboardInterrupt
            return real(*args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(module, step, interrupted)
            with pytest.raises(KeyboardInterrupt):
                seed_demo()
        assert numbers_of_rows() != EXPECTED
    printed = seed_demo()
    assert numbers_of_rows() == EXPECTED
    assert all(signed_in(account) for account in printed["accounts"])
    assert signs_in(printed["vle"])


@pytest.mark.parametrize("password", ["", "short", "12345678901", "password123", "x" * 129, "bell\x07-in-it-once"])
def test_a_password_that_cannot_be_used_is_refused_before_anything_is_made(password):
    with pytest.raises(CommandError):
        seed_demo("--password", password)
    assert User.objects.count() == 0


def test_it_refuses_outside_of_a_demo(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        seed_demo()
    assert User.objects.count() == 0
