"""OpenAPI: the token scheme, every answer status, and derived fields described by their functions' type hints."""

from enum import IntEnum
from typing import Any, get_args, get_type_hints

from django.db.backends.base.operations import BaseDatabaseOperations
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_choice_field, resolve_type_hint
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from kernel.access import METHOD
from kernel.declared import declared_reference
from kernel.serializers import BlankableEmailField, named_number
from kernel.states import Tagged
from kernel.wording import OperationWords, description_of, summary_of, tag_of

_DETAIL = {400: "A value is wrong, or the body cannot be read.", 401: "No valid credentials.",
           403: "No right to do this.", 404: "Not here, or not for this caller.", 409: "The present state forbids it.",
           412: "The row has changed since it had one of these tags.",
           413: "The body is too large.", 415: "The body's media type is not understood.",
           429: "Too many attempts; Retry-After says how many seconds to wait.",
           503: "Not at the moment; Retry-After says how many seconds to wait."}  # fmt: skip


# Ranges of integer columns differ between databases and are left out: only declared limits are described.
_STORAGE = {limit for limits in BaseDatabaseOperations.integer_field_ranges.values() for limit in limits} - {0}
# Components that are in the settings.
FIELD_ERRORS: dict[str, Any] = {"$ref": "#/components/schemas/FieldErrors"}
WRONG_VALUES: dict[str, Any] = {"$ref": "#/components/schemas/WrongValues"}


class ErrorSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField()


class NoCredentialsSerializer(ErrorSerializer):
    code = serializers.CharField(required=False, help_text="Only where the header has another form.")


_BODIES: dict[int, Any] = {400: WRONG_VALUES, 401: NoCredentialsSerializer}


def problems(*statuses: int) -> dict[int, OpenApiResponse]:
    """The described answers of these statuses, for `extend_schema(responses=...)`."""
    return {status: OpenApiResponse(_BODIES.get(status, ErrorSerializer), _DETAIL[status]) for status in statuses}


_TAGGED = {"ETag": {"$ref": "#/components/headers/ETag"}}  # in the settings
_KNOWN = ("If-None-Match", "ETags that are known: they are answered 304.")
_EXPECTED = ("If-Match", "The ETag of what is to be changed, or `*`.")


