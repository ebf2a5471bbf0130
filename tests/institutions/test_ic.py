"""/institution/{}/ic/{}/ and ic/current/"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from files.models import StoredFile
from files.services import store
from institutions.models import InformedConsent, InformedConsentDocument
from tests.world import FUTURE, PAST

NEW = {"version": "3.0.0", "valid_from": "2030-05-06T07:08:09.123Z"}


@pytest.fixture
def ics(world) -> str:
    return f"/api/v2/institution/{world.home.institution.pk}/ic/"


@pytest.fixture
def ic(world, ics) -> str:
    return f"{ics}{world.home.consent.pk}/"


def accept(consent: InformedConsent) -> None:
    InformedConsent.objects.filter(pk=consent.pk).update(accepted_at=PAST)


@pytest.mark.parametrize("who", ["admin", "legal"])
def test_who_was_launched_by_a_vle_holds_no_flag(who, ics, as_):
    assert as_(who, "launched").post(ics, NEW).status_code == 403
    assert as_(who, "launched").get(ics).status_code == 200


def test_answer_has_the_documented_keys(world, ic, as_):
    answer = as_("member").get(ic).json()
    assert list(answer) == ["id", "institution", "version", "valid_from", "created_at", "updated_at"]
    assert answer["id"] == world.home.consent.pk
    assert (answer["version"], answer["valid_from"]) == ("1.0.0", "2020-01-01T00:00:00Z")
    assert (answer["institution"]["id"], answer["institution"]["acronym"]) == (world.home.institution.pk, "HOME")
    assert list(answer["institution"])[-2:] == ["updated_at", "allowed_domains"]
    assert as_("member").get(ic, {"format": "json"}).json() == answer


def test_created_consent_is_answered(world, ics, as_):
    answer = as_("legal").post(ics, {**NEW, "institution": world.away.institution.pk, "accepted_at": "2020-01-01"})
    assert answer.status_code == 201
    assert answer.json()["version"] == "3.0.0"
    assert answer.json()["valid_from"] == "2030-05-06T07:08:09.123000Z"
    assert answer.json()["institution"]["id"] == world.home.institution.pk
    row = InformedConsent.objects.get(pk=answer.json()["id"])
    assert (row.major, row.minor, row.patch, row.accepted_at) == (3, 0, 0, None)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("3.0.0", "3.0.0"),
        ("03.00.007", "3.0.7"),
        ("  3 . 2 .1 ", "3.2.1"),
        ("0.0.0", "0.0.0"),
        ("2147483647.0.2147483647", "2147483647.0.2147483647"),
        ("3." + "0" * 200 + "1.0", "3.1.0"),
    ],
)
def test_version_is_normalised(written, stored, ics, as_):
    answer = as_("admin").post(ics, {**NEW, "version": written})
    assert answer.status_code == 201
    assert answer.json()["version"] == stored


@pytest.mark.parametrize(
    "version",
    [
        "", " ", "1", "1.0", "1.0.0.0", "a.b.c", "1.0.x", "-1.0.0", "1.-1.0", "+1.0.0", "1..0", ".1.0", "1.0.0\x00",
        "1.0\t.0", "2147483648.0.0", "0.99999999999999999999.0", "9" * 240 + ".0.0", "1.0." + "0" * 250, "1 0.0.0",
        "\u0661.0.0", "\u00b2.0.0", "1,0,0", None, True, 1, 1.5, [], ["1.0.0"], {}, {"major": 1}, 10**30,
    ],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["post", "put", "patch"])
def test_wrong_version_is_refused(verb, version, ics, ic, as_):
    answer = getattr(as_("admin"), verb)(ics if verb == "post" else ic, {**NEW, "version": version})
    assert answer.status_code == 400
    assert list(answer.json()) == ["version"]


@pytest.mark.parametrize(
    "instant",
    [
        None, "", "x", "2030-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-10:00", 1, 10**30, 1.5,
        True, [], {}, "2030-01-01T00:00:00Z x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["post", "put", "patch"])
def test_wrong_valid_from_is_refused(verb, instant, ics, ic, as_):
    answer = getattr(as_("admin"), verb)(ics if verb == "post" else ic, {**NEW, "valid_from": instant})
    assert answer.status_code == 400
    assert list(answer.json()) == ["valid_from"]


@pytest.mark.parametrize("verb", ["post", "put"])
def test_version_and_valid_from_are_required(verb, ics, ic, as_):
    answer = getattr(as_("admin"), verb)(ics if verb == "post" else ic, {})
    assert answer.status_code == 400
    assert answer.json() == {"version": ["This field is required."], "valid_from": ["This field is required."]}


@pytest.mark.parametrize("body", [[], "x", 1, None, [NEW]])
def test_body_that_is_no_object_is_refused(body, ics, as_):
    answer = as_("admin").generic("POST", ics, json.dumps(body), content_type="application/json")
    assert answer.status_code == 400


def test_patch_requires_nothing_and_resets_nothing(ic, as_):
    before = as_("admin").get(ic).json()
    assert as_("admin").patch(ic, {}).json() == before
    changed = as_("admin").patch(ic, {"valid_from": "2021-01-01T00:00:00Z"}).json()
    assert (changed["version"], changed["valid_from"]) == ("1.0.0", "2021-01-01T00:00:00Z")
    changed = as_("admin").patch(ic, {"version": "1.0.1"}).json()
    assert (changed["version"], changed["valid_from"]) == ("1.0.1", "2021-01-01T00:00:00Z")


@pytest.mark.parametrize("verb", ["post", "put", "patch"])
def test_version_is_unique_in_the_institution(verb, ics, ic, as_):
    for version in ("2.0.0", "02.0. 0"):
        answer = getattr(as_("admin"), verb)(ics if verb == "post" else ic, {**NEW, "version": version})
        assert answer.status_code == 400
        assert answer.json() == {"version": ["This value is already taken."]}


def test_other_institutions_versions_do_not_matter(world, ics, as_):
    InformedConsent.objects.create(
        institution=world.away.institution, version="3.0.0", major=3, minor=0, patch=0, valid_from=PAST
    )
    assert as_("admin").post(ics, NEW).status_code == 201


@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete"])
@pytest.mark.parametrize("which", ["foreign", "unknown", "9" * 18, "0", "-1", "x", "9" * 30])
def test_consent_of_another_institution_is_unknown(verb, which, world, ics, as_):
    number = {"foreign": world.away.consent.pk, "unknown": 10**9}.get(which, which)
    assert getattr(as_("admin"), verb)(f"{ics}{number}/", NEW).status_code == 404
    assert getattr(as_("global"), verb)(f"{ics}{number}/", NEW).status_code in (403, 404)
    assert InformedConsent.objects.count() == 4


@pytest.mark.parametrize("tail", ["", "current/"])
def test_unknown_institution_is_not_found(tail, as_):
    for who in ("admin", "global"):
        assert as_(who).get(f"/api/v2/institution/987654/ic/{tail}").status_code == 404
    assert as_("global").post("/api/v2/institution/987654/ic/", NEW).status_code in (403, 404)


# Frozen.


def test_accepted_consent_is_frozen(world, ic, as_):
    accept(world.home.consent)
    for verb, body in (
        ("put", NEW),
        ("put", {"version": "1.0.0", "valid_from": "2020-01-01T00:00:01Z"}),
        ("patch", {"version": "1.0.1"}),
        ("patch", {"valid_from": "2020-01-02T00:00:00Z"}),
        ("delete", None),
    ):
        answer = getattr(as_("admin"), verb)(ic, body)
        assert answer.status_code == 409
        assert list(answer.json()) == ["detail"]
    row = InformedConsent.objects.get(pk=world.home.consent.pk)
    assert (row.version, row.valid_from, row.updated_at) == ("1.0.0", PAST, world.home.consent.updated_at)


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("put", {"version": "1.0.0", "valid_from": "2020-01-01T00:00:00Z"}),
        ("put", {"version": " 01.00.0", "valid_from": "2020-01-01T01:00:00.000+01:00"}),
        ("patch", {}),
        ("patch", {"version": "1.0.0"}),
        ("patch", {"valid_from": "2020-01-01T00:00:00.000Z"}),
    ],
)
def test_what_changes_nothing_is_fine_when_frozen(verb, body, world, ic, as_):
    accept(world.home.consent)
    before = as_("admin").get(ic).json()
    answer = getattr(as_("admin"), verb)(ic, body)
    assert answer.status_code == 200
    assert answer.json() == before


def test_whole_object_as_read_is_fine_when_frozen(world, ic, as_):
    InformedConsent.objects.update(valid_from=datetime(2020, 1, 1, 0, 0, 0, 123456, tzinfo=UTC), accepted_at=PAST)
    read = as_("admin").get(ic).json()
    assert as_("admin").put(ic, read).json() == read
    # What a browser makes of it.
    assert as_("admin").put(ic, read | {"valid_from": "2020-01-01T00:00:00.123Z"}).json() == read
    assert as_("admin").put(ic, read | {"valid_from": "2020-01-01T00:00:00.125Z"}).status_code == 409


def test_valid_consent_that_nobody_accepted_can_be_changed(ic, as_):
    assert as_("admin").put(ic, NEW).status_code == 200


def test_wrong_values_of_a_frozen_consent_are_wrong_first(world, ic, as_):
    accept(world.home.consent)
    assert as_("admin").put(ic, {**NEW, "version": "x"}).status_code == 400


def test_deleting_takes_documents_and_pdfs_along(world, ic, pdf, as_, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert as_("admin").delete(ic).status_code == 204
    assert not InformedConsentDocument.objects.filter(consent_id=world.home.consent.pk).exists()
    assert not StoredFile.objects.exists()
    assert not store().exists(pdf.storage_key)
    assert InformedConsentDocument.objects.filter(consent=world.away.consent).exists()
    assert as_("admin").get(ic).status_code == 404


# Current.


def versions(world, *pairs) -> None:
    InformedConsent.objects.filter(institution=world.home.institution).delete()
    for version, valid_from in pairs:
        major, minor, patch = map(int, version.split("."))
        InformedConsent.objects.create(
            institution=world.home.institution,
            version=version,
            major=major,
            minor=minor,
            patch=patch,
            valid_from=valid_from,
        )


NOW = timezone.now()


@pytest.mark.parametrize(
    ("pairs", "current"),
    [
        ([("1.0.0", PAST), ("2.0.0", PAST)], "2.0.0"),
        ([("2.0.0", PAST), ("10.0.0", PAST), ("9.0.0", PAST)], "10.0.0"),
        ([("1.2.0", PAST), ("1.10.0", PAST)], "1.10.0"),
        ([("1.1.2", PAST), ("1.1.10", PAST)], "1.1.10"),
        ([("2.0.0", PAST), ("1.0.0", NOW - timedelta(days=1))], "2.0.0"),
        ([("1.0.0", PAST), ("2.0.0", FUTURE)], "1.0.0"),
        ([("1.0.0", FUTURE)], None),
        ([], None),
    ],
)
def test_current_is_the_highest_valid_version(pairs, current, world, ics, as_):
    versions(world, *pairs)
    answer = as_("ann").get(f"{ics}current/")
    assert answer.status_code == 200
    page = answer.json()
    assert list(page)[:4] == ["count", "next", "previous", "results"]
    assert page["next"] is page["previous"] is None
    assert [row["version"] for row in page["results"]] == ([current] if current else [])
    assert page["count"] == len(page["results"])
    rest = {key: value for key, value in page.items() if key not in ("count", "next", "previous", "results")}
    assert rest == (page["results"][0] if current else {})


@pytest.mark.parametrize("query", ["limit=0", "limit=1&offset=1", "offset=100", "search=x", "ordering=version", "id=0"])
@pytest.mark.parametrize("slash", ["/", ""])
def test_current_ignores_search_ordering_and_paging(query, slash, world, ics, as_):
    plain = as_("ann").get(f"{ics}current/").json()
    assert plain["version"] == "2.0.0"
    assert as_("ann").get(f"{ics}current{slash}?{query}").json() == plain


def test_current_is_exact_at_every_moment(world, ics, as_):
    client = as_("ann")
    assert client.get(f"{ics}current/").json()["version"] == "2.0.0"
    InformedConsent.objects.filter(pk=world.home.newer_consent.pk).update(
        valid_from=timezone.now() + timedelta(minutes=5)
    )
    assert client.get(f"{ics}current/").json()["version"] == "1.0.0"
    InformedConsent.objects.filter(pk=world.home.newer_consent.pk).update(
        valid_from=timezone.now() - timedelta(seconds=1)
    )
    assert client.get(f"{ics}current/").json()["version"] == "2.0.0"
    assert as_("admin").delete(f"{ics}{world.home.newer_consent.pk}/").status_code == 204
    assert client.get(f"{ics}current/").json()["version"] == "1.0.0"


def test_current_is_of_the_own_institution(world, ics, as_):
    versions(world)
    assert as_("ann").get(f"{ics}current/").json()["count"] == 0
    assert as_("global").get(f"{ics}current/").json()["count"] == 0


# Lists.


@pytest.fixture
def many(world):
    versions(
        world, ("10.0.0", PAST), ("9.0.0", FUTURE), ("1.10.0", PAST), ("1.9.0", PAST), ("1.9.10", PAST), ("1.9.9", PAST)
    )


def listed(client, ics: str, query: str = "") -> list[str]:
    answer = client.get(f"{ics}?{query}")
    assert answer.status_code == 200
    return [row["version"] for row in answer.json()["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["10.0.0", "9.0.0", "1.10.0", "1.9.0", "1.9.10", "1.9.9"]),
        ("ordering=version", ["1.9.0", "1.9.9", "1.9.10", "1.10.0", "9.0.0", "10.0.0"]),
        ("ordering=-version", ["10.0.0", "9.0.0", "1.10.0", "1.9.10", "1.9.9", "1.9.0"]),
        ("ordering=-valid_from,version", ["9.0.0", "1.9.0", "1.9.9", "1.9.10", "1.10.0", "10.0.0"]),
        ("ordering=-id", ["1.9.9", "1.9.10", "1.9.0", "1.10.0", "9.0.0", "10.0.0"]),
        ("ordering=nonsense,major", ["10.0.0", "9.0.0", "1.10.0", "1.9.0", "1.9.10", "1.9.9"]),
        ("search=1.9", ["1.9.0", "1.9.10", "1.9.9"]),
        ("search=1.9 .10", ["1.9.10"]),
        ("version=1.9.", ["1.9.0", "1.9.10", "1.9.9"]),
        ("version=x", []),
        ("valid_from=2100-01-01", ["9.0.0"]),
        ("valid_from=2100-01-01T00:00:00Z", ["9.0.0"]),
        ("valid_from=2100-01-01T01:00:00%2B01:00", ["9.0.0"]),
        ("valid_from=2100-01-01T00:00:01Z", []),
        ("valid_from=&version=&id=&ordering=version&limit=2", ["1.9.0", "1.9.9"]),
    ],
)
def test_list_is_sorted_searched_and_filtered(query, expected, many, ics, as_):
    assert listed(as_("member"), ics, query) == expected


@pytest.mark.parametrize("name", ["id", "version", "valid_from"])
@pytest.mark.parametrize(
    "value",
    [
        "x", "-1", "1e3", "1.5", "9" * 30, "%00", "%0A", "2030", "2030-99-99", "2030-01-01T",
        "0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-10:00",
        "é", "%F0%9F%98%80", "null", "[]", "'", "--", "20300101T000000Z", "2030-W01-1",
    ],
)  # fmt: skip
def test_column_filters_never_fail(name, value, many, ics, as_):
    assert listed(as_("member"), ics, f"{name}={value}") == []


def test_filter_by_id_finds_the_row_of_the_own_institution(world, ics, as_):
    assert listed(as_("member"), ics, f"id={world.home.consent.pk}") == ["1.0.0"]
    assert listed(as_("member"), ics, f"id={world.away.consent.pk}") == []


def test_list_shows_the_own_institution_only(world, ics, as_):
    for who in ("member", "global"):
        rows = as_(who).get(ics).json()["results"]
        assert {row["id"] for row in rows} == {world.home.consent.pk, world.home.newer_consent.pk}
