"""/provider/{provider_id}/notification/{id}/"""

from institutions.models import Provider, ProviderNotification
from institutions.services.notifications import notification_put
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import MomentField, ObjectField, ResourceSerializer
from kernel.viewsets import ResourceViewSet


class ProviderNotificationSerializer(ResourceSerializer):
    when = MomentField(help_text="Without a zone it is in UTC.")
    info = ObjectField(required=False, allow_null=True)

    class Meta:
        model = ProviderNotification
        fields = ("id", "key", "when", "info", "created_at", "updated_at")
        read_only_fields = ("created_at", "updated_at")


class ProviderNotificationViewSet(ResourceViewSet):
    """Reminders that a provider sets itself. One with the key of another replaces its time; their `info` is merged."""

    root = "provider"
    queryset = ProviderNotification.objects.all()
    serializer_class = ProviderNotificationSerializer
    ordering = ("when", "pk")
    orderable = {name: name for name in ("id", "key", "when", "created_at", "updated_at")}
    scope = under(Provider, rows="provider", provider_id="pk")
    access = {Role.PROVIDER: grant(READ, "create", "destroy")}

    def perform_create(self, serializer):
        serializer.instance = notification_put(provider_id=self.caller.id, **serializer.validated_data)
