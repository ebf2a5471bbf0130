"""What no resource can open by a slip: related rows of other institutions, and doors beside the declared access."""

from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db.models import Model
from rest_framework import serializers

from courses.models import ActivityInstrument, AssessmentSession, Course, CourseGroup
from files.models import Kind, StoredFile
from institutions.models import Institution, Instrument, Provider
from kernel.routing import Resource
from kernel.serializers import BodySerializer, ResourceSerializer, TenantRelatedField
from kernel.tenancy import tenant_path
from learners.models import Enrolment, EnrolmentSample
from reports.models import Alert
from signin.models import Launcher
from tests.kernel import sample
from tests.kernel.sample import GroupViewSet
from tests.world import PAST

NOBODYS_ID = 987_654_321


# A foreign key that is named in `fields` and has no field of its own.


def _with_key(model: type[Model], name: str) -> type[ResourceSerializer]:
    meta = type("Meta", (), {"model": model, "fields": (name,)})
    return type(f"{model.__name__}Serializer", (ResourceSerializer,), {"Meta": meta})


def _undeclared_keys() -> list[tuple[type[Model], str, type[Model]]]:
    """Every key of every table that a body could name, from both of its ends."""
    keys = []
    for model in apps.get_models():
        if model.__module__.startswith("django"):
            continue
        relations = [*model._meta.fields, *model._meta.many_to_many]
        names = [field.name for field in relations if field.is_relation]
        names += [end.get_accessor_name() for end in model._meta.related_objects if end.get_accessor_name()]
        for name in names:
            try:
                field = _with_key(model, name)().fields[name]
            except ImproperlyConfigured:
                continue  # refused: see the test of the longer path
            one = getattr(field, "child_relation", field)
            assert isinstance(one, TenantRelatedField), (model, name)
            if not field.read_only:
                keys.append((model, name, one.queryset.model))
    return keys


def _refusal(model, name, ids, view, update: bool) -> str:
    """What a body with these ids is answered under the key's name."""
    row = model() if update else None
    body = _with_key(model, name)(row, data={name: ids}, partial=update, context={"view": view})
    assert not body.is_valid(), (model, name)
    assert set(body.errors) == {name}, (model, name, body.errors)
    return str(body.errors[name])


@pytest.fixture
def foreign(world) -> dict[type[Model], int]:
    """A row of the other institution, by its table."""
    away, ann = world.away.institution, world.away.people["ann"].learner
    StoredFile.objects.create(institution=away, kind=Kind.SAMPLE, media_type="text/plain", size=1, storage_key="x")
    EnrolmentSample.objects.create(institution=away, learner=ann)
    AssessmentSession.objects.create(institution=away, activity=world.away.activity, learner=ann)
    provider = Provider.objects.create(
        instrument=Instrument.objects.first(), name="p", acronym="p", queue="p", version="1"
    )
    Enrolment.objects.create(institution=away, learner=ann, provider=provider)
    Alert.objects.create(institution=away, learner=ann, activity=world.away.activity, level=1, raised_at=PAST)
    Launcher.objects.create(institution=away, user=ann.user, vle=world.away.vle, token_hash="x" * 64, expires_at=PAST)
    owned = [model for model in apps.get_models() if any(field.name == "institution" for field in model._meta.fields)]
    rows = {model: model.objects.filter(institution=away).values_list("pk", flat=True).first() for model in owned}
    return {model: key for model, key in rows.items() if key} | {Institution: away.pk}


def test_undeclared_key_takes_no_id_of_another_institution(world, foreign):
    view = SimpleNamespace(root="institution", tenant_id=world.home.institution.pk, root_id=None, parent_link=dict)
    tried = set()
    for model, name, related in _undeclared_keys():
        if tenant_path(related) is None:
            continue
        many = "child_relation" in _with_key(model, name)().fields[name].__dict__
        for update in (False, True):
            theirs, nobodys = (
                _refusal(model, name, [key] if many else key, view, update).replace(str(key), "?")
                for key in (foreign[related], NOBODYS_ID)
            )
            assert theirs == nobodys, (model, name)
        tried.add((model.__name__, name))
    assert {
        ("Learner", "user"),
        ("Course", "vle"),
        ("Enrolment", "model_samples"),
        ("UIOption", "institution"),
    } <= tried
    assert len(tried) > 60


def test_undeclared_key_takes_rows_of_the_own_institution_and_shared_ones(world):
    view = SimpleNamespace(root="institution", tenant_id=world.home.institution.pk, root_id=None, parent_link=dict)
    shared = Instrument.objects.first()
    for model, name, row in (
        (CourseGroup, "parent", world.home.group),
        (CourseGroup, "institution", world.home.institution),
        (Provider, "instrument", shared),
    ):
        field = _with_key(model, name)(context={"view": view}).fields[name]
        assert field.run_validation(row.pk) == row


def test_undeclared_key_of_a_resource_is_400_for_another_institution(as_, world, settings):
    """sample.OptionSerializer names `user` in its fields and declares nothing."""
    settings.ROOT_URLCONF = "tests.kernel.sample"
    url = f"/api/v2/institution/{world.home.institution.pk}/option/"
    client, texts = as_("admin"), set()
    for wrong in (world.away.people["ann"].pk, world.people["global"].pk, NOBODYS_ID):
        for answer in (
            client.post(url, {"route": "a", "user": wrong}),
            client.patch(f"{url}{world.home.ui_option.pk}/", {"user": wrong}),
        ):
            assert (answer.status_code, list(answer.json())) == (400, ["user"])
            texts.add(answer.json()["user"][0].replace(str(wrong), "?"))
    assert len(texts) == 1
    assert client.post(url, {"route": "a", "user": world.home.people["ann"].pk}).status_code == 201


def test_below_a_root_of_no_institution_an_undeclared_key_takes_nothing(world):
    """Not even the rows that are of no institution, such as global administrators."""
    view = SimpleNamespace(root="admin", tenant_id=None, root_id=None, parent_link=dict)
    for model, name, key in (
        (sample.UIOption, "user", world.people["global"].pk),
        (CourseGroup, "institution", world.home.institution.pk),
    ):
        assert "does not exist" in _refusal(model, name, key, view, update=False)


def test_table_that_reaches_its_institution_by_a_longer_path_must_be_declared(monkeypatch):
    assert tenant_path(Course) == "institution"
    assert tenant_path(Institution) == "pk"
    assert tenant_path(Instrument) is None
    with pytest.raises(ImproperlyConfigured, match="ActivityInstrument has no key to its institution"):
        tenant_path(ActivityInstrument)
    wrong = type(
        "WrongViewSet",
        (GroupViewSet,),
        {"serializer_class": _with_key(ActivityInstrument, "alternative_to")},
    )
    url = "institution/{parent_lookup_institution_id}/group/{id}/"
    monkeypatch.setattr("tesla_api.tree.TREE", (Resource(url, wrong),))
    with pytest.raises(SystemCheckError, match="E006"):
        call_command("check")


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("base", [BodySerializer, ResourceSerializer])
def test_field_of_related_rows_that_takes_every_id_is_refused(base, many):
    key = serializers.PrimaryKeyRelatedField(queryset=Course.objects.all(), many=many)
    meta = type("Meta", (), {"model": Enrolment, "fields": ("course",)})
    with pytest.raises(ImproperlyConfigured, match=r"Wrong.course must be a TenantRelatedField"):
        type("Wrong", (base,), {"course": key, "Meta": meta})().fields  # noqa: B018 - made at the first look
