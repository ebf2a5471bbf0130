"""Creates informed consents of the sample universities with their documents, and the decisions of learners."""

from datetime import datetime, timedelta
from io import BytesIO

from django.db import transaction

from demo.pictures import pdf
from demo.universities import University
from institutions.models import InformedConsent, Institution
from institutions.services.consents import consent_create, consent_current
from institutions.services.documents import document_create
from institutions.services.texts import text_kept
from kernel.caller import CallerKind
from learners.models import ConsentDecision, Decision, Learner
from learners.services import consent_accept, decision_record
from signin.services.sessions import SignedIn

# Version -> day from which it is valid, relative to the first run. The last one is not valid yet.
VERSIONS = {"1.0.0": -400, "2.0.0": -200, "2.0.1": -60, "3.0.0": 90}
CURRENT = "2.0.1"
ADDRESS = "192.0.2.17"  # reserved for examples
TEXTS = {
    "en": (
        "Informed consent",
        "My face, my voice, my typing and my writing may be recorded to check that it is me who is assessed.",
        "I can take this consent back at any time.",
    ),
    "es": (
        "Consentimiento informado",
        "Acepto que se registren mi rostro, mi voz, mi forma de teclear y mis textos para comprobar quién soy.",
        "Puedo retirar este consentimiento en cualquier momento.",
    ),
}


@transaction.atomic
def ensure_consents(
    institution: Institution, university: University, learners: list[Learner], *, since: datetime
) -> None:
    """The versions with documents in two languages, and decisions of the learners who have not decided yet."""
    for version, days in VERSIONS.items():
        if not institution.consents.filter(version=version).exists():
            _create_consent(institution, university, version, since + timedelta(days=days))
    decided_learners = {*ConsentDecision.objects.filter(institution=institution).values_list("learner_id", flat=True)}
    for position, learner in enumerate(learners):
        if learner.learner_id not in decided_learners and learner.consent_id is None:
            for decision, version, days in _decisions(position, len(learners)):
                _store_decision(learner, decision, version, since + timedelta(days=days, minutes=7 * position))


def _decisions(position: int, learners: int) -> list[tuple[Decision, str, int]]:
    """Most learners have accepted the current version; the last four have not."""
    match learners - position:
        case 1 | 2:
            return []
        case 3:
            return [(Decision.ACCEPTED, CURRENT, -50), (Decision.REJECTED, CURRENT, -20)]
        case 4:
            return [(Decision.ACCEPTED, "1.0.0", -300)]
    return [(Decision.ACCEPTED, *(("2.0.0", -150) if position % 8 == 1 else (CURRENT, -50)))]


def _create_consent(institution: Institution, university: University, version: str, valid_from: datetime) -> None:
    consent = consent_create(institution=institution, version=version, valid_from=valid_from)
    for language in university.languages:
        title, about, withdrawal = TEXTS[language]
        paper = pdf(f"{institution.name}: {title} {version}", [about, withdrawal])
        document_create(
            consent=consent,
            language=language,
            html=f"<h2>{title} {version}</h2><p>{about}</p><p>{withdrawal}</p>",
            pdf=BytesIO(paper) if version == CURRENT else None,
        )


def _store_decision(learner: Learner, decision: Decision, version: str, at: datetime) -> None:
    """Store a decision made in the past, for which there is no service: the record and the columns of the learner."""
    consent = InformedConsent.objects.get(institution=learner.institution_id, version=version)
    vle = learner.institution.vles.order_by("pk").first()
    if decision is Decision.ACCEPTED:
        learner.consent, learner.consent_accepted = consent, at
        if consent.accepted_at is None or at < consent.accepted_at:
            consent.accepted_at = at
            consent.save(update_fields=["accepted_at"])
    else:
        learner.consent_rejected = at
    learner.save(update_fields=["consent", "consent_accepted", "consent_rejected"])
    language = learner.user.locale
    shown = consent.documents.filter(language=language).select_related("pdf").first()
    decision_record(
        learner=learner,
        decision=decision,
        version=version,
        at=at,
        language=language,
        language_named=True if shown else None,
        texts={shown.language: text_kept(shown)} if shown else {},
        address=ADDRESS,
        by=SignedIn(CallerKind.LAUNCHED, vle.pk, vle.name) if vle else SignedIn(CallerKind.PERSON),
    )


def ensure_accepted_consent(learner: Learner, language: str) -> None:
    """Accept the current consent, which may be another one than at the first run, for the learner."""
    current = consent_current(learner.institution_id)
    if current is not None:
        major, minor, patch = current
        consent = learner.institution.consents.get(major=major, minor=minor, patch=patch)
        consent_accept(learner=learner, consent=consent, language=language, address=ADDRESS)
