"""Documents of informed consents, one per language, and who may read their PDFs."""

import hashlib
import io
from typing import IO, Any

from django.conf import settings
from django.db import IntegrityError, transaction

from files.models import Kind, StoredFile
from files.permissions import readable
from files.services import CHUNK, file_store, files_erase
from institutions.models import InformedConsent, InformedConsentDocument, Institution
from institutions.services.consents import consent_locked, refuse_frozen
from institutions.services.html import html_cleaned
from kernel.caller import Caller
from kernel.constraints import TAKEN
from kernel.domain import Invalid, Unknown
from kernel.writes import one_transaction


@readable(Kind.CONSENT_PDF)
def consent_pdf_readable(caller: Caller, file: StoredFile) -> bool:
    """Everybody of the institution, as long as it is the PDF of a document."""
    return bool(caller.roles_in(file.institution_id)) and file.consent_documents.exists()


@one_transaction()
def document_create(
    *, consent: InformedConsent, language: str, html: str | None = None, pdf: IO[bytes] | None = None
) -> InformedConsentDocument:
    """Also for a frozen consent: a further language takes nothing back from anybody."""
    held = consent_locked(consent=consent)
    refuse_no_pdf(pdf)
    document = InformedConsentDocument(
        institution_id=held.institution_id, consent=held, language=language, html=html_cleaned(html)
    )
    _save(document)
    if pdf is not None:
        _attach(document, pdf)
    return document


@one_transaction()
def document_update(*, document: InformedConsentDocument, **values: Any) -> InformedConsentDocument:
    """New `language`, `html` or `pdf` (None takes it away). Conflict when the consent is frozen.

    What changes nothing is no change: the same text, the same PDF.
    """
    held = _locked(document)
    replaces_pdf = "pdf" in values and not _is_same_pdf(held.pdf, values["pdf"])
    pdf = values.pop("pdf", None)
    if "html" in values:
        values["html"] = html_cleaned(values["html"])
    changed = {name: value for name, value in values.items() if (value or "") != (getattr(held, name) or "")}
    if not changed and not replaces_pdf:
        return held
    refuse_frozen(held.consent)
    for name, value in changed.items():
        setattr(held, name, value)
    _save(held)
    if replaces_pdf:
        _attach(held, pdf)
    return held


@one_transaction()
def document_delete(*, document: InformedConsentDocument) -> None:
    """With its PDF. Conflict when the consent is frozen."""
    held = _locked(document)
    refuse_frozen(held.consent)
    held.delete()
    _erase(held.pdf_id)


def refuse_no_pdf(content: IO[bytes] | None) -> None:
    """By its content: what somebody calls it, or says that it is, proves nothing."""
    if content is None:
        return
    size = content.seek(0, io.SEEK_END)
    if size > settings.CONSENT_PDF_BYTES:
        raise Invalid(pdf=f"A PDF may have at most {settings.CONSENT_PDF_BYTES} bytes.")
    content.seek(0)
    starts = content.read(5) == b"%PDF-"
    content.seek(max(0, size - 1024))
    if not (starts and b"%%EOF" in content.read()):
        raise Invalid(pdf="This is not a PDF.")


def _locked(document: InformedConsentDocument) -> InformedConsentDocument:
    """The consent first, the document second: as whoever deletes a consent does."""
    consent = consent_locked(consent=InformedConsent(pk=document.consent_id))
    found = InformedConsentDocument.objects.select_for_update().filter(pk=document.pk).first()
    if found is None:
        raise Unknown("There is no such document any more.")
    found.consent = consent
    return found


def _is_same_pdf(stored: StoredFile | None, pdf: IO[bytes] | None) -> bool:
    """Whatever is given must be a PDF, the one that is stored or another."""
    refuse_no_pdf(pdf)
    if stored is None or pdf is None:
        return stored is None and pdf is None
    pdf.seek(0)
    sha256 = hashlib.sha256()
    while chunk := pdf.read(CHUNK):
        sha256.update(chunk)
    return sha256.hexdigest() == stored.sha256


def _save(document: InformedConsentDocument) -> None:
    try:
        with transaction.atomic():
            document.save()
    except IntegrityError as error:
        raise Invalid(language=TAKEN) from error


def _attach(document: InformedConsentDocument, pdf: IO[bytes] | None) -> None:
    """This PDF or none; the one before is erased."""
    before = document.pdf_id
    document.pdf = None if pdf is None else _store(document.consent.institution, pdf)
    document.save()
    _erase(before)


def _store(institution: Institution, pdf: IO[bytes]) -> StoredFile:
    return file_store(
        institution=institution,
        owner=None,
        kind=Kind.CONSENT_PDF,
        media_type="application/pdf",
        content=pdf,
        extension="pdf",
    )


def _erase(file_id: int | None) -> None:
    if file_id is not None:
        files_erase(files=StoredFile.objects.filter(pk=file_id))
