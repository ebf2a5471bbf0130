"""Requests are repeated that the database refused because of others; when nothing helps, the answer says so."""

import sqlite3
from contextlib import closing

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.utils import ConnectionHandler
from django.test import Client
from django.urls import include, path
from rest_framework.response import Response

from courses.models import CourseGroup
from files.models import StoredFile
from institutions.admin.shared import UIOptionAdmin
from institutions.models import Institution, UIOption
from kernel import repeats
from kernel.access import grant
from kernel.caller import Role
from kernel.domain import Unavailable
from kernel.http.repeats import BUSY, CHANGED, passing_answer
from kernel.procedures import ProcedureView
from kernel.routing import Procedure, mount
from learners.models import EnrolmentSample
from tesla_api.browsers import Sessions
from tests import captures
from tests.kernel import sample
from tests.kernel.sample import GroupViewSet
from tests.pages.conftest import signed_in_client


class Cause(Exception):
    def __init__(self, pgcode: str | None = "", sqlite_errorname: str = "") -> None:
        self.pgcode, self.sqlite_errorname = pgcode, sqlite_errorname


def refusal(pgcode: str = "", sqlite_errorname: str = "") -> Exception:
    kind = IntegrityError if pgcode == "23503" or "CONSTRAINT" in sqlite_errorname else OperationalError
    error = kind("refused by the database")
    error.__cause__ = Cause(pgcode, sqlite_errorname)
    return error


def broken(kind: type[Exception]) -> Exception:
    """Of a connection that has broken: without a code."""
    error = kind("the server closed the connection")
    error.__cause__ = Cause(None)
    return error


DEADLOCK = "40P01"


def test_what_is_away_for_a_while_is_503_with_the_time_to_wait():
    answer = passing_answer(Unavailable("Files cannot be stored at the moment.", 7))
    assert answer is not None
    assert (answer.status_code, answer["Retry-After"]) == (503, "7")
    assert passing_answer(ValueError("a defect")) is None


class Refusing:
    """Refuses the first `times` calls, after they have written."""

    def __init__(self, work, times: int, error=None) -> None:
        self.work, self.left, self.error, self.calls = work, times, error or refusal(DEADLOCK), 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        result = self.work(*args, **kwargs)
        if self.left:
            self.left -= 1
            raise self.error
        return result


class RingView(ProcedureView):
    root_kwarg = "institution_id"
    access = {Role.ADMIN: grant("post")}

    def post(self, request, **_):
        with transaction.atomic():
            CourseGroup.objects.create(institution=self.tenant, name=request.data["name"])
            self.refused()
        return Response({"name": request.data["name"]})

    @staticmethod
    def refused() -> None:
        pass


RING = (Procedure("institution/{institution_id}/ring/", RingView),)
urlpatterns = [path("api/v2/", include(mount(RING))), *sample.urlpatterns]
handler404, handler500 = "kernel.errors.not_found", "kernel.errors.server_error"
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(repeats, "PAUSE", 0)


@pytest.fixture
def home(world):
    return f"/api/v2/institution/{world.home.institution.pk}/"


@pytest.fixture
def refusing(monkeypatch):
    """refusing(owner, name, times): the method refuses its first calls."""

    def replace(owner, name, times=1, error=None):
        refused = Refusing(getattr(owner, name), times, error)

        def as_method(*args, **kwargs):
            return refused(*args, **kwargs)

        monkeypatch.setattr(owner, name, staticmethod(as_method) if owner is RingView else as_method)
        return refused

    return replace


@pytest.fixture
def names(world):
    def now() -> list[str]:
        return sorted(CourseGroup.objects.filter(institution=world.home.institution).values_list("name", flat=True))

    return now


@pytest.mark.parametrize("code", ["40001", DEADLOCK, "55P03"])
def test_a_row_is_created_once_by_a_request_that_is_repeated(as_, home, refusing, names, code):
    refused = refusing(GroupViewSet, "perform_create", 4, refusal(code))
    answer = as_("admin").post(f"{home}group/", {"name": "New"}, format="json")
    assert (answer.status_code, answer.json()["name"], refused.calls) == (201, "New", 5)
    assert names() == ["Faculty", "New"]


