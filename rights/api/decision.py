"""/me/decision/{id}/: what the caller has decided about consents, with the very texts."""

from kernel.access import READ, grant
from kernel.caller import Role
from kernel.viewsets import ResourceViewSet
from learners.api.learner_decision import ConsentDecisionSerializer, WholeConsentDecisionSerializer
from learners.models import ConsentDecision
from rights.row_rules import own_decisions


class OwnDecisionViewSet(ResourceViewSet):
    root = "me"
    queryset = ConsentDecision.objects.all()
    serializer_class = ConsentDecisionSerializer
    detail_serializer_class = WholeConsentDecisionSerializer
    search_fields = ("version",)
    orderable = {name: name for name in ("id", "decision", "version", "language", "at", "signed_in")}
    shows_people = True
    access = {Role.LEARNER: grant(READ, rows=own_decisions)}
