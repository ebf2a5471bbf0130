"""Makes launchers of the tests' world, in the database of DATABASE_URL, and prints them as [id, token]."""

import json

import django

django.setup()

from institutions.models import VLE, User  # noqa: E402
from signin.services.launchers import launcher_create  # noqa: E402

vle = VLE.objects.get(institution__acronym="HOME", name="Moodle")
ann = User.objects.get(institution=vle.institution, uid="ann")
made = [launcher_create(vle=vle, person=ann) for _ in range(8)]
print(json.dumps([[launcher.pk, token] for launcher, token in made]))
