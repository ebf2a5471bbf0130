"""/institution/{parent_lookup_institution_id}/learner/{id}/, its enrolment/ and its ic/"""

import re
from typing import Any

from django.db.models import Q
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty
from rest_framework.response import Response
from rest_framework.utils import html

from institutions.api.institution import InstitutionSerializer
from institutions.api.shared.people import RoleSerializer, RoleViewSet
from institutions.models import InformedConsent, Institution
from institutions.row_rules import own
from institutions.services import people
from institutions.services.consents import Version, consent_current, consent_status
from kernel.access import READ, UPDATE, WRITE, grant
from kernel.caller import Caller, Role
from kernel.filters import ColumnFilter, FoldedFilter, IdentifierFilter, TenantFilter
from kernel.http.address import client_address
from kernel.schema import problems
from kernel.scope import under
from kernel.serializers import Batch, BodySerializer, Computed, NewEmailField, ResourceSerializer
from kernel.text import accepted_languages, validate_language
from learners import queries, services
from learners.api.learner_send import LearnerSENDViewSet
from learners.api.shared import legacy
from learners.models import Learner, SENDCategory
from signin.services.sessions import signed_in

VERSION = ("major", "minor", "patch", "valid_from")
OF_PERSON = (
    "username", "last_login", "email", "login_allowed", "first_name", "last_name", "locale", "created_at",
    "updated_at", "uid", "inst_admin", "legal_admin", "send_admin", "data_admin",
)  # fmt: skip
OF_ROLE = ("institution", "consent", "consent_accepted", "consent_rejected", "learner_id", "joined_at")


def current_consent(view) -> Version | None:
    return consent_current(view.tenant_id)


def consent_policy(view) -> tuple[bool, Version | None]:
    return view.tenant.external_ic, view.per_request(current_consent)


class InstitutionLearnerConsentSerializer(ResourceSerializer):
    status = Computed(consent_status, *VERSION, per_request=current_consent)

    class Meta:
        model = InformedConsent
        fields = ("version", "status")


class InstitutionLearnerSerializer(RoleSerializer):
    institution = InstitutionSerializer(read_only=True)
    consent = InstitutionLearnerConsentSerializer(read_only=True, allow_null=True)
    send = Batch(queries.send_summaries, missing=queries.NO_SEND)
    email = NewEmailField(source="user.email", required=True)
    ic_status = Computed(
        queries.ic_status, "consent_rejected", *(f"consent__{column}" for column in VERSION), per_request=consent_policy
    )
    login_allowed = serializers.BooleanField(source="user.login_allowed", read_only=True)

    class Meta:
        model = Learner
        fields: tuple[str, ...] = (
            "id", "institution", "username", "consent", "consent_accepted", "consent_rejected", "learner_id",
            "last_login", "send", "email", "ic_status", "login_allowed", "first_name", "last_name", "locale",
            "created_at", "updated_at", "uid", "inst_admin", "legal_admin", "send_admin", "data_admin", "joined_at",
        )  # fmt: skip
        read_only_fields = ("consent_accepted", "consent_rejected")


def _policy_of(filter_: filters.Filter) -> tuple[bool, Version | None]:
    return consent_policy(filter_.parent.request.parser_context["view"])


class ICStatusFilter(filters.MultipleChoiceFilter):
    """Learners whose consent has this status now; several are united."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, choices=[*queries.IC_STATUSES.items()], **kwargs)

    def filter(self, queryset, value):
        if not value:
            return queryset
        return queryset.filter(queries.has_one_of(value, _policy_of(self)))


class ICValidFilter(filters.ChoiceFilter):
    """true: learners of whom data may be captured, as their consent is valid now. false: all others."""

    def __init__(self, *args, **kwargs):
        super().__init__(
            *args, choices=[("true", "data may be captured"), ("false", "no data may be captured")], **kwargs
        )

    def filter(self, queryset, value):
        if not value:
            return queryset
        valid = queries.may_be_captured(_policy_of(self))
        return queryset.filter(valid if value == "true" else ~valid)


class ConsentFilter(filters.FilterSet):
    """Filters by the consent of the listed learners."""

    ic_status = ICStatusFilter()
    ic_valid = ICValidFilter()


def reads_all_needs(caller: Caller, tenant_id: int | None) -> bool:
    """Whether the caller's roles read which special needs all learners have."""
    roles = caller.roles_in(tenant_id)
    return any(
        grant.rows is grant.parent is grant.sees is None
        for granted, grant in LearnerSENDViewSet.access.items()
        if granted & roles and "list" in grant.actions and (grant.when is None or grant.when(caller))
    )


