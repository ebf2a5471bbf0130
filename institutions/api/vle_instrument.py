"""/vle/{vle_id}/instrument/{id}/"""

from institutions.api.instrument import InstrumentViewSet
from institutions.models import VLE
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.scope import shared


class VLEInstrumentViewSet(InstrumentViewSet):
    root = "vle"
    scope = shared(VLE, vle_id="pk")
    access = {Role.VLE: grant(READ)}
