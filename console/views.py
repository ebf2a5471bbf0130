"""The pages of the console. Each reads the API as its reader (see reading.py); what that refuses, the page refuses."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from console import figures
from console.api_client import Reader
from console.explanations import explained
from console.listings import (
    ACTIVITIES,
    ACTIVITY_REPORTS,
    COURSE_INSTRUCTORS,
    COURSE_LEARNERS,
    COURSES,
    GROUP_COURSES,
    INSTITUTIONS,
    LISTINGS,
    REPORTS,
    REQUESTS,
)
from console.tables import Listing, Row, Table, table
from console.templatetags.console import person
from courses.queries import course_counts, learner_courses
from institutions.services.consents import consent_current
from kernel.caller import Caller, Role
from learners.queries import consent_counts, send_counts
from reports.evidence import report_evidence
from reports.queries import activity_levels, course_levels, learner_reports, level_counts
from signin.views import browser_caller

ADMINISTRATIVE = Role.GLOBAL | Role.ADMIN | Role.LEGAL | Role.DATA | Role.SEND
REFUSALS = {
    403: ("For administrators only", "What your roles allow you is not here. The institution API shows it."),
    404: ("Not found", "There is no such page, or it is not yours to see."),
}
FEW = 10  # people of each kind on the page of a course
ANY = 1  # the id of a parent where only rights are asked, which are the same under each


@method_decorator(never_cache, name="dispatch")
class ConsoleView(TemplateView):
    """Signed in, with a flag in the institution of the address or as global administrator; all others are refused."""

    http_method_names = ["get", "head", "options"]
    caller: Caller
    read: Reader
    institution: dict[str, Any] | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        caller = browser_caller(request)
        if caller is None:
            return redirect_to_login(request.get_full_path())
        self.caller, self.read = caller, Reader(request, caller)
        try:
            self.enter()
            return super().dispatch(request, *args, **kwargs)
        except Http404:
            return self.refused(404)
        except PermissionDenied:
            return self.refused(403)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data())

    def enter(self) -> None:
        """As in the API: a stranger learns nothing, a member without a flag is told so."""
        tenant = self.kwargs.get("institution")
        roles = self.caller.roles_in(tenant)
        if not roles and tenant is not None:
            raise Http404
        if not roles & ADMINISTRATIVE:
            raise PermissionDenied
        if tenant is not None:
            self.institution = self.read.row(f"institution/{tenant}/")

    def refused(self, status: int) -> HttpResponse:
        title, text = REFUSALS[status]
        here = {"caller": self.caller, "status": status, "title": title, "text": text}
        return render(self.request, "console/refused.html", here, status=status)

    @property
    def home(self) -> str:
        """Of the institution's own resources, below /api/v2/."""
        return f"institution/{self.kwargs['institution']}/"

    @property
    def reports_path(self) -> str:
        return f"{self.home}course/{ANY}/activity/{ANY}/report/"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        here = {
            "caller": self.caller,
            "institution": self.institution,
            "is_global": Role.GLOBAL in self.caller.everywhere,
            "sections": self.sections(),
            "trail": self.trail(),
        }
        return super().get_context_data(**here, **context)

    def sections(self) -> list[tuple[str, str, bool]]:
        """(title, address, is this one) of the lists that the reader's roles open."""
        if self.institution is None:
            return []
        ids = {"institution": self.institution["id"]}
        found = [("Overview", reverse("console:overview", kwargs=ids))]
        found += [
            (listing.title, reverse(f"console:{listing.word}", kwargs=ids))
            for listing in LISTINGS
            if self.read.lists(listing.path.format(**ids))
        ]
        return [(title, address, address == self.request.path) for title, address in found]

    def trail(self) -> list[tuple[str, str]]:
        """(name, address) of the pages above this one, beside the institution's own."""
        return []

    def step(self, name: str, page: str, *ids: str) -> tuple[str, str]:
        """One of them, of the ids of this page."""
        return name, reverse(f"console:{page}", kwargs={key: self.kwargs[key] for key in ("institution", *ids)})


