"""Which text earlier decisions were about, where that can still be shown; and whose they are.

Decisions were recorded without the hash of a text. The text of a document that is now stored was accepted if

- the document has not been changed since a session's lifetime before the acceptance. From the first acceptance on
  nobody could change or delete a document, so this looks at changes before it; the page on which the learner accepted
  was opened in that session, so after the last change, and was served this text;
- the language of the record is the document's: without a language it is not known which text was shown; and
- there is something to read in it.

All others stay without a text. What is found here is marked `inferred`. A rejection has the text whose acceptance it
withdraws.
"""

import hashlib
from datetime import timedelta
from html import unescape

import nh3
from django.conf import settings
from django.db import migrations
from django.db.models import OuterRef, Subquery

LONGEST_SESSION = max(settings.PERSON_SESSION_LIFETIME, timedelta(days=1))  # a day was always the default
BATCH = 500


def _has_text(html):
    dropped = {"script", "style", "template", "title"}
    return any(letter.isalnum() for letter in unescape(nh3.clean(html or "", tags=set(), clean_content_tags=dropped)))


def _hash(html, pdf_sha256):
    html_sha256 = hashlib.sha256(html.encode()).hexdigest() if html else ""
    return hashlib.sha256(f"{html_sha256}\n{pdf_sha256 or ''}\n".encode()).hexdigest()


def find_texts(apps, schema_editor):
    documents = apps.get_model("institutions", "InformedConsentDocument").objects
    texts = apps.get_model("institutions", "ConsentText").objects
    decisions = apps.get_model("learners", "ConsentDecision").objects
    decided = apps.get_model("learners", "DecidedText")
    by_language = {}  # (institution, version, language) -> (instant of the last change, key of the kept text)
    accepted = documents.filter(consent__accepted_at__isnull=False).select_related("consent", "pdf")
    for document in accepted.iterator(chunk_size=BATCH):
        if document.pdf_id is None and not _has_text(document.html):
            continue
        digest = _hash(document.html, document.pdf and document.pdf.sha256)
        place = (document.institution_id, document.consent.version, document.language)
        by_language[place] = (document.updated_at, digest, document.html or None, document.pdf_id)
    kept, rows, latest = {}, [], {}  # latest: (learner, version) -> text of the last acceptance
    for decision in decisions.order_by("pk").iterator(chunk_size=BATCH):
        about = (decision.learner_id, decision.version)
        if decision.decision == "accepted":
            found = by_language.get((decision.institution_id, decision.version, decision.language))
            is_shown = found is not None and found[0] <= decision.at - LONGEST_SESSION
            latest[about] = (decision.language, found) if is_shown else None
        if latest.get(about) is None:
            continue
        language, (_, digest, html, pdf) = latest[about]
        if (key := kept.get((decision.institution_id, digest))) is None:
            values = {"html": html, "pdf_id": pdf}
            text, _ = texts.get_or_create(institution_id=decision.institution_id, sha256=digest, defaults=values)
            key = kept[decision.institution_id, digest] = text.pk
        rows.append(
            decided(
                institution_id=decision.institution_id,
                decision_id=decision.pk,
                text_id=key,
                language=language,
                inferred=True,
            )
        )
        if len(rows) == BATCH:
            decided.objects.bulk_create(rows, ignore_conflicts=True)
            rows = []
    decided.objects.bulk_create(rows, ignore_conflicts=True)


def find_owners(apps, schema_editor):
    """Of learners who are still there; the decisions of all others keep no address."""
    decisions = apps.get_model("learners", "ConsentDecision").objects
    learners = apps.get_model("learners", "Learner").objects
    own = learners.filter(learner_id=OuterRef("learner_id"), institution=OuterRef("institution"))
    decisions.filter(owner=None).update(owner=Subquery(own.values("pk")[:1]))
    decisions.filter(owner=None, address__isnull=False).update(address=None)


class Migration(migrations.Migration):
    dependencies = [("learners", "0002_consent_proof")]
    operations = [
        # What was inferred is left where it is when this is undone: the tables go with the migration before.
        migrations.RunPython(find_texts, migrations.RunPython.noop),
        migrations.RunPython(find_owners, migrations.RunPython.noop),
    ]
