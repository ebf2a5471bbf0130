"""/institution/{}/learner/{}/ic/: only the learner decides, only on the current version, and every decision is kept."""

import hashlib

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from courses.models import AssessmentSession
from files.models import Kind
from files.services import files_erase_unreferenced
from institutions.models import ConsentText, InformedConsent, InformedConsentDocument
from institutions.services.consents import consent_delete
from institutions.services.documents import document_update
from institutions.services.people import person_delete
from institutions.services.vles import vle_delete
from kernel.caller import CallerKind
from learners.models import ConsentDecision, Learner, ServedText
from learners.services import consent_accept
from signin import tokens
from signin.callers import caller_of
from signin.services.launchers import launcher_create, launcher_redeem
from signin.services.sessions import learner_session_open, signed_in
from tests.conftest import client_of
from tests.files.conftest import stored
from tests.lines import details_of
from tests.world import FUTURE, PAST
from trail.models import Line

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


def made():
    """The decisions that are made in a test."""
    return ConsentDecision.objects.exclude(at=PAST).order_by("pk")


def records():
    return list(made().values_list("decision", "version", "language", "address"))


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
    record = made().get()
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
        (None, "es-MX", "es"),
        (None, "fr, *;q=0.5", None),
        (None, "ca;q=0, es", "es"),
        (None, "nonsense;;;q=x", None),
        (None, "x" * 5000, None),
        ("PT_br", "ca", "pt-BR"),
        ("es", "ca", "es"),
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
    record = made().get()
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


# What is accepted: a version with something to read, and exactly that text.

NOTHING_TO_READ = [
    None, "", "   ", "<p></p>", "<p>&nbsp; \u00a0\u200b&#8203;</p>", "<script>I consent.</script>", "<br><hr>",
    '<img src="https://x.org/a.png" alt="I consent">', "<style>consent {}</style>", "<!-- I consent -->", "<p>...</p>",
]  # fmt: skip


@pytest.mark.parametrize("html", NOTHING_TO_READ)
def test_version_without_a_text_is_accepted_by_nobody(html, as_, url, world, ann):
    InformedConsentDocument.objects.filter(consent=world.home.newer_consent).update(html=html)
    answer = as_("ann").post(url, CURRENT)
    assert (answer.status_code, list(answer.json())) == (400, ["version"])
    assert (records(), ann().consent) == ([], None)
    world.home.newer_consent.refresh_from_db()
    assert world.home.newer_consent.accepted_at is None


def test_version_without_documents_is_accepted_by_nobody(as_, url, world):
    world.home.newer_document.delete()
    assert list(as_("ann").post(url, CURRENT).json()) == ["version"]
    world.home.institution.external_ic = True
    world.home.institution.save()
    assert as_("ann").post(url, CURRENT).status_code == 400
    assert records() == []


def test_what_is_held_already_is_answered_without_a_text(as_, url, world):
    as_("ann").post(url, CURRENT)
    InformedConsentDocument.objects.filter(consent=world.home.newer_consent).update(html="")
    assert as_("ann").post(url, CURRENT).status_code == 201
    as_("ann").delete(url)
    assert as_("ann").post(url, CURRENT).status_code == 400


def test_a_pdf_is_a_text(as_, url, world):
    pdf = stored(world, kind=Kind.CONSENT_PDF)
    InformedConsentDocument.objects.filter(consent=world.home.newer_consent).update(html="<p> </p>", pdf=pdf)
    assert as_("ann").post(url, CURRENT).status_code == 201
    assert [row.text.pdf for row in made().get().texts.all()] == [pdf]


@pytest.mark.parametrize("language", ["fr", "pt", "e", "es-MX"])
def test_language_must_be_one_of_the_documents(language, as_, url, texts):
    texts("pt-BR")
    answer = as_("ann").post(url, CURRENT | {"language": language}, HTTP_ACCEPT_LANGUAGE="pt-BR")
    assert (answer.status_code, list(answer.json())) == (400, ["language"])
    assert records() == []


def test_language_without_a_text_is_no_language(as_, url, texts):
    texts("ca", html="<p> </p>")
    assert list(as_("ann").post(url, CURRENT | {"language": "ca"}).json()) == ["language"]
    assert as_("ann").post(url, CURRENT, HTTP_ACCEPT_LANGUAGE="ca, es;q=0.5").status_code == 201
    assert records()[0][2] == "es"


def shown(row=None):
    """(language, hash, HTML) of the texts of a decision, by default the only one."""
    rows = (row or made().get()).texts.select_related("text").order_by("language")
    return [(text.language, text.text.sha256, text.text.html) for text in rows]


