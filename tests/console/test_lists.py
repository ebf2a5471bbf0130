"""Lists of the console: search, filters, order and paging are the API's, and so are its errors and its costs."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from console import listings
from courses.models import Activity, CourseGroup, CourseInstructor, GroupCourse
from institutions.models import InformedConsent, Instructor, User
from kernel.http.client import ApiClient
from learners.models import Learner, SENDCategory
from reports.models import Report, ReportInstrument, Request, RequestResult
from tests.contract.filling import fill
from tests.pages.test_policy import assert_clean
from tests.world import PAST

ALL = [
    listings.INSTITUTIONS, *listings.LISTINGS, listings.GROUP_COURSES, listings.ACTIVITIES, listings.COURSE_LEARNERS,
    listings.COURSE_INSTRUCTORS, listings.ACTIVITY_REPORTS, listings.REQUESTS,
]  # fmt: skip
PAGES = [listing.word for listing in listings.LISTINGS]
BELOW = [
    "groups/{group}/", "courses/{course}/", "courses/{course}/learners/", "courses/{course}/instructors/",
    "courses/{course}/activities/{activity}/", "courses/{course}/activities/{activity}/reports/{report}/requests/",
]  # fmt: skip
HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>"""


def rows(answer) -> list[str]:
    """The first cell of every row, as text."""
    return [str(line.cells[0][1]) for line in answer.context["table"].lines]


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


@pytest.mark.parametrize("listing", ALL, ids=lambda listing: listing.path)
def test_columns_and_filters_are_the_resources_own(listing):
    cls = ApiClient(None, None).viewset(listing.path.format(institution=1, course=1, activity=1, report=1, group=1))
    assert {column.order for column in listing.columns} - {""} <= cls.orderable.keys()
    declared = getattr(cls, "filterset_class", None) and cls.filterset_class.base_filters.keys()
    assert {asked.name for asked in listing.filters} <= (declared or set())
    assert cls.search_fields


def test_search(world, admin, address):
    assert rows(admin.get(address("learners/"), {"search": "ann home"})) == ["Ann Home"]
    assert rows(admin.get(address("courses/"), {"search": "first"})) == ["C1"]
    assert "Nothing fits." in admin.get(address("learners/"), {"search": "nobody"}).text


def test_filters(world, admin, address):
    assert rows(admin.get(address("people/"), {"roles": "LEGAL"})) == ["Legal Home"]
    assert rows(admin.get(address("people/"), {"username": "home-b"})) == ["Bob Home"]
    assert rows(admin.get(address("learners/"), {"last_name": "Home", "uid": "eve"})) == ["Eve Home"]
    assert rows(admin.get(address("consents/"), {"version": "2.0"})) == ["2.0.0"]
    world.home.course.start = PAST
    world.home.course.save()
    assert rows(admin.get(address("courses/"), {"start": "2020-01-01"})) == ["C1, Jan 2020"]  # of two terms
    assert rows(admin.get(address("courses/"), {"start": "2020-01-02"})) == []


def test_days_and_times_are_those_of_the_institution(world, admin, address):
    """Midnight of UTC is one in the afternoon there: in the page, in its address, and in the file."""
    home = world.home
    home.institution.time_zone = "Pacific/Auckland"
    home.institution.save()
    home.course.start, home.report.updated_at = PAST + timedelta(hours=12), PAST
    home.course.save()
    Report.objects.filter(pk=home.report.pk).update(updated_at=PAST)
    assert rows(admin.get(address("courses/"), {"start": "2020-01-01"})) == []
    found = admin.get(address("courses/"), {"start": "2020-01-02"})
    assert rows(found) == ["C1, Jan 2020"]
    assert ">Starts on (Pacific/Auckland)</label>" in found.text
    assert 'type="date" name="start" value="2020-01-02"' in found.text
    file = admin.get(address("courses/"), {"start": "2020-01-02", "download": "csv"})
    assert b"C1" in b"".join(file.streaming_content)
    changed = {until: rows(admin.get(address("reports/"), {"updated_at__lte": until}))
               for until in ("2020-01-01T12:59", "2020-01-01T13:00", "2020-01-01T00:00:00+00:00")}  # fmt: skip
    assert changed == {until: ["Ann Home"] * ("12:59" not in until) for until in changed}
    linked = admin.get(address("reports/"), {"updated_at__lte": "2020-01-01T00:00:00+00:00"})
    assert 'name="updated_at__lte" value="2020-01-01T13:00"' in linked.text
    assert admin.get(address("reports/"), {"updated_at__lte": "soon"}).status_code == 400
    assert rows(admin.get(address("courses/"), {"start": "soon"})) == []


