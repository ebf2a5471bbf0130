"""A report, or those of an activity, as PDF/UA: levels with their reasons and charts, for archives and for hearings.

Made by WeasyPrint, which needs libraries of the system (Pango, HarfBuzz): where they are missing, the page says so. It
fetches nothing. One is made at a time in each process, and not of more reports than take some seconds.
"""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from console import exports
from console.explanations import report_explanations
from console.exports import PART_OF_PAPER, places, rows_of
from console.listings import ACTIVITY_REPORTS, activity_name
from console.templatetags.console import course, person
from console.views import BelowCourseView, CourseListView
from kernel.domain import Conflict
from kernel.ids import bounded_number
from kernel.recording import Entry
from reports.evidence import report_evidence

SECONDS = 20  # that somebody waits for the file of somebody else
_turn = BoundedSemaphore(1)


class NoPaper(Conflict):
    """There is no PDF now; the text says why."""


@contextmanager
def _taking_turns() -> Iterator[None]:
    if not _turn.acquire(timeout=SECONDS):
        raise NoPaper("Another PDF is being made. Try again in a moment.")
    try:
        yield
    finally:
        _turn.release()


def pdf_of(html: str) -> bytes:
    """Tagged, with the title and the language of the page. NoPaper where the system's libraries are missing."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        raise NoPaper("This server cannot make PDF: the libraries Pango and HarfBuzz are not installed.") from error
    with _taking_turns():
        # No protocol is allowed: whatever a text of a page is, nothing is fetched.
        return HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf(pdf_variant="pdf/ua-1")


class PaperView(BelowCourseView, is_base=True):
    """Base of what answers with a PDF; where there is none, the page from which it was asked says why."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            reports = self.reports()
            values = {
                "title": self.title, "activity": self.activity, "course": self.course, "reports": reports,
                "institution": self.institution, "by": self.caller.name, "at": timezone.now(),
            }  # fmt: skip
            content = pdf_of(render_to_string("console/paper/reports.html", values))
        except Conflict as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(self.back)
        self.told = ("export", {"rows": len(reports), "format": "pdf"})
        part = [f"part-{number}"] if (number := bounded_number(request.GET.get(PART_OF_PAPER, ""))) else []
        name = "-".join(["report", *map(str, self.kwargs.values()), *part])
        headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
        return HttpResponse(content, content_type="application/pdf", headers=headers)

    @property
    @abstractmethod
    def title(self) -> str:
        """Of the file; asked for after `reports`."""

    @property
    @abstractmethod
    def back(self) -> str:
        """The address of the page from which it is asked for."""

    @abstractmethod
    def reports(self) -> list[dict[str, Any]]:
        """What is in it, each as `explained` makes it. Conflict where there is nothing to make it of."""

    def explained(self, key: int) -> dict[str, Any]:
        report = self.api.row(f"{self.activity_path}report/{key}/")
        evidence = report_evidence(key, activity=self.activity["id"], learner=report["learner"]["id"])
        return {"report": report, **report_explanations(report, evidence, {})}


class ReportPaper(PaperView):
    found: list[dict[str, Any]]

    def reports(self) -> list[dict[str, Any]]:
        self.found = [self.explained(self.kwargs["report"])]
        return self.found

    @property
    def title(self) -> str:
        return f"Report on {person(self.found[0]['report']['learner'])}, {course(self.course)}"

    @property
    def back(self) -> str:
        return reverse("console:report", kwargs=self.kwargs)


class ActivityPaper(PaperView, CourseListView):
    """The reports that the list of the activity's page shows with the same search and filters, in parts if many."""

    listing = ACTIVITY_REPORTS
    places = ""  # which of them are in the file, if not all

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return PaperView.get(self, request, *args, **kwargs)

    def reports(self) -> list[dict[str, Any]]:
        shown = self.table()
        if shown is None or shown.has_errors or not shown.count:
            raise NoPaper("There is no report to put into a PDF.")
        part, most = bounded_number(self.request.GET.get(PART_OF_PAPER, "")), exports.PAPER
        if shown.count > most and part is None:
            raise NoPaper(f"{shown.count:,} reports are too many for one PDF, which takes {most}: choose a part.")
        first = max((part or 1) - 1, 0) * most
        if first >= shown.count:
            raise NoPaper("There is no such part any more: there are fewer reports.")
        end = min(first + most, shown.count)
        if shown.count > most:
            self.places = f" ({places(first, end)} of {shown.count:,})"
        found = [self.explained(row["id"]) for row in rows_of(shown, self.api, self.kwargs, first, end)]
        # Each learner finds the own report among what was taken away, as if it were the only one in the file.
        above = "/".join(map(str, self.kwargs.values()))
        self.also_told = tuple(
            Entry(
                verb="export",
                resource="console/report-pdf",
                row=f"{above}/{each['report']['id']}",
                institution=self.home_id,
                person=each["report"]["learner"]["id"],
                details={"rows": 1, "format": "pdf"},
            )
            for each in found
        )
        return found

    @property
    def title(self) -> str:
        return f"Reports of {activity_name(self.activity)}, {course(self.course)}{self.places}"

    @property
    def back(self) -> str:
        query = self.request.GET.copy()
        query.pop(PART_OF_PAPER, None)
        return reverse("console:activity", kwargs=self.kwargs) + (f"?{query.urlencode()}" if query else "")
