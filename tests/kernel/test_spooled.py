"""Large JSON bodies: whatever its form, a body says the same in chunks of any size as it does to json and base64."""

import base64
import json
from contextlib import closing

import pytest
from django.http import HttpRequest, UnreadablePostError
from hypothesis import strategies as st

from kernel.http import parsers
from kernel.http.spooled import Content, Scanner
from tests.examples import given

LIMIT = 1000


def whole_of(content: Content) -> bytes:
    return base64.b64decode(b"".join(content.base64()))


def scanned(body: bytes, size: int, limit: int = 10**6) -> tuple[Scanner, str]:
    pieces: list[str] = []
    scanner = Scanner("data", pieces.append, limit)
    for at in range(0, len(body), size):
        scanner.feed(body[at : at + size])
    return scanner, "".join(pieces)


def content_of(text: str, size: int = 7, limit: int = LIMIT) -> Content:
    content = Content(limit)
    for at in range(0, len(text), size):
        content.take(text[at : at + size])
    content.end()
    return content


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("data"), inner),
    max_leaves=8,
)
OTHERS = st.dictionaries(st.text().filter(lambda key: key != "data"), VALUES, max_size=5)


def written(content: bytes, escape_every: bool, line: int) -> str:
    """A data URL as a JSON string, as clients write it: PHP escapes slashes, some break lines, others escape all."""
    letters = base64.b64encode(content).decode()
    if line:
        letters = "\r\n".join(letters[at : at + line] for at in range(0, len(letters), line))
    url = "data:audio/WebM;codecs=vp8,opus;base64," + letters
    if escape_every:
        return '"' + "".join(f"\\u{ord(letter):04x}" for letter in url) + '"'
    return json.dumps(url).replace("/", "\\/")


@given(
    others=OTHERS,
    place=st.integers(0, 5),
    content=st.binary(min_size=1, max_size=300),
    escape_every=st.booleans(),
    line=st.sampled_from([0, 4, 76]),
    indent=st.sampled_from([None, 2]),
    ascii_only=st.booleans(),
    name=st.sampled_from(['"data"', '"d\\u0061ta"']),
    size=st.integers(1, 200),
)
def test_any_object_says_the_same(others, place, content, escape_every, line, indent, ascii_only, name, size):
    keys = [*[*others][:place], "data", *[*others][place:]]
    whole = {key: others.get(key, None) for key in keys}
    whole["data"] = "~here~"
    text = json.dumps(whole, indent=indent, ensure_ascii=ascii_only)
    try:
        body = text.replace('"data": "~here~"', f"{name}: {written(content, escape_every, line)}").encode()
    except UnicodeEncodeError:
        return  # half of a letter, which JSON has only as an escape
    scanner, url = scanned(body, size)
    assert (scanner.times, scanner.was_streamed, scanner.is_broken) == (1, True, False)
    assert json.loads(scanner.rest) == whole | {"data": None}
    assert url == json.loads(body)["data"]
    with closing(content_of(url, size)) as found:
        assert (found.problem, found.media_type, found.size) == ("", "audio/webm", len(content))
        assert whole_of(found) == content


@given(body=OTHERS, size=st.integers(1, 50))
def test_objects_without_data_are_left_alone(body, size):
    text = json.dumps({"x": {"data": "nested"}, "y": ["data", {"data": "deeper"}], **body}).encode()
    scanner, url = scanned(text, size)
    assert (bytes(scanner.rest), url, scanner.times) == (text, "", 0)


@given(body=VALUES.filter(lambda value: not isinstance(value, str)), size=st.integers(1, 50))
def test_data_that_is_no_string_is_left_where_it_is(body, size):
    text = json.dumps({"a": 1, "data": body, "b": "data"}).encode()
    scanner, url = scanned(text, size)
    assert (bytes(scanner.rest), url, scanner.was_streamed) == (text, "", False)


@pytest.mark.parametrize("body", ['["data", "x"]', '["data", {"data": "x"}]', '"data"', "7", "[]"])
def test_what_is_no_object_is_left_alone(body):
    for size in (1, 3, 100):
        scanner, url = scanned(body.encode(), size)
        assert (bytes(scanner.rest).decode(), url) == (body, "")


@pytest.mark.parametrize(
    "body",
    [
        '{"data"}', '{"data":}', '{"data" "x"}', '{"data":"x"', '{"data":"x', '{"data":"x"}}',
        '{"data":"x"}{"data":"y"}',
        '{"data":"x" "y"}', '{"data":["x"],"x" "y"}', '{"data"::"x"}', '{,"data":"x"}', '{"data":"x",}', "", " ",
        '{"data":"x"]', '}{"data":"x"}', '{"data":[}"x"}', '{"data":"x":"y"}', '{"a":{"data":"x"}', '{"data":\'x\'}',
    ],
)  # fmt: skip
def test_what_is_no_json_stays_none(body):
    for size in (1, 2, 5, 100):
        scanner, _ = scanned(body.encode(), size)
        with pytest.raises(ValueError, match=r".+"):
            json.loads(scanner.rest)


@pytest.mark.parametrize("text", ["\\x", "\\u00zz", "a\nb", "\x01", "\\ud800"])
def test_a_string_that_is_none_is_broken(text):
    for size in (1, 2, 100):
        assert scanned(f'{{"data":"{text}"}}'.encode(), size)[0].is_broken


def test_bytes_that_are_no_utf8_are_broken():
    assert scanned(b'{"data":"\xff"}', 3)[0].is_broken


def test_data_twice_is_counted_twice():
    for body in (b'{"data":"x","data":"y"}', b'{"data":1,"data":"y"}', b'{"data":"x","d\\u0061ta":null}'):
        assert scanned(body, 4)[0].times == 2


