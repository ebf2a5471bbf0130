"""/institution/{}/instrument/: the instruments of every installation."""

import pytest

from institutions.models import Instrument
from tests.world import rewritten

INSTALLED = [
    # id, acronym, name, enrolment, identity, originality, authorship, integrity
    (1, "fr", "Face recognition", True, True, False, False, False),
    (2, "ks", "Keystroke dynamics", True, True, False, False, False),
    (3, "vr", "Voice recognition", True, True, False, False, False),
    (4, "fa", "Forensic analysis", True, True, False, True, False),
    (5, "plag", "Plagiarism detection", False, False, True, False, False),
]


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/instrument/"


def test_five_instruments_are_installed(as_, url):
    rows = {row["id"]: row for row in as_("ann").get(url).json()["results"]}
    assert [
        (
            i,
            rows[i]["acronym"],
            rows[i]["name"],
            rows[i]["requires_enrolment"],
            rows[i]["identity"],
            rows[i]["originality"],
            rows[i]["authorship"],
            rows[i]["integrity"],
        )
        for i in sorted(rows)
    ] == INSTALLED
    assert {row["queue"] for row in rows.values()} == {f"tesla_{row['acronym']}" for row in rows.values()}


@pytest.mark.parametrize("instrument", [1, 3])
def test_face_and_voice_have_two_switches_with_titles(as_, url, instrument):
    schema = as_("ann").get(f"{url}{instrument}/").json()["options_schema"]
    assert {name: (p["type"], p["default"]) for name, p in schema["properties"].items()} == {
        "online": ("boolean", True),
        "offline": ("boolean", False),
    }
    assert all(p["title"] for p in schema["properties"].values())
    assert "enum" not in str(schema)


def test_a_disabled_instrument_does_not_exist_for_anybody(as_, url):
    Instrument.objects.filter(acronym="vr").update(enabled=False)
    for name in ("admin", "global", "ann"):
        assert as_(name).get(url).json()["count"] == 4
        assert as_(name).get(f"{url}3/").status_code == 404


def test_the_next_instrument_draws_a_number_of_its_own(db):
    assert Instrument.objects.create(acronym="new", name="New", queue="new").pk > 5


def test_default_order_is_by_acronym(as_, url):
    rows = as_("member").get(url).json()["results"]
    assert [row["acronym"] for row in rows] == ["fa", "fr", "ks", "plag", "vr"]


def test_search_finds_names_acronyms_and_descriptions(as_, url):
    rewritten(Instrument.objects.filter(pk=5), description="compares texts")
    for text, keys in (("FACE", [1]), ("ks", [2]), ("compares", [5]), ("nothing", [])):
        assert [row["id"] for row in as_("ann").get(url, {"search": text}).json()["results"]] == keys
