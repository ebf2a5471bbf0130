"""Decisions of the version before their texts were kept: how they are filled in, read behind the migrations, and what
is found then."""

import hashlib

FILL = """
import datetime as dt, sys, uuid
import django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

loader = MigrationExecutor(connection).loader
apps = loader.project_state([*loader.applied_migrations]).apps
model = lambda label: apps.get_model(label).objects
day = lambda number: dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=number)
def institution(acronym):
    home = model("institutions.Institution").create(acronym=acronym, name=acronym)
    def learner(name):
        user = model("institutions.User").create(
            institution=home, username=f"{acronym}-{name}", uid=name, email=f"{name}@{acronym}.org")
        pseudonym = uuid.uuid5(uuid.NAMESPACE_OID, acronym + name)
        return model("learners.Learner").create(user=user, institution=home, learner_id=pseudonym)
    consent = model("institutions.InformedConsent").create(
        institution=home, version="1.0.0", major=1, minor=0, patch=0, valid_from=day(0), accepted_at=day(9))
    pdf = model("files.StoredFile").create(
        institution=home, kind="consent_pdf", media_type="application/pdf", size=9, sha256="f" * 64,
        storage_key=f"{acronym}.pdf")
    for language, html, file, changed in (
        ("en", "<p>I consent.</p>", None, day(1)), ("ca", "<p>Hi consento.</p>", None, day(9.5)),
        ("es", "<p>Consiento.</p>", None, day(40)), ("fr", "<p>&nbsp;</p>", None, day(1)), ("pt", None, pdf, day(1)),
    ):
        document = model("institutions.InformedConsentDocument").create(
            institution=home, consent=consent, language=language, html=html, pdf=file)
        model("institutions.InformedConsentDocument").filter(pk=document.pk).update(updated_at=changed)
    def decide(name, decision, language, at, learner_id=None):
        model("learners.ConsentDecision").create(
            institution=home, learner_id=learner_id or learners[name].learner_id, decision=decision, version="1.0.0",
            language=language, address="192.0.2.1", at=day(at))
    learners = {name: learner(name) for name in ("en", "ca", "es", "fr", "pt", "none")}
    for language in ("en", "ca", "es", "fr", "pt"):
        decide(language, "accepted", language, 10)
    decide("none", "accepted", None, 10)
    decide("en", "rejected", "ca", 20)
    decide("en", "accepted", None, 30)
    decide("en", "rejected", None, 31)
    decide("gone", "accepted", "en", 10, uuid.UUID(int=len(acronym)))
institution("one"); institution("three")
"""
READ = """
import json
import django
django.setup()
from learners.models import ConsentDecision
print(json.dumps([
    [row.institution.acronym, row.owner and row.owner.user.uid, row.decision, row.language, row.address is not None,
     [[text.language, text.text.sha256, text.text.html, text.text.pdf_id is not None, text.inferred,
       text.text.institution_id == row.institution_id] for text in row.texts.all()]]
    for row in ConsentDecision.objects.filter(institution__acronym__in=["one", "three"]).order_by("pk")
]))
"""


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def found() -> list:
    """What READ prints."""
    html, pdf = _sha256(f"{_sha256('<p>I consent.</p>')}\n\n"), _sha256(f"\n{'f' * 64}\n")
    shown = [["en", html, "<p>I consent.</p>", False, True, True]]
    of_one = [
        ["en", "accepted", "en", True, shown],
        ["ca", "accepted", "ca", True, []],  # changed half a day before: the learner may have read another text
        ["es", "accepted", "es", True, []],  # added later
        ["fr", "accepted", "fr", True, []],  # nothing to read
        ["pt", "accepted", "pt", True, [["pt", pdf, None, True, True, True]]],
        ["none", "accepted", None, True, []],  # not known which
        ["en", "rejected", "ca", True, shown],
        ["en", "accepted", None, True, []],
        ["en", "rejected", None, True, []],
        [None, "accepted", "en", False, shown],  # of somebody who is gone
    ]
    return [[acronym, *row] for acronym in ("one", "three") for row in of_one]
