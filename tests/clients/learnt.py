"""What providers would have learnt and found by now, in the database of DATABASE_URL.

Every learner who gave a sample has a complete model with a provider of its instrument, and everybody who was captured
in an activity has a report of it.
"""

import json

import django

django.setup()

from institutions.models import Instrument, Provider  # noqa: E402
from learners.models import Enrolment, EnrolmentSample  # noqa: E402
from reports.models import Report, ReportInstrument, Request  # noqa: E402

for instrument in Instrument.objects.filter(acronym__in=("fr", "ks")):
    provider, _ = Provider.objects.get_or_create(
        acronym=f"demo_{instrument.acronym}",
        defaults={
            "instrument": instrument,
            "name": f"Demo {instrument.acronym}",
            "version": "1.0",
            "queue": f"demo_{instrument.acronym}",
            "enabled": True,
        },
    )
    for sample in EnrolmentSample.objects.filter(instruments=instrument).select_related("learner"):
        Enrolment.objects.update_or_create(
            learner=sample.learner,
            provider=provider,
            defaults={"institution_id": sample.institution_id, "percentage": 1, "can_analyse": True},
        )

reports = {}
for request in Request.objects.prefetch_related("instruments").order_by("pk"):
    report, _ = Report.objects.get_or_create(
        institution_id=request.institution_id, activity_id=request.activity_id, learner_id=request.learner_id
    )
    for instrument in request.instruments.all():
        ReportInstrument.objects.get_or_create(
            report=report, instrument=instrument, defaults={"enrolment": 1, "confidence": 1, "result": "0.8"}
        )
    reports[report.learner.user.uid] = {"report": report.pk, "learner": report.learner_id}
print(json.dumps(reports))
