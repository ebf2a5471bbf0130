"""The committed OpenAPI schema: the documented operations, every answer, and the same as the code has it.

And what makes it a reference: groups, summaries, descriptions and examples.
"""

import re
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from tesla_api import reference
from tesla_api.tree import CALLS as ADDRESSES
from tesla_api.tree import TREE
from tests.answers import validator_of
from tests.contract.calls import CALLS, names
from tests.contract.document import operations

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "tesla_api" / "openapi.yaml").read_text()
SCHEMA = yaml.load(TEXT, Loader=yaml.CSafeLoader)  # a quarter of the time, in every process that collects this file
DOCUMENTED = [*operations().values()]
# Sign-in and uploads of models, which are not declared in resources/.
UNDECLARED = {
    ("post", "/models/{token}/"),
    ("post", "/api/v2/auth/approle"),
    ("post", "/api/v2/auth/login"),
    ("post", "/api/v2/auth/token"),
    ("post", "/api/v2/auth/token/refresh"),
    ("get", "/api/v2/auth/profile"),
    ("delete", "/api/v2/auth/logout"),
}
# Served, but no operation of anybody: the resources of modules without a list, or with nothing but a list.
REFUSED = {
    (call.method, call.url)
    for call in CALLS.values()
    if (call.resource.root in ("vle", "provider") or call.name in ("contest.create", "correction.create"))
    and call.status == 403
}
DECLARED = {(call.method, call.url) for call in CALLS.values()}
BESIDE = DECLARED - {(operation.method, operation.path) for operation in DOCUMENTED} - REFUSED | UNDECLARED
OF_MODULES = [
    CALLS[name] for name in names("vle", "provider") if CALLS[name].resource.golden and CALLS[name].status < 400
]
# Of the document; those of 7, 15 and 16 collide in it and have the names that were settled for them.
COMPONENTS = {
    "Institution", "InstitutionVLE", "InstitutionCourse", "VLE", "InstitutionInformedConsent",
    "InstitutionInformedConsentDocument", "Instrument", "InstitutionUser", "InstitutionInstructor",
    "InstitutionLearner", "InstitutionLearnerConsent", "InstitutionCourseInstructor", "InstitutionCourseLearner",
    "InstitutionCourseActivity", "InstitutionCourseActivityInstrument", "InstitutionCourseActivityInstrumentInfo",
    "InstitutionCourseGroup", "InstitutionCourseGroupCourse", "InstitutionUIOption", "InstitutionSENDCategory",
    "InstitutionSENDCategoryData", "InstitutionSENDLearner",
    "InstitutionCourseActivityReport", "InstitutionCourseActivityReportLearner",
    "InstitutionCourseActivityReportDetail", "InstitutionCourseActivityReportRequest",
    "InstitutionCourseActivityReportRequestResult", "InstitutionCourseActivityReportAudit",
}  # fmt: skip
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [
    (path, method, item[method]) for path, item in SCHEMA["paths"].items() for method in METHODS if method in item
]


def described(operation):
    return SCHEMA["paths"][operation.path][operation.method]


def of_every_request(method: str) -> set[str]:
    """What is refused whatever the view does: headers that cannot be read, addresses too long, bodies without length,
    and what others change at the same moment."""
    return {"400", "406", "414", "503"} | (set() if method == "get" else {"409", "411"})


TAGGED = {"ic.current", "learner.enrolment"}  # one row, too


def states_of(method: str, path: str) -> set[str]:
    """The answers of rows to the conditions of requests."""
    name, call = next((name, call) for name, call in CALLS.items() if (call.method, call.url) == (method, path))
    return (
        {"304"}
        if call.verb == "read" or name in TAGGED
        else {"412"}
        if call.method in {"put", "patch", "delete"}
        else set()
    )


def test_the_schema_holds_the_document_and_what_is_named_here():
    operations = {(method, path) for path, item in SCHEMA["paths"].items() for method in METHODS if method in item}
    assert operations == {(operation.method, operation.path) for operation in DOCUMENTED} | BESIDE


def test_components_have_the_documents_names():
    assert set(SCHEMA["components"]["schemas"]) >= COMPONENTS


def test_every_operation_has_a_name_of_its_own():
    names = [item[method]["operationId"] for item in SCHEMA["paths"].values() for method in METHODS if method in item]
    assert len(names) == len(set(names)) == len(DOCUMENTED) + len(BESIDE)


@pytest.mark.parametrize("operation", DOCUMENTED, ids=lambda operation: operation.id)
def test_every_answer_is_described(operation):
    answers = set(described(operation)["responses"])
    expected = {str(operation.status), "401", "403", "404"} | of_every_request(operation.method)
    if operation.method in {"post", "put", "patch"}:
        expected |= {"413", "415"}
    if operation.id in {"10.4", "10.5"}:
        expected |= {"429"}  # the present password is asked for a new one
    if operation.method != "get" and operation.section in {6, 7, 10, 11, 12} and operation.id not in {"12.8", "12.9"}:
        expected |= {"409"}
    assert answers == expected | states_of(operation.method, operation.path)


