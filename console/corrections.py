"""A correction that a person asks for, with the forms of the answer, which ask the API's own `accept` and `refuse`."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from console.views import ConsoleView
from kernel.http.client import texts_of
from rights.models import Correction


class CorrectionView(ConsoleView):
    http_method_names = ["get", "head", "options", "post"]
    template_name = "console/correction.html"
    correction: dict[str, Any]

    def enter(self) -> None:
        super().enter()
        self.correction = self.api.row(self.path)

    @property
    def path(self) -> str:
        return f"{self.home}correction/{self.kwargs['correction']}/"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(sent={}))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sent = request.POST
        if sent.get("action") == "accept":
            answer = self.api.post(f"{self.path}accept/", {})
        else:
            answer = self.api.post(f"{self.path}refuse/", {"answer": sent.get("answer", "")})
        if answer.status == 200:
            return HttpResponseRedirect(request.path)
        context = self.get_context_data(sent=sent, problems=texts_of(answer.data, after_names=True))
        return self.render_to_response(context, status=answer.status)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        state = Correction.State(self.correction["state"])
        values = {
            "correction": self.correction,
            "state": state.label,
            "field": Correction.Field(self.correction["field"]).label,
            "is_open": state == Correction.State.OPEN,
        }
        return super().get_context_data(**values, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Corrections", "corrections")]
