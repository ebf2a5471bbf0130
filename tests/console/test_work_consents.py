"""The console's pages of informed consents: versions, their texts with previews, publishing, comparing, deleting."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from console.work.differences import Line, lines_between
from institutions.models import InformedConsent, InformedConsentDocument, Institution
from institutions.services.documents import document_update
from learners.models import Learner
from tests.console.conftest import form_of
from tests.pages.test_policy import STRICT, assert_clean
from tests.world import PAST

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def officer(signed_in):
    return signed_in("legal")


def accepted(world, consent):
    """ann has accepted the version, which is frozen from then on."""
    Learner.objects.filter(pk=world.people["ann"].pk).update(consent=consent, consent_accepted=PAST)
    InformedConsent.objects.filter(pk=consent.pk).update(accepted_at=PAST)


def test_a_version_is_written_from_its_number_to_its_text(officer, address, sent, world):
    answer = sent(officer, address("consents/new/"))  # as it is suggested
    consent = InformedConsent.objects.get(institution=world.home.institution, version="2.0.1")
    assert (answer.status_code, answer["Location"]) == (302, address(f"consents/{consent.pk}/"))
    assert timedelta(days=13) < consent.valid_from - timezone.now() < timedelta(days=15)
    page = officer.get(answer["Location"]).text
    assert "No language has a text yet." in page
    begin = address(f"consents/{consent.pk}/documents/new/?like=es")
    assert begin in page
    assert form_of(officer.get(begin).text)["html"] == ["<p>Consiento.</p>"]
    answer = sent(officer, begin, {"html": '<p style="x">Sí.</p><img src="/x"><script>1</script>'})
    assert answer.status_code == 302
    text = consent.documents.get()
    assert (text.language, text.html) == ("es", "<p>Sí.</p>")
    shown = officer.get(answer["Location"]).text
    assert "Cleaning took away: &lt;img&gt; (1), &lt;p style&gt; (1), &lt;script&gt; (1)." in shown
    assert '<div class="prose served" lang="es"><p>Sí.</p></div>' in shown
    twice = sent(officer, address("consents/new/"), {"version": "2.0.1"})
    assert twice.context["form"].errors.keys() == {"version"}


def test_preview_is_what_is_served_and_saves_nothing(officer, address, sent, world):
    page = address("consents/{consent}/documents/es/edit/")
    assert '<div class="prose served"><p>Consiento.</p></div>' in officer.get(page).text
    html = '<h2 onclick="x()">Uno</h2><iframe src="https://evil.example"></iframe><p>dos'
    shown = sent(officer, page, {"html": html, "do": "preview"})
    assert shown.status_code == 200
    assert '<div class="prose served"><h2>Uno</h2><p>dos</p></div>' in shown.text
    assert shown.context["removed"] == "<h2 onclick> (1), <iframe> (1)"
    assert form_of(shown.text)["html"] == [html]
    assert "onclick" not in shown.text.replace("&lt;h2 onclick", "").partition('id="served"')[2]
    world.home.newer_document.refresh_from_db()
    assert world.home.newer_document.html == "<p>Consiento.</p>"
    assert officer.post(page, form_of(shown.text)).status_code == 302
    world.home.newer_document.refresh_from_db()
    assert world.home.newer_document.html == "<h2>Uno</h2><p>dos</p>"
    too_long = sent(officer, page, {"html": "x" * 100_001, "do": "preview"})
    assert (too_long.status_code, [*too_long.context["form"].errors]) == (400, ["html"])


def test_a_pdf_is_uploaded_replaced_and_taken_away(officer, address, sent, world):
    page, text = address("consents/{consent}/documents/es/edit/"), world.home.newer_document
    file = SimpleUploadedFile("texto.pdf", PDF, "application/pdf")
    assert sent(officer, page, {"html": "<p>Otro</p>", "pdf": file}).status_code == 302
    text.refresh_from_db()
    assert (text.html, text.pdf.size) == ("<p>Otro</p>", len(PDF))
    shown = officer.get(address("consents/{consent}/"))
    assert_clean(shown, STRICT | {"frame-src 'self'"})
    assert '<iframe src="http://testserver/files/' in shown.text
    no_pdf = sent(officer, page, {"pdf": SimpleUploadedFile("x.pdf", b"no", "application/pdf")})
    assert (no_pdf.status_code, no_pdf.context["form"].errors) == (400, {"pdf": ["This is not a PDF."]})
    stale = form_of(officer.get(page).text)
    document_update(document=text, html="<p>Meanwhile</p>")
    late = officer.post(page, stale | {"pdf": SimpleUploadedFile("x.pdf", PDF + b"2")})
    assert late.status_code == 412
    assert sent(officer, page, {"without_pdf": "on"}).status_code == 302
    text.refresh_from_db()
    assert (text.pdf, text.html) == (None, "<p>Meanwhile</p>")


@pytest.mark.parametrize("does", ["edit", "delete"])
def test_another_address_of_the_pdf_is_no_change(does, officer, address, sent, monkeypatch):
    file = SimpleUploadedFile("texto.pdf", PDF, "application/pdf")
    assert sent(officer, address("consents/{consent}/documents/es/edit/"), {"pdf": file}).status_code == 302
    page = address(f"consents/{{consent}}/documents/es/{does}/")
    shown = form_of(officer.get(page).text)
    monkeypatch.setattr("files.links._expiry", lambda seconds: 4_000_000_000)
    assert officer.post(page, shown).status_code == 302


def test_publishing_says_first_what_it_does(officer, address, sent, world):
    home = world.home
    accepted(world, home.newer_consent)
    consent = InformedConsent.objects.create(
        institution=home.institution, version="2.1.0", major=2, minor=1, patch=0, valid_from="2100-01-01T00:00Z"
    )
    page = address(f"consents/{consent.pk}/publish/")
    unwritten = sent(officer, page, {"valid_from": "2026-01-01T00:00", "do": "check"})
    assert "nobody could accept this version" in unwritten.text
    InformedConsentDocument.objects.create(
        institution=home.institution, consent=consent, language="en", html="<p>Yes</p>"
    )
    shown = sent(officer, page, {"valid_from": "2026-01-01T00:00", "do": "check"})
    assert "All learners must accept it" in shown.text
    assert shown.context["rows"] == [
        ("Valid", 1, 0),
        ("Not given yet", 2, 2),
        ("Outdated: must be accepted again", 0, 1),
    ]
    consent.refresh_from_db()
    assert consent.valid_from.year == 2100
    values = form_of(shown.text) | {"do": "publish"}
    Learner.objects.filter(pk=world.people["bob"].pk).update(consent=home.newer_consent, consent_accepted=PAST)
    changed = officer.post(page, values)
    assert changed.status_code == 412
    assert officer.post(page, form_of(changed.text) | {"do": "publish"}).status_code == 302
    consent.refresh_from_db()
    assert consent.valid_from.year == 2026
    assert "learners are asked for it" in officer.get(address(f"consents/{consent.pk}/")).text


@pytest.mark.parametrize(
    ("version", "external", "said"),
    [
        ("2.0.1", False, "Only the last number is new"),
        ("1.5.0", False, "By then the higher version 2.0.0 is valid"),
        ("3.0.0", True, "nothing changes for learners"),
    ],
)
def test_what_publishing_means(version, external, said, officer, address, sent, world):
    institution = world.home.institution
    Institution.objects.filter(pk=institution.pk).update(external_ic=external)
    numbers = dict(zip(("major", "minor", "patch"), map(int, version.split(".")), strict=True))
    consent = InformedConsent.objects.create(institution=institution, version=version, valid_from=PAST, **numbers)
    InformedConsentDocument.objects.create(institution=institution, consent=consent, language="en", html="<p>Yes</p>")
    shown = sent(officer, address(f"consents/{consent.pk}/publish/"), {"do": "check"})
    assert said in shown.context["said"]


def test_what_learners_have_accepted_stays(officer, address, sent, world):
    accepted(world, world.home.newer_consent)
    page = officer.get(address("consents/{consent}/")).text
    assert "Delete" not in page
    assert address("consents/{consent}/documents/new/") in page  # another language is still welcome
    for form, values in (
        ("edit/", {"version": "7.0.0"}),
        ("publish/", {"valid_from": "2000-01-01T00:00", "do": "check"}),
        ("documents/es/edit/", {"html": "<p>No</p>"}),
    ):
        answer = sent(officer, address(f"consents/{{consent}}/{form}"), values)
        if form == "publish/":
            answer = officer.post(answer.request["PATH_INFO"], form_of(answer.text) | {"do": "publish"})
        assert answer.status_code == 409
        assert "has been accepted by learners" in answer.text
    for form in ("delete/", "documents/es/delete/"):
        assert sent(officer, address(f"consents/{{consent}}/{form}")).status_code == 409


def test_number_is_changed_and_deletion_says_what_goes(officer, address, sent, world):
    assert sent(officer, address("consents/{consent}/edit/"), {"version": "2.0.x"}).status_code == 400
    assert sent(officer, address("consents/{consent}/edit/"), {"version": "02.1.0"}).status_code == 302
    page = address("consents/{consent}/delete/")
    assert officer.get(page).context["goes"] == [("languages", 1)]
    assert sent(officer, address("consents/{consent}/documents/es/delete/")).status_code == 302
    assert sent(officer, page).status_code == 302
    assert [each.version for each in InformedConsent.objects.filter(institution=world.home.institution)] == ["1.0.0"]


def test_versions_side_by_side(officer, address, world):
    home = world.home
    InformedConsentDocument.objects.create(
        institution=home.institution, consent=home.newer_consent, language="en", html="<p>I do <b>not</b> consent.</p>"
    )
    page = officer.get(address("consents/{consent}/compare/")).text
    assert '<span lang="en">I <ins>do not </ins>consent.</span>' in page
    nothing = officer.get(address("consents/{consent}/compare/"), {"language": "es", "with": world.away.consent.pk})
    assert nothing.context["other"].id == home.consent.pk  # never another institution's
    assert "Version 1.0.0 has no text in this language." in nothing.text


def test_differences_of_texts():
    before = "<h2>One</h2><p>The quick brown fox</p><ul><li>same<li>gone</ul>"
    after = "<h2>One</h2><p>The slow <i>brown</i> fox &lt;b&gt;</p><ul><li>same</ul>"
    found = lines_between(before, after)
    assert [line.differs for line in found] == [False, True, False, True]
    assert [text.strip() for text, own in found[1].before if own] == ["quick", "fox"]
    assert ("".join(text for text, _ in found[1].after)) == "The slow brown fox <b>"
    assert found[3].after == []
    assert lines_between("<p>a<![foo[b]]>", "<p>a") == [Line([("a", False)], [("a", False)])]
    apart = lines_between(" ".join(f"<p>a{n}" for n in range(900)), " ".join(f"<p>b{n}" for n in range(900)))
    assert len(apart) == 900  # too much to be compared in detail: shown as replaced
    assert all(line.differs for line in apart)
