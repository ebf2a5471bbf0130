"""/vle/{vle_id}/course/{course_id}/activity/{activity_id}/instrument/{id}/"""

from django_filters import rest_framework as filters

from courses.api.activity_instrument import ActivityInstrumentViewSet
from courses.models import Activity, ActivityInstrument
from institutions.models import Instrument
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import KeyFilter
from kernel.scope import under
from kernel.serializers import ObjectField, ResourceSerializer, TenantRelatedField


class VLECourseActivityInstrumentSerializer(ResourceSerializer):
    instrument = TenantRelatedField(queryset=Instrument.objects.all(), tenant=None)
    options = ObjectField(allow_null=True)
    alternative_to = TenantRelatedField(
        queryset=ActivityInstrument.objects.all(),
        tenant=None,
        root="activity__vle",
        required=False,
        allow_null=True,
    )

    class Meta:
        model = ActivityInstrument
        fields = ("id", "instrument", "active", "options", "alternative_to", "created_at", "updated_at")
        extra_kwargs = {"active": {"required": True}}


class VLEActivityInstrumentFilter(filters.FilterSet):
    instrument_id = KeyFilter("instrument")


class VLEActivityInstrumentViewSet(ActivityInstrumentViewSet):
    root = "vle"
    serializer_class = VLECourseActivityInstrumentSerializer
    filterset_class = VLEActivityInstrumentFilter
    scope = under(Activity, rows="activity", activity_id="pk", course_id="course", vle_id="vle")
    access = {Role.VLE: grant(READ, WRITE)}
