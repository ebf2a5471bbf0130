"""The texts of consent documents: whether there is anything to read, their hashes, and texts that are kept for good."""

import hashlib
from collections.abc import Callable, Iterable

from django.db.models import QuerySet

from files.models import StoredFile
from institutions.models import ConsentText, InformedConsentDocument
from institutions.services.html import html_has_text
from kernel.writes import inserted

Served = Iterable[tuple[str, str, str]]  # version, language, hash
_NOTE_SERVED: list[Callable[[int, Served], None]] = []


def notes_served(note: Callable[[int, Served], None]) -> Callable[[int, Served], None]:
    """Register the function that notes which texts a learner's session was served: learners are a layer above."""
    _NOTE_SERVED[:] = [note]
    return note


def texts_served(session_id: int, texts: Served) -> None:
    for note in _NOTE_SERVED:
        note(session_id, texts)


def text_hash(html: str | None, pdf_sha256: str | None) -> str:
    """The hash of a document's text, as it is served: SHA-256 over two lines, each of which ends in a line feed.

    The first line is the SHA-256 of the HTML in UTF-8, the second that of the PDF, both in hexadecimal digits; a line
    is empty where there is none. So everybody can compute it from an answer of the API and the file.
    """
    html_sha256 = hashlib.sha256(html.encode()).hexdigest() if html else ""
    return hashlib.sha256(f"{html_sha256}\n{pdf_sha256 or ''}\n".encode()).hexdigest()


def document_hash(document: InformedConsentDocument) -> str:
    return text_hash(document.html, document.pdf.sha256 if document.pdf else None)


def document_has_text(document: InformedConsentDocument) -> bool:
    """Whether there is anything to read, and so to decide about: a PDF, or HTML with a word in it."""
    return document.pdf_id is not None or html_has_text(document.html)


def text_kept(document: InformedConsentDocument) -> ConsentText:
    """The document's present text, kept from now on. The caller holds the lock of its consent."""
    digest = document_hash(document)
    kept = ConsentText.objects.filter(institution=document.institution_id, sha256=digest)
    if (text := kept.first()) is not None:
        return text
    text = ConsentText(
        institution_id=document.institution_id, sha256=digest, html=document.html or None, pdf=document.pdf
    )
    return text if inserted(text) else kept.get()


def pdfs_not_kept(file_ids: list[int]) -> QuerySet[StoredFile]:
    """Those of these PDFs that no kept text needs: they may be erased with their documents."""
    return StoredFile.objects.filter(pk__in=file_ids, consent_texts=None)
