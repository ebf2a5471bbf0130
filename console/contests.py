"""A contest: what the learner says, whom it is assigned to, and the form of the decision.

All of it asks the API's own `assign` and `decide`, so that the page can do nothing that the API refuses.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404

from console.views import ConsoleView
from console.words import KIND_WORDS, LEVEL_WORDS
from console.work.pages import CHANGED
from kernel.http.client import ApiResponse, texts_of
from kernel.ids import bounded_id
from reports.arithmetic import Level
from reports.models import Report
from rights.models import DECIDED, State
from rights.services.contests import people_eligible


class ContestView(ConsoleView):
    """The contest with its forms; what is sent goes to the API's action of that name."""

    http_method_names = ["get", "head", "options", "post"]
    template_name = "console/contest.html"
    contest: dict[str, Any]

    def enter(self) -> None:
        super().enter()
        self.contest = self.api.row(self.path)

    @property
    def path(self) -> str:
        return f"{self.home}contest/{self.kwargs['contest']}/"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(sent={}))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sent = request.POST
        if sent.get("action") == "assign":
            answer = self.assigned(sent)
        else:
            levels = {kind: sent[kind] for kind in KIND_WORDS if sent.get(kind)}
            body: dict[str, Any] = {"outcome": sent.get("outcome", ""), "answer": sent.get("answer", "")}
            answer = self.api.post(f"{self.path}decide/", body | ({"levels": levels} if levels else {}))
        if answer.status == 200:
            return HttpResponseRedirect(request.path)
        context = self.get_context_data(sent=sent, problems=texts_of(answer.data, after_names=True))
        return self.render_to_response(context, status=answer.status)

    def assigned(self, sent: QueryDict) -> ApiResponse:
        """What somebody else has assigned since the page was read is not overwritten unseen."""
        now = self.contest["assignee"]
        if bounded_id(sent.get("assigned")) != (now and now["id"]):
            return ApiResponse(412, {"detail": CHANGED})
        return self.api.post(f"{self.path}assign/", {"assignee": bounded_id(sent.get("assignee")) or 0})

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        values: dict[str, Any] = {"contest": self.contest, "is_open": self.contest["state"] == State.OPEN}
        values["levels"] = [
            (kind, KIND_WORDS[kind], machine, self.contest["human_levels"].get(kind))
            for kind, machine in self.contest["machine_levels"].items()
        ]
        values["state"] = State(self.contest["state"]).label
        if values["is_open"]:
            report = get_object_or_404(Report.objects.select_related("activity"), pk=self.contest["report"])
            values["people"] = people_eligible(report)
            assignee = self.contest["assignee"]
            values["is_mine"] = assignee is not None and assignee["id"] == self.caller.id
            values["outcomes"] = [(state.value, state.label) for state in DECIDED]
            values["level_words"] = [(n, word) for n, word in LEVEL_WORDS.items() if n != Level.PENDING]
        return super().get_context_data(**values, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Contests", "contests")]
