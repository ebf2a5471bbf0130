"""Effects after the commit."""

import pytest
from django.db import transaction

from kernel.commit import after_commit

seen: list[int] = []


def effect(number: int) -> None:
    if number < 0:
        raise ValueError("negative")
    seen.append(number)


@pytest.mark.django_db(transaction=True)
def test_effects_run_after_the_commit_and_never_after_a_rollback(caplog):
    seen.clear()
    with transaction.atomic():
        after_commit(effect, number=1)
        assert seen == []
    assert seen == [1]
    with pytest.raises(RuntimeError), transaction.atomic():
        after_commit(effect, number=2)
        raise RuntimeError
    assert seen == [1]


@pytest.mark.django_db(transaction=True)
def test_a_failing_effect_is_logged_and_stops_nobody(caplog):
    seen.clear()
    with transaction.atomic():
        after_commit(effect, number=-1)
        after_commit(effect, number=3)
    assert seen == [3]
    assert "Error calling effect in on_commit()" in caplog.text
    assert "ValueError: negative" in caplog.text