def refuse_unless_needs_are_read(filter_: filters.Filter, name: str) -> None:
    """To whom such a filter would tell more than the rows do."""
    view = filter_.parent.request.parser_context["view"]
    if not reads_all_needs(view.caller, view.tenant_id):
        raise ValidationError({name: ["You may not read who has a special need."]})


class SENDFilter(TenantFilter):
    """Learners who have this special need now."""

    def __init__(self, *args, **kwargs):
        help_text = "Id of a category of special needs: learners who have it now. For who reads these of all learners."
        super().__init__(*args, queryset=SENDCategory.objects.all(), help_text=help_text, **kwargs)

    def filter(self, queryset, value):
        if value is None:
            return queryset
        refuse_unless_needs_are_read(self, "send")
        return super().filter(queries.with_active_sends(queryset), value)


class AnySENDFilter(filters.BooleanFilter):
    """Learners who have any special need now, or none."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, help_text="Any special need now. For who reads these of all learners.", **kwargs)

    def filter(self, queryset, value):
        if value is None:
            return queryset
        refuse_unless_needs_are_read(self, "is_send")
        return queryset.filter(queries.have_needs() if value else ~queries.have_needs())


class LearnerFilter(ConsentFilter):
    id = ColumnFilter("user__id")
    username = ColumnFilter("user__username")
    email = ColumnFilter("user__email")
    uid = IdentifierFilter("user__uid")
    first_name = FoldedFilter("user__first_name")
    last_name = FoldedFilter("user__last_name")
    send = SENDFilter("active_sends__category")
    is_send = AnySENDFilter()


class VersionSerializer(BodySerializer):
    version = serializers.CharField(max_length=250)

    def get_value(self, dictionary):
        """A form sends all its fields: a blank one counts as missing."""
        value = super().get_value(dictionary)
        blank = html.is_html_input(dictionary) and value is not empty and not value.get("version")
        return empty if blank else value


class ConsentAcceptanceSerializer(BodySerializer):
    """`{"version": "1.0.0"}`, or the version where the learner's object has it: `{"consent": {"version": "1.0.0"}}`."""

    version = serializers.CharField(max_length=250, required=False)
    consent = VersionSerializer(required=False, allow_null=True)
    language = serializers.CharField(
        max_length=30, required=False, allow_null=True, validators=[validate_language],
        help_text="Of the document that was shown. Without it: the best match of Accept-Language.",
    )  # fmt: skip
    sha256 = serializers.RegexField(
        r"\A[0-9A-Fa-f]{64}\Z", required=False, allow_null=True,
        help_text="`sha256` of the document that was shown: refused if its text has been changed meanwhile.",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        version = attrs.get("version") or (attrs.get("consent") or {}).get("version")
        if version is None:
            raise ValidationError({"version": ["This field is required."]})
        return {"version": version, "language": attrs.get("language"), "sha256": attrs.get("sha256")}


class InstitutionLearnerEnrolmentSerializer(InstitutionLearnerSerializer):
    """The learner, and what the instruments have learnt so far."""

    enrolment_status = Batch(queries.enrolment_status)

    class Meta(InstitutionLearnerSerializer.Meta):
        fields = (*InstitutionLearnerSerializer.Meta.fields, "enrolment_status")


class MissingEnrolmentsSerializer(serializers.Serializer[Any]):
    """What the learner lacks for an activity; `instruments` by id, each as in `enrolment_status`."""

    missing_enrolments = serializers.BooleanField()
    instruments = serializers.DictField(child=serializers.DictField())
    activity_id = serializers.IntegerField()
    learner_id = serializers.IntegerField()


def taught(me):
    attending = Learner.courses.through._default_manager.filter(course__instructors=me.id)
    if me.vle_id is not None:
        attending = attending.filter(course__vle=me.vle_id)
    return Q(pk__in=attending.values("learner"))


class LearnerViewSet(RoleViewSet):
    queryset = Learner.objects.all()
    serializer_class = InstitutionLearnerSerializer
    filterset_class = LearnerFilter
    search_fields = ("user__search_text", "user__id")
    orderable = {"id": "pk", **{name: name for name in OF_ROLE}, **{name: f"user__{name}" for name in OF_PERSON}}
    shows_people = True
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    role = people.LEARNER
    tagged_actions = frozenset({"enrolment"})
    access = {
        Role.GLOBAL | Role.SEND: grant(READ),
        Role.ADMIN: grant(READ, WRITE, "enrolment"),
        Role.LEGAL: grant(READ, "enrolment"),
        Role.DATA: grant(READ, UPDATE, "destroy", "enrolment", "enrolment_erase"),
        Role.INSTRUCTOR: grant(READ, "enrolment", rows=taught),
        Role.LEARNER: grant(READ, "enrolment", "ic", "ic_reject", rows=own),
        Role.MEMBER: grant("enrolment", rows=own, when=legacy.is_served),
    }

    def perform_create(self, serializer):
        self.refuse_new(serializer.validated_data)
        serializer.instance = services.learner_create(institution=self.parent, **serializer.validated_data)

    @extend_schema(
        parameters=[OpenApiParameter("activity_id", int, description="What is missing for this activity instead.")],
        responses={
            200: PolymorphicProxySerializer(
                "LearnerEnrolment", [InstitutionLearnerEnrolmentSerializer, MissingEnrolmentsSerializer], None
            ),
            **problems(400),
        },
    )
    @action(detail=True, serializer_class=InstitutionLearnerEnrolmentSerializer)
    def enrolment(self, request, **_):
        """The learner with `enrolment_status`; with `activity_id` what is missing for that activity."""
        if "activity_id" not in request.query_params:
            is_legacy = legacy.is_served(self.caller)
            answer = legacy.enrolment(self) if is_legacy else self.read_one(**self.looked_up)
            self.seen({"id": self.kwargs["id"]})
            return self.detail_answer(answer)
        learner = self.get_object()
        self.seen({"id": learner.pk})
        activities = self.tenant.activities.all()
        if self.caller.vle_id is not None:
            activities = activities.filter(vle=self.caller.vle_id)
        activity = get_object_or_404(activities, pk=self.activity_id())
        return self.detail_answer(queries.enrolment_missing(learner.pk, activity))

    @extend_schema(responses={204: None})
    @enrolment.mapping.delete
    def enrolment_erase(self, request, **_):
        """Erase the learner's biometric enrolment: samples, validations and models, and nothing else."""
        services.enrolment_erase(learner=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def activity_id(self) -> int:
        number = self.request.query_params["activity_id"]
        if not re.fullmatch(r"-?[0-9]{1,1000}", number):
            raise ValidationError({"activity_id": ["A valid integer is required."]})
        return int(number)

    @extend_schema(request=ConsentAcceptanceSerializer, responses={201: InstitutionLearnerSerializer})
    @action(detail=True, methods=["post"])
    def ic(self, request, **_):
        """The learner accepts the current informed consent."""
        learner = self.get_object()
        said = self.body(ConsentAcceptanceSerializer)
        consent = services.consent_of_version(institution=self.tenant, version=said.pop("version"))
        services.consent_accept(
            learner=learner,
            consent=consent,
            preferred=accepted_languages(request.META.get("HTTP_ACCEPT_LANGUAGE", "")),
            session_id=self.caller.session_id,
            address=client_address(request),
            by=signed_in(self.caller),
            **said,
        )
        return Response(self.read_one(pk=learner.pk), status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    @ic.mapping.delete
    def ic_reject(self, request, **_):
        """The learner rejects the informed consent that was accepted."""
        learner = self.get_object()
        services.consent_reject(learner=learner, address=client_address(request), by=signed_in(self.caller))
        if legacy.is_served(self.caller):
            return Response(self.read_one(pk=learner.pk))
        return Response(status=status.HTTP_204_NO_CONTENT)
