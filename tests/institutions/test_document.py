"""/institution/{}/ic/{}/document/{language}/"""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from files.links import Links, url_read
from files.models import Kind, StoredFile
from files.services import store
from institutions.models import InformedConsent, InformedConsentDocument
from kernel.caller import Caller, CallerKind
from tests.conftest import client_of
from tests.files.conftest import PDF, held, stored
from tests.world import PAST

NEW = {"language": "ca", "html": "<p>Hi consento.</p>"}
TAKEN = {"language": ["This value is already taken."]}


@pytest.fixture
def docs(world) -> str:
    return f"/api/v2/institution/{world.home.institution.pk}/ic/{world.home.consent.pk}/document/"


@pytest.fixture
def admin(as_):
    return as_("admin")


def upload(content: bytes = PDF, name: str = "consent.pdf", media_type: str = "application/pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, media_type)


def form(client, verb: str, url: str, **parts):
    return getattr(client, verb)(url, parts, format="multipart")


def freeze(world) -> None:
    InformedConsent.objects.filter(pk=world.home.consent.pk).update(accepted_at=PAST)


def opened(url: str) -> bytes:
    answer = Client().get(url)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_answer_has_the_documented_keys_with_the_whole_consent(world, docs, as_):
    answer = as_("member").get(f"{docs}en/").json()
    assert list(answer) == [
        "id", "consent", "language", "html", "pdf", "created_at", "updated_at", "sha256", "removed",
    ]  # fmt: skip
    assert answer["removed"] is None
    assert (answer["language"], answer["html"], answer["pdf"]) == ("en", "<p>I consent.</p>", None)
    ic = docs.removesuffix("document/")
    assert answer["consent"] == as_("member").get(ic).json()
    assert answer["consent"]["institution"]["acronym"] == "HOME"
    assert "allowed_domains" in answer["consent"]["institution"]
    assert as_("member").get(docs).json()["results"] == [answer]


@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete"])
@pytest.mark.parametrize(
    "tail", ["ca/", "e/", "e%2Fn/", "english-language-of-the-world/", "en.pdf/", "e n/", "en%00/", "1/"]
)
def test_unknown_language_is_not_found(verb, tail, docs, admin):
    assert getattr(admin, verb)(docs + tail, NEW).status_code == 404


@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete", "post"])
def test_consent_of_another_institution_is_unknown(verb, world, docs, as_):
    away = world.away.consent.pk
    for url in (
        docs.replace(f"ic/{world.home.consent.pk}/", f"ic/{away}/"),
        docs.replace(f"ic/{world.home.consent.pk}/", "ic/987654/"),
        docs.replace(f"ic/{world.home.consent.pk}/", "ic/x/"),
        docs.replace("institution/", "institution/9", 1),
    ):
        for tail in ("",) if verb == "post" else ("", "en/"):
            assert getattr(as_("admin"), verb)(url + tail, NEW).status_code in ((404, 405) if tail == "" else (404,))
            assert as_("global").get(url + tail).status_code == 404
    assert InformedConsentDocument.objects.filter(consent_id=away).count() == 1
    assert InformedConsentDocument.objects.get(consent_id=away).html == "<p>I consent.</p>"


# Languages.


@pytest.mark.parametrize("language", ["pt-BR", "pt-br", "PT-BR"])
def test_language_is_found_ignoring_case(language, docs, admin):
    assert admin.post(docs, {"language": "pt-BR"}).status_code == 201
    assert admin.get(f"{docs}{language}/").json()["language"] == "pt-BR"
    assert admin.patch(f"{docs}{language}", {"html": "x"}).json()["html"] == "x"
    assert admin.delete(f"{docs}{language}/").status_code == 204


@pytest.mark.parametrize("language", ["en", "EN", "eN"])
def test_language_is_unique_ignoring_case(language, docs, admin):
    answer = admin.post(docs, {"language": language})
    assert (answer.status_code, answer.json()) == (400, TAKEN)
    admin.post(docs, NEW)
    for verb in ("put", "patch"):
        answer = getattr(admin, verb)(f"{docs}ca/", {"language": language})
        assert (answer.status_code, answer.json()) == (400, TAKEN)


def test_language_of_another_consent_does_not_matter(world, docs, admin):
    other = docs.replace(f"ic/{world.home.consent.pk}/", f"ic/{world.home.newer_consent.pk}/")
    assert admin.post(other, {"language": "en"}).status_code == 201


def test_language_can_be_changed_and_with_it_the_url(docs, admin):
    answer = admin.put(f"{docs}en/", {"language": "EN-gb"})
    assert (answer.status_code, answer.json()["language"]) == (200, "EN-gb")
    assert answer.json()["html"] == "<p>I consent.</p>"
    assert admin.get(f"{docs}en/").status_code == 404
    assert admin.get(f"{docs}en-GB/").status_code == 200


@pytest.mark.any_database
@pytest.mark.parametrize(
    "language",
    [
        None, "", " ", "e", "english", "e/n", "en.pdf", "en_", "e n", "../en", "en\x00", "en-" + "a" * 9,
        "en" + "-aa" * 4, "\u0435n", 1, True, [], ["en"], {}, {"code": "en"}, 10**30,
    ],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["post", "put", "patch"])
def test_wrong_language_is_refused(verb, language, docs, admin):
    answer = getattr(admin, verb)(docs if verb == "post" else f"{docs}en/", {"language": language})
    assert answer.status_code == 400
    assert list(answer.json()) == ["language"]


@pytest.mark.parametrize("verb", ["post", "put"])
def test_language_is_required(verb, docs, admin):
    answer = getattr(admin, verb)(docs if verb == "post" else f"{docs}en/", {"html": "x"})
    assert (answer.status_code, answer.json()) == (400, {"language": ["This field is required."]})


def test_consent_in_the_body_is_ignored(world, docs, admin):
    answer = admin.post(docs, NEW | {"consent": world.away.consent.pk, "id": 1})
    assert answer.json()["consent"]["id"] == world.home.consent.pk


# HTML.


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("<p>Hi</p>", "<p>Hi</p>"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<script>alert(1)</script>x", "x"),
        ("<p onclick=alert(1) style='color:red' class=x id=y>x</p>", "<p>x</p>"),
        ("<img src=https://tracker.example.org/x.png>x", "x"),
        ("<img src=data:image/png;base64,AAAA>x", "x"),
        ("<iframe src=//x></iframe><object></object><embed><svg onload=alert(1)></svg>x", "x"),
        ("<style>p{}</style><p>x</p>", "<p>x</p>"),
        ("<a href='javascript:alert(1)'>x</a>", '<a rel="noopener noreferrer">x</a>'),
        ("<a href='JaVa&#115;cript:alert(1)'>x</a>", '<a rel="noopener noreferrer">x</a>'),
        ("<a href='data:text/html,x'>x</a>", '<a rel="noopener noreferrer">x</a>'),
        ("<a href='https://x.org' target=_top>x</a>", '<a href="https://x.org" rel="noopener noreferrer">x</a>'),
        ("<a href='mailto:a@x.org'>x</a>", '<a href="mailto:a@x.org" rel="noopener noreferrer">x</a>'),
        ("<form action=//x><input name=p><button>x</button></form>", "x"),
        ("<!-- c --><h1 lang=ca dir=ltr>x</h1>", '<h1 lang="ca" dir="ltr">x</h1>'),
        ("<table><tr><td colspan=2>x", "<table><tbody><tr><td colspan=\"2\">x</td></tr></tbody></table>"),
        ("<ol start=3><li>x", '<ol start="3"><li>x</li></ol>'),
        ("line\r\nline\tx", "line\nline\tx"),
        ("", ""),
        (None, None),
    ],
)  # fmt: skip
def test_html_is_cleaned_on_the_way_in(written, cleaned, docs, admin):
    answer = admin.post(docs, {"language": "ca", "html": written})
    assert answer.status_code == 201
    assert sorted(answer.json()["html"] or "") == sorted(cleaned or "")  # attributes may come in another order
    stored_html = InformedConsentDocument.objects.get(language="ca").html
    assert admin.put(f"{docs}ca/", {"language": "ca", "html": stored_html}).json()["html"] == stored_html


