"""Services of consents and their documents, as commands and other services call them."""

import io
import time
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from files.models import PendingErasure, StoredFile
from files.services import objects_erase_unknown, store
from institutions.models import InformedConsent, InformedConsentDocument
from institutions.services import consents, documents
from institutions.services.html import html_cleaned, html_removed
from kernel.domain import Conflict, Invalid, Unknown
from learners.services import consent_accept
from tests.files.conftest import PDF, held
from tests.world import FUTURE, PAST

NEWER = PDF + b"% newer\n%%EOF"


class Back(Exception):
    pass


def keys(world) -> list[str]:
    folder = f"{world.home.institution.pk}/consent_pdf"
    return [f"{folder}/{name}" for name in store().listdir(folder)[1]] if store().exists(folder) else []


@pytest.mark.parametrize(
    ("text", "version"), [("1.2.3", (1, 2, 3)), (" 01 .2. 003 ", (1, 2, 3)), ("0.0.2147483647", (0, 0, 2147483647))]
)
def test_version_is_three_integers(text, version):
    assert consents.version_parsed(text) == version


@pytest.mark.parametrize(
    "text", ["", "1.2", "1.2.3.4", "1.2.-3", "1.2.2147483648", "1.2." + "9" * 5000, "1.2.3\n", "a.b.c"]
)
def test_anything_else_is_no_version(text):
    with pytest.raises(ValidationError, match="three integers"):
        consents.version_parsed(text)


@pytest.mark.parametrize(
    ("version", "valid_from", "current", "status"),
    [
        ((1, 0, 0), FUTURE, (1, 0, 0), "NOT_VALID_YET"),
        ((1, 0, 0), PAST, (1, 0, 0), "VALID"),
        ((1, 0, 0), PAST, (1, 0, 9), "VALID_NEED_UPDATE"),
        ((1, 0, 0), PAST, (1, 1, 0), "NOT_VALID"),
        ((1, 0, 0), PAST, (2, 0, 0), "NOT_VALID"),
        ((1, 0, 0), PAST, None, "NOT_VALID"),
    ],
)
def test_what_an_accepted_version_is_worth(version, valid_from, current, status):
    assert consents.consent_status(*version, valid_from, current) == status


def test_current_version_is_exact(world):
    home = world.home.institution.pk
    assert consents.consent_current(home) == (2, 0, 0)
    InformedConsent.objects.filter(pk=world.home.newer_consent.pk).update(valid_from=timezone.now() + timedelta(days=1))
    assert consents.consent_current(home) == (1, 0, 0)
    InformedConsent.objects.filter(institution=home).delete()
    assert consents.consent_current(home) is None


def test_lost_race_for_a_version_is_reported_under_version(world):
    with pytest.raises(Invalid) as error:
        consents.consent_create(institution=world.home.institution, version="02.0.0", valid_from=PAST)
    assert error.value.fields == {"version": "This value is already taken."}
    with pytest.raises(Invalid) as error:
        consents.consent_update(consent=world.home.consent, version="2.0.0")
    assert error.value.fields == {"version": "This value is already taken."}
    assert InformedConsent.objects.get(pk=world.home.consent.pk).version == "1.0.0"


def test_lost_race_for_a_language_is_reported_under_language(world):
    with pytest.raises(Invalid) as error:
        documents.document_create(consent=world.home.consent, language="EN", pdf=io.BytesIO(PDF))
    assert error.value.fields == {"language": "This value is already taken."}
    other = documents.document_create(consent=world.home.consent, language="ca")
    with pytest.raises(Invalid) as error:
        documents.document_update(document=other, language="En", pdf=io.BytesIO(PDF))
    assert error.value.fields == {"language": "This value is already taken."}
    assert keys(world) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda home: consents.consent_update(consent=home.consent, version="1.0.1"),
        lambda home: consents.consent_delete(consent=home.consent),
        lambda home: documents.document_create(consent=home.consent, language="ca"),
        lambda home: documents.document_update(document=home.document, html="x"),
        lambda home: documents.document_delete(document=home.document),
        lambda home: consent_accept(learner=home.learners["ann"], consent=home.newer_consent),
    ],
)
def test_every_change_and_the_acceptance_lock_the_consent(change, world, monkeypatch):
    locked = []
    original = QuerySet.select_for_update
    monkeypatch.setattr(
        QuerySet, "select_for_update", lambda rows, *a, **k: locked.append(rows.model) or original(rows, *a, **k)
    )
    change(world.home)
    assert InformedConsent in locked
    if InformedConsentDocument in locked:
        assert locked.index(InformedConsent) < locked.index(InformedConsentDocument)