class HomeView(ConsoleView):
    """The own institution; who administers all of them chooses one."""

    template_name = "console/institutions.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if Role.GLOBAL not in self.caller.everywhere:
            return HttpResponseRedirect(reverse("console:overview", args=[self.caller.institution_id]))
        found = table(INSTITUTIONS, self.read, request.GET, {}, self.linked)
        return self.render_to_response(self.get_context_data(table=found), status=400 if found.wrong else 200)

    @staticmethod
    def linked(row: Row) -> str:
        return reverse("console:overview", args=[row["id"]])


class OverviewView(ConsoleView):
    """Numbers of the institution: only of lists that the reader may read whole."""

    template_name = "console/overview.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        key, read = self.kwargs["institution"], self.read
        here: dict[str, Any] = {}
        if read.lists_all(f"{self.home}course/"):
            here["courses"] = course_counts(key)
        if read.lists_all(f"{self.home}learner/"):
            policy = (self.institution["external_ic"], consent_current(key))  # type: ignore[index] # found by enter
            here["consents"] = figures.consents(consent_counts(key, policy))
        if read.lists_all(f"{self.home}send/") and read.lists_all(f"{self.home}learner/{ANY}/send/"):
            here["needs"] = figures.needs(*send_counts(key))
        if read.lists_all(f"{self.home}user/"):
            here["people"] = read.count(f"{self.home}user/")
        if read.lists_all(f"{self.home}instructor/"):
            here["instructors"] = read.count(f"{self.home}instructor/")
        if read.lists_all(self.reports_path):
            here["levels"] = figures.levels(level_counts(key))
            if "courses" in here:
                here["by_course"] = figures.by_course(course_levels(key, figures.COURSES))
        return super().get_context_data(**here, **context)


class ListView(ConsoleView):
    """A list that stands for itself, or below the page of what it belongs to."""

    template_name = "console/list.html"
    listing: Listing = COURSES

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = self.table()
        wrong = found is not None and found.wrong
        return self.render_to_response(self.get_context_data(table=found), status=400 if wrong else 200)

    def table(self) -> Table | None:
        return table(self.listing, self.read, self.request.GET, self.kwargs, self.linked)

    def linked(self, row: Row) -> str:
        if not self.listing.leads_to:
            return ""
        names = self.listing.row_ids
        ids = {name: self.kwargs[name] for name in names[:-1]} | {names[-1]: row["id"]}
        return reverse(f"console:{self.listing.leads_to}", kwargs=ids)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        partly = not self.read.lists_all(self.listing.path.format(**self.kwargs))
        return super().get_context_data(listing=self.listing, partly=partly, **context)


class GroupView(ListView):
    """A group: what it is part of, its parts, and its courses as the page's list."""

    template_name = "console/group.html"
    listing = GROUP_COURSES

    def linked(self, row: Row) -> str:
        """Everybody may read which courses are in a group, but not everybody each of them."""
        return super().linked(row) if self.read.lists_all(f"{self.home}course/") else ""

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        at = f"{self.home}group/"
        group = self.read.row(f"{at}{self.kwargs['group']}/")
        whole = self.read.row(f"{at}{group['parent']}/") if group["parent"] else None
        parts = self.read.rows(at, {"parent": group["id"], "ordering": "name", "limit": 1000})
        return super().get_context_data(group=group, whole=whole, parts=parts, **context)

    def trail(self) -> list[tuple[str, str]]:
        return [self.step("Groups", "groups")]


class LearnerView(ConsoleView):
    template_name = "console/learner.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        key, read = self.kwargs["institution"], self.read
        at = f"{self.home}learner/{self.kwargs['learner']}/"
        here: dict[str, Any] = {"learner": read.row(at)}
        instruments = read.rows(f"{self.home}instrument/", {"limit": 1000}) or []
        enrolled = read.ask(f"{at}enrolment/")
        if enrolled.status == 200:
            here["enrolment"] = figures.enrolment(enrolled.data["enrolment_status"], instruments)
        assigned = read.rows(f"{at}send/", {"limit": 1000})
        if assigned is not None:
            here["needs"] = figures.assigned(assigned, instruments, timezone.now())
        if read.lists_all(f"{self.home}course/") and read.lists_all(f"{self.home}course/{ANY}/learner/"):
            here["courses"] = learner_courses(key, self.kwargs["learner"])
        if read.lists_all(self.reports_path):
            here["reports"] = learner_reports(key, self.kwargs["learner"])
        return super().get_context_data(**here, **context)

    def trail(self) -> list[tuple[str, str]]:
        return [self.step("Learners", "learners")]


