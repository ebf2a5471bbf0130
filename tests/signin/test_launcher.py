"""Launchers: POST /api/v2/auth/token, who may come through one, and what a launched person may do."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from courses.models import AssessmentSession
from institutions.models import Credential, Institution, OIDCConnection, User
from institutions.services.credentials import credential_issue, credentials_end
from institutions.services.vles import vle_credentials_rotate, vle_delete
from kernel.caller import CallerKind, Role
from kernel.domain import Invalid, Unknown
from signin import tokens
from signin.callers import caller_named, caller_of
from signin.models import CallerSession, Launcher, SignInCounter, Target
from signin.services.launchers import launcher_create, launcher_redeem
from signin.services.sessions import learner_session_open, sessions_forgotten
from tests.conftest import client_of
from tests.contract.test_traps import stored
from tests.signin.test_tokens import payload_of
from tests.world import FUTURE, PASSWORD, PAST

TOKEN, REFRESH, PROFILE = (f"/api/v2/auth/{name}" for name in ("token", "token/refresh", "profile"))
NEW = "another-Horse-7-battery"


@pytest.fixture
def launched(world):
    """launched("ann"): a launcher of one of the world's people, as (id, token)."""

    def made(name="ann", **values):
        launcher, token = launcher_create(vle=world.home.vle, person=world.people[name], **values)
        return launcher.pk, token

    return made


@pytest.fixture
def sitting(world):
    return AssessmentSession.objects.create(
        institution=world.home.institution, activity=world.home.activity, learner=world.home.learners["ann"]
    )


def exchange(ticket, **extra):
    return APIClient().post(TOKEN, {"id": ticket[0], "token": ticket[1]}, **extra)


def client_with(pair) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"JWT {pair['access_token']}")
    return client


def caller_with(pair):
    claims = payload_of(pair["access_token"])
    return caller_of(claims["sid"], claims["kind"])


def trust(world):
    Institution.objects.filter(pk=world.home.institution.pk).update(launcher_admin=True)


# The exchange.


def test_a_launcher_opens_one_session_and_the_answer_is_the_bare_pair(launched, world):
    ticket = launched()
    answer = exchange(ticket)
    assert answer.status_code == 200
    assert list(answer.json()) == ["access_token", "refresh_token"]
    assert client_with(answer.json()).get(PROFILE).json()["id"] == world.people["ann"].pk
    again = exchange(ticket)
    assert (again.status_code, again["WWW-Authenticate"]) == (401, "JWT")
    assert again.json() == {"detail": "Invalid credentials"}
    assert CallerSession.objects.count() == 1


@pytest.mark.parametrize("as_written", [int, str, "{:05}".format])
def test_the_id_is_a_number_or_digits(launched, as_written):
    number, token = launched()
    assert exchange((as_written(number), token)).status_code == 200


def test_the_token_is_a_uuid_in_letters_of_either_case(launched):
    number, token = launched()
    assert len(token) == 36
    assert exchange((number, token.upper())).status_code == 200


@pytest.mark.parametrize("extra", [{}, {"HTTP_AUTHORIZATION": "JWT old.old.old"}])
def test_forms_will_do_and_an_old_token_in_the_header_does_not_disturb(launched, extra):
    number, token = launched()
    assert APIClient().post(TOKEN, {"id": number, "token": token}, format="multipart", **extra).status_code == 200
    number, token = launched()
    assert APIClient().post(TOKEN + "/", {"id": number, "token": token}, **extra).status_code == 200


