"""For the captures that are measured, in a process of the run.

`prepare CLIENTS REQUESTS` fills the empty database of DATABASE_URL: an activity, for each client a learner with an open
session, and learners with so many requests that are answered; it prints what the clients send with. `work` changes the
results of all these requests and asks for their reports, so that the pipeline has work.
"""

import json
import sys
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.db.models import F, Value  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.submissions import Pair, analyse, provider_made, requests_made  # noqa: E402
from courses.models import Activity, ActivityInstrument, AssessmentSession, Course, CourseLearner  # noqa: E402
from institutions.models import Institution, User, VLEType  # noqa: E402
from institutions.services.vles import vle_create  # noqa: E402
from kernel.batches import batched  # noqa: E402
from learners.models import Learner  # noqa: E402
from pipeline.jobs import enqueue  # noqa: E402
from pipeline.models import Job  # noqa: E402
from pipeline.running import run_due  # noqa: E402
from reports.arithmetic import ResultCode, ResultStatus  # noqa: E402
from reports.models import Request, RequestProviderResult  # noqa: E402
from signin import tokens  # noqa: E402
from signin.models import CallerSession  # noqa: E402

OTHERS = 200  # learners who send nothing, and have the requests


def prepare(clients: int, requests: int) -> dict[str, Any]:
    with transaction.atomic():
        home = Institution.objects.create(acronym="CAPTURE", name="University of the benchmark", external_ic=True)
        vle, _ = vle_create(institution=home, type=VLEType.MOODLE, name="Moodle", url="https://moodle.example.org")
        course = Course.objects.create(institution=home, vle=vle, code="C", vle_course_id="1")
        activity = Activity.objects.create(
            institution=home, vle=vle, course=course, vle_activity_type="quiz", vle_activity_id="1", enabled=True,
            name="Exam",
        )  # fmt: skip
        provider = provider_made("plag")
        ActivityInstrument.objects.create(activity=activity, instrument_id=provider.instrument_id or 0)
        learners = [learner_made(home, number) for number in range(clients + OTHERS)]
        CourseLearner.objects.bulk_create(
            CourseLearner(institution=home, course=course, learner=learner) for learner in learners
        )
    sending, others = learners[:clients], learners[clients:]
    pairs = (Pair(activity.pk, others[number % OTHERS].pk) for number in range(requests))
    for place, part in enumerate(batched(pairs, 500)):
        requests_made(home.pk, part, [provider.instrument_id or 0], prefix=f"old{place}")
    run_due()
    Job.objects.all().delete()  # nobody takes the messages
    analyse()
    return {
        "institution": home.pk, "course": course.pk, "activity": activity.pk, "instrument": provider.instrument_id,
        "clients": [sitting(learner, activity) for learner in sending],
    }  # fmt: skip


def learner_made(home: Institution, number: int) -> Learner:
    user = User.objects.create(
        institution=home, username=f"learner{number}", uid=f"learner{number}", email=f"learner{number}@example.org",
        first_name="Learner", last_name=str(number), login_allowed=True, password="!", locale="en",
    )  # fmt: skip
    return Learner.objects.create(user=user, institution=home)


def sitting(learner: Learner, activity: Activity) -> dict[str, Any]:
    """The learner id, and a token of a session that is open."""
    session = AssessmentSession.objects.create(institution=learner.institution, learner=learner, activity=activity)
    caller = CallerSession.objects.create(
        kind="learner", user=learner.user, generation=learner.user.session_generation, assessment_session=session,
        expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    return {
        "learner": str(learner.learner_id),
        "session": session.pk,
        "token": tokens.pair(caller)["access_token"],
    }


@transaction.atomic
def work() -> dict[str, Any]:
    """Each result becomes another one: its report, session and histograms change."""
    old = Request.objects.filter(session=None)
    results = RequestProviderResult.objects.filter(request__in=old)
    results.filter(status=ResultStatus.PENDING).update(
        status=ResultStatus.PROCESSED, result=0.75, code=ResultCode.OK, error_message=None
    )
    results.update(result=Value(1.0) - F("result"))
    keys = list(old.order_by("pk").values_list("pk", flat=True))
    enqueue("reports.results", keys)
    return {"requests": len(keys)}


if __name__ == "__main__":
    print(json.dumps(work() if sys.argv[1] == "work" else prepare(*map(int, sys.argv[2:]))))
    connection.close()
