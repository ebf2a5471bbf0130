"""Template filters of the console: values of the API as text for people. Times say their zone, which is the page's."""

from collections.abc import Collection, Mapping
from datetime import datetime
from html import unescape
from typing import Any

import nh3
from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from console import charts, words
from institutions.services.consents import Standing
from reports.arithmetic import Level, ResultStatus
from reports.reasons import percent_text
from reports.showing import Keystrokes

register = template.Library()

# A different shape for each kind, so that nobody depends on colours.
_SHAPES = {
    "pending": '<circle class="dashed" cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="2"/>',
    "none": '<path d="M3 8h10" stroke="currentColor" stroke-width="2.5"/>',
    "good": '<path d="M3 8.5l3.5 3.5L13 5" fill="none" stroke="currentColor" stroke-width="2.5"/>',
    "fair": '<path d="M8 2l6.5 12h-13z" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"/>',
    "bad": '<path d="M5.5 1.5h5l4 4v5l-4 4h-5l-4-4v-5z" fill="currentColor"/>',
}
LEVEL_KINDS = {0: "pending", 1: "none", 2: "good", 3: "fair", 4: "bad"}
NOTHING = "\N{EN DASH}"
SOURCE_SHOWN = 2000  # characters of a description's HTML that a page reads


def mark(kind: str) -> SafeString:
    shape = mark_safe(_SHAPES[kind])  # noqa: S308 - a constant of this module
    return format_html(
        '<svg class="mark" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', shape
    )


def badge(kind: str, text: str) -> SafeString:
    return format_html('<span class="badge {}">{}{}</span>', kind, mark(kind), text)


@register.filter
def level(value: Any) -> SafeString:
    """A level (0 to 4) as a badge with shape and word."""
    return badge(LEVEL_KINDS[int(value)], words.LEVEL_WORDS[int(value)])


@register.filter
def level_counts(counts: dict[int, int]) -> SafeString | str:
    """{level: count} as badges, the worst level first."""
    worst_first = sorted((item for item in counts.items() if item[1]), reverse=True)
    badges = ((badge(LEVEL_KINDS[of], f"{count:,} {words.LEVEL_WORDS[of]}"),) for of, count in worst_first)
    return format_html_join(" ", "{}", badges) or NOTHING


@register.filter
def request_status(value: int) -> str:
    return words.REQUEST_STATUS_WORDS[value]


def verdict(status: int, result: float | None, code: int) -> str:
    """An instrument's result of a request in words."""
    if status != ResultStatus.PROCESSED or result is None:
        return words.RESULT_STATUS_WORDS[status]
    return f"{percent_text(result)}, {words.CODE_WORDS[code]}"


def labelled(said: str, is_demonstration: bool) -> str:
    """A result, or what was concluded from results, told from one that means something."""
    return format_html("{} {}", said, words.DEMONSTRATED) if is_demonstration else said


@register.filter
def level_from(value: int, demonstrated: Collection[int]) -> str:
    """A level that was concluded from something; also results of a demonstration, of these instruments, have one."""
    return labelled(level(value), bool(demonstrated) and value >= Level.OK)


@register.filter
def evidence(address: str | None) -> SafeString | str:
    """A link to a signed file URL of the API."""
    return format_html('<a href="{}" rel="noopener">open</a>', address) if address else NOTHING


@register.filter
def consent(status: str) -> SafeString:
    return badge(words.CONSENT_KINDS[status], words.CONSENT_WORDS[status])


def standing(one: Standing | None, asked: Standing | None) -> SafeString | str:
    """What a version of the informed consent is at this moment."""
    if one is None:
        return NOTHING
    if one.valid_from > timezone.now():
        return badge("pending", "not valid yet")
    return badge("good", "learners are asked for it") if one == asked else badge("none", "a higher one is asked for")


def _instant(value: Any) -> datetime | None:
    if not value:
        return None
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return timezone.localtime(at)


def instant_words(at: datetime) -> str:
    """3 May 2026, 11:00 CEST: in the time zone of the page."""
    at = timezone.localtime(at)
    return f"{at.day} {at:%b %Y, %H:%M %Z}"


