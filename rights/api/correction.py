"""/me/correction/{id}/: the caller asks that the own account be corrected, and reads the answer."""

from rest_framework import serializers

from kernel.access import READ, grant
from kernel.caller import Role
from kernel.serializers import ResourceSerializer
from kernel.viewsets import ResourceViewSet
from rights.models import Correction
from rights.row_rules import own_corrections
from rights.services import corrections

LONGEST = 10_000  # letters


def is_sent(vle: int | None) -> bool:
    return vle is not None


class OwnCorrectionSerializer(ResourceSerializer):
    field = serializers.ChoiceField(Correction.Field.choices)
    wanted = serializers.CharField(max_length=255, help_text="What it should be.")
    reason = serializers.CharField(max_length=LONGEST, style={"base_template": "textarea.html"})
    state = serializers.ChoiceField(Correction.State.choices, read_only=True)

    class Meta:
        model = Correction
        fields = (
            "id", "field", "before", "wanted", "reason", "state", "answer", "decided_at", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = ("before", "answer", "decided_at")

    def validate(self, attrs):
        """The service looks whether it is asked for already, under its lock: that is no wrong value of the body."""
        return attrs


class OwnCorrectionViewSet(ResourceViewSet):
    root = "me"
    queryset = Correction.objects.all()
    serializer_class = OwnCorrectionSerializer
    search_fields = ("wanted", "reason", "answer")
    orderable = {name: name for name in ("id", "field", "state", "created_at")}
    conflicts = True
    access = {Role.MEMBER: grant(READ, "create", "destroy", rows=own_corrections)}

    def perform_create(self, serializer):
        serializer.instance = corrections.correction_create(
            person_id=self.caller.id, sent_by=self.caller.sent_by, **serializer.validated_data
        )

    def perform_destroy(self, instance):
        corrections.correction_withdraw(correction=instance)
