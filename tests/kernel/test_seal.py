"""What no resource can open by a slip: related rows of other institutions, and doors beside the declared access."""

from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db.models import Model, Q
from django.urls import path
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from courses.api.vle_launcher import LauncherView
from courses.models import ActivityInstrument, AssessmentSession, Course, CourseGroup
from files.models import Kind, StoredFile
from institutions.models import FormerUid, Institution, Instrument, Provider
from kernel.access import grant
from kernel.caller import Caller, CallerKind, Role
from kernel.domain import Forbidden
from kernel.procedures import ProcedureView
from kernel.routing import Procedure, Resource
from kernel.scope import under
from kernel.seal import _OF_CLASSES, Sealed, _is_sealed, refuse_unexamined
from kernel.serializers import EVERYWHERE, BodySerializer, ResourceSerializer, TenantRelatedField
from kernel.tenancy import tenant_path
from kernel.viewsets import DECLARATIONS, ResourceViewSet
from learners.api.shared.captures import CaptureView
from learners.models import Enrolment, EnrolmentSample, Withdrawal
from reports.api.lapi_status import StatusView
from reports.models import Alert
from rights.models import BundlePart, ContestFile
from signin.models import Launcher
from tesla_api import urls as tesla_urls
from tests.kernel import sample
from tests.kernel.sample import GroupViewSet
from tests.world import PAST, rewritten

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
    file = StoredFile.objects.get(storage_key="x")
    ContestFile.objects.create(institution=away, contest=world.away.contest, file=file, name="x")
    BundlePart.objects.create(institution=away, bundle=world.away.bundle, file=file, directory=[])
    FormerUid.objects.create(institution=away, person=ann.user, uid_key="former")
    withdrawn = {"learner": world.away.people["ann"].learner, "of_models": "keep", "of_evidence": "keep"}
    Withdrawal.objects.create(institution=away, at=PAST, **withdrawn)
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


def test_row_of_nobody_is_not_written_by_a_slip(as_, world, settings, monkeypatch):
    """A resource whose rows may hang from nobody, and that forgets to say from what a new one hangs."""
    settings.ROOT_URLCONF = "tests.kernel.sample"
    url, before = f"/api/v2/institution/{world.home.institution.pk}/option/", sample.UIOption.objects.count()

    def save(self, serializer):
        serializer.save(institution=None)

    for hook in ("perform_create", "perform_update"):
        monkeypatch.setattr(sample.OptionViewSet, hook, save)
    assert as_("admin").post(url, {"route": "a"}).status_code == 403
    assert as_("admin").patch(f"{url}{world.home.ui_option.pk}/", {"route": "b"}).status_code == 403
    assert sample.UIOption.objects.count() == before
    assert sample.UIOption.objects.get(pk=world.home.ui_option.pk).institution == world.home.institution


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


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (serializers.SlugRelatedField("code", queryset=Course.objects.all()), "must be a TenantRelatedField"),
        (serializers.ListField(child=serializers.PrimaryKeyRelatedField(queryset=Course.objects.all())), "must be a"),
        (sample.DetailSerializer(), "must be a BodySerializer or read only"),
        (sample.DetailSerializer(many=True), "must be a BodySerializer or read only"),
        (serializers.IntegerField(source="vle_id"), "takes every id: name the key without _id"),
        (serializers.IntegerField(source="institution_id"), "takes every id: name the key without _id"),
    ],
)
def test_other_ways_to_a_foreign_key_are_refused(field, text):
    meta = type("Meta", (), {"model": Course, "fields": ("code", "other")})
    with pytest.raises(ImproperlyConfigured, match=text):
        type("Wrong", (ResourceSerializer,), {"other": field, "Meta": meta})().fields  # noqa: B018


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (serializers.PrimaryKeyRelatedField(queryset=Course.objects.all()), "must be a TenantRelatedField"),
        (serializers.IntegerField(), "takes every id"),
    ],
)
def test_fields_that_a_subclass_adds_last_are_examined_too(field, text):
    class Late(sample.VLECourseSerializer):
        def get_fields(self):
            return super().get_fields() | {"vle_id": field}

    with pytest.raises(ImproperlyConfigured, match=rf"Late.vle_id {text}"):
        Late().fields  # noqa: B018 - made at the first look