@register.filter
def instant(value: Any) -> SafeString | str:
    at = _instant(value)
    return NOTHING if at is None else format_html('<time datetime="{}">{}</time>', at.isoformat(), instant_words(at))


@register.filter
def day(value: Any) -> SafeString | str:
    """3 May 2026, the day in the time zone of the page."""
    at = _instant(value)
    if at is None:
        return NOTHING
    return format_html('<time datetime="{}">{} {}</time>', at.isoformat(), at.day, at.strftime("%b %Y"))


def day_words(value: Any) -> str:
    at = _instant(value)
    return "" if at is None else f"{at.day} {at:%b %Y}"


@register.filter
def course(row: Mapping[str, Any]) -> str:
    """The name of a course with the month in which it begins; many an answer has the number in the VLE as code."""
    return words.course_text(row["code"], row.get("vle_course_id", ""), _instant(row["start"]))


@register.filter
def number(value: Any) -> str:
    """With thousands separators."""
    return NOTHING if value is None else f"{value:,}"


@register.filter
def share(value: Mapping[str, Any] | None) -> SafeString | str:
    """A share with its interval, and of what; None where the group is too small."""
    if value is None:
        return "too few learners"
    numbers = [charts.percent_words(value[name]) for name in ("share", "low", "high")]
    return format_html(
        "<strong>{}</strong> ({} to {}) of about {}, from {} learners",
        *numbers,
        number(value["of"]),
        number(value["learners"]),
    )


@register.filter
def yes(value: Any) -> str:
    return "yes" if value else "no"


@register.filter
def shown(value: Any) -> str:
    return NOTHING if value in (None, "") else str(value)


@register.filter
def plain(html: str | None) -> str:
    """A VLE's HTML description as plain text; of a long one the beginning.

    Not Django's strip_tags: it refuses texts that are nested too deeply, and with them the whole page.
    """
    start = (html or "")[:SOURCE_SHOWN]
    text = unescape(nh3.clean(start, tags=set())).strip()
    return (f"{text} …" if len(start) < len(html or "") else text) or NOTHING


@register.filter
def person(row: Mapping[str, Any]) -> str:
    """The full name, else the username, else the uid, else the number, of which one is always there."""
    name = f"{row.get('first_name') or ''} {row.get('last_name') or ''}".strip()
    return name or row.get("username") or row.get("uid") or f"person {row['id']}"


def named(row: Mapping[str, Any]) -> str:
    """A person as pickers show one: people may have the same name."""
    return f"{person(row)} ({row['uid']})"


@register.filter
def flags(row: Mapping[str, Any]) -> str:
    return ", ".join(word for flag, word in words.FLAGS.items() if row.get(flag)) or NOTHING


@register.filter
def adder(membership: Mapping[str, Any]) -> str:
    """Who put a learner into a course."""
    name = membership["adder"]
    match membership["added_by"]:
        case None:
            return "not recorded"
        case "import":
            return f"an import by {name}" if name else "an import"
        case "vle":
            return f"the VLE {name}" if name else "a VLE that is gone"
    return name or "somebody who is gone"


@register.filter
def signed_in(decision: Mapping[str, Any]) -> str:
    """How the learner was signed in at a decision."""
    vle = decision["vle"]
    return words.SIGN_IN_WORDS[decision["signed_in"]] + (f" of {vle['name']}" if vle else "")


@register.filter
def send_options(options: list[str]) -> str:
    return ", ".join(words.SEND_OPTIONS.get(option, option) for option in options) or NOTHING


@register.filter
def provided(of: Mapping[str, Any] | None) -> str:
    """The extra time and the other allowances of a category, or of all that a learner has."""
    if of is None:
        return NOTHING
    parts = [f"{of['extra_time']} % extra time"] if of["extra_time"] else []
    return ", ".join(parts + [words.ALLOWANCES[word] for word in of["allowances"]]) or NOTHING