def test_what_was_accepted_meanwhile_is_frozen(world):
    """The caller's objects are older than the acceptance."""
    consent, document = (
        world.home.newer_consent,
        documents.document_create(consent=world.home.newer_consent, language="en", html="<p>x</p>"),
    )
    consent_accept(learner=world.home.learners["ann"], consent=consent)
    for change in (
        lambda: consents.consent_update(consent=consent, version="2.0.1"),
        lambda: consents.consent_delete(consent=consent),
        lambda: documents.document_update(document=document, html="<p>y</p>"),
        lambda: documents.document_update(document=document, pdf=io.BytesIO(PDF)),
        lambda: documents.document_delete(document=document),
    ):
        with pytest.raises(Conflict, match="accepted"):
            change()
    assert documents.document_create(consent=consent, language="ca").pk
    assert keys(world) == []


def test_what_was_deleted_meanwhile_is_unknown(world):
    consent, document = world.home.consent, world.home.document
    InformedConsentDocument.objects.filter(pk=document.pk).delete()
    with pytest.raises(Unknown, match="document"):
        documents.document_update(document=document, html="x")
    InformedConsent.objects.filter(pk=consent.pk).delete()
    for change in (
        lambda: consents.consent_update(consent=consent, version="1.0.1"),
        lambda: consents.consent_delete(consent=consent),
        lambda: documents.document_create(consent=consent, language="ca"),
        lambda: documents.document_delete(document=document),
    ):
        with pytest.raises(Unknown):
            change()


def test_change_builds_on_what_is_stored_now(world):
    """Two people change one document at the same time: neither overwrites the other's change."""
    one, other = (InformedConsentDocument.objects.get(pk=world.home.document.pk) for _ in range(2))
    documents.document_update(document=one, html="<p>new</p>")
    documents.document_update(document=other, language="en-GB")
    row = InformedConsentDocument.objects.get(pk=world.home.document.pk)
    assert (row.html, row.language) == ("<p>new</p>", "en-GB")


def test_no_change_writes_nothing(world, pdf):
    before = world.home.document.updated_at, world.home.consent.updated_at
    documents.document_update(
        document=world.home.document, html="<p>I consent.</p>", pdf=io.BytesIO(PDF), language="en"
    )
    consents.consent_update(consent=world.home.consent, version="1.0.0", valid_from=PAST)
    after = InformedConsentDocument.objects.get(pk=world.home.document.pk).updated_at
    assert (after, InformedConsent.objects.get(pk=world.home.consent.pk).updated_at) == before
    assert keys(world) == [pdf.storage_key]