@pytest.mark.parametrize(
    ("model", "key", "field"),
    [
        # Saving gives these lists to the relation as they are.
        (Enrolment, "model_samples", serializers.ListField(child=serializers.IntegerField())),
        (Enrolment, "samples", serializers.JSONField(source="model_samples")),
        (EnrolmentSample, "models", serializers.ListField(child=serializers.CharField())),
        (Course, "groups", serializers.JSONField()),
        (Course, "vle", serializers.IntegerField()),
    ],
)
def test_relation_that_is_declared_as_plain_values_is_refused(model, key, field):
    relations = {field.name for field in model._meta.get_fields() if field.is_relation}
    assert (field.source or key) in relations
    meta = type("Meta", (), {"model": model, "fields": (key,)})
    with pytest.raises(ImproperlyConfigured, match=rf"Wrong.{key} takes every id"):
        type("Wrong", (ResourceSerializer,), {key: field, "Meta": meta})().fields  # noqa: B018


def test_rows_that_are_not_shared_cannot_be_called_so(world):
    with pytest.raises(ImproperlyConfigured, match="rows of Course are not shared"):
        TenantRelatedField(queryset=Course.objects.all(), tenant=None)
    field = TenantRelatedField(queryset=Course.objects.all(), tenant=EVERYWHERE)
    for tenant, number in ((None, 4), (world.home.institution.pk, 0)):
        field._context = {"view": SimpleNamespace(tenant_id=tenant, root_id=None)}
        assert field.get_queryset().count() == number


def test_filter_over_rows_of_everywhere_is_refused():
    def refused(**declared) -> None:
        meta = type("Meta", (), {"model": CourseGroup, "fields": declared.pop("fields", ())})
        filterset = type("Filters", (filters.FilterSet,), declared | {"Meta": meta})
        ring_filtered = action(detail=True, filterset_class=filterset)(ring)
        for changes in ({"filterset_class": filterset}, {"ring": ring_filtered}):
            with pytest.raises(TypeError, match="must be a TenantFilter"):
                type("Opened", (GroupViewSet,), changes)

    refused(fields=("parent",))
    refused(fields=("courses",))
    refused(name=filters.AllValuesFilter("name"))
    refused(names=filters.AllValuesMultipleFilter(field_name="name"))


def test_filter_that_begins_with_other_rows_shows_none(as_, world, settings, monkeypatch):
    """A method of a filter set that looks at the table instead of the rows that it was given."""
    settings.ROOT_URLCONF = "tests.kernel.sample"

    class Begun(filters.FilterSet):
        word = filters.CharFilter(method="narrowed")
        letters = filters.CharFilter(method="begun_anew")

        def narrowed(self, rows, name, value):
            return rows.filter(Q(name=value) | Q(description=value)).distinct()

        def begun_anew(self, rows, name, value):
            return CourseGroup.objects.filter(name__contains=value)

    monkeypatch.setattr(GroupViewSet, "filterset_class", Begun)
    url = f"/api/v2/institution/{world.home.institution.pk}/group/"
    for who in ("admin", "member"):
        assert as_(who).get(url, {"word": world.home.group.name}).status_code == 200
        with pytest.raises(RuntimeError, match="Begun does not narrow"):
            as_(who).get(url, {"letters": world.home.group.name})


def test_every_address_of_the_api_is_sealed_but_for_signing_in():
    """What is not sealed is named here, and open to everybody."""
    views: dict[str, type] = {}

    def walk(patterns, prefix: str) -> None:
        for pattern in patterns:
            address = f"{prefix}{pattern.pattern}"
            if hasattr(pattern, "url_patterns"):
                walk(pattern.url_patterns, address)
            elif address.startswith(("api/", "lapi/")):
                views[address] = pattern.callback.cls

    walk(tesla_urls.urlpatterns, "")
    unsealed = {address for address, view in views.items() if not issubclass(view, Sealed)}
    words = ("login", "approle", "token", "token/refresh", "profile", "logout")
    assert unsealed == {f"api/v2/auth/{word}" for word in words}
    assert len(views) > 80


# What decides: in the class, in what it mixes in, in an action, at a URL.

