"""/admin/institution/{id}/"""

from typing import Any

from django_filters import rest_framework as filters

from institutions.api.institution import REASON, InstitutionSettingsSerializer
from institutions.api.shared.administration import AdministrationSerializer, AdministrationViewSet
from institutions.models import Institution
from institutions.services import institutions
from kernel.filters import ColumnFilter, FoldedColumnFilter
from kernel.recording import Entry, record
from kernel.serializers import BlankableCharField


class AdminInstitutionSerializer(AdministrationSerializer):
    allowed_domains = BlankableCharField()
    withdrawal_models_reason = BlankableCharField(**REASON)
    withdrawal_evidence_reason = BlankableCharField(**REASON)

    class Meta:
        model = Institution
        fields = (*InstitutionSettingsSerializer.Meta.fields, "launcher_admin", "launcher_everywhere")


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
