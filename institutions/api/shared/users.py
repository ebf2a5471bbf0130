"""/institution/{parent_lookup_institution_id}/user/{id}/ and its profile/, without activities/.

The tree mounts courses.api.user.UserViewSet, which extends BaseUserViewSet by `activities`: institutions must not
import courses.
"""

from typing import Any

from django.db.models import Q
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from institutions.api.shared.people import changeable, refuse_launched, refuse_sent
from institutions.models import Institution, User
from institutions.row_rules import own
from institutions.services import passwords, people
from institutions.services.named import former_uid_delete, former_uids_of
from institutions.services.person_values import is_same
from kernel.access import READ, UPDATE, WRITE, grant
from kernel.caller import Role
from kernel.changes import values_of
from kernel.domain import Forbidden
from kernel.filters import ColumnFilter, FoldedColumnFilter, FoldedFilter, IdentifierFilter
from kernel.http.address import client_address
from kernel.http.browser import browser_session_keep
from kernel.scope import under
from kernel.serializers import (
    BlankableCharField,
    BlankableEmailField,
    BodySerializer,
    IdentifierField,
    LocaleField,
    ResourceSerializer,
    SwitchField,
)
from kernel.viewsets import ResourceViewSet
from kernel.writes import one_transaction

SHOWN = (
    "last_login", "first_name", "last_name", "uid", "email", "locale", "created_at", "updated_at", "inst_admin",
    "legal_admin", "send_admin", "data_admin", "login_allowed",
)  # fmt: skip
OWN_NAMES = frozenset({"first_name", "last_name"})  # which people may change where the institution lets them
ROLES = {
    "ADMIN": Q(inst_admin=True),
    "SEND": Q(send_admin=True),
    "LEGAL": Q(legal_admin=True),
    "DATA": Q(data_admin=True),
    "INSTRUCTOR": Q(instructor__isnull=False),
    "LEARNER": Q(learner__isnull=False),
}


NOT_BY_PASSWORD = "You have signed in through your institution. Sign in with your password to change that."  # noqa: S105


def password_field(**more: Any) -> serializers.CharField:
    return serializers.CharField(
        max_length=128, required=False, allow_null=True, write_only=True, trim_whitespace=False,
        style={"input_type": "password"}, **more,
    )  # fmt: skip


def with_one_password(attrs: dict[str, Any]) -> dict[str, Any]:
    """Replace the two passwords by one, or by none when both are null. ValidationError when they differ."""
    password, again = attrs.pop("password", None), attrs.pop("password2", None)
    if password != again:
        raise serializers.ValidationError({"password2": ["The two passwords differ."]})
    return attrs if password is None else attrs | {"password": password}


