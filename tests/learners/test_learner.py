"""/institution/{}/learner/: who may, the row, promotion, special needs, enrolment, and what a deletion takes along."""

from datetime import timedelta
from decimal import Decimal
from typing import get_args

import pytest
from django.utils import timezone

from courses.models import ActivityInstrument, AssessmentSession, CourseInstructor
from files.models import Kind
from files.services import file_store, store
from institutions.models import InformedConsent, Institution, Instructor, Provider, User
from learners import queries
from learners.models import (
    ConsentDecision,
    Enrolment,
    EnrolmentSample,
    EnrolmentSampleValidation,
    Learner,
    SENDCategory,
    SENDLearner,
)
from reports.models import Alert, Report, Request
from tests.world import FUTURE, PAST, rewritten

KEYS = [
    "id", "institution", "username", "consent", "consent_accepted", "consent_rejected", "learner_id", "last_login",
    "send", "email", "ic_status", "login_allowed", "first_name", "last_name", "locale", "created_at", "updated_at",
    "uid", "inst_admin", "legal_admin", "send_admin", "data_admin", "joined_at",
]  # fmt: skip
BODY = {"uid": "new", "email": "new@home.example.org"}


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/learner/"


@pytest.fixture
def row(world, url):
    return lambda name: f"{url}{world.people[name].pk}/"


STATUSES = get_args(queries.ICStatus)


@pytest.mark.parametrize("policy", ["current", "none", "external"])
def test_filters_by_the_consents_status_find_who_has_it(policy, as_, url, world):
    """Each learner is found by the status of the own row and by no other, here and in a course."""
    home = world.home
    versions = {"2.0.1": PAST, "3.0.0": FUTURE}
    made = {
        version: InformedConsent.objects.create(
            institution=home.institution, version=version, valid_from=valid_from,
            **dict(zip(("major", "minor", "patch"), map(int, version.split(".")), strict=True)),
        )
        for version, valid_from in versions.items()
    }  # fmt: skip
    accepted = {"ann": home.consent, "bob": home.newer_consent, "cat": made["2.0.1"], "dan": made["3.0.0"], "fay": None}
    for name, consent in accepted.items():
        learner = home.learners.get(name) or home.learner(name)
        Learner.objects.filter(pk=learner.pk).update(consent=consent, consent_accepted=consent and PAST)
    home.join(home.course, "dan", "fay")
    Learner.objects.filter(user=home.people["eve"]).update(consent=home.consent, consent_rejected=PAST)
    if policy == "none":
        InformedConsent.objects.filter(institution=home.institution).update(valid_from=FUTURE)
    Institution.objects.filter(pk=home.institution.pk).update(external_ic=policy == "external")
    admin = as_("admin")
    for listed in (url, f"/api/v2/institution/{home.institution.pk}/course/{home.course.pk}/learner/"):
        rows = admin.get(listed).json()["results"]
        status_of = {row["uid"]: row["ic_status"] for row in rows}
        if policy == "current" and listed == url:
            assert {*status_of.values()} == {*STATUSES} - {"VALID_EXTERNAL"}

        def found(query, listed=listed):
            return [row["uid"] for row in admin.get(f"{listed}?{query}").json()["results"]]

        for status in STATUSES:
            assert found(f"ic_status={status}") == [uid for uid, of in status_of.items() if of == status]
        assert found("ic_status=VALID&ic_status=NOT_VALID_MISSING") == [
            uid for uid, of in status_of.items() if of in ("VALID", "NOT_VALID_MISSING")
        ]
        for value in (True, False):
            wanted = [uid for uid, of in status_of.items() if of.startswith("VALID") is value]
            assert found(f"ic_valid={str(value).lower()}") == wanted


