"""A world in the database of DATABASE_URL whose ann may be captured; prints what a test over HTTP needs for it."""

import json

import django

django.setup()

from courses.models import ActivityInstrument  # noqa: E402
from institutions.models import Credential, User  # noqa: E402
from signin import tokens  # noqa: E402
from signin.services.sessions import module_session_open  # noqa: E402
from tests.captures import FA, PLAG, consented  # noqa: E402
from tests.world import PASSWORD, World  # noqa: E402

home = World().home
consented(home, "ann")
User.objects.filter(pk=home.people["ann"].pk).update(login_allowed=False)  # a VLE may change who has no login
for instrument in (FA, PLAG):
    ActivityInstrument.objects.create(activity=home.activity, instrument_id=instrument)
session = module_session_open(credential=Credential.objects.create(vle=home.vle, secret_hash="x" * 64), address=None)
place = f"course/{home.course.pk}/activity/{home.activity.pk}/attachment/{home.learners['ann'].learner_id}"
print(
    json.dumps(
        {
            "path": f"/api/v2/vle/{home.vle.pk}/{place}/",
            "members": f"/api/v2/vle/{home.vle.pk}/course/{home.course.pk}/learner/",
            "learner": f"/api/v2/institution/{home.institution.pk}/learner/{home.people['ann'].pk}/",
            "admin": home.people["admin"].email,
            "password": PASSWORD,
            "institution": home.institution.pk,
            "instruments": [FA, PLAG],
            "token": tokens.pair(session)["access_token"],
        }
    )
)