@pytest.mark.parametrize("html", [[], {}, ["x"], True, "x\x00", "x\x1b[2J", "x" * 500_001, "<" * 10_001])
@pytest.mark.parametrize("verb", ["post", "put", "patch"])
def test_wrong_html_is_refused(verb, html, docs, admin):
    answer = getattr(admin, verb)(docs if verb == "post" else f"{docs}en/", {"language": "ca", "html": html})
    assert answer.status_code == 400
    assert list(answer.json()) == ["html"]


# PDF.


def test_document_is_created_from_the_dashboards_form(docs, admin, settings):
    """`language` comes twice."""
    body = [("language", "ca"), ("pdf", PDF), ("html", ""), ("language", "ca")]
    boundary = "xyz"
    lines = []
    for name, value in body:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if name == "pdf":
            head += '; filename="../../etc/pass\\"wd.html"\r\nContent-Type: text/html'
        lines += [head.encode(), b"", value if isinstance(value, bytes) else value.encode()]
    content = b"\r\n".join(lines) + f"\r\n--{boundary}--\r\n".encode()
    answer = admin.generic("POST", docs, content, content_type=f"multipart/form-data; boundary={boundary}")
    assert answer.status_code == 201, answer.content
    url = answer.json()["pdf"]
    assert re.fullmatch(r"http://testserver/files/[^/]+/consent-ca\.pdf", url)
    assert re.search(r"[0-9A-Za-z]+\.pdf", url)
    assert opened(url) == PDF
    file = StoredFile.objects.get()
    assert (file.kind, file.media_type, file.owner, file.size) == ("consent_pdf", "application/pdf", None, len(PDF))
    assert file.storage_key.endswith(".pdf")
    assert ".." not in file.storage_key