def test_who_has_a_special_need_is_found_by_who_may_read_it(as_, url, world):
    """Nobody else learns of it by filtering; a need that has run out is not found, nor one of another institution."""
    home = world.home
    SENDLearner.objects.all().delete()
    for name, ends in (("ann", None), ("bob", FUTURE), ("eve", PAST)):
        SENDLearner.objects.create(
            institution=home.institution, learner=home.learners[name], category=home.category, expires_at=ends
        )
    for who in ("global", "admin", "send"):
        rows = as_(who).get(f"{url}?send={home.category.pk}").json()["results"]
        assert [row["uid"] for row in rows] == ["ann", "bob"], who
        assert as_(who).get(f"{url}?send={home.category.pk}&search=bob&ordering=-last_name").json()["count"] == 1
    away = as_("admin").get(f"{url}?send={world.away.category.pk}")
    assert (away.status_code, away.json()) == (400, {"send": ["No such row in this institution."]})
    for is_send, names in (("true", ["ann", "bob"]), ("false", ["eve"])):
        assert [row["uid"] for row in as_("send").get(f"{url}?is_send={is_send}").json()["results"]] == names
    other = SENDCategory.objects.create(institution=home.institution, description="other", data={})
    SENDLearner.objects.create(institution=home.institution, learner=home.learners["bob"], category=other)
    assert as_("admin").get(f"{url}?is_send=true").json()["count"] == 2  # who has two needs is there once
    for who in ("legal", "data", "teacher", "ann"):
        for is_send in ("true", "false"):
            answer = as_(who).get(f"{url}?is_send={is_send}")
            refusal = {"is_send": ["You may not read who has a special need."]}
            assert (answer.status_code, answer.json()) == (400, refusal), who
        for category in (home.category.pk, world.away.category.pk):
            answer = as_(who).get(f"{url}?send={category}")
            refusal = {"send": ["You may not read who has a special need."]}
            assert (answer.status_code, answer.json()) == (400, refusal), who


@pytest.mark.parametrize("query", ["ic_status=valid", "ic_status=VALID&ic_status=x", "ic_valid=1"])
def test_status_of_no_consent_is_400(query, as_, url):
    answer = as_("admin").get(f"{url}?{query}")
    assert (answer.status_code, [*answer.json()]) == (400, [query.partition("=")[0]])


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("admin", ["ann", "bob", "eve"]),
        ("teacher", ["ann", "bob"]),
        ("visitor", []),
        ("ann", ["ann"]),
        ("send", ["ann", "bob", "eve"]),
    ],
)
def test_rows(who, seen, as_, url):
    assert [row["uid"] for row in as_(who).get(url).json()["results"]] == seen
    assert as_(who).get(f"{url}?search=eve").json()["count"] == ("eve" in seen)


def test_who_teaches_and_learns_sees_both(as_, url, world):
    world.home.teach("eve", world.home.course)
    CourseInstructor.objects.create(
        institution=world.home.institution, course=world.home.other_course, instructor_id=world.people["eve"].pk
    )
    assert [row["uid"] for row in as_("eve").get(url).json()["results"]] == ["ann", "bob", "eve"]


@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete"])
def test_others_are_unknown(verb, as_, url, world):
    """The other institution's learners, and people who are no learners."""
    for person in (world.away.people["ann"], world.people["teacher"]):
        body = BODY if verb != "get" else None
        assert getattr(as_("admin"), verb)(f"{url}{person.pk}/", body).status_code == 404
        assert as_("admin").get(f"{url}{person.pk}/enrolment/").status_code == 404


def test_new_learner_has_the_keys_in_order(as_, url, row, world):
    made = as_("admin").post(url, BODY | {"consent": {"version": "1.0.0"}, "login_allowed": True, "institution": 7})
    assert made.status_code == 201
    assert list(made.json()) == list(as_("admin").get(row("ann")).json()) == KEYS
    assert list(as_("admin").get(url).json()["results"][0]) == KEYS
    learner = Learner.objects.get(user__uid="new")
    assert (learner.institution_id, learner.consent, learner.user.login_allowed) == (
        world.home.institution.pk, None, False,
    )  # fmt: skip
    assert not learner.user.has_usable_password()
    assert made.json().items() >= {
        "id": learner.pk, "username": "new@home.example.org", "consent": None, "consent_accepted": None,
        "consent_rejected": None, "learner_id": str(learner.learner_id), "last_login": None,
        "send": {"is_send": False, "send": {"enabled_options": [], "disabled_instruments": []}},
        "email": "new@home.example.org", "ic_status": "NOT_VALID_MISSING", "login_allowed": False, "first_name": "",
        "last_name": "", "locale": None, "uid": "new", "inst_admin": False,
    }.items()  # fmt: skip
    assert made.json()["institution"]["acronym"] == "HOME"
    assert made.json()["joined_at"].endswith("Z")


