"""/api/v2/auth/approle"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from institutions.models import VLE, Provider
from institutions.services.unanswered import longest_task
from kernel.caller import CallerKind
from kernel.http.address import client_address
from kernel.schema import problems
from kernel.serializers import BodySerializer
from pipeline.accounts import url_for_provider
from signin import tokens
from signin.api.auth import OpenView, PairSerializer
from signin.models import CallerSession
from signin.services import Refused
from signin.services.modules import module_sign_in


class ApproleSerializer(BodySerializer):
    role_id = serializers.CharField(max_length=255)
    secret_id = serializers.CharField(max_length=255, trim_whitespace=False)


class OwnVLESerializer(serializers.ModelSerializer[VLE]):
    """The VLE for itself. `lti` is stored without its secret."""

    class Meta:
        model = VLE
        fields = ("id", "name", "type", "url", "lti", "client_id", "institution", "created_at", "updated_at")
        read_only_fields = fields


class OwnProviderSerializer(serializers.ModelSerializer[Provider]):
    alert_below = serializers.FloatField(read_only=True, allow_null=True)
    warning_below = serializers.FloatField(read_only=True, allow_null=True)

    class Meta:
        model = Provider
        fields = (
            "id", "instrument", "name", "acronym", "description", "url", "version", "queue", "enabled",
            "allow_validation", "validation_active", "alert_below", "warning_below", "inverted_polarity", "image",
            "has_service", "service_port", "options_schema", "options", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class ModuleSerializer(serializers.Serializer[Any]):
    module = serializers.CharField(help_text="`vle_001`, `provider_001`")
    description = serializers.CharField(allow_null=True)
    config = serializers.DictField(child=serializers.CharField())
    apps = serializers.ListField(child=serializers.CharField())
    services = serializers.DictField(child=serializers.CharField())
    domain = serializers.CharField()


class SignedInVLESerializer(ModuleSerializer):
    vle_name = serializers.CharField()
    vle_id = serializers.IntegerField()
    vle_url = serializers.CharField(allow_null=True)
    institution_acronym = serializers.CharField()
    institution_id = serializers.IntegerField()
    type = serializers.ChoiceField([CallerKind.VLE.value])
    pk = serializers.IntegerField()
    vle = OwnVLESerializer()
    token = PairSerializer()


class ProviderConfigSerializer(serializers.Serializer[Any]):
    """Workers pass it to Celery, which reads the keys that begin with CELERY_."""

    TESLA_DOMAIN = serializers.CharField()
    CELERY_BROKER_URL = serializers.CharField(required=False, help_text="Not there if the service tells none.")
    CELERY_TASK_ACKS_LATE = serializers.BooleanField()
    CELERY_BROKER_TRANSPORT_OPTIONS = serializers.DictField(
        child=serializers.IntegerField(),
        required=False,
        help_text="With Redis: after how many seconds it gives a message that nobody has confirmed to another worker.",
    )


class SignedInProviderSerializer(ModuleSerializer):
    config = ProviderConfigSerializer()  # type: ignore[assignment]
    provider_name = serializers.CharField()
    provider_id = serializers.IntegerField()
    provider_acronym = serializers.CharField()
    provider_queue = serializers.CharField()
    instrument_id = serializers.IntegerField(allow_null=True)
    type = serializers.ChoiceField([CallerKind.PROVIDER.value])
    pk = serializers.IntegerField()
    provider = OwnProviderSerializer()
    token = PairSerializer()


class ApproleView(OpenView):
    @extend_schema(
        operation_id="auth_approle",
        request=ApproleSerializer,
        responses={
            200: PolymorphicProxySerializer(
                component_name="SignedInModule",
                serializers={"vle": SignedInVLESerializer, "provider": SignedInProviderSerializer},
                resource_type_field_name="type",
            ),
            **problems(400, 413, 415, 429),
            401: OpenApiResponse(OpenApiTypes.STR, "No live credentials: a text, not an object."),
        },
    )
    def post(self, request):
        """Sign in as a VLE or a provider, with the role and the secret that were issued for it."""
        body = ApproleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            session = module_sign_in(**body.validated_data, address=client_address(request))
        except Refused as error:
            return self.refused(str(error))
        domain = urlsplit(request.build_absolute_uri("/")).netloc  # the host of PUBLIC_URL if that is set
        return Response(_signed_in(session, domain))


def _signed_in(session: CallerSession, domain: str) -> dict[str, Any]:
    credential: Any = session.credential
    values = _vle(credential.vle, domain) if credential.vle else _provider(credential.provider, domain)
    return values | {"token": tokens.pair(session)}


def _vle(vle: VLE, domain: str) -> dict[str, Any]:
    return {
        **_module("vle", vle.pk, vle.name, domain),
        "vle_name": vle.name,
        "vle_id": vle.pk,
        "vle_url": vle.url,
        "institution_acronym": vle.institution.acronym,
        "institution_id": vle.institution_id,
        "type": "vle",
        "pk": vle.pk,
        "vle": OwnVLESerializer(vle).data,
    }


def _provider(provider: Provider, domain: str) -> dict[str, Any]:
    values = _module("provider", provider.pk, provider.description, domain)
    # The broker keeps a message until its task has ended: what a worker was doing when it was killed is not lost.
    # Not CELERY_TASK_REJECT_ON_WORKER_LOST: a sample that ends each process of a pool would come again for ever. The
    # message of such a process is sent again, with pauses and an end: see unanswered.py.
    values["config"]["CELERY_TASK_ACKS_LATE"] = True
    if broker := url_for_provider(provider.queue):
        values["config"]["CELERY_BROKER_URL"] = broker
    if (broker or settings.BROKER_URL).startswith("redis"):
        # Of all providers on one Redis the shortest time holds for all: each is told the same.
        seconds = int(longest_task().total_seconds())
        values["config"]["CELERY_BROKER_TRANSPORT_OPTIONS"] = {"visibility_timeout": seconds}
    return {
        **values,
        "provider_name": provider.name,
        "provider_id": provider.pk,
        "provider_acronym": provider.acronym,
        "provider_queue": provider.queue,
        "instrument_id": provider.instrument_id,
        "type": "provider",
        "pk": provider.pk,
        "provider": OwnProviderSerializer(provider).data,
    }


def _module(kind: str, pk: int, description: str | None, domain: str) -> dict[str, Any]:
    return {
        "module": f"{kind}_{pk:03d}",
        "description": description,
        "config": {"TESLA_DOMAIN": domain},
        "apps": [],
        "services": {},
        "domain": domain,
    }
