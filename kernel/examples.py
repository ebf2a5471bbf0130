"""Examples in the reference, and its groups in their order: the last step of the schema.

An example is made from the schema that it is to fit and from sample values, which stand in the module of the setting
API_REFERENCE by the name of the property, or by `Component.property` where the name means different things.
"""

from collections.abc import Mapping
from itertools import chain, pairwise
from types import ModuleType
from typing import Any

from kernel.declared import declared_reference

_METHODS = ("get", "post", "put", "patch", "delete")
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
_MOMENT = "2026-09-14T08:30:00Z"
_OF_FORMAT = {"date-time": _MOMENT, "uri": "https://trust.example.org/files/example", "binary": "(bytes)"}
_PLAIN: dict[str, Any] = {"boolean": False, "number": 0.5}


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Of POSTPROCESSING_HOOKS: groups, and an example for each id of an address, each body and each good answer."""
    reference = declared_reference()
    result["tags"] = [
        {"name": name, "description": text} for name, text in chain(*map(dict.items, reference.TAG_GROUPS.values()))
    ]
    result["x-tagGroups"] = [{"name": name, "tags": [*tags]} for name, tags in reference.TAG_GROUPS.items()]
    examples = Examples(result["components"]["schemas"], reference)
    for path, item in result["paths"].items():
        for operation in (item[method] for method in _METHODS if method in item):
            _add_to_ids(path, operation, examples)
            _add_to_contents(operation, examples)
    result["components"]["examples"] = dict(sorted(examples.made.items()))
    return result


def _add_to_ids(path: str, operation: dict[str, Any], examples: "Examples") -> None:
    samples = examples.reference.PATH_SAMPLES
    above = {part[1:-1]: word for word, part in pairwise(path.split("/")) if part.startswith("{")}
    for parameter in (each for each in operation.get("parameters", ()) if each["in"] == "path"):
        named = (samples.get(parameter["name"]), samples.get(above[parameter["name"]]), 1)
        parameter["example"] = next(value for value in named if examples.fits(value, parameter["schema"]))


def _add_to_contents(operation: dict[str, Any], examples: "Examples") -> None:
    """To the first media type of the body and of the good answers: forms are sent alike."""
    name = operation["operationId"]
    bodies = [("request", operation.get("requestBody", {}))]
    answers = [("answer", answer) for status, answer in operation["responses"].items() if status.startswith("2")]
    for kind, described in (*bodies, *answers):
        told = examples.reference.ANSWERS.get(name, {}) if kind == "answer" else {}
        for content in [*described.get("content", {}).values()][:1]:
            content["examples"] = {"example": {"$ref": examples.named(content["schema"], f"{name}_{kind}", told)}}


class Examples:
    def __init__(self, schemas: Mapping[str, Any], reference: ModuleType) -> None:
        self.schemas, self.reference, self.samples = schemas, reference, reference.SAMPLES
        self.made: dict[str, dict[str, Any]] = {}

    def named(self, schema: dict[str, Any], name: str, told: Mapping[str, Any]) -> str:
        """The reference of the example for this schema. Those of components have the names of the components."""
        component = schema.get("$ref", "").rpartition("/")[2]
        name = name if told or not component else component
        if name not in self.made:
            value = self.of(schema, name)
            if component.startswith("Patched"):
                changed = next((field for field in self.reference.CHANGED if field in value), next(iter(value)))
                value = {changed: value[changed]}
            self.made[name] = {"value": {**value, **told} if told else value}
        return f"#/components/examples/{name}"

    def of(self, schema: Mapping[str, Any], name: str, owner: str = "") -> Any:
        """A value of the property `name` of the component `owner`."""
        plain = owner.removesuffix("Request").removeprefix("Patched")  # the row that a body is to become
        for sample in (f"{owner}.{name}", f"{plain}.{name}", name):
            if sample in self.samples and self.fits(self.samples[sample], schema):
                return self.samples[sample]
        if "$ref" in schema:
            component = schema["$ref"].rpartition("/")[2]
            return self.samples.get(component) or self.of(self.schemas[component], name, component)
        for several in ("allOf", "oneOf"):
            if several in schema:
                return self.of(schema[several][0], name, owner)
        if "enum" in schema:
            return schema["enum"][0]
        return self._of_type(schema, name, owner)

    def _of_type(self, schema: Mapping[str, Any], name: str, owner: str) -> Any:
        match schema.get("type"):
            case "object":
                return {key: self.of(value, key, owner) for key, value in schema.get("properties", {}).items()}
            case "array":
                return [self.of(schema["items"], name, owner)]
            case "string":
                return _OF_FORMAT.get(schema.get("format", ""), name.replace("_", " ").capitalize())
            case "integer":
                return schema.get("minimum", 1)
            case kind:
                return _PLAIN.get(kind or "")

    def fits(self, value: Any, schema: Mapping[str, Any]) -> bool:
        """The name of a property may mean a text here and an object there."""
        if value is None and schema.get("nullable"):
            return True
        if "$ref" in schema:
            return self.fits(value, self.schemas[schema["$ref"].rpartition("/")[2]])
        several = [*schema.get("allOf", ()), *schema.get("oneOf", ())]
        if several:
            return any(self.fits(value, each) for each in several)
        if "enum" in schema:
            return value in schema["enum"]
        if isinstance(value, dict) and "properties" in schema:
            return set(schema.get("required", ())) <= value.keys() <= schema["properties"].keys()
        types = _TYPES.get(schema.get("type", ""), (object,))
        return isinstance(value, types) and (bool in types or object in types or not isinstance(value, bool))