WRONG = [
    ("uid", None), ("uid", ""), ("uid", "x" * 256), ("uid", "ann"), ("uid", []), ("uid", "a\x00"), ("email", None),
    ("email", "nobody"), ("email", "ANN@home.example.org"), ("email", ["a@b.org"]), ("first_name", "x" * 151),
    ("last_name", {"a": 1}), ("locale", ["en"]),
    ("inst_admin", None), ("legal_admin", "x"), ("send_admin", []), ("data_admin", 2),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda value: str(value)[:20])
def test_wrong_value_is_400_under_its_name(name, value, as_, url, row):
    for answer in (as_("admin").post(url, BODY | {name: value}), as_("admin").patch(row("bob"), {name: value})):
        assert (answer.status_code, list(answer.json())) == (400, [name])
    assert Learner.objects.filter(institution__acronym="HOME").count() == 3


def test_email_and_uid_are_required_on_post_and_put_alone(as_, url, row):
    for answer in (as_("admin").post(url, {}), as_("admin").put(row("ann"), {})):
        assert (answer.status_code, set(answer.json())) == (400, {"uid", "email"})
    assert as_("admin").patch(row("ann"), {}).status_code == 200


@pytest.mark.parametrize(("email", "status"), [("n@not-x.org", 400), ("n@X.ORG", 201), ("n@a.x.org", 400)])
def test_mail_domain_is_compared_whole(email, status, as_, url, world):
    world.home.institution.mail_domain = "x.org"
    world.home.institution.save()
    answer = as_("admin").post(url, BODY | {"email": email})
    assert answer.status_code == status
    assert status == 201 or list(answer.json()) == ["email"]


def test_put_resets_nothing_that_it_leaves_out(as_, row):
    User.objects.filter(username="home-ann").update(locale="ca", data_admin=True)
    before = as_("admin").get(row("ann")).json()
    after = as_("admin").put(row("ann"), {"uid": "ann", "email": "ann@home.example.org"}).json()
    assert after | {"updated_at": ""} == before | {"updated_at": ""}


def test_learner_without_email_is_answered_with_empty_text_and_taken_back(as_, url, row):
    """A new one needs the address; the administrator may take it from who is there."""
    assert as_("admin").post(url, BODY | {"email": ""}).json() == {"email": ["This field may not be blank."]}
    assert as_("admin").patch(row("ann"), {"email": ""}).status_code == 200
    assert User.objects.get(username="home-ann").email is None
    shown = as_("admin").get(row("ann")).json()
    assert shown["email"] == ""
    for who in ("admin", "data"):
        assert as_(who).put(row("ann"), shown).status_code == 200
        assert as_(who).patch(row("ann"), {"email": ""}).status_code == 200


# Who is there already.


def test_instructor_becomes_a_learner_too(as_, url, world):
    made = as_("admin").post(url, {"uid": "teacher", "email": "x@x.org", "first_name": "X"})
    assert made.status_code == 201
    assert (made.json()["id"], made.json()["first_name"]) == (world.people["teacher"].pk, "Teacher")
    assert made.json()["email"] == "teacher@home.example.org"
    assert Instructor.objects.filter(pk=made.json()["id"]).exists()


def test_plain_person_gets_role_names_and_email(as_, url, world):
    person = world.home.person("kim", login_allowed=False)
    made = as_("admin").post(url, {"uid": "kim", "email": "k@x.org", "first_name": "K"}).json()
    assert (made["id"], made["email"], made["first_name"], made["username"]) == (
        person.pk, "k@x.org", "K", "home-kim",
    )  # fmt: skip


