"""Base classes of the resources under /admin/, which are only for global administrators."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Any

from rest_framework import serializers

from kernel.access import READ, WRITE, grant
from kernel.caller import Role
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


# Administrators write these bodies, often by hand: a key that is meant for another one would be passed over in silence,
# and the person be of no institution, the group a root, the switch everybody's. Keys that resemble nothing are ignored,
# as everywhere.
class MisnamedRefused(serializers.Serializer[Any]):
    def to_internal_value(self, data):
        if isinstance(data, Mapping):
            misnamed = dict(self._misnamed(data))
            if misnamed:
                text = "There is no such key to write: did you mean {}?"
                raise serializers.ValidationError({key: [text.format(meant)] for key, meant in misnamed.items()})
        return super().to_internal_value(data)

    def _misnamed(self, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """(key, the key that it was probably meant for)."""
        writable = {name for name, field in self.fields.items() if not field.read_only}
        alike = {_letters(name): name for name in writable}
        for key in islice((key for key in data if key not in writable and len(key) <= _LONGEST_KEY), _MOST_KEYS):
            if key in self.fields:  # only read: details hold it beside the key to write
                meant = f"{key}_id" if f"{key}_id" in writable else None
                if meant and meant not in data and not self._is_as_read(meant, data[key]):
                    yield key, meant
            elif short := self._shortened(key, writable):
                yield key, short
            elif close := get_close_matches(_letters(key), alike, n=1, cutoff=_ALIKE):
                yield key, alike[close[0]]

    @staticmethod
    def _shortened(key: str, writable: set[str]) -> str | None:
        """The key to write that begins like this one and ends like it: inst_id is institution_id."""
        letters = _letters(key) if _KEY_ENDING.search(key) else ""
        ids = (name for name in sorted(writable) if name.endswith("_id") and _letters(name).startswith(letters))
        return next(ids, None) if len(letters) >= _SHORTEST else None

    def _is_as_read(self, name: str, value: Any) -> bool:
        """Whether an object, as a detail shows it, is the one that the row has already; null is none."""
        stored = self.fields[name].get_attribute(self.instance) if self.instance is not None else None
        key = value.get("id") if isinstance(value, Mapping) else value
        return key == getattr(stored, "pk", None)


_ALIKE = 0.8  # a letter or two in a word of ten
_SHORTEST = 3  # letters of a name that was shortened
_LONGEST_KEY = 50
_MOST_KEYS = 100
_KEY_ENDING = re.compile(r"([-_ ][iI][dD]|(?<=[a-z])I[dD])\Z")


def _letters(key: str) -> str:
    """A name as it is compared: institutionId, Institution-ID and institution are all institution_id."""
    return re.sub(r"[\W_]", "", _KEY_ENDING.sub("", key)).lower()


class AdministrationSerializer(MisnamedRefused, NullAsOmitted, ResourceSerializer):
    pass


# Subclasses call one service each in `create_row`, `update_row` and `delete_row`.
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
        serializer.instance = self.create_row(serializer.validated_data)

    def perform_update(self, serializer):
        serializer.instance = self.update_row(serializer.instance, serializer.validated_data)

    def perform_destroy(self, instance):
        self.delete_row(instance)
