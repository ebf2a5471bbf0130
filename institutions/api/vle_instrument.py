"""/vle/{vle_id}/instrument/{id}/"""

from institutions.api.instrument import InstrumentViewSet
from institutions.models import VLE
from tesla_api.api.access import READ, grant
from tesla_api.api.caller import Role
from tesla_api.api.scope import shared


class VLEInstrumentViewSet(InstrumentViewSet):
    root = "vle"
    scope = shared(VLE, vle_id="pk")
    access = {Role.VLE: grant(READ)}
