"""/institution/{…activity__vle__institution_id}/course/{…course_id}/activity/{…activity_id}/instrument/{id}/"""

from typing import Any

import orjson

from courses.models import Activity, ActivityInstrument
from courses.row_rules import attended, taught
from courses.services import activities
from institutions.api.instrument import InstrumentSerializer
from institutions.models import Instrument
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import Computed, ObjectField, ResourceSerializer, TenantRelatedField
from kernel.viewsets import ResourceViewSet


def as_text(schema: Any) -> str | None:
    """JSON in a string: what clients expect of the schema here, other than in the list of instruments."""
    return None if schema is None else orjson.dumps(schema).decode()


class InstitutionCourseActivityInstrumentInfoSerializer(InstrumentSerializer):
    options_schema = Computed(as_text, "options_schema")

    class Meta:
        model = Instrument
        fields = (
            "id", "name", "acronym", "queue", "enabled", "requires_enrolment", "description", "identity", "originality",
            "authorship", "integrity", "options_schema", "created_at", "updated_at",
        )  # fmt: skip


class InstitutionCourseActivityInstrumentSerializer(ResourceSerializer):
    options = ObjectField(required=False, allow_null=True)
    instrument = InstitutionCourseActivityInstrumentInfoSerializer(read_only=True)
    instrument_id = TenantRelatedField(source="instrument", queryset=Instrument.objects.all(), tenant=None)
    alternative_to = TenantRelatedField(
        queryset=ActivityInstrument.objects.all(), tenant="activity__institution", required=False, allow_null=True
    )

    class Meta:
        model = ActivityInstrument
        fields = (
            "id", "options", "instrument", "instrument_id", "active", "created_at", "updated_at", "alternative_to",
        )  # fmt: skip
        extra_kwargs = {"active": {"required": True}}


class ActivityInstrumentViewSet(ResourceViewSet):
    queryset = ActivityInstrument.objects.all()
    serializer_class: type[ResourceSerializer] = InstitutionCourseActivityInstrumentSerializer
    search_fields = ("instrument__search_text",)
    orderable = {
        name: name for name in ("id", "options", "instrument", "active", "created_at", "updated_at", "alternative_to")
    }
    scope = under(
        Activity,
        rows="activity",
        parent_lookup_activity_id="pk",
        parent_lookup_activity__course_id="course",
        parent_lookup_activity__vle__institution_id="institution",
    )
    access = {
        Role.GLOBAL | Role.DATA: grant(READ),
        Role.ADMIN: grant(READ, WRITE),
        Role.INSTRUCTOR: grant(READ, WRITE, parent=taught("course__")),
        Role.LEARNER: grant(READ, parent=attended("course__")),
    }

    def lock_first(self):
        activities.activity_locked(activity=self.parent)  # before the row: as whoever deletes an activity does

    def perform_create(self, serializer):
        serializer.instance = activities.activity_instrument_create(
            activity=self.parent, by_id=self.caller.person_id, **serializer.validated_data
        )

    def perform_update(self, serializer):
        activities.activity_instrument_update(
            row=serializer.instance, by_id=self.caller.person_id, **serializer.validated_data
        )

    def perform_destroy(self, instance):
        activities.activity_instrument_delete(activity=self.parent, row=instance, by_id=self.caller.person_id)
