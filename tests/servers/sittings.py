"""Fills the database of DATABASE_URL with learners who may be assessed, and prints what a VLE needs to know of them."""

import json

import django

django.setup()

from institutions.models import Credential  # noqa: E402
from signin import tokens  # noqa: E402
from signin.services.sessions import module_session_open  # noqa: E402
from tests.courses.sittings import consented, enrolled  # noqa: E402
from tests.world import PASSWORD, World  # noqa: E402

home = World().home
names = [f"learner{number}" for number in range(6)]
for name in names:
    home.learner(name)
home.join(home.course, *names)
for name in ("bob", *names):
    enrolled(consented(home, name))
session = module_session_open(credential=Credential.objects.create(vle=home.vle, secret_hash="x" * 64), address=None)
print(
    json.dumps(
        {
            "institution": home.institution.pk,
            "course": home.course.pk,
            "vle": home.vle.pk,
            "token": tokens.pair(session)["access_token"],
            "people": {name: person.pk for name, person in home.people.items()},
            "learners": names,
            "admin": home.people["admin"].email,
            "password": PASSWORD,
            "version": home.newer_consent.version,
        }
    )
)
