"""What tests of the sample data ask for: the command, its accounts, and everything that is stored."""

import hashlib
import json
from io import StringIO

from django.apps import apps
from django.core.management import call_command
from rest_framework.test import APIClient

from institutions.models import Credential

# The file with secrets as another database left it.
OTHER_DATABASE = (
    '{"password": "demo-of-another-db", "vle": {"id": 1, "role_id": "x", "secret_id": "y"}, "proofs": {"1": "z"}}'
)

# Rows of a whole run.
EXPECTED = {
    "institutions.Institution": 2,
    "institutions.VLE": 2,
    "institutions.Provider": 5,
    "institutions.User": 54,
    "learners.Learner": 40,
    "institutions.Instructor": 3,
    "institutions.InformedConsent": 8,
    "institutions.InformedConsentDocument": 16,
    "learners.SENDCategory": 6,
    "learners.SENDLearner": 8,
    "courses.Course": 5,
    "courses.CourseGroup": 5,
    "courses.GroupCourse": 5,
    "courses.Activity": 7,
    "courses.ActivityInstrument": 13,
    "reports.Report": 44,
    "reports.Alert": 4,
    "rights.Contest": 2,
}


def seed_demo(*arguments: str) -> dict:
    """Runs the command; what it prints as JSON."""
    out = StringIO()
    call_command("seed_demo", "--format", "json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def rows() -> dict[str, list]:
    """Everything that is stored, but for the sessions and counters of signing in."""
    apart = {"signin", "sessions"}
    models = [m for m in apps.get_models(include_auto_created=True) if m._meta.app_label not in apart]
    return {m._meta.label: list(m._default_manager.order_by("pk").values()) for m in models}


def numbers_of_rows() -> dict[str, int]:
    return {label: len(values) for label, values in rows().items() if label in EXPECTED}


def signed_in(account: dict) -> APIClient | None:
    """A client with a token of this account, None if the account cannot sign in."""
    client = APIClient()
    answer = client.post("/api/v2/auth/login", {"email": account["email"], "password": account["password"]})
    if answer.status_code != 200:
        return None
    client.credentials(HTTP_AUTHORIZATION="JWT " + answer.json()["token"]["access_token"])
    return client


def account_of(printed: dict, role: str, position: int = 0) -> dict:
    institution = None if role == "global_admin" else printed["institutions"][position]["id"]
    return next(a for a in printed["accounts"] if (a["role"], a["institution"]) == (role, institution))


def signs_in(vle: dict) -> bool:
    """Whether a VLE with these printed credentials can sign in."""
    hashed = hashlib.sha256(vle["secret_id"].encode()).hexdigest()
    live = Credential.objects.filter(vle=vle["id"], role_id=vle["role_id"], revoked_at=None)
    return live.filter(secret_hash=hashed).exists()
