"""/me/erasure/{id}/: the caller asks to have all that is held erased, and reads what became of it."""

from typing import Any, TypedDict

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from institutions.models import VLE
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.recording import Entry, saw
from kernel.schema import problems
from kernel.serializers import Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from rights.api.hold import LONGEST
from rights.models import Erasure
from rights.row_rules import own_erasures
from rights.services import erasures
from rights.words import KEPT_BECAUSE


class Going(TypedDict):
    what: str
    number: int


class Kept(TypedDict):
    what: str
    why: str


class Preview(TypedDict):
    goes: list[Going]  # what is erased, and how much of it
    limited_to: str | None
    keeps: list[Kept]
    waits_for: list[str]  # what must be over before


class GoingSerializer(serializers.Serializer[Any]):
    what = serializers.CharField()
    number = serializers.IntegerField()


class KeptSerializer(serializers.Serializer[Any]):
    what = serializers.CharField()
    why = serializers.CharField()


class ErasurePreviewSerializer(serializers.Serializer[Any]):
    goes = GoingSerializer(many=True, help_text="What is erased, and how much of it.")
    limited_to = serializers.CharField(
        allow_null=True, help_text="The VLE that sent the caller, if only what belongs to its courses is counted."
    )
    keeps = KeptSerializer(many=True, help_text="What is kept, and why.")
    waits_for = serializers.ListField(child=serializers.CharField(), help_text="What must be over before.")


def preview_of(person_id: int, vle_id: int | None = None, *, is_own: bool = False) -> Preview:
    found = erasures.erasure_preview(person_id, vle_id, is_own=is_own)
    return Preview(
        goes=[Going(what=what, number=number) for what, number in found.goes],
        limited_to=VLE.objects.filter(pk=vle_id).values_list("name", flat=True).first() if vle_id else None,
        keeps=[Kept(what=what, why=why) for what, why in found.keeps],
        waits_for=[KEPT_BECAUSE[code] for code in found.waits_for],
    )


def kept_told(kept: list[list[str]]) -> list[Kept]:
    return [Kept(what=pair[0], why=pair[1]) for pair in kept if isinstance(pair, list) and len(pair) == 2]


def percent_done(total: int, left: int, state: str) -> int:
    if state == Erasure.State.DONE:
        return 100
    return 100 * (total - min(left, total)) // total if total else 0


class OwnErasureSerializer(ResourceSerializer):
    reason = serializers.CharField(
        max_length=LONGEST, required=False, allow_blank=True, style={"base_template": "textarea.html"}
    )
    progress = Computed(percent_done, "total", "left", "state", help_text="Percent.")
    kept = Computed(kept_told, "kept", help_text="What is kept and why, once it is carried out.")

    class Meta:
        model = Erasure
        fields = (
            "id", "is_own", "reason", "state", "answer", "progress", "kept", "decided_at", "finished_at", "created_at",
            "updated_at",
        )  # fmt: skip
        read_only_fields = ("is_own", "state", "answer", "decided_at", "finished_at")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The service looks whether another one is open, under its lock: that is no wrong value of the body."""
        return attrs


class OwnErasureViewSet(ResourceViewSet):
    root = "me"
    queryset = Erasure.objects.all()
    serializer_class = OwnErasureSerializer
    search_fields = ("reason", "answer")
    orderable = {name: name for name in ("id", "state", "created_at")}
    shows_people = True
    conflicts = True
    access = {Role.LEARNER: grant(READ, "create", "preview", "withdraw", rows=own_erasures)}

    def perform_create(self, serializer):
        reason = serializer.validated_data.get("reason", "")
        serializer.instance = erasures.erasure_ask(
            learner_id=self.caller.id, reason=reason, sent_by=self.caller.sent_by
        )

    @extend_schema(responses={200: ErasurePreviewSerializer})
    @action(detail=False)
    def preview(self, request, **_):
        """What would be erased and what is kept, before one asks for it."""
        saw(Entry("read", "me/erasure/preview", self.caller.id, self.tenant_id, self.caller.id, {"rows": 1}))
        return Response(preview_of(self.caller.id, self.caller.vle_id, is_own=True))

    @extend_schema(request=None, responses={200: OwnErasureSerializer, **problems(404, 409)})
    @action(detail=True, methods=["post"])
    def withdraw(self, request, **_):
        """Give it up, before it is decided."""
        with erasures.one_transaction():
            saved = erasures.erasure_withdraw(erasure=self.get_object())
            self.recorded("withdraw", saved)
        return Response(self.read_one(pk=saved.pk))
