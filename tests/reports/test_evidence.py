"""Who sees what was captured from a learner and made of it: links as in the table below, each as long as the right."""

import json
from itertools import product
from urllib.parse import urlsplit

import pytest
from django.test import Client

from courses.models import CourseInstructor, CourseLearner
from files.links import Links
from files.models import Kind, Made, StoredFile
from files.services import file_store
from institutions.models import VLE, Credential, Institution, Provider, User
from kernel.caller import Caller, CallerKind
from reports.models import Report, ReportInstrument, Request, RequestProviderResult, RequestResult
from tests.conftest import client_of
from tests.lines import files_read
from tests.reports.conftest import allow, another_activity, json_file, level, urls
from trail.models import Line

SWITCHES = ("learner_report", "learner_audit", "valid_audit")
EVERYBODY = (
    "global", "admin", "legal", "data", "send", "teacher", "visitor", "ann", "bob", "eve", "member", "stranger",
)  # fmt: skip
ALWAYS = {"global", "admin", "data"}
NEVER = {"legal", "send", "visitor", "eve", "member", "stranger"}  # with the three settings all off and all on
# allow_learner_report, allow_learner_audit, allow_valid_audit -> who sees evidence beside those three:
# where the highest level is ok at most, and where it is a warning or an alert
SEEN = {
    (False, False, False): (set(), {"teacher"}),
    (False, False, True): ({"teacher"}, {"teacher"}),
    (False, True, False): (set(), {"teacher"}),
    (False, True, True): ({"teacher"}, {"teacher"}),
    (True, False, False): (set(), {"teacher"}),
    (True, False, True): ({"teacher"}, {"teacher"}),
    (True, True, False): (set(), {"teacher", "ann"}),
    (True, True, True): ({"teacher", "ann"}, {"teacher", "ann"}),
}
EVIDENCE = ("request", "result_audit", "report_audit")


def opened(url: str | None) -> str | None:
    """The kind of file behind a link, followed as a browser does: without credentials."""
    if url is None:
        return None
    assert urlsplit(url).netloc == "testserver"
    answer = Client().get(urlsplit(url).path)
    if answer.status_code == 404:
        return None
    assert answer.status_code == 200
    content = json.loads(answer.getvalue())
    return content.get("kind") or {"sessions": "report", "providers": "report_audit"}[next(iter(content))]


def answered(client, at, *, lists: bool = True) -> dict[str, str | None]:
    """Kind of evidence -> its link, None where there is none; list and detail must agree, if lists are asked for."""

    def rows(listed: str, single: str):
        answer = client.get(single)
        found = [answer.json()] if answer.status_code == 200 else []
        if lists:
            also = client.get(listed)
            assert also.status_code == answer.status_code
            found += also.json()["results"][:1] if found else []
        return found

    links: dict[str, list] = {kind: [] for kind in EVIDENCE}
    for row in rows(at.requests, at.request):
        links["request"].append(row["data"])
        links["result_audit"].append(row["result"][0]["audit"])
    links["report_audit"] += [row["audit_data"] for row in rows(at.audits, at.audit)]
    for addresses in links.values():
        assert len({link is None for link in addresses}) <= 1
    return {kind: addresses[-1] if addresses else None for kind, addresses in links.items()}


def forged(
    world, who: str, row: StoredFile | Report | ReportInstrument, kind: CallerKind | None = None, name: str = "x.json"
) -> str:
    """A link that this service would have signed, had it been asked at another time."""
    what = {Report: Made.REPORT, ReportInstrument: Made.AUDIT}.get(type(row))
    person = world.people[who]
    kind = kind or (CallerKind.GLOBAL_ADMIN if who == "global" else CallerKind.PERSON)
    return Links(base="http://testserver/files/", caller=Caller(kind, person.pk), seconds=300)(row.pk, name, what)


def files(home) -> dict[str, StoredFile | Report | ReportInstrument]:
    """What links lead to: a file, or the row that the content is made of."""
    return {
        "request": home.request.data,
        "result_audit": home.result.audit,
        "report_audit": home.report_instrument,
        "report": home.report,
    }


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("switches", SEEN, ids=lambda on: "-".join(n for n, o in zip(SWITCHES, on, strict=True) if o))
def test_links_are_shown_and_work_exactly_for_those_of_the_table(switches, number, as_, at, stored):
    """An earlier implementation gave pictures and recordings to everybody who saw a report, and never asked
    allow_valid_audit.
    """
    allow(stored.home, **dict(zip(SWITCHES, switches, strict=True)))
    level(stored.home, number)
    may = ALWAYS | SEEN[switches][number > 2]
    is_extreme = len({*switches}) == 1  # all off or all on: between them the others are asked whom it concerns
    for who in EVERYBODY if is_extreme else [who for who in EVERYBODY if who not in NEVER | ALWAYS]:
        links = answered(as_(who), at, lists=is_extreme)
        for kind in EVIDENCE:
            assert (links[kind] is not None) == (who in may), (who, kind)
            link = links[kind] or forged(stored, who, files(stored.home)[kind])
            assert opened(link) == (kind if who in may else None), (who, kind)