def test_order_goes_up_and_down(world, admin, address):
    page = admin.get(address("learners/"), {"ordering": "-uid", "search": "home"})
    assert rows(page) == ["Eve Home", "Bob Home", "Ann Home"]
    headings = {heading.label: heading for heading in page.context["table"].headings}
    assert headings["Institution's id"].sorted == "descending"
    assert headings["Institution's id"].address == "?search=home&ordering=uid"
    assert headings["Name"].sorted == "none"
    assert headings["Informed consent"].address == ""
    again = admin.get(address("learners/") + headings["Institution's id"].address)
    assert rows(again) == ["Ann Home", "Bob Home", "Eve Home"]
    assert rows(admin.get(address("learners/"), {"ordering": "nonsense"})) == rows(admin.get(address("learners/")))


def test_pages_show_every_row_once(world, admin, address):
    fill(world, 30)
    first = admin.get(address("learners/"), {"limit": "10", "ordering": "uid"})
    found, seen = first, []
    while True:
        seen += rows(found)
        if not found.context["table"].next:
            break
        found = admin.get(address("learners/") + found.context["table"].next)
    assert len(seen) == 33
    assert found.context["table"].current_page == 4
    whole = admin.get(address("learners/"), {"limit": "100", "ordering": "uid"})
    assert rows(whole) == seen
    assert "1–10 of 33" in first.text
    assert "31–33 of 33" in found.text
    back = admin.get(address("learners/") + found.context["table"].previous)
    assert rows(back) == seen[20:30]
    numbers = [number for number, _ in first.context["table"].pages]
    assert numbers == [1, 2, 3, 4]


def test_gaps_between_page_numbers(world, admin, address):
    fill(world, 120)
    table = admin.get(address("learners/"), {"limit": "10", "offset": "60"}).context["table"]
    assert [number for number, _ in table.pages] == [1, 0, 5, 6, 7, 8, 9, 0, 13]


@pytest.mark.parametrize("asked", ["offset=x", "offset=-5", "limit=0", "limit=7", "limit=100000", "offset=" + "9" * 40])
def test_nonsense_in_the_address_falls_back(asked, world, admin, address):
    answer = admin.get(f"{address('learners/')}?{asked}")
    assert answer.status_code == 200
    assert len(rows(answer)) == 3
    assert answer.context["table"].query.limit == 25


def test_page_behind_the_last_row(world, admin, address):
    answer = admin.get(address("learners/"), {"offset": "500"})
    assert answer.status_code == 200
    assert "behind the last row" in answer.text


@pytest.mark.parametrize(
    ("page", "query", "beside", "text"),
    [
        ("people/", {"roles": "ROOT"}, "w-roles", "ROOT is not one of the available choices"),
        ("learners/", {"search": "a" * 201}, "q-wrong", "At most 200 characters."),
        ("learners/", {"search": " ".join(f"w{n}" for n in range(21))}, "q-wrong", "At most 20 words."),
        ("learners/", {"uid": "a\x00b"}, "w-uid", "Null characters are not allowed."),
    ],
)
def test_errors_stand_beside_their_field(page, query, beside, text, world, admin, address):
    answer = admin.get(address(page), query)
    assert answer.status_code == 400
    said = re.search(rf'<p class="error" id="{beside}">([^<]*)</p>', answer.text)
    assert text in said[1]
    assert f'aria-describedby="{beside}"' in answer.text
    assert rows(answer) == []
    assert_clean(answer)


def test_search_with_a_null_character_is_told_beside_it(world, admin, address):
    for page in ("courses/", "learners/", f"courses/{world.home.course.pk}/"):
        answer = admin.get(address(page), {"search": "a\0b"})
        assert answer.status_code == 400, page
        assert "Null characters are not allowed." in answer.text


def test_column_boxes_never_fail(world, admin, address):
    for name in ("id", "start", "end"):
        answer = admin.get(address("courses/"), {name: "no such thing"})
        assert (answer.status_code, rows(answer)) == (200, [])


