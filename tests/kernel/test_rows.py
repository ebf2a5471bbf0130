"""Both readers of a serializer say the same for every resource of the tree, and what cannot be compiled is refused."""

import re
from types import SimpleNamespace

import pytest
from rest_framework import serializers

from courses.models import Activity, Course
from courses.queries import has_enabled_activity
from institutions.models import Institution, User
from kernel.fast.rows import CannotCompileError, compile_rows
from kernel.serializers import Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from tesla_api.tree import TREE
from tests.contract.calls import ids_of
from tests.contract.filling import fill

# URL of the tree -> a row of the test's world, and who looks. A resource without a line fails.
ROWS = {
    "institution/{institution_id}/": ("{i}", "global admin member"),
    "institution/{parent_lookup_institution_id}/vle/{id}/": ("{i}/vle/{vle}", "global admin"),
    "institution/{parent_lookup_institution_id}/instrument/{id}/": ("{i}/instrument/1", "global admin ann"),
    "institution/{parent_lookup_institution_id}/ic/{id}/": ("{i}/ic/{ic}", "global admin legal ann"),
    "institution/{parent_lookup_institution_id}/ic/{parent_lookup_informed_consent_id}/document/{language}/": (
        "{i}/ic/{ic}/document/en",
        "global admin legal ann",
    ),
    "institution/{parent_lookup_institution_id}/group/{id}/": ("{i}/group/{group}", "global admin data ann"),
    "institution/{parent_lookup_institution_id}/group/{parent_lookup_id}/course/{id}/": (
        "{i}/group/{group}/course/{course}",
        "global admin data ann",
    ),
    "institution/{parent_lookup_institution_id}/ui/{id}/": ("{i}/ui/{ui}", "global admin"),
    "institution/{parent_lookup_institution_id}/send/{id}/": ("{i}/send/{category}", "global admin send"),
    "institution/{parent_lookup_learner__institution_id}/learner/{parent_lookup_learner_id}/send/{id}/": (
        "{i}/learner/{ann}/send/{assignment}",
        "global admin send ann",
    ),
    "institution/{parent_lookup_institution_id}/user/{id}/": ("{i}/user/{ann}", "global admin legal data ann"),
    "institution/{parent_lookup_institution_id}/instructor/{id}/": (
        "{i}/instructor/{teacher}",
        "global admin legal data teacher",
    ),
    "institution/{parent_lookup_institution_id}/learner/{id}/": (
        "{i}/learner/{ann}",
        "global admin legal data send teacher ann",
    ),
    "institution/{parent_lookup_vle__institution_id}/course/{id}/": (
        "{i}/course/{course}",
        "global admin data teacher bob ann",
    ),
    "institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_id}/instructor/{id}/": (
        "{i}/course/{course}/instructor/{teacher}",
        "global admin data teacher ann",
    ),
    "institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_id}/learner/{id}/": (
        "{i}/course/{course}/learner/{ann}",
        "global admin data teacher ann",
    ),
    "institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_course_id}/activity/{id}/": (
        "{i}/course/{course}/activity/{activity}",
        "global admin data teacher ann",
    ),
    "institution/{parent_lookup_activity__vle__institution_id}/course/{parent_lookup_activity__course_id}/"
    "activity/{parent_lookup_activity_id}/instrument/{id}/": (
        "{i}/course/{course}/activity/{activity}/instrument/{tool}",
        "global admin data teacher ann",
    ),
    "institution/{parent_lookup_activity__vle__institution_id}/course/{parent_lookup_activity__course_id}/"
    "activity/{parent_lookup_activity_id}/report/{id}/": (
        "{i}/course/{course}/activity/{activity}/report/{report}",
        "global admin data teacher",
    ),
    "institution/{parent_lookup_activity__vle__institution_id}/course/{parent_lookup_activity__course_id}/"
    "activity/{parent_lookup_activity_id}/report/{parent_lookup_id}/request/{id}/": (
        "{i}/course/{course}/activity/{activity}/report/{report}/request/{request}",
        "global admin data teacher",
    ),
    "institution/{parent_lookup_report__activity__vle__institution_id}/"
    "course/{parent_lookup_report__activity__course_id}/activity/{parent_lookup_report__activity_id}/"
    "report/{parent_lookup_report_id}/audit/{instrument_id}/": (
        "{i}/course/{course}/activity/{activity}/report/{report}/audit/{ks}",
        "global admin data teacher",
    ),
    "admin/user/{id}/": ("/admin/user/{ann}", "global"),
    "admin/institution/{id}/": ("/admin/institution/{i}", "global"),
    "admin/instrument/{id}/": ("/admin/instrument/1", "global"),
    "admin/instrument/{parent_lookup_instrument_id}/provider/{id}/": (
        "/admin/instrument/1/provider/{provider}",
        "global",
    ),
    "admin/ui/{id}/": ("/admin/ui/{route}", "global"),
    "vle/{vle_id}/": ("{vle}", "vle"),
    "vle/{vle_id}/instrument/{id}/": ("{vle}/instrument/1", "vle"),
    "vle/{vle_id}/course/{id}/": ("{vle}/course/{course}", "vle"),
    "vle/{vle_id}/course/{course_id}/instructor/{id}/": ("{vle}/course/{course}/instructor/{teacher}", "vle"),
    "vle/{vle_id}/course/{course_id}/learner/{id}/": ("{vle}/course/{course}/learner/{ann}", "vle"),
    "vle/{vle_id}/course/{course_id}/activity/{id}/": ("{vle}/course/{course}/activity/{activity}", "vle"),
    "vle/{vle_id}/course/{course_id}/activity/{activity_id}/instrument/{id}/": (
        "{vle}/course/{course}/activity/{activity}/instrument/{tool}",
        "vle",
    ),
    "vle/{vle_id}/course/{course_id}/activity/{activity_id}/learner/{id}/": (
        "{vle}/course/{course}/activity/{activity}/learner/{ann}",
        "vle",
    ),
    "vle/{vle_id}/course/{course_id}/activity/{activity_id}/learner/{learner_id}/request/{id}/": (
        "{vle}/course/{course}/activity/{activity}/learner/{ann}/request/{request}",
        "vle",
    ),
    "vle/{vle_id}/course/{course_id}/activity/{activity_id}/report/{id}/": (
        "{vle}/course/{course}/activity/{activity}/report/{report}",
        "vle",
    ),
}
NO_LIST = {"vle/{vle_id}/"}
# The signed address of a file is another one each time.
SIGNED = re.compile(rb"/files/[^/\"]+/")


