"""Pages that create, edit and delete one row of the API: form, confirmation, and what the API says to it."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from console.views import ConsoleView
from console.work.forms import Input, WorkForm
from console.work.undo import OFFERED, Undo, keep
from kernel.http.client import ApiResponse, texts_of
from kernel.ids import bounded_id
from kernel.states import State

ANY_STATE = "*"  # of what has no tag of its own
CHANGED = "Something has changed since this was shown. Look at it again."


class WorkPage(ConsoleView):
    """Base of the pages that change something. Whoever may not do it to every row is refused first."""

    http_method_names = ["get", "head", "options", "post"]
    path = ""  # of what is changed, as in `Listing`
    action = ""  # of the API that the caller must be allowed
    title = ""
    lead = ""
    button = "Save"
    undo: Undo | None = None  # of what has been done

    def enter(self) -> None:
        super().enter()
        if not self.is_allowed():
            raise PermissionDenied

    def is_allowed(self) -> bool:
        return self.api.may_all(self.api_path, self.action)

    @property
    def api_path(self) -> str:
        return self.path.format(**self.kwargs)

    def done(self, text: str, address: str) -> HttpResponse:
        """On to another page, which says so once, and offers the way back if there is one."""
        if self.undo is not None:
            keep(self.request, self.undo, self.kwargs["institution"], address)
        messages.success(self.request, text, extra_tags=OFFERED if self.undo else "")
        return HttpResponseRedirect(address)

    def back(self) -> str:
        """The address of the page that leads here, and to which one returns."""
        breadcrumbs = self.breadcrumbs()
        return breadcrumbs[-1][1]

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        values = {"title": self.title, "lead": self.lead, "button": self.button, "back": self.back()}
        return super().get_context_data(**values | context)


class FormPage(WorkPage):
    """A form."""

    template_name = "console/work/form.html"
    inputs: Sequence[Input] = ()
    row: Mapping[str, Any] | None = None
    tag = ""

    def form(self, data: QueryDict | None = None, typed: Mapping[str, Any] | None = None) -> WorkForm:
        return WorkForm(self.offered(), self.serializer(), self.api, self.kwargs, self.row, data, typed)

    def offered(self) -> Sequence[Input]:
        return self.inputs

    def serializer(self) -> Any:
        viewset = self.api.viewset(self.api_path)
        return viewset and viewset.serializer_class

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.shown(self.form(), 200)

    def shown(self, form: WorkForm, status: int, **context: Any) -> HttpResponse:
        """The form stands for the state that it was opened with, until `state` is another that the page shows."""
        state = self.request.POST.get("state", "") if self.request.method == "POST" else self.tag
        return self.render_to_response(
            self.get_context_data(**{"form": form, "state": state, **context}), status=status
        )


class SavingPage(FormPage, is_base=True):
    """A form that is sent to the API. What that refuses is shown at its fields, with everything that was typed."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form(request.POST)
        if form.is_searching:
            return self.shown(self.form(typed=form.typed()), 200)
        if not form.is_valid():
            return self.shown(form, 400)
        answer = self.send(form)
        if answer.status < 300:
            return self.saved(form, answer)
        return self.refused_by_api(form, answer)

    def send(self, form: WorkForm) -> ApiResponse:
        """Do it; what the API answers."""
        return self.api.post(self.api_path, form.body(changes=False))

    @abstractmethod
    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        """On to another page, when the API has done it."""

    def refused_by_api(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        if answer.status == 404:
            raise Http404
        form.refuse(answer.data)
        return self.shown(form, answer.status)


class CreatePage(SavingPage, is_base=True):
    action = "create"


class PersonChosenPage(CreatePage, is_base=True):
    """About the person whom the page that leads here is about, unless another one is chosen."""

    def form(self, data: QueryDict | None = None, typed: Mapping[str, Any] | None = None) -> WorkForm:
        if data is None and typed is None:
            typed = {"person_id": bounded_id(self.request.GET.get("person_id"))}
        return super().form(data, typed)


class EditPage(SavingPage, is_base=True):
    """The form of a row. If it is not as it was shown, the page says what is stored now, and keeps what was typed."""

    action = "partial_update"
    keeps_all = False  # whether what was stored before can be put back, as if nothing had been
    row: dict[str, Any]

    def enter(self) -> None:
        super().enter()
        self.read()

    def read(self) -> None:
        answer = self.api.tagged_row(self.api_path)
        self.row, self.tag = answer.data, answer.tag

    def send(self, form: WorkForm) -> ApiResponse:
        body = form.body(changes=True)
        answer = self.api.send("PATCH", self.api_path, body, self.opened_with)
        if self.keeps_all and body and answer.status == 200:
            self.undo = Undo("PATCH", self.api_path, {name: self.row[name] for name in body}, answer.tag)
        return answer

    @property
    def opened_with(self) -> str:
        """The state that the form was opened with."""
        return self.request.POST.get("state", "")

    def refused_by_api(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        if answer.status != 412:
            return super().refused_by_api(form, answer)
        self.read()
        fresh = self.form(self.request.POST)
        return self.shown(fresh, 412, state=self.tag, differences=fresh.differences(), is_changed=True)


class ConfirmPage(WorkPage, is_base=True):
    """The confirmation of a deletion, with what goes along. It deletes what was shown, or shows it again."""

    template_name = "console/work/delete.html"
    button = "Delete"

    def way_back(self) -> Undo | None:
        """The request that makes it again, where nothing is lost."""
        return None

    def goes(self) -> Sequence[tuple[str, int]]:
        """(what, how many) is deleted."""
        return ()

    @abstractmethod
    def name(self) -> str:
        """What is deleted."""

    @abstractmethod
    def deleted(self) -> HttpResponse:
        """On to another page, when it is gone."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.shown(200)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("state") != self.state():
            return self.shown(412, [CHANGED])
        answer = self.send()
        if answer.status == 404:
            raise Http404
        if answer.status == 412:
            self.enter()
            return self.shown(412, [CHANGED])
        if answer.status >= 300:
            return self.shown(answer.status, texts_of(answer.data))
        self.undo = self.way_back()
        return self.deleted()

    def send(self) -> ApiResponse:
        """Do it; what the API answers."""
        return self.api.send("DELETE", self.api_path, tag=ANY_STATE)

    def state(self) -> str:
        """Of what goes along."""
        return State([[word, number] for word, number in self.goes()]).tag

    def shown(self, status: int, problems: Sequence[str] = ()) -> HttpResponse:
        goes = [(word, number) for word, number in self.goes() if number]
        values = {"goes": goes, "state": self.state(), "problems": problems, "name": self.name()}
        return self.render_to_response(self.get_context_data(**values), status=status)


class DeletePage(ConfirmPage, is_base=True):
    """The same of a row, if it is as it was shown."""

    action = "destroy"
    row: dict[str, Any]
    tag = ""

    def enter(self) -> None:
        super().enter()
        answer = self.api.tagged_row(self.api_path)
        self.row, self.tag = answer.data, answer.tag

    def send(self) -> ApiResponse:
        return self.api.send("DELETE", self.api_path, tag=self.tag)

    def state(self) -> str:
        return State([self.tag, super().state()]).tag
