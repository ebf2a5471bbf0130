"""Sign-in of people whose address has several accounts: each institution has its own."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.hashers import get_hasher
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from institutions.models import Institution, User
from signin.models import CallerSession, SignInCounter
from signin.services.people import TRIED
from tests.conftest import client_of
from tests.pages.conftest import sign_in, visitor
from tests.signin.test_auth import login
from tests.world import PASSWORD

__all__ = ["visitor"]
EMAIL, OTHER = "twin@x.org", "other-horse-7-battery"


def account(home: Institution | None, password: str = PASSWORD, **values) -> User:
    values = {"email": EMAIL, "username": "twin", "login_allowed": True} | values
    person = User(institution=home, uid="twin" if home else "", **values)
    person.set_password(password)
    person.save()
    return person


@pytest.fixture
def homes(world) -> list[Institution]:
    more = [Institution.objects.create(acronym=f"U{number}", name="x") for number in range(3)]
    return [world.home.institution, world.away.institution, *more]


def who(answer) -> int:
    assert answer.status_code == 200, answer.content
    return CallerSession.objects.latest("pk").user_id


def body(**values) -> dict:
    return {"email": EMAIL, "password": PASSWORD} | values


def test_each_account_opens_with_its_own_password(homes, client):
    one, two = account(homes[0]), account(homes[1], OTHER, email="TWIN@x.org")
    outside = account(None, "third-horse-5-battery", is_staff=True)
    for password, person in ((PASSWORD, one), (OTHER, two), ("third-horse-5-battery", outside), (PASSWORD, one)):
        assert who(login(EMAIL, password)) == person.pk
    assert login(EMAIL, "wrong").status_code == 401


def test_of_several_with_one_password_the_one_used_last_is_opened(homes, client):
    now = timezone.now()
    never = account(homes[0])
    early = account(homes[1], last_login=now - timedelta(days=2))
    late = account(homes[2], last_login=now - timedelta(days=1))
    assert who(login(EMAIL)) == late.pk
    User.objects.filter(pk=late.pk).update(login_allowed=False)
    assert who(login(EMAIL)) == early.pk
    User.objects.filter(pk=early.pk).update(is_active=False)
    assert who(login(EMAIL)) == never.pk


def test_a_global_administrators_account_is_tried_however_many_others_there_are(homes, client):
    now = timezone.now()
    outside = account(None, OTHER, is_staff=True, last_login=now - timedelta(days=9))
    for home in homes[: TRIED + 1]:
        account(home, last_login=now)
    assert who(login(EMAIL, OTHER)) == outside.pk


@pytest.mark.parametrize("nothing", [{}, {"institution": ""}, {"institution": None}])
def test_the_body_chooses_an_institution(homes, client, nothing):
    one, two = account(homes[0]), account(homes[1])
    for person in (two, one, two):
        assert who(client.post("/api/v2/auth/login", body(institution=person.institution.acronym))) == person.pk
        assert who(client.post("/api/v2/auth/login", body(**nothing), content_type="application/json")) == person.pk


@pytest.mark.parametrize("institution", ["U0", "NOWHERE", "home", "1"])
def test_an_institution_without_this_account_is_refused_like_a_wrong_password(homes, client, institution):
    account(homes[0])
    answer = client.post("/api/v2/auth/login", body(institution=institution))
    assert (answer.status_code, answer.json()) == (401, login(EMAIL, "wrong").json())


def test_institution_that_is_no_text_is_400(world, client):
    for wrong in ([], {"id": 1}, "x" * 256, "a\x00b"):
        answer = client.post("/api/v2/auth/login", body(institution=wrong), content_type="application/json")
        assert (answer.status_code, [*answer.json()]) == (400, ["institution"])


def test_all_accounts_of_an_address_share_one_lock(homes, client, settings):
    settings.SIGN_IN_FAILURES = 4
    account(homes[0])
    account(homes[1], OTHER)
    assert login(EMAIL, OTHER).status_code == 200  # known from now on; the first time counts
    SignInCounter.objects.all().delete()
    for spelling in ("twin@x.org", "TWIN@X.ORG", "twin\u200b@x.org"):
        assert login(spelling, "wrong").status_code == 401
    assert login(EMAIL, OTHER).status_code == 200  # takes back its own attempt and no other
    assert client.post("/api/v2/auth/login", body(institution="U0")).status_code == 401
    for password in (PASSWORD, OTHER):
        assert login(EMAIL, password).status_code == 429
        assert client.post("/api/v2/auth/login", body(institution="HOME", password=password)).status_code == 429


@pytest.fixture
def hashed(monkeypatch) -> list[str]:
    """The passwords that were hashed."""
    passwords: list[str] = []
    hasher = type(get_hasher())
    encode = hasher.encode
    monkeypatch.setattr(hasher, "encode", lambda self, password, *rest: (
        passwords.append(password), encode(self, password, *rest))[1])  # fmt: skip
    return passwords


@pytest.mark.parametrize("accounts", range(6))
@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_every_attempt_costs_the_same_whatever_accounts_there_are(homes, hashed, accounts, password):
    for home in [*homes, None][:accounts]:
        account(home)
    login("nobody@x.org", "wrong")  # the counters of this address are there from now on
    login(EMAIL, "wrong")
    hashed.clear()
    with CaptureQueriesContext(connection) as asked:
        answer = login(EMAIL, password)
    assert answer.status_code == (200 if accounts and password == PASSWORD else 401)
    assert hashed == [password] * TRIED
    if answer.status_code == 401:
        before = len(asked)
        with CaptureQueriesContext(connection) as asked:
            login("nobody@x.org", "wrong")
        assert len(asked) == before


def test_an_account_that_was_not_used_for_long_is_opened_by_its_institution(homes, client):
    oldest = account(homes[0], OTHER)
    for home in homes[1 : TRIED + 1]:
        account(home, last_login=timezone.now())
    assert login(EMAIL, OTHER).status_code == 401
    assert who(client.post("/api/v2/auth/login", body(institution="HOME", password=OTHER))) == oldest.pk
    assert who(login(EMAIL, OTHER)) == oldest.pk  # now it was used last


def test_accounts_that_nobody_can_sign_in_to_take_no_place(homes):
    person = account(homes[0])
    now = timezone.now()
    account(homes[1], OTHER, last_login=now, is_active=False)
    account(homes[2], OTHER, last_login=now, login_allowed=False)
    account(homes[3], OTHER, last_login=now)
    account(homes[4], OTHER, last_login=now).set_unusable_password()
    User.objects.filter(institution=homes[4], uid="twin").update(password="!x")
    account(None, OTHER, last_login=now, is_staff=True)
    assert who(login(EMAIL)) == person.pk


def test_the_page_chooses_an_institution_too(homes, visitor):
    one, two = account(homes[0]), account(homes[1])
    page = visitor.get("/signin/").text
    assert 'name="institution"' in page
    for person in (two, one):
        assert sign_in(visitor, EMAIL, institution=person.institution.acronym).status_code == 302
        assert CallerSession.objects.latest("pk").user_id == person.pk
        assert sign_in(visitor, EMAIL).status_code == 302
        assert CallerSession.objects.latest("pk").user_id == person.pk
    assert sign_in(visitor, EMAIL, institution="U0").status_code == 401


def test_a_superuser_has_an_address_and_a_name_of_nobody_else_without_institution(world, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    for wrong in ({"username": "root", "email": "new@x.org"}, {"username": "new", "email": "ROOT@example.org"}):
        with pytest.raises(CommandError, match=r"^(username|email): This value is already taken\.$"):
            call_command("createsuperuser", interactive=False, **wrong)
    name = {"username": "home-admin", "email": "admin@home.example.org"}  # an institution's, which is no matter
    call_command("createsuperuser", interactive=False, stdout=StringIO(), **name)
    made = User.objects.get_by_natural_key("home-admin")
    assert (made.is_staff, made.institution) == (True, None)


def test_the_password_of_a_name_in_several_institutions_is_not_set_by_command(homes, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda prompt: "fourth-horse-3-battery")
    person = account(homes[0])
    client = client_of(person)
    assert client.get("/api/v2/auth/profile").status_code == 200
    call_command("changepassword", "twin", stdout=StringIO())
    assert client.get("/api/v2/auth/profile").status_code == 401
    assert login(EMAIL, "fourth-horse-3-battery").status_code == 200
    account(homes[1])
    with pytest.raises(CommandError, match="Several institutions have this username"):
        call_command("changepassword", "twin", stdout=StringIO())