DECIDING = (
    "scoped", "enter", "grants", "roles", "readable", "read_one", "link", "tenant", "tenant_id", "root_id", "caller",
    "parent", "parent_link", "prepared", "looked_up", "only", "locked", "read", "read_back", "ask", "plan", "page",
    "per_request", "columns", "whole", "compiled", "root_kwarg", "dispatch", "setup", "initial", "initialize_request",
    "get_queryset", "get_object", "filter_queryset", "paginate_queryset", "get_permissions", "check_permissions",
    "check_object_permissions", "permission_denied", "permission_classes", "authentication_classes",
    "get_authenticators", "perform_authentication", "throttle_classes", "check_throttles", "get_serializer",
    "get_serializer_class", "get_serializer_context", "list", "retrieve", "create", "update", "partial_update",
    "destroy", "body", "options", "http_method_names", "http_method_not_allowed", "parser_classes", "filter_backends",
    "pagination_class", "as_view", "as_view_for_known_caller", "declarations", "_entered_grants", "_grants_of_roles",
    "_grants_at_parent", "_plans", "_prepared", "_prepare_page", "_refuse_shared_rows", "get", "post", "put", "patch",
    "delete", "head", "trace", "__getattribute__", "__getattr__", "__init__", "__init_subclass__",
)  # fmt: skip
OF_PROCEDURES = (
    "enter", "grants", "roles", "row", "body", "tenant", "tenant_id", "caller", "root_id", "_row", "_entered_grants",
    "dispatch", "initial", "initialize_request", "permission_classes", "get_permissions", "authentication_classes",
    "get_authenticators", "http_method_names", "action", "action_map", "as_view", "throttle_classes", "options",
)  # fmt: skip


@pytest.mark.parametrize(
    ("base", "name"),
    [
        *((ResourceViewSet, name) for name in DECIDING),
        *((GroupViewSet, name) for name in ("enter", "scoped", "get_queryset", "_entered_grants")),
        *((ProcedureView, name) for name in OF_PROCEDURES),
        *((CaptureView, name) for name in OF_PROCEDURES),
    ],
)
def test_what_decides_is_sealed_in_classes_and_in_what_they_mix_in(base, name):
    override = {name: classmethod(lambda *args, **kwargs: None)}
    for bases, namespace in (((base,), override), ((type("Mixin", (), override), base), {})):
        with pytest.raises(TypeError, match=rf"Opened\.{name} is sealed"):
            refuse_unexamined(type("Opened", bases, namespace))


def test_resource_does_not_inherit_the_handlers_of_a_procedure():
    with pytest.raises(TypeError, match=r"Both\.\w+ is sealed"):
        type("Both", (GroupViewSet, LauncherView), {})


@pytest.mark.parametrize(
    ("base", "entry", "url"),
    [
        (GroupViewSet, Resource, "institution/{parent_lookup_institution_id}/group/{id}/"),
        (LauncherView, Procedure, "vle/{vle_id}/launcher/"),
    ],
)
def test_class_that_was_not_examined_when_it_was_made_is_refused_by_the_tree(base, entry, url):
    silent = type("Silent", (), {"__init_subclass__": classmethod(lambda cls: None)})
    opened = type("Opened", (silent, base), {})
    with pytest.raises(TypeError, match=r"Opened.__init_subclass__ is sealed"):
        entry(url, opened)


def test_everything_that_the_kernel_defines_is_sealed_but_for_the_declarations():
    for base in (ResourceViewSet, ProcedureView):
        open_names = {name for name in dir(base) if not _is_sealed(name, (), base)}
        assert open_names - base.declarations <= _OF_CLASSES | {"filter_backends", "pagination_class"}
    assert {"scope", "access", "lock_first", "perform_create"} <= DECLARATIONS
    assert not DECLARATIONS & {*DECIDING}


def test_what_is_declared_and_what_is_new_may_be_given():
    class Room(GroupViewSet):
        locks_row = False
        filter_backends = ()
        pagination_class = None
        seats = 3

        def lock_first(self):
            raise Forbidden("No.")

    assert Room.seats == 3


def ring(self, request):
    """An action."""


@pytest.mark.parametrize(
    "option",
    [
        {"permission_classes": []},
        {"authentication_classes": []},
        {"throttle_classes": ()},
        {"queryset": Course.objects.all()},
        {"scope": None},
        {"access": {}},
        {"root": "admin"},
        {"lookup_field": "name"},
        {"filter_backends": [object]},
        {"pagination_class": object},
        {"narrow": None},
    ],
)
def test_action_and_url_open_no_door(option):
    with pytest.raises(TypeError, match="is sealed, for one action and one URL, too"):
        type("Opened", (GroupViewSet,), {"ring": action(detail=True, **option)(ring)})
    for view, handlers in ((GroupViewSet, ({"get": "list"},)), (LauncherView, ()), (StatusView, ())):
        for made in (view.as_view, view.as_view_for_known_caller):
            with pytest.raises(TypeError, match="is sealed, for one action and one URL, too"):
                made(*handlers, **option)


def test_action_may_have_its_own_serializer_and_no_filters():
    options = {"serializer_class": sample.GroupSerializer, "filter_backends": [], "pagination_class": None}
    made = type("Fine", (GroupViewSet,), {"ring": action(detail=True, **options)(ring)})
    assert made.get_extra_actions()[0].kwargs["filter_backends"] == []


