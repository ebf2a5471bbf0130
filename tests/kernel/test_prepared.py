"""Statements compiled once: their values never stick, and what is not pure is refused."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework import serializers

from courses.api.vle_course import VLECourseViewSet
from courses.models import Course
from institutions.models import Institution, User
from kernel.fast.prepared import Prepared
from kernel.fast.rows import CannotCompileError, compile_rows
from learners.models import Learner

pytestmark = pytest.mark.django_db


def test_values_of_one_run_do_not_reach_the_next(world):
    people = Prepared(
        lambda home, names: User.objects.filter(institution=home, uid__any_of=names).order_by("pk").values_list("uid"),
        "home",
        "names",
    )
    home, away = world.home.institution.pk, world.away.institution.pk
    for _ in range(2):
        assert list(people(home=home, names=["ann", "bob"])) == [("ann",), ("bob",)]
        assert list(people(home=away, names=["eve"])) == [("eve",)]
        assert list(people(home=away, names=[])) == []
        assert people(home=home, names=["ann"]).count() == 1
        assert people(home=home, names=["nobody"]).first() is None
        assert people(home=home, names=["ann", "bob"])[1:2] == [("bob",)]


def test_a_hostile_value_stays_a_value(world):
    found = Prepared(lambda name: User.objects.filter(uid__any_of=name).values_list("uid"), "name")
    assert list(found(name=["ann' OR '1'='1", "%s", "ann"])) == [("ann",), ("ann",)]


def test_a_uuid_is_a_value_like_every_other(world):
    found = Prepared(lambda key: Learner.objects.filter(learner_id=key).values_list("user__uid"), "key")
    for name in ("ann", "bob"):
        assert list(found(key=world.home.learners[name].learner_id)) == [(name,)]
    assert list(found(key=uuid4())) == []


def test_pages_are_cut_and_counted_by_the_keys(world):
    people = Prepared(
        lambda home, course: Learner.objects.filter(institution=home).order_by("pk"),
        "home",
        "course",
        columns=("user__uid",),
        keys_of=lambda home, course: (
            Course.learners.through.objects.filter(course=course).order_by("learner_id").values_list("learner_id")
        ),
    )
    home = world.home
    taken = [uid for (uid,) in home.course.learners.order_by("pk").values_list("user__uid")]
    here = people(home=home.institution.pk, course=home.course.pk)
    assert len(taken) > 1
    assert here.page(0, 100) == (len(taken), [(uid,) for uid in taken])
    assert here.page(1, 1) == (len(taken), [(taken[1],)])
    # What the keys name, the rows may still refuse: they stay scoped.
    assert people(home=world.away.institution.pk, course=home.course.pk).page(0, 100) == (0, [])


def test_a_frozen_moment_is_refused(db):
    impure = Prepared(lambda: Learner.objects.filter(joined_at__lte=timezone.now()).values_list("pk"))
    with pytest.raises(ValueError, match="depends on more than its slots"):
        list(impure())


class Shouting(serializers.ModelSerializer):
    name = serializers.SerializerMethodField()

    def get_name(self, row) -> str:
        return row.name.upper()

    class Meta:
        model = Institution
        fields = ("name",)


class Person(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.name")

    class Meta:
        model = User
        fields = ("institution",)


class Unknown(serializers.ModelSerializer):
    nothing = serializers.CharField(source="nothing.at_all")

    class Meta:
        model = User
        fields = ("nothing",)


class ThroughMany(serializers.ModelSerializer):
    name = serializers.CharField(source="people.username")

    class Meta:
        model = Institution
        fields = ("name",)


class ManyThrough(serializers.ModelSerializer):
    people = serializers.SlugRelatedField(slug_field="username", many=True, read_only=True, source="institution.people")

    class Meta:
        model = User
        fields = ("people",)


@pytest.mark.parametrize(
    ("serializer", "text"),
    [
        (Shouting, r"Shouting.name \(SerializerMethodField\): declare it Computed"),
        (Person, "allow_null=True"),
        (Unknown, "User.nothing is no column"),
        (ThroughMany, "not a forward relation"),
        (ManyThrough, "only reverse foreign keys"),
    ],
)
def test_what_only_drf_can_represent_is_refused(serializer, text):
    with pytest.raises(CannotCompileError, match=text):
        compile_rows(serializer())


def test_another_time_zone_is_refused(settings):
    settings.TIME_ZONE = "Europe/Madrid"
    with pytest.raises(CannotCompileError, match="UTC"):
        compile_rows(Shouting())


@pytest.mark.parametrize("name", ["me", "home", "sent_by", "tenant", "key"])
def test_what_limits_the_rows_is_not_named_as_an_id_of_the_caller(name, monkeypatch):
    """The statement would take the one for the other, and show the rows of all parents."""
    monkeypatch.setattr(VLECourseViewSet, "scope", replace(VLECourseViewSet.scope, rows={name: "pk"}))
    monkeypatch.setattr(VLECourseViewSet, "_prepared", {})
    with pytest.raises(TypeError, match=name):
        VLECourseViewSet.prepared("page", tuple(VLECourseViewSet.access.values()))