def address(url: str, world) -> str:
    assert url in ROWS, f"tests/kernel/test_rows.py has no line for {url}"
    path = ROWS[url][0].format(**ids_of(world))
    return f"/api/v2{path}/" if path.startswith("/") else f"/api/v2/{url.partition('/')[0]}/{path}/"


@pytest.mark.parametrize("resource", TREE, ids=lambda resource: resource.url)
def test_compiled_and_plain_path_give_the_same_bytes(resource, as_, world, monkeypatch):
    fill(world, 12)
    detail = address(resource.url, world)
    listed = [] if resource.url in NO_LIST else [f"{detail.rstrip('/').rpartition('/')[0]}/?limit=1000"]
    for url in (detail, *listed):
        for who in ROWS[resource.url][1].split():
            fast = as_(who).get(url)
            assert fast.status_code == 200, (who, url, fast.content)
            with monkeypatch.context() as patch:
                patch.setattr(ResourceViewSet, "compiled", property(lambda self: False))
                plain = as_(who).get(url)
            assert SIGNED.sub(b"", fast.content) == SIGNED.sub(b"", plain.content)
            assert fast.json().get("count", 1) > 0


@pytest.mark.parametrize("resource", [r for r in TREE if r.url not in NO_LIST], ids=lambda resource: resource.url)
def test_prepared_page_is_the_filtered_page(resource, as_, world):
    """A list that is asked nothing is read by a prepared statement; an empty search takes the other way."""
    fill(world, 12)
    url = address(resource.url, world).rstrip("/").rpartition("/")[0]
    for who in ROWS[resource.url][1].split():
        prepared, filtered = as_(who).get(f"{url}/?limit=1000"), as_(who).get(f"{url}/?limit=1000&search=")
        assert SIGNED.sub(b"", prepared.content) == SIGNED.sub(b"", filtered.content)


@pytest.mark.parametrize("resource", TREE, ids=lambda resource: resource.url)
def test_browsable_page_shows_the_row(resource, as_, world):
    fill(world, 1)
    who = {"admin": "global", "vle": "vle"}.get(resource.root, "admin")
    answer = as_(who).get(address(resource.url, world), HTTP_ACCEPT="text/html")
    assert answer.status_code == 200
    assert any(name in answer.content for name in (b"created_at", b"client_id", b"is_global", b"learner_id"))


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
    class Acronym(ResourceSerializer):
        class Meta:
            model = Institution
            fields = ("acronym",)

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