class ResourceSchema(AutoSchema):
    """Adds to each operation of the tree the refusals it can answer with, and the headers of entity tags."""

    view: Any

    def is_excluded(self) -> bool:
        """Exclude actions that nobody is granted, although their address exists and answers 403."""
        view = self.view
        granted = not hasattr(view, "scope") or any(view.action in grant.actions for grant in view.access.values())
        return super().is_excluded() or not granted

    @property
    def _words(self) -> OperationWords | None:
        return declared_reference().OPERATIONS.get(self.get_operation_id())

    def get_tags(self) -> list[str]:
        words = self._words
        if words is not None:
            return [words.tag]
        return [tag_of(self.view)] if hasattr(self.view, "scope") else super().get_tags()

    def get_summary(self) -> str | None:
        words = self._words
        if words is not None:
            return words.summary
        return summary_of(self.view) if hasattr(self.view, "scope") else super().get_summary()

    def get_description(self) -> str:  # type: ignore[override] # the base class is drf-spectacular's
        words, documented = self._words, super().get_description()
        if words is not None:
            return words.description
        return description_of(self.view, documented) if hasattr(self.view, "scope") else documented

    @property
    def _is_of_row(self) -> bool:
        return (
            isinstance(self.view, Tagged) and self.view.action in (METHOD.keys() - {"list"}) | self.view.tagged_actions
        )

    def get_request_serializer(self) -> Any:
        serializer = super().get_request_serializer()
        return getattr(serializer, "bodies", {}).get(getattr(self.view, "action", None), serializer)

    def get_override_parameters(self) -> list[Any]:
        if not self._is_of_row or self.method == "POST":
            return []
        name, description = _KNOWN if self.method == "GET" else _EXPECTED
        return [OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description)]

    def _get_response_bodies(self, direction="response") -> dict[str, Any]:
        # Here and not in get_response_serializers(), which extend_schema() replaces.
        described = super()._get_response_bodies(direction)
        if hasattr(self.view, "scope") and direction == "response":
            for status, answer in problems(*self._refusals()).items():
                described.setdefault(str(status), self._get_response_for_code(answer, str(status)))
            if self._is_of_row:
                for tagged in {"200", "201", "412"} & described.keys():
                    described[tagged]["headers"] = _TAGGED
                described |= {"304": {"description": "As it is known."}} if self.method == "GET" else {}
        server = {status: {"$ref": f"#/components/responses/{name}"} for status, name in self._server().items()}
        return dict(sorted((server | described).items()))

    def _server(self) -> dict[str, str]:
        """What any request of this kind may be refused with, whatever the view does: see also http/repeats.py."""
        always = {"400": "Unreadable", "406": "NotAcceptable", "414": "TooLong", "503": "Unavailable"}
        return always if self.method == "GET" else always | {"409": "Changed", "411": "LengthRequired"}

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        if isinstance(field, BlankableEmailField):
            return  # described below, with "" as a value
        super()._insert_field_validators(field, schema)

    def _insert_min_max(self, field: Any, content: dict[str, Any]) -> None:
        super()._insert_min_max(field, content)
        for limit in ("minimum", "maximum"):
            if content.get(limit) in _STORAGE:
                del content[limit]

    def _refusals(self) -> list[int]:
        writes = self.method in {"POST", "PUT", "PATCH"}
        always = [400] if writes or self.view.action == "list" else []
        changes = [409] if self.method != "GET" and self.view.conflicts and self.view.action in METHOD else []
        meets = [412] if isinstance(self.view, Tagged) and self.method not in {"GET", "POST"} else []
        counted = [429] if self.view.action in getattr(self.view, "asks_password", ()) else []
        return [*always, 401, 403, 404, *changes, *meets, *counted, *([413, 415] if writes else [])]


class TokenScheme(OpenApiAuthenticationExtension):
    """The token may follow either of two words; OpenAPI's bearer scheme can describe only one."""

    target_class = "signin.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema):
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`JWT <token>` or `Bearer <token>`",
        }


class BrowserScheme(OpenApiAuthenticationExtension):
    target_class = "signin.authentication.BrowserAuthentication"
    name = "browser"

    def get_security_definition(self, auto_schema):
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "A browser's session, with CSRF token",
        }


class ComputedSchema(OpenApiSerializerFieldExtension):
    target_class = "kernel.serializers.Computed"

    def map_serializer_field(self, auto_schema, direction):
        hint = get_type_hints(self.target.function)["return"]
        for numbers in get_args(hint) or (hint,):
            if isinstance(numbers, type) and issubclass(numbers, IntEnum):  # with the names of the numbers
                return build_choice_field(named_number(numbers)) | ({} if numbers is hint else {"nullable": True})
        return resolve_type_hint(hint)


class BatchSchema(OpenApiSerializerFieldExtension):
    target_class = "kernel.serializers.Batch"

    def map_serializer_field(self, auto_schema, direction):
        _, value = get_args(get_type_hints(self.target.function)["return"])
        return resolve_type_hint(value)


class BlankableEmailSchema(OpenApiSerializerFieldExtension):
    """A pattern and no `format` wherever it can be "", which is no address."""

    target_class = "kernel.serializers.BlankableEmailField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema, direction):
        can_be_blank = direction == "response" or self.target.allow_blank
        form = {"pattern": r"^([^@\s]+@[^@\s]+)?$"} if can_be_blank else {"format": "email"}
        return {"type": "string", "maxLength": self.target.max_length, **form}


class ObjectSchema(OpenApiSerializerFieldExtension):
    target_class = "kernel.serializers.ObjectField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema, direction):
        return {"type": "object", "additionalProperties": {}}
