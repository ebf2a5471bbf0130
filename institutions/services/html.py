"""HTML of consent documents: the allowed tags and attributes. All others are removed; the text inside them stays."""

import re
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from typing import TypedDict

import nh3

from kernel.domain import Invalid

# The parser repairs wrong nesting. Its time and output grow with the square of the number of tags and attributes; with
# these limits the worst input takes about half a second.
MOST_CHARACTERS = 100_000
MOST_TAGS = 2_000
LONG_TAG = re.compile(r"</?[A-Za-z][^>]{1000}")

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt",
    "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "li", "ol", "p", "pre", "q", "s", "small", "span",
    "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
# No styles, images or anything else that is loaded from other hosts: they would learn who opens a consent.
ATTRIBUTES = {
    "*": {"dir", "lang"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "col": {"span"},
    "colgroup": {"span"},
    "li": {"type", "value"},
    "ol": {"reversed", "start", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ul": {"type"},
}
SCHEMES = {"http", "https", "mailto"}
DROPPED_WITH_CONTENT = {"script", "style", "template", "title"}


def html_cleaned(text: str | None) -> str | None:
    """The text, safe to be embedded in a page. Cleaning it again changes nothing."""
    if not text:
        return text
    _refuse_large(text)
    if LONG_TAG.search(text):
        raise Invalid(html="A tag may have at most 1000 characters.")
    cleaned = nh3.clean(
        text,
        tags=TAGS,
        clean_content_tags=DROPPED_WITH_CONTENT,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    _refuse_large(cleaned)  # so that clients can send back what they have read
    return cleaned


class Removed(TypedDict):
    what: str  # "<img>", "<p style>", "<!-- -->"
    times: int


def html_removed(text: str | None, cleaned: str | None) -> list[Removed]:
    """What cleaning has taken away: tags, attributes of tags that stayed, and comments."""
    before, after = _counted(text or ""), _counted(cleaned or "")
    lost = before - after
    tags = {what for what in lost if " " not in what}
    return [
        Removed(what=f"<{what}>", times=times)
        for what, times in sorted(lost.items())
        if what in tags or what.partition(" ")[0] not in tags
    ]


def html_has_text(text: str | None) -> bool:
    """Whether anybody can read something in it: at least one letter or digit that is shown."""
    if not text:
        return False
    plain = nh3.clean(text, tags=set(), clean_content_tags=DROPPED_WITH_CONTENT, strip_comments=True)
    return any(letter.isalnum() for letter in unescape(plain))


class Reader(HTMLParser):
    """Python's parser, for any text."""

    def parse_html_declaration(self, i):
        """The parser's own fails on `<![` of unknown kinds; nh3 takes all of them for comments."""
        self.handle_comment("")
        end = self.rawdata.find(">", i)
        return len(self.rawdata) if end < 0 else end + 1


class _Counting(Reader):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: Counter[str] = Counter()

    def handle_starttag(self, tag, attrs):
        self.found[tag] += 1
        self.found.update({f"{tag} {name}": 1 for name, _ in attrs})

    def handle_comment(self, data):
        self.found["!-- --"] += 1


def _counted(text: str) -> Counter[str]:
    """How often there is each tag, each attribute ("p style") and a comment."""
    parser = _Counting()
    parser.feed(text)
    parser.close()
    return parser.found


def _refuse_large(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise Invalid(html=f"At most {MOST_CHARACTERS} characters, once it is cleaned.")
    if text.count("<") > MOST_TAGS:
        raise Invalid(html=f"At most {MOST_TAGS} tags, once it is cleaned.")
