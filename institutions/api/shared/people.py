"""Shared by users, instructors and learners: serializer fields, and which values of a person a caller may change."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from institutions.models import User
from institutions.services import people
from institutions.services.named import person_named
from institutions.services.oidc import is_admitted, is_found_by
from institutions.services.person_values import FLAGS, is_guarded, is_same
from kernel.caller import CallerKind, Role
from kernel.domain import Forbidden
from kernel.serializers import BlankableCharField, IdentifierField, LocaleField, ResourceSerializer
from kernel.text import identifier_key
from kernel.viewsets import ResourceViewSet

CORRECTABLE = frozenset({"first_name", "last_name", "locale"})  # may be changed by data administrators
_NAMES = frozenset({"email", "uid", "username"})  # by which an identity provider may name people
OF_SIGN_IN = ("login_allowed", "is_active", "is_staff", *FLAGS)  # decide who may sign in, and as what


# A role (instructor or learner) with the values of its person, which services/people.py validates.
class RoleSerializer(ResourceSerializer):
    id = serializers.IntegerField(source="user_id", read_only=True)
    username = serializers.CharField(source="user.username", read_only=True)
    last_login = serializers.DateTimeField(source="user.last_login", read_only=True, allow_null=True)
    first_name = BlankableCharField(source="user.first_name", max_length=150)
    last_name = BlankableCharField(source="user.last_name", max_length=150)
    locale = LocaleField(source="user.locale")
    created_at = serializers.DateTimeField(source="user.created_at", read_only=True)
    updated_at = serializers.DateTimeField(source="user.updated_at", read_only=True)
    uid = IdentifierField(source="user.uid", max_length=255)
    inst_admin = serializers.BooleanField(source="user.inst_admin", required=False)
    legal_admin = serializers.BooleanField(source="user.legal_admin", required=False)
    send_admin = serializers.BooleanField(source="user.send_admin", required=False)
    data_admin = serializers.BooleanField(source="user.data_admin", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs.get("user", {})


def changeable(view: ResourceViewSet, person: User, own: frozenset[str] = frozenset()) -> frozenset[str] | None:
    """The names of the values that the caller may change of this person, including `own`; None means all of them.

    Raises Forbidden if there are none, and for the account of a global administrator.
    """
    roles = view.roles
    if person.is_staff:
        raise Forbidden("The account of a global administrator cannot be changed here.")
    if Role.ADMIN in roles:
        return None
    names = own | (CORRECTABLE if Role.DATA in roles and not person.has_flag else frozenset())
    if not names:
        raise Forbidden("Only an institution administrator may change a person who holds a flag.")
    return names


def refuse_sent(view: ResourceViewSet, does: str) -> None:
    """Forbidden for a session that a VLE has opened."""
    if view.caller.kind is CallerKind.LAUNCHED:
        raise Forbidden(f"After coming from a VLE nobody {does}: sign in with your password.")


def refuse_launched(view: ResourceViewSet, person: User | None, values: Mapping[str, Any]) -> None:
    """Forbidden for a session that a VLE has opened, where the values change who may sign in, as what, or how.

    A link to set a password goes to the e-mail address, and an identity provider names people by it, by the uid or by
    the username: whoever has the VLE's secret would keep what a session gives.
    """
    if "password" in values:
        refuse_sent(view, "sets passwords")
    if any(values[name] != getattr(person, name, False) for name in values.keys() & {*OF_SIGN_IN}):
        refuse_sent(view, "changes rights")
    if person is None or view.caller.kind is not CallerKind.LAUNCHED:
        return
    changed = {name for name in values.keys() & _NAMES if not is_same(getattr(person, name), values[name])}
    if "email" in changed and (is_guarded(person) or is_found_by(person, {"email"})):
        refuse_sent(view, "changes addresses that people sign in with")
    names = changed - {"email"}
    if names and (is_admitted(person) or is_found_by(person, names)):
        refuse_sent(view, "changes names that people sign in with")


# Base of the resources of instructors and learners: writes go to the person who has the role.
class RoleViewSet(ResourceViewSet):
    role: str
    conflicts = True

    lock_before = ("user",)  # the same order as in the services, so that two changes of one person do not deadlock

    def perform_update(self, serializer):
        person, values = serializer.instance.user, serializer.validated_data
        may = changeable(self, person)
        refuse_launched(self, person, values)
        if person.pk == self.caller.id and "email" in values and not is_same(person.email, values["email"]):
            raise Forbidden("Change your own address in your account: it needs your password.")
        people.person_update(person=person, may=may, is_locked=True, **values)

    def refuse_new(self, values: Mapping[str, Any]) -> None:
        """Forbidden where the new role would bring the person what `refuse_launched` refuses."""
        if self.caller.kind is CallerKind.LAUNCHED:
            home: Any = self.tenant_id
            key = person_named(home, identifier_key(values["uid"]))
            person = User.objects.filter(institution=home, pk=key).first()
            refuse_launched(self, person, {name: value for name, value in values.items() if name != "uid"})

    def perform_destroy(self, instance):
        changeable(self, instance.user)
        people.role_delete(person=instance.user, role=self.role, is_locked=True)
