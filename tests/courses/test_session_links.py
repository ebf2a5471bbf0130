"""/session/<token>/: what a learner's browser reads of a session, by links that end with it."""

import logging
from types import SimpleNamespace

import orjson
import pytest
from django.core.cache import cache
from django.core.signing import b62_encode
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from courses.links import session_linked, session_path
from courses.models import Activity, ActivityInstrument, AssessmentSession, CourseLearner
from files.links import Links
from files.models import StoredFile
from institutions.models import Instrument, User
from kernel.caller import CallerKind
from learners.models import Enrolment, Learner, SENDCategory, SENDLearner
from signin import tokens
from signin.models import CallerSession, Launcher
from tests.contract.test_traps import stored
from tests.courses.sittings import (
    NEW,
    SITE,
    begun,
    consented,
    enrolled,
    followed,
    given,
    overdue,
    url_of,
    vle_client,
)
from tests.world import FUTURE, PAST

KEYS = [
    "mode", "learner", "session_id", "activity", "accessibility", "instruments", "sensors", "token", "enrolment",
    "logo_url", "api_url", "dashboard_url", "launcher", "base_url", "locale", "options",
]  # fmt: skip
READ = 22  # queries that the data costs at most


@pytest.fixture(autouse=True)
def nobody_has_reported():
    cache.clear()


@pytest.fixture
def home(world):
    """bob may be assessed in the quiz, with everything that needs an enrolment."""
    consented(world.home, "bob")
    for instrument in (1, 2, 3, 4):
        enrolled(world.home.learners["bob"], instrument)
    return world.home


@pytest.fixture
def open_(home):
    """open_(...): the answer to a new session of bob."""
    vle = vle_client(home.vle)

    def send(**values):
        answer = vle.post(url_of(home.vle), {**NEW, **values})
        assert answer.status_code == 200, answer.content
        return answer.json()

    return send


def close(home, number: int) -> None:
    answer = vle_client(home.vle).post(url_of(home.vle), {"session_id": number, "close": True})
    assert answer.status_code == 200


def data_of(made) -> dict:
    answer = followed(made["data"]["data"])
    assert answer.status_code == 200, answer.content
    return answer.json()


def dead(url: str) -> bool:
    answer = followed(url)
    if answer.status_code == 200:
        return False
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")
    assert answer.json() == {"detail": "Not found."}
    return True


def use(home, instrument: int, **values) -> ActivityInstrument:
    return ActivityInstrument.objects.create(activity=home.activity, instrument_id=instrument, **values)


# The data.


def test_the_web_plugin_finds_every_key_that_it_reads(home, open_):
    made = open_(locale="ca", options={"floating_menu_initial_pos": "top-left"})
    body, bob = data_of(made), home.learners["bob"]
    assert list(body) == KEYS
    assert (body["mode"], body["session_id"]) == ("verification", made["id"])
    assert body["learner"] == {
        "id": bob.pk,
        "learner_id": str(bob.learner_id),
        "first_name": "Bob",
        "last_name": "Home",
        "picture": None,
        "institution_id": home.institution.pk,
    }
    activity = body["activity"]
    assert (activity["id"], activity["name"], activity["enabled"]) == (home.activity.pk, "Quiz", True)
    assert (activity["vle_activity_type"], activity["vle_activity_id"]) == ("quiz", "1")
    assert activity["course"]["id"] == home.course.pk
    assert (activity["course"]["code"], activity["course"]["vle_course_id"]) == ("C1", "c1")
    assert (body["instruments"], body["sensors"]) == ([2], {"keyboard": [2]})
    assert body["accessibility"] == {"big_fonts": False, "high_contrast": False, "text_to_speech": False}
    assert body["enrolment"]["missing_enrolments"] is False
    assert body["enrolment"]["instruments"]["2"]["can_analyse__max"] is True
    assert body["locale"] == "ca"
    assert body["options"] == {"floating_menu_initial_pos": "top-left"}


def test_addresses_are_the_services_own_until_settings_say_others(open_, settings):
    made = open_()
    body = data_of(made)
    assert (body["api_url"], body["dashboard_url"]) == (SITE, SITE)
    assert (body["base_url"], body["logo_url"]) == (f"{SITE}/static/web-plugin/", f"{SITE}/static/tesla/mark.svg")
    settings.DASHBOARD_URL = "https://dashboard.example.org/x"
    settings.WEB_PLUGIN_URL, settings.LOGO_URL = "https://cdn.example.org/plugin/", "https://cdn.example.org/logo.png"
    body = data_of(made)
    assert body["api_url"] == SITE
    assert body["dashboard_url"] == "https://dashboard.example.org/x"
    assert (body["base_url"], body["logo_url"]) == (
        "https://cdn.example.org/plugin/",
        "https://cdn.example.org/logo.png",
    )


