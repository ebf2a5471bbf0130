"""What is in the bundle of everything that is held about a person, kind by kind.

Each kind is read in parts, in the order of keys. Other people are not in it: staff are told by their roles, and what
providers have computed of the person is in the reasons of reports, where the institution shows these.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q, QuerySet

from courses.models import AssessmentSession, CourseInstructor, CourseLearner
from courses.row_rules import of_own_vle
from files.models import StoredFile
from institutions.models import Institution, User
from institutions.services.named import former_uids_of
from kernel.caller import FLAGS, Anyone
from learners.models import ConsentDecision, DecidedText, Enrolment, EnrolmentSample, Learner, SampleStatus, SENDLearner
from learners.queries import learner_state
from reports.arithmetic import AlertLevel, RequestStatus
from reports.contests import contest_state
from reports.evidence import report_evidence
from reports.explaining import explained
from reports.models import Alert, Report, Request
from reports.visibility import reports_shown
from rights.models import Contest, ContestFile, Correction, Kind
from rights.row_rules import own_contests, own_corrections, own_decisions, own_lines, own_reports
from rights.told import lines_told
from signin.models import CallerSession
from trail.models import Line

TRAIL = "trail"
TRAIL_COLUMNS = ("at", "who", "did", "what", "changed", "signed_in")


@dataclass(frozen=True)
class Whose:
    """The person, with what is to be told: `me` limits it to the courses of the VLE that sent the person."""

    me: Anyone
    institution: Institution
    hidden: frozenset[str]  # the folders whose files are left out; "needs": what special needs are called

    @property
    def learner(self) -> Q:
        return Q(learner=self.me.id)

    @property
    def of_activity(self) -> Q:
        return self.learner & of_own_vle("activity__")(self.me)


@dataclass(frozen=True)
class Item:
    """One row. `files` are (path in the archive, stored file or the text itself)."""

    key: int
    row: dict[str, Any]
    files: Sequence[tuple[str, StoredFile | str]] = field(default=())


Rows = Callable[[Whose], QuerySet[Any]]
Told = Callable[[Sequence[Any], Whose], Iterable[Item]]


@dataclass(frozen=True)
class Section:
    name: str  # of the file
    rows: Rows
    told: Told

    def items(self, whose: Whose, after: int, most: int) -> list[Item]:
        rows = self.rows(whose).filter(pk__gt=after).order_by("pk")[:most]
        return [*self.told(list(rows), whose)]


def _plain(**columns: str) -> Told:
    """Rows with these columns: name in the bundle, path from the row."""

    def told(rows: Sequence[Any], whose: Whose) -> Iterator[Item]:
        for row in rows:
            yield Item(row.pk, _values(row, columns))

    return told


def _values(row: Any, columns: Mapping[str, str]) -> dict[str, Any]:
    return {name: _follow(row, path) for name, path in columns.items()}


def _follow(row: Any, path: str) -> Any:
    for name in path.split("."):
        row = None if row is None else getattr(row, name)
    return row


def _file_told(file: StoredFile | None, path: str | None) -> dict[str, Any] | None:
    """`path` is null for what is not in the archive."""
    if file is None:
        return None
    return {"path": path, "media_type": file.media_type, "size": file.size, "sha256": file.sha256}


def _path(folder: str, key: int, file: StoredFile) -> str:
    return f"{folder}/{key}.{file.storage_key.rpartition('.')[2]}"


def _captured(folder: str, columns: Mapping[str, str]) -> Told:
    """Rows with the names of their instruments, and with one file in the column `data`."""

    def told(rows: Sequence[Any], whose: Whose) -> Iterator[Item]:
        instruments = _instruments(rows)
        for row in rows:
            has_file = row.data is not None and folder not in whose.hidden
            path = _path(folder, row.pk, row.data) if has_file else None
            values = _values(row, columns) | {
                "instruments": instruments.get(row.pk, []),
                "file": _file_told(row.data, path),
            }
            yield Item(row.pk, values, ((path, row.data),) if path else ())

    return told


def _instruments(rows: Sequence[Any]) -> dict[int, list[str]]:
    """The names of the instruments of each row."""
    if not rows:
        return {}
    model: type[Model] = type(rows[0])
    pairs = model._default_manager.filter(pk__in=[row.pk for row in rows], instruments__isnull=False)
    found: dict[int, list[str]] = {}
    for key, name in pairs.order_by("pk", "instruments").values_list("pk", "instruments__name"):
        found.setdefault(key, []).append(name)
    return found


def _account(rows: Sequence[User], whose: Whose) -> Iterator[Item]:
    for person in rows:
        values = _values(person, {name: name for name in ACCOUNT})
        learner = Learner.objects.filter(pk=person.pk).first()
        state = learner_state(Learner.objects.filter(pk=person.pk)) if learner else None
        yield Item(
            person.pk,
            values
            | {
                "institution": whose.institution.name,
                "administrator": [role.name for flag, role in FLAGS.items() if getattr(person, flag, False)],
                "former_uids": former_uids_of(person),
                "learner_id": learner and learner.learner_id,
                "consent": state and state.ic_status,
            },
        )


ACCOUNT = ("id", "username", "uid", "first_name", "last_name", "email", "locale", "created_at", "last_login")
_OF_COURSE = {
    "course": "course.code", "course_id": "course_id", "course_id_in_vle": "course.vle_course_id",
    "description": "course.description", "added_at": "added_at", "added_by": "added_by",
}  # fmt: skip
_OF_ACTIVITY = {"activity_id": "activity_id", "activity": "activity.name", "course": "activity.course.code"}


def _needs(rows: Sequence[SENDLearner], whose: Whose) -> Iterator[Item]:
    """What they are called, and as the options that instructors see."""
    for row in rows:
        name = None if "needs" in whose.hidden else row.category.description
        options = {name: row.category.data.get(name, []) for name in ("enabled_options", "disabled_instruments")}
        options |= {"extra_time": row.category.extra_time, "allowances": row.category.allowances}
        yield Item(row.pk, {"name": name, "since": row.created_at, "expires_at": row.expires_at, **options})


def _decisions(rows: Sequence[ConsentDecision], whose: Whose) -> Iterator[Item]:
    texts: dict[int, list[DecidedText]] = {}
    found = DecidedText.objects.filter(decision__in=rows).select_related("text__pdf").order_by("pk")
    for text in found:
        texts.setdefault(text.decision_id, []).append(text)
    columns = {name: name for name in ("decision", "version", "language", "at", "address", "signed_in", "vle_name")}
    for row in rows:
        files: list[tuple[str, StoredFile | str]] = []
        told = []
        for each in texts.get(row.pk, []):
            path = f"consents/{row.pk}-{each.pk}"
            html, pdf = each.text.html, each.text.pdf
            if html:
                files.append((f"{path}.html", html))
            if pdf is not None:
                files.append((f"{path}.pdf", pdf))
            told.append(
                {
                    "language": each.language, "sha256": each.text.sha256, "inferred": each.inferred,
                    "html": f"{path}.html" if html else None, "pdf": f"{path}.pdf" if pdf else None,
                }
            )  # fmt: skip
        yield Item(row.pk, _values(row, columns) | {"texts": told}, tuple(files))


def _models(rows: Sequence[Enrolment], whose: Whose) -> Iterator[Item]:
    """What a provider has computed is told, not copied: it is made for the provider's program."""
    columns = {
        "provider": "provider.name", "instrument": "provider.instrument.name", "percentage": "percentage",
        "can_analyse": "can_analyse", "created_at": "created_at", "updated_at": "updated_at",
    }  # fmt: skip
    for row in rows:
        yield Item(row.pk, _values(row, columns) | {"file": _file_told(row.model, None)})


