"""The views of the console. Each shows what the API lets the signed-in person read; see kernel/http/client.py."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from console import attention, figures
from console.captures import CapturesPart, captures_part, captures_shown
from console.explanations import report_explanations
from console.exports import FORMATS, exported, file_of, papers_of
from console.listings import (
    ACTIVITIES,
    ACTIVITY_REPORTS,
    ALL_ACTIVITIES,
    ALL_REPORTS,
    ANY_SPECIAL_NEED,
    COURSE_INSTRUCTORS,
    COURSE_LEARNERS,
    COURSES,
    GROUP_COURSES,
    HOME,
    INSTITUTIONS,
    LEARNERS,
    LISTINGS,
    REPORTS,
    REQUESTS,
    SPECIAL_NEED,
    activity_name,
    add_result_facts,
    instruments_of,
)
from console.tables import Filter, Listing, Row, Table, Work, table, with_column
from console.templatetags.console import course, person, request_status
from console.words import course_text
from courses.queries import COURSE_COUNTS, institution_counts
from institutions.models import Institution, Instrument, Provider
from institutions.services.consents import consent_current
from institutions.services.vles import vle_states, vle_warnings
from kernel.caller import Role
from kernel.domain import Conflict
from kernel.fast.together import together
from kernel.http.client import ApiClient
from kernel.ids import bounded_id
from kernel.recording import Entry
from kernel.zones import zone_named
from learners.queries import consent_counts, current_consent_of, send_counts, version_from_column
from reports.evidence import evidence_of, evidence_parts
from reports.looking import unseen
from reports.progress import (
    captures_of,
    captures_of_instrument,
    captures_of_provider,
    captures_parts,
    captures_unsettled,
    providers_failing,
)
from reports.queries import (
    activity_levels,
    activity_reported,
    course_levels,
    learner_work,
    level_counts,
    level_counts_with_courses,
)
from reports.sentences import DEMONSTRATION, evidence_deleted
from rights.queries import waiting
from signin.pages import SignedInView

ADMINISTRATIVE = Role.GLOBAL | Role.ADMIN | Role.LEGAL | Role.DATA | Role.SEND
STAFF = ADMINISTRATIVE | Role.INSTRUCTOR
REFUSALS = {
    403: ("Not for your roles", "What your roles allow you is not here. The institution API shows it."),
    404: ("Not found", "There is no such page, or it is not yours to see."),
    503: ("Not at the moment", "Files cannot be read at the moment. Nothing is lost: try again in a minute."),
}
DECISIONS_SHOWN = 20  # on the page of a learner
REPORTS_SHOWN = 100  # there, to instructors
CHOICES = 300  # of a filter; more are searched
PEOPLE_SHOWN = 10  # instructors and learners shown on the page of a course
COURSES_SHOWN = 25  # of an instructor, on the overview
GROUP = f"{HOME}group/{{group}}/"
VLE = f"{HOME}vle/{{vle}}/"
COURSE = f"{HOME}course/{{course}}/"
ACTIVITY = f"{COURSE}activity/{{activity}}/"
TEACHES = "INSTRUCTOR"  # in a course's `user_roles`: the caller teaches it
UNSETTLED = {"failed": "Captures that could not be checked", "waiting": "Captures that are not checked yet"}
OF_PROVIDER = {
    "failed": "Captures of which a provider has failed to give a result",
    "unanswered": "Captures that a provider has not answered in time",
}
OF_INSTRUMENT = UNSETTLED | {"working": "Captures that are being checked", "done": "Captures that were checked"}
ANY_ID = 1  # stands for a parent's id where only permissions are asked, which do not depend on it


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def open_to(listing: Listing) -> Role:
    return STAFF if listing.for_instructors else ADMINISTRATIVE


class ConsoleView(SignedInView):
    """Only for people with an administrative role in the URL's institution, and for global administrators.

    Pages about courses and learners are `open_to` instructors, too, who find their own courses there and no others.
    A class says `is_base=True` if it leaves something open to those that inherit it.
    """

    def __init_subclass__(cls, *, is_base: bool = False, **more: Any) -> None:
        super().__init_subclass__(**more)
        missing = [name for name in dir(cls) if getattr(getattr(cls, name), "__isabstractmethod__", False)]
        if missing and not is_base:
            raise TypeError(f"{cls.__name__} lacks {', '.join(missing)}")

    open_to = ADMINISTRATIVE
    recorded_as, refused_template, refusals = "console", "console/refused.html", REFUSALS
    institution: Institution | None = None
    work: tuple[Work, ...] = ()  # what changes what the page shows

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The page is made, and its forms are read, in the time zone of its institution."""
        with timezone.override(timezone.get_default_timezone()):
            response = super().dispatch(request, *args, **kwargs)
            return response.render() if isinstance(response, SimpleTemplateResponse) else response

    def enter(self) -> None:
        """Check access: 404 for people of other institutions, 403 for members without a role that it is open to."""
        tenant = self.kwargs.get("institution")
        roles = self.caller.roles_in(tenant)
        if not roles and tenant is not None:
            raise Http404
        if not roles & self.open_to:
            raise PermissionDenied
        if tenant is not None:
            self.institution = institution = self.api.institution(tenant)
            timezone.activate(zone_named(institution.time_zone))

    @property
    def is_administrator(self) -> bool:
        return bool(self.caller.roles_in(self.kwargs.get("institution")) & ADMINISTRATIVE)

    @property
    def home(self) -> str:
        """Path of the institution below /api/v2/."""
        return f"institution/{self.kwargs['institution']}/"

    @property
    def reports_path(self) -> str:
        return f"{self.home}course/{ANY_ID}/activity/{ANY_ID}/report/"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        values = {
            "caller": self.caller,
            "institution": self.institution,
            "is_administrator": self.is_administrator,
            "is_global": Role.GLOBAL in self.caller.everywhere,
            "sections": self.sections(),
            "breadcrumbs": self.breadcrumbs(),
            "actions": self.actions(),
        }
        return super().get_context_data(**values, **context)

    def sections(self) -> list[tuple[str, str, bool]]:
        """(title, address, is current) of the overview and the lists that the caller's roles may read."""
        if self.institution is None:
            return []
        ids = {"institution": self.institution.pk}
        links = [("Overview", reverse("console:overview", kwargs=ids))]
        links += [
            (listing.title, reverse(f"console:{listing.word}", kwargs=ids))
            for listing in LISTINGS
            if (self.is_administrator or listing.for_instructors) and self.api.lists(listing.path.format(**ids))
        ]
        if self.api.may(f"institution/{ids['institution']}/fairness/", "get"):
            links.append(("Fairness", reverse("console:fairness", kwargs=ids)))
        if self.caller.roles_in(self.institution.pk) & Role.ADMIN:
            links.append(("Imports", reverse("console:imports", kwargs=ids)))
        if self.api.lists(f"institution/{ids['institution']}/trail/"):
            links.append(("Trail", reverse("console:trail", kwargs=ids)))
        if self.api.may_all(f"{HOME.format(**ids)}retention/", "create"):
            links.append(("Retention", reverse("console:retention", kwargs=ids)))
        if self.api.may_all(f"{HOME.format(**ids)}deletion/", "create"):
            links.append(("Delete in bulk", reverse("console:deletion", kwargs=ids)))
        if self.api.may(HOME.format(**ids), "partial_update"):
            links.append(("Settings", reverse("console:settings", kwargs=ids)))
        return [(title, address, address == self.request.path) for title, address in links]

    def actions(self) -> list[tuple[str, str]]:
        """(word, address) of the pages that change something here, as far as the caller's roles allow it."""
        return [
            (work.word, reverse(f"console:{work.url_name}", kwargs=self.kwargs))
            for work in self.work
            if self.api.may_all(work.path.format(**self.kwargs), work.action)
        ]

    def breadcrumbs(self) -> list[tuple[str, str]]:
        """(name, address) of the breadcrumbs between the institution and this page."""
        return []

    def breadcrumb(self, name: str, url_name: str, *ids: str) -> tuple[str, str]:
        """One breadcrumb; `ids` are the URL arguments that it shares with this page, besides the institution."""
        return name, reverse(f"console:{url_name}", kwargs={key: self.kwargs[key] for key in ("institution", *ids)})


