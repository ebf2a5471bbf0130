"""/files/<token>/<name>"""

import logging

from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from files.links import Link, link_read
from files.models import FileRead, StoredFile
from files.permissions import NOT_SENSITIVE, caller_now, may_read
from files.services import store
from kernel.caller import Caller
from kernel.errors import not_found
from kernel.http.address import client_address

logger = logging.getLogger(__name__)
PRESIGNED_SECONDS = 30
POLICY = "default-src 'none'; sandbox"  # shown, never run
POLICY_OF_PDF = "frame-ancestors 'none'"  # a sandbox keeps browsers from starting their PDF viewer


@method_decorator(csrf_exempt, name="dispatch")  # nothing is written: other methods are 405, with or without a token
class FileView(View):
    """A file, for the caller whom the link names and as long as that caller may read it. No header is needed."""

    http_method_names = ["get", "head", "options"]

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Http404:
            return _unlogged(not_found(request))

    def http_method_not_allowed(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return _unlogged(HttpResponseNotAllowed([name.upper() for name in self.http_method_names]))

    def get(self, request: HttpRequest, token: str, name: str) -> HttpResponseBase:
        link = link_read(token, name)
        if link is None or link.seconds_left <= 0:
            raise Http404
        file, caller = _permitted(link)
        if getattr(store(), "querystring_auth", False):
            return self._away(request, file, caller, name)
        return self._streamed(request, file, caller, name, link.seconds_left)

    def _away(self, request, file: StoredFile, caller: Caller, name: str) -> HttpResponseBase:
        """To the store itself, which signs URLs. The redirect is not kept: its target lives shorter than the link."""
        _record(request, file, caller)
        parameters = {
            "ResponseContentType": file.media_type,
            "ResponseContentDisposition": f'inline; filename="{name}"',
            "ResponseCacheControl": "private, no-store",
        }
        url = store().url(file.storage_key, parameters=parameters, expire=PRESIGNED_SECONDS)  # type: ignore[call-arg]
        return _guarded(HttpResponseRedirect(url), "private, no-store")

    def _streamed(self, request, file: StoredFile, caller: Caller, name: str, seconds: int) -> HttpResponseBase:
        try:
            content = store().open(file.storage_key)
        except FileNotFoundError as error:
            logger.exception("the store has lost file %s", file.pk)
            raise Http404 from error
        answer = FileResponse(content, content_type=file.media_type, filename=name)
        answer["Content-Length"] = str(file.size)
        try:
            _record(request, file, caller)
        except Exception:
            answer.close()
            raise
        kept = f"private, max-age={seconds}" if file.kind in NOT_SENSITIVE else "private, no-store"
        return _guarded(answer, kept)


def _unlogged(answer: HttpResponse) -> HttpResponse:
    """Django's own line would say the whole address, and whoever has that may have the file."""
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


def _permitted(link: Link) -> tuple[StoredFile, Caller]:
    """The file and the caller, both as they are now. Whatever stands against it: 404."""
    file = StoredFile.objects.filter(pk=link.file_id).first()
    caller = caller_now(link.kind, link.caller_id) if file else None
    if file is None or caller is None or not may_read(caller, file):
        raise Http404
    return file, caller


def _record(request: HttpRequest, file: StoredFile, caller: Caller) -> None:
    """Before the first byte leaves: whoever gets one has been noted."""
    if file.kind not in NOT_SENSITIVE:
        FileRead.objects.create(
            institution_id=file.institution_id,
            file_id=file.pk,
            kind=file.kind,
            owner_id=file.owner_id,
            reader_kind=caller.kind.value,
            reader_id=caller.id,
            address=client_address(request),
        )


def _guarded(answer: HttpResponseBase, kept: str) -> HttpResponseBase:
    answer["Cache-Control"] = kept
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Referrer-Policy"] = "no-referrer"
    is_pdf = answer.get("Content-Type") == "application/pdf"
    answer["Content-Security-Policy"] = POLICY_OF_PDF if is_pdf else POLICY
    return answer