def test_the_rest_is_bounded_and_the_string_is_not():
    for body, is_too_long in (
        (b'{"data":"' + b"A" * 10_000 + b'"}', False),
        (b'{"a":"' + b"A" * 10_000 + b'"}', True),
        (b'{"' + b"A" * 10_000 + b'":1}', True),
        (b"[" * 10_000, True),
    ):
        scanner, _ = scanned(body, 500, limit=100)
        assert scanner.is_too_long == is_too_long
        assert len(scanner.rest) <= 100


@pytest.mark.parametrize(
    "url",
    [
        "", "data", "data:", "hello", "data:text/plain,hello", "data:;base64,QQ==", "data:text;base64,QQ==",
        "data:/plain;base64,QQ==", "http:text/plain;base64,QQ==", "data:text/plain;BASE65,QQ==", ";base64,QQ==",
        "data:text/pl ain;base64,QQ==", "data:text/plain;" + "x" * 300 + ";base64,QQ==", "x" * 1000,
        "data:text/plain;base64",
    ],
)  # fmt: skip
def test_what_is_no_data_url_is_told(url):
    for size in (1, 50, 5000):
        with closing(content_of(url, size)) as content:
            assert content.problem == "This is no data URL in base64."


@pytest.mark.parametrize(
    "letters",
    [
        "Q",
        "QQ",
        "QQ=",
        "QQQ",
        "Q===",
        "=",
        "QQ==QQ==",
        "QQ==Q",
        "QQ==\n=",
        "QQ=Q",
        "Q*==",
        "QQ--",
        "____",
        "é",
        "QQ==é",
    ],
)
def test_what_is_no_base64_is_told(letters):
    for size in (1, 2, 100):
        with closing(content_of(f"data:text/plain;base64,{letters}", size)) as content:
            assert content.problem == "This is no base64."


@pytest.mark.parametrize("letters", ["", " ", "\r\n"])
def test_nothing_is_told(letters):
    with closing(content_of(f"data:text/plain;base64,{letters}")) as content:
        assert content.problem == "This is empty."


def test_content_over_the_limit_is_not_kept():
    for size, is_too_large in ((LIMIT, False), (LIMIT + 1, True), (50 * LIMIT, True)):
        url = "data:text/plain;base64," + base64.b64encode(b"x" * size).decode()
        with closing(content_of(url, 400)) as content:
            assert content.is_too_large == is_too_large
            assert len(whole_of(content)) <= LIMIT


def test_long_content_is_whole_and_its_head_is_its_beginning():
    whole = bytes(range(256)) * 4000
    with closing(content_of("data:a/b;base64," + base64.b64encode(whole).decode(), 65_536, limit=10**7)) as content:
        assert content.head(10) == whole[:10]
        assert whole_of(content) == whole_of(content) == whole


class View:
    """What the parser knows of a view."""

    body_bytes = 10_000


class Request:
    """What the parser knows of a request."""

    def __init__(self, length: int) -> None:
        self.META, self._request = {"CONTENT_LENGTH": str(length)}, HttpRequest()


def parsed(body: bytes):
    class Stream:
        def __init__(self) -> None:
            self.left = body

        def read(self, size: int) -> bytes:
            part, self.left = self.left[:size], self.left[size:]
            return part

    request = Request(len(body))
    try:
        return parsers.SampleParser().parse(Stream(), None, {"view": View(), "request": request})
    finally:
        parsers.sample_closed(request._request)


def test_the_parser_puts_the_content_in_its_place():
    body = parsed(b'{"a": [1], "data": "data:text/plain;base64,QQ==", "b": {"data": "x"}}')
    assert (body["a"], body["b"], body["data"].size, body["data"].problem) == ([1], {"data": "x"}, 1, "")


@pytest.mark.parametrize("body", [b"[1]", b'{"a": 1}', b'{"data": 7}', b'{"data": null}', b"7"])
def test_the_parser_leaves_other_bodies(body):
    assert parsed(body) == json.loads(body)


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"data": "x"', b'{"data": "x', b'{"data":"x","data":"y"}', b'{"data":"\\x"}', b'{"a":NaN}']
)
def test_the_parser_refuses_what_is_no_json(body):
    with pytest.raises(parsers.ParseError):
        parsed(body)


def test_the_parser_refuses_what_is_too_long(settings):
    settings.SAMPLE_BYTES, settings.REQUEST_BODY_BYTES = 10, 100
    for body in (
        b'{"data": "data:text/plain;base64,' + base64.b64encode(b"x" * 11) + b'"}',
        b'{"a": "' + b"x" * 100 + b'"}',
        b'{"data": "' + b"x" * View.body_bytes + b'"}',
    ):
        with pytest.raises(parsers.TooLarge):
            parsed(body)
    assert parsed(b'{"data": "data:text/plain;base64,' + base64.b64encode(b"x" * 10) + b'"}')["data"].size == 10


def test_a_client_that_goes_away_is_told_nothing_but_is_no_crash():
    class Broken:
        def read(self, size):
            raise UnreadablePostError

    request = Request(10)
    with pytest.raises(parsers.ParseError):
        parsers.SampleParser().parse(Broken(), None, {"view": View(), "request": request})
    parsers.sample_closed(request._request)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_words_of_the_head_are_written_in_any_case(size):
    with closing(content_of("DATA:IMAGE/Jpeg;Codecs=X;BASE64,QUJD", size)) as content:
        assert (content.problem, content.media_type, whole_of(content)) == ("", "image/jpeg", b"ABC")
