"""Who is in a course: instructors and learners are added and taken out; and the deletion of a course."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from console.templatetags.console import course, named, person
from console.views import BelowCourseView
from console.work.forms import Input, Pick, WorkForm
from console.work.pages import CreatePage, DeletePage
from console.work.undo import Undo
from courses.models import Course
from kernel.http.client import ApiResponse
from reports.services.deletions import goes_with

ONE = "institution/{institution}/course/{course}/"
USERS = "institution/{institution}/user/"


@dataclass(frozen=True)
class Members:
    """A way of being in a course; `word` is the role's, in the API's paths, too."""

    word: str
    article: str
    title: str
    leaving: str


INSTRUCTORS = Members(
    "instructor", "an", "Instructors of the course",
    "The instructor does not see the course and its reports any more.",
)  # fmt: skip
LEARNERS = Members(
    "learner", "a", "Learners of the course",
    "The learner is not verified in its activities any more. What was done in them stays, with its reports.",
)  # fmt: skip


class OfMembers(BelowCourseView):
    """Base of the pages about the instructors or the learners of a course."""

    of: Members = LEARNERS

    @property
    def members_path(self) -> str:
        return f"{self.course_path}{self.of.word}/"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(**{"about": course(self.course), **context})

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [*super().breadcrumbs(), self.breadcrumb(self.of.title, f"course-{self.of.word}s", "course")]


class NewMember(OfMembers, CreatePage):
    """The API knows people by their uid here; the page lets them be chosen."""

    inputs = (Input("uid", "Person", pick=Pick(USERS, named, "last_name"), is_sent=False, required=True),)

    @property
    def lead(self) -> str:  # type: ignore[override]
        role = f"Who is no {self.of.word} of the institution yet becomes one"
        return f"A VLE adds its people by itself, when they open the course there. {role}."

    @property
    def api_path(self) -> str:
        return self.members_path

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Add {self.of.article} {self.of.word}"

    @property
    def button(self) -> str:  # type: ignore[override]
        return f"Add the {self.of.word}"

    def send(self, form: WorkForm) -> ApiResponse:
        key = form.cleaned_data["uid"]
        if self.api.get(f"{self.api_path}{key}/").status == 200:
            return ApiResponse(400, {"uid": [f"This is {self.of.article} {self.of.word} of the course already."]})
        chosen = self.api.get(f"{self.home}user/{key}/")
        if chosen.status != 200:
            return ApiResponse(400, {"uid": ["There is no such person."]})
        return self.api.post(self.api_path, {"uid": chosen.data["uid"]})

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done(f"The {self.of.word} was added.", self.back())


class RemoveMember(OfMembers, DeletePage):
    button = "Take out"

    @property
    def api_path(self) -> str:
        return f"{self.members_path}{self.kwargs['person']}/"

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Take {person(self.row)} out of the course"

    @property
    def lead(self) -> str:  # type: ignore[override]
        return f"Only the membership goes. {self.of.leaving} A VLE that still has the person there adds them again."

    def name(self) -> str:
        return named(self.row)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        verb = f"is no {self.of.word} of {course(self.course)} any more"
        return super().get_context_data(**{"verb": verb, "is_undone": True, **context})

    def way_back(self) -> Undo:
        return Undo("POST", self.members_path, {}, person=self.row["id"])

    def deleted(self) -> HttpResponse:
        return self.done(f"The {self.of.word} was taken out.", self.back())


class DeleteCourse(BelowCourseView, DeletePage):
    path = ONE
    lead = "Its people stay. A VLE that still has the course brings it again, empty."

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Delete {course(self.row)}"

    def name(self) -> str:
        return f"The course {course(self.row)} of {self.row['vle']['name']}"

    def goes(self) -> Sequence[tuple[str, int]]:
        return goes_with(Course, self.row["id"])

    def deleted(self) -> HttpResponse:
        return self.done("The course was deleted.", reverse("console:courses", args=[self.kwargs["institution"]]))