class BelowCourseView(ConsoleView):
    """Of a course or what is below it: who may not see the course is told of it first."""

    course: dict[str, Any]

    def enter(self) -> None:
        super().enter()
        self.course = self.read.row(self.course_path)

    @property
    def course_path(self) -> str:
        return f"{self.home}course/{self.kwargs['course']}/"

    @property
    def activity_path(self) -> str:
        return f"{self.course_path}activity/{self.kwargs['activity']}/"

    @cached_property
    def activity(self) -> dict[str, Any]:
        return self.read.row(self.activity_path)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(course=self.course, **context)

    def trail(self) -> list[tuple[str, str]]:
        return [self.step("Courses", "courses"), self.step(self.course["code"], "course", "course")]

    def trail_of_activity(self) -> list[tuple[str, str]]:
        name = self.activity["name"] or self.activity["vle_activity_id"]
        return [self.step(name, "activity", "course", "activity")]


class CourseListView(BelowCourseView, ListView):
    pass


class CourseView(CourseListView):
    """The course, its people, and its activities as the page's list."""

    template_name = "console/course.html"
    listing = ACTIVITIES

    def table(self) -> Table | None:
        if not self.read.lists_all(self.reports_path):
            return super().table()
        listing = replace(self.listing, columns=(*self.listing.columns, REPORTS), adds=self.with_levels)
        return table(listing, self.read, self.request.GET, self.kwargs, self.linked)

    @staticmethod
    def with_levels(read: Reader, ids: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
        found = activity_levels([row["id"] for row in rows])
        for row in rows:
            row["levels"] = found.get(row["id"], {})

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        few = {"limit": FEW, "ordering": "last_name"}
        here = {
            "instructors": self.read.page(f"{self.course_path}instructor/", few),
            "learners": self.read.page(f"{self.course_path}learner/", few),
        }
        return super().get_context_data(**here, **context)

    def trail(self) -> list[tuple[str, str]]:
        return [self.step("Courses", "courses")]


class CourseInstructorsView(CourseListView):
    listing = COURSE_INSTRUCTORS


class CourseLearnersView(CourseListView):
    listing = COURSE_LEARNERS


class ActivityView(CourseListView):
    """The activity, what checks it, and its reports as the page's list."""

    template_name = "console/activity.html"
    listing = ACTIVITY_REPORTS

    def table(self) -> Table | None:
        """None for whom the roles show no report."""
        return super().table() if self.read.lists(self.listing.path.format(**self.kwargs)) else None

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        activity = self.activity
        instruments = self.read.rows(f"{self.activity_path}instrument/", {"limit": 1000}) or []
        here: dict[str, Any] = {"activity": activity, "instruments": figures.instruments(instruments)}
        if self.read.lists_all(self.reports_path):
            counts = activity_levels([activity["id"]]).get(activity["id"], {})
            here["levels"] = figures.by_activity("All reports of the activity", counts)
        return super().get_context_data(**here, **context)


class ReportView(BelowCourseView):
    """A report and why it has its levels. Whoever may read the report may read the reasons: they are made of it."""

    template_name = "console/report.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        at = f"{self.activity_path}report/{self.kwargs['report']}/"
        report = self.read.row(at)
        audits = self.read.rows(f"{at}audit/", {"limit": 1000}) or []
        told = explained(report, report_evidence(report["id"]), {row["instrument"]: row for row in audits})
        return super().get_context_data(report=report, activity=self.activity, **told, **context)

    def trail(self) -> list[tuple[str, str]]:
        return [*super().trail(), *self.trail_of_activity()]


class RequestsView(CourseListView):
    """What was captured for a report, and what each instrument made of it."""

    listing = REQUESTS

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        report = self.read.row(f"{self.activity_path}report/{self.kwargs['report']}/")
        return super().get_context_data(about=person(report["learner"]), **context)

    def trail(self) -> list[tuple[str, str]]:
        report = self.step("Report", "report", "course", "activity", "report")
        return [*super().trail(), *self.trail_of_activity(), report]
