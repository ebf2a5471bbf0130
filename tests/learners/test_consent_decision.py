"""/institution/{}/learner/{}/ic/: only the learner decides, only on the current version, and every decision is kept."""

import pytest
from django.utils import timezone

from institutions.models import InformedConsent, InformedConsentDocument
from learners.models import ConsentDecision
from tests.conftest import client_of
from tests.world import FUTURE, PAST

CURRENT = {"version": "2.0.0"}


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/learner/{world.people['ann'].pk}/ic/"


@pytest.fixture
def ann(world):
    """ann's row as it is stored now."""

    def stored():
        learner = world.home.learners["ann"]
        learner.refresh_from_db()
        return learner

    return stored


@pytest.fixture
def texts(world):
    """Gives the current version further documents, with a text in the language's name."""

    def added(*languages, **values):
        rows = [
            InformedConsentDocument(
                institution=world.home.institution,
                consent=world.home.newer_consent,
                language=code,
                **{"html": f"<p>{code}</p>"} | values,
            )
            for code in languages
        ]
        return InformedConsentDocument.objects.bulk_create(rows)

    return added


def records():
    return list(ConsentDecision.objects.order_by("pk").values_list("decision", "version", "language", "address"))


@pytest.mark.parametrize("verb", ["get", "put", "patch"])
def test_other_verbs_405(verb, as_, url):
    assert getattr(as_("ann"), verb)(url).status_code == 405


def test_administrator_who_learns_decides_only_for_himself(world, as_, url):
    world.people["ann"].inst_admin = True
    world.people["ann"].save()
    assert (
        as_("ann").post(url.replace(f"/{world.people['ann'].pk}/", f"/{world.people['bob'].pk}/"), CURRENT).status_code
        == 404
    )
    assert as_("ann").post(url, CURRENT).status_code == 201


def test_sent_by_a_vle_the_learner_decides(as_, url):
    assert as_("ann", "launched").post(url, CURRENT).status_code == 201
    assert as_("ann", "launched").delete(url).status_code == 204


def test_accepting(as_, url, ann, world):
    before = timezone.now()
    answer = as_("ann").post(url, CURRENT, HTTP_ACCEPT_LANGUAGE="ca")
    assert answer.status_code == 201
    assert list(answer.json())[:4] == ["id", "institution", "username", "consent"]
    assert len(answer.json()) == 23
    assert answer.json()["consent"] == {"version": "2.0.0", "status": "VALID"}
    assert (answer.json()["ic_status"], answer.json()["consent_rejected"]) == ("VALID", None)
    stored = ann()
    assert stored.consent == world.home.newer_consent
    assert before < stored.consent_accepted < timezone.now()
    record = ConsentDecision.objects.get()
    assert (record.institution_id, record.learner_id, record.at) == (
        world.home.institution.pk, stored.learner_id, stored.consent_accepted,
    )  # fmt: skip
    assert records() == [("accepted", "2.0.0", None, "127.0.0.1")]
    world.home.newer_consent.refresh_from_db()
    assert world.home.newer_consent.accepted_at == stored.consent_accepted


def test_first_acceptance_alone_freezes_the_consent(as_, url, world):
    as_("ann").post(url, CURRENT)
    first = InformedConsent.objects.get(pk=world.home.newer_consent.pk).accepted_at
    as_("bob").post(url.replace(f"/{world.people['ann'].pk}/", f"/{world.people['bob'].pk}/"), CURRENT)
    assert InformedConsent.objects.get(pk=world.home.newer_consent.pk).accepted_at == first
    assert InformedConsent.objects.get(pk=world.home.consent.pk).accepted_at is None


def test_accepting_again_writes_nothing(as_, url, ann):
    as_("ann").post(url, CURRENT)
    before = ann().consent_accepted
    assert as_("ann").post(url, CURRENT).status_code == 201
    assert (ann().consent_accepted, len(records())) == (before, 1)


