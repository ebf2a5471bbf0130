"""Learners' services: what holds for whoever calls them."""

import pytest

from institutions.models import InformedConsent, Provider
from institutions.services.people import person_create
from kernel.domain import Invalid, Unknown
from learners import queries, services
from learners.models import ConsentDecision, Enrolment, Learner
from tests.contract.filling import fill
from tests.world import PAST


def test_role_is_given_once(world):
    person = world.people["member"]
    learner = services.learner_add(person=person)
    again = services.learner_add(person=person)
    assert again.learner_id == learner.learner_id
    assert learner.institution_id == person.institution_id


def test_person_without_role_becomes_a_learner(world):
    made = person_create(institution=world.home.institution, uid="new", email="New@x.org")
    learner = services.learner_create(institution=world.home.institution, uid="new", email="newer@x.org")
    assert (learner.pk, learner.user.email, learner.user.username) == (made.pk, "newer@x.org", "new@x.org")


def test_role_twice_is_invalid(world):
    with pytest.raises(Invalid, match="uid"):
        services.learner_create(institution=world.home.institution, uid="ann", email="a@x.org")


def test_deleted_learner_decides_nothing(world):
    learner = world.home.learners["ann"]
    services.learner_delete(learner=world.home.learners["ann"])
    assert not Learner.objects.filter(pk=learner.pk).exists()
    with pytest.raises(Unknown):
        services.consent_accept(learner=learner, consent=world.home.newer_consent)
    with pytest.raises(Unknown):
        services.consent_reject(learner=learner)
    assert not ConsentDecision.objects.exclude(at=PAST).exists()


def test_version_that_was_changed_meanwhile_is_not_accepted(world):
    shown = InformedConsent.objects.get(pk=world.home.newer_consent.pk)
    InformedConsent.objects.filter(pk=shown.pk).update(version="2.1.0", minor=1)
    with pytest.raises(Unknown):
        services.consent_accept(learner=world.home.learners["ann"], consent=shown)
    assert not ConsentDecision.objects.exclude(at=PAST).exists()


def test_stale_learner_does_not_accept_twice(world):
    first, second = world.home.learners["ann"], Learner.objects.get(pk=world.people["ann"].pk)
    for learner in (first, second):
        services.consent_accept(learner=learner, consent=world.home.newer_consent)
    assert ConsentDecision.objects.exclude(at=PAST).count() == 1


def test_special_needs_of_many_learners_are_one_query(world, django_assert_num_queries):
    keys = [learner.pk for learner in world.home.learners.values()]
    with django_assert_num_queries(1):
        found = queries.send_summaries(keys)
    assert list(found) == [world.people["ann"].pk]


def test_enrolment_of_many_learners_is_one_query_and_the_same_as_of_each(world, django_assert_num_queries):
    fill(world, 8)
    learners = list(Learner.objects.order_by("pk").values_list("pk", flat=True))
    queries.enrolment_status(learners[:1])  # compiles once
    with django_assert_num_queries(1):
        together = queries.enrolment_status(learners)
    assert together == {learner: queries.enrolment_entries(learner) for learner in learners}
    filled = [entries for entries in together.values() if entries]
    assert len(filled) == 9  # ann and the eight; the others have neither model nor sample
    assert {entry["instrument_id"] for entries in filled for entry in entries} == {1, 2}


def test_samples_that_a_model_uses_are_pending_no_more_and_those_of_disabled_providers_never_were(world):
    fill(world, 1)
    ann = world.home.learners["ann"]

    def pending() -> list[float]:
        return [entry["pending_contributions"] for entry in queries.enrolment_entries(ann.pk)]

    assert pending() == [0.25, 0.0]
    of_another = Enrolment.objects.exclude(learner=ann).get(provider__acronym="p1")
    of_another.model_samples.set(ann.samples.all())
    assert pending() == [0.25, 0.0]  # used by a model of somebody else
    ann.enrolments.get(provider__acronym="p1").model_samples.set(ann.samples.all())
    assert pending() == [0.0, 0.0]
    Provider.objects.filter(acronym="p3").update(enabled=False)
    assert pending() == [0.0]
