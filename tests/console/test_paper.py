"""Reports as PDF: tagged, titled, with the reasons; nothing is fetched, and who cannot have one is told why."""

import re
import sys
import zlib
from html import unescape

import pytest

from console import exports, paper
from console.paper import NoPaper, pdf_of
from console.templatetags.console import css_text, results_told
from institutions.models import Provider
from reports.models import Report
from reports.sentences import DEMONSTRATION
from tests.captures import FR, PLAG
from tests.conftest import client_of
from tests.console.test_lists import HOSTILE
from tests.lines import details_of
from tests.reports.work import Work
from tests.world import rewritten
from trail.models import Line

ACTIVITY = "courses/{course}/activities/{activity}/"
ONE, ALL = f"{ACTIVITY}reports/{{report}}/report.pdf", f"{ACTIVITY}reports.pdf"


@pytest.fixture
def drawn(monkeypatch) -> list[str]:
    """The pages that would be drawn, without drawing them: that takes a second."""
    pages: list[str] = []
    monkeypatch.setattr(paper, "pdf_of", lambda html: pages.append(html) or b"%PDF-")
    return pages


def test_report_is_tagged_and_has_title_and_language(world, signed_in, address):
    answer = signed_in("data").get(address(ONE))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert re.fullmatch(r'attachment; filename="report-[\d-]+\.pdf"', answer["Content-Disposition"])
    assert "no-store" in answer["Cache-Control"]
    content = answer.content
    plain = content + b"".join(
        zlib.decompress(part) for part in re.findall(rb"stream\n(x.+?)\nendstream", content, re.S) if part[:1] == b"x"
    )
    for wanted in (b"/MarkInfo", b"/StructTreeRoot", b"/Lang (en)", b"pdfuaid:part", b"/DisplayDocTitle true"):
        assert wanted in plain, wanted
    (line,) = Line.objects.filter(verb="export")
    assert (line.resource, line.person_id) == ("console/report-pdf", world.people["ann"].pk)
    assert details_of(line) == {"rows": 1, "format": "pdf"}


def test_it_says_what_the_page_says(world, signed_in, address, drawn):
    work = Work(world.home)
    work.answer(work.request(PLAG, session=work.session()), result=0.1, by=work.plag)
    work.answer(work.request(FR), result=0.2)
    Provider.objects.filter(pk=work.plag.pk).update(is_demonstration=True)
    where = address(ONE.replace("{report}", str(work.report().pk)))
    assert signed_in("data").get(where).status_code == 200
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", drawn[0]))
    for said in ("Face recognition: Alert", "So the level is Alert.", "alerts below 30", "Session of"):
        assert said in text
    assert drawn[0].count(DEMONSTRATION) == 2
    assert re.search(r"<svg [^>]+><title>Every result of Face recognition [^<]+: 20 %</title>", drawn[0])
    assert '<html lang="en">' in drawn[0]


def test_reports_of_an_activity_are_those_that_the_list_finds(world, signed_in, address, drawn, monkeypatch):
    home, browser = world.home, signed_in("data")
    for name, number in (("bob", 4), ("eve", 2)):
        Report.objects.create(
            institution=home.institution, activity=home.activity, learner=home.learners[name], identity_level=number
        )
    assert browser.get(address(ALL)).status_code == 200
    assert re.findall(r"<h1>([^<]+)</h1>", drawn[0]) == ["Ann Home", "Bob Home", "Eve Home"]
    browser.get(address(ALL), {"level__gte": "3"})
    assert "Bob Home" in drawn[1]
    assert "Eve Home" not in drawn[1]
    monkeypatch.setattr(exports, "PAPER", 2)
    told = browser.get(address(ALL), {"ordering": "learner"}, follow=True)
    assert "3 reports are too many for one PDF, which takes 2" in told.text
    parts = re.findall(r'href="([^"]+reports\.pdf[^"]+)" download>([\d–]+)<', told.text)
    assert [places for _, places in parts] == ["1–2", "3"]
    drawn.clear()
    files = [browser.get(unescape(link)) for link, _ in parts]
    headings = [re.findall(r"<h1>([^<]+)</h1>", page) for page in drawn]
    assert headings == [["Ann Home", "Bob Home"], ["Reports of Quiz, C1 (3 of 3)"]]
    assert "Eve Home, eve" in drawn[1]
    assert [re.search(r"part-\d", file["Content-Disposition"])[0] for file in files] == ["part-1", "part-2"]
    assert "no such part" in browser.get(address(ALL), {"part": "3"}, follow=True).text
    assert told.redirect_chain == [(f"{address(ACTIVITY)}?ordering=learner", 302)]
    assert "There is no report" in browser.get(address(ALL), {"search": "nobody"}, follow=True).text
    assert len(drawn) == 2