@pytest.mark.parametrize(
    "body",
    [
        {"version": "2.0.0"},
        {"consent": {"version": "2.0.0"}},
        {"consent": {"version": "2.0.0", "status": "VALID"}, "email": "x", "uid": 5, "institution": {}},
        {"version": "2.0.0", "consent": None, "language": None},
        {"version": "02.0.00"},
        {"version": " 2.0.0 "},
        {"version": "2. 0 .0"},
    ],
)
def test_forms_of_the_body(body, as_, url):
    assert as_("ann").post(url, body).status_code == 201
    assert [record[1] for record in records()] == ["2.0.0"]


@pytest.mark.parametrize(
    "version", ["9.9.9", "2.0", "2.0.0.0", "abc", "-2.0.0", "2.0.x", "²2.0.0", "9" * 240, "1" * 30 + ".0.0"]
)
def test_unknown_version_is_404(version, as_, url):
    assert as_("ann").post(url, {"version": version}).status_code == 404
    assert records() == []


def test_version_of_another_institution_is_unknown(as_, url, world):
    InformedConsent.objects.create(
        institution=world.away.institution, version="5.0.0", major=5, minor=0, patch=0, valid_from=PAST
    )
    assert as_("ann").post(url, {"version": "5.0.0"}).status_code == 404


def test_only_the_current_version_can_be_accepted(as_, url, world):
    InformedConsent.objects.create(
        institution=world.home.institution, version="3.0.0", major=3, minor=0, patch=0, valid_from=FUTURE
    )
    for version in ("1.0.0", "3.0.0"):
        answer = as_("ann").post(url, {"version": version})
        assert (answer.status_code, list(answer.json())) == (400, ["version"])
    assert records() == []


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "version"),
        ({"version": None}, "version"),
        ({"version": ""}, "version"),
        ({"version": ["2.0.0"]}, "version"),
        ({"version": {"a": 1}}, "version"),
        ({"version": True}, "version"),
        ({"version": "2.0.0\x00"}, "version"),
        ({"version": "1" * 251}, "version"),
        ({"consent": None}, "version"),
        ({"consent": "2.0.0"}, "consent"),
        ({"consent": {}}, "consent"),
        ({"consent": {"version": None}}, "consent"),
        ({"version": "2.0.0", "language": "no code"}, "language"),
        ({"version": "2.0.0", "language": 5}, "language"),
        ({"version": "2.0.0", "language": []}, "language"),
        ({"version": "2.0.0", "sha256": "0" * 63}, "sha256"),
        ({"version": "2.0.0", "sha256": "0" * 64 + "\n"}, "sha256"),
        ({"version": "2.0.0", "sha256": 5}, "sha256"),
    ],
)
def test_wrong_body_is_400_under_its_name(body, name, as_, url):
    answer = as_("ann").post(url, body, format="json")
    assert (answer.status_code, list(answer.json())) == (400, [name])
    assert records() == []


@pytest.mark.parametrize("body", [[], "2.0.0", 2, None])
def test_body_that_is_no_object_is_400(body, as_, url):
    assert as_("ann").post(url, body, format="json").status_code == 400


@pytest.mark.parametrize(
    ("language", "header", "expected"),
    [
        (None, "", None),
        (None, "ca", "ca"),
        (None, "fr, CA;q=0.5, en;q=0.4", "ca"),
        (None, "en;q=0.1, pt-br", "pt-BR"),
        (None, "pt", "pt-BR"),
        (None, "en-GB", "en"),
        (None, "fr, *;q=0.5", None),
        (None, "ca;q=0, en", "en"),
        (None, "nonsense;;;q=x", None),
        (None, "x" * 5000, None),
        ("PT_br", "ca", "pt-BR"),
        ("en", "ca", "en"),
    ],
)
def test_language_of_the_record(language, header, expected, as_, url, texts):
    texts("ca", "pt-BR")
    body = CURRENT | ({"language": language} if language else {})
    assert as_("ann").post(url, body, HTTP_ACCEPT_LANGUAGE=header).status_code == 201
    assert [record[2] for record in records()] == [expected]


