"""/admin/user/{id}/"""

from typing import Any

from django.db.models import Q
from django_filters import rest_framework as filters

from institutions.api.shared.administration import AdministrationViewSet, MisnamedRefused, NullAsOmitted
from institutions.api.shared.users import (
    ROLES,
    SHOWN,
    BaseUserViewSet,
    InstitutionUserSerializer,
    keep_browser_session,
    own_session_id,
    values_allowed,
)
from institutions.models import Institution, User
from institutions.services import accounts, people
from kernel.filters import ColumnFilter, FoldedColumnFilter
from kernel.serializers import EVERYWHERE, BlankableCharField, Computed, TenantRelatedField

FLAGS = ("inst_admin", "send_admin", "legal_admin", "data_admin")  # in the order of ROLES
RIGHTS = ("is_staff", "is_active")


def institution_of(
    institution: int | None, acronym: str | None, uid: str, locale: str | None, *role_flags: bool
) -> dict[str, Any] | None:
    """An object, never the bare id: dashboards read the roles from it."""
    if institution is None:
        return None
    roles = [name for name, has in zip(ROLES, role_flags, strict=True) if has]
    return {"id": institution, "acronym": acronym, "uid": uid, "locale": locale, "roles": roles}


class AdminUserSerializer(MisnamedRefused, NullAsOmitted, InstitutionUserSerializer):
    """A person of any institution or of none, global administrators included."""

    uid = BlankableCharField(max_length=255)
    institution_id = TenantRelatedField(
        queryset=Institution.objects.all(), tenant=EVERYWHERE, source="institution", required=False, allow_null=True
    )
    institution = Computed(
        institution_of,
        "institution_id",
        "institution__acronym",
        "uid",
        "locale",
        *FLAGS,
        lambda me: Q(instructor__isnull=False),
        lambda me: Q(learner__isnull=False),
    )

    class Meta(InstitutionUserSerializer.Meta):
        fields: tuple[str, ...] = (*InstitutionUserSerializer.Meta.fields, *RIGHTS, "institution_id", "institution")


class AdminUserFilter(filters.FilterSet):
    id = ColumnFilter()
    username = FoldedColumnFilter()
    email = ColumnFilter("email_key", lookup_expr="icontains")


class AdminUserViewSet(AdministrationViewSet):
    queryset = User.objects.all()
    serializer_class = AdminUserSerializer
    filterset_class = AdminUserFilter
    search_fields = ("search_text",)
    asks_password = BaseUserViewSet.asks_password
    shows_people = True
    orderable = {name: name for name in ("id", "username", *SHOWN, *RIGHTS)} | {
        "institution": "institution__acronym",
        "institution_id": "institution",
    }

    def lock_first(self):
        # As the services do: a global administrator is locked together with all others, to avoid deadlocks.
        people.person_locked(person_id=self.kwargs[self.lookup_url_kwarg])

    def create_row(self, values: dict[str, Any]) -> User:
        return people.person_create(**{"institution": None} | values_allowed(self, None, values))

    def update_row(self, row: User, values: dict[str, Any]) -> User:
        changed = accounts.account_update(
            person=row,
            own=row.pk == self.caller.id,
            is_locked=True,
            session_id=own_session_id(self, row),
            **values_allowed(self, row, values),
        )
        keep_browser_session(self, changed)
        return changed

    def delete_row(self, row: User) -> None:
        accounts.account_delete(person=row, own=row.pk == self.caller.id)