def test_links_and_addresses_are_public_ones(open_, settings):
    settings.PUBLIC_URL = "https://trust.example.org/tesla"
    made = open_()
    assert made["data"]["connector"].startswith("https://trust.example.org/tesla/session/")
    path = made["data"]["data"].removeprefix("https://trust.example.org/tesla")
    body = followed(path).json()
    assert body["api_url"] == "https://trust.example.org/tesla"
    assert body["base_url"] == "https://trust.example.org/tesla/static/web-plugin/"


@pytest.mark.parametrize("place", ["/static/plugin", "/static/plugin/", "https://cdn.example.org/x", "https://cdn.org"])
def test_the_plugins_folder_ends_in_one_slash(open_, settings, place):
    """The plugin appends assets/i18n/en.json to it, without a slash of its own."""
    settings.WEB_PLUGIN_URL = place
    folder = data_of(open_())["base_url"]
    assert (folder.endswith(f"{place.rstrip('/')}/"), folder.endswith("//")) == (True, False)


def test_locale_and_menu_have_defaults(home, open_):
    made = open_()
    assert data_of(made)["locale"] == "en"
    assert data_of(made)["options"] == {"floating_menu_initial_pos": "bottom-right"}
    assert data_of(open_(options={"floating_menu_initial_pos": None}))["options"] == {
        "floating_menu_initial_pos": "bottom-right"
    }
    User.objects.filter(pk=home.people["bob"].pk).update(locale="es")
    assert data_of(made)["locale"] == "es"


# What the session says of special needs and of options.


@pytest.mark.parametrize("name", ["big_fonts", "high_contrast", "text_to_speech"])
def test_special_needs_reach_the_session_at_the_moment_of_reading(home, open_, name):
    """An earlier implementation left them out, and failed where an instrument's options were null."""
    made = open_()
    category = SENDCategory.objects.create(
        institution=home.institution, description="x", data={"enabled_options": [name], "disabled_instruments": []}
    )
    assignment = SENDLearner.objects.create(
        institution=home.institution, learner=home.learners["bob"], category=category
    )
    assert [key for key, value in data_of(made)["accessibility"].items() if value] == [name]
    SENDLearner.objects.filter(pk=assignment.pk).update(expires_at=PAST)
    assert set(data_of(made)["accessibility"].values()) == {False}


@pytest.mark.parametrize(
    ("options", "sensors"),
    [
        (None, {"camera": [1], "microphone": [3], "keyboard": [2]}),
        ({}, {"camera": [1], "microphone": [3], "keyboard": [2]}),
        ({"offline": True}, {"camera": [1], "microphone": [3], "keyboard": [2], "activity": [1, 3]}),
        ({"online": False}, {"keyboard": [2]}),
        ({"online": False, "offline": True}, {"keyboard": [2], "activity": [1, 3]}),
    ],
    ids=str,
)
def test_options_of_the_schema_hold_where_none_are_stored(home, open_, options, sensors):
    made = open_()
    use(home, 1, options=options)
    use(home, 3, options=options)
    body = data_of(made)
    assert body["sensors"] == sensors
    assert body["instruments"] == [2, 1, 3]


def test_documents_are_the_sensor_activity(home, open_):
    made = open_()
    use(home, 4)
    use(home, 5)
    assert data_of(made)["sensors"] == {"keyboard": [2], "activity": [4, 5]}


def test_only_instruments_that_apply_to_the_learner(home, open_):
    made = open_()
    use(home, 5, active=False)
    stand_in = use(home, 1, alternative_to=home.activity_instrument)
    use(home, 3, alternative_to=home.activity_instrument, active=False)
    assert data_of(made)["instruments"] == [2]
    category = SENDCategory.objects.create(
        institution=home.institution, description="x", data={"enabled_options": [], "disabled_instruments": [2]}
    )
    SENDLearner.objects.create(institution=home.institution, learner=home.learners["bob"], category=category)
    body = data_of(made)
    assert (body["instruments"], body["sensors"]) == ([1], {"camera": [1]})
    Instrument.objects.filter(pk=stand_in.instrument_id).update(enabled=False)
    body = data_of(made)
    assert (body["instruments"], body["sensors"]) == ([], {})