def test_rows_are_changed_and_deleted_by_requests_that_are_repeated(as_, world, home, refusing, names):
    group = f"{home}group/{world.home.group.pk}/"
    changed = refusing(GroupViewSet, "read_back")
    assert as_("admin").patch(group, {"name": "New"}, format="json").json()["name"] == "New"
    assert (names(), changed.calls) == (["New"], 2)
    deleted = refusing(CourseGroup, "delete", 2)
    assert as_("admin").delete(group).status_code == 204
    assert (names(), deleted.calls) == ([], 3)


@pytest.mark.parametrize("form", ["json", "multipart"])
def test_procedures_are_repeated_with_the_same_body(as_, home, refusing, names, form):
    refused = refusing(RingView, "refused", 2)
    answer = as_("admin").post(f"{home}ring/", {"name": "New"}, format=form)
    assert (answer.status_code, answer.json()) == (200, {"name": "New"})
    assert (names(), refused.calls) == (["Faculty", "New"], 3)


def test_a_form_is_read_again(as_, home, refusing, names):
    refusing(RingView, "refused", 2)
    type_ = "application/x-www-form-urlencoded"
    assert as_("admin").post(f"{home}ring/", "name=N%C3%A9w", content_type=type_).json() == {"name": "N\xe9w"}


def test_a_sample_is_stored_once_by_a_request_that_is_repeated(world, refusing):
    captures.consented(world.home, "ann")
    refused = refusing(EnrolmentSample, "save", 2)
    ann = world.home.learners["ann"]
    url = f"/lapi/v1/enrolment/{ann.institution_id}/{ann.learner_id}/"
    answer = captures.as_learner(world.home, "ann").post(
        url, captures.sample(learner_id=str(ann.learner_id)), format="json"
    )
    assert (answer.status_code, refused.calls) == (200, 3), answer.json()
    assert (EnrolmentSample.objects.count(), StoredFile.objects.count()) == (1, 1)
    assert len(captures.objects(world.home, "sample")) == 1
    assert captures.content_of(StoredFile.objects.get())["data"] == captures.data_url(captures.KEYS, "text/plain")


def test_pages_of_the_admin_are_repeated(world, refusing):
    root, pk = signed_in_client(Client(), world.people["global"]), world.home.institution.pk
    refused = refusing(Institution, "save", 2, refusal("23503"))
    body = {"acronym": "NEW", "name": "New", "allowed_domains": "", "mail_domain": ""}
    assert root.post(f"/admin/institutions/institution/{pk}/change/", body).status_code == 302
    assert (Institution.objects.get(pk=pk).acronym, refused.calls) == ("NEW", 3)
    deleted = refusing(UIOption, "delete", 2, refusal("23503"))
    option = UIOption.objects.filter(institution=None).latest("pk").pk
    assert root.post(f"/admin/institutions/uioption/{option}/delete/", {"post": "yes"}).status_code == 302
    assert (UIOption.objects.filter(pk=option).exists(), deleted.calls) == (False, 3)


def test_pages_tell_of_a_change_once_and_of_none_that_was_taken_back(world, refusing):
    root = signed_in_client(Client(), world.people["global"])
    options = UIOption.objects.filter(institution=None).order_by("-pk").values_list("pk", flat=True)[:2]
    for option, times, status, said in zip(options, (2, 99), (302, 409), (1, 0), strict=True):
        refusing(UIOptionAdmin, "response_delete", times, refusal("23503"))  # which has the message
        answer = root.post(f"/admin/institutions/uioption/{option}/delete/", {"post": "yes"})
        assert answer.status_code == status
        assert len(get_messages(root.get("/admin/").wsgi_request)) == said


def test_when_repeating_does_not_help_the_answer_is_503(as_, home, refusing, names):
    refused = refusing(GroupViewSet, "perform_create", 99)
    answer = as_("admin").post(f"{home}group/", {"name": "New"}, format="json")
    assert (answer.status_code, answer["Retry-After"], refused.calls) == (503, "2", repeats.ATTEMPTS)
    assert answer.json() == {"detail": BUSY}
    assert names() == ["Faculty"]


def test_a_reference_that_vanishes_again_and_again_is_409(as_, home, refusing, names):
    for error in (refusal("23503"), refusal(sqlite_errorname="SQLITE_CONSTRAINT_FOREIGNKEY")):
        refused = refusing(GroupViewSet, "perform_create", 99, error)
        answer = as_("admin").post(f"{home}group/", {"name": "New"}, format="json")
        assert (answer.status_code, answer.json()) == (409, {"detail": CHANGED})
        assert (names(), refused.calls) == (["Faculty"], repeats.ATTEMPTS)
        refused.left = 0