class OverviewView(ConsoleView):
    """Counts of the institution, each only for callers who may read all rows of the list that is counted.

    Instructors who do not read all courses find those that they teach.
    """

    open_to = STAFF
    template_name = "console/overview.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        taught: list[Iterable[attention.Line]] = []
        if Role.INSTRUCTOR in self.caller.roles_in(self.kwargs["institution"]):
            if not self.api.lists_all(f"{self.home}course/"):
                context["taught"] = self.courses_taught()
            if not self.api.lists_all(f"{self.home}report/"):
                taught = [self.reports_taught()]
        if not self.is_administrator:
            return super().get_context_data(**self.in_order(taught), **context)
        return super().get_context_data(**self.of_institution(taught), **context)

    def courses_taught(self) -> dict[str, Any] | None:
        """The courses that the caller teaches, the latest first, with the highest levels of their reports."""
        asked = {"user_roles": "INSTRUCTOR", "ordering": "-start", "limit": COURSES_SHOWN}
        page = self.api.page(f"{self.home}course/", asked)
        if page is not None:
            levels = course_levels([row["id"] for row in page["results"]])
            for row in page["results"]:
                row["levels"] = levels.get(row["id"], {})
        return page

    def reports_taught(self) -> Iterable[attention.Line]:
        """What is to be looked at in the reports that the API shows to the instructor."""
        key, path = self.kwargs["institution"], f"{self.home}report/"
        latest = {"ordering": "-updated_at", "limit": attention.LINES_OF_ALERTS}
        if (alerts := self.api.page(path, attention.ALERTS | latest)) is not None:
            yield from attention.alerts_unseen(key, alerts)
        for asked, told in (
            (attention.WARNINGS, attention.warnings_unseen), (attention.CONTESTED, attention.reports_contested),
        ):  # fmt: skip
            if (page := self.api.page(path, asked | {"limit": 1})) is not None:
                yield from told(key, page["count"])

    def of_institution(self, parts: list[Iterable[attention.Line]]) -> dict[str, Any]:
        key, api = self.kwargs["institution"], self.api
        values: dict[str, Any] = {}
        reads_reports = api.lists_all(self.reports_path)
        also = waiting() | (unseen(attention.unseen_since()) if reads_reports else {})
        counts = institution_counts(key, current=current_consent_of("pk"), **also)
        if api.lists_all(f"{self.home}course/"):
            values["courses"] = {name: counts[name] for name in COURSE_COUNTS}
        current = version_from_column(counts["current"])
        policy = (self.institution.external_ic, current)  # type: ignore[union-attr] # set by enter
        if api.lists_all(f"{self.home}learner/"):
            learners = reverse("console:learners", args=[key])
            values["consents"] = figures.consents(consent_counts(key, policy), learners)
        if api.lists_all(f"{self.home}send/") and api.lists_all(f"{self.home}learner/{ANY_ID}/send/"):
            learners = reverse("console:learners", args=[key])
            values["needs"] = figures.needs(*send_counts(key), learners)
        if api.lists_all(f"{self.home}user/"):
            values["people"] = counts["people"]
        if api.lists_all(f"{self.home}instructor/"):
            values["instructors"] = counts["instructors"]
        if api.lists_all(self.reports_path):
            reports = reverse("console:reports", args=[key])
            if "courses" in values:
                levels, by_course = level_counts_with_courses(key, figures.COURSES)
                values["by_course"] = figures.by_course(by_course, reports)
            else:
                levels = level_counts(key)
            values["levels"] = figures.levels(levels, reports)
        return values | self.to_do(policy, values, counts, parts)

    def to_do(
        self,
        policy: tuple[bool, Any],
        values: dict[str, Any],
        counts: dict[str, Any],
        parts: list[Iterable[attention.Line]],
    ) -> dict[str, Any]:
        """The lines that need attention and the first steps, of what the caller may read all of."""
        key, api = self.kwargs["institution"], self.api
        course = f"{self.home}course/"
        if "courses" in values and api.lists_all(f"{course}{ANY_ID}/learner/"):
            parts.append(attention.consents_missing(key, policy))
        if "courses" in values and api.lists_all(self.reports_path):
            parts.append(attention.reports_unseen(key, counts["alerts_unseen"], counts["warnings_unseen"]))
            parts.append(attention.captures_stuck(key))
            parts.append(attention.providers_that_fail(key))
        if api.lists_all(f"{self.home}contest/"):
            parts.append(attention.contests_open(key, counts["contests"], counts["contests_due"]))
        if api.lists_all(f"{self.home}correction/"):
            parts.append(attention.corrections_open(key, counts["corrections"], counts["corrections_since"]))
        if api.lists_all(f"{self.home}erasure/"):
            parts.append(attention.erasures_asked(key, counts["erasures"], counts["erasures_since"]))
        steps: list[attention.Step] = []
        if api.lists_all(f"{self.home}vle/"):
            vles = vle_states(key)
            parts.append(attention.credentials_ending(vles))
            if "courses" in values:
                steps = attention.first_steps(key, vles, policy, values["courses"])
        return self.in_order(parts) | {"steps": steps}

    @staticmethod
    def in_order(parts: list[Iterable[attention.Line]]) -> dict[str, Any]:
        """The worst lines first; None for who is told of nothing."""
        lines = [line for part in parts for line in part]
        lines.sort(key=lambda line: line.kind != "bad")
        return {"attention": lines if parts else None}