@pytest.mark.parametrize("switches", list(product((False, True), repeat=3)))
def test_report_file_is_for_whoever_sees_the_report(switches, as_, at, stored):
    allow(stored.home, **dict(zip(SWITCHES, switches, strict=True)))
    may = ALWAYS | {"teacher"} | ({"ann"} if switches[0] else set())
    for who in EVERYBODY if len({*switches}) == 1 else ("teacher", "ann", "bob"):
        answer = as_(who).get(at.report)
        assert (answer.status_code == 200) == (who in may), who
        if who in may:
            url = answer.json()["data"]
            assert url.endswith("/report.json")
            assert opened(url) == "report"
        else:
            assert opened(forged(stored, who, stored.home.report)) is None, who


def test_names_of_the_files_are_plain(as_, at, stored):
    links = answered(as_("admin"), at)
    assert {kind: url.rpartition("/")[2] for kind, url in links.items()} == {
        "request": "request.json", "result_audit": "result_audit.json", "report_audit": "report_audit.json",
    }  # fmt: skip


# Which rows count.


@pytest.mark.parametrize(("number", "flagged"), [(0, False), (1, False), (2, False), (3, True), (4, True)])
def test_level_is_flagged_from_warning_on(number, flagged, as_, at, stored):
    level(stored.home, number)
    links = answered(as_("teacher"), at)
    for kind in EVIDENCE:
        assert opened(links[kind]) == opened(forged(stored, "teacher", files(stored.home)[kind]))
        assert (links[kind] is not None) == flagged


def test_request_is_shown_whole_when_one_of_its_instruments_has_a_warning(as_, at, stored):
    """The result of the instrument that is well is evidence of the same sample."""
    home = stored.home
    home.request.instruments.add(1)
    RequestResult.objects.create(request=home.request, instrument_id=1, audit=json_file(home, Kind.RESULT_AUDIT))
    ReportInstrument.objects.create(report=home.report, instrument_id=5, content_level=4)  # not of this request
    row = as_("teacher").get(at.request).json()
    assert (row["data"], [result["audit"] for result in row["result"]]) == (None, [None, None])
    ReportInstrument.objects.create(report=home.report, instrument_id=1, integrity_level=3)
    row = as_("teacher").get(at.request).json()
    assert [opened(row["data"]), *(opened(result["audit"]) for result in row["result"])] == [
        "request", "result_audit", "result_audit",
    ]  # fmt: skip


def test_each_request_of_a_page_is_judged_for_itself(as_, at, stored):
    home = stored.home
    other = Request.objects.create(
        institution=home.institution, activity=home.activity, learner=home.learners["ann"],
        data=json_file(home, Kind.REQUEST),
    )  # fmt: skip
    other.instruments.add(1)
    level(home, 3)
    rows = as_("teacher").get(at.requests).json()["results"]
    assert [row["data"] is not None for row in rows] == [True, False]
    assert opened(forged(stored, "teacher", other.data)) is None


def test_each_row_of_an_audit_is_judged_for_itself(as_, at, stored):
    home = stored.home
    warned = ReportInstrument.objects.create(report=home.report, instrument_id=1, content_level=3)
    rows = as_("teacher").get(at.audits).json()["results"]
    assert [opened(row["audit_data"]) for row in rows] == [None, "report_audit"]
    assert opened(forged(stored, "teacher", home.report_instrument)) is None
    assert opened(forged(stored, "teacher", warned)) == "report_audit"


@pytest.mark.parametrize("column", ["identity_level", "content_level", "integrity_level"])
def test_highest_of_the_three_levels_counts(column, as_, at, stored):
    ReportInstrument.objects.update(identity_level=2, content_level=0, integrity_level=1)
    assert set(answered(as_("teacher"), at).values()) == {None}
    ReportInstrument.objects.update(**{column: 3})
    links = answered(as_("teacher"), at)
    assert [opened(links[kind]) for kind in EVIDENCE] == list(EVIDENCE)


