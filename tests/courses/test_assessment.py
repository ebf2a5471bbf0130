"""/vle/{}/assessment/: sessions that a VLE opens for its learners, goes on with and closes."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from courses.models import Activity, ActivityInstrument, AssessmentSession, Course, CourseLearner
from institutions.models import VLE, Instrument, Provider, User, VLEWarning
from institutions.services.vles import vle_warn
from learners.models import Enrolment, Learner
from signin.models import CallerSession, Launcher
from signin.services.launchers import launcher_create
from tests.courses.sittings import (
    ADDRESSES,
    NEW,
    SITE,
    begun,
    consented,
    enrolled,
    followed,
    overdue,
    url_of,
    vle_client,
)
from tests.nested import list_of
from tests.world import FUTURE, PAST

MOODLE = {
    "vle_course_id": "7", "vle_activity_type": "quiz", "vle_activity_id": "1", "vle_learner_uid": "bob",
    "max_ttl": 360, "redirect_reject_url": "https://moodle.example.org/mod/quiz/view.php?id=1",
    "reject_message": "You cannot go on.", "locale": "en", "session_id": None,
    "options": {"floating_menu_initial_pos": "top-left"},
}  # fmt: skip
# Queries beside the one that finds the caller: the most that a call may cost.
OPENED, CONTINUED, CLOSED, REFUSED = 9, 12, 12, 1


@pytest.fixture(autouse=True)
def nobody_was_warned():
    cache.clear()


@pytest.fixture
def home(world):
    """bob may be assessed in the quiz."""
    enrolled(consented(world.home, "bob"))
    return world.home


@pytest.fixture
def vle(home):
    return vle_client(home.vle)


@pytest.fixture
def post(vle, home):
    def send(status: int = 200, /, **body):
        answer = vle.post(url_of(home.vle), body)
        assert answer.status_code == status, answer.content
        return answer.json()

    return send


def session(post, **values) -> int:
    return post(**{**NEW, **values})["id"]


def stored(number: int) -> AssessmentSession:
    return AssessmentSession.objects.get(pk=number)


# Which VLE.


@pytest.mark.parametrize("number", ["0", "-1", "abc", "9999999999999999999", "٣"])
def test_what_is_no_id_is_404(vle, number):
    assert vle.post(f"/api/v2/vle/{number}/assessment/", NEW).status_code == 404


def test_people_may_read_every_answer(home, vle, post):
    number = session(post)
    post(session_id=number, close=True)
    consented(home, "ann")
    Learner.objects.filter(user=home.people["ann"]).update(consent_rejected=PAST)
    wanted = (
        (200, NEW),
        (400, {"session_id": number}),
        (400, {}),
        (404, {"session_id": 987654321}),
        (406, {**NEW, "vle_learner_uid": "ann"}),
    )
    for status, body in wanted:
        answer = vle.post(url_of(home.vle), body, HTTP_ACCEPT="text/html")
        assert (answer.status_code, answer["Content-Type"]) == (status, "text/html; charset=utf-8")


# A new session.


def test_a_session_is_opened_as_moodle_asks_for_it(home, vle):
    before = timezone.now()
    answer = vle.post(url_of(home.vle), MOODLE)
    assert answer.status_code == 200
    made = AssessmentSession.objects.get()
    body = answer.json()
    assert list(body) == [
        "id", "data", "started_at", "checked_at", "closed_at", "auto_closed", "activity", "learner", "warnings",
    ]  # fmt: skip
    assert list(body["data"]) == ["id", "session", "connector", "data"]
    assert (body["id"], body["activity"], body["learner"]) == (made.pk, home.activity.pk, home.people["bob"].pk)
    assert (body["checked_at"], body["closed_at"], body["auto_closed"]) == (None, None, None)
    assert body["warnings"] == {}
    assert (body["data"]["id"], body["data"]["session"]) == (made.pk, made.pk)
    assert body["data"]["connector"].startswith(f"{SITE}/session/")
    assert body["data"]["connector"].endswith("/connector.js")
    assert body["data"]["data"].endswith("/data.json")
    assert before <= made.started_at <= timezone.now()
    assert (made.institution, made.max_ttl, made.locale) == (home.institution, 360, "en")
    assert made.options == {
        "floating_menu_initial_pos": "top-left",
        "redirect_reject_url": "https://moodle.example.org/mod/quiz/view.php?id=1",
        "reject_message": "You cannot go on.",
    }


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_as_moodles_have_them(post, address):
    assert stored(session(post, redirect_reject_url=address)).options["redirect_reject_url"] == address


def test_what_is_left_out_or_null_has_defaults(post):
    names = ("max_ttl", "redirect_reject_url", "reject_message", "locale", "options", "close")
    for more in ({}, dict.fromkeys(names), {"redirect_reject_url": "", "reject_message": "", "locale": ""}):
        made = stored(session(post, **more))
        assert (made.max_ttl, made.locale) == (360, None)
        assert made.options == {"redirect_reject_url": None, "reject_message": None}
    assert stored(session(post, max_ttl="90", options={})).max_ttl == 90  # Moodle's settings are texts


def test_ids_are_compared_as_text(home, post):
    assert session(post, vle_activity_id=1) > 0
    assert post(404, **{**NEW, "vle_activity_id": "01"}) == "Activity not found"
    home.person("7")
    Learner.objects.create(user=home.people["7"], institution=home.institution)
    home.join(home.course, "7")
    consented(home, "7")
    enrolled(home.learners["7"])
    assert post(**{**NEW, "vle_learner_uid": 7})["learner"] == home.people["7"].pk


@pytest.mark.parametrize(
    "change", [{"vle_activity_id": "2"}, {"vle_activity_type": "assign"}, {"vle_activity_type": "QUIZ"}]
)
def test_unknown_activity_is_404_with_a_text(post, change):
    assert post(404, **{**NEW, **change}) == "Activity not found"


def test_activity_of_another_vle_is_not_found(world, home, post):
    second = VLE.objects.create(institution=home.institution, name="Second")
    course = Course.objects.create(institution=home.institution, vle=second, vle_course_id="c1", code="X")
    Activity.objects.create(
        institution=home.institution, vle=second, course=course, vle_activity_type="quiz", vle_activity_id="9"
    )
    assert post(404, **{**NEW, "vle_activity_id": "9"}) == "Activity not found"
    assert world.away.activity.vle_activity_id == NEW["vle_activity_id"]  # the row of the other institution
    assert session(post) > 0
    assert AssessmentSession.objects.get().activity == home.activity


@pytest.mark.parametrize("uid", ["nobody", "teacher", "admin", "B\u00f3b"])
def test_unknown_learner_is_404_with_a_text(post, uid):
    assert post(404, **{**NEW, "vle_learner_uid": uid}) == "Learner not found"


def test_learner_who_is_not_in_the_course_is_not_found_and_not_put_into_it(home, post):
    """An earlier implementation put the learner into the course by opening a session."""
    enrolled(consented(home, "eve"))
    before = set(CourseLearner.objects.values_list("course", "learner"))
    assert post(404, **{**NEW, "vle_learner_uid": "eve"}) == "Learner not found"
    assert set(CourseLearner.objects.values_list("course", "learner")) == before
    assert AssessmentSession.objects.count() == 0
    home.join(home.other_course, "eve")
    assert post(404, **{**NEW, "vle_learner_uid": "eve"}) == "Learner not found"


def test_learner_of_another_institution_is_not_found(world, home, post):
    away = world.away
    person = away.person("only-there")
    Learner.objects.create(user=person, institution=away.institution)
    away.join(away.course, "only-there")
    assert post(404, **{**NEW, "vle_learner_uid": "only-there"}) == "Learner not found"
    assert session(post) > 0
    assert AssessmentSession.objects.get().learner.institution == home.institution


def test_deactivated_learner_is_not_found(home, post):
    User.objects.filter(pk=home.people["bob"].pk).update(is_active=False)
    assert post(404, **NEW) == "Learner not found"


# 406: the learner is not ready.


def lacking(post, status: int, **more):
    body = post(406, **{**NEW, **more})
    assert list(body) == ["status", "message", "enrolments"]
    assert (body["status"], bool(body["message"])) == (status, True)
    assert AssessmentSession.objects.count() == CallerSession.objects.filter(kind="learner").count() == 0
    return body


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"consent": None, "consent_accepted": None}, 2),
        ({"consent_rejected": PAST}, 3),
    ],
    ids=str,
)
def test_consent_that_is_missing_or_rejected_is_406(home, post, values, status):
    Learner.objects.filter(user=home.people["bob"]).update(**values)
    lacking(post, status)


def test_consent_that_is_outdated_or_not_valid_yet_is_406_status_3(home, post):
    Learner.objects.filter(user=home.people["bob"]).update(consent=home.consent)  # 1.0.0, and 2.0.0 is current
    lacking(post, 3)
    type(home.consent).objects.filter(pk=home.consent.pk).update(valid_from=FUTURE)
    lacking(post, 3)


def test_consent_that_needs_an_update_or_is_managed_elsewhere_is_valid(home, post):
    newest = {"version": "2.0.1", "major": 2, "minor": 0, "patch": 1, "valid_from": PAST}
    type(home.consent).objects.create(institution=home.institution, **newest)
    assert session(post) > 0
    Learner.objects.filter(user=home.people["bob"]).update(consent=None, consent_accepted=None)
    type(home.institution).objects.filter(pk=home.institution.pk).update(external_ic=True)
    assert session(post) > 0


def test_missing_enrolment_is_406_and_says_what_is_missing(home, post):
    Enrolment.objects.all().update(can_analyse=False, percentage="0.4")
    assert lacking(post, 4)["enrolments"] == {
        "missing_enrolments": True,
        "instruments": {
            "2": {
                "instrument_id": 2,
                "percentage__min": 0.4,
                "percentage__max": 0.4,
                "can_analyse__min": False,
                "can_analyse__max": False,
                "pending": [],
                "not_validated": [],
                "pending_contributions": 0.0,
                "not_validated_count": 0,
            }
        },
        "activity_id": home.activity.pk,
        "learner_id": home.people["bob"].pk,
    }


def test_consent_comes_before_the_enrolment(home, post):
    Enrolment.objects.all().delete()
    Learner.objects.filter(user=home.people["bob"]).update(consent=None)
    assert lacking(post, 2)["enrolments"]["missing_enrolments"] is True


def test_enrolment_is_asked_of_enabled_activities_and_of_the_learners_own_instruments(home, post):
    Enrolment.objects.all().delete()
    lacking(post, 4)
    Activity.objects.filter(pk=home.activity.pk).update(enabled=False)
    assert session(post) > 0
    Activity.objects.filter(pk=home.activity.pk).update(enabled=True)
    consented(home, "ann")  # whose special needs take the keyboard away
    assert session(post, vle_learner_uid="ann") > 0


def test_nobody_is_kept_out_by_an_instrument_that_is_switched_off(home, post):
    Enrolment.objects.all().delete()
    face = Instrument.objects.get(acronym="fr")
    primary = home.activity.instruments.get()
    ActivityInstrument.objects.create(activity=home.activity, instrument=face, alternative_to=primary)
    Instrument.objects.filter(acronym="ks").update(enabled=False)
    lacking(post, 4)  # the alternative replaces it
    Instrument.objects.filter(acronym="fr").update(enabled=False)
    assert session(post) > 0


def test_moodles_unset_dates_do_not_end_an_activity(home, post):
    Activity.objects.filter(pk=home.activity.pk).update(start="1970-01-01T00:00:00Z", end="1970-01-01T00:00:00Z")
    assert session(post) > 0


# 400: wrong values.

WRONG = [
    ("vle_activity_type", ["", " ", [], {}, True, "x" * 251]),
    ("vle_activity_id", ["", [], {}, True, "x" * 251, "\u0000"]),
    ("vle_learner_uid", ["", [], {}, True, "x" * 256, "\u001b"]),
    ("session_id", ["x", "", "1.0", "1e3", "²", 1.5, True, [], {}, 2**80]),
    ("close", ["perhaps", [], {}, 7]),
]  # fmt: skip


@pytest.mark.any_database
@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG for value in values])
def test_wrong_values_are_400_under_their_name(post, name, value):
    assert list(post(400, **{**MOODLE, name: value})) == [name]
    assert AssessmentSession.objects.count() == 0


# Settings of the page and of the time never refuse an exam.

LONG_ADDRESS = f"https://x.org/{2040 * 'x'}"
SETTINGS = [
    *(("max_ttl", value, 360) for value in (0, -1, "", "long", False, True, [], {}, 0.5, "-5", "0x10")),
    *(("max_ttl", value, 1440) for value in (1441, 43_200, 100_000, "100000", 2**62, 1e300)),
    *(("locale", value, None) for value in ("x_", "e", "1", "../../x", "english language", [], {}, False, 7)),
    *(("locale", value, "ca") for value in ("ca_valencia", "ca@valencia", "ca_", "ca-\n", "ca_ES.UTF-8")),
    ("locale", "sr@latin", "sr"),
    *((name, list_of(300), used) for name, used in (("locale", None), ("max_ttl", 360))),
    *(
        ("redirect_reject_url", value, None)
        for value in ("javascript:alert(1)", "ftp://x.example.org", "x", "//x", [], {}, False, LONG_ADDRESS)
    ),
    *(("reject_message", value, None) for value in ([], {}, True, False, 7)),
    ("reject_message", "x" * 10_001, "x" * 10_000),
    *(
        ("floating_menu_initial_pos", value, "bottom-right")
        for value in ("", "top", "Top-Left", "x" * 5_000, False, True, 1, [], {})
    ),
    *(("options", value, {}) for value in ("x", False, 7, [1])),
]


@pytest.mark.any_database
@pytest.mark.parametrize(("name", "value", "used"), SETTINGS, ids=lambda value: repr(value)[:40])
def test_a_setting_that_cannot_be_used_is_replaced_with_a_warning(post, home, name, value, used):
    sent = {"options": {name: value}} if name.startswith("floating") else {name: value}
    made = post(**NEW, **sent)
    assert (list(made["warnings"]), len(made["warnings"][name])) == ([name], 1)
    row = stored(made["id"])
    kept = {"max_ttl": row.max_ttl, "locale": row.locale, "options": {}, **row.options}
    assert kept[name] == used
    assert followed(made["data"]["data"]).status_code == 200
    warning = VLEWarning.objects.get()
    assert (warning.vle, warning.setting, warning.text) == (home.vle, name, made["warnings"][name][0])


@pytest.mark.parametrize(
    "settings",
    [
        {"max_ttl": 1}, {"max_ttl": "1440"}, {"max_ttl": None}, {"locale": "pt-BR"}, {"locale": ""}, {"options": []},
        {"options": None}, {"options": {"floating_menu_initial_pos": None}}, {"reject_message": "a\x07\nb"},
        {"redirect_reject_url": " https://x.org/\t"},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_are_used_or_left_out_have_no_warning(post, settings):
    assert post(**NEW, **settings)["warnings"] == {}
    assert not VLEWarning.objects.exists()


def test_no_setting_stops_a_session_that_goes_on(post):
    number = session(post)
    nonsense = {"max_ttl": 0, "locale": "x_", "options": {"floating_menu_initial_pos": False}}
    assert set(post(session_id=number, **nonsense)["warnings"]) == {"max_ttl", "locale", "floating_menu_initial_pos"}
    assert post(session_id=number, close=True, max_ttl=0)["closed_at"] is not None


def test_a_whole_exam_writes_its_warning_once_a_minute(post, home):
    post(**NEW, max_ttl=0)
    VLEWarning.objects.update(updated_at=PAST)
    post(**NEW, max_ttl=100_000)
    assert VLEWarning.objects.get().updated_at == PAST
    cache.clear()
    post(**NEW, max_ttl=100_000)
    warning = VLEWarning.objects.get()
    assert warning.updated_at > PAST
    assert warning.text.startswith("100000: ")


@pytest.mark.parametrize("missing", NEW)
def test_a_new_session_needs_activity_and_learner(post, missing):
    for body in ({k: v for k, v in NEW.items() if k != missing}, {**NEW, missing: None}):
        assert post(400, **body) == {missing: ["This field is required."]}
    assert list(post(400)) == list(NEW)


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "{", "7", ""])
def test_a_body_that_is_no_object_is_400(home, vle, body):
    answer = vle.post(url_of(home.vle), body, content_type="application/json")
    assert answer.status_code == 400


def test_keys_that_nobody_asked_for_are_ignored(home, post):
    strange = {"vle_course_id": {"a": 1}, "learner": home.people["ann"].pk, "activity": 1, "id": 7, "auto_closed": True}
    made = stored(session(post, options={"floating_menu_initial_pos": "top-right", "other": [1]}, **strange))
    assert (made.learner_id, made.auto_closed) == (home.people["bob"].pk, None)
    assert "other" not in made.options


# Continuing a session.


@pytest.mark.parametrize("kind", [int, str])
def test_open_session_is_continued_under_its_id(post, kind):
    made = post(**NEW)
    again = post(session_id=kind(made["id"]))
    checked = again.pop("checked_at")
    assert again == {name: value for name, value in made.items() if name != "checked_at"}
    assert checked is not None
    assert post(**{**MOODLE, "session_id": kind(made["id"])})["id"] == made["id"]
    assert AssessmentSession.objects.count() == 1


def test_two_browsers_have_a_session_each(post):
    one, other = session(post), session(post)
    assert one != other
    assert {post(session_id=number)["closed_at"] for number in (one, other)} == {None}


@pytest.mark.parametrize("number", [987654321, "987654321", 0, "0", -1, 2**63, str(2**64), str(2**80)])
def test_unknown_session_is_404_with_an_object(post, number):
    """The plugin looks for keys in the answer, which fails in a mere text."""
    assert post(404, session_id=number) == {"detail": "Session not found"}
    assert post(404, session_id=number, close=True) == {"detail": "Session not found"}


def test_session_of_another_vle_is_as_unknown(world, home, post):
    enrolled(consented(world.away, "bob"))
    foreign = vle_client(world.away.vle).post(url_of(world.away.vle), NEW).json()["id"]
    second = VLE.objects.create(institution=home.institution, name="Second")
    mine = session(post)
    for close in (False, True):
        assert post(404, session_id=foreign, close=close) == {"detail": "Session not found"}
        answer = vle_client(second).post(url_of(second), {"session_id": mine, "close": close})
        assert (answer.status_code, answer.json()) == (404, {"detail": "Session not found"})
    assert {row.closed_at for row in AssessmentSession.objects.all()} == {None}


@pytest.mark.parametrize(
    "other", [{"vle_learner_uid": "ann"}, {"vle_activity_id": "2"}, {"vle_activity_type": "assign"}], ids=str
)
def test_session_of_somebody_or_something_else_is_400_so_that_a_new_one_is_asked_for(post, other):
    number = session(post)
    assert list(post(400, **{**NEW, **other, "session_id": number})) == ["session_id"]
    assert list(post(400, **{**NEW, **other, "session_id": number, "close": True})) == ["session_id"]
    assert stored(number).closed_at is None


def test_closed_session_is_400_and_moodle_asks_for_a_new_one(post):
    number = session(post)
    post(session_id=number, close=True)
    assert post(400, session_id=number) == ["Closed session"]
    assert post(400, session_id=str(number)) == ["Closed session"]
    assert session(post, session_id=None) != number


def test_session_past_its_time_counts_as_closed(post):
    number = session(post, max_ttl=30)
    begun(number, 29)
    assert post(session_id=number)["id"] == number
    begun(number, 30)
    assert post(400, session_id=number) == ["Closed session"]
    assert post(400, session_id=number, close=True) == ["Cannot close a closed session"]
    assert stored(number).closed_at is None  # close_sessions does it


def test_session_does_not_go_on_without_consent_enrolment_or_membership(home, post):
    number, bob = session(post), home.people["bob"].pk
    Enrolment.objects.all().update(can_analyse=False)
    assert post(406, session_id=number)["status"] == 4
    Learner.objects.filter(pk=bob).update(consent_rejected=timezone.now())
    assert post(406, session_id=number)["status"] == 3
    CourseLearner.objects.filter(learner=bob).delete()
    assert post(404, session_id=number) == "Learner not found"
    assert stored(number).checked_at is None
    assert post(session_id=number, close=True)["closed_at"] is not None  # it can always be closed


def test_assessment_session_survives_the_end_of_the_persons_sign_ins(home, post):
    made = post(**NEW)
    User.objects.filter(pk=home.people["bob"].pk).update(session_generation=5)
    assert followed(made["data"]["data"]).status_code == 404
    again = post(session_id=made["id"])
    assert followed(again["data"]["data"]).status_code == 200
    post(session_id=made["id"])
    assert CallerSession.objects.filter(assessment_session=made["id"]).count() == 2


# Closing.


def test_closing_says_when_and_by_whom(post):
    made = post(**NEW)
    before = timezone.now()
    closed = post(session_id=made["id"], close=True)
    assert list(closed) == list(made)
    assert (closed["id"], closed["auto_closed"]) == (made["id"], False)
    assert closed["data"] == {"id": made["id"], "session": made["id"], "connector": None, "data": None}
    assert before <= stored(made["id"]).closed_at <= timezone.now()
    assert post(400, session_id=made["id"], close=True) == ["Cannot close a closed session"]


def test_closing_needs_a_session(post):
    assert post(400, close=True) == {"session_id": ["This field is required."]}
    assert post(400, **NEW, close=True) == {"session_id": ["This field is required."]}
    assert post(400, **NEW, close=True, session_id=None) == {"session_id": ["This field is required."]}


def test_closing_closes_older_open_ones_of_the_pair_and_no_other(home, post):
    consented(home, "ann")
    Activity.objects.create(
        institution=home.institution, vle=home.vle, course=home.course, vle_activity_type="quiz", vle_activity_id="2"
    )
    closed, old, anns = session(post), session(post), session(post, vle_learner_uid="ann")
    post(session_id=closed, close=True)
    elsewhere, late, this, newer = session(post, vle_activity_id="2"), session(post), session(post), session(post)
    overdue(late)
    when = stored(closed).closed_at
    assert post(session_id=this, close=True)["auto_closed"] is False
    assert (stored(closed).closed_at, stored(closed).auto_closed) == (when, False)
    assert (stored(old).closed_at, stored(old).auto_closed) == (stored(this).closed_at, True)
    assert (stored(late).closed_at, stored(late).auto_closed) == (stored(late).started_at, True)
    for other in (anns, elsewhere, newer):
        assert stored(other).closed_at is None


def test_tokens_end_soon_after_closing_and_until_then_answers_say_closed(home, post, settings):
    old, number = session(post), session(post, max_ttl=1000)
    bob = home.people["bob"]
    launched, _ = launcher_create(vle=home.vle, person=bob, minutes=900, session=stored(number))
    used, _ = launcher_create(vle=home.vle, person=bob, minutes=900, session=stored(number))
    Launcher.objects.filter(pk=used.pk).update(used_at=timezone.now())
    other, _ = launcher_create(vle=home.vle, person=bob, minutes=900)
    newer = session(post)
    assert CallerSession.objects.get(assessment_session=number).expires_at == stored(number).ends_at
    settings.ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
    before = timezone.now()
    post(session_id=number, close=True)
    soon = timezone.now() + timedelta(minutes=15)
    ends = dict(CallerSession.objects.exclude(assessment_session=None).values_list("assessment_session", "expires_at"))
    assert before < ends[number] - timedelta(minutes=15) < soon
    assert ends[old] <= soon
    assert ends[newer] == stored(newer).ends_at
    assert Launcher.objects.get(pk=launched.pk).expires_at <= soon
    assert Launcher.objects.get(pk=other.pk).expires_at == other.expires_at
    assert Launcher.objects.get(pk=used.pk).expires_at == used.expires_at


def test_closing_lengthens_no_token(home, post):
    number = session(post, max_ttl=1)
    ends = CallerSession.objects.get(assessment_session=number).expires_at
    post(session_id=number, close=True)
    assert CallerSession.objects.get(assessment_session=number).expires_at == ends


# What it costs.


def queries(client, url: str, body) -> int:
    client.post(url, body)  # statements that are prepared once
    with CaptureQueriesContext(connection) as captured:
        client.post(url, body)
    first, *rest = [query["sql"] for query in captured]
    assert "signin_callersession" in first
    return len(rest)


@pytest.mark.parametrize("rows", [1, 30])
def test_number_of_queries_does_not_depend_on_the_number_of_rows(home, vle, post, rows):
    for number in range(rows):
        Provider.objects.create(
            name="Q", acronym=f"q{number}", version="1", queue=f"q{number}", enabled=True, instrument_id=2
        )
        session(post)
    for instrument in (1, 3, 5)[:rows]:
        ActivityInstrument.objects.create(activity=home.activity, instrument_id=instrument, active=False)
    url, latest = url_of(home.vle), session(post)
    assert queries(vle, url, NEW) <= OPENED
    assert queries(vle, url, {"session_id": latest}) <= CONTINUED
    assert queries(vle, url, {**NEW, "vle_activity_id": "none"}) <= REFUSED
    with CaptureQueriesContext(connection) as captured:
        vle.post(url, {"session_id": latest, "close": True})
    assert len(captured) - 1 <= CLOSED
    assert stored(latest).closed_at is not None


@pytest.mark.django_db(transaction=True)
def test_warnings_that_cannot_be_stored_refuse_nothing(caplog):
    vle_warn(vle_id=987654321, warnings={"locale": "of a VLE that is gone"})
    assert not VLEWarning.objects.exists()
    assert "warnings of VLE 987654321 are not stored" in caplog.text