@pytest.mark.parametrize("email", ["ANN@home.example.org", " admin@home.example.org\u200b"])
def test_email_of_somebody_else_is_400_and_changes_no_account(email, as_, url):
    answer = as_("admin").post(url, BODY | {"email": email})
    assert (answer.status_code, list(answer.json())) == (400, ["email"])
    assert Learner.objects.filter(institution__acronym="HOME").count() == 3
    assert User.objects.get(email__iexact=email).uid != "new"


# Data administrators.


def test_data_admin_corrects_names_and_locale_only(as_, row):
    right = {"first_name": "Anna", "last_name": "B", "locale": "es"}
    assert right.items() <= as_("data").patch(row("ann"), right).json().items()
    for name, value in {"uid": "x", "email": "x@x.org", "inst_admin": True, "send_admin": True}.items():
        answer = as_("data").patch(row("ann"), {name: value})
        assert answer.status_code == 403
        assert name in answer.json()["detail"]


def test_data_admin_touches_nobody_with_a_flag(as_, row):
    User.objects.filter(username="home-ann").update(send_admin=True)
    assert as_("data").patch(row("ann"), {"first_name": "X"}).status_code == 403
    assert as_("data").delete(row("ann")).status_code == 403


def test_data_admin_who_learns_has_no_right_on_the_own_row(as_, row, world):
    Learner.objects.create(user=world.people["data"], institution=world.home.institution)
    assert as_("data").patch(row("data"), {"locale": "ca"}).status_code == 403
    assert as_("data").delete(row("data")).status_code == 403


def test_global_admin_at_home_is_not_writable(as_, url, world):
    root = world.people["global"]
    rewritten(User.objects.filter(pk=root.pk), institution=world.home.institution, uid="root")
    assert as_("admin").post(url, {"uid": "root", "email": "r@x.org"}).status_code == 403
    Learner.objects.create(user_id=root.pk, institution=world.home.institution)
    assert as_("admin").patch(f"{url}{root.pk}/", {"locale": "ca"}).status_code == 403
    assert as_("admin").delete(f"{url}{root.pk}/").status_code == 403


def test_last_administrator_who_learns_stays(as_, row, world):
    Learner.objects.create(user=world.people["admin"], institution=world.home.institution)
    assert as_("admin").patch(row("admin"), {"inst_admin": False}).status_code == 409
    assert as_("admin").delete(row("admin")).status_code == 204
    assert as_("admin").get(row("ann")).status_code == 200


# Deleting.


def evidence(world, name):
    """Something of every kind that hangs from a learner, with its files; what other rows need stays behind."""
    home, learner = world.home, world.home.learners[name]

    def stored(kind):
        return file_store(
            institution=home.institution, owner=learner.user, kind=kind, media_type="text/plain", content=[b"x"],
            extension="txt",
        )  # fmt: skip

    own = {"institution": home.institution, "learner": learner}
    provider = Provider.objects.create(name="p", acronym=f"p-{name}", queue=f"q-{name}", version="1", instrument_id=1)
    sample = EnrolmentSample.objects.create(**own, data=stored(Kind.SAMPLE))
    EnrolmentSampleValidation.objects.create(sample=sample, provider=provider, info=stored(Kind.VALIDATION))
    Enrolment.objects.create(**own, provider=provider, model=stored(Kind.MODEL)).model_samples.add(sample)
    session = AssessmentSession.objects.create(**own, activity=home.activity)
    request = Request.objects.create(**own, activity=home.activity, session=session, data=stored(Kind.REQUEST))
    request.results.create(instrument_id=1, audit=stored(Kind.RESULT_AUDIT))
    report, _ = Report.objects.get_or_create(**own, activity=home.activity)  # ann has one
    report.details.create(instrument_id=1)
    report.sessions.create(session=session, activity=session.activity, learner=session.learner)
    Alert.objects.create(
        **own, activity=home.activity, session=session, level=1, data=stored(Kind.ALERT), raised_at=PAST
    )
    return [Learner, EnrolmentSample, Enrolment, AssessmentSession, Request, Report, Alert]