@pytest.mark.parametrize("language", ["pt-BR", "zh_Hant_TW", "ca-ES-valencia"])
def test_name_of_the_pdf_ends_as_dashboards_expect(language, docs, admin):
    url = form(admin, "post", docs, language=language, pdf=upload()).json()["pdf"]
    assert re.search(r"[0-9A-Za-z]+\.pdf$", url)
    assert opened(url) == PDF


@pytest.mark.parametrize("html", ["", "<p>Neu</p>"])
def test_form_without_a_pdf_keeps_it(html, docs, pdf, admin):
    answer = form(admin, "put", f"{docs}en/", language="en", html=html)
    assert answer.status_code == 200
    assert answer.json()["html"] == html
    assert opened(answer.json()["pdf"]) == PDF
    assert form(admin, "put", f"{docs}en/", language="en", pdf="").json()["pdf"] == answer.json()["pdf"]
    assert StoredFile.objects.get() == pdf


def test_json_put_and_patch_keep_what_they_leave_out(docs, pdf, admin):
    before = admin.get(f"{docs}en/").json()
    for answer in (admin.put(f"{docs}en/", {"language": "en"}), admin.patch(f"{docs}en/", {})):
        assert answer.status_code == 200
        assert answer.json() == before


def test_null_removes_and_erases_the_pdf(docs, pdf, admin, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin.patch(f"{docs}en/", {"pdf": None})
    assert (answer.status_code, answer.json()["pdf"], answer.json()["html"]) == (200, None, "<p>I consent.</p>")
    assert held(pdf.storage_key) is None
    assert not StoredFile.objects.exists()


def test_new_pdf_replaces_and_erases_the_old_one(docs, pdf, admin, django_capture_on_commit_callbacks):
    newer = PDF + b"% newer\n%%EOF"
    with django_capture_on_commit_callbacks(execute=True):
        answer = form(admin, "put", f"{docs}en/", language="en", pdf=upload(newer))
    assert opened(answer.json()["pdf"]) == newer
    assert held(pdf.storage_key) is None
    assert StoredFile.objects.count() == 1


def test_deleting_the_document_erases_its_pdf(docs, pdf, admin, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert admin.delete(f"{docs}en/").status_code == 204
    assert held(pdf.storage_key) is None
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"%PDF-", b"hello", b"<html>%PDF-1.4 %%EOF", b"\x00" * 1025 + PDF,
        PDF.replace(b"%%EOF", b""), b"<script>" + PDF, b"%pdf-1.4\n%%EOF", b"%!PS-Adobe\n%%EOF",
    ],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["post", "put", "patch"])