def test_an_instrument_without_a_schema_captures_only_what_its_options_switch_on(home, open_):
    made, face = open_(), use(home, 1)
    Instrument.objects.filter(pk=1).update(options_schema=None)
    assert data_of(made)["sensors"] == {"keyboard": [2]}
    ActivityInstrument.objects.filter(pk=face.pk).update(options={"online": True})
    assert data_of(made)["sensors"] == {"keyboard": [2], "camera": [1]}


# Its tokens.


def test_tokens_are_the_learners_for_this_session(home, open_):
    made = open_(max_ttl=30)
    pair = data_of(made)["token"]
    assert list(pair) == ["access_token", "refresh_token"]
    access, refresh = tokens.AccessToken.read(pair["access_token"]), tokens.RefreshToken.read(pair["refresh_token"])
    session = CallerSession.objects.get(pk=access["sid"])
    assert refresh["sid"] == session.pk
    assert (session.kind, session.user_id) == ("learner", home.people["bob"].pk)
    assert session.assessment_session_id == made["id"]
    ends = AssessmentSession.objects.get(pk=made["id"]).ends_at
    assert (session.expires_at, refresh["exp"]) == (ends, int(ends.timestamp()))
    assert access["exp"] - access["iat"] <= 15 * 60


def test_each_reading_brings_tokens_of_the_one_session_and_a_new_launcher(open_):
    made = open_()
    one, other = data_of(made), data_of(made)
    sid = [tokens.AccessToken.read(body["token"]["access_token"])["sid"] for body in (one, other)]
    assert sid[0] == sid[1]
    assert one["launcher"]["id"] != other["launcher"]["id"]


def test_the_launcher_enters_a_dashboard_once_as_the_learner(home, open_):
    launcher = data_of(open_(max_ttl=30))["launcher"]
    assert list(launcher) == ["id", "token"]
    row = Launcher.objects.get(pk=launcher["id"])
    assert (row.user, row.vle, row.credential, row.target) == (home.people["bob"], home.vle, None, 0)
    assert 0 < (row.expires_at - row.created_at).total_seconds() <= 30 * 60
    answer = Client().post("/api/v2/auth/token", launcher, content_type="application/json")
    assert answer.status_code == 200
    header = {"HTTP_AUTHORIZATION": f"JWT {answer.json()['access_token']}"}
    assert Client().get("/api/v2/auth/profile", **header).json()["id"] == home.people["bob"].pk
    again = Client().post("/api/v2/auth/token", launcher, content_type="application/json")
    assert again.status_code == 401


def test_neither_tokens_nor_links_are_stored(home, open_):
    made = open_()
    body = data_of(made)
    texts = stored()
    for secret in (*body["token"].values(), body["launcher"]["token"], made["data"]["data"].split("/")[-2]):
        assert secret not in texts
    assert StoredFile.objects.count() == 0


# Who may read it.


def test_link_needs_no_header_and_answers_other_origins_without_credentials(open_):
    made = open_()
    for name in ("data", "connector"):
        answer = followed(made["data"][name], HTTP_ORIGIN="https://moodle.example.org")
        assert answer.status_code == 200
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer
        assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("no-store", "nosniff")
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer.cookies == {}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "head"])
def test_a_link_is_only_read(open_, method):
    made, client = open_(), Client(enforce_csrf_checks=True)
    for name in ("data", "connector"):
        assert getattr(client, method)(made["data"][name].removeprefix(SITE)).status_code == 405
    assert Launcher.objects.count() == 0


def test_options_are_answered_to_other_origins(open_):
    answer = Client().options(open_()["data"]["data"].removeprefix(SITE))
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, "*")


def test_changed_link_is_dead(home, open_):
    made, other = open_(), open_()
    for name in ("data", "connector"):
        url = made["data"][name]
        *_, token, _ = url.split("/")
        named, _, signature = token.rpartition(".")
        number, started = named.split("-")
        strange = other["data"][name].split("/")[-2].rpartition(".")[2]
        for changed in (
            f"{b62_encode(other['id'])}-{started}.{signature}",
            f"{number}-{started}1.{signature}",
            f"{number}.{signature}",
            f"{named}.{strange}",
            f"{named}.{signature[:-1]}",
            f"{named}.",
            named,
            signature,
            ".",
            "é.é",
            tokens.pair(CallerSession.objects.filter(kind="learner").first())["access_token"],
        ):
            assert dead(url.replace(token, changed)), changed
        assert not dead(url)