def test_rolled_back_replacement_keeps_the_old_pdf(world, pdf, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(Back), transaction.atomic():
        documents.document_update(document=world.home.document, pdf=io.BytesIO(NEWER))
        raise Back
    assert InformedConsentDocument.objects.get(pk=world.home.document.pk).pdf == pdf
    assert held(pdf.storage_key) == PDF
    assert len(keys(world)) == 2  # the new object has no row: the daily command finds it
    assert objects_erase_unknown(older_than=timedelta(hours=-1)) == (1, 0)
    assert keys(world) == [pdf.storage_key]


@pytest.mark.parametrize("what", ["replaced", "removed", "document", "consent"])
def test_change_stands_when_the_store_fails_to_erase(
    what,
    world,
    pdf,
    broken_store,
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks(execute=True):
        if what == "replaced":
            documents.document_update(document=world.home.document, pdf=io.BytesIO(NEWER))
        elif what == "removed":
            documents.document_update(document=world.home.document, pdf=None)
        elif what == "document":
            documents.document_delete(document=world.home.document)
        else:
            consents.consent_delete(consent=world.home.consent)
    assert not StoredFile.objects.filter(pk=pdf.pk).exists()
    assert [row.storage_key for row in PendingErasure.objects.all()] == [pdf.storage_key]


def test_consent_with_many_pdfs_is_erased_whole(world, pdf, django_capture_on_commit_callbacks):
    documents.document_create(consent=world.home.consent, language="ca", pdf=io.BytesIO(NEWER))
    documents.document_create(consent=world.home.consent, language="es")
    other = documents.document_create(consent=world.home.newer_consent, language="ca", pdf=io.BytesIO(PDF))
    with django_capture_on_commit_callbacks(execute=True):
        consents.consent_delete(consent=world.home.consent)
    assert keys(world) == [other.pdf.storage_key]


def test_pdf_belongs_to_nobody_and_to_the_consents_institution(world):
    document = documents.document_create(consent=world.away.consent, language="ca", pdf=io.BytesIO(PDF))
    assert document.pdf.institution == world.away.institution
    assert document.pdf.owner is None


def test_cleaning_is_done_by_the_service_and_changes_nothing_the_second_time(world):
    dirty = '<p style="x">1 < 2 &nbsp; <a href="//x">y</a><b>z'
    document = documents.document_create(consent=world.home.consent, language="ca", html=dirty)
    assert "style" not in document.html
    assert html_cleaned(document.html) == document.html


@pytest.mark.parametrize(
    "html",
    [
        "".join(f"<b a{n}><p>" for n in range(4_900)),
        "".join(f"<b lang={n}><p>" for n in range(990)),
        "".join(f"<b lang={n}>" for n in range(500)) + "<p>x" * 1_400,
        "".join(f"<b title={n}>" for n in range(990)) + "<p>" * 990,
        f'<p><a href="https://x.org/{"x" * 1_900}">' + "<p>x" * 1_900,
        "<div>" * 1_900,
        "<table><tr><td>" * 600,
        "&" * 100_000,
        "\u00a0" * 100_000,
    ],
)
def test_html_that_grows_is_refused(html):
    with pytest.raises(Invalid) as refusal:
        html_cleaned(html)
    assert list(refusal.value.fields) == ["html"]


@pytest.mark.parametrize(
    ("html", "removed"),
    [
        (None, {}),
        ("<p>Text</p>", {}),
        ("<p>Text <b>open", {}),
        ('<ol start="3" type="a" reversed><li value="7">x</li></ol><ul type="square"><li type="a">y</li></ul>', {}),
        ('<p>a <img src="x"><IMG SRC=y> b</p>', {"<img>": 2}),
        ('<p style="x" lang="fr" onclick="y">z</p>', {"<p style>": 1, "<p onclick>": 1}),
        ('<li class="a" value="2">x</li><li class="b">y</li>', {"<li class>": 2}),
        ("<script>x</script><!-- y --><video controls></video>z", {"<script>": 1, "<!-- -->": 1, "<video>": 1}),
        ('<a href="javascript:x">y</a><a href="https://x.org">z</a>', {"<a href>": 1}),
        ("<td>x</td>", {"<td>": 1}),
    ],
)
def test_what_cleaning_takes_away_is_told(html, removed):
    cleaned = html_cleaned(html)
    assert {row["what"]: row["times"] for row in html_removed(html, cleaned)} == removed
    assert html_removed(cleaned, cleaned) == []


def test_numbers_of_lists_are_kept():
    html = '<ol start="3" type="a" reversed=""><li value="7">x</li></ol><ul type="square"><li type="a">y</li></ul>'
    assert html_cleaned(html) == html


@pytest.mark.parametrize("start", ["<!--", "<!", "<?", "<![CDATA[", "&", "<a b='"])
def test_telling_what_was_taken_away_is_no_way_to_keep_the_service_busy(start):
    html = start * 1_900 + "x" * 80_000
    begin = time.process_time()
    try:
        html_removed(html, html_cleaned(html))
    except Invalid:
        return
    assert time.process_time() - begin < 3


@pytest.mark.parametrize("start", ["<p ", "</p ", "<P/"])
def test_tag_with_very_many_attributes_is_refused(start):
    with pytest.raises(Invalid):
        html_cleaned(start + " ".join(chr(number) for number in range(0x4E00, 0x9E00)) + ">")


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ('<p lang="fr">un <em lang="la">a</em><br/></p>', '<p lang="fr">un <em lang="la">a</em><br></p>'),
        ('<b style="x">' * 5 + "y" + "</b>" * 5, "<b>" * 5 + "y" + "</b>" * 5),
        ("<P CLASS=x data-y='>' >1</P >", "<p>1</p>"),
        ("<p>2 < 3" + " x" * 1_000 + "</p>", "<p>2 &lt; 3" + " x" * 1_000 + "</p>"),
        ("<script>if(a<b){}</script >x", "x"),
        ("<img src=x onerror=alert(1)//><svg/onload=alert(1)>x", "x"),
    ],
)
def test_tags_are_read_as_browsers_read_them(html, cleaned):
    assert html_cleaned(html) == cleaned
    assert html_cleaned(cleaned) == cleaned


def test_long_consent_is_kept_whole():
    html = "".join(f'<p>Text <b class="x{n % 9}">{n}</b> <a href="https://x.org/{n}">y</a></p>' for n in range(300))
    assert html_cleaned(html).count("</a></p>") == 300
