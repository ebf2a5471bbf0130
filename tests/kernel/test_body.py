"""Bodies are checked by serializers that are used again, of which none knows anything of the last body."""

import pytest
from rest_framework import serializers

from kernel.serializers import BodySerializer, body_checked


class NoteSerializer(BodySerializer):
    reusable = True
    used: list["NoteSerializer"] = []

    text = serializers.CharField(max_length=5)
    level = serializers.IntegerField(required=False)

    def validate(self, attrs):
        self.used.append(self)
        return attrs | {"by": self.context["by"]}


@pytest.fixture(autouse=True)
def used(monkeypatch):
    monkeypatch.setattr(NoteSerializer, "used", [])
    return NoteSerializer


def test_the_next_body_is_checked_by_the_same_one_which_has_kept_nothing():
    first = body_checked(NoteSerializer, {"text": "one", "level": 1}, {"by": "ann"})
    state = dict(vars(NoteSerializer.used[0]))
    assert body_checked(NoteSerializer, {"text": "two"}, {"by": "bob"}) == {"text": "two", "by": "bob"}
    assert first == {"text": "one", "level": 1, "by": "ann"}
    assert NoteSerializer.used[0] is NoteSerializer.used[1]
    assert not {"initial_data", "_validated_data", "_errors"} & state.keys()
    assert state["_context"] == {}


def test_one_that_has_refused_a_body_belongs_to_the_answer():
    body_checked(NoteSerializer, {"text": "one"}, {"by": "ann"})
    with pytest.raises(serializers.ValidationError) as refused:
        body_checked(NoteSerializer, {"text": "too long"}, {"by": "ann"})
    assert [*refused.value.detail] == ["text"]
    body_checked(NoteSerializer, {"text": "two"}, {"by": "ann"})
    assert NoteSerializer.used[0] is not NoteSerializer.used[1]


def test_others_are_made_for_each_body(monkeypatch):
    monkeypatch.setattr(NoteSerializer, "reusable", False)
    for _ in range(2):
        body_checked(NoteSerializer, {"text": "one"}, {"by": "ann"})
    assert NoteSerializer.used[-1] is not NoteSerializer.used[-2]
