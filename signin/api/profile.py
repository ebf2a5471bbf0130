"""What /api/v2/auth/profile answers."""

from typing import Any

from rest_framework import serializers

from institutions.models import Institution, User
from institutions.services.routes import routes_of
from kernel.caller import Caller, Role

ROLE_NAMES = {
    Role.GLOBAL: "GLOBAL_ADMIN",
    Role.ADMIN: "ADMIN",
    Role.SEND: "SEND",
    Role.LEGAL: "LEGAL",
    Role.DATA: "DATA",
    Role.INSTRUCTOR: "INSTRUCTOR",
    Role.LEARNER: "LEARNER",
}


class ProfileInstitutionSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    acronym = serializers.CharField()
    uid = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    locale = serializers.CharField(allow_null=True)
    learner_id = serializers.UUIDField(allow_null=True)


class InstitutionNameSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    acronym = serializers.CharField()


class ProfileSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    username = serializers.CharField()
    email = serializers.CharField()
    is_admin = serializers.BooleanField()
    full_name = serializers.CharField()
    uid = serializers.CharField()
    locale = serializers.CharField(allow_null=True)
    institution = ProfileInstitutionSerializer(allow_null=True)
    institutions = InstitutionNameSerializer(many=True)
    roles = serializers.ListField(child=serializers.CharField())
    routes = serializers.ListField(child=serializers.CharField())
    login_allowed = serializers.BooleanField()


def profile(caller: Caller) -> dict[str, Any]:
    """The caller as ProfileSerializer describes it. A global administrator is shown every institution.

    `login_allowed` says whether there is a password that this caller may change: dashboards hide the form otherwise.
    """
    person = User.objects.select_related("learner").get(pk=caller.id)
    held = caller.roles_in(caller.institution_id)
    roles = [name for role, name in ROLE_NAMES.items() if role in held]
    own = caller.institution
    institutions = Institution.objects.order_by("pk").values("id", "acronym") if Role.GLOBAL in held else []
    if own is not None and Role.GLOBAL not in held:
        institutions = [{"id": own.pk, "acronym": own.acronym}]
    learner = getattr(person, "learner", None)
    home = own and {
        "id": own.pk,
        "acronym": own.acronym,
        "uid": person.uid,
        "roles": roles,
        "locale": person.locale,
        "learner_id": learner and learner.learner_id,
    }
    return {
        "id": person.pk,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "username": person.username,
        "email": person.email or "",
        "is_admin": Role.GLOBAL in held,
        "full_name": person.full_name,
        "uid": person.uid,
        "locale": person.locale,
        "institution": home,
        "institutions": list(institutions),
        "roles": roles,
        "routes": routes_of(roles=roles, institution_id=caller.institution_id, user_id=caller.id),
        "login_allowed": caller.login_allowed or Role.GLOBAL in held,
    }