def test_decision_records_the_hash_of_what_the_service_served(as_, url, world, texts):
    texts("ca", html='<p class="x">Hi consento: <b>sí</b>.</p>')
    pdf = stored(world, kind=Kind.CONSENT_PDF, content=b"%PDF-1 si %%EOF")
    InformedConsentDocument.objects.filter(language="ca").update(pdf=pdf)
    served = as_("ann").get(url_of_document(world, "ca")).json()
    html = hashlib.sha256(served["html"].encode()).hexdigest()
    file = hashlib.sha256(b"".join(Client().get(served["pdf"]).streaming_content)).hexdigest()
    assert served["sha256"] == hashlib.sha256(f"{html}\n{file}\n".encode()).hexdigest()
    as_("ann").post(url, CURRENT | {"language": "CA"})
    assert shown() == [("ca", served["sha256"], served["html"])]
    assert made().get().language_named is True


def test_text_in_one_language_is_hashed_without_the_pdf_that_it_lacks(as_, url):
    as_("ann").post(url, CURRENT, HTTP_ACCEPT_LANGUAGE="es")
    html = hashlib.sha256(b"<p>Consiento.</p>").hexdigest()
    assert shown() == [("es", hashlib.sha256(f"{html}\n\n".encode()).hexdigest(), "<p>Consiento.</p>")]
    assert made().get().language_named is False


def test_unknown_language_records_all_texts_that_were_served(as_, url, texts):
    texts("ca", "pt-BR")
    texts("gl", html="")
    as_("ann").post(url, CURRENT, HTTP_ACCEPT_LANGUAGE="fr")
    assert [(language, html) for language, _, html in shown()] == [
        ("ca", "<p>ca</p>"), ("es", "<p>Consiento.</p>"), ("pt-BR", "<p>pt-BR</p>"),
    ]  # fmt: skip
    assert (made().get().language, made().get().language_named) == (None, None)


def test_rejection_is_of_the_texts_that_were_accepted(as_, url, texts):
    as_("ann").post(url, CURRENT | {"language": "es"})
    texts("ca")
    as_("ann").delete(url, HTTP_ACCEPT_LANGUAGE="ca")
    accepted, rejected = made()
    assert shown(rejected) == shown(accepted)
    assert (rejected.language, rejected.language_named) == ("es", True)


def test_rejection_of_what_was_accepted_without_a_record_has_no_text(as_, url, world):
    learner = world.home.learners["ann"]
    learner.consent = world.home.consent
    learner.save()
    as_("ann").delete(url)
    assert (shown(), records()[0][2]) == ([], None)


def test_texts_are_kept_once(as_, url, world):
    other = url.replace(f"/{world.people['ann'].pk}/", f"/{world.people['bob'].pk}/")
    for _ in range(2):
        as_("ann").post(url, CURRENT)
        as_("ann").delete(url)
    as_("bob").post(other, CURRENT)
    assert (
        ConsentText.objects.filter(institution=world.home.institution).exclude(pk=world.home.kept_text.pk).count() == 1
    )


def test_same_text_of_two_institutions_is_kept_by_each(as_, url, world):
    as_("ann").post(url, CURRENT)
    away = world.away
    there = f"/api/v2/institution/{away.institution.pk}/learner/{away.people['ann'].pk}/ic/"
    assert client_of(away.people["ann"]).post(there, CURRENT).status_code == 201
    texts = [row.texts.get().text for row in made()]
    assert [text.institution for text in texts] == [world.home.institution, away.institution]
    assert texts[0].sha256 == texts[1].sha256


def url_of_document(world, language):
    return f"/api/v2/institution/{world.home.institution.pk}/ic/{world.home.newer_consent.pk}/document/{language}/"


def test_learner_read_before_the_text_was_changed(as_, url, world, ann):
    """Nobody has accepted yet, so an administrator may change it; what ann has on the screen is another text."""
    ann_client, admin, document = as_("ann"), as_("admin"), url_of_document(world, "es")
    ann_client.get(document.removesuffix("es/"))
    assert admin.patch(document, {"html": "<p>I consent to everything.</p>"}).status_code == 200
    answer = ann_client.post(url, CURRENT)
    assert (answer.status_code, list(answer.json())) == (400, ["version"])
    assert "changed" in answer.json()["version"][0]
    assert (records(), ann().consent) == ([], None)
    ann_client.get(document)
    assert ann_client.post(url, CURRENT).status_code == 201
    assert shown()[0][2] == "<p>I consent to everything.</p>"


