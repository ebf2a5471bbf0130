"""What the tree does not need yet, or only when something goes wrong, and the kernel promises all the same."""

import sys
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import IntegrityError
from django.http import Http404
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.views import APIView

from courses.api.group import GroupViewSet
from courses.models import CourseGroup
from files.models import Kind
from files.services import file_store, objects_erase_unknown, store, store_failures
from institutions.models import Institution, Instrument, User
from institutions.services import institutions
from kernel import errors
from kernel.browsable.differences import _text
from kernel.browsable.navigation import trail
from kernel.browsable.renderer import BrowsableRenderer, action_docstring, problems, serializer_of
from kernel.caller import Anyone, Caller, CallerKind, Nobody
from kernel.constraints import violated_fields
from kernel.domain import Conflict, DomainError, Unknown
from kernel.filters import _cleaning, _ordered
from kernel.http.browser import _hash_replaced
from kernel.http.parsers import rewind
from kernel.http.renderers import JSONRenderer
from kernel.serializers import ResourceSerializer, TenantRelatedField
from reports.models import Request
from rights.services.corrections import correction_create
from rights.services.withdrawing import consent_withdraw
from signin.api.auth import LogoutView
from tests.kernel import sample


def test_decimals_and_lazy_texts_become_text():
    assert JSONRenderer().render({"a": Decimal("1.50"), "b": gettext_lazy("yes")}) == b'{"a":"1.50","b":"yes"}'


def test_callers_have_a_key_and_nobody_a_name():
    assert Caller(CallerKind.PERSON, 7).pk == 7
    assert (str(Nobody()), Nobody().pk) == ("anonymous", None)


def test_shared_rows_need_no_institution(world):
    field = TenantRelatedField(queryset=Instrument.objects.all())
    assert field.get_queryset().count() == 5
    assert TenantRelatedField(queryset=Institution.objects.all()).get_queryset().count() == 0  # outside a view


def test_many_to_many_values_are_no_columns(world):
    ann = world.people["ann"].learner
    row = Request.objects.create(institution=world.home.institution, learner=ann, activity=world.home.activity)
    serializer = sample.RequestSerializer(row)
    assert serializer.validate({"instruments": [1], "status": 1}) == {"instruments": [1], "status": 1}


def test_the_schema_asks_no_rows(db):
    view = sample.GroupViewSet()
    view.swagger_fake_view = True
    assert not view.get_queryset().exists()


def test_refusals_of_other_shapes_are_told():
    assert problems(["Wrong."]) == ["Wrong."]
    assert problems("Wrong.") == []
    assert problems({"non_field_errors": ["Both."]}) == ["Both."]


class Body(serializers.Serializer):
    note = serializers.CharField(read_only=True)


class Actions(APIView):
    action = "undeclared"
    request = None
    kwargs = {}
    action_map = {"delete": "undeclared"}

    def undeclared(self):
        """Do it."""

    @extend_schema(request={"application/json": {"type": "object"}})
    def declared_otherwise(self):
        """Do that."""


def test_an_action_without_a_declared_body_has_no_form():
    described = Actions()
    described.action = "declared_otherwise"
    assert serializer_of(Actions(), "POST") is serializer_of(described, "POST") is None
    assert (action_docstring(Actions(), "delete"), action_docstring(Actions(), "post")) == ("Do it.", "")
    assert BrowsableRenderer().html_of(Body(), {}) == ""


def test_a_trail_skips_what_is_no_resource(db):
    assert list(trail("/admin/login/")) == []


def test_a_row_that_may_be_read_and_not_changed_has_no_form(as_, world):
    url = f"/api/v2/institution/{world.home.institution.pk}/user/{world.people['ann'].pk}/"
    page = as_("legal").get(url, HTTP_ACCEPT="text/html")
    assert page.status_code == 200
    assert "Change (PUT)" not in page.content.decode()
    assert "Change (PUT)" in as_("admin").get(url, HTTP_ACCEPT="text/html").content.decode()


def test_a_store_that_renames_keeps_nothing(world, monkeypatch):
    kept = type(store()).save
    monkeypatch.setattr(type(store()), "save", lambda self, name, content: kept(self, name, content) + ".other")
    with pytest.raises(ValueError, match="another name"):
        file_store(
            institution=world.home.institution, owner=None, kind=Kind.SESSION, media_type="a/b", content=[b"x"],
            extension="bin",
        )  # fmt: skip


def test_an_object_that_goes_meanwhile_is_nobodys_business(world, monkeypatch):
    key = f"1/session/{'0' * 8}-0000-0000-0000-{'0' * 12}.bin"
    store().save(key, ContentFile(b"x"))

    def gone(self, name):
        raise FileNotFoundError(name)

    monkeypatch.setattr(type(store()), "get_modified_time", gone)
    assert objects_erase_unknown(older_than=timedelta()) == (0, 0)


