"""Evidence on a page: every sample as what it is, beside the enrolment, and each opening in the trail."""

import json
import re
from html import unescape
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from console.words import DEMONSTRATED
from files.contents import head_of
from files.documents import DOCX, MOST, ODT
from files.drawing import SIGNATURE
from files.models import Kind, Made, StoredFile
from files.pages import PDF
from institutions.models import Provider
from learners.models import Enrolment, EnrolmentSample
from reports.models import ReportInstrument, RequestProviderResult, RequestResult
from reports.sentences import DEMONSTRATION
from reports.showing import KEYS as KEYS_DRAWN
from reports.showing import MODEL, PAGES, TEXT, keystrokes_of
from rights.models import Contest
from tests.captures import FR, KEYS, drawn_pdf
from tests.lines import files_read
from tests.pages.test_policy import WITH_MEDIA, assert_clean
from tests.reports.test_contents import PICTURE, PNG, data_url, get, raw_file, sample_file
from tests.reports.work import PROCESSED, Work

PAGE = "courses/{course}/activities/{activity}/reports/"


@pytest.fixture
def work(world):
    return Work(world.home)


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


def captured(work: Work, content: bytes = PICTURE, media_type: str = "image/jpeg", **metadata):
    request = work.request(FR, data=sample_file(work, Kind.REQUEST, content, media_type, **metadata))
    work.answer(request, result=0.2)
    return request


def page_of(work: Work, address, rest: str = f"evidence/{FR}/") -> str:
    return address(f"{PAGE}{work.report().pk}/{rest}")


@pytest.mark.parametrize(
    ("content", "media_type", "shown"),
    [
        (PICTURE, "image/jpeg", r'<img src="([^"]+sample-0\.jpg)"'),
        (b"RIFF" * 30, "audio/wav", r'<audio [^>]*src="([^"]+sample-0\.wav)"'),
        (b"film" * 30, "video/webm", r'<video [^>]*src="([^"]+sample-0\.webm)"'),
        (b"%PDF-1.7", "application/pdf", r'<a href="([^"]+sample-0\.pdf)" rel="noopener">a\.b'),
    ],
)
def test_samples_are_fetched_by_links_that_are_recorded_when_followed(content, media_type, shown, work, admin, address):
    request = captured(work, content, media_type, filename="a.b")
    for page in (page_of(work, address), page_of(work, address, f"requests/{request.pk}/")):
        before = len(files_read())
        answer = admin.get(page)
        assert_clean(answer, WITH_MEDIA)
        found = re.search(shown, answer.text)[1]
        opened = [read.kind for read in files_read()[before:]]
        assert opened == ([Made.AUDIT] if "evidence" in page else [])
        sample = get(found)
        assert sample.getvalue() == content
        assert files_read()[-1].key == request.data_id
        assert len(files_read()) == before + len(opened) + 1


def test_keystrokes_are_drawn_and_texts_are_shown(work, admin, address):
    keys, text = captured(work, KEYS, "text/plain"), captured(work, b"<b>An essay</b>", "text/plain")
    long = captured(work, b"x" * (TEXT + 5), "text/plain")
    answer = admin.get(page_of(work, address))
    assert "2 keys, held for 85 ms and pressed every 119 ms on the average." in answer.text
    assert "<title>KeyB: after 119 ms, held for 80 ms</title>" in answer.text
    assert "<pre>&lt;b&gt;An essay&lt;/b&gt;</pre>" in answer.text
    assert answer.text.count("Only the beginning is shown.") == 1
    assert f">{'x' * TEXT}<" in answer.text
    # what stands in the page has been opened with it, once each
    assert sorted(read.key for read in files_read()[1:]) == sorted([keys.data_id, text.data_id, long.data_id])


def zipped(part: str, content: str) -> bytes:
    with ZipFile(file := BytesIO(), "w", ZIP_DEFLATED) as archive:
        archive.writestr(part, content)
    return file.getvalue()