def test_file_that_is_no_pdf_is_refused(verb, content, docs, pdf, admin):
    url = docs if verb == "post" else f"{docs}en/"
    answer = form(admin, verb, url, language="ca", pdf=upload(content))
    assert answer.status_code == 400
    assert answer.json() == {"pdf": ["This is not a PDF."]}
    assert StoredFile.objects.get() == pdf
    assert InformedConsentDocument.objects.filter(consent__documents__pdf=pdf).get().language == "en"


@pytest.mark.parametrize(
    "content",
    [
        b"\x00" + PDF, b"\xef\xbb\xbf\r\n" + PDF, b"\x1b%-12345X@PJL\r\n" + PDF, PDF + b" " * 2000,
        PDF + b"\x00" * 200_000, PDF + b"\r\n<scanner/>\r\n" + b"\xff" * 70_000,
        b"%PDF-1.7\n" + b"0" * 65_524 + b"%%EOF",
    ],
    ids=lambda content: f"{content[:12]}...{content[-4:]}",
)  # fmt: skip
def test_pdfs_as_scanners_write_them(content, docs, admin):
    answer = form(admin, "post", docs, language="ca", pdf=upload(content))
    assert answer.status_code == 201, answer.content
    assert opened(answer.json()["pdf"]) == content


def test_pdf_may_have_ten_megabytes(docs, admin):
    full = b"%PDF-1.4\n" + b"0" * (10 * 1024 * 1024 - 15) + b"\n%%EOF"
    assert len(full) == 10 * 1024 * 1024
    assert form(admin, "post", docs, language="ca", pdf=upload(full)).status_code == 201
    answer = form(admin, "post", docs, language="es", pdf=upload(full + b"\n"))
    assert (answer.status_code, list(answer.json())) == (400, ["pdf"])
    assert form(admin, "post", docs, language="es", pdf=upload(b"0" * 13 * 1024 * 1024)).status_code == 413
    assert admin.post(docs, {"language": "es", "html": "x" * 3 * 1024 * 1024}).status_code == 413


@pytest.mark.any_database
@pytest.mark.parametrize(
    "value", ["x", "http://x/a.pdf", "/files/x/y.pdf", 1, True, [], {}, ["x"], 1.5, "\x00", "http://[x"]
)
@pytest.mark.parametrize("verb", ["post", "put", "patch"])
def test_pdf_that_is_no_file_is_refused(verb, value, docs, pdf, admin):
    answer = getattr(admin, verb)(docs if verb == "post" else f"{docs}en/", {"language": "ca", "pdf": value})
    assert answer.status_code == 400
    assert list(answer.json()) == ["pdf"]


def test_text_that_is_no_file_is_refused_in_a_form_too(docs, admin):
    answer = form(admin, "post", docs, language="ca", pdf="null")
    assert (answer.status_code, list(answer.json())) == (400, ["pdf"])


def test_object_as_read_can_be_sent_back(docs, pdf, admin, as_, monkeypatch):
    read = admin.get(f"{docs}en/").json()
    monkeypatch.setattr("files.links.time.time", lambda: 10**10)  # long after the link has expired
    for verb in ("put", "patch"):
        answer = getattr(as_("legal"), verb)(f"{docs}en/", read)
        assert answer.status_code == 200
        assert url_read(answer.json()["pdf"]).file_id == pdf.pk


