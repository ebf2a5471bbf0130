"""Control characters, language codes, addresses: in models, and in every body."""

import pytest
from django.core.exceptions import ValidationError

from tesla_api.api.text import validate_language, validate_line, validate_prose, validate_web_address


@pytest.mark.parametrize("text", ["a\x00b", "\x1b[0m", "a\x7f", "\x85", "a\nb", "a\tb"])
def test_a_line_holds_no_control_character(text):
    with pytest.raises(ValidationError, match=r"U\+00"):
        validate_line(text)


def test_prose_may_break_lines_and_nothing_else():
    validate_prose("a\n\tb\r\n")
    validate_line("Ça va, 學生? naïve - “quoted”")
    with pytest.raises(ValidationError, match=r"U\+0008"):
        validate_prose("a\bb")


@pytest.mark.parametrize("code", ["en", "cat", "pt-BR", "zh_Hant_TW", "de-1996", "zh-Hans-CN-x1"])
def test_language_codes(code):
    validate_language(code)


@pytest.mark.parametrize(
    "code", ["", "e", "engl", "en-", "en-a", "en/x", "en.pdf", "../en", "en\n", "en-aa-bb-cc-dd", "ën"]
)
def test_what_is_no_language_code(code):
    with pytest.raises(ValidationError):
        validate_language(code)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "ftp://x.org", "//x.org", "x.org", "file:///etc/passwd", "data:,x", "", "http:", "http://",
        "http:///x", "http://?x", "http://#x", "http://:80/", "http://@/x", "https:x.org", "http:/x.org",
        "http://mood le/", "http://\u2028x/", "http://[::1/", "ht\ttp://x.org", "http://x.org/\x00", "http://x.org/\n",
        "java\nscript:x//http://x", " javascript:x", "\x01http://x.org", "http\u00a0://x.org",
        "view-source:http://x.org",
    ],
)  # fmt: skip
def test_only_web_addresses_are_addresses(address):
    with pytest.raises(ValidationError):
        validate_web_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://moodle/course/view.php?id=3", "http://my_moodle.example.org/x", "https://x.org/a b/c.php?n=d e#f g",
        "HTTPS://X.ORG", "http://localhost:8080", "http://[::1]:8000/x", "https://x.org:443/ü?ñ=學", "http://møødle.dk/",
        "http://127.0.0.1/moodle/mod/quiz/view.php?id=1&b[]=2|3", "https://user@x.org/",
    ],
)  # fmt: skip
def test_addresses_that_vles_have(address):
    validate_web_address(address)


def test_bodies_with_control_characters_are_refused_under_the_field(as_, world):
    vles = f"/api/v2/institution/{world.home.institution.pk}/vle/"
    for name in ("a\x00b", "a\nb", "\x1b[31m", "\ud800"):
        body = b'{"type": 0, "name": "%s"}' % name.encode("unicode_escape").replace(b"\\x", b"\\u00")
        answer = as_("admin").post(vles, body, content_type="application/json")
        assert answer.status_code == 400, body
        assert list(answer.json()) in (["name"], ["detail"])  # a lone surrogate is no JSON text at all
