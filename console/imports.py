"""Importing tables of people: upload, mapping of the columns, check, import. For administrators of the institution.

The page that shows the progress deals with the next rows itself and then loads again. So nothing has to run beside the
server, and an import goes on where it was after a restart, as soon as somebody looks at the page.
"""

import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.timezone import localtime
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from console.views import ConsoleView, RowsView
from courses.imports.dialects import COLUMNS, EXAMPLE, FIELDS
from courses.imports.jobs import (
    MOST_BYTES,
    import_check,
    import_delete,
    import_layout,
    import_messages,
    import_outcomes,
    import_run,
    import_steps,
    import_upload,
    imports_purge,
)
from courses.imports.people import REFUSED, SKIPPED, STATUSES, RowOutcome
from courses.imports.results import NOT_WRITTEN, result_cells
from courses.imports.tables import DELIMITER_WORDS, DELIMITERS, ENCODINGS, RESULT_COLUMNS, TableError, secret_places
from courses.models import Import
from institutions.models import Institution
from kernel.caller import Role
from kernel.domain import Conflict, Invalid
from kernel.ids import bounded_number
from kernel.repeats import is_passing
from kernel.spreadsheets import streamed

SECONDS = 2.0  # that one page takes for the next rows
ROWS_SHOWN = 8
MESSAGES_SHOWN = 100
FORM_BYTES = 64 * 1024  # around the file in the body
BEGUN = "begun"  # in the query: this page only says that the work begins
FIELD_WORDS = {
    "uid": "uid",
    "first_name": "First name",
    "last_name": "Last name",
    "email": "E-mail",
    "locale": "Language",
    "role": "Role",
    "vle": "VLE",
    "course": "Course",
}


class AdministratorView(ConsoleView):
    """Only for administrators of the institution itself: they answer for its people."""

    def enter(self) -> None:
        super().enter()
        if not self.caller.roles_in(self.kwargs["institution"]) & Role.ADMIN:
            raise PermissionDenied

    @property
    def address(self) -> str:
        return reverse("console:imports", args=[self.kwargs["institution"]])


