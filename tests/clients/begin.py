"""Makes the first global administrator in the database of DATABASE_URL, and says with what to sign in."""

import json

import django

django.setup()

from institutions.models import User  # noqa: E402
from tests.world import PASSWORD  # noqa: E402

root = User.objects.create_superuser("root", "root@example.org", PASSWORD)
print(json.dumps({"email": root.email, "password": PASSWORD}))