def test_each_learner_is_told_who_has_taken_the_own_report_away(world, signed_in, address, drawn):
    home = world.home
    bob = Report.objects.create(institution=home.institution, activity=home.activity, learner=home.learners["bob"])
    assert signed_in("data").get(address(ALL)).status_code == 200
    at = f"{home.institution.pk}/{home.course.pk}/{home.activity.pk}"
    lines = Line.objects.filter(verb="export").order_by("pk")
    assert [*lines.values_list("resource", "row_key", "person_id")] == [
        ("console/report-pdf", f"{at}/{home.report.pk}", home.people["ann"].pk),
        ("console/report-pdf", f"{at}/{bob.pk}", home.people["bob"].pk),
        ("console/activity-pdf", at, None),
    ]
    for name in ("ann", "bob"):
        (told,) = client_of(home.people[name]).get("/api/v2/me/trail/?verb=export").json()["results"]
        assert (told["told"]["what"], told["told"]["who"]) == ("your report", "data administrator")


@pytest.mark.parametrize(
    ("who", "status"),
    [("global", 200), ("admin", 200), ("data", 200), ("legal", 404), ("send", 404), ("teacher", 200), ("ann", 403),
     ("stranger", 404)],
)  # fmt: skip
def test_who_may_read_the_report_may_have_it(who, status, world, signed_in, address, drawn):
    browser = signed_in(who)
    assert [browser.get(address(page)).status_code for page in (ONE, ALL)] == [status, status]
    away = 200 if who in ("global", "stranger") else 404
    assert [browser.get(address(page, home=world.away)).status_code for page in (ONE, ALL)] == [away, away]


def test_texts_are_only_texts_and_nothing_is_fetched(world, signed_in, address, drawn, monkeypatch, caplog):
    home = world.home
    for row, name in ((home.people["ann"], "first_name"), (home.activity, "name"), (home.course, "code")):
        setattr(row, name, HOSTILE)
        row.save()
    rewritten(type(home.institution).objects.filter(pk=home.institution.pk), acronym='"} * { color: red } /*'[:30])
    assert signed_in("data").get(address(ONE)).status_code == 200
    assert "<script>alert" not in drawn[0]
    assert "<img src=x" not in drawn[0]
    assert '"}' not in drawn[0].partition("</style>")[0]
    seen: list[object] = []
    monkeypatch.setattr("socket.socket.connect", lambda *address: seen.append(address))
    page = '<html lang="en"><title>T</title><img alt="x" src="{}"><link rel="stylesheet" href="{}"><p>text'
    for address_ in ("http://127.0.0.1:1/x.png", "file:///etc/passwd", "data:image/png;base64,AAAA"):
        assert pdf_of(page.format(address_, address_)).startswith(b"%PDF-")
        assert "disallowed protocol" in caplog.text
        caplog.clear()
    assert seen == []


def test_page_says_that_the_libraries_are_missing(world, signed_in, address, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    told = signed_in("data").get(address(ONE), follow=True)
    assert "This server cannot make PDF" in told.text
    assert told.redirect_chain[0][0] == address(f"{ACTIVITY}reports/{{report}}/")
    assert not Line.objects.filter(verb="export").exists()


def test_one_at_a_time(monkeypatch):
    monkeypatch.setattr(paper, "SECONDS", 0)
    with paper._taking_turns(), pytest.raises(NoPaper, match="Another PDF"):
        pdf_of("<p>x")
    assert pdf_of('<html lang="en"><title>T</title><p>x').startswith(b"%PDF-")


def test_words_for_paper():
    assert css_text('a"}1') == "a\\22 \\7d 1"
    strip = type("Strip", (), {"points": ("20.00%",) * 14})
    assert results_told(strip) == f"{', '.join(['20 %'] * 12)} and 2 more"
