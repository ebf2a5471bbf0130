"""/provider/{provider_id}/enrolment/{learner_uuid}/sample/{id}/, and lists of those that models are made of

Lists: .../available_samples/ and .../used_samples/
"""

from rest_framework import serializers

from files.links import evidence_links
from kernel.access import grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import ResourceSerializer
from kernel.viewsets import ResourceViewSet
from learners.api.shared.providing import FileField, sample_url
from learners.models import Enrolment, EnrolmentSample, Learner
from learners.row_rules import available_sample, own_enrolment, own_sample, used_sample


class ProviderSampleSerializer(ResourceSerializer):
    """A sample of a learner whom the provider knows by a pseudonym; `data` is where the sample itself is."""

    learner_id = serializers.UUIDField(source="learner.learner_id", read_only=True)
    data = FileField(sample_url, "data_id", per_request=evidence_links)  # type: ignore[assignment] # fields leave the class

    class Meta:
        model = EnrolmentSample
        fields = ("id", "learner_id", "data")
        read_only_fields = fields


class ProviderSampleViewSet(ResourceViewSet):
    """A sample that the provider validates."""

    root = "provider"
    queryset = EnrolmentSample.objects.all()
    serializer_class = ProviderSampleSerializer
    scope = under(Learner, rows="learner", learner_uuid="learner_id", provider_id="samples__validations__provider")
    access = {Role.PROVIDER: grant("retrieve", rows=own_sample)}


class AvailableSampleViewSet(ResourceViewSet):
    """Samples that the provider found valid, and that its model does not have in it yet."""

    root = "provider"
    queryset = EnrolmentSample.objects.all()
    serializer_class = ProviderSampleSerializer
    orderable = {"id": "id"}
    scope = under(Enrolment, rows={"learner": "learner"}, learner_uuid="learner__learner_id", provider_id="provider")
    access = {Role.PROVIDER: grant("list", rows=available_sample, sees=own_enrolment)}


class UsedSampleViewSet(AvailableSampleViewSet):
    """Samples that the provider's model has in it."""

    access = {Role.PROVIDER: grant("list", rows=used_sample, sees=own_enrolment)}