def _reports(rows: Sequence[Report], whose: Whose) -> Iterator[Item]:
    """Levels and reasons as on the pages: where the institution shows them to learners."""
    shown = reports_shown(whose.institution)
    for row in rows:
        levels = {kind: getattr(row, f"{kind}_level") for kind in Kind.values}
        evidence = report_evidence(row.pk, activity=row.activity_id, learner=row.learner_id) if shown else None
        values = _values(row, _OF_ACTIVITY | {"created_at": "created_at", "updated_at": "updated_at"})
        reasons = explained(levels, evidence) if evidence else None
        contest = contest_state(row.contest, *levels.values())
        yield Item(row.pk, values | {"levels": levels if shown else None, "explained": reasons, "contest": contest})


def _contests(rows: Sequence[Contest], whose: Whose) -> Iterator[Item]:
    shown = reports_shown(whose.institution)
    columns = {
        name: name
        for name in ("report_id", "level", "reason", "state", "deadline", "answer", "human_levels", "decided_at")
    }
    files: dict[int, list[ContestFile]] = {}
    for file in ContestFile.objects.filter(contest__in=rows).select_related("file").order_by("pk"):
        files.setdefault(file.contest_id, []).append(file)
    for row in rows:
        paths = [(_path(f"contests/{row.pk}", each.pk, each.file), each) for each in files.get(row.pk, [])]
        values = _values(row, columns) | {
            "created_at": row.created_at,
            "machine_levels": row.machine_levels if shown else None,
            "files": [{"name": each.name} | (_file_told(each.file, path) or {}) for path, each in paths],
        }
        yield Item(row.pk, values, tuple((path, each.file) for path, each in paths))


