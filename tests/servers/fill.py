"""Fills the database of DATABASE_URL with the tests' world and prints what a test over HTTP needs to know of it."""

import json

import django

django.setup()

from institutions.models import User  # noqa: E402
from tests.world import PASSWORD, World  # noqa: E402

world = World()
second = world.home.person("second", inst_admin=True)
people = {person.uid or "root": person for person in User.objects.exclude(institution=world.away.institution)}
print(
    json.dumps(
        {
            "institution": world.home.institution.pk,
            "vle": world.home.vle.pk,
            "course": world.home.other_course.pk,
            "category": world.home.category.pk,
            "people": {uid: {"id": person.pk, "email": person.email} for uid, person in people.items()},
            "password": PASSWORD,
            "version": world.home.newer_consent.version,
        }
    )
)