def test_link_of_another_pdf_is_no_pdf(world, docs, pdf, admin):
    other = stored(world, home=world.away)
    InformedConsentDocument.objects.create(
        institution=world.away.institution, consent=world.away.newer_consent, language="en", pdf=other
    )
    links = Links(base="/files/", caller=Caller(CallerKind.PERSON, world.people["admin"].pk), seconds=300)
    foreign = links(other.pk, "consent-en.pdf")
    assert admin.put(f"{docs}en/", {"language": "en", "pdf": foreign}).status_code == 400
    assert admin.post(docs, {"language": "ca", "pdf": links(pdf.pk, "consent-en.pdf")}).status_code == 400


def test_each_caller_gets_an_own_link(docs, pdf, as_):
    urls = {who: as_(who).get(f"{docs}en/").json()["pdf"] for who in ("admin", "ann", "global")}
    assert len(set(urls.values())) == 3
    assert [opened(url) for url in urls.values()] == [PDF] * 3


def test_link_lives_for_a_day(docs, pdf, as_, monkeypatch):
    monkeypatch.setattr("files.links.time.time", lambda: 86_400 * 20_000 + 59)
    url = as_("ann").get(f"{docs}en/").json()["pdf"]
    assert url_read(url).expires == 86_400 * 20_001
    assert as_("ann").get(docs).json()["results"][0]["pdf"] == url


# Frozen.


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("put", {"language": "en-GB"}),
        ("put", {"language": "EN"}),
        ("put", {"language": "en", "html": "<p>Other</p>"}),
        ("patch", {"html": ""}),
        ("patch", {"html": None}),
        ("patch", {"pdf": None}),
        ("delete", None),
    ],
)
def test_documents_of_an_accepted_consent_are_frozen(verb, body, world, docs, pdf, admin):
    freeze(world)
    before = admin.get(f"{docs}en/").json()
    answer = getattr(admin, verb)(f"{docs}en/", body)
    assert (answer.status_code, list(answer.json())) == (409, ["detail"])
    assert admin.get(f"{docs}en/").json() == before
    assert held(pdf.storage_key) == PDF


def test_other_pdf_of_an_accepted_consent_is_refused(world, docs, pdf, admin):
    freeze(world)
    for verb in ("put", "patch"):
        assert form(admin, verb, f"{docs}en/", language="en", pdf=upload(PDF + b"%%EOF")).status_code == 409
    assert StoredFile.objects.get() == pdf
    assert store().listdir(f"{world.home.institution.pk}/consent_pdf")[1] == [pdf.storage_key.split("/")[-1]]


def test_what_changes_nothing_is_fine_when_frozen(world, docs, pdf, admin):
    freeze(world)
    before = admin.get(f"{docs}en/").json()
    same = [
        admin.put(f"{docs}en/", before),
        admin.put(f"{docs}en/", {"language": "en"}),
        admin.patch(f"{docs}en/", {"html": "<p>I consent.</p><script>x</script>"}),
        form(admin, "put", f"{docs}en/", language="en", html="<p>I consent.</p>"),
        form(admin, "put", f"{docs}en/", language="en", pdf=upload()),
    ]
    assert [answer.status_code for answer in same] == [200] * 5
    assert [answer.json() | {"removed": None} for answer in same] == [before] * 5
    assert [answer.json()["removed"] for answer in same] == [None, None, [{"what": "<script>", "times": 1}], None, None]
    assert StoredFile.objects.get() == pdf


@pytest.mark.parametrize("html", ["", None])
def test_untouched_document_without_html_is_fine_when_frozen(html, world, docs, admin):
    InformedConsentDocument.objects.update(html=None)
    freeze(world)
    assert admin.put(f"{docs}en/", {"language": "en", "html": html, "pdf": None}).status_code == 200
    assert form(admin, "put", f"{docs}en/", language="en", html="").status_code == 200


def test_further_language_may_be_added_to_an_accepted_consent(world, docs, admin):
    freeze(world)
    answer = form(admin, "post", docs, language="ca", html="<p>Hi consento.</p>", pdf=upload())
    assert answer.status_code == 201
    assert admin.delete(f"{docs}ca/").status_code == 409
    assert (admin.post(docs, {"language": "CA"}).status_code, admin.post(docs, {"language": "CA"}).json()) == (
        400,
        TAKEN,
    )


