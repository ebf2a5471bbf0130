"""/institution/{parent_lookup_institution_id}/deletion/{id}/ and its preview/"""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from institutions.models import Institution
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.schema import problems
from kernel.scope import under
from kernel.serializers import BodySerializer, Computed, MomentField, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from retention.models import Deletion
from retention.services import bulk

HIGHEST = 2**63 - 1


def numbers(value: Any) -> dict[str, int]:
    return {word: number for word, number in value.items() if isinstance(number, int)}


class ChosenSerializer(BodySerializer):
    """Of a course, or of the courses of a group and of all groups below it; before an instant; or both."""

    course = serializers.IntegerField(
        source="course_id", min_value=1, max_value=HIGHEST, required=False, allow_null=True
    )
    group = serializers.IntegerField(source="group_id", min_value=1, max_value=HIGHEST, required=False, allow_null=True)
    before = MomentField(required=False, allow_null=True, help_text="What was last changed before this instant.")


class DeletionPreviewSerializer(serializers.Serializer[Any]):
    expected = serializers.DictField(child=serializers.IntegerField(), help_text="Rows that go, by kind.")
    held = serializers.DictField(child=serializers.IntegerField(), help_text="Rows that are held back, by reason.")
    state = serializers.CharField(help_text="Of all of it: the deletion wants it.")


class DeletionSerializer(ResourceSerializer):
    course = serializers.IntegerField(
        source="course_id", min_value=1, max_value=HIGHEST, required=False, allow_null=True
    )
    group = serializers.IntegerField(source="group_id", min_value=1, max_value=HIGHEST, required=False, allow_null=True)
    before = MomentField(required=False, allow_null=True, help_text="What was last changed before this instant.")
    state = serializers.CharField(write_only=True, max_length=64, help_text="Of the preview: 412 if it is another now.")
    status = serializers.ChoiceField(Deletion.Status.choices, read_only=True)
    expected = Computed(numbers, "expected", help_text="Rows by kind, as in the preview.")
    held = Computed(numbers, "held", help_text="Rows that were held back then, by reason.")
    deleted = Computed(numbers, "deleted", help_text="Rows deleted so far, by kind.")

    class Meta:
        model = Deletion
        fields = (
            "id", "course", "group", "before", "state", "status", "expected", "held", "deleted", "files", "asked_by_id",
            "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = ("id", "files", "asked_by_id", "created_at", "updated_at")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        state = attrs.pop("state")  # no column
        return super().validate(attrs) | {"state": state}


@extend_schema_view(create=extend_schema(responses={201: DeletionSerializer, **problems(412)}))
class DeletionViewSet(ResourceViewSet):
    queryset = Deletion.objects.all()
    serializer_class = DeletionSerializer
    search_fields = ("status",)
    orderable = {name: name for name in ("id", "status", "before", "files", "created_at", "updated_at")}
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.ADMIN | Role.DATA: grant(READ, "create", "preview")}

    @extend_schema(request=ChosenSerializer, responses={200: DeletionPreviewSerializer, **problems(400)})
    @action(detail=False, methods=["post"])
    def preview(self, request, **_):
        """What a deletion would delete and what it would leave, in numbers by kind; nothing changes."""
        found = bulk.preview(institution=self.tenant, **self.body(ChosenSerializer))
        return Response({"expected": found.expected, "held": found.held, "state": found.state})

    def perform_create(self, serializer):
        serializer.instance = bulk.deletion_begin(
            institution=self.tenant, by_id=self.caller.id, **serializer.validated_data
        )
