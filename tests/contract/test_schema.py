"""The committed OpenAPI schema: the documented operations, every answer, and the same as the code has it."""

from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

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
    if call.resource.root in ("vle", "provider") and call.status == 403
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


def described(operation):
    return SCHEMA["paths"][operation.path][operation.method]


def of_every_request(method: str) -> set[str]:
    """What is refused whatever the view does: headers that cannot be read, addresses too long, bodies without length,
    and what others change at the same moment."""
    return {"400", "406", "414", "503"} | (set() if method == "get" else {"409", "411"})


def states_of(method: str, path: str) -> set[str]:
    """The answers of rows to the conditions of requests."""
    call = next(call for call in CALLS.values() if (call.method, call.url) == (method, path))
    return {"304"} if call.verb == "read" else {"412"} if call.method in {"put", "patch", "delete"} else set()


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


def test_the_committed_schema_is_the_codes():
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert out.getvalue().strip() == TEXT.strip()