def test_a_link_to_a_file_is_no_link_to_a_session_and_the_other_way_round(home, open_):
    made, caller = open_(), SimpleNamespace(kind=CallerKind.PERSON, id=1, sent_by=None)
    file = Links(base="/", caller=caller, seconds=300)(made["id"], "data.json")
    assert dead(f"/session{file}")
    assert followed(made["data"]["data"].replace("/session/", "/files/")).status_code == 404


def test_links_are_good_while_their_key_is_on_the_ring(open_, settings):
    made = open_()
    settings.TOKEN_KEYS = {"newest": "z" * 40, **settings.TOKEN_KEYS}
    assert not dead(made["data"]["connector"])
    settings.TOKEN_KEYS = {"newest": "z" * 40}
    assert dead(made["data"]["connector"])


def test_link_of_a_session_that_is_closed_past_its_time_or_gone_is_dead(home, open_):
    for end in (
        lambda number: close(home, number),
        overdue,
        lambda number: AssessmentSession.objects.filter(pk=number).delete(),
        lambda number: begun(number, 7),  # another row with the same number
    ):
        made = open_()
        assert not dead(made["data"]["data"])
        end(made["id"])
        assert dead(made["data"]["data"])
        assert dead(made["data"]["connector"])


@pytest.mark.parametrize(
    "end",
    [
        lambda bob: CallerSession.objects.filter(user=bob).update(ended_at=timezone.now()),
        lambda bob: User.objects.filter(pk=bob).update(session_generation=9),
        lambda bob: User.objects.filter(pk=bob).update(is_active=False),
        lambda bob: Learner.objects.filter(pk=bob).update(consent_rejected=timezone.now()),
        lambda bob: CourseLearner.objects.filter(learner=bob).delete(),
    ],
    ids=["ended", "generation", "deactivated", "rejected", "left"],
)
def test_link_ends_with_every_row_that_the_session_needs(home, open_, end):
    made = open_()
    assert not dead(made["data"]["data"])
    before = Launcher.objects.count()
    end(home.people["bob"].pk)
    assert dead(made["data"]["data"])
    assert Launcher.objects.count() == before


def test_a_missing_enrolment_is_reported_and_ends_no_session(home, open_):
    made = open_()
    Enrolment.objects.all().delete()
    assert data_of(made)["enrolment"]["missing_enrolments"] is True


def test_the_sessions_own_tokens_count_and_no_launchers(home, open_):
    """A launcher of the VLE opens sessions for the same assessment session: they are others."""
    made = open_()
    row = AssessmentSession.objects.get(pk=made["id"])
    own = CallerSession.objects.get(assessment_session=row)
    launcher = Launcher.objects.get(pk=data_of(made)["launcher"]["id"])
    Launcher.objects.update(used_at=timezone.now())
    other = CallerSession.objects.create(
        kind="learner", user=own.user, assessment_session=row, launcher=launcher, expires_at=FUTURE
    )
    sid = tokens.AccessToken.read(data_of(made)["token"]["access_token"])["sid"]
    assert (sid, other.pk > own.pk) == (own.pk, True)


def test_addresses_of_links_are_not_logged(home, open_, caplog):
    made = open_()
    url = made["data"]["data"]
    with caplog.at_level(logging.WARNING):
        assert dead(f"{url}x")
        assert Client().post(url.removeprefix(SITE)).status_code == 405
        overdue(made["id"])
        assert dead(url)
    assert [record.getMessage() for record in caplog.records if url.split("/")[-2] in record.getMessage()] == []


# The connector.


def test_connector_is_a_script_for_this_session(open_, settings):
    settings.WEB_PLUGIN_URL = "https://cdn.example.org/plugin/"
    made = open_()
    answer = followed(made["data"]["connector"])
    assert answer["Content-Type"] == "application/javascript; charset=utf-8"
    script = answer.content.decode()
    assert given(script) == {
        "data": made["data"]["data"],
        **{
            kind: {"url": f"https://cdn.example.org/plugin/{name}", "failed": failed_link(made, kind)}
            for kind, name in (
                ("script", "web-plugin.js"),
                ("style", "styles.css"),
                ("translation", "assets/i18n/en.json"),
                ("other", ""),
            )
        },
    }
    for word in ('"tesla-web-plugin"', '"data-url"'):
        assert word in script
    settings.WEB_PLUGIN_SCRIPT, settings.WEB_PLUGIN_STYLE = "tesla-web-plugin.js", "css/tesla-web-plugin.css"
    passed = given(followed(made["data"]["connector"]).content.decode())
    assert passed["script"]["url"] == "https://cdn.example.org/plugin/tesla-web-plugin.js"
    assert passed["style"]["url"] == "https://cdn.example.org/plugin/css/tesla-web-plugin.css"


