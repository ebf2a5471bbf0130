"""/admin/, groups and routes: a key that resembles one to write is refused by its name, and not passed over."""

import pytest

from institutions.models import Provider, User
from tesla_api.tree import TREE
from tests.contract.calls import CALLS, body_of, names, url_of
from tests.institutions.administration import BASE, call

VERBS = ("create", "put", "patch")
WRITES = [name for name in names("admin") if CALLS[name].verb in VERBS]
WRITES += [f"{resource}.{verb}" for resource in ("group", "ui") for verb in VERBS]  # without a key: of everybody


@pytest.fixture
def root(as_):
    return as_("global")


def misspelt(name: str) -> set[str]:
    """Another case and other signs, a letter too few or too many, the name without its ending, with it, or cut."""
    first, *others = name.split("_")
    camel = first + "".join(map(str.title, others))
    found = {name.upper(), camel, name.replace("_", "-"), f"{name}_id", f"{name}s", name.removesuffix("_id")}
    found |= {f"{name[:4]}_id", f"{name[:3]}Id"} if name.endswith("_id") else set()  # inst_id
    return found | ({name[:2] + name[3:]} if len(name) > 4 else set())


@pytest.mark.parametrize("operation", WRITES)
def test_key_that_resembles_one_to_write_is_400_under_its_name(operation, as_, world):
    Provider.objects.create(name="P", acronym="p", version="1", queue="p", instrument_id=1)
    called = CALLS[operation]
    fields = fields_of(operation)
    url, body = url_of(called, world), body_of(called, world)
    tried = 0
    for name in (name for name, field in fields.items() if not field.read_only):
        for key in misspelt(name) - fields.keys():
            answer = call(as_(called.by), called.method, url, body | {key: None})
            assert (answer.status_code, list(answer.json())) == (400, [key]), (key, answer.content)
            tried += 1
    assert tried > 10


def fields_of(operation: str) -> dict:

    (resource,) = (resource for resource in TREE if resource.url == CALLS[operation].resource.url)
    return resource.viewset.serializer_class().fields


@pytest.mark.parametrize("operation", WRITES)
def test_key_that_resembles_nothing_is_ignored(operation, as_, world):
    Provider.objects.create(name="P", acronym="p", version="1", queue="p", instrument_id=1)
    called = CALLS[operation]
    body = body_of(called, world) | {"rememberMe": True, "created_at": "x", "id": 7, "x" * 5000: 1, "": 1, "\u00e9": 1}
    assert call(as_(called.by), called.method, url_of(called, world), body).status_code == called.status


@pytest.mark.parametrize("of", ["number", "object"])
def test_institution_under_the_key_that_is_only_read_creates_nobody(of, root, world):
    """It created a person without institution."""
    home = world.home.institution.pk
    body = {"username": "zoe", "uid": "z1", "institution": home if of == "number" else {"id": home}}
    answer = call(root, "post", f"{BASE}user/", body)
    assert (answer.status_code, list(answer.json())) == (400, ["institution"])
    assert "institution_id" in answer.json()["institution"][0]
    assert not User.objects.filter(username="zoe").exists()
    made = call(root, "post", f"{BASE}user/", body | {"institution_id": home})
    assert (made.status_code, made.json()["institution"]["id"]) == (201, home)


def test_institution_that_was_read_may_be_sent_along(root, world):
    url = f"{BASE}user/{world.people['ann'].pk}/"
    shown = root.get(url).json()
    away = world.away.institution.pk
    for institution, status in (
        (shown["institution"], 200), (world.home.institution.pk, 200), (away, 400), ({"id": away}, 400), (None, 400),
    ):  # fmt: skip
        assert call(root, "patch", url, {"institution": institution}).status_code == status, institution
    assert call(root, "put", url, shown).status_code == 200
    nobody = f"{BASE}user/{world.people['global'].pk}/"
    assert call(root, "patch", nobody, {"institution": None}).status_code == 200
