"""The sealed base of resources: parents, row rules, writes, and what happens when they are declared wrongly."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db.models import Q
from django.utils import timezone
from rest_framework import serializers
from rest_framework.test import APIClient

from courses.models import Activity, ActivityInstrument, Course, CourseGroup, CourseInstructor, CourseLearner
from institutions.api.institution import InstitutionSerializer
from institutions.models import Credential, Institution, Instrument, Provider, UIOption
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.routing import Resource
from kernel.row_rules import multiplies
from kernel.scope import Scope, shared, under
from kernel.viewsets import ResourceViewSet
from learners.models import Learner
from reports.models import Report, ReportInstrument, Request
from signin import tokens
from signin.models import CallerSession
from tesla_api.tree import TREE
from tests.kernel import sample
from tests.world import FUTURE, PAST

pytestmark = pytest.mark.urls("tests.kernel.sample")


@pytest.fixture
def home(world):
    return f"/api/v2/institution/{world.home.institution.pk}"


@pytest.fixture
def activities(world, home):
    return f"{home}/course/{world.home.course.pk}/activity/"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("admin", 200),
        ("global", 200),
        ("teacher", 200),
        ("visitor", 403),
        ("ann", 200),
        ("eve", 403),
        ("member", 403),
        ("legal", 403),
        ("stranger", 404),
    ],
)
def test_parent_rules_decide_who_reads_below_a_course(as_, activities, name, status):
    assert as_(name).get(activities).status_code == status


def test_parent_rules_decide_who_writes_below_a_course(as_, world, activities):
    row = f"{activities}{world.home.activity.pk}/"
    assert as_("teacher").patch(row, {"name": "New"}).json()["name"] == "New"
    assert as_("ann").patch(row, {"name": "Hers"}).status_code == 403
    assert as_("visitor").patch(row, {"name": "His"}).status_code == 403
    assert as_("teacher").delete(row).status_code == 204
    assert not Activity.objects.filter(pk=world.home.activity.pk).exists()


def test_rights_of_several_roles_add_up(as_, world, activities):
    CourseLearner.objects.create(
        institution=world.home.institution,
        course=world.home.course,
        learner=Learner.objects.create(user=world.people["visitor"], institution=world.home.institution),
    )
    Activity.objects.filter(pk=world.home.activity.pk).update(enabled=False)
    visitor = as_("visitor")  # teaches elsewhere, is a learner here, and learners see what is enabled
    assert visitor.get(activities).json()["count"] == 0
    CourseInstructor.objects.create(
        institution=world.home.institution, course=world.home.course, instructor_id=world.people["visitor"].pk
    )
    assert visitor.get(activities).json()["count"] == 1


def test_row_rule_hides_rows_and_admin_sees_all(as_, world, home):
    CourseGroup.objects.create(institution=world.home.institution, name="open")
    assert [row["name"] for row in as_("member").get(f"{home}/group/").json()["results"]] == ["open"]
    assert as_("admin").get(f"{home}/group/").json()["count"] == 2
    assert as_("member").get(f"{home}/group/{world.home.group.pk}/").status_code == 404


def test_a_chain_with_a_foreign_link_is_404(as_, world, home):
    away = world.away
    for path in (
        f"course/{away.course.pk}/activity/",
        f"course/{world.home.other_course.pk}/activity/{world.home.activity.pk}/report/",
        "course/99999/activity/",
        "course/abc/activity/",
        "course/99999999999999999999/activity/",
        "course/0/activity/",
    ):
        assert as_("admin").get(f"{home}/{path}").status_code == 404, path
        assert as_("global").get(f"{home}/{path}").status_code == 404, path


def test_unknown_institution_is_404_for_a_global_admin(as_):
    assert as_("global").get("/api/v2/institution/987654/course/1/activity/").status_code == 404
    assert as_("global").get("/api/v2/institution/987654/group/").status_code == 404


def test_new_rows_take_their_parent_from_the_url(as_, world, activities):
    made = as_("admin").post(
        activities, {"vle_activity_type": "quiz", "vle_activity_id": "7", "course": world.home.other_course.pk}
    )
    assert made.status_code == 201
    assert Activity.objects.get(pk=made.json()["id"]).course == world.home.course


def test_what_its_writer_could_not_see_is_not_written(as_, world, activities, monkeypatch):
    hidden = grant(READ, "create", rows=lambda me: Q(enabled=True))
    monkeypatch.setattr(sample.ActivityViewSet, "access", {Role.ADMIN: hidden})
    body = {"vle_activity_type": "quiz", "vle_activity_id": "7", "enabled": False}
    assert as_("admin").post(activities, body).status_code == 403
    assert not Activity.objects.filter(vle_activity_id="7").exists()


def test_foreign_rows_in_bodies_and_filters_do_not_exist(as_, world, home):
    groups, foreign = f"{home}/group/", world.away.group.pk
    admin = as_("admin")
    assert admin.post(groups, {"name": "sub", "parent": world.home.group.pk}).status_code == 201
    for wrong in (foreign, 99999, 2**70, "x", 1.5, True, [1], {"id": 1}):
        answer = admin.post(groups, {"name": "sub", "parent": wrong})
        assert (answer.status_code, list(answer.json())) == (400, ["parent"]), wrong
    assert admin.get(groups, {"parent": world.home.group.pk}).json()["count"] == 1
    for wrong in (foreign, 99999, "x", "9" * 30):
        answer = admin.get(groups, {"parent": wrong})
        assert (answer.status_code, list(answer.json())) == (400, ["parent"]), wrong
    assert admin.get(groups, {"parent": "", "name": "sub"}).json()["count"] == 1


@pytest.mark.parametrize("value", ["1.5", "1e0", "abc", "\0", "9" * 40])
def test_filter_by_a_related_row_takes_whole_numbers_only(as_, home, world, value):
    answer = as_("admin").get(f"{home}/group/", {"parent": value.replace("1", str(world.home.group.pk), 1)})
    assert (answer.status_code, list(answer.json())) == (400, ["parent"])


def test_filter_by_a_related_row_has_no_number_for_none_unless_it_says_so(as_, home, monkeypatch):
    url = f"{home}/group/"
    assert as_("admin").get(url, {"parent": -1}).status_code == 400
    monkeypatch.setattr(sample.GroupFilter.base_filters["parent"], "none", -1)
    assert as_("admin").get(url, {"parent": -1}).json()["count"] == 1


def test_violation_of_several_fields_is_of_the_row_as_a_whole(as_, home, world):
    ann = world.people["ann"].pk
    for status in (201, 400):
        answer = as_("admin").post(f"{home}/option/", {"route": "course", "user": ann})
        assert answer.status_code == status
    assert list(answer.json()) == ["non_field_errors"]


# Rows that hang from no parent.


@pytest.mark.parametrize("query", ["limit=1000", "limit=1000&search="])
@pytest.mark.parametrize("who", ["admin", "global"])
@pytest.mark.parametrize("compiled", [True, False])
def test_rows_of_nobody_are_seen_below_every_parent(as_, home, world, query, who, compiled, monkeypatch):
    if not compiled:
        monkeypatch.setattr(ResourceViewSet, "compiled", property(lambda self: False))
    body = as_(who).get(f"{home}/option/?{query}").json()
    shared = {*UIOption.objects.filter(institution=None).values_list("pk", flat=True)}
    owner = {row["id"]: row["institution"] and row["institution"]["id"] for row in body["results"]}
    assert owner == dict.fromkeys(shared) | {world.home.ui_option.pk: world.home.institution.pk}
    assert body["count"] == len(owner)


def test_rows_of_nobody_are_read_and_never_changed(as_, home, world):
    row = UIOption.objects.get(institution=None, route="course")
    url, client = f"{home}/option/{row.pk}/", as_("admin")
    assert client.get(url).json()["institution"] is None
    for method, body in (("put", {"route": "x"}), ("patch", {"route": "\0"}), ("delete", None)):
        assert getattr(client, method)(url, body).status_code == 403
    assert UIOption.objects.filter(pk=row.pk, route="course").exists()
    assert client.patch(f"{home}/option/{world.home.ui_option.pk}/", {"route": "system"}).status_code == 200
    assert client.get(f"{home}/option/{world.away.ui_option.pk}/").status_code == 404


def test_new_row_is_never_nobodys(as_, home, world):
    made = as_("admin").post(f"{home}/option/", {"route": "system", "institution": ""}).json()
    assert made["institution"]["id"] == world.home.institution.pk


def test_ordering_is_declared_total_and_nulls_come_last(as_, world, home):
    admin, institution, first = as_("admin"), world.home.institution, world.home.group
    second = CourseGroup.objects.create(institution=institution, name="Faculty", parent=first)
    third = CourseGroup.objects.create(institution=institution, name="Arts", parent=first)

    def ids(ordering):
        return [row["id"] for row in admin.get(f"{home}/group/", {"ordering": ordering}).json()["results"]]

    assert ids("name") == [third.pk, first.pk, second.pk]
    assert ids("-name") == [first.pk, second.pk, third.pk]
    assert ids("parent") == [second.pk, third.pk, first.pk]
    assert ids("-parent") == [second.pk, third.pk, first.pk]
    assert ids("nonsense,-name,-name") == ids("-name")
    assert ids("institution__id") == [first.pk, second.pk, third.pk]


def test_nested_lists_and_several_parent_columns(as_, world, home, django_assert_num_queries):
    institution, activity = world.home.institution, world.home.activity
    instruments = list(Instrument.objects.order_by("pk")[:2])
    bob, eve = (Learner.objects.get(user=world.people[name]) for name in ("bob", "eve"))
    for learner in (bob, eve):
        report = Report.objects.create(institution=institution, activity=activity, learner=learner)
        for instrument in reversed(instruments):  # whatever came first: the list has an order of its own
            ReportInstrument.objects.create(report=report, instrument=instrument, identity_level=2)
        request = Request.objects.create(institution=institution, activity=activity, learner=learner)
        request.instruments.set(instruments)
    reports = f"{home}/course/{world.home.course.pk}/activity/{activity.pk}/report/"
    admin = as_("admin")
    with django_assert_num_queries(4):  # caller, parent, page with its count, details
        rows = admin.get(reports).json()["results"]
    assert [row["learner"] for row in rows] == [world.people["ann"].pk, bob.pk, eve.pk]
    assert rows[1]["detail"] == [{"instrument": i.name, "identity_level": 2} for i in instruments]
    found = admin.get(f"{reports}{report.pk}/request/").json()["results"]
    assert [(row["learner"], row["instruments"]) for row in found] == [(eve.pk, [1, 2])]
    page = admin.get(reports, HTTP_ACCEPT="text/html")
    assert page.status_code == 200
    assert instruments[0].name in page.content.decode()


@pytest.mark.parametrize("compiled", [True, False])
def test_a_row_by_itself_may_say_more_than_in_a_list(compiled, as_, world, home, monkeypatch):
    monkeypatch.setattr(ResourceViewSet, "compiled", property(lambda self: compiled))
    reports = f"{home}/course/{world.home.course.pk}/activity/{world.home.activity.pk}/report/"
    (listed,) = as_("admin").get(reports).json()["results"]
    assert list(listed) == ["id", "learner", "detail"]
    assert as_("admin").get(f"{reports}{world.home.report.pk}/").json() == listed | {"identity_level": 2}


def test_a_parent_that_is_not_seen_is_not_there(as_, world, home):
    """The right holds in the course; of its reports a learner sees the own one, and below the others is nothing."""
    course = f"{home}/course/{world.home.course.pk}/activity/{world.home.activity.pk}/report/"
    requests = f"{course}{world.home.report.pk}/request/"
    for who, status in (("ann", 200), ("admin", 200), ("bob", 404), ("eve", 403), ("teacher", 403), ("stranger", 404)):
        for url in (requests, f"{requests}{world.home.request.pk}/"):
            assert as_(who).get(url).status_code == status, (who, url)
    world.home.person("both", inst_admin=True)
    Learner.objects.create(user=world.home.people["both"], institution=world.home.institution)
    world.home.join(world.home.course, "both")
    world.people["both"] = world.home.people["both"]
    assert as_("both").get(requests).status_code == 200  # as administrator


@pytest.fixture
def as_vle(world):
    def signed_in(vle) -> APIClient:
        credential = Credential.objects.create(vle=vle, secret_hash="x")
        session = CallerSession.objects.create(kind="vle", credential=credential, expires_at=FUTURE)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"JWT {tokens.pair(session)['access_token']}")
        return client

    return signed_in


def test_another_root_has_its_own_callers_and_the_same_walls(as_, as_vle, world, django_assert_num_queries):
    home, away = world.home, world.away
    own, foreign = f"/api/v2/vle/{home.vle.pk}/course/", f"/api/v2/vle/{away.vle.pk}/course/"
    client = as_vle(home.vle)
    with django_assert_num_queries(2):  # caller, page with its count
        rows = client.get(own).json()["results"]
    assert [row["code"] for row in rows] == ["C1", "C2"]
    assert (rows[0]["vle"], rows[0]["institution"]["id"]) == (home.vle.pk, home.institution.pk)
    made = client.post(own, {"code": "N", "vle_course_id": "n"})
    assert Course.objects.get(pk=made.json()["id"]).institution == home.institution
    assert client.get(foreign).status_code == 403
    assert client.get(f"{own}{away.course.pk}/").status_code == 404
    assert client.get(f"{own}{home.course.pk}/activity/").json()["count"] == 1
    assert client.get(f"{own}{away.course.pk}/activity/").status_code == 404
    for name in ("admin", "global", "teacher"):
        assert as_(name).get(own).status_code == 403
    assert client.get(f"/api/v2/institution/{home.institution.pk}/group/").status_code == 403


def test_a_root_without_an_id_is_for_its_kind_alone(as_, as_vle, world):
    url = "/api/v2/admin/institution/"
    assert [row["acronym"] for row in as_("global").get(url).json()["results"]] == ["HOME", "AWAY"]
    assert as_("global").get(f"{url}{world.away.institution.pk}/").json()["acronym"] == "AWAY"
    assert as_("admin").get(url).status_code == 403
    assert as_vle(world.home.vle).get(url).status_code == 403


def test_a_root_of_no_institution_is_for_its_own_module(as_, as_vle, world):
    own, other = (
        Provider.objects.create(name=name, acronym=name, queue=name, version="1") for name in ("own", "other")
    )
    for provider in (own, other):
        provider.notifications.create(key=provider.name, when=PAST)
    credential = Credential.objects.create(provider=own, secret_hash="x")
    session = CallerSession.objects.create(kind="provider", credential=credential, expires_at=FUTURE)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"JWT {tokens.pair(session)['access_token']}")
    answer = client.get(f"/api/v2/provider/{own.pk}/notification/")
    assert [row["key"] for row in answer.json()["results"]] == ["own"]
    assert client.get(f"/api/v2/provider/{other.pk}/notification/").status_code == 403
    for stranger in (as_("global"), as_vle(world.home.vle)):
        assert stranger.get(f"/api/v2/provider/{own.pk}/notification/").status_code == 403


def test_first_id_below_a_root_without_rows_is_looked_up_as_every_other(as_, world):
    url = "/api/v2/admin/institution/{}/group/"
    home, away = (url.format(one.institution.pk) for one in (world.home, world.away))
    made = as_("global").post(away, {"name": "Theirs"}).json()
    assert made["institution"]["acronym"] == "AWAY"
    assert [row["name"] for row in as_("global").get(away).json()["results"]] == ["Faculty", "Theirs"]
    assert as_("global").get(f"{home}{made['id']}/").status_code == 404
    for method in ("get", "post"):
        assert getattr(as_("global"), method)(url.format(987654), {"name": "x"}).status_code == 404
    assert as_("admin").get(url.format(987654)).status_code == as_("admin").get(home).status_code == 403


def test_no_two_resources_have_one_name():
    """Links, tags and the walk through the pages go by it."""
    names = [resource.name for resource in TREE]
    assert len(names) == len({*names})
    assert {"institution", "admin-institution", "institution-user", "admin-user"} <= {*names}


def test_a_verb_that_nobody_holds_is_405(as_, world, home):
    url = f"{home}/course/{world.home.course.pk}/activity/{world.home.activity.pk}/report/"
    assert as_("admin").post(url, {}).status_code == 405
    assert as_("stranger").post(url, {}).status_code == 404


def test_options_describe_the_resource_to_members_only(as_, world, home):
    answer = as_("admin").options(f"{home}/group/")
    assert set(answer.json()) == {"name", "description", "renders", "parses"}
    assert as_("stranger").options(f"{home}/group/").status_code == 404


@pytest.mark.parametrize("name", ["get_queryset", "get_object", "initial", "permission_classes", "list"])
def test_the_choke_points_are_sealed(name):
    with pytest.raises(TypeError, match="sealed"):
        type("V", (ResourceViewSet,), {name: lambda self: None})


@pytest.mark.parametrize("word", ["parent", "sees"])
def test_a_parent_rule_without_a_parent_is_refused(word):
    rules = {Role.LEARNER: grant(READ, **{word: lambda me: Q(pk=me.id)})}
    with pytest.raises(TypeError, match="no parent below"):
        type("V", (ResourceViewSet,), {"scope": sample.GroupViewSet.scope, "access": rules})


def _viewset(**changes):
    declared = {
        "queryset": Activity.objects.all(),
        "serializer_class": sample.ActivitySerializer,
        "scope": sample.ActivityViewSet.scope,
        "access": sample.ActivityViewSet.access,
    }
    return type("BrokenViewSet", (ResourceViewSet,), declared | changes)


GOOD_URL = "institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_course_id}/activity/{id}/"
IMPURE = {Role.LEARNER: grant(READ, rows=lambda me: Q(created_at__lt=timezone.now()))}


def _under(**changes) -> Scope:
    ids = {"parent_lookup_course_id": "pk", "parent_lookup_vle__institution_id": "vle__institution"}
    return under(Course, **{"rows": "course"} | ids | changes)


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("error", "url", "changes"),
    [
        ("E001", "institution/{parent_lookup_institution_id}/activity/{id}/", {}),
        ("E001", "unknown/{parent_lookup_vle__institution_id}/course/{parent_lookup_course_id}/activity/{id}/", {}),
        ("E001", GOOD_URL, {"lookup_url_kwarg": "number"}),
        ("E002", GOOD_URL, {"access": {}}),
        ("E002", GOOD_URL, {"access": {Role.LEARNER: grant(READ, rows=lambda me: Q(sessions__learner=me.id))}}),
        ("E003", GOOD_URL, {"ordering": ("name",)}),
        ("E003", GOOD_URL, {"ordering": ()}),
        ("E005", GOOD_URL, {"orderable": {"name": "nonsense"}}),
        ("E005", GOOD_URL, {"search_fields": ("nonsense",)}),
        ("E005", GOOD_URL, {"access": IMPURE}),
        ("E005", GOOD_URL, {"access": {Role.LEARNER: grant(READ, parent=lambda me: Q(nonsense=me.id))}}),
        (
            "E005",
            GOOD_URL,
            {
                "scope": under(
                    Course,
                    rows="nonsense",
                    parent_lookup_course_id="pk",
                    parent_lookup_vle__institution_id="vle__institution",
                )
            },
        ),
        # A path to a row of another table: VLE 1 would be shown what hangs in institution 1.
        ("leads to another table", GOOD_URL, {"scope": _under(rows="vle")}),
        ("leads to another table", GOOD_URL, {"scope": _under(parent_lookup_vle__institution_id="vle")}),
        ("leads to another table", GOOD_URL, {"scope": _under(tenant="vle")}),
        ("leads to another table", GOOD_URL, {"scope": _under(same_tenant=("course",))}),
        (
            "shows all institutions' rows",
            GOOD_URL,
            {
                "scope": shared(Course, **_under().kwargs),
                "queryset": ActivityInstrument.objects.all(),
                "access": {Role.ADMIN: grant(READ)},
            },
        ),
        ("begins with", GOOD_URL, {"scope": Scope(Course, _under().rows, _under().kwargs)}),
        ("has no parent", "institution/{id}/", {"scope": Scope(), "access": {Role.GLOBAL: grant(READ)}}),
        (
            "shows all rows of the root",
            "institution/{id}/",
            {
                "scope": Scope(root_kwarg="id"),
                "queryset": Institution.objects.all(),
                "serializer_class": InstitutionSerializer,
                "access": {Role.GLOBAL | Role.MEMBER: grant(READ)},
            },
        ),
        (
            "shows rows of everybody below me/",
            "me/activity/{id}/",
            {"root": "me", "scope": Scope(), "access": {Role.LEARNER: grant(READ)}},
        ),
    ],
)
def test_check_refuses_what_is_declared_wrongly(monkeypatch, error, url, changes):
    monkeypatch.setattr("tesla_api.tree.TREE", (Resource(url, _viewset(**changes)),))
    with pytest.raises(SystemCheckError, match=error):
        call_command("check")


def test_check_refuses_what_is_no_resource(monkeypatch):
    class Plain(serializers.ModelSerializer):
        class Meta:
            model = Activity
            fields = ("id",)

    for wrong in (
        type("NoViewSet", (), {}),
        _viewset(queryset=None),
        _viewset(serializer_class=Plain),
        _viewset(scope=shared(Course, **sample.ActivityViewSet.scope.kwargs)),
        _viewset(access={Role.LEARNER: grant(READ, "creates")}),
    ):
        monkeypatch.setattr("tesla_api.tree.TREE", (Resource(GOOD_URL, wrong),))
        with pytest.raises(SystemCheckError, match=wrong.__name__):
            call_command("check")


@pytest.mark.parametrize(
    "url", ["course/{id}", "/course/{id}/", "meeting-room/{id}/", "course/<id:id>/", "course/", "a/{id}/b/c/{id}/"]
)
def test_a_url_that_is_none_of_the_tree_is_refused(url):
    with pytest.raises(ValueError, match="no URL of the tree"):
        Resource(url, sample.ActivityViewSet)


def test_check_refuses_a_serializer_that_cannot_be_compiled(monkeypatch):
    class Loud(sample.ActivitySerializer):
        def to_representation(self, instance):
            return {}

    monkeypatch.setattr("tesla_api.tree.TREE", (Resource(GOOD_URL, _viewset(serializer_class=Loud)),))
    with pytest.raises(SystemCheckError, match="E004"):
        call_command("check")
    slow = _viewset(serializer_class=Loud, fast_rows=False)
    monkeypatch.setattr("tesla_api.tree.TREE", (Resource(GOOD_URL, slow),))
    call_command("check")


def test_the_sample_tree_passes_the_check(monkeypatch):
    monkeypatch.setattr("tesla_api.tree.TREE", sample.TREE)
    call_command("check")


def test_slow_rows_are_read_by_the_plain_path(as_, world, activities, monkeypatch):
    fast = as_("admin").get(activities).content
    monkeypatch.setattr(sample.ActivityViewSet, "fast_rows", False)
    assert as_("admin").get(activities).content == fast


def test_institution_of_a_caller_is_not_read_twice(as_, world, home, django_assert_num_queries):
    admin = as_("admin")
    with django_assert_num_queries(2):  # caller, page with its count
        admin.get(f"{home}/group/")
    assert Institution.objects.count() == 2


def test_rule_that_could_show_a_row_twice_is_known():
    attending = Learner.courses.through.objects.filter(course__instructors=1).values("learner")
    assert multiplies(Learner, Q(courses__instructors=1))
    assert multiplies(Learner, Q(user=1) | ~Q(Q(user=2) & Q(courses=1)))
    assert not multiplies(Learner, Q(pk__in=attending) | Q(user__institution=1, consent__isnull=True) | Q(user_id=1))
