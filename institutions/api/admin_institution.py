"""/admin/institution/{id}/"""

from typing import Any

from django.db import transaction
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from institutions.api.institution import REASON, InstitutionSettingsSerializer
from institutions.api.shared.administration import AdministrationSerializer, AdministrationViewSet
from institutions.models import Institution
from institutions.services import institutions
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import ColumnFilter, FoldedColumnFilter
from kernel.recording import Entry, record
from kernel.serializers import BlankableCharField, BodySerializer


class AdminInstitutionSerializer(AdministrationSerializer):
    allowed_domains = BlankableCharField()
    withdrawal_models_reason = BlankableCharField(**REASON)
    withdrawal_evidence_reason = BlankableCharField(**REASON)

    class Meta:
        model = Institution
        fields = (
            *InstitutionSettingsSerializer.Meta.fields, "launcher_admin", "launcher_everywhere", "suspended_at",
            "suspension_reason",
        )  # fmt: skip
        read_only_fields = ("suspended_at", "suspension_reason")


class SuspensionSerializer(BodySerializer):
    reason = serializers.CharField(max_length=2000, help_text="Its administrators read it when they try to sign in.")


class AdminInstitutionFilter(filters.FilterSet):
    id = ColumnFilter()
    name = FoldedColumnFilter()
    acronym = FoldedColumnFilter()


class AdminInstitutionViewSet(AdministrationViewSet):
    """A new institution has nobody yet: who administers it is made at /admin/user/."""

    queryset = Institution.objects.all()
    serializer_class = AdminInstitutionSerializer
    filterset_class = AdminInstitutionFilter
    search_fields = ("search_text",)
    orderable = {name: name for name in AdminInstitutionSerializer.Meta.fields}

    access = {Role.GLOBAL: grant(READ, WRITE, "suspend", "resume")}

    @extend_schema(request=SuspensionSerializer, responses={200: AdminInstitutionSerializer})
    @action(detail=True, methods=["post"])
    def suspend(self, request, **_):
        """Let nobody of the institution in until it is resumed; a second time only the reason changes."""
        body = self.body(SuspensionSerializer)
        with transaction.atomic():
            row = self.locked()
            self.recorded("suspend", institutions.institution_suspend(institution=row, **body), **body)
            return Response(self.read_back(row))

    @extend_schema(request=None, responses={200: AdminInstitutionSerializer})
    @action(detail=True, methods=["post"])
    def resume(self, request, **_):
        """Let the people, VLEs and captures of the institution in again; a second time it is no change."""
        with transaction.atomic():
            row = self.locked()
            self.recorded("resume", institutions.institution_resume(institution=row))
            return Response(self.read_back(row))

    def lock_first(self):
        if self.action == "destroy":  # people are locked before their institution
            institutions.administrators_locked(institution=self.get_object())

    def create_row(self, values: dict[str, Any]) -> Institution:
        return institutions.institution_register(**values)

    def update_row(self, row: Institution, values: dict[str, Any]) -> Institution:
        return institutions.institution_update(institution=row, **values)

    def delete_row(self, row: Institution) -> None:
        home = row.pk
        gone = institutions.institution_delete(institution=row)
        record(*(Entry("delete", "admin/user", person, home, person) for person in gone))
