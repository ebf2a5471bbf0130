"""Prints how many credentials of each VLE are good, in the database of DATABASE_URL."""

import json
from collections import Counter

import django

django.setup()

from institutions.models import Credential  # noqa: E402

print(json.dumps(Counter(Credential.objects.filter(revoked_at=None, expires_at=None).values_list("vle", flat=True))))
