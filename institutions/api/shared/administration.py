"""Base classes of the resources under /admin/: only for global administrators, with a record of every change."""

from collections.abc import Mapping
from copy import copy
from typing import Any

from django.db.models import Model
from rest_framework import serializers

from institutions.services.administration import Action, Administrator, change_record, changes_between
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.http.address import client_address
from kernel.serializers import ResourceSerializer
from kernel.viewsets import ResourceViewSet


# Dashboards send null for form fields that were not changed. Where null is not allowed, it counts as omitted.
class NullAsOmitted(serializers.Serializer[Any]):
    def to_internal_value(self, data):
        if isinstance(data, Mapping):
            optional = {
                name
                for name, field in self.fields.items()
                if not (field.required or field.allow_null or field.read_only)
            }
            if any(data.get(name, "") is None for name in optional):  # only in JSON: forms have no null
                data = {name: value for name, value in data.items() if value is not None or name not in optional}
        return super().to_internal_value(data)


class AdministrationSerializer(NullAsOmitted, ResourceSerializer):
    pass


# Subclasses call one service each in `create_row`, `update_row` and `delete_row`; the change is recorded in the same
# transaction.
class AdministrationViewSet(ResourceViewSet):
    root = "admin"
    conflicts = True
    access = {Role.GLOBAL: grant(READ, WRITE)}

    def create_row(self, values: dict[str, Any]) -> Any:
        """The new row."""
        raise NotImplementedError

    def update_row(self, row: Any, values: dict[str, Any]) -> Any:
        """The changed row."""
        raise NotImplementedError

    def delete_row(self, row: Any) -> None:
        raise NotImplementedError

    def perform_create(self, serializer):
        values = serializer.validated_data
        row = serializer.instance = self.create_row(values)
        self.record(Action.CREATE, row, changes_between(type(row)(), row, values))

    def perform_update(self, serializer):
        values, before = serializer.validated_data, copy(serializer.instance)
        after = self.update_row(serializer.instance, values)
        changes = changes_between(before, after, values)
        if changes:
            self.record(Action.UPDATE, after, changes)

    def perform_destroy(self, instance):
        deleted = copy(instance)  # delete() sets the primary key to None
        self.delete_row(instance)
        self.record(Action.DELETE, deleted)

    def record(self, action: str, row: Model, changes: dict[str, Any] | None = None, resource: str = "") -> None:
        """`resource` names another resource than this one, when its row was deleted together with this one's."""
        change_record(
            by=Administrator(self.caller.kind.value, self.caller.id, client_address(self.request)),
            action=action,
            resource=resource or self.basename.rpartition("-")[2],
            row=row,
            changes=changes or {},
        )