class AttentionView(ConsoleView):
    """Of the kinds of which the overview shows a few activities: all of them."""

    template_name = "console/attention.html"

    def enter(self) -> None:
        super().enter()
        course = f"{self.home}course/"
        self.sees_consents = self.api.lists_all(course) and self.api.lists_all(f"{course}{ANY_ID}/learner/")
        self.sees_captures = self.api.lists_all(course) and self.api.lists_all(self.reports_path)
        if not (self.sees_consents or self.sees_captures):
            raise PermissionDenied

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        key, lines = self.kwargs["institution"], list[attention.Line]()
        if self.sees_consents:
            policy = (self.institution.external_ic, consent_current(key))  # type: ignore[union-attr] # set by enter
            lines += attention.consents_missing(key, policy, attention.MOST)
        if self.sees_captures:
            lines += attention.captures_stuck(key, attention.MOST)
        return super().get_context_data(attention=lines, **context)


class RowsView(ConsoleView, is_base=True):
    """Base of pages with a table that is no list of the API, which can be taken away as a file, too."""

    @property
    @abstractmethod
    def file_name(self) -> str:
        """Without the ending."""

    @property
    @abstractmethod
    def labels(self) -> Sequence[str]:
        """Of the columns."""

    @abstractmethod
    def cells(self) -> list[Sequence[object]]:
        """The rows, in the order of the labels."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        kind = request.GET.get("download", "")
        if kind not in FORMATS:
            return super().get(request, *args, **kwargs)
        cells = self.cells()
        self.told = ("export", {"rows": len(cells), "format": kind})
        return file_of(kind, self.file_name, self.labels, cells, len(cells))


class FailingView(RowsView):
    """Which providers have failed to give results since yesterday, and of which activities."""

    template_name = "console/failing.html"
    labels = ("Provider", "Instrument", "Activity", "Course", "Failed", "Not answered in time")

    def enter(self) -> None:
        super().enter()
        if not (self.api.lists_all(f"{self.home}course/") and self.api.lists_all(self.reports_path)):
            raise PermissionDenied

    @property
    def file_name(self) -> str:
        return f"failing-{self.kwargs['institution']}"

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        since = attention.failures_since()
        rows = providers_failing(self.kwargs["institution"], since=since)
        for row in rows:
            place = reverse("console:unsettled", args=[self.kwargs["institution"], row["course"], row["activity"]])
            row["listed"] = f"{place}?{urlencode({'provider': row['provider'], 'moment': since.isoformat()})}"
            row["course_words"] = course_text(row["course_code"], row["course_number"], row["course_start"])
        return rows

    def cells(self) -> list[Sequence[object]]:
        names = ("provider_name", "instrument", "activity_name", "course_words", "failed", "unanswered")
        return [[row[name] for name in names] for row in self.rows]

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(rows=self.rows, **context)


class ListView(ConsoleView):
    """A page with one list, which can be taken away as a file."""

    template_name = "console/list.html"
    listing: Listing = COURSES

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        page_table = self.table()
        has_errors = page_table is not None and page_table.has_errors
        kind = request.GET.get("download", "")
        if page_table is not None and not has_errors and kind in FORMATS:
            return self.download(kind, page_table)
        return self.render_to_response(self.get_context_data(table=page_table), status=400 if has_errors else 200)

    def download(self, kind: str, page_table: Table) -> HttpResponse:
        """The whole list as a file, or the page with the reason why there is none."""
        name = "-".join([self.listing.word, *map(str, self.kwargs.values())])
        try:
            answer: Any = exported(kind, name, page_table, self.api, self.kwargs)
        except Conflict as error:
            messages.error(self.request, str(error))
            return HttpResponseRedirect(self.request.path + page_table.query.address())
        self.told = ("export", {"rows": page_table.count, "format": kind})
        return answer

    def table(self) -> Table | None:
        return table(self.listing_shown(), self.api, self.request.GET, self.kwargs, self.row_address)

    def listing_shown(self) -> Listing:
        """The listing with what depends on the caller or on the page's address."""
        return self.listing

    def picked(self, declared: Filter, path: str, name: Callable[[Row], str], ordering: str) -> Filter:
        """The filter as a choice: of all rows if they are few, else of what a search finds and what was chosen."""
        page = self.api.page(path, {"limit": CHOICES, "ordering": ordering})
        if page is None:
            return declared
        if page["count"] > CHOICES:
            return self.searched(declared, path, name, ordering)
        return replace(declared, choices=[(str(row["id"]), name(row)) for row in page["results"]])

    def searched(self, declared: Filter, path: str, name: Callable[[Row], str], ordering: str) -> Filter:
        """The filter as a choice of what a search finds and of what was chosen."""
        search, chosen = (self.request.GET.get(of, "").strip() for of in (f"{declared.name}-search", declared.name))
        asked = {"search": search, "limit": CHOICES, "ordering": ordering}
        page = (self.api.page(path, asked) if search else None) or {"count": 0, "results": []}
        rows = page["results"]
        if is_number(chosen) and chosen not in {str(row["id"]) for row in rows}:
            answer = self.api.get(f"{path}{chosen}/")
            rows = [answer.data, *rows] if answer.status == 200 else rows
        choices = [(str(row["id"]), name(row)) for row in rows]
        return replace(
            declared, choices=choices, search=search, any=f"any; found: {page['count']:,}" if search else declared.any
        )

    def actions(self) -> list[tuple[str, str]]:
        self.work = (*self.work, *self.listing.work)
        return super().actions()

    def row_address(self, row: Row) -> str:
        if not self.listing.detail_url_name:
            return ""
        names = self.listing.detail_url_ids
        ids = {name: self.kwargs[name] for name in names[:-1]} | {names[-1]: row["id"]}
        return reverse(f"console:{self.listing.detail_url_name}", kwargs=ids)

    def is_whole(self, path: str) -> bool:
        """Whether the caller reads all rows of this list."""
        return self.api.lists_all(path)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        partly = not self.is_whole(self.listing.path.format(**self.kwargs))
        teaches = Role.INSTRUCTOR in self.caller.roles_in(self.kwargs.get("institution"))
        of_taught = teaches and self.listing.for_instructors
        return super().get_context_data(listing=self.listing, partly=partly, of_taught=of_taught, **context)