def _trail(rows: Sequence[Line], whose: Whose) -> Iterator[Item]:
    told = lines_told(rows, whose.me.id, whose.me.institution_id)
    for row in rows:
        line = told[row.pk]
        values = (row.written_at.isoformat(), line["who"], line["did"], line["what"], ", ".join(line["changed"]))
        yield Item(row.pk, dict(zip(TRAIL_COLUMNS, (*values, row.signed_in), strict=True)))


def _requests(has_session: bool) -> Rows:
    def rows(whose: Whose) -> QuerySet[Any]:
        found = Request.objects.filter(whose.of_activity, session__isnull=not has_session)
        return found.select_related("data", "activity__course")

    return rows


_REQUEST = _OF_ACTIVITY | {"session_id": "session_id", "at": "created_at", "status": "status_word"}


def _named(enum: Any, told: Told) -> Told:
    """The rows with a word for their status."""

    def named(rows: Sequence[Any], whose: Whose) -> Iterable[Item]:
        words = {int(value): value.name.lower() for value in enum}
        for row in rows:
            number = row.level if isinstance(row, Alert) else row.status
            row.status_word = words.get(number, str(number))
        return told(rows, whose)

    return named


SECTIONS = (
    Section("account", lambda whose: User.objects.filter(pk=whose.me.id), _account),
    Section(
        "sign_ins",
        lambda whose: CallerSession.objects.filter(user=whose.me.id),
        _plain(kind="kind", address="address", created_at="created_at", expires_at="expires_at", ended_at="ended_at"),
    ),
    Section(
        "courses_attended",
        lambda whose: CourseLearner.objects.filter(whose.learner & of_own_vle("course__")(whose.me)).select_related(
            "course"
        ),
        _plain(**_OF_COURSE),
    ),
    Section(
        "courses_taught",
        lambda whose: CourseInstructor.objects.filter(
            of_own_vle("course__")(whose.me), instructor=whose.me.id
        ).select_related("course"),
        _plain(**_OF_COURSE),
    ),
    Section("needs", lambda whose: SENDLearner.objects.filter(whose.learner).select_related("category"), _needs),
    Section("decisions", lambda whose: ConsentDecision.objects.filter(own_decisions(whose.me)), _decisions),
    Section(
        "samples",
        lambda whose: EnrolmentSample.objects.filter(whose.learner).select_related("data"),
        _named(SampleStatus, _captured("samples", {"at": "created_at", "status": "status_word"})),
    ),
    Section(
        "models",
        lambda whose: Enrolment.objects.filter(whose.learner).select_related("provider__instrument", "model"),
        _models,
    ),
    Section(
        "sessions",
        lambda whose: AssessmentSession.objects.filter(whose.of_activity).select_related("activity__course"),
        _plain(**_OF_ACTIVITY, started_at="started_at", closed_at="closed_at", locale="locale"),
    ),
    Section("captures", _requests(has_session=True), _named(RequestStatus, _captured("captures", _REQUEST))),
    Section(
        "documents",
        _requests(has_session=False),
        _named(RequestStatus, _captured("documents", _REQUEST)),
    ),
    Section(
        "alerts",
        lambda whose: Alert.objects.filter(whose.of_activity).select_related("data", "activity__course"),
        _named(
            AlertLevel,
            _captured(
                "alerts",
                _OF_ACTIVITY
                | {"session_id": "session_id", "at": "raised_at", "level": "status_word", "code": "message_code_id"},
            ),
        ),
    ),
    Section(
        "reports",
        lambda whose: Report.objects.filter(own_reports(whose.me)).select_related("activity__course"),
        _reports,
    ),
    Section("contests", lambda whose: Contest.objects.filter(own_contests(whose.me)), _contests),
    Section(
        "corrections",
        lambda whose: Correction.objects.filter(own_corrections(whose.me)),
        _plain(
            at="created_at",
            field="field",
            before="before",
            wanted="wanted",
            reason="reason",
            state="state",
            answer="answer",
            decided_at="decided_at",
        ),
    ),
    Section(TRAIL, lambda whose: Line.objects.filter(own_lines(whose.me)), _trail),
)
