"""/files/<token>/<name>"""

import logging
from collections.abc import Iterable
from itertools import chain

from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from files.contents import content_of, neutrally_named
from files.links import Link, evidence_links_of, link_read
from files.models import Kind, StoredFile
from files.permissions import NOT_SENSITIVE, caller_now, may_read
from files.services import store, store_read
from kernel.caller import Caller, CallerKind
from kernel.domain import Unavailable
from kernel.errors import not_found
from kernel.http.repeats import unavailable
from kernel.recording import Entry, caller_known, record

logger = logging.getLogger(__name__)
PRESIGNED_SECONDS = 30
BEGUN_BYTES = 64 * 1024  # of content that is made, before its answer begins
PDF = "application/pdf"
POLICY = "default-src 'none'; sandbox"  # the file is displayed, nothing in it is executed
# In a sandbox browsers do not start their PDF viewer. So only what administrators have written stands in own pages.
POLICY_OF_PDF, POLICY_OF_CONSENT = "frame-ancestors 'none'", "frame-ancestors 'self'"


@method_decorator(csrf_exempt, name="dispatch")  # other methods are 405 even without a CSRF token
class FileView(View):
    """Serves a file to the holder of a link while the caller named in it may read the file. No header is needed."""

    http_method_names = ["get", "head", "options"]

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Http404:
            return _without_log(not_found(request))
        except Unavailable as error:
            return _without_log(unavailable(str(error), error.wait))

    def http_method_not_allowed(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return _without_log(HttpResponseNotAllowed([name.upper() for name in self.http_method_names]))

    def get(self, request: HttpRequest, token: str, name: str) -> HttpResponseBase:
        link = link_read(token, name)
        if link is None or link.seconds_left <= 0:
            raise Http404
        if link.what is not None:
            return self._made(request, link, name)
        file, caller = _permitted(link)
        if _is_neutral(file, caller):
            return self._stream(request, file, caller, name, link.seconds_left, is_neutral=True)
        if getattr(store(), "querystring_auth", False):
            return self._redirect_to_store(request, file, caller, name)
        return self._stream(request, file, caller, name, link.seconds_left)

    def _made(self, request, link: Link, name: str) -> HttpResponseBase:
        """What is no stored file, in parts as it is made.

        A store that fails is noticed before the answer begins. One that fails later cuts the answer off: evidence that
        cannot be read must not look like evidence that there is not.
        """
        caller = caller_now(link.kind, link.caller_id, link.sent_by)
        links = evidence_links_of(request, caller) if caller else None
        content = content_of(link.what or "", caller, link.file_id, name, links) if caller and links else None
        if content is None or caller is None:
            raise Http404
        chunks = _begun(content.chunks) if request.method == "GET" else ()
        _record_reading(caller, content.institution_id, content.key, content.kind, content.owner_id)
        response = StreamingHttpResponse(chunks, content_type=content.media_type)
        response["Content-Disposition"] = f'inline; filename="{name}"'
        return _with_headers(response, "private, no-store")

    def _redirect_to_store(self, request, file: StoredFile, caller: Caller, name: str) -> HttpResponseBase:
        """For stores with signed URLs. The redirect must not be cached: its target expires before the link does."""
        _record(file, caller)
        parameters = {
            "ResponseContentType": file.media_type,
            "ResponseContentDisposition": f'inline; filename="{name}"',
            "ResponseCacheControl": "private, no-store",
        }
        url = store().url(file.storage_key, parameters=parameters, expire=PRESIGNED_SECONDS)  # type: ignore[call-arg]
        return _with_headers(HttpResponseRedirect(url), "private, no-store")

    def _stream(
        self, request, file: StoredFile, caller: Caller, name: str, seconds: int, *, is_neutral: bool = False
    ) -> HttpResponseBase:
        try:
            with store_read(file.storage_key):
                content = store().open(file.storage_key)
                chunks, longer = neutrally_named(content) if is_neutral else (content, 0)
        except FileNotFoundError as error:
            logger.exception("the store has lost file %s", file.pk)
            raise Http404 from error
        response = FileResponse(chunks, content_type=file.media_type, filename=name)
        response["Content-Length"] = str(file.size + longer)
        try:
            _record(file, caller)
        except Exception:
            response.close()
            raise
        cache_control = f"private, max-age={seconds}" if file.kind in NOT_SENSITIVE else "private, no-store"
        answer = _with_headers(response, cache_control)
        if file.kind == Kind.CONSENT_PDF and file.media_type == PDF:
            answer["Content-Security-Policy"], answer["X-Frame-Options"] = POLICY_OF_CONSENT, "SAMEORIGIN"
        return answer


def _begun(chunks: Iterable[bytes]) -> Iterable[bytes]:
    """The same chunks, of which the first are made."""
    rest, first, size = iter(chunks), [], 0
    for chunk in rest:
        first.append(chunk)
        size += len(chunk)
        if size >= BEGUN_BYTES:
            break
    return chain(first, rest)


def _without_log(response: HttpResponse) -> HttpResponse:
    """Keep Django from logging the URL of this response: whoever has it can read the file."""
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _permitted(link: Link) -> tuple[StoredFile, Caller]:
    """The file and the caller with their rights of this moment. Every refusal is a 404."""
    file = StoredFile.objects.filter(pk=link.file_id).first()
    caller = caller_now(link.kind, link.caller_id, link.sent_by) if file else None
    if file is None or caller is None or not may_read(caller, file):
        raise Http404
    return file, caller


def _is_neutral(file: StoredFile, caller: Caller) -> bool:
    """A provider reads samples without the names that their files had: it knows learners by pseudonyms alone."""
    return caller.kind == CallerKind.PROVIDER and file.kind in (Kind.SAMPLE, Kind.REQUEST)


def _record(file: StoredFile, caller: Caller) -> None:
    """Record who reads a sensitive file. Called before the first byte is sent."""
    if file.kind not in NOT_SENSITIVE:
        _record_reading(caller, file.institution_id, file.pk, file.kind, file.owner_id)


def _record_reading(caller: Caller, institution_id: int, key: int, kind: str, owner_id: int | None) -> None:
    caller_known(caller)
    record(Entry("read", f"files/{kind}", key, institution_id, owner_id))


def _with_headers(response: HttpResponseBase, cache_control: str) -> HttpResponseBase:
    response["Cache-Control"] = cache_control
    response["X-Content-Type-Options"] = "nosniff"
    response["Referrer-Policy"] = "no-referrer"
    is_pdf = response.get("Content-Type") == PDF
    response["Content-Security-Policy"] = POLICY_OF_PDF if is_pdf else POLICY
    return response
