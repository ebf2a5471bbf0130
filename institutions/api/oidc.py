"""/institution/{parent_lookup_institution_id}/oidc/{id}/"""

from rest_framework import serializers

from institutions.api.shared.people import refuse_sent
from institutions.models import Institution, OIDCConnection
from institutions.services import oidc
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import ResourceSerializer
from kernel.viewsets import ResourceViewSet

SETS = "sets the identity provider"  # who could let in whomever they like
SHOWN = ("issuer", "client_id", "match", "claim", "everybody", "enabled", "created_at", "updated_at")


class OIDCConnectionSerializer(ResourceSerializer):
    client_secret = serializers.CharField(
        max_length=1024, required=False, write_only=True, style={"input_type": "password"},
        help_text="Only written; left out, it stays. It must be sent with a new connection, and with another issuer.",
    )  # fmt: skip

    class Meta:
        model = OIDCConnection
        fields = ("id", "client_secret", *SHOWN)


class OIDCConnectionViewSet(ResourceViewSet):
    queryset = OIDCConnection.objects.all()
    serializer_class = OIDCConnectionSerializer
    search_fields = ("issuer",)
    lock_for_delete = ("institution",)
    orderable = {name: name for name in ("id", *SHOWN)}
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.GLOBAL | Role.ADMIN: grant(READ, WRITE)}

    def perform_create(self, serializer):
        refuse_sent(self, SETS)
        serializer.instance = oidc.connection_create(institution=self.parent, **serializer.validated_data)

    def perform_update(self, serializer):
        refuse_sent(self, SETS)
        oidc.connection_update(connection=serializer.instance, **serializer.validated_data)

    def perform_destroy(self, instance):
        refuse_sent(self, SETS)
        oidc.connection_delete(connection=instance)
