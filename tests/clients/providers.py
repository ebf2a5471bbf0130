"""What the helper process of a service does in a term: messages are carried to providers, which answer through the API.

The providers themselves are `provider_sdk.ProviderSDK`, in the process of the test.
"""

from datetime import timedelta
from typing import Any

from django.db.models import Value
from django.db.models.functions import Now

from institutions.models import Instrument, User
from pipeline.models import Job
from pipeline.running import carried, run_due
from reports.arithmetic import OPEN
from reports.models import Report, RequestProviderResult
from reports.services.rebuilding import Scope, reports_rebuilt
from reports.services.verifying import results_timed_out
from tests.world import PASSWORD


def messages() -> list[tuple[str, str, list[Any]]]:
    """(queue, task, arguments) of what providers are to be sent now, as a broker would; it is not sent again."""
    run_due()
    rows = list(Job.objects.exclude(queue="").order_by("pk"))
    carried(rows)
    return [(row.queue, row.name, row.arguments) for row in rows]


def nobody_has_answered() -> int:
    """What is open is older than its instrument's time, and is closed; answers the number."""
    longest = max(Instrument.objects.values_list("timeout_minutes", flat=True))
    RequestProviderResult.objects.filter(status__in=OPEN).update(asked_at=Now() - Value(timedelta(minutes=longest + 1)))
    closed = results_timed_out()
    run_due()
    return closed


def reports() -> dict[str, dict[str, int]]:
    """The first report of each learner who was captured in an activity, by the learner's uid."""
    rows = Report.objects.select_related("learner__user").order_by("-pk")
    return {row.learner.user.uid: {"report": row.pk, "learner": row.learner_id} for row in rows}


def differences() -> list[str]:
    """What `rebuild_reports` finds."""
    run_due()
    return [str(found) for found in reports_rebuilt(Scope())]


def first_administrator() -> dict[str, str]:
    """A global administrator for an empty database, and with what to sign in."""
    root = User.objects.create_superuser("root", "root@example.org", PASSWORD)
    return {"email": root.email, "password": PASSWORD}
