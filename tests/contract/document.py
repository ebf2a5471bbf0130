"""The API document (institution_v2.json) as operations with keys and types, and what was settled where it is wrong.

Nothing here is read from the code: the document says what is documented, the tables below say what it cannot say.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
EMAIL_OR_NOTHING = re.compile(r"[^@\s]+@[^@\s]+|")


@dataclass(frozen=True)
class Key:
    name: str
    type: str
    nullable: bool = False
    keys: tuple["Key", ...] = ()  # of a nested object
    extras: tuple[str, ...] = ()  # keys of a nested object that follow the documented ones
    many: bool = False  # a list of such objects


@dataclass(frozen=True)
class Operation:
    id: str
    method: str  # lower case
    path: str
    status: int
    is_list: bool
    keys: tuple[Key, ...]  # of the row; of each row of a list
    extras: tuple[str, ...]  # must follow them
    optional: tuple[str, ...]  # may follow them

    @property
    def section(self) -> int:
        return int(self.id.split(".")[0])


def _keys(line: str) -> tuple[Key, ...]:
    """Names with a type each: `name:type`, a question mark for null."""
    parts = (part.partition(":") for part in line.split())
    return tuple(Key(name, kind.rstrip("?"), kind.endswith("?")) for name, _, kind in parts)


# The nested objects, which the document only names.
INSTITUTION = _keys(
    "id:integer acronym:string name:string external_ic:boolean mail_domain:string? "
    "disable_vle_learner_creation:boolean disable_vle_instructor_creation:boolean disable_vle_user_creation:boolean "
    "allow_learner_report:boolean allow_learner_audit:boolean allow_valid_audit:boolean "
    "created_at:instant updated_at:instant"
)
INSTITUTION_KEY = Key("institution", "object", keys=INSTITUTION, extras=("allowed_domains",))
COURSE_VLE = _keys("id:integer type:string name:string url:string? client_id:string?")
SEND_CATEGORY = (
    *_keys("id:integer"),
    INSTITUTION_KEY,
    *_keys("data:send_data description:string created_at:instant updated_at:instant"),
)
CONSENT = (
    *_keys("id:integer"),
    INSTITUTION_KEY,
    *_keys("version:string valid_from:instant created_at:instant updated_at:instant"),
)
INSTRUMENT_INFO = _keys(
    "id:integer name:string acronym:string queue:string enabled:boolean requires_enrolment:boolean description:string? "
    "identity:boolean originality:boolean authorship:boolean integrity:boolean options_schema:string? "
    "created_at:instant updated_at:instant"
)

REPORT_LEARNER = _keys("id:integer uid:string first_name:string last_name:string email:email learner_id:uuid")
REPORT_DETAIL = _keys(
    "instrument:string enrolment:percent confidence:percent result:percent identity_level:level content_level:level "
    "integrity_level:level instrument_id:integer"
)
# Beside them in the report's detail alone.
STATISTICS = (
    "instrument_acronym", "learner_histogram", "activity_histogram", "instrument_polarity", "result_bean", "thresholds",
    "prob_learner", "prob_context", "h_prob_learner", "h_prob_context", "facts", "fact_sentences",
    "demonstration",
)  # fmt: skip
REQUEST_RESULT = _keys(
    "id:integer status:integer result:number? error_message:string? code:integer audit:uri? created_at:instant "
    "updated_at:instant request:integer instrument:integer message_code:string?"
)

# Section of the document -> key -> what it really is: where the document contradicts itself or its clients.
CORRECTIONS: dict[int, dict[str, Key]] = {
    2: {
        "lti": Key("lti", "object", nullable=True),
        "credentials": Key("credentials", "object", nullable=True),  # printed as a string
    },
    3: {
        "vle": Key("vle", "object", keys=COURSE_VLE, extras=("institution",)),
        "description": Key("description", "string", nullable=True),
        "start": Key("start", "instant", nullable=True),
        "end": Key("end", "instant", nullable=True),
        "user_roles": Key("user_roles", "roles"),  # printed as a string
    },
    4: {"institution": INSTITUTION_KEY},
    5: {
        "description": Key("description", "string", nullable=True),
        "start": Key("start", "instant", nullable=True),
        "end": Key("end", "instant", nullable=True),
    },
    6: {"institution": INSTITUTION_KEY},
    7: {"consent": Key("consent", "object", keys=CONSENT)},
    9: {
        "roles": Key("roles", "string", nullable=True),
        "user": Key("user", "integer", nullable=True),  # printed as a string
        "is_global": Key("is_global", "boolean"),  # printed as a string
    },
    10: {"last_login": Key("last_login", "instant", nullable=True), "email": Key("email", "email")},
    11: {"last_login": Key("last_login", "instant", nullable=True), "email": Key("email", "email")},
    12: {
        "institution": INSTITUTION_KEY,
        "consent": Key("consent", "object", nullable=True, keys=_keys("version:string status:string")),
        "consent_accepted": Key("consent_accepted", "instant", nullable=True),
        "consent_rejected": Key("consent_rejected", "instant", nullable=True),
        "last_login": Key("last_login", "instant", nullable=True),
        "send": Key("send", "send"),
        "email": Key("email", "email"),
    },
    15: {"email": Key("email", "email")},
    16: {
        "institution": INSTITUTION_KEY,
        "consent": Key("consent", "object", nullable=True, keys=_keys("version:string status:string")),
        "consent_accepted": Key("consent_accepted", "instant", nullable=True),
        "consent_rejected": Key("consent_rejected", "instant", nullable=True),
        "last_login": Key("last_login", "instant", nullable=True),
        "send": Key("send", "send"),
        "email": Key("email", "email"),
        "locale": Key("locale", "string", nullable=True),
    },
    17: {
        "name": Key("name", "string", nullable=True),
        "start": Key("start", "instant", nullable=True),
        "end": Key("end", "instant", nullable=True),
        "description": Key("description", "string", nullable=True),
    },
    18: {"instrument": Key("instrument", "object", keys=INSTRUMENT_INFO)},
    13: {"institution": INSTITUTION_KEY, "data": Key("data", "send_data")},
    14: {"info": Key("info", "object", keys=SEND_CATEGORY, extras=("extra_time", "allowances"))},
    19: {
        "learner": Key("learner", "object", keys=REPORT_LEARNER),
        "detail": Key("detail", "object", keys=REPORT_DETAIL, many=True),
        **{name: Key(name, "level") for name in ("identity_level", "content_level", "integrity_level")},
    },
    20: {
        "result": Key("result", "object", keys=REQUEST_RESULT, many=True),
        "data": Key("data", "uri", nullable=True),  # for whom it is not
        "learner": Key("learner", "integer"),  # printed as a string
        "instruments": Key("instruments", "integers"),
    },
    21: {
        **{name: Key(name, "percent") for name in ("enrolment", "confidence", "result")},
        **{name: Key(name, "level") for name in ("identity_level", "content_level", "integrity_level")},
    },
}
CORRECTIONS_OF_OPERATION = {
    "19.2": {"detail": Key("detail", "object", keys=REPORT_DETAIL, many=True, extras=STATISTICS)},
}
WRITE_ONLY = {10: {"password", "password2"}}  # the document prints them in answers

# Keys beyond the documented ones: they follow them, and no other may.
EXTRAS = {
    1: (
        "allowed_domains", "contest_days", "time_zone", "withdrawal_models", "withdrawal_models_reason",
        "withdrawal_evidence", "withdrawal_evidence_reason", "publishes_transparency", "allow_own_names",
    ), 3: ("enabled",), 7: ("sha256", "removed"), 10: ("login_allowed",),
    13: ("extra_time", "allowances"), 17: ("course_id", "vle_id"),
}  # fmt: skip
EXTRAS_OF_OPERATION = {
    "6.3": ("id", "institution", "version", "valid_from", "created_at", "updated_at"),  # beside the page's keys
    "12.7": ("enrolment_status",),
    "19.1": ("contest", "is_restricted"),
    "19.2": ("data", "contest", "is_restricted"),
}
OPTIONAL_OF_OPERATION = dict.fromkeys(("12.3", "12.4", "12.5", "12.8"), ("enrolment_status",))


def _type(printed: str) -> str:
    return {
        "string <date-time>": "instant",
        "string <email>": "email",
        "string <uuid>": "uuid",
        "string <uri>": "uri",
    }.get(printed, printed)


@cache
def operations() -> dict[str, Operation]:
    """{"2.4": Operation}: every operation of the document."""
    raw = json.loads(Path(__file__).with_name("institution_v2.json").read_text())["operations"]
    rows = {}  # the keys of a row, from the operation that reads one
    for entry in raw:
        names = [field["name"] for field in entry["response_fields"]]
        if entry["method"] == "GET" and names[:2] != ["count", "next"] and names:
            rows.setdefault(entry["id"].split(".")[0], entry["response_fields"])
    return {entry["id"]: _operation(entry, rows) for entry in raw}


@cache
def _by_address() -> dict[tuple[str, str], Operation]:
    return {(operation.method, operation.path): operation for operation in operations().values()}


def documented(call) -> Operation | None:
    """What the document says of a declared operation (calls.py), if it knows it."""
    return _by_address().get((call.method, call.url))


def _operation(entry: dict[str, Any], rows: dict[str, list]) -> Operation:
    section = int(entry["id"].split(".")[0])
    printed = rows[str(section)] if entry["list"] else entry["response_fields"]
    settled = CORRECTIONS.get(section, {}) | CORRECTIONS_OF_OPERATION.get(entry["id"], {})
    keys = tuple(
        settled.get(field["name"], Key(field["name"], _type(field["type"]), bool(field.get("nullable"))))
        for field in printed
        if field["name"] not in WRITE_ONLY.get(section, ())
    )
    extras = EXTRAS.get(section, ()) if keys else ()
    if entry["id"] != "6.3":  # those stand beside the page's keys, not in its rows
        extras += EXTRAS_OF_OPERATION.get(entry["id"], ())
    return Operation(
        entry["id"], entry["method"].lower(), entry["path"], entry["status"], entry["list"], keys, extras,
        OPTIONAL_OF_OPERATION.get(entry["id"], ()),
    )  # fmt: skip


def differences(value: Any, operation: Operation) -> list[str]:
    """What is not as documented in one row of this operation's answer."""
    return list(_object(value, operation.keys, operation.extras, operation.optional, operation.id))


