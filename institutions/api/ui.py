"""/institution/{parent_lookup_institution_id}/ui/{id}/"""

from institutions.api.shared.administration import MisnamedRefused
from institutions.models import Institution, UIOption, User
from institutions.services import routes
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import Computed, ResourceSerializer, TenantRelatedField
from kernel.viewsets import ResourceViewSet


def is_global(institution_id: int | None) -> bool:
    return institution_id is None


class InstitutionUIOptionSerializer(MisnamedRefused, ResourceSerializer):
    user = TenantRelatedField(queryset=User.objects.all(), required=False, allow_null=True)
    is_global = Computed(is_global, "institution_id")

    class Meta:
        model = UIOption
        fields = ("id", "route", "enabled", "roles", "user", "is_global")
        read_only_fields = ("roles",)


class UIOptionViewSet(ResourceViewSet):
    """The institution's own rows can be changed; the global ones are there to be read."""

    queryset = UIOption.objects.all()
    serializer_class = InstitutionUIOptionSerializer
    search_fields = ("route",)
    orderable = {name: name for name in ("id", "route", "enabled", "roles", "user")}
    scope = under(Institution, rows="institution", with_shared_rows=True, parent_lookup_institution_id="pk")
    access = {Role.GLOBAL: grant(READ), Role.ADMIN: grant(READ, WRITE)}

    def perform_create(self, serializer):
        serializer.instance = routes.ui_option_create(institution=self.parent, **serializer.validated_data)

    def perform_update(self, serializer):
        routes.ui_option_update(option=serializer.instance, **serializer.validated_data)