def test_whatever_is_wrong_is_401(launched):
    """An earlier implementation answered a token that is no UUID with 500."""
    number, token = launched()
    other, others_token = launched("bob")
    bodies = [
        {}, [], [1], "x", None, 5, {"id": number}, {"token": token}, {"id": number, "token": None},
        {"id": number, "token": ""}, {"id": number, "token": "no-uuid"}, {"id": number, "token": 5},
        {"id": number, "token": [token]}, {"id": number, "token": {"token": token}}, {"id": number, "token": True},
        {"id": number, "token": others_token}, {"id": other, "token": token}, {"id": number + 1000, "token": token},
        {"id": None, "token": token}, {"id": "x", "token": token}, {"id": "", "token": token},
        {"id": 0, "token": token}, {"id": -number, "token": token}, {"id": 2**63, "token": token},
        {"id": "9" * 40, "token": token},
        {"id": float(number) + 0.5, "token": token}, {"id": True, "token": token}, {"id": [number], "token": token},
        {"id": {"id": number}, "token": token}, {"id": f"{number} ", "token": token}, {"id": "٣", "token": token},
        {"id": number, "token": token + " "}, {"id": number, "token": f"{{{token}}}"}, {"id": number, "token": "é\x00"},
        {"launcher_id": number, "token": token},
    ]  # fmt: skip
    for body in bodies:
        answer = APIClient().post(TOKEN, body)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "JWT"), body
    surrogate = f'{{"id": {number}, "token": "\\ud800"}}'
    for text in (surrogate, "", "{", '{"id": 1', "\xff", "[" * 2000):
        assert APIClient().post(TOKEN, text, content_type="application/json").status_code == 401, text[:9]
    assert not CallerSession.objects.exists()
    assert exchange((number, token)).status_code == 200  # none of these has used it up


def test_other_methods_are_405_and_other_media_types_415(db):
    assert APIClient().get(TOKEN).status_code == 405
    assert APIClient().delete(TOKEN).status_code == 405
    assert APIClient().post(TOKEN, "<x/>", content_type="text/xml").status_code == 415


def test_a_launcher_expires_after_its_ttl(launched):
    """An earlier implementation stored when a launcher expires and never looked at it."""
    usual, short = launched(), launched(minutes=5)
    for (number, _), minutes in ((usual, 120), (short, 5)):
        launcher = Launcher.objects.get(pk=number)
        assert abs(launcher.expires_at - launcher.created_at - timedelta(minutes=minutes)) < timedelta(seconds=5)
    Launcher.objects.filter(pk=short[0]).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert (exchange(short).status_code, exchange(usual).status_code) == (401, 200)


def test_only_a_hash_of_the_token_is_stored_and_no_token_pair(launched):
    """An earlier implementation stored the tokens of a launcher in clear."""
    ticket = launched()
    assert ticket[1] not in stored()
    pair = exchange(ticket).json()
    text = stored()
    assert not [secret for secret in (ticket[1], pair["access_token"], pair["refresh_token"]) if secret in text]


def test_the_session_lives_as_long_as_the_launcher_and_a_day_at_most(launched):
    for minutes, seconds in ((5, 300), (120, 7200), (30 * 24 * 60, 24 * 3600)):
        pair = exchange(launched(minutes=minutes)).json()
        access, refresh = (payload_of(pair[f"{name}_token"]) for name in ("access", "refresh"))
        assert abs(refresh["exp"] - refresh["iat"] - seconds) <= 1
        assert abs(access["exp"] - access["iat"] - min(seconds, 900)) <= 1


def test_who_was_deactivated_meanwhile_does_not_come_in(launched, world):
    ticket = launched()
    User.objects.filter(pk=world.people["ann"].pk).update(is_active=False)
    assert exchange(ticket).status_code == 401
    assert not CallerSession.objects.exists()


def test_failures_lock_nobody_out(launched, settings):
    settings.SIGN_IN_FAILURES = settings.SIGN_IN_FAILURES_PER_ADDRESS = 1
    number, token = launched()
    for wrong in [{"id": number, "token": "wrong"}, {"id": number + 1, "token": token}, {}] * 4:
        assert APIClient().post(TOKEN, wrong).status_code == 401
    assert exchange((number, token)).status_code == 200
    assert {exchange((number, token)).status_code for _ in range(12)} == {401}
    assert exchange(launched("bob")).status_code == 200
    assert not SignInCounter.objects.exists()


