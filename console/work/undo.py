"""Taking back the last change of a form, where nothing is lost by it.

The way back is kept in the browser's session with the tag of the row as the change has left it: whoever changes the row
meanwhile is not overwritten. It is a request to the API like any other, with the rights of the moment.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from rest_framework.utils.encoders import JSONEncoder

from console.views import ConsoleView
from kernel.http.client import ApiResponse, texts_of

KEPT = "undo"  # in the session: the last one
OFFERED = "undo"  # tag of the message that offers it


@dataclass(frozen=True)
class Undo:
    """The request that takes a change back. Its body names rows by their ids and holds no text about people."""

    method: str
    path: str
    body: Mapping[str, Any]
    tag: str = ""
    person: int | None = None  # whose uid, as it is by then, belongs into the body


def keep(request: HttpRequest, undo: Undo, institution: int, address: str) -> None:
    """The next page offers it; `address` is where one then goes on."""
    kept = {**asdict(undo), "institution": institution, "address": address}
    request.session[KEPT] = json.loads(json.dumps(kept, cls=JSONEncoder))  # instants as the API writes them


class UndoPage(ConsoleView):
    """What its button has sent is taken back, once."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        institution, address = self.kwargs["institution"], reverse("console:overview", kwargs=self.kwargs)
        kept = request.session.pop(KEPT, None)
        if kept is None or kept["institution"] != institution:
            messages.error(request, "There is nothing to undo any more.")
            return HttpResponseRedirect(address)
        answer = self.sent(kept)
        if answer.status == 412:
            messages.error(request, "It was not undone: somebody has changed it since.")
        elif answer.status >= 300:
            messages.error(request, " ".join(["It was not undone.", *texts_of(answer.data)]))
        else:
            messages.success(request, "It is as it was before.")
        return HttpResponseRedirect(kept["address"])

    def sent(self, kept: Mapping[str, Any]) -> ApiResponse:
        body = kept["body"]
        if (key := kept.get("person")) is not None:
            known = self.api.get(f"{self.home}user/{key}/")
            if known.status != 200:
                return known
            body = body | {"uid": known.data["uid"]}
        return self.api.send(kept["method"], kept["path"], body, kept["tag"])