def failed_link(made, kind: str) -> str:
    return made["data"]["data"].replace("data.json", f"{kind}-failed")


def report(made, kind: str = "script", **how):
    return Client().post(failed_link(made, kind).removeprefix(SITE), **how)


def test_a_file_that_does_not_load_is_logged_and_warned_of_once_a_minute(home, open_, caplog):
    made, other = open_(), open_()
    for kind in ("script", "style", "script"):
        for page in (made, other):
            answer = report(page, kind, data="x" * 100, content_type="text/plain;charset=UTF-8")
            assert (answer.status_code, answer.content) == (204, b"")
    lines = [record.getMessage() for record in caplog.records if "web plugin" in record.getMessage()]
    assert lines == [
        f"web plugin: VLE {home.vle.pk}, session {made['id']}: /static/web-plugin/{name} did not load in an exam page. "
        "Try manage.py check_web_plugin."
        for name in ("web-plugin.js", "styles.css")
    ]
    assert {row.setting for row in home.vle.warnings.all()} == {"web-plugin-script", "web-plugin-style"}


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ("assets/models/face.json", "assets/models/face.json"),
        ("a\nWARNING b", "(a file below)"),
        ("<b>", "(a file below)"),
        ("a" * 101, "(a file below)"),
        (b"\xff", "(a file below)"),
        ("", "(a file below)"),
    ],
)
def test_any_other_file_is_named_if_its_name_is_plain(home, open_, caplog, sent, written):
    assert report(open_(), "other", data=sent, content_type="text/plain;charset=UTF-8").status_code == 204
    assert f": /static/web-plugin/{written} did not load in an exam page. Try" in caplog.text
    (warning,) = home.vle.warnings.all()
    assert (warning.setting, warning.text) == (
        "web-plugin-other", f"/static/web-plugin/{written} did not load in an exam page.",
    )  # fmt: skip


def test_only_an_open_session_reports_and_nothing_but_its_files(home, open_, caplog):
    made = open_()
    token = made["data"]["data"].split("/")[-2]
    assert Client().get(f"/session/{token}/script-failed").status_code == 405
    assert Client().post(f"/session/{token}/data.json").status_code == 405
    assert Client().post(f"/session/{token}x/script-failed").status_code == 404
    for word in ("failed", "image-failed", "x"):
        assert Client().post(f"/session/{token}/{word}").status_code == 405
    close(home, made["id"])
    assert report(made).status_code == 404
    assert "did not load" not in caplog.text
    assert token not in caplog.text


def test_connector_has_no_token_and_asks_for_none(open_):
    made = open_()
    script = followed(made["data"]["connector"]).content.decode()
    assert "eyJ" not in script
    assert Launcher.objects.count() == 0


def test_connector_ends_no_page_that_it_stands_in(open_, settings):
    nasty = "https://cdn.example.org/</script><script>alert(1)</script><!--&\"'\u2028\u2029"
    settings.WEB_PLUGIN_URL = nasty
    script = followed(open_()["data"]["connector"]).content.decode()
    assert given(script)["script"]["url"].startswith("https://cdn.example.org/")
    passed = script[script.rindex("}(") + 1 if "}(" in script else script.rindex(")({") :]
    assert not set("<>&\u2028\u2029") & set(passed)


# What it costs.


def test_reading_costs_a_constant_number_of_queries(home, open_):
    for instrument in (1, 3, 5):
        use(home, instrument)
    made = open_()
    data_of(made)  # statements that are prepared once
    with CaptureQueriesContext(connection) as captured:
        data_of(made)
    assert len(captured) <= READ
    with CaptureQueriesContext(connection) as captured:
        followed(made["data"]["connector"])
    assert len(captured) == 1


def test_token_names_a_session_only_with_its_start(home, open_):
    made = open_()
    row = AssessmentSession.objects.get(pk=made["id"])
    token = session_path(row, "data.json").split("/")[2]
    assert session_linked(token) == row
    begun(row.pk, 1)
    assert session_linked(token) is None


def test_activity_tells_whether_it_is_enabled(home, open_):
    made = open_()
    Activity.objects.filter(pk=home.activity.pk).update(enabled=False, start=PAST)
    activity = data_of(made)["activity"]
    assert (activity["enabled"], activity["start"]) == (False, "2020-01-01T00:00:00Z")
    assert orjson.loads(followed(made["data"]["data"]).content)["enrolment"]["instruments"] == {}
