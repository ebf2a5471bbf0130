"""What a person asks of the institution, with the forms of the answer, which ask the API's own actions."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from console.views import ConsoleView
from kernel.http.client import ApiResponse, texts_of


class AskedView(ConsoleView):
    """Base of the pages of one such row. It stands in the page's values under its word."""

    http_method_names = ["get", "head", "options", "post"]
    word = ""  # of the address in the API, and of the page's own
    row: dict[str, Any]

    def enter(self) -> None:
        super().enter()
        self.row = self.api.row(self.path)

    @property
    def path(self) -> str:
        return f"{self.home}{self.word}/{self.kwargs[self.word]}/"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = self.answered(request.POST)
        if answer.status == 200:
            return HttpResponseRedirect(request.path)
        problems = texts_of(answer.data, after_names=True)
        return self.render_to_response(
            self.get_context_data(sent=request.POST, problems=problems), status=answer.status
        )

    def answered(self, sent: QueryDict) -> ApiResponse:
        """What the API says to the form that was sent."""
        if sent.get("action") == "accept":
            return self.api.post(f"{self.path}accept/", {})
        return self.api.post(f"{self.path}refuse/", {"answer": sent.get("answer", "")})

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(**{self.word: self.row, "sent": {}, **context})

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb(f"{self.word.capitalize()}s", f"{self.word}s")]