@method_decorator(csrf_exempt, name="dispatch")  # the body is read after the caller and its size are checked
class ImportsView(AdministratorView, RowsView):
    """The imports of the institution, and the form that uploads a file."""

    http_method_names = ["get", "head", "options", "post"]
    template_name = "console/imports.html"
    labels = ("File", "Uploaded", "Rows", "State")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        imports_purge()
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        length = bounded_number(request.META.get("CONTENT_LENGTH") or "0")
        if length is None or length > MOST_BYTES + FORM_BYTES:
            return self.wrong(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.", 413)
        return csrf_protect(self.uploaded)(request)

    def uploaded(self, request: HttpRequest) -> HttpResponse:
        file, encoding = request.FILES.get("file"), request.POST.get("encoding") or None
        if file is None or not file.name:
            return self.wrong("Choose a file.", 400)
        mark = request.POST.get("delimiter") or None
        if encoding not in (None, *ENCODINGS):
            return self.wrong("There is no such encoding.", 400)
        if mark not in (None, *DELIMITER_WORDS):
            return self.wrong("There is no such delimiter.", 400)
        marks = DELIMITERS if mark is None else (DELIMITER_WORDS[mark],)
        home = Institution.objects.get(pk=self.kwargs["institution"])
        with tempfile.NamedTemporaryFile(prefix="import-") as copy:  # deleted when it has been read
            for chunk in file.chunks():
                copy.write(chunk)
            copy.flush()
            try:
                job = import_upload(
                    institution=home, path=Path(copy.name), name=file.name, encoding=encoding, delimiters=marks
                )
            except Invalid as error:
                return self.wrong(error.fields["file"], 400)
            except Conflict as error:
                return self.wrong(str(error), 409)
        return HttpResponseRedirect(reverse("console:import", args=[home.pk, job.pk]))

    def wrong(self, text: str, status: int) -> HttpResponse:
        return self.render_to_response(self.get_context_data(wrong=text), status=status)

    @property
    def jobs(self) -> QuerySet[Import]:
        return Import.objects.filter(institution=self.kwargs["institution"]).order_by("-pk")

    @property
    def file_name(self) -> str:
        return f"imports-{self.kwargs['institution']}"

    def cells(self) -> list[Sequence[object]]:
        return [
            (job.filename, localtime(job.created_at).isoformat(), job.rows, job.get_state_display())
            for job in self.jobs
        ]

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(
            jobs=self.jobs,
            encodings=ENCODINGS,
            delimiters=[*DELIMITER_WORDS],
            fields=FIELDS,
            megabytes=MOST_BYTES // 1024 // 1024,
            **context,
        )


class ImportTemplateView(AdministratorView):
    """An example of a table with the own columns."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return as_file(COLUMNS, EXAMPLE, "people.csv")


class OneImportView(AdministratorView):
    """Base of the pages of one import."""

    job: Import

    def enter(self) -> None:
        super().enter()
        keys = {"institution": self.kwargs["institution"], "pk": self.kwargs["import"]}
        job = Import.objects.filter(**keys).exclude(state=Import.State.READING).first()
        if job is None:
            raise Http404
        self.job = job

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Imports", "imports")]


class ImportView(OneImportView):
    """One import in the state in which it is."""

    http_method_names = ["get", "head", "options", "post"]
    template_name = "console/import.html"
    left_out: Collection[str] | None = None  # the places that the form has sent

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        busy = False
        if self.is_working and request.method == "GET" and BEGUN not in request.GET:
            try:
                import_steps(job=self.job, seconds=SECONDS)
            except DatabaseError as error:
                if not is_passing(error):
                    raise
                busy = True  # nothing is lost: the page loads again
            self.enter()
        return self.render_to_response(self.get_context_data(busy=busy))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        action = request.POST.get("action")
        try:
            if action == "delete":
                import_delete(job=self.job)
                return HttpResponseRedirect(self.address)
            if action == "run":
                import_run(job=self.job, by_id=self.caller.id, version=request.POST.get("version", ""))
                if self.job.all_or_nothing:  # a long page follows
                    return HttpResponseRedirect(f"{request.path}?{BEGUN}")
            else:
                self.check()
        except Invalid as error:
            return self.render_to_response(self.get_context_data(wrong=" ".join(error.fields.values())), status=400)
        except Conflict as error:
            return self.render_to_response(self.get_context_data(wrong=str(error)), status=409)
        return HttpResponseRedirect(self.request.path)

    def check(self) -> None:
        """The mapping that was chosen, as the place of a column for each field, and the places that are left out."""
        job, sent = self.job, self.request.POST
        columns = {"": ""} | {str(place): name for place, name in enumerate(job.columns)}
        chosen = {field: sent.get(f"column-{field}") or "" for field in FIELDS}
        left_out = {*sent.getlist("leave-out")}
        if not columns.keys() >= {*chosen.values(), *left_out}:
            raise Invalid(mapping="Choose columns of the table.")
        mapping = {field: columns[place] for field, place in chosen.items()}
        vle, clears, together = sent.get("of_vle") or "", "clears" in sent, "all_or_nothing" in sent
        if vle and vle not in self.vles():
            raise Invalid(mapping="There is no such VLE.")
        # What was chosen is shown again if it is refused.
        job.mapping, job.vle, job.clears, job.all_or_nothing = mapping, vle, clears, together
        self.left_out = left_out
        if not mapping["uid"]:
            raise Invalid(mapping="Choose the column with the uid.")
        names = [columns[place] for place in left_out.difference(chosen.values())]
        import_check(job=job, mapping=mapping, vle=vle, clears=clears, all_or_nothing=together, left_out=names)

    @property
    def is_working(self) -> bool:
        return self.job.state in (Import.State.CHECKING, Import.State.RUNNING)

    def vles(self) -> list[str]:
        return list(self.job.institution.vles.order_by("name").values_list("name", flat=True))

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        job = self.job
        values: dict[str, Any] = {"job": job, "is_working": self.is_working}
        if job.state in (Import.State.UPLOADED, Import.State.CHECKED):
            values |= self._mapping()
        if job.state in (Import.State.CHECKED, Import.State.DONE):
            told = list(islice(import_messages(job), MESSAGES_SHOWN + 1))
            values |= {"outcomes": told[:MESSAGES_SHOWN], "has_more": len(told) > MESSAGES_SHOWN}
        values["counts"] = {status: job.counts.get(status, 0) for status in STATUSES}
        values["counts"] |= {status: rows for status in (SKIPPED, NOT_WRITTEN) if (rows := job.counts.get(status))}
        values["refused"] = job.counts.get(REFUSED, 0)
        values["may_run"] = job.state == Import.State.CHECKED and not (job.all_or_nothing and values["refused"])
        return super().get_context_data(**values, **context)

    def _mapping(self) -> dict[str, Any]:
        job = self.job
        try:
            layout = import_layout(job)
            kind, passed, unknown = layout.dialect.name, layout.passed_over, layout.unknown
            courses = [job.columns[row.course] for row in layout.enrolments]
        except TableError:
            kind, passed, courses = "", (), []
            unknown = tuple(place for place, name in enumerate(job.columns) if name)
        first = job.parts.filter(number=0).first()
        places = {name: str(place) for place, name in enumerate(job.columns)}
        return {
            "kind": kind,
            "secret": [job.columns[place] for place in secret_places(job.columns)],
            "passed": [name for name in passed if name not in {job.columns[place] for place in unknown}],
            "unknown": [(str(place), job.columns[place], self._is_left_out(str(place))) for place in unknown],
            "course_columns": courses,
            "fields": [(field, FIELD_WORDS[field], places.get(job.mapping.get(field, ""), "")) for field in FIELDS],
            "choices": [(str(place), name) for place, name in enumerate(job.columns) if name],
            "vles": self.vles(),
            "preview": [
                (line, list(zip(job.columns, cells, strict=False)), problem)
                for line, cells, problem in (first.rows[:ROWS_SHOWN] if first else [])
            ],
        }

    def _is_left_out(self, place: str) -> bool:
        """Whether it was said so: no table is checked before it is said of each column."""
        return self.job.state == Import.State.CHECKED if self.left_out is None else place in self.left_out


class ImportResultView(OneImportView):
    """All rows with their outcomes, as a table that can be repaired and imported again: `import_csv --result`."""

    name = "import-{}-result.csv"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        job, columns = self.job, (*RESULT_COLUMNS, *self.job.columns)
        self.told = ("export", {"format": "csv"})
        rows = (result_cells(outcome, len(job.columns)) for outcome in self.outcomes())
        return as_file(columns, rows, self.name.format(job.pk), delimiter=job.delimiter)

    def outcomes(self) -> Iterator[RowOutcome]:
        return import_outcomes(self.job)


class ImportErrorsView(ImportResultView):
    """The same, of the rows of which there is something to say."""

    name = "import-{}-errors.csv"

    def outcomes(self) -> Iterator[RowOutcome]:
        return import_messages(self.job)


def as_file(columns: Iterable[str], rows: Iterable[Iterable[object]], name: str, *, delimiter: str = ",") -> Any:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    lines = streamed(columns, rows, delimiter=delimiter)
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