@pytest.mark.parametrize("again", ["document", "consent"])
def test_text_was_deleted_and_made_anew_meanwhile(again, as_, url, world):
    ann_client, admin, document = as_("ann"), as_("admin"), url_of_document(world, "es")
    ann_client.get(document, HTTP_ACCEPT="text/html")
    documents, consents = document.removesuffix("es/"), document.split("/ic/")[0] + "/ic/"
    if again == "consent":
        admin.delete(documents.removesuffix("document/"))
        new = admin.post(consents, {"version": "2.0.0", "valid_from": "2020-01-01T00:00:00Z"}).json()["id"]
        documents = f"{consents}{new}/document/"
    else:
        admin.delete(document)
    assert admin.post(documents, {"language": "es", "html": "<p>Todo.</p>"}).status_code == 201
    assert list(ann_client.post(url, CURRENT).json()) == ["version"]
    assert ann_client.get(documents).status_code == 200
    assert ann_client.post(url, CURRENT).status_code == 201


def test_change_in_another_language_or_for_another_session_does_not_matter(as_, url, world, texts):
    texts("ca")
    ann_client, admin = as_("ann"), as_("admin")
    ann_client.get(url_of_document(world, "es").removesuffix("es/"))
    as_("bob").get(url_of_document(world, "es"))
    admin.patch(url_of_document(world, "ca"), {"html": "<p>més</p>"})
    assert ann_client.post(url, CURRENT, HTTP_ACCEPT_LANGUAGE="ca").status_code == 400
    assert ann_client.post(url, CURRENT | {"language": "es"}).status_code == 201


def test_client_that_names_the_text_accepts_that_text_or_none(as_, url, world, texts):
    texts("ca")
    ann_client, document = as_("ann"), url_of_document(world, "ca")
    before = ann_client.get(document).json()["sha256"]
    as_("admin").patch(document, {"html": "<p>més</p>"})
    for more in ({}, {"language": "ca"}, {"language": "es"}):
        answer = ann_client.post(url, CURRENT | {"sha256": before} | more)
        assert (answer.status_code, list(answer.json())) == (400, ["sha256"])
    now = as_("admin").get(document).json()["sha256"]
    assert ann_client.post(url, CURRENT | {"sha256": now.upper()}, HTTP_ACCEPT_LANGUAGE="es").status_code == 201
    assert [language for language, *_ in shown()] == ["ca"]
    assert (records()[0][2], made().get().language_named) == ("ca", True)


def test_only_learners_sessions_are_remembered(as_, world):
    for who in ("admin", "member", "teacher", "global"):
        assert as_(who).get(url_of_document(world, "es")).status_code == 200
    assert not ServedText.objects.exists()
    as_("ann", "launched").get(url_of_document(world, "es"))
    assert [(row.version, row.language) for row in ServedText.objects.all()] == [("2.0.0", "es")]


# How the learner was signed in.


def test_decision_says_how_the_learner_was_signed_in(as_, url, world):
    as_("ann").post(url, CURRENT)
    vle = world.home.vle
    launcher, token = launcher_create(vle=vle, person=world.people["ann"])
    session = launcher_redeem(id=launcher.pk, token=token, address=None)
    launched = APIClient(HTTP_AUTHORIZATION=f"JWT {tokens.pair(session)['access_token']}")
    launched.delete(url)
    assert list(made().values_list("decision", "signed_in", "vle_id", "vle_name")) == [
        ("accepted", "password", None, ""), ("rejected", "launcher", vle.pk, "Moodle"),
    ]  # fmt: skip
    vle_delete(vle=vle)
    assert made().last().vle_name == "Moodle"


def test_session_of_an_assessment_is_said_with_its_vle(world):
    ann, home = world.home.learners["ann"], world.home
    assessment = AssessmentSession.objects.create(institution=home.institution, activity=home.activity, learner=ann)
    session = learner_session_open(person=ann.user, expires_at=FUTURE, assessment_session=assessment)
    caller = caller_of(session.pk, CallerKind.LEARNER_SESSION.value)
    consent_accept(learner=ann, consent=home.newer_consent, by=signed_in(caller))
    row = made().get()
    assert (row.signed_in, row.vle_id, row.vle_name) == ("learner_session", home.vle.pk, "Moodle")


# "What did I agree to?"


@pytest.fixture
def decisions(url):
    return url.removesuffix("ic/") + "decision/"


