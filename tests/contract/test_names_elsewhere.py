"""Whether another institution has a uid, an e-mail or a username is told by no answer, nor by its cost."""

from io import StringIO

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import UniqueConstraint
from django.test.utils import CaptureQueriesContext

from institutions.models import Institution, Instructor, User
from kernel.constraints import constrained_fields
from kernel.tenancy import tenant_path
from learners.models import Learner
from tests.conftest import client_of, client_of_vle

NAMES = {"uid": "twin", "first_name": "A", "last_name": "B", "email": "Twin@x.org"}
HOME, VLE = "/api/v2/institution/{home}", "/api/v2/vle/{vle}"
PASSWORDS = {"password": "correct-horse-9-battery", "password2": "correct-horse-9-battery"}
CALLS = [
    ("admin", "post", f"{HOME}/user/", NAMES | PASSWORDS | {"username": "twin"}),
    ("admin", "post", f"{HOME}/user/", NAMES | {"username": "twin@x.org"}),
    ("admin", "put", f"{HOME}/user/{{ann}}/", NAMES | {"username": "twin"}),
    ("admin", "patch", f"{HOME}/user/{{ann}}/", NAMES | {"username": "twin"}),
    ("admin", "post", f"{HOME}/learner/", NAMES),
    ("admin", "put", f"{HOME}/learner/{{ann}}/", NAMES),
    ("admin", "post", f"{HOME}/instructor/", NAMES | {"email": ""}),
    ("admin", "patch", f"{HOME}/instructor/{{teacher}}/", NAMES),
    ("admin", "post", f"{HOME}/course/{{course}}/learner/", {"uid": "twin"}),
    ("admin", "put", f"{HOME}/course/{{course}}/learner/{{ann}}/", {"uid": "twin"}),
    ("admin", "get", f"{HOME}/learner/?uid=twin", None),
    ("admin", "get", f"{HOME}/user/?email=twin@x.org&username=twin", None),
    ("vle", "post", f"{VLE}/course/{{course}}/learner/", NAMES),
    ("vle", "post", f"{VLE}/course/{{course}}/learner/", {"uid": "twin"}),
    ("vle", "post", f"{VLE}/course/{{course}}/instructor/", NAMES | {"uid": "t2"}),
    ("vle", "patch", f"{VLE}/course/{{course}}/learner/{{ann}}/", {"email": "twin@x.org"}),
    ("vle", "get", f"{VLE}/course/{{course}}/learner/?uid=twin", None),
    ("vle", "post", f"{VLE}/launcher/", {"vle_user_uid": "twin"}),
    ("vle", "post", f"{VLE}/assessment/",
     {"vle_learner_uid": "twin", "vle_activity_type": "quiz", "vle_activity_id": "1"}),
]  # fmt: skip
UNSTABLE = {"id", "created_at", "updated_at", "joined_at", "learner_id"}


@pytest.fixture
def twins(world):
    """Make people of the other institution, and one of none, who have all of these names."""

    def made() -> None:
        away = world.away.institution
        for number, username in enumerate(("twin", "twin@x.org", "HOME-twin", "HOME-t2")):
            uid = ("twin", "t2", "x", "y")[number]
            person = User.objects.create(
                institution=away, uid=uid, username=username, email=None if number else "twin@x.org"
            )
            Learner.objects.create(user=person, institution=away)
            Instructor.objects.create(user=person, institution=away)
        User.objects.create(username="twin", email="twin@x.org", is_staff=True)

    return made


@pytest.fixture
def told(world):
    """told(call): the answer without keys and instants, and the number of statements; nothing is left behind."""
    home = world.home
    clients = {"admin": client_of(world.people["admin"]), "vle": client_of_vle(home.vle)}
    ids = {"home": home.institution.pk, "vle": home.vle.pk, "course": home.course.pk}
    ids |= {name: home.people[name].pk for name in ("ann", "teacher")}
    for name in ("ann", "teacher"):  # whom a VLE may change
        User.objects.filter(pk=ids[name]).update(password="!", login_allowed=False)

    def call(caller: str, method: str, path: str, body: dict | None):
        send = getattr(clients[caller], method)
        with transaction.atomic():
            with CaptureQueriesContext(connection) as asked:
                answer = send(path.format(**ids), body, format="json") if body else send(path.format(**ids))
            transaction.set_rollback(True)
        return answer.status_code, stable(answer.json()), len(asked)

    return call


def stable(value):
    if isinstance(value, dict):
        return {name: stable(inner) for name, inner in value.items() if name not in UNSTABLE}
    return [stable(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]} {call[2]}")
def test_an_answer_and_its_cost_are_the_same_whoever_is_elsewhere(call, told, twins):
    told(*call)  # what is compiled at the first call
    before = told(*call)
    assert before[0] in (200, 201, 400, 404)
    twins()
    assert told(*call) == before


def test_an_import_is_the_same_whoever_is_elsewhere(world, twins, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("uid,email,role\ntwin,twin@x.org,learner\nt2,,instructor\nann,,\n")

    def imported() -> tuple:
        with transaction.atomic():
            with CaptureQueriesContext(connection) as asked:
                call_command("import_csv", file, "--institution", "HOME", stdout=StringIO(), verbosity=0)
            rows = [*world.home.institution.people.order_by("uid").values_list("uid", "email", "username")]
            transaction.set_rollback(True)
        return rows, len(asked)

    imported()
    before = imported()
    assert ("twin", "twin@x.org", "twin@x.org") in before[0]
    twins()
    assert imported() == before


def test_a_global_administrator_makes_the_same_person_in_two_institutions(world, as_):
    body = NAMES | PASSWORDS | {"username": "twin", "is_active": True}
    for home, status in ((world.home, 201), (world.away, 201), (world.home, 400)):
        answer = as_("global").post("/api/v2/admin/user/", body | {"institution_id": home.institution.pk})
        assert answer.status_code == status, answer.content
    assert {*answer.json()} == {"username", "email", "uid"}
    outside = {name: value for name, value in body.items() if name != "uid"}
    assert as_("global").post("/api/v2/admin/user/", outside).status_code == 201
    assert {*as_("global").post("/api/v2/admin/user/", outside).json()} == {"username", "email"}


RANDOM = {"learner_id", "storage_key", "role_id", "token_hash"}  # made by the service: nobody can ask for one


def owned(model) -> bool:
    try:
        return model is Institution or tenant_path(model) is not None
    except ImproperlyConfigured:  # it has several paths
        return True


def test_no_unique_value_is_compared_across_institutions():
    for model in apps.get_models():
        if model is Institution or model._meta.app_config.path.find("site-packages") > 0 or not owned(model):
            continue
        fields = {field.name: field for field in model._meta.concrete_fields}
        compared = [{name} for name, field in fields.items() if field.unique and not field.primary_key]
        unique = [constraint for constraint in model._meta.constraints if isinstance(constraint, UniqueConstraint)]
        inside = [constraint for constraint in unique if "institution" not in str(constraint.condition)]
        compared += [constrained_fields(constraint, model) for constraint in inside]
        for names in compared:
            keys = [fields[name].related_model for name in names if fields[name].is_relation]
            assert names & RANDOM or any(owned(key) for key in keys), (model, names)
