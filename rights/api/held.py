"""/me/held/: what is held about the caller, by kind, and which instruments are off."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from institutions.models import VLE, User
from institutions.services.named import former_uids_of
from kernel.access import grant
from kernel.caller import Role
from kernel.procedures import ProcedureView
from kernel.recording import Entry, saw
from kernel.schema import problems
from learners.queries import NO_SEND, NOTHING_PROVIDED, STATUSES, LearnerState
from rights import queries
from rights.words import ACCOUNT_KEPT


class HeldAccountSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    username = serializers.CharField()
    uid = serializers.CharField()
    former_uids = serializers.ListField(
        child=serializers.CharField(), help_text="By which learning platforms still find the person."
    )
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    email = serializers.CharField(help_text="Empty if there is none.")
    locale = serializers.CharField(allow_null=True)
    institution = serializers.CharField(allow_null=True, help_text="Its name.")
    roles = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    last_login = serializers.DateTimeField(allow_null=True)
    origin = serializers.CharField(help_text="Who made the account.")
    kept = serializers.CharField()


class NamedNeedSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="Of the institution's category.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class HeldNeedsSerializer(serializers.Serializer[Any]):
    is_send = serializers.BooleanField()
    enabled_options = serializers.ListField(child=serializers.CharField(), help_text="As instructors see them.")
    disabled_instruments = serializers.ListField(child=serializers.IntegerField())
    extra_time = serializers.IntegerField(allow_null=True, help_text="In percent.")
    allowances = serializers.ListField(child=serializers.CharField(), help_text="What else is provided.")
    categories = NamedNeedSerializer(
        many=True, allow_null=True, help_text="Null for who was sent by a VLE and can sign in otherwise."
    )


class HeldKindSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    name = serializers.CharField()
    count = serializers.IntegerField()
    oldest = serializers.DateTimeField(allow_null=True)
    newest = serializers.DateTimeField(allow_null=True)
    origin = serializers.CharField(help_text="Who put it there.")
    kept = serializers.CharField(help_text="How long.")


class InstrumentOffSerializer(serializers.Serializer[Any]):
    instrument_id = serializers.IntegerField()
    instrument = serializers.CharField()
    activity_id = serializers.IntegerField()
    activity = serializers.CharField()
    course = serializers.CharField(help_text="Its code, or number in the VLE, with the month in which it begins.")
    code = serializers.CharField(help_text="consent, activity, inactive, service, send or alternative.")
    reason = serializers.CharField(help_text="The same in words.")


class HeldSerializer(serializers.Serializer[Any]):
    account = HeldAccountSerializer()
    consent = serializers.ChoiceField(
        STATUSES, allow_null=True, help_text="The status, as of a learner; null for other people."
    )
    needs = HeldNeedsSerializer(allow_null=True)
    kinds = HeldKindSerializer(many=True)
    instruments_off = InstrumentOffSerializer(many=True)
    limited_to = serializers.CharField(
        allow_null=True, help_text="The VLE that sent the caller, if only its courses are shown."
    )


class HeldView(ProcedureView):
    root = "me"
    access = {Role.GLOBAL | Role.MEMBER: grant("get")}

    @extend_schema(operation_id="me_held", responses={200: HeldSerializer, **problems(401, 403)})
    def get(self, request, **_):
        """What is held about the caller: kinds of data with numbers, dates, their source and how long they are kept."""
        person = User.objects.select_related("institution").get(pk=self.caller.id)
        vles = VLE.objects.filter(pk__in={self.caller.vle_id, person.brought_by_vle} - {None}).in_bulk()
        state = queries.state_of(self.caller) if Role.LEARNER & self.caller.roles else None
        answer = {
            "account": self.account(person, vles.get(person.brought_by_vle or 0)),
            "consent": state and state.ic_status,
            "needs": state and self.needs(state) | {"categories": queries.needs_named(self.caller)},
            "kinds": queries.held_by_kind(self.caller),
            "instruments_off": queries.instruments_off(self.caller, state) if state else [],
            "limited_to": vles[self.caller.vle_id].name if self.caller.vle_id in vles else None,
        }
        saw(Entry("read", "me/held", person.pk, self.tenant_id, person.pk, {"rows": 1}))
        return Response(HeldSerializer(answer).data)

    def account(self, person: User, vle: VLE | None) -> dict[str, Any]:
        names = ("id", "username", "uid", "first_name", "last_name", "locale", "created_at", "last_login")
        roles = self.caller.roles | self.caller.everywhere
        return {
            **{name: getattr(person, name) for name in names},
            "former_uids": former_uids_of(person),
            "email": person.email or "",
            "institution": person.institution and person.institution.name,
            "roles": [role.name for role in Role if role & roles and role is not Role.MEMBER],
            "origin": f"The learning platform {vle.name}." if vle else "Your institution or its learning platform.",
            "kept": ACCOUNT_KEPT,
        }

    @staticmethod
    def needs(state: LearnerState) -> dict[str, Any]:
        """As the options that instructors are told."""
        send, provide = state.send or NO_SEND["send"], state.provide
        is_send = bool(send["enabled_options"] or send["disabled_instruments"] or provide)
        return {"is_send": is_send, **send, **(provide or NOTHING_PROVIDED)}