@pytest.mark.parametrize("who", ["admin", "data"])
def test_deletion_takes_rows_and_files_along(who, as_, row, world, django_capture_on_commit_callbacks):
    models = evidence(world, "ann")
    evidence(world, "bob")
    kept = store().listdir(f"{world.home.institution.pk}/request")[1]
    assert len(kept) == 2
    with django_capture_on_commit_callbacks(execute=True):
        assert as_(who).delete(row("ann")).status_code == 204
    assert not User.objects.filter(username="home-ann").exists()
    for model in models:
        owners = {getattr(found, "learner_id", found.pk) for found in model.objects.filter(institution__acronym="HOME")}
        assert world.people["ann"].pk not in owners
        assert model is Learner or owners == {world.people["bob"].pk}
    assert len(store().listdir(f"{world.home.institution.pk}/request")[1]) == 1
    assert as_(who).get(row("ann")).status_code == 404


def test_account_with_a_flag_stays_without_the_learners_data(as_, row, world, django_capture_on_commit_callbacks):
    User.objects.filter(username="home-ann").update(legal_admin=True, login_allowed=False)
    evidence(world, "ann")
    with django_capture_on_commit_callbacks(execute=True):
        assert as_("admin").delete(row("ann")).status_code == 204
    assert User.objects.filter(username="home-ann").exists()
    assert store().listdir(f"{world.home.institution.pk}/sample")[1] == []
    again = as_("admin").post(row("ann").rsplit("/", 2)[0] + "/", {"uid": "ann", "email": "ann@home.example.org"})
    assert (again.status_code, again.json()["consent"]) == (201, None)


def test_decisions_of_a_deleted_learner_stay(as_, row, world):
    learner = world.home.learners["ann"]
    as_("ann").post(row("ann") + "ic/", {"version": "2.0.0"})
    assert as_("admin").delete(row("ann")).status_code == 204
    records = ConsentDecision.objects.filter(version="2.0.0")
    assert [record.learner_id for record in records] == [learner.learner_id]


# Special needs and consent in the row.