# Lists.


@pytest.fixture
def many(world, docs, admin):
    for language, html in (("pt-BR", "<p>b</p>"), ("ca", None), ("pt", "<p>a</p>")):
        admin.post(docs, {"language": language, "html": html})
    form(admin, "patch", f"{docs}ca/", pdf=upload())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["en", "pt-BR", "ca", "pt"]),
        ("search=PT", ["pt-BR", "pt"]),
        ("search=pt b", ["pt-BR"]),
        ("search=x", []),
        ("ordering=-id", ["pt", "ca", "pt-BR", "en"]),
        ("ordering=html", ["en", "pt", "pt-BR", "ca"]),
        ("ordering=-html", ["pt-BR", "pt", "en", "ca"]),
        ("ordering=pdf", ["ca", "en", "pt-BR", "pt"]),
        ("ordering=consent,-created_at", ["pt", "ca", "pt-BR", "en"]),
        ("ordering=x", ["en", "pt-BR", "ca", "pt"]),
        ("language=en&html=x&limit=2&offset=1", ["pt-BR", "ca"]),
    ],
)
def test_list_is_sorted_and_searched(query, expected, many, docs, as_):
    answer = as_("member").get(f"{docs}?{query}")
    assert answer.status_code == 200
    assert [row["language"] for row in answer.json()["results"]] == expected


def test_number_of_queries_does_not_grow(world, docs, many, django_assert_num_queries):
    client = client_of(world.people["member"])
    client.get(docs)
    with django_assert_num_queries(3):  # caller, consent, page with its count
        assert client.get(docs).json()["count"] == 4
    for number in range(20):
        file = stored(world, kind=Kind.CONSENT_PDF)
        InformedConsentDocument.objects.create(
            institution=world.home.institution, consent=world.home.consent, language=f"en-x{number:02}", pdf=file
        )
    with django_assert_num_queries(3):
        rows = client.get(f"{docs}?limit=1000").json()["results"]
    assert len({row["pdf"] for row in rows if row["pdf"]}) == 21


# What cleaning takes away is told to whoever sent it.


@pytest.mark.parametrize("verb", ["put", "patch"])
def test_answer_tells_what_was_taken_away(verb, docs, admin):
    html = '<ol start="2"><li value="4">One</li></ol><img src="x.png"><p style="a">Two</p>'
    told = [{"what": "<img>", "times": 1}, {"what": "<p style>", "times": 1}]
    added = admin.post(docs, {"language": "ca", "html": html})
    assert (added.status_code, added.json()["removed"]) == (201, told)
    assert added.json()["html"] == '<ol start="2"><li value="4">One</li></ol><p>Two</p>'
    body = {"language": "ca", "html": html}
    assert getattr(admin, verb)(f"{docs}ca/", body).json()["removed"] == told
    assert form(admin, verb, f"{docs}ca/", **body).json()["removed"] == told
    assert getattr(admin, verb)(f"{docs}ca/", {"language": "ca"}).json()["removed"] is None
    assert admin.get(f"{docs}ca/").json()["removed"] is None


def test_hash_changes_with_the_text_and_with_nothing_else(docs, admin):
    def digest(**values):
        return form(admin, "patch", f"{docs}en/", **values).json()["sha256"]

    first = admin.get(f"{docs}en/").json()["sha256"]
    assert digest(html="<p>I consent.</p>") == first
    other, with_pdf = digest(html="<p>I do.</p>"), digest(pdf=upload())
    assert len({first, other, with_pdf, digest(pdf=upload(PDF + b"\n%%EOF"))}) == 4
    assert digest(pdf=upload()) == with_pdf
    admin.patch(f"{docs}en/", {"language": "en-GB", "pdf": None}, format="json")
    assert admin.get(f"{docs}en-GB/").json()["sha256"] == other
