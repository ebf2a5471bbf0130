"""What cannot be compiled is refused. (That plan and serializer say the same: tests/contract/test_plans.py.)"""

from types import SimpleNamespace

import pytest
from rest_framework import serializers

from courses.models import Activity, Course
from courses.queries import has_enabled_activity
from institutions.models import Institution, User
from kernel.fast.rows import CannotCompileError, compile_rows
from kernel.serializers import Computed, ResourceSerializer


class Shouting(serializers.ModelSerializer):
    name = serializers.SerializerMethodField()

    def get_name(self, row) -> str:
        return row.name.upper()

    class Meta:
        model = Institution
        fields = ("name",)


def test_what_cannot_be_compiled_is_refused():
    with pytest.raises(CannotCompileError, match=r"Shouting.name \(SerializerMethodField\)"):
        compile_rows(Shouting())


def test_key_that_the_plain_path_would_drop_is_refused():
    class Person(serializers.ModelSerializer):
        institution = serializers.CharField(source="institution.name")

        class Meta:
            model = User
            fields = ("institution",)

    with pytest.raises(CannotCompileError, match="allow_null"):
        compile_rows(Person())


class Acronym(ResourceSerializer):
    class Meta:
        model = Institution
        fields = ("acronym",)


def test_null_that_the_schema_would_deny_is_refused():
    class Column(ResourceSerializer):
        last_login = serializers.DateTimeField(read_only=True)

        class Meta:
            model = User
            fields = ("last_login",)

    class Nested(ResourceSerializer):
        institution = Acronym(read_only=True)

        class Meta:
            model = User
            fields = ("institution",)

    for serializer in (Column(), Nested()):
        with pytest.raises(CannotCompileError, match="it can be null"):
            compile_rows(serializer)


def test_serializer_that_represents_itself_is_refused():
    class Own(serializers.ModelSerializer):
        def to_representation(self, instance):
            return {"name": "x"}

        class Meta:
            model = Institution
            fields = ("name",)

    with pytest.raises(CannotCompileError, match="represents itself"):
        compile_rows(Own())


class Open(ResourceSerializer):
    """With a value that the database works out."""

    enabled = Computed(bool, has_enabled_activity)

    class Meta:
        model = Course
        fields = ("id", "enabled")


def test_expressions_of_nested_rows_are_refused():
    class OneCourse(ResourceSerializer):
        course = Open(read_only=True)

        class Meta:
            model = Activity
            fields = ("id", "course")

    class Courses(ResourceSerializer):
        courses = Open(many=True, read_only=True)

        class Meta:
            model = Institution
            fields = ("id", "courses")

    for serializer, constants in ((OneCourse(), {}), (OneCourse(), {"course": "parent"}), (Courses(), {})):
        with pytest.raises(CannotCompileError, match="not for what is nested"):
            compile_rows(serializer, constants)


def test_constant_of_one_value_is_represented_once(world):
    class Named(ResourceSerializer):
        institution = Acronym(read_only=True)

        class Meta:
            model = User
            fields = ("id", "institution")

    plan = compile_rows(Named(), {"institution": "tenant"})
    rows = [(1,), (2,)]
    shown = plan(rows, SimpleNamespace(tenant=world.home.institution))
    assert shown == [{"id": key, "institution": {"acronym": "HOME"}} for (key,) in rows]


def test_other_time_zone_is_refused(settings):
    settings.TIME_ZONE = "Europe/Madrid"
    with pytest.raises(CannotCompileError, match="UTC"):
        compile_rows(Shouting())
