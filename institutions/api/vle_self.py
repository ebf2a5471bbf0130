"""/vle/{vle_id}/"""

from typing import Literal

from institutions.api.institution import InstitutionSerializer
from institutions.models import VLE, VLEType
from institutions.row_rules import own
from kernel.access import grant
from kernel.caller import Role
from kernel.scope import Scope
from kernel.serializers import Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet

VLETypeName = Literal["MOODLE"]


def type_name(number: int) -> VLETypeName:
    return VLEType(number).label  # type: ignore[return-value] # its labels are these names


class VLESelfSerializer(ResourceSerializer):
    type = Computed(type_name, "type")
    institution = InstitutionSerializer(read_only=True)

    class Meta:
        model = VLE
        fields = ("id", "name", "type", "url", "client_id", "institution")


class VLESelfViewSet(ResourceViewSet):
    """What a VLE reads of itself. There is no list: no VLE sees another."""

    root = "vle"
    queryset = VLE.objects.all()
    serializer_class = VLESelfSerializer
    lookup_url_kwarg = "vle_id"
    scope = Scope(root_kwarg="vle_id")
    access = {Role.VLE: grant("retrieve", rows=own)}