def test_special_needs_are_merged_sorted_and_exact_at_every_moment(as_, url, row, world):
    home, ann = world.home, world.home.learners["ann"]
    more = SENDCategory.objects.create(
        institution=home.institution, description="more",
        data={"enabled_options": ["text_to_speech", "big_fonts"], "disabled_instruments": [3, 1, 2]},
    )  # fmt: skip
    extra = SENDLearner.objects.create(
        institution=home.institution, learner=ann, category=more, expires_at=timezone.now() + timedelta(hours=1)
    )
    both = {
        "is_send": True,
        "send": {"enabled_options": ["big_fonts", "text_to_speech"], "disabled_instruments": [1, 2, 3]},
    }
    assert as_("admin").get(row("ann")).json()["send"] == both
    assert [found["send"]["is_send"] for found in as_("admin").get(url).json()["results"]] == [True, False, False]
    SENDLearner.objects.filter(pk=extra.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert as_("admin").get(row("ann")).json()["send"]["send"]["disabled_instruments"] == [2]
    SENDLearner.objects.filter(pk=world.home.assignment.pk).delete()
    assert as_("admin").get(row("ann")).json()["send"]["is_send"] is False


@pytest.mark.parametrize(
    ("version", "valid_from", "rejected", "external", "expected"),
    [
        (None, None, None, False, "NOT_VALID_MISSING"),
        ((2, 0, 0), PAST, None, False, "VALID"),
        ((1, 0, 0), PAST, None, False, "NOT_VALID"),
        ((2, 0, 0), PAST, PAST, False, "NOT_VALID_REJECTED"),
        ((3, 0, 0), FUTURE, None, False, "NOT_VALID_YET"),
        (None, None, None, True, "VALID_EXTERNAL"),
        ((1, 0, 0), PAST, PAST, True, "VALID_EXTERNAL"),
    ],
)
def test_status_of_the_consent(version, valid_from, rejected, external, expected, as_, url, row, world):
    home, ann = world.home, world.home.learners["ann"]
    home.institution.external_ic = external
    home.institution.save()
    if version is not None:
        text = ".".join(map(str, version))
        ann.consent, _ = InformedConsent.objects.get_or_create(
            institution=home.institution, version=text,
            defaults=dict(zip(("major", "minor", "patch"), version, strict=True)) | {"valid_from": valid_from},
        )  # fmt: skip
    ann.consent_rejected = rejected
    ann.save()
    shown = as_("admin").get(row("ann")).json()
    assert shown["ic_status"] == as_("admin").get(url).json()["results"][0]["ic_status"] == expected
    if version is not None:
        status = {(2, 0, 0): "VALID", (1, 0, 0): "NOT_VALID", (3, 0, 0): "NOT_VALID_YET"}[version]
        assert shown["consent"] == {"version": ".".join(map(str, version)), "status": status}


def test_minor_version_keeps_an_older_acceptance_good(as_, row, world):
    ann = world.home.learners["ann"]
    ann.consent = world.home.newer_consent
    ann.save()
    InformedConsent.objects.create(
        institution=world.home.institution, version="2.0.1", major=2, minor=0, patch=1, valid_from=PAST
    )
    assert as_("admin").get(row("ann")).json()["ic_status"] == "VALID_NEED_UPDATE"


# Lists.


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("uid=ann", ["ann"]),
        ("uid=an", []),
        ("username=home-bob", ["bob"]),
        ("email=eve@home.example.org", ["eve"]),
        ("first_name=Ann&last_name=Home", ["ann"]),
        ("id=abc", []),
        ("id=99999999999999999999", []),
        ("username=%00", []),
        ("email=%00", []),
        ("search=bob", ["bob"]),
        ("search=home%20eve@", ["eve"]),
        ("search=away", []),
        ("ordering=-first_name", ["eve", "bob", "ann"]),
        ("ordering=-id&limit=1", ["eve"]),
        ("ordering=consent_accepted,-uid", ["eve", "bob", "ann"]),
        ("consent=1", ["ann", "bob", "eve"]),
    ],
)
def test_lists(query, expected, as_, url):
    answer = as_("admin").get(f"{url}?{query}")
    assert [row["uid"] for row in answer.json()["results"]] == expected


def test_id_is_a_filter_and_is_searched(as_, url, world):
    for query in ("id", "search"):
        found = as_("admin").get(f"{url}?{query}={world.people['bob'].pk}").json()["results"]
        assert "bob" in [row["uid"] for row in found]
        assert as_("admin").get(f"{url}?{query}={world.away.people['bob'].pk}").json()["count"] in (0, 1)
    assert as_("admin").get(f"{url}?id={world.away.people['bob'].pk}").json()["count"] == 0


@pytest.mark.parametrize(
    "name",
    [
        "id", "institution", "username", "consent", "consent_accepted", "consent_rejected", "learner_id", "last_login",
        "email", "login_allowed", "first_name", "last_name", "locale", "created_at", "updated_at", "uid", "inst_admin",
        "legal_admin", "send_admin", "data_admin", "joined_at",
    ],
)  # fmt: skip
def test_every_ordering_name_is_accepted(name, as_, url):
    assert as_("admin").get(f"{url}?ordering=-{name}").json()["count"] == 3


def test_bad_filter_is_400_under_its_name(as_, url):
    answer = as_("admin").get(f"{url}?uid=%00")
    assert (answer.status_code, list(answer.json())) == (400, ["uid"])


# Enrolment.


