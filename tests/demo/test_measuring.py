"""What the built-in providers find in a sample."""

import base64
from collections import Counter
from typing import Any

import pytest

from demo.enrolments import mime_type
from demo.measuring import MEASURES, Problem, content_of, result_of
from demo.pictures import portrait
from demo.sounds import tone
from tests.captures import KEYS, PICTURE, data_url

TEXT = b"Written in an exam, with a few words."


def stored(data: Any, mimetype: Any = "text/plain") -> dict[str, Any]:
    return {"data": data, "metadata": {"mimetype": mimetype, "context": {}}}


@pytest.mark.parametrize(
    ("acronym", "sample", "code"),
    [
        ("ks", {}, "INVALID_SAMPLE_DATA"),
        ("ks", [], "INVALID_SAMPLE_DATA"),
        ("ks", stored(None), "INVALID_SAMPLE_DATA"),
        ("ks", stored("data:,"), "INVALID_SAMPLE_DATA"),
        ("ks", stored("data:text/plain;base64,"), "INVALID_SAMPLE_DATA"),
        ("ks", stored("data:text/plain;base64,=x"), "INVALID_SAMPLE_DATA"),
        ("ks", stored(data_url(b"x", "text/plain")), "INVALID_SAMPLE_DATA"),
        ("ks", stored(data_url(b" \n" * 50, "text/plain")), "INVALID_SAMPLE_DATA"),
        ("ks", {"data": "data:;base64,eHg="}, "MISSING_MIMETYPE"),
        ("ks", stored(data_url(PICTURE, "image/jpeg"), "image/jpeg"), "INVALID_MIMETYPE"),
        ("fr", stored(data_url(TEXT, "text/plain")), "INVALID_MIMETYPE"),
        ("fr", stored(data_url(PICTURE[:99], "image/jpeg"), "image/jpeg"), "NO_FACE_DETECTED"),
        ("vr", stored(data_url(b"OggS" * 10, "audio/ogg"), "audio/ogg"), "INVALID_SAMPLE_DATA"),
        ("fa", stored(data_url(b"Too short", "text/plain")), "INVALID_SAMPLE_DATA"),
        ("plag", stored(data_url(b"", "application/zip"), "application/zip"), "INVALID_SAMPLE_DATA"),
    ],
)
def test_what_is_wrong_is_one_of_the_documented_errors(acronym, sample, code):
    found = content_of(MEASURES[acronym], sample)
    assert isinstance(found, Problem)
    assert (found.code, found.text.partition(":")[0]) == (f"PROVIDER_{code}", "Demonstration")


def test_what_clients_and_the_sample_data_send_is_read():
    samples = [
        ("fr", portrait(7), mime_type("fr")),
        ("vr", tone(7), mime_type("vr")),
        ("ks", data_url(KEYS, "text/plain"), "text/plain"),
        ("ks", data_url(b"sixteen bytes...", "text/plain"), "text/plain"),  # as docs/demo.md says
        ("fa", data_url(TEXT, "text/plain"), None),  # said by the address
        ("plag", data_url(b"PK\x03\x04" * 9, "application/zip"), "application/zip"),
    ]
    for acronym, url, mimetype in samples:
        content = content_of(MEASURES[acronym], stored(url, mimetype))
        assert content == base64.b64decode(url.partition(",")[2])


@pytest.mark.parametrize("acronym", MEASURES)
def test_results_are_spread_over_all_levels_as_declared(acronym):
    measure = MEASURES[acronym]
    results = [result_of(measure, f"capture {number}".encode()) for number in range(4000)]
    assert len({*results}) == len(results)
    assert all(0 <= result <= 1 for result in results)
    sign = -1 if measure.low_is_good else 1
    alert, warning = sign * float(measure.alert), sign * float(measure.warning)
    shares = Counter(
        "alert" if sign * result < alert else "warning" if sign * result < warning else "ok" for result in results
    )
    assert shares["alert"] / 4000 == pytest.approx(measure.alerts, abs=0.015)
    assert shares["warning"] / 4000 == pytest.approx(measure.warnings, abs=0.02)
