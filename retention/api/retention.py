"""/institution/{parent_lookup_institution_id}/retention/{kind}/"""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from institutions.models import Institution
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import ResourceSerializer
from kernel.viewsets import ResourceViewSet
from kernel.writes import save_values
from retention.models import Kind, Period


class RetentionPeriodSerializer(ResourceSerializer):
    """The kind names the row: it is given once."""

    class Meta:
        model = Period
        fields = ("id", "kind", "days", "created_at", "updated_at")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Whoever sets a period must not hide a deed by it: the trail is kept for a least time."""
        kind = self.instance.kind if self.instance is not None else attrs["kind"]
        least = settings.TRAIL_LEAST_DAYS
        if kind == Kind.TRAIL and attrs.get("days", least) < least:
            raise serializers.ValidationError({"days": f"The trail is kept for at least {least} days."})
        return super().validate(attrs)

    def validate_kind(self, value: Any) -> Any:
        if self.instance is not None and value != self.instance.kind:
            raise serializers.ValidationError("The kind of a period does not change.")
        return value


class RetentionPeriodViewSet(ResourceViewSet):
    queryset = Period.objects.all()
    serializer_class = RetentionPeriodSerializer
    lookup_field = lookup_url_kwarg = "kind"
    lookup_value_converter = "slug"
    orderable = {name: name for name in RetentionPeriodSerializer.Meta.fields}
    search_fields = ("kind",)
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.ADMIN: grant(READ), Role.DATA: grant(READ, WRITE)}

    def perform_update(self, serializer):
        save_values(serializer.instance, serializer.validated_data)
