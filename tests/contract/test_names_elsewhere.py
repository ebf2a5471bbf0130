"""Whether another institution has a uid, an e-mail or a username is told by no answer, nor by its cost."""

from collections.abc import Iterator
from io import StringIO
from typing import Any, NamedTuple

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
from tests.contract import calls
from tests.contract.test_schema import SCHEMA

TWIN = {"uid": "twin", "email": "Twin@x.org", "username": "twin", "vle_user_uid": "twin", "vle_learner_uid": "twin"}
NAMES = {"uid": "twin", "first_name": "A", "last_name": "B", "email": "Twin@x.org"}
PASSWORDS = {"password": "correct-horse-9-battery", "password2": "correct-horse-9-battery"}


class Asked(NamedTuple):
    """An operation, asked with names that somebody has elsewhere."""

    name: str
    body: dict[str, Any] | None = None  # instead of the declared one, or beside it
    query: str = ""


def sent_names(schema: dict[str, Any]) -> set[str]:
    """The keys of a body that name a person."""
    if "$ref" in schema:
        return sent_names(SCHEMA["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    parts = [part for word in ("allOf", "oneOf", "anyOf") for part in schema.get(word, ())]
    own = {name for name, field in schema.get("properties", {}).items() if not field.get("readOnly")}
    return own & TWIN.keys() | {name for part in parts for name in sent_names(part)}


def derived() -> Iterator[Asked]:
    """All declared operations of an institution and of a VLE that take a person's name, as the schema says."""
    for name in calls.names("institution", "vle"):
        call = calls.CALLS[name]
        operation = SCHEMA["paths"].get(call.url, {}).get(call.method)
        if operation is None or call.status in (403, 405):
            continue
        for kind in operation.get("requestBody", {}).get("content", {}).values():
            if names := sent_names(kind["schema"]):
                yield Asked(name, {key: TWIN[key] for key in sorted(names)})
                break
        for parameter in operation["parameters"]:
            if parameter["in"] == "query" and parameter["name"] in TWIN:
                yield Asked(name, query=f"{parameter['name']}={TWIN[parameter['name']]}")
        if call.is_list and {*call.resource.searched.split()} & TWIN.keys():
            yield Asked(name, query="search=twin")


# Beside what is derived: one name alone, or one that is an address.
CALLS = [
    *derived(),
    Asked("user.create", NAMES | PASSWORDS | {"username": "twin"}),
    Asked("user.create", NAMES | {"username": "twin@x.org"}),
    Asked("user.put", NAMES | {"username": "twin"}),
    Asked("instructor.create", NAMES | {"email": ""}),
    Asked("learner.create", NAMES),
    Asked("vle_learner.create", {"uid": "twin"}),
    Asked("vle_instructor.create", NAMES | {"uid": "t2"}),
    Asked("vle_learner.patch", {"email": "twin@x.org"}),
]
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
def told(world, caller):
    """told(asked): the answer without keys and instants, and the number of statements; nothing is left behind."""
    keys = [world.home.people[name].pk for name in ("ann", "teacher")]  # whom a VLE may change
    User.objects.filter(pk__in=keys).update(password="!", login_allowed=False)

    def call(asked: Asked):
        call = calls.CALLS[asked.name]
        client = caller(call.by)
        with transaction.atomic():
            if call.before is not None:
                call.before(world)
            url, declared = calls.url_of(call, world), calls.body_of(call, world)
            body = None if asked.body is None else (declared or {}) | asked.body
            with CaptureQueriesContext(connection) as sent:
                answer = calls.request(client, call.method, f"{url}?{asked.query}", body)
            transaction.set_rollback(True)
        return answer.status_code, stable(answer.json()), len(sent)

    return call


def stable(value):
    if isinstance(value, dict):
        return {name: stable(inner) for name, inner in value.items() if name not in UNSTABLE}
    return [stable(inner) for inner in value] if isinstance(value, list) else value


def test_whoever_takes_a_name_is_asked():
    """Whatever is derived, these are among them."""
    found = {each.name for each in derived()}
    assert {"user.create", "course_learner.put", "vle_launcher.create", "vle_assessment.open", "learner.list"} <= found


@pytest.mark.parametrize("asked", CALLS, ids=lambda asked: f"{asked.name} {'+'.join(asked.body or ())}{asked.query}")
def test_an_answer_and_its_cost_are_the_same_whoever_is_elsewhere(asked, told, twins):
    told(asked)  # what is compiled at the first call
    before = told(asked)
    assert before[0] in (200, 201, 400, 404, 406)
    twins()
    assert told(asked) == before


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
