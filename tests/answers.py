"""Every answer of the API that a test receives is as the committed schema says (tesla_api/openapi.yaml).

The schema is read strictly: what it does not name may not be there, and a status that an operation does not have fails,
too. An address that the schema does not have is answered with a refusal, which looks like one. Of what is sent in parts
only status and type are compared. Not looked at are pages where a page was asked for, resources that a test has made,
server errors, and, with LEGACY_DASHBOARD, the two answers that older dashboards get otherwise.
"""

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml
from django.conf import settings
from django.test import Client
from django.urls import Resolver404, resolve

SCHEMA = Path(__file__).resolve().parents[1] / "tesla_api" / "openapi.yaml"
FOLDER = SCHEMA.parents[1] / "var" / "tests"
NAME = "urn:answers"  # of the schema, in the references of its parts
LEARNER = "/api/v2/institution/{parent_lookup_institution_id}/learner/{id}/"
API = ("api/", "lapi/")
OF_OLDER_DASHBOARDS = {("GET", f"{LEARNER}enrolment/"), ("DELETE", f"{LEARNER}ic/")}
_SEEN: set[tuple[str, str, int, bytes]] = set()  # answers that were looked at, and are as described


class UntrueSchemaError(AssertionError):
    """The schema must say what is answered; or the answer is wrong."""


def watch() -> None:
    """From now on look at what Django's test client and its subclasses receive."""
    send = Client.request

    def request(self, **values: Any) -> Any:
        answer = send(self, **values)
        asked = answer.wsgi_request
        if settings.ROOT_URLCONF == "tesla_api.urls":
            # Some are refused before their address is read.
            route = asked.resolver_match.route if asked.resolver_match else _route(asked.path_info)
            content = None if answer.streaming else answer.content
            is_page = "text/html" in asked.headers.get("Accept", "") or asked.GET.get("format") == "api"
            legacy = settings.LEGACY_DASHBOARD
            check(asked.method, route, answer.status_code, answer.headers, content, is_legacy=legacy, is_page=is_page)
        return answer

    Client.request = request


def check_sent(method: str, path: str, status: int, headers: Any, content: bytes) -> None:
    """The same for an answer that a server has sent."""
    # The server's setting is not known here, nor what was asked for.
    check(method, _route(path), status, headers, content, is_legacy=True, is_page=True)


def _route(path: str) -> str:
    """The one of this address; what leads nowhere stands for itself."""
    path = "/" + path.partition("?")[0].lstrip("/")
    for candidate in (path, path.rstrip("/"), path.rstrip("/") + "/"):
        try:
            return resolve(candidate).route
        except Resolver404:
            continue
    return path.lstrip("/")


def check(
    method: str, route: str, status: int, headers: Any, content: bytes | None, *, is_legacy: bool, is_page: bool
) -> None:
    """Raises UntrueSchemaError unless the schema describes this answer. `content` is None if it is sent in parts."""
    path = _path(route)
    of_api = route.startswith(API) or path in _document()["paths"]
    if not of_api or method in {"HEAD", "OPTIONS"} or status == 500:
        return
    kind = headers.get("Content-Type", "").partition(";")[0]
    if kind == "text/html" and is_page:
        return
    if is_legacy and (method, path) in OF_OLDER_DASHBOARDS:
        return
    if kind == "text/html":
        raise UntrueSchemaError(f"{method} {path}: {status}: text/html, which was not asked for")
    if content is None:
        if problem := _of_parts(method, path, status, kind):
            raise UntrueSchemaError(f"{method} {path}: {status}: {problem}")
        return
    seen = (method, path, status, blake2b(content, digest_size=16).digest())
    if seen not in _SEEN:
        if problems := [*_problems(method, path, status, content)]:
            raise UntrueSchemaError("\n".join([f"{method} {path}: {status}", *problems[:10], str(content[:2000])]))
        _SEEN.add(seen)


def _of_parts(method: str, path: str, status: int, kind: str) -> str:
    answers = _document()["paths"].get(path, {}).get(method.lower(), {}).get("responses", {})
    kinds = answers.get(str(status), {}).get("content", {})
    return "" if kind in kinds else f"{kind} is none of {', '.join(kinds) or 'nothing'}"


def _problems(method: str, path: str, status: int, content: bytes) -> Iterator[str]:
    validator = _validator(method, path, status)
    if isinstance(validator, str):
        yield validator
    elif validator is None:
        yield from ["it has a body, and the schema none"] if content else []
    elif not content:
        yield "it has no body"
    elif not validator.is_valid(body := json.loads(content)):
        for error in validator.iter_errors(body):
            yield f"{'/'.join(map(str, error.instance_path)) or 'the body'}: {error.message[:500]}"


@cache
def _validator(method: str, path: str, status: int) -> jsonschema_rs.Validator | str | None:
    """None: there is no body. A text: what is wrong with the status."""
    operation = _document()["paths"].get(path, {}).get(method.lower())
    if operation is None:  # no operation of anybody: it can only be refused
        content = {"$ref": f"{NAME}#/components/schemas/Error"}
    elif str(status) not in operation["responses"]:
        return f"the schema has only {', '.join(sorted(operation['responses']))}"
    else:
        answer = operation["responses"][str(status)]
        if "$ref" in answer:
            answer = _document()["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        content = answer.get("content", {}).get("application/json", {}).get("schema")
    if content is None:
        return None
    return jsonschema_rs.Draft7Validator(content, registry=_components(), validate_formats=True)


def validator_of(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    """Of any part of the schema that is not yet read strictly."""
    return jsonschema_rs.Draft7Validator(_strict(schema), registry=_components(), validate_formats=True)


@cache
def _components() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([(NAME, {"components": _document()["components"]})], draft=jsonschema_rs.Draft7)


@cache
def _document() -> dict[str, Any]:
    """The schema as JSON Schema. Reading YAML takes longer than most test files: the result is kept in var/tests."""
    text = SCHEMA.read_bytes()
    made = FOLDER / f"schema-{blake2b(text + Path(__file__).read_bytes(), digest_size=16).hexdigest()}.json"
    if made.exists():
        return json.loads(made.read_text())
    document = _strict(yaml.load(text, Loader=yaml.CSafeLoader))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("schema-*.json"):
        old.unlink(missing_ok=True)
    unfinished = made.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(document))
    unfinished.rename(made)
    return document


def _strict(node: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema, where an object has no other keys than those that are described."""
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _strict(value) for key, value in node.items()}
    if "$ref" in made:
        made["$ref"] = NAME + made["$ref"]
    if made.get("type") == "object" and isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return {"anyOf": [made, {"type": "null"}]} if made.pop("nullable", False) is True else made


@cache
def _path(route: str) -> str:
    """The address as the schema writes it."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