@register.filter
def fact(code: str) -> str:
    return words.FACTS.get(code, code)


@register.filter
def contest_words(state: Mapping[str, Any]) -> str:
    """The state of a report's contests as a sentence or two."""
    about = f"The {state['level']} level" if state["level"] else "This report"
    if state["state"] == "open":
        by = words_of_instant(state["deadline"])
        return f"{about} is contested, so no level is final yet. A person answers by {by}."
    human = ", ".join(f"{kind} {words.LEVEL_WORDS[level]}" for kind, level in state["human_levels"].items())
    text = {
        "upheld": "the level stands.",
        "changed": f"another level holds ({human}); the machine's is kept beside it.",
        "set_aside": f"what the machine says of {', '.join(state['set_aside'])} does not count.",
    }[state["state"]]
    if state["changed_since"]:
        text += (
            f" The machine's level has changed since: {', '.join(state['changed_since'])}. Nobody has decided about it."
        )
    return f"{about} was contested, and a person has decided: {text}"


@register.filter
def contest_word(state: Mapping[str, Any] | None) -> SafeString | str:
    """The same in few words, for lists, with what holds instead; nothing where there was no contest."""
    if not state:
        return NOTHING
    return badge("none" if state["is_final"] else "fair", contest_text(state))


def contest_text(state: Mapping[str, Any]) -> str:
    if state["state"] == "open":
        return "contested, not final"
    human = [f"{kind} {words.LEVEL_WORDS[level]}" for kind, level in state["human_levels"].items()]
    without = [f"{kind} does not count" for kind in state["set_aside"]]
    since = f"; {' and '.join(state['changed_since'])} changed since" if state["changed_since"] else ""
    return f"decided by a person: {', '.join(human + without) or 'it stands'}{since}"


def words_of_instant(value: str) -> str:
    at = _instant(value)
    return "the deadline" if at is None else instant_words(at)


@register.filter
def lines(texts: list[str]) -> SafeString:
    return format_html_join("", "<li>{}</li>", ((text,) for text in texts))


@register.filter
def fraction(value: float) -> str:
    return percent_text(value, value)


@register.filter
def sign(of: str) -> SafeString:
    """Whether a fact speaks for or against the learner, as a badge. `of` is "+", "0" or "-"."""
    kind, word = {"+": ("good", "speaks for"), "0": ("none", "neutral"), "-": ("bad", "speaks against")}[of]
    return badge(kind, word)


@register.filter
def raised(value: int) -> SafeString:
    """The severity of an alert (0 to 3) as a badge."""
    return badge(*words.RAISED[value])


@register.filter
def add_text(text: str, value: Any) -> str:
    return f"{text}{value}"


@register.filter
def key_chart(keys: Keystrokes) -> charts.KeyChart:
    return charts.key_chart(keys)


# Of pages on paper, which have no stylesheet for what is inside a drawing.

_ZONES = {"good": "#cfe8d8", "fair": "#f6e2ba", "bad": "#f3c9c6", "track": "#e9edf1"}
_RESULTS_TOLD = 12


@register.filter
def level_word(value: Any) -> str:
    return words.LEVEL_WORDS[int(value)]


@register.filter
def zone_colour(kind: str) -> str:
    return _ZONES[kind]


@register.filter
def thousandths(percent: str) -> str:
    """12.345% as 123.45, on a drawing that is 1000 wide."""
    return f"{float(percent.rstrip('%')) * 10:.2f}"


@register.filter
def results_told(strip: Any) -> str:
    """The first results of a strip in words."""
    told = [f"{round(float(point.rstrip('%')))} %" for point in strip.points[:_RESULTS_TOLD]]
    left = len(strip.points) - len(told)
    return ", ".join(told) + (f" and {left} more" if left else "")


@register.filter
def css_text(text: str) -> SafeString:
    """For a string of a stylesheet: whatever is no plain letter or digit is escaped."""
    return mark_safe("".join(c if c.isalnum() and c.isascii() else f"\\{ord(c):x} " for c in text))  # noqa: S308
