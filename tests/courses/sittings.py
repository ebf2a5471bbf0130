"""What a learner needs to be assessed, and the VLE that asks for it: bob, who is ready, and ann, who is not yet."""

import json
import re
from datetime import timedelta

from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from courses.models import AssessmentSession
from institutions.models import VLE, Credential, Provider
from learners.models import Enrolment, Learner
from signin import tokens
from signin.services.sessions import module_session_open

NEW = {"vle_activity_type": "quiz", "vle_activity_id": "1", "vle_learner_uid": "bob"}
SITE = "http://testserver"
ADDRESSES = (  # of pages, as Moodles have them
    "https://moodle.example.org/mod/quiz/view.php?id=1",
    "http://moodle/course/view.php?id=3",
    "http://my_moodle.example.org/x",
    "http://localhost/moodle/my page.php?b[]=1",
)


def vle_client(vle: VLE) -> APIClient:
    credential = Credential.objects.create(vle=vle, secret_hash="x" * 64)
    session = module_session_open(credential=credential, address=None)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"JWT {tokens.pair(session)['access_token']}")
    return client


def url_of(vle: VLE, word: str = "assessment") -> str:
    return f"/api/v2/vle/{vle.pk}/{word}/"


def consented(home, name: str) -> Learner:
    """The learner has accepted the current consent."""
    Learner.objects.filter(user=home.people[name]).update(
        consent=home.newer_consent, consent_accepted=timezone.now(), consent_rejected=None
    )
    return home.learners[name]


def enrolled(learner: Learner, instrument: int = 2) -> Enrolment:
    """A provider of the instrument can analyse the learner."""
    made = {"name": "P", "acronym": f"p{instrument}", "version": "1", "enabled": True, "instrument_id": instrument}
    provider, _ = Provider.objects.get_or_create(queue=f"p{instrument}", defaults=made)
    return Enrolment.objects.create(
        institution=learner.institution, learner=learner, provider=provider, percentage=1, can_analyse=True
    )


def overdue(session_id: int) -> None:
    """The session's time has passed."""
    AssessmentSession.objects.filter(pk=session_id).update(max_ttl=0)


def begun(session_id: int, minutes: int) -> None:
    """The session began so long ago."""
    started = timezone.now() - timedelta(minutes=minutes)
    AssessmentSession.objects.filter(pk=session_id).update(started_at=started)


def followed(url: str, **headers):
    """As a browser reads a link of a page of another host: without credentials."""
    return Client().get(url.removeprefix(SITE), **headers)


def given(script: str) -> dict[str, str]:
    """What the connector's script was made with."""
    match = re.fullmatch(r"\(function \(given\) \{.*\}\)\((\{.*\})\);\n", script, re.DOTALL)
    assert match is not None, script
    return json.loads(match[1])
