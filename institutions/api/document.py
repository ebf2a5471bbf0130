"""/institution/{parent_lookup_institution_id}/ic/{parent_lookup_informed_consent_id}/document/{language}/"""

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework.fields import empty
from rest_framework.utils import html

from files.links import Links, consent_pdf_links, url_read
from institutions.api.ic import InstitutionInformedConsentSerializer
from institutions.models import InformedConsent, InformedConsentDocument
from institutions.services import documents
from institutions.services.consents import consent_locked
from institutions.services.html import Removed, html_removed
from institutions.services.texts import text_hash, texts_served
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet


def pdf_url(file_id: int | None, language: str, links: Links) -> str | None:
    return None if file_id is None else links(file_id, f"consent-{language}.pdf")


class PDFField(Computed):
    """Answered as a link; taken as the file of a form, null to take it away, or the present link: no change.

    Left out or empty, as forms send what nobody touched: no change.
    """

    default_error_messages = {
        "no_file": "Send the PDF as a file of a multipart form, or null for none.",
        "other_link": "This is not a link to the document's present PDF.",
    }

    def __init__(self) -> None:
        super().__init__(pdf_url, "pdf_id", "language", per_request=consent_pdf_links, style={"input_type": "file"})
        self.read_only, self.required, self.allow_null = False, False, True

    def get_value(self, dictionary):
        value = dictionary.get(self.field_name, empty)
        return empty if value == "" else value

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if data is None or isinstance(data, UploadedFile):
            return {"pdf": data}
        if not isinstance(data, str) or self.parent.instance is None:
            self.fail("no_file")
        link = url_read(data)
        if link is None or link.file_id != self.parent.instance.pdf_id:
            self.fail("other_link")
        return {}


class PDFFieldSchema(OpenApiSerializerFieldExtension):
    target_class = PDFField

    def map_serializer_field(self, auto_schema, direction):
        return {"type": "string", "format": "binary" if direction == "request" else "uri", "nullable": True}


def not_cleaned() -> list[Removed] | None:
    """What cleaning took away stands in the answer to the change that sent it. Null: nothing, and everywhere else."""


class InstitutionInformedConsentDocumentSerializer(ResourceSerializer):
    consent = InstitutionInformedConsentSerializer(read_only=True)
    pdf = PDFField()
    sha256 = Computed(text_hash, "html", "pdf__sha256")
    removed = Computed(not_cleaned)

    class Meta:
        model = InformedConsentDocument
        fields = ("id", "consent", "language", "html", "pdf", "created_at", "updated_at", "sha256", "removed")

    def validate_html(self, value: str | None) -> str | None:
        """A form has no null: browsers write the word instead, for a text that nobody touched."""
        return None if value == "null" and html.is_html_input(self.initial_data) else value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        files = {"pdf": attrs.pop("pdf")} if "pdf" in attrs else {}  # no value of the column
        return super().validate(attrs) | files


class InformedConsentDocumentViewSet(ResourceViewSet):
    queryset = InformedConsentDocument.objects.all()
    serializer_class = InstitutionInformedConsentDocumentSerializer
    lookup_field = "language__iexact"
    lookup_url_kwarg = lookup_value_converter = "language"
    search_fields = ("language",)
    orderable = {name: name for name in ("id", "consent", "language", "html", "pdf", "created_at", "updated_at")}
    scope = under(
        InformedConsent,
        rows="consent",
        parent_lookup_informed_consent_id="pk",
        parent_lookup_institution_id="institution",
    )
    conflicts = True
    access = {
        Role.GLOBAL | Role.MEMBER: grant(READ),
        Role.ADMIN | Role.LEGAL: grant(WRITE),
    }

    @property
    def body_bytes(self) -> int:
        """A form may hold a PDF beside its texts."""
        form = str(self.request.content_type).startswith("multipart/")
        return settings.REQUEST_BODY_BYTES + (settings.CONSENT_PDF_BYTES if form else 0)

    def lock_first(self):
        consent_locked(consent=self.parent)  # before the document, in the order of `consent_delete`

    def perform_create(self, serializer):
        document = documents.document_create(consent=self.parent, **serializer.validated_data)
        self.note_removed(serializer.validated_data, document)
        serializer.instance = document

    def perform_update(self, serializer):
        document = documents.document_update(document=serializer.instance, **serializer.validated_data)
        self.note_removed(serializer.validated_data, document)

    def perform_destroy(self, instance):
        documents.document_delete(document=instance)

    def note_removed(self, sent: dict[str, Any], document: InformedConsentDocument) -> None:
        self.removed = html_removed(sent.get("html"), document.html) if sent.get("html") else []

    def extend_answer(self, values):
        return values | {"removed": self.removed or None}

    def after_reading(self, rows):
        if Role.LEARNER in self.roles and self.caller.session_id is not None:
            texts = [(row["consent"]["version"], row["language"], row["sha256"]) for row in rows]
            texts_served(self.caller.session_id, texts)
