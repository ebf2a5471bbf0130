"""What the database refuses, whoever writes, and how a violation is told."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from courses.models import Activity, CourseGroup, CourseLearner
from institutions.models import VLE, InformedConsent, Provider, User
from kernel.constraints import Tied, blamed, refuse_violations, tied_to_institution, violated_fields
from learners.models import ConsentDecision, Learner, SENDLearner
from reports.models import Report
from tests.world import PAST

pytestmark = pytest.mark.django_db


def refused(write) -> IntegrityError:
    """The error of a write that the database refuses; ties are checked at the end of the transaction at the latest."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        write()
        connection.check_constraints()
    return caught.value


def test_the_database_keeps_tenants_apart(world):
    home, away = world.home, world.away
    ann = Learner.objects.get(user=home.people["ann"])
    zoe = Learner.objects.get(user=away.people["ann"])
    here = {"institution": home.institution}
    refused(lambda: CourseLearner.objects.create(**here, course=home.course, learner=zoe))
    refused(lambda: CourseLearner.objects.create(**here, course=away.course, learner=ann))
    refused(lambda: CourseLearner.objects.create(institution=away.institution, course=home.course, learner=ann))
    refused(lambda: SENDLearner.objects.create(**here, learner=ann, category=away.category))
    refused(lambda: Report.objects.create(**here, activity=away.activity, learner=ann))
    refused(lambda: CourseGroup.objects.create(**here, name="x", parent=away.group))
    refused(lambda: Learner.objects.filter(pk=ann.pk).update(consent=away.consent))
    refused(lambda: User.objects.filter(pk=ann.pk).update(institution=away.institution))


def test_the_vle_of_an_activity_is_its_courses_vle(world):
    other = VLE.objects.create(institution=world.home.institution, name="Other")
    refused(lambda: Activity.objects.filter(pk=world.home.activity.pk).update(vle=other))


def test_names_of_people_are_unique_within_an_institution_whatever_their_spelling(world):
    def person(**values) -> User:
        return User(**{"username": "x", "uid": "x", "institution": world.home.institution} | values)

    assert violated_fields(refused(person(email="ADMIN@HOME.example.org").save)) == {"institution", "email"}
    assert violated_fields(refused(person(username="home-admin\u200b").save)) == {"institution", "username"}
    assert violated_fields(refused(person(uid=" Admin").save)) == {"institution", "uid"}
    person(institution=world.away.institution, email="admin@home.example.org", username="home-admin").save()


def test_names_of_people_without_institution_are_unique_among_themselves(world):
    assert violated_fields(refused(User(username="x", email="Root@example.org").save)) == {"email"}
    assert violated_fields(refused(User(username="root").save)) == {"username"}
    User(username="home-admin", email="admin@home.example.org").save()
    User(username="Home-admin").save()


def test_other_refusals_name_no_field(world):
    assert violated_fields(refused(User(username="z", inst_admin=True).save)) == set()
    assert (
        violated_fields(refused(lambda: User.objects.filter(username="home-ann").update(email="", search_text="")))
        == set()
    )
    assert violated_fields(IntegrityError("something else")) == set()
    assert violated_fields(IntegrityError("UNIQUE constraint failed: index 'nobody'")) == set()


def test_violations_are_told_under_the_field_that_can_be_changed(world):
    draft = User(username="n", uid="admin", email="Admin@home.example.org", institution=world.home.institution)
    with pytest.raises(ValidationError) as caught:
        refuse_violations(draft, {"uid", "email"})
    assert caught.value.message_dict == {
        "uid": ["This value is already taken."],
        "email": ["This value is already taken."],
    }
    with pytest.raises(ValidationError) as caught:
        refuse_violations(User(username="m", send_admin=True), {"username"})
    assert caught.value.message_dict == {"__all__": ["These values do not go together."]}
    assert blamed({"institution", "uid"}, {"uid", "email"}) == "uid"
    assert blamed({"route", "user"}, {"route", "user"}) == "__all__"


def test_a_tie_says_what_it_is():
    tie = tied_to_institution("name", "course")
    path, args, kwargs = tie.deconstruct()
    assert (path, args) == ("kernel.constraints.Tied", ())
    again = Tied(**kwargs)
    assert again == tie
    assert hash(again) is not None
    assert tie != Tied(fields=("course", "vle"), to_fields=("id", "vle"), name="name")
    assert tie != "name"
    assert tie.validate(CourseLearner, CourseLearner()) is None


@pytest.mark.django_db(transaction=True)
def test_ties_can_be_added_and_removed(world, monkeypatch):
    tie = next(c for c in Activity._meta.constraints if c.name == "activity_vle_of_course")
    with monkeypatch.context() as patch, connection.schema_editor() as editor:
        # As in a migration: the model's state is already the one after the change.
        patch.setattr(Activity._meta, "constraints", [c for c in Activity._meta.constraints if c is not tie])
        editor.remove_constraint(Activity, tie)
    other = VLE.objects.create(institution=world.home.institution, name="Other")
    Activity.objects.filter(pk=world.home.activity.pk).update(vle=other)
    Activity.objects.filter(pk=world.home.activity.pk).update(vle=world.home.vle)
    with connection.schema_editor() as editor:
        editor.add_constraint(Activity, tie)
    refused(lambda: Activity.objects.filter(pk=world.home.activity.pk).update(vle=other))


def test_a_consent_has_three_numbers_once(world):
    values = {"institution": world.home.institution, "major": 1, "minor": 0, "patch": 0, "valid_from": PAST}
    error = refused(lambda: InformedConsent.objects.create(version="01.0.0", **values))
    assert violated_fields(error) == {"institution", "major", "minor", "patch"}


def test_thresholds_are_a_pair_of_fractions(db):
    def provider(**values):
        return Provider.objects.create(name="p", acronym="p", version="1", queue="p", **values).delete()

    provider()
    provider(alert_below=0, warning_below=1)
    for wrong in ({"alert_below": 0.5}, {"warning_below": 0.5}, {"alert_below": 0.5, "warning_below": 2}):
        refused(lambda values=wrong: provider(**values))


def test_records_are_never_changed(world):
    record = ConsentDecision.objects.create(
        institution=world.home.institution,
        learner_id=world.people["ann"].learner.learner_id,
        decision="accepted",
        version="1.0.0",
        at=datetime.now(UTC),
    )
    record.decision = "rejected"
    with pytest.raises(TypeError, match="never changed"):
        record.save()
    with pytest.raises(TypeError, match="never changed"):
        ConsentDecision.objects.update(decision="rejected")
    with pytest.raises(TypeError, match="never changed"):
        ConsentDecision.objects.bulk_update([record], ["decision"])
    with pytest.raises(TypeError, match="never deleted"):
        record.delete()
    with pytest.raises(TypeError, match="never deleted"):
        ConsentDecision.objects.all().delete()