def test_text_of_documents_is_shown_and_recorded_as_opened(work, admin, address):
    """Of what learners hand in, so much is read as is shown: neither entities, nor what swells, nor what is broken."""
    block = "<w:p><w:r><w:t>An &lt;b&gt;</w:t><w:tab/><w:t>essay</w:t><w:delText>gone</w:delText></w:r></w:p>"
    word = '<w:document xmlns:w="w">{}</w:document>'
    odt = '<o:d xmlns:o="o"><o:tracked-changes><o:p>gone</o:p></o:tracked-changes><o:h>A</o:h><o:p>b<o:s/>c</o:p></o:d>'
    entity = f'<!DOCTYPE x [<!ENTITY e "{"x" * 100}">]>'
    swollen = word.format(block + "<w:x/>" * (MOST // 4))
    cases = [
        (DOCX, zipped("word/document.xml", word.format(block)), "An &lt;b&gt;\tessay"),
        (ODT, zipped("content.xml", odt), "A\nb c"),
        (DOCX, zipped("word/document.xml", swollen), "An &lt;b&gt;\tessay\n…"),
        (DOCX, zipped("word/document.xml", word.format(block * TEXT)), None),
        (DOCX, zipped("word/document.xml", entity + word.format("<w:t>&e;</w:t>")), ""),
        (DOCX, zipped("other.xml", ""), ""),
        (ODT, b"PK", ""),
    ]
    requests = [captured(work, content, media_type, filename="a.b") for media_type, content, _ in cases]
    page = admin.get(page_of(work, address))
    assert_clean(page, WITH_MEDIA)
    shown = re.findall(r"<pre>([^<]*)</pre>", page.text)
    assert shown[:3] == [text for *_, text in cases[:3]]
    assert (len(shown), len(unescape(shown[3])), page.text.count("it is saved, not shown")) == (4, TEXT, 3)
    assert page.text.count("Only the beginning of its text is shown.") == 1
    opened = [read.key for read in files_read() if read.kind == Kind.REQUEST]
    assert sorted(opened) == sorted(request.data_id for request in requests[:4])


def test_pages_of_a_pdf_are_shown_as_pictures_and_each_is_recorded(work, admin, address):
    request = captured(work, drawn_pdf(2, b"An <b>essay"), PDF, filename="a.pdf")
    one = admin.get(page_of(work, address))
    assert_clean(one, WITH_MEDIA)
    whole = page_of(work, address, f"requests/{request.pk}/")
    assert f'<a href="{whole}">All pages' in one.text
    sheet = r'<img src="([^"]+page-0-\d\.png)" alt="Page \d'
    assert (len(re.findall(sheet, one.text)), len(files_read())) == (1, 1)
    page = admin.get(whole)
    assert_clean(page, WITH_MEDIA)
    assert "<pre>An &lt;b&gt;essay</pre>" in page.text
    assert [read.key for read in files_read()[1:]] == [request.data_id]  # its text has been opened
    sheets = re.findall(sheet, page.text)
    assert len(sheets) == 2
    pictures = [get(found).getvalue() for found in sheets]
    assert all(picture.startswith(SIGNATURE) for picture in pictures)
    assert len(pictures[0]) > len(pictures[1])  # there is nothing on the second one
    assert [read.key for read in files_read()[2:]] == [request.data_id] * 2


def test_what_cannot_be_drawn_is_saved(work, admin, address, monkeypatch):
    """Broken documents, too many pages, and a server without the library."""
    broken, long = captured(work, b"%PDF-1.7", PDF), captured(work, drawn_pdf(PAGES + 1), PDF)
    page = admin.get(page_of(work, address, f"requests/{broken.pk}/")).text
    assert ("it is saved, not shown" in page, "page-0" in page) == (True, False)
    page = admin.get(page_of(work, address, f"requests/{long.pk}/")).text
    assert (page.count('<img src="http'), page.count("Only the beginning is shown.")) == (PAGES, 1)
    monkeypatch.setattr("reports.showing.can_draw", lambda: False)
    assert admin.get(page_of(work, address)).text.count("it is saved, not shown") == 2


def test_enrolment_stands_beside_it(work, admin, address):
    model = Enrolment.objects.get(provider=work.fr, learner=work.home.learners["bob"])
    for _ in range(MODEL + 1):
        file = sample_file(work, Kind.SAMPLE, PNG, "image/png")
        sample = EnrolmentSample.objects.create(institution=work.home.institution, learner=model.learner, data=file)
        model.model_samples.add(sample)
    captured(work)
    answer = admin.get(page_of(work, address))
    assert "75 % complete" in answer.text
    assert "1 further samples are not shown" in answer.text
    models = answer.text.partition('id="captures"')[0]
    links = re.findall(r'<img src="([^"]+)"', models)[-MODEL:]
    assert get(links[0]).getvalue() == PNG
    assert files_read()[-1].kind == Kind.SAMPLE


def test_what_a_provider_says_is_shown_with_its_pictures(work, admin, address):
    request = work.request(FR, data=sample_file(work, Kind.REQUEST))
    face = {"image": data_url(PNG, "image/png"), "score": 0.42}
    audit = {"faces": [face, face], "glasses": True, "text": "<i>", "nested": {"a": 1}, "demonstration": "x"}
    work.answer(request, result=0.2, audit=audit)
    answer = admin.get(page_of(work, address))
    said = answer.text.partition('id="captures"')[2]
    faces = re.findall(r'<img src="([^"]+sample-[01]\.png)"', said)
    assert [get(face).getvalue() for face in faces] == [PNG, PNG]
    assert re.findall(r'<span class="soft">(\d+)\s%', said) == ["42", "42"]
    assert re.findall(r"<dt>(\w+)</dt><dd>([^<]*)</dd>", said) == [("glasses", "True"), ("text", "&lt;i&gt;")]
    audit_file = RequestProviderResult.objects.get(request=request).audit_id
    assert [read.key for read in files_read() if read.kind == Kind.RESULT_AUDIT] == [audit_file, *[audit_file] * 2]


def test_some_captures_at_a_time(work, admin, address):
    for _ in range(14):
        request = work.request(FR)
        RequestResult.objects.filter(request=request).update(status=PROCESSED, result=0.5)
    work.answer(work.request(FR), result=0.5)
    first = admin.get(page_of(work, address))
    assert "1–12 of 15" in first.text
    assert first.context["next"] == "?offset=12"
    second = admin.get(page_of(work, address) + "?offset=12")
    assert "13–15 of 15" in second.text
    assert (second.context["previous"], second.context["next"]) == ("?offset=0", "")
    for nonsense in ("?offset=x", "?offset=-1", "?offset=%00", "?offset=" + "9" * 40):
        assert admin.get(page_of(work, address) + nonsense).context["first"] == 1
    assert "that far" in admin.get(page_of(work, address) + "?offset=400").text


def test_what_is_gone_or_no_sample_is_told(work, admin, address):
    for content in (b"no json", b'{"data": 7}', b'["data:text/plain,x"]'):
        work.answer(work.request(FR, data=raw_file(work, content)), result=0.5)
    work.answer(work.request(FR), result=0.5)
    answer = admin.get(page_of(work, address))
    assert answer.text.count("It has been erased.") == 4


def test_store_that_is_away_is_told_and_nothing_is_recorded(work, admin, address, monkeypatch):
    captured(work)

    def fails(*_):
        raise PermissionError("away")

    monkeypatch.setattr("django.core.files.storage.filesystem.FileSystemStorage._open", fails)
    answer = admin.get(page_of(work, address))
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "Files cannot be read at the moment." in answer.text
    assert files_read() == []


def test_demonstrations_are_told(work, admin, address):
    captured(work)
    assert DEMONSTRATION not in admin.get(page_of(work, address)).text
    Provider.objects.update(is_demonstration=True)
    assert DEMONSTRATION in admin.get(page_of(work, address)).text


def test_contested_levels_of_a_demonstration_are_labelled(world, admin, address):
    """Beside them who decides sees that they say nothing of anybody."""
    contest, detail = world.home.contest, world.home.report_instrument
    Contest.objects.filter(pk=contest.pk).update(machine_levels={"identity": 4, "content": 2, "integrity": 1})
    named = {"name": "P", "acronym": "p", "version": "1", "queue": "p"}
    made_up = Provider.objects.create(**named, instrument=detail.instrument, is_demonstration=True)

    def labelled() -> int:
        return admin.get(address(f"contests/{contest.pk}/")).text.count(DEMONSTRATED)

    assert labelled() == 0
    ReportInstrument.objects.filter(pk=detail.pk).update(answered={str(made_up.pk): 1})
    assert labelled() == 2  # two levels were concluded from something


@pytest.mark.parametrize("text", ["", "[[", "[[1]]", '[["a", 1]]', '[["a", "b", "c"]]', '[["a", null, 1]]', "[]", "x"])
def test_no_keystrokes(text):
    assert keystrokes_of(text) is None


def test_many_keystrokes_are_drawn_in_part():
    found = keystrokes_of(json.dumps([["a", 10 * place, 5] for place in range(KEYS_DRAWN + 5)]))
    assert (len(found.strokes), found.number, found.between, found.held) == (KEYS_DRAWN, KEYS_DRAWN + 5, 10, 5)
    assert keystrokes_of('[["a", 5, 3]]').between == 0


def test_head_of_a_large_sample_is_read_alone(work, monkeypatch):
    file = sample_file(work, Kind.REQUEST, b"x" * 200_000, "image/png")
    head = head_of(file, 10)
    assert (head.media_type, head.text, head.facts["metadata"]) == ("image/png", None, {"mimetype": "image/png"})
    assert head_of(None, 10).media_type == ""
    assert head_of(StoredFile(storage_key="nowhere"), 10).media_type == ""
    assert head_of(raw_file(work, b'{"a": 1, "data": "data:text/plain,more"}'), 3).text == "mor"