@pytest.mark.parametrize("name", ["SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED"])
def test_a_busy_sqlite_has_waited_and_is_not_asked_again(as_, home, refusing, name):
    refused = refusing(GroupViewSet, "perform_create", 99, refusal(sqlite_errorname=name))
    answer = as_("admin").post(f"{home}group/", {"name": "New"}, format="json")
    assert (answer.status_code, answer["Retry-After"], refused.calls) == (503, "2", 1)


def unreachable() -> Exception:
    """What Django raises where no PostgreSQL listens."""
    nowhere = {"ENGINE": "kernel.postgres", "NAME": "x", "HOST": "127.0.0.1", "PORT": "1"}
    with pytest.raises(OperationalError) as raised:
        ConnectionHandler({"default": nowhere})["default"].ensure_connection()
    return raised.value


@pytest.mark.parametrize(
    "error",
    [unreachable, lambda: refusal("57P01"), lambda: refusal("53300"), lambda: broken(InterfaceError)],
    ids=["nobody listens", "server stops", "too many connections", "connection is closed"],
)
def test_a_database_that_is_away_is_503_and_not_asked_again(error, as_, home, refusing):
    refused = refusing(GroupViewSet, "perform_create", 99, error())
    answer = as_("admin").post(f"{home}group/", {"name": "New"}, format="json")
    assert (answer.status_code, answer["Retry-After"], refused.calls) == (503, "2", 1)


def test_a_statement_that_takes_too_long_is_503_and_not_asked_again(as_, home, refusing):
    refused = refusing(GroupViewSet, "perform_create", 99, refusal("57014"))
    answer = as_("admin").post(f"{home}group/", {"name": "New"}, format="json")
    assert (answer.status_code, answer["Retry-After"], refused.calls) == (503, "30", 1)


def test_other_errors_are_not_repeated(as_, home, refusing):
    for error in (refusal("22012"), OperationalError("without a cause"), ValueError("no error of the database")):
        refused = refusing(GroupViewSet, "perform_create", 99, error)
        with pytest.raises(type(error)):
            as_("admin").post(f"{home}group/", {"name": "New"}, format="json")
        assert refused.calls == 1
        refused.left = 0


def test_what_is_committed_is_not_done_again(as_, home, refusing, monkeypatch):
    """The test has one transaction: the counter of the connection stands for the commit of another."""
    monkeypatch.setattr(connection, "commits", 0, raising=False)

    def commit() -> None:
        connection.commits += 1

    monkeypatch.setattr(RingView, "refused", staticmethod(commit))
    refused = refusing(RingView, "refused", 99)
    answer = as_("admin").post(f"{home}ring/", {"name": "New"}, format="json")
    assert (answer.status_code, refused.calls) == (503, 1)


def test_a_part_of_a_transaction_is_not_done_again(db):
    refused = Refusing(lambda: None, 1)
    with transaction.atomic(), pytest.raises(OperationalError):
        repeats.repeated(refused)
    assert refused.calls == 1
    assert repeats.repeated(Refusing(lambda: "done", 1)) == "done"


def test_middleware_that_meets_a_busy_database_answers_503(db, monkeypatch):
    def save(self, request, response):
        raise refusal(sqlite_errorname="SQLITE_BUSY")

    monkeypatch.setattr(Sessions, "process_response", save)
    answer = Client(raise_request_exception=False).get("/signin/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")


@pytest.mark.django_db(transaction=True)
def test_commits_of_postgresql_are_counted():
    if connection.vendor != "postgresql":
        return
    before = connection.commits
    with transaction.atomic():
        Institution.objects.create(acronym="X", name="X")
    with pytest.raises(ValueError, match="back"), transaction.atomic():
        raise ValueError("back")
    assert connection.commits == before + 1


@pytest.mark.django_db(transaction=True)
def test_another_writer_of_sqlite_that_does_not_end_is_503(as_, home):
    if connection.vendor != "sqlite":
        return
    admin = as_("admin")
    connection.connection.execute("PRAGMA busy_timeout=20")
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = admin.post(f"{home}group/", {"name": "New"}, format="json")
        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
        other.execute("ROLLBACK")
    assert admin.post(f"{home}group/", {"name": "New"}, format="json").status_code == 201
    connection.close()  # with its short patience