@pytest.mark.parametrize("operation", DOCUMENTED, ids=lambda operation: operation.id)
def test_path_parameters_are_the_documents(operation):
    declared = {p["name"]: p["schema"] for p in described(operation)["parameters"] if p["in"] == "path"}
    assert set(declared) == {part[1:-1] for part in operation.path.split("/") if part.startswith("{")}
    for name, schema in declared.items():
        assert schema["type"] == ("string" if name == "language" else "integer")


@pytest.mark.parametrize("operation", [o for o in DOCUMENTED if o.is_list], ids=lambda operation: operation.id)
def test_lists_describe_their_query(operation):
    declared = {p["name"] for p in described(operation).get("parameters", ()) if p["in"] == "query"}
    assert {"limit", "offset", "ordering", "search"} <= declared


@pytest.mark.parametrize("operation", [o for o in DOCUMENTED if o.method == "get"], ids=lambda operation: operation.id)
def test_answers_have_the_documented_keys_first(operation):
    answer = described(operation)["responses"]["200"]["content"]["application/json"]["schema"]
    name = answer["$ref"].rpartition("/")[2]
    schema = SCHEMA["components"]["schemas"][name]
    if operation.is_list:
        beside = {key.name for key in operation.keys} if operation.id == "6.3" else set()
        assert set(schema["properties"]) == {"count", "next", "previous", "results"} | beside
        schema = SCHEMA["components"]["schemas"][schema["properties"]["results"]["items"]["$ref"].rpartition("/")[2]]
    elif "oneOf" in schema:  # learner.enrolment has a second shape, for ?activity_id=
        schema = SCHEMA["components"]["schemas"][schema["oneOf"][0]["$ref"].rpartition("/")[2]]
    documented = [key.name for key in operation.keys]
    assert list(schema["properties"])[: len(documented)] == documented


@pytest.mark.parametrize("call", OF_MODULES, ids=lambda call: call.name)
def test_operations_of_modules_are_described(call):
    described = SCHEMA["paths"][call.url][call.method]
    parameters = {(p["in"], p["name"]): p["schema"] for p in described.get("parameters", ())}
    ids = {part[1:-1] for part in call.url.split("/") if part.startswith("{")}
    assert {name for where, name in parameters if where == "path"} == ids
    for name in ids:
        assert parameters["path", name]["type"] == ("string" if name == "learner_uuid" else "integer")
    expected = {str(call.status), "401", "403", "404"} | of_every_request(call.method)
    expected |= {"413", "415"} if call.method in {"post", "put", "patch"} else set()
    assert set(described["responses"]) == expected | states_of(call.method, call.url)
    if call.is_list:
        assert {name for where, name in parameters if where == "query"} >= {"limit", "offset", "ordering", "search"}


def test_what_a_vle_sends_is_described():
    sent = {
        "VLECourseRequest": (["code", "vle_course_id", "description", "start", "end"], ["vle_course_id"]),
        "VLECourseLearnerRequest": (["uid", "first_name", "last_name", "email"], ["uid"]),
        "VLECourseInstructorRequest": (["uid", "first_name", "last_name", "email"], ["uid"]),
        "VLECourseActivityRequest": (
            ["vle_activity_type", "vle_activity_id", "name", "description", "enabled", "start", "end", "conf"],
            ["vle_activity_id", "vle_activity_type"],
        ),
        "VLECourseActivityInstrumentRequest": (
            ["instrument", "active", "options", "alternative_to"],
            ["active", "instrument", "options"],
        ),
    }
    for name, (properties, required) in sent.items():
        schema = SCHEMA["components"]["schemas"][name]
        assert (list(schema["properties"]), sorted(schema["required"])) == (properties, required), name


@pytest.mark.parametrize(
    ("method", "header", "tagged"),
    [("get", "If-None-Match", "200"), ("put", "If-Match", "200"), ("delete", "If-Match", "412")],
)
def test_states_of_rows_are_described(method, header, tagged):
    operation = SCHEMA["paths"]["/api/v2/institution/{parent_lookup_institution_id}/vle/{id}/"][method]
    assert [p["name"] for p in operation["parameters"] if p["in"] == "header"] == [header]
    assert operation["responses"][tagged]["headers"] == {"ETag": {"$ref": "#/components/headers/ETag"}}


def test_passwords_are_never_in_an_answer():
    for name, schema in SCHEMA["components"]["schemas"].items():
        if not name.endswith("Request"):
            assert not {"password", "password2"} & set(schema.get("properties", ())), name


def test_columns_with_choices_are_shown_with_their_values():
    """A status or a level that is any text, or any number, is one that a client cannot tell from others."""
    shown, vague = 0, []
    for serializer in {kind for resource in TREE for kind in serializers_of(resource.viewset)}:
        for name, field in serializer().fields.items():
            is_shown = getattr(field, "columns", (field.source,)) == (name,)
            answer = (
                SCHEMA["components"]["schemas"].get(name_of(serializer), {"properties": {}})["properties"].get(name)
            )
            if is_shown and answer and has_choices(serializer.Meta.model, name):
                shown += 1
                vague += [] if "enum" in str(answer).lower() else [(name_of(serializer), name)]
    assert shown > 20
    assert vague == []


