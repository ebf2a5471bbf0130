"""/institution/{parent_lookup_learner__institution_id}/learner/{parent_lookup_learner_id}/decision/{id}/

What a learner has decided about informed consents, and about which texts: "what did I agree to?"
"""

from typing import TypedDict

from rest_framework import serializers

from files.links import consent_pdf_links
from institutions.api.document import pdf_url
from institutions.row_rules import own
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from learners.models import ConsentDecision, DecidedText, Learner


class SignInVLE(TypedDict):
    id: int
    name: str


def vle_of(vle_id: int | None, name: str) -> SignInVLE | None:
    return None if vle_id is None else SignInVLE(id=vle_id, name=name)


class DecidedTextSerializer(ResourceSerializer):
    sha256 = serializers.CharField(source="text.sha256", read_only=True)

    class Meta:
        model = DecidedText
        fields: tuple[str, ...] = ("language", "sha256", "inferred")
        order = "language"


class WholeDecidedTextSerializer(DecidedTextSerializer):
    html = serializers.CharField(source="text.html", read_only=True, allow_null=True)
    pdf = Computed(pdf_url, "text__pdf_id", "language", per_request=consent_pdf_links)

    class Meta(DecidedTextSerializer.Meta):
        fields = (*DecidedTextSerializer.Meta.fields, "html", "pdf")


class ConsentDecisionSerializer(ResourceSerializer):
    vle = Computed(vle_of, "vle_id", "vle_name")
    address = serializers.CharField(read_only=True, allow_null=True)
    texts = DecidedTextSerializer(many=True, read_only=True)

    class Meta:
        model = ConsentDecision
        fields = (
            "id", "decision", "version", "language", "language_named", "at", "address", "signed_in", "vle", "texts",
        )  # fmt: skip


class WholeConsentDecisionSerializer(ConsentDecisionSerializer):
    """With the texts themselves, as they were kept at the decision."""

    texts = WholeDecidedTextSerializer(many=True, read_only=True)


class LearnerDecisionViewSet(ResourceViewSet):
    queryset = ConsentDecision.objects.all()
    serializer_class = ConsentDecisionSerializer
    detail_serializer_class = WholeConsentDecisionSerializer
    search_fields = ("version",)
    orderable = {name: name for name in ("id", "decision", "version", "language", "at", "signed_in")}
    shows_people = True
    scope = under(
        Learner,
        rows="owner",
        tenant="institution",
        parent_lookup_learner_id="pk",
        parent_lookup_learner__institution_id="institution",
    )
    access = {
        Role.ADMIN | Role.LEGAL | Role.DATA: grant(READ),
        Role.LEARNER: grant(READ, parent=own),
    }