def _object(value, keys, extras, optional, where):
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no object"
        return
    names = [key.name for key in keys]
    if list(value)[: len(names)] != names:
        yield f"{where}: keys {list(value)} do not begin with {names}"
        return
    more = [name for name in list(value)[len(names) :] if name not in optional]
    if more != list(extras):
        yield f"{where}: the documented keys are followed by {more}, not by {list(extras)}"
    for key in keys:
        yield from _value(value[key.name], key, f"{where} {key.name}")


def _value(value, key: Key, where: str):
    if value is None:
        if not key.nullable:
            yield f"{where}: null"
    elif key.many:
        for n, one in enumerate(value):
            yield from _object(one, key.keys, key.extras, (), f"{where}[{n}]")
    elif key.keys:
        yield from _object(value, key.keys, key.extras, (), where)
    elif not _TYPES[key.type](value):
        yield f"{where}: {value!r} is no {key.type}"


def _is_uuid(value: object) -> bool:
    return isinstance(value, str) and str(UUID(value)) == value


def _is_send(value: object) -> bool:
    return (
        isinstance(value, dict)
        and list(value) == ["is_send", "send"]
        and type(value["is_send"]) is bool
        and _is_send_data(value["send"])
    )


def _is_send_data(value: object) -> bool:
    return (
        isinstance(value, dict)
        and list(value) == ["enabled_options", "disabled_instruments"]
        and all(isinstance(option, str) for option in value["enabled_options"])
        and all(type(number) is int for number in value["disabled_instruments"])
    )


_TYPES = {
    "integer": lambda value: type(value) is int,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "instant": lambda value: isinstance(value, str) and bool(INSTANT.fullmatch(value)),
    "email": lambda value: isinstance(value, str) and bool(EMAIL_OR_NOTHING.fullmatch(value)),
    "uuid": _is_uuid,
    "uri": lambda value: isinstance(value, str) and value.startswith("http"),
    "roles": lambda value: isinstance(value, list) and set(value) <= {"LEARNER", "INSTRUCTOR"},
    "send": _is_send,
    "send_data": _is_send_data,
    "number": lambda value: type(value) in (int, float),
    "percent": lambda value: type(value) is int and 0 <= value <= 100,
    "level": lambda value: type(value) is int and 0 <= value <= 4,
    "objects": lambda value: isinstance(value, list) and all(isinstance(one, dict) for one in value),
    "nothing": lambda value: False,
    "integers": lambda value: isinstance(value, list) and all(type(number) is int for number in value),
}