def serializers_of(viewset) -> set:
    found = (getattr(viewset, name, None) for name in ("serializer_class", "detail_serializer_class"))
    return {serializer for serializer in found if hasattr(serializer, "Meta")}


def has_choices(model, name: str) -> bool:
    return any(column.name == name and getattr(column, "choices", None) for column in model._meta.get_fields())


def name_of(serializer) -> str:
    return serializer.__name__.removesuffix("Serializer")


def test_the_committed_schema_is_the_codes():
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert out.getvalue().strip() == TEXT.strip()


def each(problem) -> list[str]:
    """The operations that have this problem, by their names."""
    return [operation["operationId"] for _, _, operation in OPERATIONS if problem(operation)]


def test_groups_are_those_of_the_reference_in_the_order_of_work():
    groups = [name for names in reference.TAG_GROUPS.values() for name in names]
    assert [tag["name"] for tag in SCHEMA["tags"]] == groups
    assert all(re.fullmatch(r"[A-Z][^.]+\.", tag["description"]) for tag in SCHEMA["tags"])
    assert [name for group in SCHEMA["x-tagGroups"] for name in group["tags"]] == groups
    assert {tag for _, _, operation in OPERATIONS for tag in operation["tags"]} == set(groups)
    assert each(lambda operation: len(operation["tags"]) != 1) == []


def test_every_operation_has_a_summary_of_its_own():
    assert each(lambda operation: not re.fullmatch(r"[A-Z][\w ,'()-]{5,75}", operation.get("summary", ""))) == []
    assert [text for text, times in Counter(o["summary"] for _, _, o in OPERATIONS).items() if times > 1] == []


def test_every_operation_is_described_in_one_or_two_sentences():
    sentences = re.compile(r"[A-Z].{10,}?\.( [A-Z`].{10,}?\.)?")
    assert each(lambda operation: not sentences.fullmatch(operation.get("description", ""))) == []
    assert each(lambda operation: len(re.findall(r"\.(?= |$)", operation["description"])) not in {1, 2}) == []


def contents(operation):
    """Of the body and of good answers, in the media type that is shown first."""
    good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    for part in (operation.get("requestBody", {}), *good):
        yield from [*part.get("content", {}).values()][:1]


def test_every_example_is_what_its_schema_describes():
    """And each operation has one: of its ids, of its body, and of its answer where that has a body."""
    seen, problems = set(), []
    for path, method, operation in OPERATIONS:
        ids = [p for p in operation.get("parameters", ()) if p["in"] == "path"]
        found = [(p["name"], p["schema"], p["example"]) for p in ids]
        for content in contents(operation):
            name = content["examples"]["example"]["$ref"].removeprefix("#/components/examples/")
            found.append((name, content["schema"], SCHEMA["components"]["examples"][name]["value"]))
            seen.add(name)
        assert found or operation["operationId"] == "auth_logout", (method, path)  # it has a header alone
        for name, schema, value in found:
            problems += [(path, name, error.message) for error in validator_of(schema).iter_errors(value)]
    assert problems == []
    assert seen == set(SCHEMA["components"]["examples"])


def test_ids_of_addresses_are_those_of_the_rows():
    for path, method, operation in OPERATIONS:
        answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
        if method != "get" or not path.endswith("/{id}/") or not answer:
            continue
        named = {p["name"]: p["example"] for p in operation["parameters"] if p["in"] == "path"}
        name = answer["examples"]["example"]["$ref"].rpartition("/")[2]
        if name not in {"InstitutionCourseActivityInstrument", "VLECourseActivityInstrument", "InstitutionSENDLearner"}:
            assert SCHEMA["components"]["examples"][name]["value"]["id"] == named["id"], path


def test_secrets_are_in_the_answers_that_tell_them_and_in_no_other():
    told = {
        name for name, text in ((n, str(e)) for n, e in SCHEMA["components"]["examples"].items()) if "secret_id" in text
    }
    assert told == {
        "ApproleRequest", "institution_vle_create_answer", "institution_vle_credentials_create_answer",
        "admin_instrument_provider_create_answer", "admin_instrument_provider_credentials_create_answer",
    }  # fmt: skip


def test_no_word_of_the_reference_is_about_something_that_is_not_there():
    components = SCHEMA["components"]["schemas"]
    assert set(reference.RESOURCES) == {resource.name for resource in (*TREE, *ADDRESSES)}
    operations = {operation["operationId"] for _, _, operation in OPERATIONS}
    assert set(reference.OPERATIONS) | set(reference.ANSWERS) <= operations
    properties = {name for schema in components.values() for name in schema.get("properties", ())}
    for name in reference.SAMPLES.keys() - components.keys():
        component, _, field = name.rpartition(".")
        assert field in properties, name
        assert not component or {component, f"{component}Request"} & components.keys(), name
