"""What the resources under /admin/ have in common: global administrators alone, and a record of every change."""

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


# Dashboards send null for a control that nobody touched. Where null is no value, it is as if it had been left out.
class Untouched(serializers.Serializer[Any]):
    def to_internal_value(self, data):
        if isinstance(data, Mapping):
            optional = {
                name
                for name, field in self.fields.items()
                if not (field.required or field.allow_null or field.read_only)
            }
            if any(data.get(name, "") is None for name in optional):  # never in a form, which has no null
                data = {name: value for name, value in data.items() if value is not None or name not in optional}
        return super().to_internal_value(data)


class AdministrationSerializer(Untouched, ResourceSerializer):
    pass


# `made`, `changed` and `removed` call one service each; what they did is recorded in the same transaction.
class AdministrationViewSet(ResourceViewSet):
    root = "admin"
    conflicts = True
    access = {Role.GLOBAL: grant(READ, WRITE)}

    def made(self, values: dict[str, Any]) -> Any:
        """The new row."""
        raise NotImplementedError

    def changed(self, row: Any, values: dict[str, Any]) -> Any:
        """The row as stored now."""
        raise NotImplementedError

    def removed(self, row: Any) -> None:
        raise NotImplementedError

    def perform_create(self, serializer):
        given = serializer.validated_data
        row = serializer.instance = self.made(given)
        self.record(Action.CREATE, row, changes_between(type(row)(), row, given))

    def perform_update(self, serializer):
        given, before = serializer.validated_data, copy(serializer.instance)
        after = self.changed(serializer.instance, given)
        changes = changes_between(before, after, given)
        if changes:
            self.record(Action.UPDATE, after, changes)

    def perform_destroy(self, instance):
        gone = copy(instance)  # a deleted row forgets its key
        self.removed(instance)
        self.record(Action.DELETE, gone)

    def record(self, action: str, row: Model, changes: dict[str, Any] | None = None, resource: str = "") -> None:
        """`resource` is this one, unless something else went with its row."""
        change_record(
            by=Administrator(self.caller.kind.value, self.caller.id, client_address(self.request)),
            action=action,
            resource=resource or self.basename.rpartition("-")[2],
            row=row,
            changes=changes or {},
        )