class HomeView(ListView):
    """Redirects to the caller's institution; a global administrator chooses one."""

    open_to = STAFF
    template_name = "console/institutions.html"
    listing = INSTITUTIONS

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if Role.GLOBAL not in self.caller.everywhere:
            return HttpResponseRedirect(reverse("console:overview", args=[self.caller.institution_id]))
        return super().get(request, *args, **kwargs)

    def row_address(self, row: Row) -> str:
        return reverse("console:overview", args=[row["id"]])


class CoursesView(ListView):
    """The courses that the API lists; those that the caller only attends have no page here."""

    open_to = STAFF

    @cached_property
    def sees_all(self) -> bool:
        return self.is_whole(f"{self.home}course/")

    def row_address(self, row: Row) -> str:
        return super().row_address(row) if self.sees_all or TEACHES in row["user_roles"] else ""


class LearnersView(ListView):
    """All learners. Who reads the special needs of all of them finds those who have one."""

    open_to = STAFF
    listing = LEARNERS

    def listing_shown(self) -> Listing:
        if not self.api.lists_all(f"{self.home}learner/{ANY_ID}/send/"):
            return self.listing
        need = self.picked(SPECIAL_NEED, f"{self.home}send/", lambda row: row["description"], "description")
        return replace(self.listing, filters=(*self.listing.filters, need, ANY_SPECIAL_NEED))


