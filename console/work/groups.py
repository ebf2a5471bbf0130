"""Groups of courses: made, changed, deleted; courses put into them and taken out."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from console.templatetags.console import course, day_words, plain
from console.work.forms import Input, Pick, WorkForm
from console.work.pages import CreatePage, DeletePage, EditPage, WorkPage
from console.work.undo import Undo
from courses.services.groups import group_parts
from kernel.http.client import ApiResponse

GROUPS = "institution/{institution}/group/"
ONE = GROUPS + "{group}/"
COURSES = ONE + "course/"
INPUTS = (
    Input("name", "Name"),
    Input("description", "Description"),
    Input(
        "parent", "Part of", "A group may be a part of another one, such as a department of a faculty.",
        Pick(GROUPS, lambda row: row["name"], "name", none="no other group"),
    ),
)  # fmt: skip


def course_words(row: Any) -> str:
    """A course as a picker shows it, so that those of several terms and VLEs can be told apart."""
    days = [day_words(row[name]) for name in ("start", "end")]
    term = f"{days[0]} to {days[1]}" if all(days) else ""
    described = plain(row["description"])[:60] if row["description"] else ""
    return ", ".join(part for part in (course(row), described, term, row["vle"]["name"]) if part)


class NewGroup(CreatePage):
    path = GROUPS
    inputs = INPUTS
    title = "Add a group"
    lead = "Groups order courses, by faculty, programme or whatever you like. Courses may be in several."
    button = "Add"

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        address = reverse("console:group", args=[self.kwargs["institution"], answer.data["id"]])
        return self.done("The group was added.", address)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Groups", "groups")]


class OfGroup(WorkPage):
    """Base of the pages that change one group."""

    row: Any

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Groups", "groups"), self.breadcrumb(self.row["name"], "group", "group")]


class EditGroup(OfGroup, EditPage):
    path = ONE
    keeps_all = True
    inputs = INPUTS

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Change {self.row['name']}"

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The group was saved.", self.back())


class DeleteGroup(OfGroup, DeletePage):
    path = ONE
    lead = "Courses stay: only their places in these groups go."

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Delete {self.row['name']}"

    def name(self) -> str:
        return f"The group {self.row['name']}"

    def goes(self) -> Sequence[tuple[str, int]]:
        return group_parts(group_id=self.row["id"], institution_id=self.kwargs["institution"])

    def deleted(self) -> HttpResponse:
        return self.done("The group was deleted.", reverse("console:groups", args=[self.kwargs["institution"]]))


class AddCourse(OfGroup, CreatePage):
    """A course is put into the group."""

    path = COURSES
    inputs = (Input("id", "Course", pick=Pick("institution/{institution}/course/", course_words, "code")),)
    button = "Add the course"

    def enter(self) -> None:
        super().enter()
        self.group = self.api.row(ONE.format(**self.kwargs))

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Add a course to {self.group['name']}"

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The course was added.", self.back())

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Groups", "groups"), self.breadcrumb(self.group["name"], "group", "group")]


class RemoveCourse(OfGroup, DeletePage):
    """A course is taken out of the group."""

    path = COURSES + "{course}/"
    button = "Take it out"
    lead = "The course itself stays, and can be added again."

    def enter(self) -> None:
        super().enter()
        self.course = self.row
        self.row = self.api.row(ONE.format(**self.kwargs))

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Take {course(self.course)} out of {self.row['name']}"

    def name(self) -> str:
        return course(self.course)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(verb=f"is taken out of the group {self.row['name']}", is_undone=True, **context)

    def way_back(self) -> Undo:
        return Undo("POST", COURSES.format(**self.kwargs), {"id": self.course["id"]})

    def deleted(self) -> HttpResponse:
        return self.done("The course was taken out.", self.back())
