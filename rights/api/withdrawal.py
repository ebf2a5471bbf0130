"""/me/withdrawal/: what withdrawing the consent will do, and withdrawing it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from institutions.models import OnWithdrawal
from kernel.access import grant
from kernel.caller import Role
from kernel.http.address import client_address
from kernel.procedures import ProcedureView
from kernel.recording import Entry, saw
from kernel.schema import problems
from kernel.serializers import BodySerializer
from learners.queries import IC_STATUSES
from rights.services.withdrawing import consent_withdraw, withdrawal_told
from signin.services.sessions import signed_in


class EffectSerializer(serializers.Serializer[Any]):
    policy = serializers.ChoiceField(OnWithdrawal.choices)
    text = serializers.CharField(help_text="The same in words.")
    reason = serializers.CharField(help_text="The institution's.")


class WithdrawnSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    models = serializers.ChoiceField(OnWithdrawal.choices)
    evidence = serializers.ChoiceField(OnWithdrawal.choices)
    models_erased_at = serializers.DateTimeField(allow_null=True)
    evidence_erased_at = serializers.DateTimeField(allow_null=True)
    waits_for = serializers.ListField(
        child=serializers.CharField(), help_text="Why what is to be erased is still there. Nobody opens it meanwhile."
    )


class WithdrawalSerializer(serializers.Serializer[Any]):
    consent = serializers.ChoiceField([*IC_STATUSES.items()], help_text="The status, as of a learner.")
    may_withdraw = serializers.BooleanField()
    models = EffectSerializer(help_text="What becomes of the enrolment when the consent is withdrawn now.")
    evidence = EffectSerializer(help_text="What becomes of the evidence of reports.")
    kept_because = serializers.ListField(
        child=serializers.CharField(), help_text="Why nothing is erased now, only restricted; empty: nothing keeps it."
    )
    last = WithdrawnSerializer(allow_null=True, help_text="Of a consent that is withdrawn.")


class WithdrawalBodySerializer(BodySerializer):
    models = serializers.ChoiceField(OnWithdrawal.choices, help_text="As it was read.")
    evidence = serializers.ChoiceField(OnWithdrawal.choices, help_text="As it was read.")


class WithdrawalView(ProcedureView):
    root = "me"
    access = {Role.LEARNER: grant("get", "post")}

    @extend_schema(operation_id="me_withdrawal", responses={200: WithdrawalSerializer, **problems(401, 403)})
    def get(self, request, **_):
        """What withdrawing the consent will do with models and evidence, and what it has done."""
        told = withdrawal_told(self.caller.id, is_sent=self.caller.sent_by is not None)
        saw(Entry("read", "me/withdrawal", self.caller.id, self.tenant_id, self.caller.id, {"rows": 1}))
        return Response(WithdrawalSerializer(told).data)

    @extend_schema(
        operation_id="me_withdrawal_create",
        request=WithdrawalBodySerializer,
        responses={200: WithdrawalSerializer, **problems(400, 401, 403, 404, 409, 413, 415)},
    )
    def post(self, request, **_):
        """Withdraw the consent, with these effects: captures stop at once."""
        body = self.body(WithdrawalBodySerializer)
        by = signed_in(self.caller)
        consent_withdraw(learner_id=self.caller.id, address=client_address(request), by=by, **body)
        return Response(WithdrawalSerializer(withdrawal_told(self.caller.id, is_sent=by.vle_id is not None)).data)