class AllCoursesView(ListView):
    """Base of lists of all courses: a course is chosen by its name."""

    open_to = STAFF

    def of_courses(self, declared: Filter) -> Filter:
        return self.picked(declared, f"{self.home}course/", course, "code")


class ActivitiesView(AllCoursesView):
    """The activities of all courses."""

    listing = ALL_ACTIVITIES

    def listing_shown(self) -> Listing:
        filters = (self.of_courses(each) if each.name == "course" else each for each in self.listing.filters)
        return replace(self.listing, filters=tuple(filters))

    def row_address(self, row: Row) -> str:
        ids = {"course": row["course"]["id"], "activity": row["id"]}
        return reverse("console:activity", kwargs={"institution": self.kwargs["institution"], **ids})


class ReportsView(AllCoursesView):
    """The reports of all courses. A course is chosen by its name, and then one of its activities."""

    listing = ALL_REPORTS

    def listing_shown(self) -> Listing:
        chosen = {"course": self.of_courses, "activity": self.of_activities}
        filters = (chosen[each.name](each) if each.name in chosen else each for each in self.listing.filters)
        return replace(self.listing, filters=tuple(filters))

    def of_activities(self, declared: Filter) -> Filter:
        """Of the course that is chosen. A link may name one without its course: the reports say what it is called."""
        key, within = self.request.GET.get("activity", ""), self.request.GET.get("course", "")
        if is_number(within):
            return self.picked(declared, f"{self.home}course/{within}/activity/", activity_name, "name")
        rows = self.api.rows(f"{self.home}report/", {"activity": key, "limit": 1}) if is_number(key) else []
        name = rows[0]["activity"]["name"] if rows else f"Activity {key}"
        return replace(declared, choices=[(key, name)] if key else [], any="choose a course first")

    def row_address(self, row: Row) -> str:
        ids = {"course": row["course"]["id"], "activity": row["activity"]["id"], "report": row["id"]}
        return reverse("console:report", kwargs={"institution": self.kwargs["institution"], **ids})


class MembersView(ListView):
    """A list of what was put into something, each with a link that takes it out again for who may do so."""

    removal = ""  # the name of that URL
    removal_id = ""  # its argument
    place = ""  # the heading above the links
    member_name = staticmethod(person)

    def listing_shown(self) -> Listing:
        if not self.api.may_all(f"{self.listing.path}{ANY_ID}/".format(**self.kwargs), "destroy"):
            return self.listing
        return with_column(self.listing, self.place, self.removal_link)

    def removal_link(self, row: Row) -> str:
        address = reverse(f"console:{self.removal}", kwargs={**self.kwargs, self.removal_id: row["id"]})
        name = self.member_name(row)
        return format_html('<a href="{}">take out<span class="unseen"> {}</span></a>', address, name)