class InstitutionUserSerializer(ResourceSerializer):
    """`login_allowed` follows the documented keys."""

    password = password_field()
    password2 = password_field()
    current_password = password_field(help_text="The present one, to change the own password or e-mail.")
    first_name = BlankableCharField(max_length=150)
    last_name = BlankableCharField(max_length=150)
    uid: serializers.CharField = IdentifierField(max_length=255)
    email = BlankableEmailField()
    locale = LocaleField()
    inst_admin = SwitchField()
    legal_admin = SwitchField()
    send_admin = SwitchField()
    data_admin = SwitchField()
    login_allowed = SwitchField(help_text="May sign in with e-mail and password.")

    class Meta:
        model = User
        fields: tuple[str, ...] = ("id", "username", "password", "password2", "current_password", *SHOWN)
        read_only_fields = ("last_login",)
        # The service validates it; as a pattern in the schema it would be wrong: \w is ASCII there.
        extra_kwargs: dict[str, dict[str, Any]] = {"username": {"validators": []}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Only compares the two passwords: services/people.py validates all other values."""
        return with_one_password(attrs)


class OwnProfileSerializer(BodySerializer):
    """What people change of themselves: the language, or the password, said twice, with the present one."""

    locale = LocaleField()
    password = password_field()
    password2 = password_field()
    current_password = password_field(help_text="The present one.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return with_one_password(attrs)


class FormerUidsSerializer(serializers.Serializer[Any]):
    former_uids = serializers.ListField(
        child=serializers.CharField(), help_text="In the form in which uids are compared: in lower case."
    )


class UserFilter(filters.FilterSet):
    id = ColumnFilter()
    username = FoldedColumnFilter()
    email = ColumnFilter("email_key", lookup_expr="icontains")
    first_name = FoldedFilter(lookup_expr="folded_contains")
    last_name = FoldedFilter(lookup_expr="folded_contains")
    uid = IdentifierFilter("uid_key", lookup_expr="icontains")
    roles = filters.MultipleChoiceFilter(choices=[(name, name) for name in ROLES], method="with_roles")

    def with_roles(self, queryset, name: str, value: list[str]):
        any_role = Q()
        for role in value:
            any_role |= ROLES[role]
        return queryset.filter(any_role)


def own_session_id(view: ResourceViewSet, person: User) -> int | None:
    """The caller's session, if it is the caller's own password that may change."""
    return view.caller.session_id if person.pk == view.caller.id else None


def keep_browser_session(view: ResourceViewSet, person: User) -> None:
    """After people have changed their own password in a browser: its session goes on, see `own_session_id`."""
    if person.pk == view.caller.id:
        browser_session_keep(view.request, person)


def values_allowed(
    view: ResourceViewSet, person: User | None, values: dict[str, Any], may: frozenset[str] | None = None
) -> dict[str, Any]:
    """The values of a body without the present password, which a new one and another e-mail of the own account need.

    The address is as good as the password: a link to set one goes there. Raises Forbidden for what `refuse_launched`
    refuses. Who came through the institution's identity provider cannot change these of the own account: whoever finds
    that browser could guess the present password. An address that is not among what the caller `may` change (None: all)
    is left to the service, which refuses it.
    """
    given = values.pop("current_password", None)
    refuse_launched(view, person, values)
    if person is None or person.pk != view.caller.id:
        return values
    moves = (may is None or "email" in may) and "email" in values and not is_same(person.email, values["email"])
    if "password" in values or moves:
        if view.caller.signed_in:
            raise Forbidden(NOT_BY_PASSWORD)
        passwords.refuse_unproven(
            person=person, given=given, address=client_address(view.request), session_id=view.caller.session_id
        )
    return values


OF_UIDS = ("former_uids", "former_uid_delete")


class BaseUserViewSet(ResourceViewSet):
    queryset = User.objects.all()
    serializer_class = InstitutionUserSerializer
    filterset_class = UserFilter
    search_fields = ("search_text",)
    orderable = {name: name for name in ("id", "username", *SHOWN)}
    shows_people = True
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    conflicts = True
    # The present password is asked for a new one, and wrong ones are counted.
    asks_password = frozenset({"update", "partial_update", "profile"})
    access = {
        Role.GLOBAL | Role.LEGAL: grant(READ),
        Role.ADMIN: grant(READ, WRITE, *OF_UIDS),
        Role.DATA: grant(READ, UPDATE, "destroy"),
        Role.MEMBER: grant(READ, UPDATE, "profile", rows=own),
    }

    def perform_create(self, serializer):
        values = values_allowed(self, None, serializer.validated_data)
        serializer.instance = people.person_create(institution=self.parent, **values)

    def perform_update(self, serializer):
        person = serializer.instance
        may = changeable(self, person, self.own_values(person))
        values = values_allowed(self, person, serializer.validated_data, may)
        session_id = own_session_id(self, person)
        changed = people.person_update(person=person, may=may, is_locked=True, session_id=session_id, **values)
        keep_browser_session(self, changed)

    @extend_schema(responses=FormerUidsSerializer)
    @action(detail=True, filter_backends=[])
    def former_uids(self, request, **_):
        """By which VLEs, imports and lists of participants still find the person."""
        person = self.get_object()
        self.seen({"id": person.pk})
        return Response({"former_uids": former_uids_of(person)})

    @extend_schema(
        parameters=[OpenApiParameter("uid", str, required=True, description="The one that is to mean nobody.")],
        responses={204: None},
    )
    @former_uids.mapping.delete
    def former_uid_delete(self, request, **_):
        """A former uid means the person no more: VLEs and imports that send it make somebody new."""
        refuse_sent(self, "decides whom uids mean")
        person = self.get_object()
        with one_transaction():
            former_uid_delete(person=person, uid=request.query_params.get("uid", ""))
            self.recorded("erase", person)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def own_values(self, person: User) -> frozenset[str]:
        """Values that people may change of themselves."""
        if person.pk != self.caller.id:
            return frozenset()
        own = {"locale", "password"} if self.caller.login_allowed else {"locale"}
        return frozenset(own | OWN_NAMES if self.caller.institution.allow_own_names else own)

    def perform_destroy(self, instance):
        changeable(self, instance)
        if instance.pk == self.caller.id:
            raise Forbidden("Nobody can delete the own account.")
        people.person_delete(person=instance)

    @extend_schema(request=OwnProfileSerializer, responses=InstitutionUserSerializer)
    @action(detail=True, methods=["post"])
    def profile(self, request, **_):
        """The own language, or the own password with the present one as `current_password`.

        The session at hand goes on, all others end with the old password.
        """
        person = self.get_object()
        may = self.own_values(person)
        changeable(self, person, may)
        values = values_allowed(self, person, self.body(OwnProfileSerializer))
        with one_transaction():
            before = values_of(person)
            changed = people.person_update(person=person, may=may, session_id=own_session_id(self, person), **values)
            self.recorded("update", changed, before)
        keep_browser_session(self, changed)
        return Response(self.read_one(pk=person.pk))