def test_warning_in_another_report_does_not_count(as_, at, stored):
    home = stored.home
    for learner, activity in (("bob", home.activity), ("ann", another_activity(home))):
        report = Report.objects.create(institution=home.institution, activity=activity, learner=home.learners[learner])
        ReportInstrument.objects.create(report=report, instrument_id=2, identity_level=4)
    ReportInstrument.objects.filter(report=stored.away.report).update(identity_level=4)
    assert set(answered(as_("teacher"), at).values()) == {None}
    for kind in EVIDENCE:
        assert opened(forged(stored, "teacher", files(home)[kind])) is None


def test_request_without_a_row_in_the_report_is_not_flagged(as_, at, stored):
    ReportInstrument.objects.all().delete()
    assert as_("teacher").get(at.request).json()["data"] is None
    assert opened(as_("admin").get(at.request).json()["data"]) == "request"


# Rights add up.


def test_administrator_who_teaches_is_exempt(as_, at, stored):
    User.objects.filter(pk=stored.people["teacher"].pk).update(inst_admin=True)
    links = answered(as_("teacher"), at)
    assert [opened(links[kind]) for kind in EVIDENCE] == list(EVIDENCE)
    assert set(answered(as_("teacher", "launched"), at).values()) == {
        None
    }  # a VLE sends instructors, no administrators


def test_learner_who_teaches_the_course_sees_as_instructor(as_, at, stored):
    level(stored.home, 4)
    assert set(answered(as_("bob"), at).values()) == {None}
    stored.home.teach("bob", stored.home.course)
    for kind in ("person", "launched"):
        links = answered(as_("bob", kind), at)
        assert [opened(links[name]) for name in EVIDENCE] == list(EVIDENCE)


# A link stops working as soon as the right is taken away.


def _leave(model, role, who):
    return lambda world: model.objects.filter(**{role: world.people[who].pk}).delete()


def _flag(who, **values):
    return lambda world: User.objects.filter(pk=world.people[who].pk).update(**values)


def _switch(**values):
    return lambda world: Institution.objects.filter(pk=world.home.institution.pk).update(**values)


def _move(who):
    def move(world):
        CourseInstructor.objects.filter(instructor=world.people[who].pk).delete()
        world.home.join(world.home.other_course, who)

    return move


@pytest.mark.parametrize(
    ("who", "change"),
    [
        ("teacher", _leave(CourseInstructor, "instructor", "teacher")),
        ("teacher", _move("teacher")),
        ("teacher", _switch(allow_valid_audit=False)),
        ("teacher", _flag("teacher", is_active=False)),
        ("ann", _leave(CourseLearner, "learner", "ann")),
        ("ann", _switch(allow_learner_audit=False)),
        ("ann", _switch(allow_learner_report=False)),
        ("ann", _switch(allow_valid_audit=False)),
        ("ann", _flag("ann", login_allowed=False)),
        ("admin", _flag("admin", inst_admin=False)),
        ("data", _flag("data", data_admin=False)),
        ("global", _flag("global", is_staff=False, login_allowed=True)),
    ],
    ids=[
        "teacher leaves", "teacher teaches another course", "valid audits of teachers", "teacher is deactivated",
        "learner leaves", "audits of learners", "reports of learners", "valid audits of learners", "learner is locked",
        "admin", "data admin", "global admin",
    ],
)  # fmt: skip
def test_link_ends_with_the_right(who, change, as_, at, stored, learners_see):
    """An earlier implementation handed out addresses that worked for whoever had them."""
    links = answered(as_(who), at)
    assert [opened(links[kind]) for kind in EVIDENCE] == list(EVIDENCE)
    change(stored)
    assert [opened(links[kind]) for kind in EVIDENCE] == [None] * 3


def test_link_ends_when_the_warning_is_withdrawn(as_, at, stored):
    level(stored.home, 4)
    links = answered(as_("teacher"), at)
    assert [opened(links[kind]) for kind in EVIDENCE] == list(EVIDENCE)
    level(stored.home, 2)
    assert [opened(links[kind]) for kind in EVIDENCE] == [None] * 3


def test_report_link_ends_with_the_right(as_, at, stored, learners_see):
    teachers, anns = (as_(who).get(at.report).json()["data"] for who in ("teacher", "ann"))
    assert opened(teachers) == opened(anns) == "report"
    allow(stored.home, learner_report=False)
    assert (opened(teachers), opened(anns)) == ("report", None)
    allow(stored.home, learner_report=True)
    CourseLearner.objects.all().delete()
    CourseInstructor.objects.all().delete()
    assert opened(teachers) == opened(anns) is None