@pytest.fixture
def face(world):
    """Two providers of face recognition, one of them with a model of ann, and samples under way."""
    home, ann = world.home, world.home.learners["ann"]
    first, second = (
        Provider.objects.create(name=n, acronym=n, queue=n, version="1", instrument_id=1, enabled=True) for n in "pq"
    )
    Provider.objects.create(name="off", acronym="off", queue="off", version="1", instrument_id=2, enabled=False)
    own = {"institution": home.institution, "learner": ann}
    used, unused, other = (EnrolmentSample.objects.create(**own) for _ in range(3))
    model = Enrolment.objects.create(**own, provider=first, percentage=Decimal("0.75"), can_analyse=True)
    model.model_samples.add(used)
    for sample, provider, status, contribution in [
        (used, first, 1, "0.5"), (unused, first, 1, "0.2"), (other, first, 1, "0.1"), (used, second, 0, None),
        (unused, second, 4, None), (other, second, 2, "0.9"),
    ]:  # fmt: skip
        EnrolmentSampleValidation.objects.create(
            sample=sample, provider=provider, status=status, contribution=contribution and Decimal(contribution)
        )
    return first, second


def test_enrolment_is_the_learner_and_the_status_of_every_instrument(as_, row, world, face):
    first, second = face
    shown = as_("admin").get(row("ann") + "enrolment/").json()
    assert list(shown) == [*KEYS, "enrolment_status"]
    assert {name: shown[name] for name in KEYS} == as_("admin").get(row("ann")).json()
    assert shown["enrolment_status"] == [
        {
            "instrument_id": 1, "percentage__min": 0, "percentage__max": 0.75, "can_analyse__min": False,
            "can_analyse__max": True,
            "pending": [{"provider_id": first.pk, "instrument_id": 1, "pending_contribution": 0.3}],
            "not_validated": [{"provider_id": second.pk, "instrument_id": 1, "count": 2}],
            "pending_contributions": 0.3, "not_validated_count": 2,
        }
    ]  # fmt: skip
    assert as_("ann").get(row("ann") + "enrolment/").json()["enrolment_status"] == shown["enrolment_status"]
    assert as_("admin").get(row("bob") + "enrolment/").json()["enrolment_status"] == []


def test_missing_enrolments_of_an_activity(as_, row, world, face):
    activity, ann = world.home.activity, world.people["ann"].pk
    for name in ("fr", "plag"):
        number = {"fr": 1, "plag": 5}[name]
        ActivityInstrument.objects.create(activity=activity, instrument_id=number)
    # Keystrokes (2), which nobody has learnt yet, are taken from ann by a special need, and from nobody else.
    answer = as_("teacher").get(f"{row('ann')}enrolment/?activity_id={activity.pk}").json()
    assert list(answer) == ["missing_enrolments", "instruments", "activity_id", "learner_id"]
    assert (answer["missing_enrolments"], list(answer["instruments"])) == (False, ["1"])
    assert (answer["activity_id"], answer["learner_id"]) == (activity.pk, ann)
    assert answer["instruments"]["1"]["can_analyse__max"] is True
    bob = as_("bob").get(f"{row('bob')}enrolment/?activity_id={activity.pk}").json()
    assert (bob["missing_enrolments"], list(bob["instruments"])) == (True, ["1", "2"])
    activity.enabled = False
    activity.save()
    bob = as_("bob").get(f"{row('bob')}enrolment/?activity_id={activity.pk}").json()
    assert (bob["missing_enrolments"], bob["instruments"]) == (False, {})


def test_unknown_activity_is_404(as_, row, world):
    for number in (world.away.activity.pk, 987654, -1, 0, 2**63, 10**40):
        assert as_("admin").get(f"{row('ann')}enrolment/?activity_id={number}").status_code == 404


@pytest.mark.parametrize("number", ["abc", "", "1.5", "1e3", "%00", "0x1", "1,2", "9" * 5000])
def test_activity_that_is_no_number_is_400(number, as_, row):
    answer = as_("admin").get(f"{row('ann')}enrolment/?activity_id={number}")
    assert (answer.status_code, list(answer.json())) == (400, ["activity_id"])


def test_row_rules_hold_for_the_missing_enrolments_too(as_, row, world):
    path = f"{row('ann')}enrolment/?activity_id={world.home.activity.pk}"
    assert as_("visitor").get(path).status_code == as_("bob").get(path).status_code == 404
    assert as_("send").get(path).status_code == as_("global").get(path).status_code == 403
