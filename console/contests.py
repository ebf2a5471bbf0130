"""A contest: what the learner says, whom it is assigned to, and the form of the decision."""

from typing import Any

from django.http import QueryDict
from django.shortcuts import get_object_or_404

from console.asked import AskedView
from console.words import KIND_WORDS, LEVEL_WORDS
from console.work.pages import CHANGED
from kernel.http.client import ApiResponse
from kernel.ids import bounded_id
from reports.arithmetic import Level
from reports.models import Report
from reports.queries import details_demonstrated
from rights.models import DECIDED, State
from rights.services.contests import people_eligible


class ContestView(AskedView):
    template_name = "console/contest.html"
    word = "contest"

    def answered(self, sent: QueryDict) -> ApiResponse:
        if sent.get("action") == "assign":
            return self.assigned(sent)
        levels = {kind: sent[kind] for kind in KIND_WORDS if sent.get(kind)}
        body: dict[str, Any] = {"outcome": sent.get("outcome", ""), "answer": sent.get("answer", "")}
        return self.api.post(f"{self.path}decide/", body | ({"levels": levels} if levels else {}))

    def assigned(self, sent: QueryDict) -> ApiResponse:
        """What somebody else has assigned since the page was read is not overwritten unseen."""
        now = self.row["assignee"]
        if bounded_id(sent.get("assigned")) != (now and now["id"]):
            return ApiResponse(412, {"detail": CHANGED})
        return self.api.post(f"{self.path}assign/", {"assignee": bounded_id(sent.get("assignee")) or 0})

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        values: dict[str, Any] = {"is_open": self.row["state"] == State.OPEN}
        values["levels"] = [
            (kind, KIND_WORDS[kind], machine, self.row["human_levels"].get(kind))
            for kind, machine in self.row["machine_levels"].items()
        ]
        report = self.row["report"]
        values["demonstrated"] = {instrument for _, instrument in details_demonstrated([report] if report else [])}
        values["state"] = State(self.row["state"]).label
        if values["is_open"]:
            contested = get_object_or_404(Report.objects.select_related("activity"), pk=report)
            values["people"] = people_eligible(contested)
            assignee = self.row["assignee"]
            values["is_mine"] = assignee is not None and assignee["id"] == self.caller.id
            values["outcomes"] = [(state.value, state.label) for state in DECIDED]
            values["level_words"] = [(n, word) for n, word in LEVEL_WORDS.items() if n != Level.PENDING]
        return super().get_context_data(**values, **context)
