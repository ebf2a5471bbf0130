"""The answer of /api/v2/auth/profile: serializers for the schema, and the values."""

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
    """The values of ProfileSerializer. A global administrator gets all institutions.

    `login_allowed` tells dashboards whether the caller has a password to change; otherwise they hide that form.
    """
    person = User.objects.select_related("learner").get(pk=caller.id)
    caller_roles = caller.roles_in(caller.institution_id)
    roles = [name for role, name in ROLE_NAMES.items() if role in caller_roles]
    institution = caller.institution
    institutions = Institution.objects.order_by("pk").values("id", "acronym") if Role.GLOBAL in caller_roles else []
    if institution is not None and Role.GLOBAL not in caller_roles:
        institutions = [{"id": institution.pk, "acronym": institution.acronym}]
    learner = getattr(person, "learner", None)
    own_institution = institution and {
        "id": institution.pk,
        "acronym": institution.acronym,
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
        "is_admin": Role.GLOBAL in caller_roles,
        "full_name": person.full_name,
        "uid": person.uid,
        "locale": person.locale,
        "institution": own_institution,
        "institutions": list(institutions),
        "roles": roles,
        "routes": routes_of(roles=roles, institution_id=caller.institution_id, user_id=caller.id),
        "login_allowed": caller.login_allowed or Role.GLOBAL in caller_roles,
    }
