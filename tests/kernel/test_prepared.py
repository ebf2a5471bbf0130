"""Statements compiled once: their values never stick, and what is not pure is refused."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.exceptions import EmptyResultSet
from django.utils import timezone
from rest_framework import serializers

from courses.api.vle_course import VLECourseViewSet
from courses.models import Course
from institutions.models import Institution, User
from kernel.caller import Anyone
from kernel.fast.prepared import Prepared, Searched, Word
from kernel.fast.rows import CannotCompileError, compile_rows
from kernel.filters import contain
from kernel.ids import bounded_number
from kernel.text import search_form
from learners.models import Learner
from tesla_api.tree import TREE

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


SEARCHED = {resource.viewset for resource in TREE if resource.viewset.search_fields and resource.viewset.fast_rows}


@pytest.mark.parametrize("words", [["li"], ["59", "o'n%_"], ["811", "É", "1"], ["40000", str(2**31)]], ids=" ".join)
@pytest.mark.parametrize("view", sorted(SEARCHED, key=lambda view: view.__name__))
def test_kept_statement_of_a_search_is_the_one_of_the_words(view, words):
    """It was compiled for other words of the same shapes; so each value must have taken its place."""
    ids = {"me": 1, "home": 2, "tenant": 3}
    link = {name: 100 + place for place, name in enumerate(view.scope.rows)}
    grants = tuple(view.access.values())[:1]
    of_words = [Word(search_form(word), bounded_number(word)) for word in words]
    kept = view.prepared("search", grants, tuple(word.shape for word in of_words)).of(of_words, **ids, **link)
    rows = view.scoped(link, grants, Anyone(1, 2, None), 3).filter(
        contain(words, view.queryset.model, view.search_fields)
    )
    now = Searched.compiled_now(rows, rows, view.columns)
    try:
        expected = now.keys()
    except EmptyResultSet:  # none of the words is a number, and only numbers are searched
        assert kept.page(0, 10) == (0, [])
    else:
        assert (kept.keys().sql, kept.keys().bound(kept.values)) == (expected.sql, expected.bound({}))


def test_searches_that_follow_each_other_find_their_own_rows(as_, world):
    """By kept statements, by one of many words, of a number that no column holds, and behind the last row."""
    person = world.home.learners["ann"].user
    url = f"/api/v2/institution/{world.home.institution.pk}/learner/"

    def found(text, **more):
        answer = as_("admin").get(url, {"search": text, "limit": 1, **more}).json()
        return answer["count"], [row["id"] for row in answer["results"]]

    for _ in range(2):
        assert found("ann") == found("an ann") == found("ann n a nn") == (1, [person.pk])
        assert found("bob") == (1, [world.home.learners["bob"].user.pk])
        assert found(str(person.pk)) == (1, [person.pk])
        assert found("zzyzx") == found(str(2**63)) == (0, [])
        assert found("ann", offset=5) == (1, [])