# Who gets one.


def test_a_launcher_is_for_active_people_of_the_vles_institution(world):
    User.objects.filter(pk=world.people["bob"].pk).update(is_active=False)
    gone = User.objects.get(pk=world.people["bob"].pk)
    for person in (world.people["stranger"], world.people["global"], world.away.people["ann"], gone):
        with pytest.raises(Unknown, match="User not found"):
            launcher_create(vle=world.home.vle, person=person)
    assert not Launcher.objects.exists()


def test_a_launcher_takes_no_session_of_somebody_else(launched, sitting, world):
    with pytest.raises(Unknown):
        launched("bob", session=sitting)
    with pytest.raises(Unknown):
        learner_session_open(person=world.people["bob"], expires_at=FUTURE, assessment_session=sitting)
    assert (Launcher.objects.count(), CallerSession.objects.count()) == (0, 0)


@pytest.mark.parametrize("minutes", [0, -5, 30 * 24 * 60 + 1, 10**12])
def test_a_ttl_has_its_limits(launched, minutes):
    with pytest.raises(Invalid) as refused:
        launched(minutes=minutes)
    assert list(refused.value.fields) == ["ttl"]


def test_a_launcher_for_captures_opens_a_learners_session(launched, sitting, world):
    pair = exchange(launched(target=Target.LAPI, session=sitting)).json()
    claims = payload_of(pair["access_token"])
    caller = caller_of(claims["sid"], claims["kind"])
    assert (caller.kind, caller.id) == (CallerKind.LEARNER_SESSION, world.people["ann"].pk)
    assert caller.assessment_session_id == sitting.pk
    unbound = exchange(launched(target=Target.LAPI)).json()
    claims = payload_of(unbound["access_token"])
    assert caller_of(claims["sid"], claims["kind"]).assessment_session_id is None


def test_only_learners_come_through_a_launcher_for_captures(launched):
    assert exchange(launched("teacher", target=Target.LAPI)).status_code == 401
    assert not CallerSession.objects.exists()


def test_a_launcher_of_a_session_goes_with_it_and_never_opens_more(launched, sitting):
    ticket = launched(target=Target.LAPI, session=sitting)
    sitting.delete()
    assert exchange(ticket).status_code == 401


def test_a_dashboard_session_is_bound_to_no_sitting(launched, sitting):
    claims = payload_of(exchange(launched(session=sitting)).json()["access_token"])
    caller = caller_of(claims["sid"], claims["kind"])
    assert (caller.kind, caller.assessment_session_id) == (CallerKind.LAUNCHED, None)


def test_launchers_and_their_sessions_go_with_the_vle(launched, world):
    open_one, unused = exchange(launched()).json(), launched("teacher")
    assert client_with(open_one).get(PROFILE).status_code == 200
    vle_delete(vle=world.home.vle)
    assert client_with(open_one).get(PROFILE).status_code == 401
    assert APIClient().post(REFRESH, {"token": open_one}).status_code == 403
    assert exchange(unused).status_code == 401


# What the VLE asked with.


@pytest.fixture
def credential(world):
    return credential_issue(vle=world.home.vle)[0]


def test_a_launcher_of_a_revoked_credential_is_refused_and_who_came_through_one_is_out(launched, credential, world):
    mine, other = {"credential_id": credential.pk}, credential_issue(vle=world.away.vle)[0]
    launcher, token = launcher_create(vle=world.away.vle, person=world.away.people["ann"], credential_id=other.pk)
    pair, unused, next_door = (
        exchange(launched(**mine)).json(),
        launched(minutes=30 * 24 * 60, **mine),
        (launcher.pk, token),
    )
    launcher, token = launcher_create(vle=world.away.vle, person=world.away.people["bob"], credential_id=other.pk)
    beside = exchange((launcher.pk, token)).json()
    assert client_with(pair).get(PROFILE).status_code == 200
    vle_credentials_rotate(vle=world.home.vle, overlap_minutes=0)
    assert client_with(pair).get(PROFILE).status_code == 401
    assert APIClient().post(REFRESH, {"token": pair}).status_code == 403
    assert exchange(unused).status_code == 401
    assert (exchange(next_door).status_code, client_with(beside).get(PROFILE).status_code) == (200, 200)