def test_view_for_a_known_caller_asks_nobody_else_who_calls(world):
    caller = Caller(CallerKind.PERSON, world.people["admin"].pk, world.home.institution, Role.ADMIN)
    request = APIRequestFactory().get("/", HTTP_AUTHORIZATION="JWT nonsense")
    request.known_caller = caller
    view = GroupViewSet.as_view_for_known_caller({"get": "list"})
    answer = view(request, parent_lookup_institution_id=world.home.institution.pk)
    assert (answer.status_code, answer.data["count"]) == (200, 1)


def test_lock_first_can_refuse_and_not_choose(as_, world, settings, monkeypatch):
    settings.ROOT_URLCONF = "tests.kernel.sample"
    url = f"/api/v2/institution/{world.home.institution.pk}/group/{world.home.group.pk}/"
    monkeypatch.setattr(GroupViewSet, "lock_first", lambda self: world.away.group)
    assert as_("admin").patch(url, {"name": "New"}).json()["id"] == world.home.group.pk
    monkeypatch.setattr(GroupViewSet, "locks_row", False)
    assert as_("admin").patch(url, {"name": "Newer"}).json()["name"] == "Newer"
    assert as_("admin").patch(url.replace(str(world.home.group.pk), "987654"), {"name": "x"}).status_code == 404

    def refuse(self):
        raise Forbidden("No.")

    monkeypatch.setattr(GroupViewSet, "lock_first", refuse)
    assert as_("admin").delete(url).status_code == 403
    assert CourseGroup.objects.get(pk=world.home.group.pk).name == "Newer"


# Procedures: grants with conditions, and rows below their root.


class RowView(ProcedureView):
    root_kwarg = "institution_id"
    row_scope = under(Course, rows={}, course_id="pk", institution_id="institution")
    access = {
        Role.INSTRUCTOR: grant("get", parent=lambda me: Q(instructors=me.id)),
        Role.LEARNER: grant("get", "post", parent=lambda me: Q(learners=me.id), sees=lambda me: Q(code="C1")),
        Role.LEGAL: grant("get", when=lambda caller: False),
    }

    def get(self, request, **_):
        return Response({"course": self.row.code})

    def post(self, request, **_):
        return Response({"posted": self.row.code})


@pytest.mark.parametrize(
    "scope",
    [
        under(Course, rows={}, course_id="pk"),  # not tied to the institution of the URL
        under(Course, rows={}, institution_id="institution", course_id="pk"),
        under(Course, rows={}, course_id="pk", home_id="institution"),  # tied to an institution that nobody has judged
        under(Course, rows={}, course_id="pk", institution_id="vle"),
        under(Course, rows={}, course_id="pk", institution_id="code"),
        under(Course, rows={}, course_id="pk", institution_id="nonsense"),
    ],
)
def test_row_of_a_procedure_must_be_tied_to_the_root_of_its_url(scope):
    with pytest.raises(TypeError, match="row_scope does not end in institution_id"):
        type("Opened", (RowView,), {"row_scope": scope})


urlpatterns = [
    path("api/v2/institution/<id:institution_id>/row/<str:course_id>/", RowView.as_view()),
    *tesla_urls.urlpatterns,
]
handler404 = "kernel.errors.not_found"


@pytest.mark.urls("tests.kernel.test_seal")
def test_rules_of_a_procedure_hold_on_the_row_that_its_url_names(as_, world, django_assert_num_queries):
    home, url = world.home, "/api/v2/institution/{}/row/{}/".format
    own = url(home.institution.pk, home.course.pk)
    teacher = as_("teacher")
    with django_assert_num_queries(2):  # caller, row with its rules
        assert teacher.get(own).json() == {"course": "C1"}
    assert as_("ann").post(own).json() == {"posted": "C1"}
    assert as_("ann").head(own).status_code == 200
    wanted = {"visitor": 403, "eve": 403, "legal": 403, "admin": 403, "global": 403, "stranger": 404}
    assert {who: as_(who).get(own).status_code for who in wanted} == wanted
    assert teacher.post(own).status_code == 403
    assert teacher.put(own).status_code == 405
    assert teacher.options(own).status_code == 200
    assert as_("eve").put(own).status_code == 403  # who holds nothing learns nothing
    for key in (home.other_course.pk, world.away.course.pk, NOBODYS_ID, "x"):
        answer = teacher.get(url(home.institution.pk, key))
        assert answer.status_code == (403 if key == home.other_course.pk else 404), key
    rewritten(Course.objects.filter(pk=home.course.pk), code="C9")
    assert as_("ann").get(own).status_code == 404  # the rule holds, and does not see it
    assert teacher.get(own).status_code == 200
