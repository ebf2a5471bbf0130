"""Documents of informed consents, one per language, and who may read their PDFs."""

import hashlib
import io
from typing import IO, Any

from django.conf import settings
from django.db import IntegrityError, transaction

from files.media import HEAD, agrees
from files.models import Kind, StoredFile
from files.permissions import readable
from files.services import CHUNK, file_store, files_erase
from institutions.models import InformedConsent, InformedConsentDocument, Institution
from institutions.services.consents import consent_locked, refuse_frozen
from institutions.services.html import html_cleaned
from institutions.services.texts import pdfs_not_kept
from kernel.caller import Caller
from kernel.constraints import TAKEN
from kernel.domain import Invalid, Unknown
from kernel.writes import one_transaction


@readable(Kind.CONSENT_PDF)
def consent_pdf_readable(caller: Caller, file: StoredFile) -> bool:
    """Readable by everybody of the institution, as long as it is the PDF of a document or of a text that is kept."""
    return bool(caller.roles_in(file.institution_id)) and (
        file.consent_documents.exists() or file.consent_texts.exists()
    )


@one_transaction()
def document_create(
    *, consent: InformedConsent, language: str, html: str | None = None, pdf: IO[bytes] | None = None
) -> InformedConsentDocument:
    """Add a document, also to a frozen consent: another language does not change what learners have accepted."""
    locked_consent = consent_locked(consent=consent)
    refuse_no_pdf(pdf)
    document = InformedConsentDocument(
        institution_id=locked_consent.institution_id, consent=locked_consent, language=language, html=html_cleaned(html)
    )
    _save(document)
    if pdf is not None:
        _attach(document, pdf)
    return document


@one_transaction()
def document_update(*, document: InformedConsentDocument, **values: Any) -> InformedConsentDocument:
    """New `language`, `html` or `pdf` (None removes it). Conflict when the consent is frozen.

    The same text or the same PDF is no change, and so allowed.
    """
    stored = _locked(document)
    replaces_pdf = "pdf" in values and not _is_same_pdf(stored.pdf, values["pdf"])
    pdf = values.pop("pdf", None)
    if "html" in values:
        values["html"] = html_cleaned(values["html"])
    changed = {name: value for name, value in values.items() if (value or "") != (getattr(stored, name) or "")}
    if not changed and not replaces_pdf:
        return stored
    refuse_frozen(stored.consent)
    for name, value in changed.items():
        setattr(stored, name, value)
    _save(stored)
    if replaces_pdf:
        _attach(stored, pdf)
    return stored


@one_transaction()
def document_delete(*, document: InformedConsentDocument) -> None:
    """Delete it with its PDF. Conflict when the consent is frozen."""
    stored = _locked(document)
    refuse_frozen(stored.consent)
    stored.delete()
    _erase(stored.pdf_id)


def refuse_no_pdf(content: IO[bytes] | None) -> None:
    """Refuse what is no PDF by its content: file name and media type are only claims of the client."""
    if content is None:
        return
    size = content.seek(0, io.SEEK_END)
    if size > settings.CONSENT_PDF_BYTES:
        raise Invalid(pdf=f"A PDF may have at most {settings.CONSENT_PDF_BYTES} bytes.")
    content.seek(0)
    if not (agrees("application/pdf", content.read(HEAD)) and _has_end(content)):
        raise Invalid(pdf="This is not a PDF.")


def _has_end(content: IO[bytes]) -> bool:
    """Whether there is an end-of-file mark. Scanners write more behind it, of any length."""
    content.seek(0)
    last = b""
    while chunk := content.read(CHUNK):
        if b"%%EOF" in last + chunk:
            return True
        last = chunk[-4:]
    return False


def _locked(document: InformedConsentDocument) -> InformedConsentDocument:
    """The stored document, locked after its consent: the same order as in `consent_delete`."""
    consent = consent_locked(consent=InformedConsent(pk=document.consent_id))
    stored = InformedConsentDocument.objects.select_for_update().filter(pk=document.pk).first()
    if stored is None:
        raise Unknown("There is no such document any more.")
    stored.consent = consent
    return stored


def _is_same_pdf(stored: StoredFile | None, pdf: IO[bytes] | None) -> bool:
    """Whether `pdf` has the content of the stored file. Invalid when it is no PDF."""
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
    """Replace the document's PDF by this one or none, and erase the previous file."""
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
        files_erase(files=pdfs_not_kept([file_id]))