class GroupView(MembersView):
    """A group with its parent and children; the list shows its courses."""

    template_name = "console/group.html"
    listing = GROUP_COURSES
    removal, removal_id, place, member_name = "group-course-delete", "course", "In this group", staticmethod(course)
    work = (
        Work("Add a course", "group-course-new", f"{GROUP}course/", "create"),
        Work("Change", "group-edit", GROUP, "partial_update"),
        Work("Delete", "group-delete", GROUP, "destroy"),
    )

    def row_address(self, row: Row) -> str:
        """No link where the course's own page may be refused: more people may list a group's courses than read them."""
        return super().row_address(row) if self.api.lists_all(f"{self.home}course/") else ""

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        path = f"{self.home}group/"
        group = self.api.row(f"{path}{self.kwargs['group']}/")
        parent = self.api.row(f"{path}{group['parent']}/") if group["parent"] else None
        children = self.api.rows(path, {"parent": group["id"], "ordering": "name", "limit": 1000})
        return super().get_context_data(group=group, parent=parent, children=children, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Groups", "groups")]


class LearnerView(ConsoleView):
    open_to = STAFF
    template_name = "console/learner.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        key, api = self.kwargs["institution"], self.api
        path = f"{self.home}learner/{self.kwargs['learner']}/"
        values: dict[str, Any] = {"learner": api.row(path)}
        instruments = api.rows(f"{self.home}instrument/", {"limit": 1000}) or []
        response = api.get(f"{path}enrolment/")
        if response.status == 200:
            values["enrolment"] = figures.enrolment(response.data["enrolment_status"], instruments)
        assigned = api.rows(f"{path}send/", {"limit": 1000})
        if assigned is not None:
            values["needs"] = figures.special_needs(assigned, instruments, timezone.now())
            values["may_assign"] = api.may_all(f"{path}send/", "create")
        else:
            values["provided"] = figures.provided(values["learner"]["send"], instruments)
        values["has_account_page"] = api.lists_all(f"{self.home}user/")
        values["decisions"] = api.page(f"{path}decision/", {"limit": DECISIONS_SHOWN, "ordering": "-id"})
        shown = {
            "courses": api.lists_all(f"{self.home}course/") and api.lists_all(f"{self.home}course/{ANY_ID}/learner/"),
            "reports": api.lists_all(self.reports_path),
        }
        if any(shown.values()):
            work = learner_work(key, self.kwargs["learner"], **shown)._asdict()
            values |= {name: work[name] for name, is_shown in shown.items() if is_shown}
        if not shown["reports"] and api.lists(f"{self.home}report/"):
            asked = {"learner": self.kwargs["learner"], "ordering": "-updated_at", "limit": REPORTS_SHOWN}
            values["reports"] = figures.reports_listed(api.rows(f"{self.home}report/", asked) or [])
        if api.lists(f"{self.home}trail/"):
            values["trail"] = f"{reverse('console:trail', args=[key])}?person_id={self.kwargs['learner']}"
        values["may_hold"] = api.may_all(f"{self.home}hold/", "create")
        values["may_erase"] = api.may_all(f"{self.home}erasure/", "create")
        values["may_erase_enrolment"] = api.may_all(f"{path}enrolment/", "enrolment_erase")
        return super().get_context_data(**values, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Learners", "learners")]


class DecisionView(ConsoleView):
    """What a learner has decided about a consent, with the very texts, as the learner's own page shows it."""

    template_name = "console/decision.html"

    def enter(self) -> None:
        """Who may read no decision is told so, whoever the learner is."""
        super().enter()
        if not self.api.lists_all(f"{self.home}learner/{ANY_ID}/decision/"):
            raise PermissionDenied

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        path = f"{self.home}learner/{self.kwargs['learner']}/"
        decision = self.api.row(f"{path}decision/{self.kwargs['decision']}/")
        return super().get_context_data(decision=decision, learner=self.api.row(path), **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Learners", "learners"), self.breadcrumb("The learner", "learner", "learner")]


class VLEView(ConsoleView):
    """A VLE, and which of the settings that it sends do not work."""

    template_name = "console/vle.html"
    work = (
        Work("Change", "vle-edit", VLE, "partial_update"),
        Work("New credentials", "vle-credentials", f"{VLE}credentials/", "credentials"),
        Work("Delete", "vle-delete", VLE, "destroy"),
    )

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        vle = self.api.row(f"{self.home}vle/{self.kwargs['vle']}/")
        return super().get_context_data(vle=vle, warnings=vle_warnings(vle_id=vle["id"]), **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("VLEs", "vles")]


class BelowCourseView(ConsoleView):
    """Base of the pages of a course and of everything below it. Whoever may not read the course is refused first.

    So is who does not read all of its reports, such as somebody who only attends it: what stands here is about all of
    its learners.
    """

    open_to = STAFF
    course: dict[str, Any]
    activity: dict[str, Any]  # of the pages below one

    def enter(self) -> None:
        super().enter()
        self.course = self.api.row(self.course_path)
        if not self.is_whole(self.reports_path):
            raise Http404
        if "activity" in self.kwargs:  # after this, nothing below it asks whether it is there
            self.activity = self.api.row(self.activity_path)

    def is_whole(self, path: str) -> bool:
        """Whether the caller reads all rows of this list below the course: as everywhere, or because of teaching it."""
        teaches = TEACHES in self.course["user_roles"]
        return self.api.lists_all(path) or (teaches and self.api.lists_below(path, Role.INSTRUCTOR))

    @property
    def course_path(self) -> str:
        return f"{self.home}course/{self.kwargs['course']}/"

    @property
    def activity_path(self) -> str:
        return f"{self.course_path}activity/{self.kwargs['activity']}/"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(course=self.course, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Courses", "courses"), self.breadcrumb(course(self.course), "course", "course")]

    def activity_breadcrumb(self) -> list[tuple[str, str]]:
        return [self.breadcrumb(activity_name(self.activity), "activity", "course", "activity")]


class CourseListView(BelowCourseView, ListView):
    pass


class CourseView(CourseListView):
    """The course and some of its people; the list shows its activities."""

    template_name = "console/course.html"
    listing = ACTIVITIES
    work = (
        Work("Add an activity", "activity-new", f"{COURSE}activity/", "create"),
        Work("Add an instructor", "membership-instructor-new", f"{COURSE}instructor/", "create"),
        Work("Add a learner", "membership-learner-new", f"{COURSE}learner/", "create"),
        Work("Delete", "course-delete", COURSE, "destroy"),
    )

    def listing_shown(self) -> Listing:
        return replace(self.listing, columns=(*self.listing.columns, REPORTS), add_values=self.add_levels)

    @staticmethod
    def add_levels(api: ApiClient, ids: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
        levels = activity_levels([row["id"] for row in rows])
        listed = reverse("console:reports", args=[ids["institution"]])
        for row in rows:
            row["levels"], row["reports"] = levels.get(row["id"], {}), f"{listed}?activity={row['id']}"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        first_people = {"limit": PEOPLE_SHOWN, "ordering": "last_name"}
        values = {
            "instructors": self.api.page(f"{self.course_path}instructor/", first_people),
            "learners": self.api.page(f"{self.course_path}learner/", first_people),
        }
        return super().get_context_data(**values, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Courses", "courses")]


class CourseMembersView(BelowCourseView, MembersView):
    removal_id, place = "person", "In this course"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(about=course(self.course), **context)


class CourseInstructorsView(CourseMembersView):
    listing = COURSE_INSTRUCTORS
    removal = "membership-instructor-delete"
    work = (Work("Add an instructor", "membership-instructor-new", f"{COURSE}instructor/", "create"),)


class CourseLearnersView(CourseMembersView):
    listing = COURSE_LEARNERS
    removal = "membership-learner-delete"
    work = (Work("Add a learner", "membership-learner-new", f"{COURSE}learner/", "create"),)


class ActivityView(CourseListView):
    """The activity and its instruments; the list shows its reports."""

    template_name = "console/activity.html"
    listing = ACTIVITY_REPORTS
    work = (
        Work("Change", "activity-edit", ACTIVITY, "partial_update"),
        Work("Add an instrument", "activity-instrument-choose", f"{ACTIVITY}instrument/", "create"),
        Work("Delete", "activity-delete", ACTIVITY, "destroy"),
    )

    def table(self) -> Table | None:
        """None for callers whose roles may read no report."""
        return super().table() if self.api.lists(self.listing.path.format(**self.kwargs)) else None

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        activity = self.activity
        instruments = self.api.rows(f"{self.activity_path}instrument/", {"limit": 1000}) or []
        values: dict[str, Any] = {"activity": activity, "instruments": figures.instruments(instruments)}
        values["may_write"] = self.api.may_all(f"{self.activity_path}instrument/{ANY_ID}/", "partial_update")
        counts, made_up = activity_reported(activity["id"])
        values["levels"] = figures.by_activity("All reports of the activity", counts, self.kwargs)
        values["captures"] = captures_part(activity["id"], self.kwargs)
        values["papers"] = papers_of(shown) if (shown := context.get("table")) else []
        values["made_up"] = DEMONSTRATION if made_up else ""
        return super().get_context_data(**values, **context)


class ActivityCapturesView(BelowCourseView):
    """How far the captures of the activity are, alone: what its page asks for again and again."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self.part().answer(request)

    def record_reading(self, seen: Sequence[Entry]) -> None:
        """Nothing: it shows numbers of what the page that asks has shown already, every few seconds."""

    def part(self) -> CapturesPart:
        return captures_part(self.activity["id"], self.kwargs)


class UnsettledView(BelowCourseView, RowsView):
    """Captures of the activity that could not be checked, or that wait for it: of all time, or as a line counts them.

    `moment`: those that have failed since then, or that have come before then. `instrument`, and `learner` with it:
    those that a number of the part about captures counts, which has more states. `provider`, with `moment`: those that
    a number of the page about providers that fail counts.
    """

    template_name = "console/unsettled.html"
    labels = ("Captured", "Learner", "Institution's id", "State", "Message", "Last change")

    def enter(self) -> None:
        super().enter()
        self.state = self.request.GET.get("state", "failed")
        text = self.request.GET.get("moment", "")
        try:
            self.moment = datetime.fromisoformat(text) if text else None
        except ValueError:
            raise Http404 from None
        if self.moment and self.moment.tzinfo is None:
            raise Http404
        self.provider, self.instrument, self.learner = map(self.chosen, ("provider", "instrument", "learner"))
        self.of, titles = self.provider or self.instrument, UNSETTLED
        named: QuerySet[Any] = Provider.objects.all()
        if self.provider is not None:
            titles = OF_PROVIDER if self.moment else {}
        elif self.instrument is not None:
            titles, named = OF_INSTRUMENT, Instrument.objects.all()
        if self.state not in titles:
            raise Http404
        self.title = titles[self.state]
        if self.of is not None:
            name = named.filter(pk=self.of).values_list("name", flat=True).first()
            self.title = f"{self.title}: {name or self.of}"

    def chosen(self, name: str) -> int | None:
        """What the address asks for by this name; 404 for what is no id."""
        text = self.request.GET.get(name, "")
        if text and bounded_id(text) is None:
            raise Http404
        return bounded_id(text) if text else None

    @property
    def file_name(self) -> str:
        return f"{self.state}-{'-'.join(map(str, self.kwargs.values()))}"

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        key = self.activity["id"]
        if self.provider is not None and self.moment is not None:
            rows = captures_of_provider(key, self.provider, self.state, self.moment)
        elif self.instrument is not None:
            rows = captures_of_instrument(key, self.instrument, self.state, self.learner)
        else:
            rows = captures_unsettled(key, failed=self.state == "failed", moment=self.moment)
        self.told = ("read", {"rows": len(rows)})
        for row in rows:
            row["name"] = person(row | {"id": row["learner"]})
        return rows

    def cells(self) -> list[Sequence[object]]:
        return [
            [row["created_at"], row["name"], row["uid"], request_status(row["status"]), row["message"],
             row["updated_at"]]
            for row in self.rows
        ]  # fmt: skip

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        values = {
            "activity": self.activity, "rows": self.rows, "title": self.title, "state": self.state, "of": self.of,
            "moment": self.moment, "number": self.rows[0]["number"] if self.rows else 0,
        }  # fmt: skip
        return super().get_context_data(**values, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [*super().breadcrumbs(), *self.activity_breadcrumb()]


class BelowReportView(BelowCourseView):
    """Base of the pages of a report's parts, which need of the report itself what lists show of it."""

    report: dict[str, Any]

    def enter(self) -> None:
        super().enter()
        self.report = self.api.row(self.report_path, as_listed=True)

    @property
    def report_path(self) -> str:
        return f"{self.activity_path}report/{self.kwargs['report']}/"


class ReportCapturesView(BelowReportView, ActivityCapturesView):
    """The same of one report."""

    def part(self) -> CapturesPart:
        return captures_part(self.activity["id"], self.kwargs, self.report["learner"]["id"])


class ReportView(BelowCourseView):
    """A report with the reasons for its levels, which everybody may read who may read the report."""

    template_name = "console/report.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        path = f"{self.activity_path}report/{self.kwargs['report']}/"
        report = self.api.row(path)
        audits = self.api.rows(f"{path}audit/", {"limit": 1000}) or []
        pair = {"activity": self.activity["id"], "learner": report["learner"]["id"]}
        parts = evidence_parts(report["id"], **pair)
        found = together(*parts, *captures_parts(**pair))
        evidence = evidence_of(found[: len(parts)])
        explanations = report_explanations(report, evidence, {row["instrument"]: row for row in audits})
        explanations["evidence_deleted"] = evidence_deleted(evidence.deleted_after)
        captures = captures_shown(captures_of(found[len(parts) :]), self.kwargs, pair["learner"])
        values = {"report": report, "activity": self.activity, "captures": captures, **explanations}
        return super().get_context_data(**values, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [*super().breadcrumbs(), *self.activity_breadcrumb()]


class RequestsView(BelowReportView, CourseListView):
    """The list of the requests of a report: what was captured and the results of the instruments."""

    listing = REQUESTS
    made_up = ""  # what is said above the list where a result in it is one of a demonstration

    def listing_shown(self) -> Listing:
        return replace(self.listing, add_values=self.add_facts)

    def add_facts(self, api: ApiClient, ids: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
        add_result_facts(api, ids, rows, instruments_of(self.report))
        if any(part["is_demonstration"] for row in rows for part in row["result"]):
            self.made_up = DEMONSTRATION

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        values = super().get_context_data(about=person(self.report["learner"]), **context)
        return values | {"made_up": self.made_up}

    def breadcrumbs(self) -> list[tuple[str, str]]:
        report = self.breadcrumb("Report", "report", "course", "activity", "report")
        return [*super().breadcrumbs(), *self.activity_breadcrumb(), report]