def test_an_institution_in_use_is_not_deleted(world, monkeypatch):
    with pytest.raises(Conflict, match="it still has"):
        institutions.institution_delete(institution=world.home.institution)
    monkeypatch.setattr(institutions, "institution_obstacles", lambda institution: [])
    with pytest.raises(Conflict, match="it is in use"):
        institutions.institution_delete(institution=world.home.institution)


@pytest.mark.parametrize(
    "call",
    [
        lambda: institutions.institution_delete(institution=Institution(pk=999_999)),
        lambda: consent_withdraw(learner_id=999_999, models="keep", evidence="keep"),
        lambda: correction_create(person_id=999_999, field="uid", wanted="x", reason="x", sent_by=None),
    ],
)
def test_what_was_deleted_after_the_request_was_let_in_is_unknown(call, db):
    """The answer is 404, as of one that comes a moment later."""
    with pytest.raises(Unknown):
        call()


def test_an_action_without_a_body_is_sent_as_an_empty_object(as_, world, monkeypatch):
    monkeypatch.setattr("kernel.browsable.renderer.serializer_of", lambda view, method, **values: None)
    url = f"/api/v2/institution/{world.home.institution.pk}/vle/"
    page = as_("admin").get(url, HTTP_ACCEPT="text/html")
    assert page.status_code == 200
    assert "{}" in page.content.decode()


def test_commands_print_rows_and_forget_sessions(db):
    out = StringIO()
    call_command("rows", stdout=out)
    assert "def build(rows" in out.getvalue()
    call_command("forget_sessions", days=1, stdout=out)
    assert out.getvalue().endswith("0 rows deleted\n")


def test_what_is_no_row_is_changed_by_right_alone():
    assert BrowsableRenderer().is_changeable(LogoutView(), None)


def test_refusals_of_another_kind_are_not_translated():
    class Unheard(DomainError):
        pass

    assert isinstance(errors._translate(Unheard("x"), None), Unheard)


def test_a_list_needs_all_that_ties_its_rows_to_the_parent():
    with pytest.raises(TypeError, match="it would find rows of everywhere"):
        GroupViewSet.scoped({}, [], Anyone(1, 1), 1)


def test_instants_are_read_in_one_way():
    class Dated(ResourceSerializer):
        created_at = serializers.DateTimeField()

        class Meta:
            model = CourseGroup
            fields = ("created_at",)

    with pytest.raises(ImproperlyConfigured, match="must be a MomentField"):
        Dated().fields  # noqa: B018 - creates the fields


def test_a_row_that_may_be_changed_but_not_read_has_no_state(as_, world, monkeypatch):
    def unreadable(self, **lookup):
        raise Http404

    monkeypatch.setattr(GroupViewSet, "read_one", unreadable)
    url = f"/api/v2/institution/{world.home.institution.pk}/group/{world.home.group.pk}/"
    answer = as_("admin").patch(url, {"name": "New"}, format="json", HTTP_IF_MATCH='"0"')
    assert (answer.status_code, "ETag" in answer) == (412, False)


def test_files_of_a_repeated_request_are_read_from_their_start(rf):
    request = rf.post("/", {"file": ContentFile(b"text", "a.txt")})
    file = request.FILES["file"]
    assert file.read() == b"text"
    rewind(request)
    assert file.read() == b"text"


def test_a_columns_own_index_names_the_column(db):
    error = IntegrityError("UNIQUE constraint failed: index 'institutions_institution_acronym_1a2b_uniq'")
    assert violated_fields(error) == {"acronym"}


def test_a_filter_with_a_method_is_cleaned_as_one_line():
    assert _cleaning(CourseGroup, "no_column")("a\tb") == "a b"


def test_lists_and_objects_are_compared_as_json():
    assert [_text(value) for value in (None, True, [1, {"b": 2, "a": None}], 7)] == [
        "-", "yes", '[1,{"a":null,"b":2}]', "7",
    ]  # fmt: skip


def test_a_browsers_session_whose_hash_is_right_keeps_its_key(db):
    session = SessionStore()
    session["_auth_user_hash"] = "x"
    session.save()
    key = session.session_key
    _hash_replaced(session, "x")
    assert session.session_key == key
    _hash_replaced(session, "y")
    assert session.session_key != key


def test_what_fails_of_a_store_of_files(monkeypatch):
    monkeypatch.delitem(sys.modules, "botocore", raising=False)
    assert store_failures() == (OSError,)


def test_where_there_may_be_nulls_they_are_last():
    """An index is used where nothing is said of nulls."""
    names = ("uid", "last_login", "institution__name", "an_annotation")
    assert [_ordered(User, name, downwards=False).nulls_last for name in names] == [None, True, True, True]