def test_launchers_live_until_the_overlap_ends(launched, credential, world):
    mine = {"credential_id": credential.pk}
    pair, late = exchange(launched(**mine)).json(), launched(**mine)
    vle_credentials_rotate(vle=world.home.vle, overlap_minutes=30)
    assert exchange(launched(**mine)).status_code == 200
    Credential.objects.filter(pk=credential.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert exchange(late).status_code == 401
    assert Launcher.objects.get(pk=late[0]).used_at is None
    assert client_with(pair).get(PROFILE).status_code == 200
    credentials_end(vle=world.home.vle)  # it leaked: who came through the one that has ended is out, too
    assert client_with(pair).get(PROFILE).status_code == 401


def test_who_came_through_a_launcher_is_out_when_the_overlap_ends(launched, credential, sitting, world):
    """Before the rotation or during the overlap, to a dashboard or for captures; only those of an exam go on."""
    kinds: dict[str, dict] = {
        "dashboard": {}, "captures": {"target": Target.LAPI}, "of an exam": {"session": sitting},
        "short": {"minutes": 5}, "exam": {"target": Target.LAPI, "session": sitting},
    }  # fmt: skip
    opened: dict[str, list] = {kind: [] for kind in kinds}
    for overlap in (30, 30, None):
        for kind, values in kinds.items():
            pair = exchange(launched(credential_id=credential.pk, **values)).json()
            opened[kind].append(payload_of(pair["access_token"])["sid"])
        if overlap is not None:
            vle_credentials_rotate(vle=world.home.vle, overlap_minutes=overlap)
    credential.refresh_from_db()
    ends = dict(CallerSession.objects.values_list("pk", "expires_at"))
    found = {kind: [ends[key] for key in keys] for kind, keys in opened.items()}
    assert found["dashboard"] == found["captures"] == found["of an exam"] == [credential.expires_at] * 3
    assert max(found["short"]) < credential.expires_at < min(found["exam"])


def test_a_revoked_credential_is_enough(launched, credential):
    ticket = launched(credential_id=credential.pk)
    Credential.objects.filter(pk=credential.pk).update(revoked_at=PAST)
    assert exchange(ticket).status_code == 401


def test_launchers_from_before_credentials_were_kept_end_with_any_rotation(launched, world):
    pair, unused = exchange(launched()).json(), launched(minutes=300)
    vle_credentials_rotate(vle=world.home.vle, overlap_minutes=60)
    ends = Launcher.objects.get(pk=unused[0]).expires_at
    assert abs(ends - timezone.now() - timedelta(minutes=60)) < timedelta(minutes=1)
    assert client_with(pair).get(PROFILE).status_code == 200
    vle_credentials_rotate(vle=world.home.vle, overlap_minutes=0)
    assert (exchange(unused).status_code, client_with(pair).get(PROFILE).status_code) == (401, 401)


def test_assessment_sessions_go_on_when_a_secret_is_replaced(launched, sitting, credential, world):
    """Captures do, and nothing else: everybody who came to a dashboard is out, also by the data of a session."""
    asked, told = {"credential_id": credential.pk, "session": sitting}, {"session": sitting}
    captures, dashboard = exchange(launched(target=Target.LAPI, **asked)).json(), exchange(launched(**asked)).json()
    unbound = exchange(launched(target=Target.LAPI, credential_id=credential.pk)).json()
    learners, unused = exchange(launched(**told)).json(), launched(**told)
    opened = learner_session_open(person=world.people["ann"], expires_at=FUTURE, assessment_session=sitting)
    credentials_end(vle=world.home.vle)
    live = [caller_with(pair) is not None for pair in (captures, dashboard, unbound, learners)]
    assert live == [True, False, False, False]
    assert caller_of(opened.pk, opened.kind) is not None
    assert exchange(unused).status_code == 200


def test_who_signed_in_with_a_password_stays_when_a_secret_is_replaced(world):
    client = client_of(world.people["ann"])
    credentials_end(vle=world.home.vle)
    assert client.get(PROFILE).status_code == 200


# What is of no use any more.


def test_used_and_expired_launchers_are_forgotten_when_their_sessions_are(launched):
    fresh, expired, used, in_use = (launched(minutes=7 * 24 * 60) for _ in range(4))
    for ticket in (used, in_use):
        assert exchange(ticket).status_code == 200
    Launcher.objects.filter(pk=expired[0]).update(expires_at=PAST)
    Launcher.objects.filter(pk__in=[used[0], in_use[0]]).update(used_at=PAST)
    CallerSession.objects.filter(launcher=used[0]).update(expires_at=PAST)
    assert sessions_forgotten(before=timezone.now() - timedelta(days=1)) == 3
    assert {*Launcher.objects.values_list("pk", flat=True)} == {fresh[0], in_use[0]}
    assert CallerSession.objects.get().launcher_id == in_use[0]


# What a launched person is and may do.


def test_profile_of_a_launched_learner(launched, world):
    ann, institution = world.people["ann"], world.home.institution
    User.objects.filter(pk=ann.pk).update(is_staff=True, inst_admin=True, legal_admin=True)
    assert client_with(exchange(launched()).json()).get(PROFILE).json() == {
        "id": ann.pk,
        "first_name": "Ann",
        "last_name": "Home",
        "username": "home-ann",
        "email": "ann@home.example.org",
        "is_admin": False,
        "full_name": "Ann Home",
        "uid": "ann",
        "locale": None,
        "institution": {
            "id": institution.pk,
            "acronym": "HOME",
            "uid": "ann",
            "roles": ["LEARNER"],
            "locale": None,
            "learner_id": str(ann.learner.learner_id),
        },
        "institutions": [{"id": institution.pk, "acronym": "HOME"}],
        "roles": ["LEARNER"],
        "routes": ["dashboard"],
        "login_allowed": False,
    }


def test_launched_is_the_person_of_the_vles_institution_whatever_the_uid(world):
    """Home and away have the same uids throughout."""
    for home in (world.home, world.away):
        launcher, token = launcher_create(vle=home.vle, person=home.people["ann"])
        profile = client_with(exchange((launcher.pk, token)).json()).get(PROFILE).json()
        assert (profile["id"], profile["institution"]["id"]) == (home.people["ann"].pk, home.institution.pk)


def test_an_institution_that_trusts_its_vles_lets_flags_hold_but_never_a_global_administrators(world):
    trust(world)
    User.objects.filter(pk=world.people["teacher"].pk).update(inst_admin=True, is_staff=True)
    client = client_of(world.people["teacher"], "launched")
    profile = client.get(PROFILE).json()
    assert (profile["roles"], profile["is_admin"]) == (["ADMIN", "INSTRUCTOR"], False)
    assert profile["institutions"] == [{"id": world.home.institution.pk, "acronym": "HOME"}]
    assert profile["login_allowed"] is False  # no global administrator's password is set here
    assert client.get(f"/api/v2/institution/{world.home.institution.pk}/vle/").status_code == 200
    assert client.get(f"/api/v2/institution/{world.away.institution.pk}/").status_code == 404
    caller = caller_named(CallerKind.LAUNCHED, world.people["teacher"].pk)
    assert (caller.kind, caller.everywhere) == (CallerKind.LAUNCHED, Role(0))


def test_trust_is_withdrawn_at_once_and_is_of_one_institution(world):
    trust(world)
    home, away = client_of(world.people["admin"], "launched"), client_of(world.people["stranger"], "launched")
    vles = "/api/v2/institution/{}/vle/".format
    assert home.get(vles(world.home.institution.pk)).status_code == 200
    assert away.get(vles(world.away.institution.pk)).status_code == 403
    assert Role.ADMIN in caller_named(CallerKind.LAUNCHED, world.people["admin"].pk).roles
    Institution.objects.update(launcher_admin=False)
    assert home.get(vles(world.home.institution.pk)).status_code == 403
    assert Role.ADMIN not in caller_named(CallerKind.LAUNCHED, world.people["admin"].pk).roles


def test_a_learners_session_has_no_flags_even_where_vles_are_trusted(world):
    trust(world)
    User.objects.filter(pk=world.people["ann"].pk).update(inst_admin=True)
    session = learner_session_open(person=world.people["ann"], expires_at=FUTURE)
    for caller in (caller_of(session.pk, "learner"), caller_named(CallerKind.LEARNER_SESSION, session.user_id)):
        assert (caller.roles, caller.login_allowed) == (Role.MEMBER | Role.LEARNER, False)


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("way", ["patch", "put", "profile"])
def test_a_launched_session_changes_no_own_password(world, trusted, way):
    if trusted:
        trust(world)
    ann = world.people["ann"]
    client, url = client_of(ann, "launched"), f"/api/v2/institution/{world.home.institution.pk}/user/{ann.pk}/"
    assert client.get(PROFILE).json()["login_allowed"] is False
    assert client.patch(url, {"locale": "ca"}).status_code == 200
    body = {"username": ann.username, "uid": "ann", "password": NEW, "password2": NEW, "current_password": PASSWORD}
    answer = client.post(f"{url}profile/", body) if way == "profile" else getattr(client, way)(url, body)
    assert answer.status_code == 403
    assert User.objects.get(pk=ann.pk).check_password(PASSWORD)


@pytest.mark.parametrize(("trusted", "status"), [(False, 404), (True, 403)])
def test_a_launched_administrator_sets_no_passwords_of_others(world, trusted, status):
    if trusted:
        trust(world)
    admin, bob = world.people["admin"], world.people["bob"]
    people = f"/api/v2/institution/{world.home.institution.pk}/user/"
    client = client_of(admin, "launched")
    assert client.patch(f"{people}{bob.pk}/", {"password": NEW, "password2": NEW}).status_code == status
    assert not User.objects.get(pk=bob.pk).check_password(NEW)
    person = {"username": "zoe", "uid": "zoe", "email": "zoe@home.example.org"}
    assert client.post(people, person | {"password": NEW, "password2": NEW}).status_code == 403
    assert not User.objects.filter(username="zoe").exists()
    assert client.post(people, person).status_code == (201 if trusted else 403)


def test_a_launched_administrator_changes_nobodys_way_to_sign_in(world):
    """A link to set a password goes to the e-mail address: it is as good as the password."""
    trust(world)
    home, client = f"/api/v2/institution/{world.home.institution.pk}/", client_of(world.people["admin"], "launched")
    User.objects.filter(pk=world.people["ann"].pk).update(login_allowed=True)
    User.objects.filter(pk=world.people["teacher"].pk).update(login_allowed=False, password="!")  # but by the provider
    evil = {"email": "evil@home.example.org"}
    plain = world.people["eve"]  # whom the provider would find, once an instructor
    User.objects.filter(pk=plain.pk).update(login_allowed=False, password="!")
    before = list(User.objects.order_by("pk").values())
    assert client.patch(f"{home}learner/{plain.pk}/", evil).status_code == 403
    OIDCConnection.objects.update(match="uid")
    assert client.patch(f"{home}learner/{plain.pk}/", {"uid": "evil"}).status_code == 403
    OIDCConnection.objects.update(match="email")
    rows = ("admin", "user"), ("legal", "user"), ("ann", "user"), ("ann", "learner"), ("teacher", "instructor")
    for who, role in rows:
        person = world.people[who]
        bodies = evil, {"inst_admin": not person.inst_admin}
        calls = [client.patch(f"{home}{role}/{person.pk}/", body) for body in bodies]
        assert [answer.status_code for answer in calls] == [403, 403], (who, role)
    answers = [
        client.patch(f"{home}user/{world.people['bob'].pk}/", {"login_allowed": False}),
        client.post(f"{home}user/", evil | {"username": "e", "uid": "e", "login_allowed": True}),
        client.post(f"{home}instructor/", evil | {"uid": "e", "inst_admin": True}),
        client.post(f"{home}learner/", evil | {"uid": "e", "legal_admin": True}),
        client.post(f"{home}user/{world.people['bob'].pk}/merge/", {"from": world.people["legal"].pk}),
    ]
    answers.append(client.patch(f"{home}oidc/{world.home.oidc.pk}/", {"enabled": False}))
    answers += [
        client.patch(f"{home}{role}/{world.people['teacher'].pk}/", {"uid": "evil"}) for role in ("user", "instructor")
    ]
    vles = f"{home}vle/"  # with a secret of its own nobody would need the launcher any more
    answers += [client.post(vles, {"type": 0, "name": "Evil"}), client.post(f"{vles}{world.home.vle.pk}/credentials/")]
    assert [answer.status_code for answer in answers] == [403] * 10
    assert world.home.institution.vles.count() == 1
    assert list(User.objects.order_by("pk").values()) == before
    own = f"{home}user/{world.people['ann'].pk}/"
    answer = client.put(own, client.get(own).json())
    assert answer.status_code == 200, answer.json()


def test_nobody_gets_a_password_where_signing_in_is_not_allowed(world):
    trust(world)
    ann = world.people["ann"]
    User.objects.filter(pk=ann.pk).update(login_allowed=False)
    client, url = client_of(ann, "launched"), f"/api/v2/institution/{world.home.institution.pk}/user/{ann.pk}/"
    assert client.get(PROFILE).json()["login_allowed"] is False
    assert client.patch(url, {"password": NEW, "password2": NEW}).status_code == 403


def test_trust_is_no_key_of_the_institution_api(as_, world):
    url = f"/api/v2/institution/{world.home.institution.pk}/"
    answer = as_("admin").patch(url, {"launcher_admin": True})
    assert answer.status_code == 200
    assert "launcher_admin" not in answer.json()
    assert Institution.objects.filter(launcher_admin=True).count() == 0


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("way", ["header", "session"])
def test_pages_for_people_do_not_open_with_a_launched_session(world, way, trusted):
    if trusted:
        trust(world)
    admin = world.people["admin"]
    User.objects.filter(pk=admin.pk).update(is_staff=True)
    session = CallerSession.objects.create(kind="launched", user=admin, expires_at=FUTURE)
    browser, header = Client(), {}
    if way == "header":
        header = {"HTTP_AUTHORIZATION": f"JWT {tokens.pair(session)['access_token']}"}
    else:
        browser.force_login(admin)  # for Django; the session that counts is the launched one
        kept = browser.session
        kept["caller_session"] = session.pk
        kept.save()
        assert browser.get(f"/api/v2/institution/{world.home.institution.pk}/").status_code == 401
    for page, sign_in in (("/console/", "/signin/"), ("/admin/", "/admin/login/"), ("/admin/signin/", "/admin/login/")):
        answer = browser.get(page, **header)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, sign_in)


def test_what_is_asked_of_launchers_by_hand_answers_as_the_service(launched):
    """`launcher_redeem` is what the endpoint calls, and what a management task may call."""
    number, token = launched()
    session = launcher_redeem(id=str(number), token=token, address=None)
    assert (session.kind, session.launcher_id, session.address) == ("launched", number, None)
    assert json.loads(json.dumps(tokens.pair(session)))["access_token"]
