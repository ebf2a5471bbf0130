"""Makes an institution with a VLE in the database of DATABASE_URL, and prints what the VLE signs in with."""

import json

import django

django.setup()

from institutions.models import Institution, VLEType  # noqa: E402
from institutions.services.vles import vle_create  # noqa: E402

home = Institution.objects.create(acronym="PUSH", name="University of the benchmark")
_, issued = vle_create(institution=home, type=VLEType.MOODLE, name="Moodle", url="https://moodle.example.org")
print(json.dumps({"role_id": issued["role_id"], "secret_id": issued["secret_id"]}))