def test_what_is_asked_stays_in_the_form(world, admin, address):
    answer = admin.get(address("people/"), {"search": 'a"b', "roles": "LEARNER", "limit": "50", "ordering": "-uid"})
    assert 'name="search" value="a&quot;b"' in answer.text
    assert '<option value="LEARNER" selected>' in answer.text
    assert '<option value="50" selected>' in answer.text
    assert '<option value="-uid" selected>' in answer.text
    assert '<details class="more" open>' in answer.text


def test_parameters_that_the_page_does_not_offer_do_nothing(world, admin, address):
    """Neither another format of the API, nor a filter that the page has no box for."""
    for query in ({"format": "api"}, {"format": "json"}, {"username": "home-ann"}):
        answer = admin.get(address("instructors/"), query)
        assert answer.status_code == 200
        assert rows(answer) == ["Teacher Home", "Visitor Home"]


def test_send_administrator_sees_only_the_own_row_of_people_and_is_told_so(world, signed_in, address):
    answer = signed_in("send").get(address("people/"))
    assert rows(answer) == ["Send Home"]
    assert "Your roles show you only some of these" in answer.text
    assert "Your roles show you only some" not in signed_in("admin").get(address("people/")).text


def test_legal_administrator_sees_no_course_but_the_own(world, signed_in, address):
    assert rows(signed_in("legal").get(address("courses/"))) == []
    world.home.teach("legal", world.home.course)
    assert rows(signed_in("legal").get(address("courses/"))) == ["C1"]
    assert signed_in("legal").get(address("courses/{course}/")).status_code == 200


def test_lists_hold_no_row_of_another_institution(world, admin, address):
    for page in PAGES:
        assert "Away" not in admin.get(address(f"{page}/"), {"limit": "100"}).text


@pytest.mark.parametrize("who", ["global", "admin", "legal", "data", "send"])
def test_number_of_queries_does_not_grow(who, world, signed_in, address):
    browser, pages = signed_in(who), [*(f"{page}/" for page in PAGES), *BELOW]
    paths = {page: f"{address(page)}?limit=25&search=e" for page in pages}
    fill(world, 1)
    CourseGroup.objects.create(institution=world.home.institution, name="e", parent=world.home.group)
    Request.objects.update(error_message="e")  # no list is empty: that would save a query
    few = {page: counted(browser, path) for page, path in paths.items()}
    fill_more(world)
    assert {page: counted(browser, path) for page, path in paths.items()} == few
    assert {page: count for page, count in few.items() if count > (12 if "{" in page else 9)} == {}


def counted(browser, path: str) -> int:
    assert browser.get(path).status_code in {200, 403, 404}
    with CaptureQueriesContext(connection) as captured:
        browser.get(path)
    return len(captured)


def fill_more(world) -> None:
    """Thirty of what each page lists, under other names than those of `fill`: more than a page shows."""
    people = User.objects.bulk_create(
        User(institution=world.home.institution, username=f"e{n}", uid=f"e{n}", first_name="Eve") for n in range(30)
    )
    learners = Learner.objects.bulk_create(Learner(user=row, institution=world.home.institution) for row in people)
    courses = world.home.course.learners.through
    courses._default_manager.bulk_create(
        courses(institution=world.home.institution, course=world.home.course, learner=row) for row in learners
    )
    InformedConsent.objects.bulk_create(
        InformedConsent(
            institution=world.home.institution, version=f"3.{n}.0", major=3, minor=n, patch=0,
            valid_from=PAST + timedelta(days=n),
        )
        for n in range(30)
    )  # fmt: skip
    for model, values in (
        (type(world.home.course), {"vle": world.home.vle, "vle_course_id": "e{n}", "code": "e{n}"}),
        (type(world.home.vle), {"name": "e{n}"}),
    ):
        model.objects.bulk_create(
            model(
                institution=world.home.institution,
                **{name: value.format(n=n) if isinstance(value, str) else value for name, value in values.items()},
            )
            for n in range(30)
        )
    more_below(world.home)


def test_groups_name_what_they_are_part_of(world, admin, address):
    home = world.home
    part = CourseGroup.objects.create(institution=home.institution, name="Statistics", parent=home.group)
    answer = admin.get(address("groups/"))
    assert [[str(value) for _, value in line.cells][:3] for line in answer.context["table"].lines] == [
        ["Faculty", "–", "–"], ["Statistics", "–", "Faculty"],
    ]  # fmt: skip
    assert rows(admin.get(address("groups/"), {"parent": "-1"})) == ["Faculty"]
    assert [row["name"] for row in admin.get(address("groups/{group}/")).context["children"]] == ["Statistics"]
    below = admin.get(address(f"groups/{part.pk}/"))
    assert f'<a href="{address("groups/{group}/")}">Faculty</a>' in below.text
    assert rows(below) == []