def test_address_of_the_record_is_the_clients(as_, url, settings):
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    as_("ann").post(url, CURRENT, HTTP_X_FORWARDED_FOR="198.51.100.7, 203.0.113.9")
    as_("ann").delete(url, REMOTE_ADDR="2001:db8::5", HTTP_X_FORWARDED_FOR="198.51.100.7")
    assert [record[3] for record in records()] == ["203.0.113.9", "2001:db8::5"]


# Rejecting.


def test_rejecting_keeps_what_was_accepted(as_, url, ann, world):
    as_("ann").post(url, CURRENT)
    accepted = ann().consent_accepted
    answer = as_("ann").delete(url)
    assert (answer.status_code, answer.content) == (204, b"")
    stored = ann()
    assert (stored.consent, stored.consent_accepted) == (world.home.newer_consent, accepted)
    assert stored.consent_rejected > accepted
    assert [record[:2] for record in records()] == [("accepted", "2.0.0"), ("rejected", "2.0.0")]
    shown = as_("admin").get(url.removesuffix("ic/")).json()
    assert shown["ic_status"] == "NOT_VALID_REJECTED"
    assert shown["consent"] == {"version": "2.0.0", "status": "VALID"}


def test_nothing_to_reject_is_404(as_, url):
    assert as_("ann").delete(url).status_code == 404
    as_("ann").post(url, CURRENT)
    assert as_("ann").delete(url).status_code == 204
    assert as_("ann").delete(url).status_code == 404
    assert len(records()) == 2


def test_obsolete_version_can_be_rejected(as_, url, world):
    learner = world.home.learners["ann"]
    learner.consent = world.home.consent
    learner.save()
    assert as_("ann").delete(url).status_code == 204
    assert [record[:2] for record in records()] == [("rejected", "1.0.0")]


def test_rejected_can_be_accepted_again(as_, url, ann):
    as_("ann").post(url, CURRENT)
    as_("ann").delete(url)
    assert as_("ann").post(url, CURRENT).json()["ic_status"] == "VALID"
    assert ann().consent_rejected is None
    assert [record[0] for record in records()] == ["accepted", "rejected", "accepted"]


def test_external_consents_work_the_same(as_, url, world):
    world.home.institution.external_ic = True
    world.home.institution.save()
    assert as_("ann").delete(url).status_code == 404
    assert as_("ann").post(url, CURRENT).json()["ic_status"] == "VALID_EXTERNAL"
    assert as_("ann").delete(url).status_code == 204
    assert [record[0] for record in records()] == ["accepted", "rejected"]


def test_record_is_never_changed(as_, url):
    as_("ann").post(url, CURRENT)
    record = ConsentDecision.objects.get()
    record.version = "9.9.9"
    with pytest.raises(TypeError):
        record.save()
    with pytest.raises(TypeError):
        ConsentDecision.objects.update(version="9.9.9")


def test_learner_of_another_institution_is_unknown(world, url):
    stranger = client_of(world.away.people["ann"])
    assert (stranger.post(url, CURRENT).status_code, stranger.delete(url).status_code) == (404, 404)
    own = f"/api/v2/institution/{world.away.institution.pk}/learner/{world.people['ann'].pk}/ic/"
    assert (stranger.post(own, CURRENT).status_code, stranger.delete(own).status_code) == (404, 404)
    assert records() == []


def test_field_that_a_form_leaves_blank_is_not_there(as_, url):
    ann = as_("ann")
    blank = {"version": "", "consent.version": "", "language": ""}
    answer = ann.post(url, blank, format="multipart")
    assert (answer.status_code, answer.json()) == (400, {"version": ["This field is required."]})
    assert ann.post(url, blank | CURRENT, format="multipart").status_code == 201
    answer = ann.post(url, {"consent": {"version": ""}})
    assert (answer.status_code, answer.json()) == (400, {"consent": {"version": ["This field may not be blank."]}})