def test_file_without_a_row_that_refers_to_it_is_404(stored, learners_see):
    links = {kind: forged(stored, "admin", file) for kind, file in files(stored.home).items()}
    assert [opened(url) for url in links.values()] == list(links)
    Request.objects.update(data=None)
    RequestResult.objects.update(audit=None)
    assert [opened(url) for url in links.values()] == [None, None, "report_audit", "report"]
    Report.objects.all().delete()
    assert [opened(url) for url in links.values()] == [None] * 4


def test_files_of_a_request_without_a_report_are_404(stored, learners_see):
    home = stored.home
    Report.objects.filter(pk=home.report.pk).delete()
    for who in ("admin", "teacher", "ann"):
        assert opened(forged(stored, who, home.request.data)) is None
    Request.objects.filter(pk=home.request.pk).update(activity=None)
    assert opened(forged(stored, "admin", home.request.data)) is None


@pytest.mark.differs("results are rows that no provider has answered")
def test_audit_of_a_single_provider_is_evidence_like_that_of_the_summary(stored):
    provider = Provider.objects.create(name="P", acronym="p", version="1", queue="p", instrument_id=2)
    audit = json_file(stored.home, Kind.RESULT_AUDIT)
    assert opened(forged(stored, "admin", audit)) is None  # of nothing
    RequestProviderResult.objects.create(request=stored.home.request, provider=provider, audit=audit)
    seen = {who for who in EVERYBODY if opened(forged(stored, who, audit))}
    assert seen == ALWAYS
    level(stored.home, 3)
    assert {who for who in EVERYBODY if opened(forged(stored, who, audit))} == ALWAYS | {"teacher"}


# Others.


def test_file_of_another_institution_opens_through_no_row_of_this_one(stored, learners_see):
    """Even if a row of this institution refers to it."""
    away = stored.away
    theirs = {
        kind: file_store(
            institution=away.institution, owner=away.people["ann"], kind=kind, media_type="application/json",
            content=[b'{"kind": "theirs"}'], extension="json",
        )
        for kind in (Kind.REQUEST, Kind.RESULT_AUDIT)
    }  # fmt: skip
    RequestResult.objects.filter(pk=stored.home.result.pk).update(audit=theirs[Kind.RESULT_AUDIT])
    for file in theirs.values():
        for who in ("admin", "teacher", "ann", "global"):
            assert opened(forged(stored, who, file)) is None


def test_modules_and_capture_sessions_are_refused_whatever_their_number(stored, learners_see):
    """A VLE or provider whose id is the instructor's, and a learner's session, which may only capture."""
    number = stored.people["teacher"].pk
    vle = VLE.objects.create(pk=number, institution=stored.home.institution, name="Twin")
    provider = Provider.objects.create(pk=number, name="P", acronym="p", version="1", queue="p", instrument_id=2)
    Credential.objects.create(vle=vle, secret_hash="x" * 64)
    Credential.objects.create(provider=provider, secret_hash="x" * 64)
    for file in files(stored.home).values():
        assert opened(forged(stored, "teacher", file, CallerKind.VLE)) is None
        assert opened(forged(stored, "teacher", file, CallerKind.PROVIDER)) is None
        assert opened(forged(stored, "ann", file, CallerKind.LEARNER_SESSION)) is None
        assert opened(forged(stored, "ann", file, CallerKind.LAUNCHED)) is not None


def test_each_reading_is_recorded(as_, at, stored, learners_see):
    """An earlier implementation did not know who had looked at the evidence."""
    teacher, ann, home = stored.people["teacher"], stored.people["ann"], stored.home
    links = answered(as_("teacher"), at) | {"report": as_("teacher").get(at.report).json()["data"]}
    assert not files_read()  # a link is no reading
    made = {"report": "report_made", "report_audit": "audit_made"}
    for kind, url in links.items():
        assert opened(url) == kind
        assert files_read()[-1] == (made.get(kind, kind), files(home)[kind].pk, ann.pk, "person", teacher.pk)
        assert Line.objects.latest("pk").institution == home.institution
    assert len(files_read()) == 4
    assert opened(forged(stored, "bob", home.request.data)) is None
    assert len(files_read()) == 4


def test_administrators_of_the_other_institution_see_nothing(stored, learners_see):
    theirs = client_of(stored.away.people["admin"])
    assert set(answered(theirs, urls(stored.home)).values()) == {None}
    for file in files(stored.home).values():
        assert opened(forged(stored, "stranger", file)) is None