def test_courses_of_a_group_lead_to_the_course_where_it_may_be_seen(world, signed_in, address):
    for who, leads in (("global", True), ("admin", True), ("data", True), ("legal", False), ("send", False)):
        answer = signed_in(who).get(address("groups/{group}/"))
        assert rows(answer) == ["C1"]
        assert (f'href="{address("courses/{course}/")}"' in answer.text) == leads


def test_special_needs_name_what_they_take_away(world, signed_in, address):
    answer = signed_in("send").get(address("send/"))
    assert [[str(value) for _, value in line.cells][:4] for line in answer.context["table"].lines] == [
        ["low sight", "Big fonts", "–", "Keystroke dynamics"],
    ]  # fmt: skip


def test_instructors_of_a_course(world, admin, address):
    assert rows(admin.get(address("courses/{course}/instructors/"))) == ["Teacher Home"]
    fill(world, 12)
    page = admin.get(address("courses/{course}/")).text
    assert f'href="{address("courses/{course}/instructors/")}">All 13 instructors</a>' in page


def more_below(home) -> None:
    """What pages below a course, a group or a report list."""
    own = {"institution": home.institution}
    people = User.objects.filter(**own, username__startswith="e", learner__isnull=False).order_by("pk")
    Instructor.objects.bulk_create(Instructor(user=row, **own) for row in people)
    CourseInstructor.objects.bulk_create(
        CourseInstructor(**own, course=home.course, instructor_id=row.pk) for row in people
    )
    Report.objects.bulk_create(Report(**own, activity=home.activity, learner_id=row.pk) for row in people)
    ReportInstrument.objects.bulk_create(
        ReportInstrument(report=row, instrument_id=1) for row in Report.objects.filter(details=None, **own)
    )
    for model, values in (
        (Activity, {"vle": home.vle, "course": home.course, "vle_activity_type": "e"}),
        (SENDCategory, {"data": {"disabled_instruments": [1]}}),
        (CourseGroup, {"parent": home.group}),
    ):
        key = {Activity: "vle_activity_id", SENDCategory: "description", CourseGroup: "name"}[model]
        model.objects.bulk_create(model(**own, **values, **{key: f"e{n}"}) for n in range(30))
    GroupCourse.objects.bulk_create(
        GroupCourse(**own, group=home.group, course=row)
        for row in home.institution.courses.filter(code__startswith="e")
    )
    requests = Request.objects.bulk_create(
        Request(**own, activity=home.activity, learner=home.learners["ann"], error_message=f"e{n}") for n in range(30)
    )
    RequestResult.objects.bulk_create(RequestResult(request=row, instrument_id=1) for row in requests)


def test_hostile_texts_are_only_text(world, admin, signed_in, address):
    home = world.home
    for row, names in (
        (home.people["ann"], ("first_name", "last_name", "uid", "username")),
        (home.people["teacher"], ("first_name", "last_name")),
        (home.course, ("code", "description", "vle_course_id")),
        (home.vle, ("name", "client_id")),
        (home.institution, ("name", "acronym", "mail_domain")),
        (home.activity, ("name", "description", "vle_activity_type")),
        (home.group, ("name", "description")),
        (home.category, ("description",)),
    ):
        for name in names:
            setattr(row, name, HOSTILE)
        row.save()
    pages = ["", *(f"{page}/" for page in PAGES), "learners/{ann}/", *BELOW]
    data = signed_in("data")
    for page in pages:
        answer = (data if page == "erasures/" else admin).get(address(page), {"search": HOSTILE})
        assert answer.status_code == 200, page
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert_clean(answer)
    assert "&lt;script&gt;alert(1)" in admin.get(address("")).text


def test_every_page_is_clean(world, signed_in, address):
    fill(world, 3)
    for who in ("global", "admin", "legal", "data", "send", "member"):
        browser = signed_in(who)
        for page in ["", *(f"{page}/" for page in PAGES), "learners/{ann}/", *BELOW]:
            assert_clean(browser.get(address(page)))
    assert_clean(signed_in("global").get("/console/"))
