"""HTML of consent documents: what is kept of it. Whatever is not named here is taken out; its text stays."""

import nh3

from tesla_api.api.domain import Invalid

MOST_CHARACTERS = 500_000
MOST_TAGS = 10_000  # the time that parsing takes grows with the square of how deep they are nested

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt",
    "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "li", "ol", "p", "pre", "q", "s", "small", "span",
    "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
# Neither styles nor images nor anything else that is loaded from elsewhere: opening a consent tells nobody.
ATTRIBUTES = {
    "*": {"dir", "lang"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
SCHEMES = {"http", "https", "mailto"}
DROPPED_WITH_CONTENT = {"script", "style", "template", "title"}


def html_cleaned(text: str | None) -> str | None:
    """The text as it may be shown inside a page. Cleaning it again changes nothing."""
    if not text:
        return text
    if len(text) > MOST_CHARACTERS:
        raise Invalid(html=f"At most {MOST_CHARACTERS} characters.")
    if text.count("<") > MOST_TAGS:
        raise Invalid(html=f"At most {MOST_TAGS} tags.")
    return nh3.clean(
        text,
        tags=TAGS,
        clean_content_tags=DROPPED_WITH_CONTENT,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
