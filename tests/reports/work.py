"""Work of learners that providers verify, through the services: for tests of counting, rebuilding and contents."""

from decimal import Decimal
from typing import Any

from courses.models import ActivityInstrument, AssessmentSession
from files.models import StoredFile
from institutions.models import Provider
from learners.models import Enrolment
from pipeline.jobs import enqueue
from pipeline.models import Job
from pipeline.running import run_due
from reports.models import Report, ReportInstrument, Request, RequestProviderResult, RequestResult
from reports.services.rebuilding import Discrepancy, Scope, reports_rebuilt
from reports.services.verifying import VERIFY, result_answered
from tests.captures import FA, FR, PLAG, consented
from tests.world import Home

PROCESSED, ERROR, TIMED_OUT, NO_PROVIDER, NO_ENROLMENT, PROCESSING, WAITING = range(1, 8)
THRESHOLDS = {"warning_below": Decimal("0.6"), "alert_below": Decimal("0.3")}


def provider(name: str, instrument: int, **values: Any) -> Provider:
    values = {"name": name, "version": "1", "queue": name, "enabled": True} | values
    return Provider.objects.get_or_create(acronym=name, instrument_id=instrument, defaults=values)[0]


class Work:
    """bob, and ann perhaps, work on the quiz with fr, plag and fa. What the world says of ann's work is taken away."""

    def __init__(self, home: Home) -> None:
        self.home = home
        Report.objects.filter(institution=home.institution).delete()
        Request.objects.filter(institution=home.institution).delete()
        consented(home, "ann", "bob")
        for instrument in (FR, PLAG, FA):
            ActivityInstrument.objects.create(activity=home.activity, instrument_id=instrument)
        self.fr = provider("p_fr", FR, **THRESHOLDS)
        self.plag = provider(
            "p_plag", PLAG, inverted_polarity=True, warning_below=Decimal("0.3"), alert_below=Decimal("0.6")
        )
        for name in ("ann", "bob"):
            self.enrolled(name, "0.75")

    def enrolled(self, name: str, percentage: str, provider: Provider | None = None, **values: Any) -> None:
        learner = self.home.learners[name]
        Enrolment.objects.update_or_create(
            learner=learner,
            provider=provider or self.fr,
            defaults={"institution": self.home.institution, "percentage": percentage, "can_analyse": True} | values,
        )

    def session(self, name: str = "bob") -> AssessmentSession:
        return AssessmentSession.objects.create(
            institution=self.home.institution, activity=self.home.activity, learner=self.home.learners[name]
        )

    def request(self, *instruments: int, name: str = "bob", done: bool = True, **values: Any) -> Request:
        """Captured, and with `done` the providers are asked."""
        values = {"activity": self.home.activity} | values
        request = Request.objects.create(institution=self.home.institution, learner=self.home.learners[name], **values)
        request.instruments.add(*(instruments or (FR,)))
        enqueue("reports.request", [request.pk])
        if done:
            run_due()
        return request

    def answer(
        self, request: Request, status: int = PROCESSED, result: float | None = None, code: int = 1,
        by: Provider | None = None, done: bool = True, **more: Any
    ) -> bool:  # fmt: skip
        row = RequestProviderResult.objects.get(request=request, provider=by or self.fr)
        changed = result_answered(row=row, status=status, result=result, code=code, **more)
        if done:
            run_due()
        return changed

    def report(self, name: str = "bob") -> Report:
        return Report.objects.get(learner=self.home.learners[name], activity=self.home.activity)

    def row(self, instrument: int = FR, name: str = "bob") -> ReportInstrument:
        return self.report(name).details.get(instrument=instrument)


def differences(**scope: Any) -> list[Discrepancy]:
    return list(reports_rebuilt(Scope(**scope)))


def messages() -> list[Job]:
    """What waits to be sent to providers."""
    return list(Job.objects.exclude(queue="").order_by("pk"))


def asked(request: Request) -> list[tuple[str, list[int]]]:
    return [(job.queue, job.arguments) for job in messages() if job.arguments[0] == request.pk and job.name == VERIFY]


def summary(request: Request, instrument: int = FR) -> RequestResult:
    return RequestResult.objects.get(request=request, instrument=instrument)


def audits() -> list[str]:
    return list(StoredFile.objects.filter(kind="result_audit").values_list("storage_key", flat=True))
