"""Control characters, language codes, addresses: in models, and in every body. Forms in which texts are compared."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import strategies as st

from courses.models import Activity, AssessmentSession, Course
from institutions.models import User
from kernel.text import (
    as_identifier,
    identifier_key,
    language_in,
    line_of,
    prose_of,
    search_form,
    unnamed,
    validate_language,
    validate_line,
    validate_prose,
    validate_web_address,
)
from tests.contract.vle_calls import MOODLE_ACTIVITY
from tests.courses.sittings import NEW, consented, enrolled
from tests.examples import given


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


# What VLEs tell: nobody would see why it was refused.

EVERY = "".join(chr(code) for code in range(1, 0x100))
SHOWN = EVERY.translate({code: None for code in (*range(1, 0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r"})


def test_controls_are_dropped_from_prose_and_nothing_else():
    assert prose_of(f"\x00{EVERY}") == SHOWN
    assert prose_of("Don\u0092t\t1\r\n\u2028 學\x00\ud800") == "Dont\t1\r\n\u2028 學"


@pytest.mark.parametrize("end", ["\t", "\n", "\r", "\r\n", "\n\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_a_line_has_a_blank_where_lines_ended(end):
    assert line_of(f"a{end}學\x00\x1b\x7f\x9f") == "a 學"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("pt-BR", "pt-BR"), ("zh_Hant_TW", "zh_Hant_TW"), (" ca ", "ca"), ("ca_valencia", "ca"), ("sr@latin", "sr"),
        ("x_", None), ("en_", "en"), ("de-DE-1996-x-y", "de"), ("english", None), ("", None), ("12", None),
        ("../../x", None), (None, None), (7, None), (["en"], None),
    ],
)  # fmt: skip
def test_the_language_in_a_text(text, code):
    assert language_in(text) == code


@pytest.fixture
def tell(as_, world):
    def told(path: str, body: dict, status: int = 201, method: str = "post", **how):
        answer = getattr(as_("vle"), method)(f"/api/v2/vle/{world.home.vle.pk}/{path}", body, **how)
        assert answer.status_code == status, answer.content
        return answer.json()

    return told


@pytest.mark.parametrize("sent_as", ["json", "multipart"])
def test_a_vles_course_loses_its_controls(tell, sent_as):
    body = {"code": "M\x1b\x00A\tT\x7f", "vle_course_id": "7\x917", "description": "Don\u0092t\x07\x00\nstop\t"}
    made = tell("course/", body, format=sent_as)
    assert {name: made[name] for name in body} == {"code": "MA T", "vle_course_id": "77", "description": "Dont\nstop"}
    body["description"] = "\u0093Stop\u0094"
    assert tell(f"course/{made['id']}/", body, 200, "put", format=sent_as)["description"] == "Stop"
    assert Course.objects.get(pk=made["id"]).description == "Stop"


@pytest.mark.parametrize("value", ["\x1b", "\x00", " \t\n "])
def test_an_id_of_nothing_but_controls_is_none(tell, value):
    assert list(tell("course/", {"code": "M", "vle_course_id": value}, 400)) == ["vle_course_id"]
    assert not Course.objects.filter(code="M").exists()


def test_a_text_of_a_vle_that_was_cut_inside_an_emoji_loses_the_half(as_, world):
    url = f"/api/v2/vle/{world.home.vle.pk}/course/"
    texts = '"code": "M\\ud83d", "description": "Hi \\ud83d\\ude00 there \\ude00"'
    body = f'{{{texts}, "vle_course_id": "77", "more": ["\\ud83d", 7]}}'
    answer = as_("vle").post(url, body, content_type="application/json")
    assert answer.status_code == 201
    assert (answer.json()["code"], answer.json()["description"]) == ("M", "Hi \U0001f600 there")
    assert as_("vle").post(url, '{"code": "\\ud83d"', content_type="application/json").status_code == 400
    deep = '{"code": "\\ud83d", "x": ' + "[" * 600 + "]" * 600 + "}"
    assert as_("vle").post(url, deep, content_type="application/json").status_code == 400


def test_a_vles_activity_loses_its_controls_and_conf_keeps_them(tell, world):
    path = f"course/{world.home.course.pk}/activity/"
    conf = f"\x00{EVERY}x"
    made = tell(path, MOODLE_ACTIVITY | {"name": "Don\u0092t", "description": "a\x0bb", "conf": conf})
    assert (made["name"], made["description"], made["conf"]) == ("Dont", "ab", (EVERY + "x").strip())
    assert tell(f"{path}{made['id']}/", {}, 200, "get")["conf"] == (EVERY + "x").strip()
    assert Activity.objects.get(pk=made["id"]).conf == (EVERY + "x").strip()


@pytest.mark.parametrize("kind", ["learner", "instructor"])
def test_a_vles_members_lose_their_controls(tell, world, kind):
    person = {"uid": "n\x1bew", "first_name": "Conan O\u0092", "last_name": "Brien\x7f", "email": "new\x01@x.org"}
    tell(f"course/{world.home.course.pk}/{kind}/", person)
    made = User.objects.get(email="new@x.org")
    assert (made.uid, made.first_name, made.last_name) == ("new", "Conan O", "Brien")


def test_a_vles_assessment_loses_its_controls(tell, world):
    enrolled(consented(world.home, "bob"))
    body = NEW | {"reject_message": "You can\u0092t\ngo on.", "vle_activity_type": "qu\x01iz"}
    made = AssessmentSession.objects.get(pk=tell("assessment/", body, 200)["id"])
    assert made.options["reject_message"] == "You cant\ngo on."
    assert tell("launcher/", {"vle_user_uid": "b\x07ob"}, 200)["id"]


def test_institutions_stay_strict(as_, world):
    home = world.home
    activities = f"/api/v2/institution/{home.institution.pk}/course/{home.course.pk}/activity/"
    for name in ("name", "description", "conf"):
        answer = as_("admin").post(activities, {"name": "x", name: "Don\u0092t"})
        assert (answer.status_code, list(answer.json())) == (400, [name])


@pytest.mark.parametrize(
    ("text", "identifier", "key"),
    [
        (" Em@Ex.org\t", "Em@Ex.org", "em@ex.org"),
        ("e\u0301lodie", "\u00e9lodie", "\u00e9lodie"),
        ("\u00c9lodie", "\u00c9lodie", "\u00e9lodie"),
        ("a\u200bb\ufeffc\u00add", "abcd", "abcd"),
        ("e\u200d\u0301", "\u00e9", "\u00e9"),
        ("\u200b\u00a0 a \u2003\u200e", "a", "a"),
        ("Stra\u00dfe", "Stra\u00dfe", "strasse"),
        ("\u200b \u00ad", "", ""),
        ("A  B", "A  B", "a  b"),
        ("\u03a3\u03c2", "\u03a3\u03c2", "\u03c3\u03c3"),
    ],
)
def test_forms_of_identifiers(text, identifier, key):
    assert (as_identifier(text), identifier_key(text)) == (identifier, key)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("ÉLODIE", "elodie"),
        ("E\u0301lodie", "elodie"),
        ("O’Neil", "o'neil"),
        ("OʼNeil `x´", "o'neil 'x'"),
        ("  Anna \t\n Maria\u00a0 ", "anna maria"),
        ("Łukasz Øster İnci Straße", "lukasz oster inci strasse"),
        ("Anne\u2013Marie", "anne-marie"),
        ("\uff21\u00ad\u200b\u212a", "ak"),
        ("\u0939\u093f\u0902\u0926\u0940", "\u0939\u093f\u0902\u0926\u0940"),
        ("", ""),
    ],
)
def test_forms_of_search(text, form):
    assert search_form(text) == form


@pytest.mark.any_database
@given(st.text())
def test_a_form_stays_as_it_is_and_is_the_same_for_all_spellings(text):
    for form in (as_identifier, identifier_key, search_form):
        assert form(form(text)) == form(text) == form(unicodedata.normalize("NFD", text)) == form(f"\u200b{text} ")
    assert search_form(as_identifier(text)) == search_form(identifier_key(text)) == search_form(text)


@pytest.mark.parametrize("zone", ["Z", "z", "+00:00"])
def test_an_instants_zone_may_be_a_small_z(tell, as_, world, zone):
    body = {"code": "M", "vle_course_id": "77", "start": f"2026-09-01T08:00:00{zone}"}
    assert tell("course/", body)["start"] == "2026-09-01T08:00:00Z"
    courses = f"/api/v2/institution/{world.home.institution.pk}/course/"
    found = as_("admin").get(courses, {"start": f"2026-09-01T08:00:00{zone}"}).json()["results"]
    assert [row["code"] for row in found] == ["M"]


UUID = "7b0dd3a1-5f3c-4b3e-9b57-2f4a5a7c1e11"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no such user: {'ann.o+x@ex-am.org': (550, b'<ann@x>')}", "no such user: {'(e-mail)': (550, b'<(e-mail)>')}"),
        (
            "double\nDETAIL:  Key (uid)=(ann\nlee) already exists.\nCONTEXT:  x\nDETAIL:  Failing row contains (Ann).",
            "double\nDETAIL: (values)\nCONTEXT:  x\nDETAIL: (values)\n",
        ),
        (
            "E: x\nDETAIL:  Key (uid)=(ann).\n\nThe above exception was the direct cause",
            "E: x\nDETAIL: (values)\nThe above exception was the direct cause",
        ),
        (f"Not Found: /lapi/v1/profile/1/{UUID}/", "Not Found: /lapi/v1/profile/1/(pseudonym)/"),
        (f"request {UUID} of amqp://host", f"request {UUID} of amqp://host"),
    ],
)  # fmt: skip
def test_lines_of_log_name_nobody(text, said):
    assert unnamed(text) == said