def test_learner_reads_what_was_agreed_to(as_, url, decisions, world, texts):
    texts("ca", html="<p>Hi consento.</p>")
    pdf = stored(world, kind=Kind.CONSENT_PDF, content=b"%PDF-1 si %%EOF")
    InformedConsentDocument.objects.filter(language="ca").update(pdf=pdf)
    as_("ann").post(url, CURRENT | {"language": "ca"})
    row = as_("ann").get(f"{decisions}?ordering=-id").json()["results"][0]
    assert list(row) == [
        "id", "decision", "version", "language", "language_named", "at", "address", "signed_in", "vle", "texts",
    ]  # fmt: skip
    assert (row["decision"], row["version"], row["signed_in"], row["vle"]) == ("accepted", "2.0.0", "password", None)
    assert [list(text) for text in row["texts"]] == [["language", "sha256", "inferred"]]
    for who in ("ann", "legal", "data", "admin"):
        (text,) = as_(who).get(f"{decisions}{row['id']}/").json()["texts"]
        assert (text["html"], text["sha256"]) == ("<p>Hi consento.</p>", row["texts"][0]["sha256"])
        assert b"".join(Client().get(text["pdf"]).streaming_content) == b"%PDF-1 si %%EOF"


def test_decision_of_a_launcher_names_its_vle(as_, decisions, world):
    row = as_("ann").get(f"{decisions}{world.home.decision.pk}/").json()
    assert (row["signed_in"], row["vle"]) == ("launcher", {"id": world.home.vle.pk, "name": "Moodle"})


def test_text_outlives_its_document(as_, url, decisions, world, django_capture_on_commit_callbacks):
    """Nobody can delete it through the API; whoever could would not take away what was agreed to."""
    pdf = stored(world, kind=Kind.CONSENT_PDF, content=b"%PDF-1 si %%EOF")
    InformedConsentDocument.objects.filter(consent=world.home.newer_consent).update(pdf=pdf)
    as_("ann").post(url, CURRENT)
    before = as_("ann").get(f"{decisions}{made().get().pk}/").json()["texts"]
    InformedConsent.objects.filter(pk=world.home.newer_consent.pk).update(accepted_at=None)
    with django_capture_on_commit_callbacks(execute=True):
        document_update(document=world.home.newer_document, html="<p>Other.</p>", pdf=None)
        Learner.objects.filter(pk=world.people["ann"].pk).update(consent=None)
        consent_delete(consent=world.home.newer_consent)
        files_erase_unreferenced(institution=world.home.institution)
    (text,) = as_("ann").get(f"{decisions}{made().get().pk}/").json()["texts"]
    assert (text["html"], text["sha256"]) == (before[0]["html"], before[0]["sha256"])
    assert b"".join(Client().get(text["pdf"]).streaming_content) == b"%PDF-1 si %%EOF"


def test_decisions_of_others_are_unknown(as_, decisions, world):
    away = world.away
    ann, there = world.people["ann"].pk, f"/api/v2/institution/{away.institution.pk}/learner/"
    assert as_("ann").get(f"{decisions}{away.decision.pk}/").status_code == 404
    assert as_("admin").get(f"{decisions}{away.decision.pk}/").status_code == 404
    assert as_("admin").get(f"{there}{away.people['ann'].pk}/decision/").status_code == 404
    assert as_("admin").get(decisions.replace(f"/{ann}/", f"/{away.people['ann'].pk}/")).status_code == 404
    assert as_("bob").get(decisions).status_code == 403
    assert as_("bob").get(decisions.replace(f"/{ann}/", f"/{world.people['bob'].pk}/")).json()["count"] == 0


# Of a learner who is gone.


@pytest.mark.parametrize("how", ["learner", "user", "service"])
def test_decisions_of_a_deleted_learner_keep_the_pseudonym_and_no_address(how, as_, url, world):
    as_("ann").post(url, CURRENT)
    as_("bob").post(url.replace(f"/{world.people['ann'].pk}/", f"/{world.people['bob'].pk}/"), CURRENT)
    ann, pseudonym = world.people["ann"], world.home.learners["ann"].learner_id
    line = Line.objects.get(verb="decide", person_id=ann.pk)
    told = details_of(line)
    if how == "service":
        person_delete(person=ann)
    elif how == "learner":
        assert as_("admin").delete(url.removesuffix("ic/")).status_code == 204
    else:
        assert as_("admin").delete(url.removesuffix("ic/").replace("learner", "user")).status_code == 204
    rows = ConsentDecision.objects.filter(institution=world.home.institution).order_by("pk")
    assert list(rows.values_list("learner_id", "owner", "address")) == [
        (pseudonym, None, None), (pseudonym, None, None),
        (world.home.learners["bob"].learner_id, world.people["bob"].pk, "127.0.0.1"),
    ]  # fmt: skip
    columns = [str(value) for row in rows[:2].values() for value in row.values()]
    assert not [value for value in columns if "@" in value or value in (ann.uid, ann.username)]
    assert shown(rows[1])[0][2] == "<p>Consiento.</p>"
    # The line of the decision does not say any more which record it is about.
    assert (told["id"], details_of(line)) == (rows[1].pk, None)
    assert line.row_key == f"{world.home.institution.pk}/{ann.pk}"
