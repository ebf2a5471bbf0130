"""Every key that the clients read, by request: of the dashboard, of the plugins, of scripts and of providers.

Keys are written as `name`, those below them in braces; `name[]` is an array, `name?` may be null, `*` is whatever key.
Each must be there, and each must have been there at least once when the story ends: an array that is always empty shows
nothing.
"""

import re
from collections.abc import Iterator
from typing import Any

Steps = tuple[str, ...]

PAIR = "access_token refresh_token"
PAGE = "count next previous results[]"
LEVELS = "identity_level content_level integrity_level"
GAUGE = "instrument_id can_analyse__min can_analyse__max percentage__min pending_contributions"
INSTITUTION = (
    "id name acronym external_ic disable_vle_learner_creation disable_vle_instructor_creation "
    "disable_vle_user_creation allow_learner_report allow_learner_audit allow_valid_audit allowed_domains"
)
SEND = "enabled_options[] disabled_instruments[]"
CATEGORY = f"id description data {{ {SEND} }}"
ASSIGNMENT = f"id category expires_at info {{ description data {{ {SEND} }} }}"
TOOL = "id active alternative_to options instrument { id acronym name description options_schema }"
FLAGS = "inst_admin send_admin legal_admin data_admin"
USER = f"id username email first_name last_name uid locale {FLAGS} login_allowed"
ACCOUNT = f"{USER} is_staff institution? {{ uid locale roles[] }}"
INSTRUMENT = (
    "id name acronym description queue options_schema enabled requires_enrolment identity originality authorship "
    "integrity"
)
PROVIDER = (
    "id name acronym version description queue url options_schema options image service_port credentials enabled "
    "allow_validation inverted_polarity has_service validation_active"
)
ACTIVITY = "course_id name start end description"
RESULT = f"instrument_id enrolment confidence result {LEVELS}"
STATISTICS = (
    "instrument instrument_acronym instrument_polarity activity_histogram[] learner_histogram[] result_bean facts"
)
LEARNER = f"id ic_status institution {{ id external_ic }} send {{ send {{ {SEND} }} }}"
DECIDED = "id ic_status institution { id }"
TAKEN = "status path"
STATE = "sample status info"
WRITTEN = ""  # an object, whatever is in it

DASHBOARD = {
    "login": f"token {{ {PAIR} }}",
    "launched": PAIR,
    "refresh": f"token {{ {PAIR} }}",
    "profile": (
        "id first_name last_name email roles[] routes[] locale is_admin login_allowed "
        "institution? { id acronym learner_id } institutions[] { id acronym }"
    ),
    "gate": "ic_status",
    "activities": (
        f"{PAGE} {{ id {ACTIVITY} course {{ id code start end description user_roles[] }} "
        "user_instruments[] { instrument { acronym } } }"
    ),
    "enrolment": f"enrolment_status[] {{ {GAUGE} }}",
    "courses": f"{PAGE} {{ id code start end vle {{ institution {{ id }} }} }}",
    "courses-filtered": "count next previous results",
    "course": "code description start end user_roles",
    "institution": INSTITUTION,
    "course-activities": f"{PAGE} {{ id course_id name vle_activity_type start end }}",
    "activity": "name description start end enabled",
    "activity-instruments": f"results[] {{ {TOOL} }}",
    "instruments": "results[] { id acronym name description options_schema requires_enrolment }",
    "reports": f"{PAGE} {{ id learner {{ first_name last_name }} detail[] {{ {RESULT} }} {LEVELS} }}",
    "reports-own": "results[] { id }",
    "report": f"id detail[] {{ {RESULT} {STATISTICS} }} data?",
    "audit": "audit_data?",
    "users": f"{PAGE} {{ {USER} }}",
    "user": USER,
    "consents": f"{PAGE} {{ id version valid_from }}",
    "consent": "id version valid_from",
    "consent-current": "id version valid_from",
    "documents": "results[] { language html? pdf? }",
    "categories": f"{PAGE} {{ {CATEGORY} }}",
    "category": CATEGORY,
    "learners": f"{PAGE} {{ id username email }}",
    "learner": LEARNER,
    "learner-sends": f"results[] {{ {ASSIGNMENT} }}",
    "system-users-filtered": "count next previous results",
    "system-users": f"{PAGE} {{ {ACCOUNT} }}",
    "system-user": ACCOUNT,
    "institution-picker": f"{PAGE} {{ id name acronym }}",
    "system-institutions": f"{PAGE} {{ id name acronym allowed_domains }}",
    "system-instruments": f"{PAGE} {{ id name acronym }}",
    "system-instrument": INSTRUMENT,
    "system-providers": f"{PAGE} {{ id name description }}",
    "system-provider": PROVIDER,
    "user-create": "id username",
    "user-update": WRITTEN,
    "user-password": WRITTEN,
    "own-locale": WRITTEN,
    "own-account": WRITTEN,
    "settings": WRITTEN,
    "consent-create": "id version",
    "consent-update": WRITTEN,
    "document-create": "pdf",
    "document-update": WRITTEN,
    "document-no-pdf": "pdf",
    "category-create": "id description",
    "category-update": WRITTEN,
    "category-assign": "id",
    "assignment-update": WRITTEN,
    "activity-on": WRITTEN,
    "tool-add": TOOL,
    "tool-off": WRITTEN,
    "consent-accept": DECIDED,
    "system-user-create": "id username",
    "system-user-update": WRITTEN,
    "system-institution-create": "id acronym allowed_domains",
    "system-institution-update": WRITTEN,
    "system-instrument-create": "id name",
    "system-instrument-update": WRITTEN,
    "system-provider-create": "id acronym name",
    "system-provider-update": WRITTEN,
    "sample-keystrokes": TAKEN,
    "sample-picture": TAKEN,
    "sample-status": f"[] {{ {STATE} {{ validations {{ * {{ error_message }} }} }} }}",
    "report-file": (
        "sessions[] { created_at closed_at? data? { instruments[] data { * { requests } } } } "
        "documents[] { instruments[] created_at results { * { status result } } }"
    ),
    "audit-file": (
        "providers { * { acronym } } "
        "requests { * { created_at data result results { * { result status audit { faces[] { image score } } } } } } "
        "enrolment_samples { * { data } }"
    ),
}
DASHBOARD["activities-next"] = DASHBOARD["activities"]
LEGACY_DASHBOARD = DASHBOARD | {
    "enrolment": f"[] {{ {GAUGE} }}",
    "consent-reject": DECIDED,
    "own-password": WRITTEN,
}

PLUGIN = {
    "data": (
        "mode learner { id learner_id first_name last_name picture institution_id } session_id "
        "activity { id name enabled course { id } } accessibility { big_fonts high_contrast text_to_speech } "
        f"instruments[] sensors {{ *[] }} token {{ {PAIR} }} enrolment logo_url api_url dashboard_url "
        "launcher { id token } base_url locale options { floating_menu_initial_pos }"
    ),
    "refresh": f"token {{ {PAIR} }}",
    "capture": TAKEN,
    "alert": "status",
    "sample-status": f"[] {{ {STATE} }}",
    "capture-profile": "learner_id institution_id email first_name last_name",
}

TICKET = "id token url"
MOODLE = {
    "login": "type config token { access_token } vle { id institution } institution_id",
    "course-find": "count results[] { id }",
    "course-create": "id",
    "course-update": WRITTEN,
    "course-get": WRITTEN,
    "instructor-add": WRITTEN,
    "learner-add": WRITTEN,
    "learner-create": WRITTEN,
    "learner-find": "results[] { learner_id ic_status }",
    "activity-find": "count results[] { id enabled }",
    "activity-create": WRITTEN,
    "activity-update": WRITTEN,
    "activity-get": WRITTEN,
    "activity-instruments": "results[]",
    "assessment-create": "id data { connector }",
    "assessment-create 406": "status enrolments { instruments }",
    "assessment-close": WRITTEN,
    "can-send": "[] { instrument }",
    "document-send": "status",
    "verification-send": "status",
    "launcher": TICKET,
    "launcher-bare": TICKET,
}

# The SDK hands the objects on as they are: these are the keys that scripts may read.
COURSE = "id vle { id } code vle_course_id description start end enabled created_at updated_at"
VLE_ACTIVITY = (
    "id course { id } vle_activity_type vle_activity_id name description enabled start end conf created_at updated_at"
)
VLE_TOOL = "id instrument active options alternative_to"
VLE_LEARNER = (
    "id uid username first_name last_name email locale learner_id consent? { version status } consent_accepted "
    f"consent_rejected ic_status send {{ is_send send {{ {SEND} }} }} enrolment_status[] joined_at last_login {FLAGS} "
    "created_at updated_at"
)
VLE_REPORT = (
    f"id learner {{ id uid first_name last_name email learner_id }} {LEVELS} detail[] {{ instrument {RESULT} }}"
)
PYTHON = {
    "login": f"token {{ {PAIR} }} vle_id config",
    "refresh": f"token {{ {PAIR} }}",
    "vle": "id name type url client_id institution { id }",
    "instruments": f"{PAGE} {{ id name acronym requires_enrolment options_schema }}",
    "launcher": TICKET,
    "courses": f"{PAGE} {{ {COURSE} }}",
    "next": f"{PAGE} {{ {COURSE} }}",
    "course-find": f"{PAGE} {{ {COURSE} }}",
    "course-create": COURSE,
    "learners": f"{PAGE} {{ {VLE_LEARNER} }}",
    "learner-by-mail": f"{PAGE} {{ learner_id }}",
    "learner-by-lerner-id": f"{PAGE} {{ learner_id }}",
    "activities": f"{PAGE} {{ {VLE_ACTIVITY} }}",
    "activity-find": f"{PAGE} {{ {VLE_ACTIVITY} }}",
    "activity-get": VLE_ACTIVITY,
    "activity-create": VLE_ACTIVITY,
    "activity-update": VLE_ACTIVITY,
    "tools": f"{PAGE} {{ {VLE_TOOL} }}",
    "tool-find": f"{PAGE} {{ {VLE_TOOL} }}",
    "tool-add": VLE_TOOL,
    "tool-update": VLE_TOOL,
    "reports": f"{PAGE} {{ {VLE_REPORT} }}",
    "report": f"{VLE_REPORT} detail[] {{ {STATISTICS} thresholds prob_learner prob_context }}",
    "requests": f"{PAGE} {{ id result[] }}",
    "requests-all": f"{PAGE} {{ id result[] }}",
}

# A provider that is written with the SDK.
SAMPLE = "id learner_id data"
VALIDATION = f"id status info? sample {{ {SAMPLE} }}"
MODEL = "id learner_id model is_locked percentage can_analyse model_total_samples"
OF_FILE = "learner_id data instruments[] metadata { mimetype context }"
PROVIDER_SDK = {
    "login": f"token {{ {PAIR} }} provider_id provider_queue config",
    "provider": ("id name description url version acronym options instrument { id acronym requires_enrolment }"),
    "lock": f"{MODEL} model_upload_url {{ url fields {{ key }} }}",
    "enrolment": f"{MODEL} model_upload_url",
    "metadata": MODEL,
    "available": f"{PAGE} {{ {SAMPLE} }}",
    "next": f"{PAGE} {{ {SAMPLE} }}",
    "used": f"{PAGE} {{ {SAMPLE} }}",
    "sample": SAMPLE,
    "validations": f"{PAGE} {{ {VALIDATION} }}",
    "validation": f"id status info sample {{ {SAMPLE} }}",
    "validation-answer": VALIDATION,
    "request": "id learner_id request { id data }",
    "request-answer": "id learner_id request { id data }",
    "request-status": "id status",
    "notification-set": "id key when info",
    "notification": "id key when info { learner }",
    "model": WRITTEN,
    "captured": OF_FILE,
    "info": "bytes",
}


def steps(keys: str) -> list[Steps]:
    """The path to each key, in the order of the text: `a[] { b }` is a, its rows, and b of each row."""
    paths: list[Steps] = []
    above: list[Steps] = [()]
    path: Steps = ()
    for word in re.findall(r"[{}]|[^\s{}]+", keys):
        if word == "{":
            above.append(path)
        elif word == "}":
            above.pop()
        else:
            path = (*above[-1], *re.findall(r"\w+|\[\]|[?*]", word))
            paths.append(path)
    return paths


def reached(value: Any, path: Steps) -> Iterator[Any]:
    """All values at the end of the path. A key that is missing is a failure."""
    if not path:
        yield value
        return
    step, *rest = path
    if step == "[]":
        assert isinstance(value, list), f"no array: {value!r:.200}"
        below = value
    elif step == "?":
        below = [] if value is None else [value]
    else:
        assert isinstance(value, dict), f"no object: {value!r:.200}"
        below = list(value.values()) if step == "*" else [value[step]]
    for one in below:
        yield from reached(one, tuple(rest))


class Reader:
    """Reads answers as one kind of client does, and remembers of which keys there was a value."""

    def __init__(self, table: dict[str, str]) -> None:
        self.paths = {name: steps(keys) for name, keys in table.items()}
        self.seen: set[tuple[str, Steps]] = set()

    def read(self, name: str, answer: Any) -> Any:
        for path in self.paths[name]:
            try:
                count = len(list(reached(answer, path)))
            except (KeyError, AssertionError) as error:
                raise AssertionError(f"{name}: {' '.join(path)}: {error!r}") from error
            if count > 0:
                self.seen.add((name, path))
        if not self.paths[name]:
            assert isinstance(answer, dict), f"{name}: no object: {answer!r:.200}"
            self.seen.add((name, ()))
        return answer

    def unseen(self) -> list[str]:
        """The keys of which no answer had a value."""
        wanted = {(name, path) for name, paths in self.paths.items() for path in paths or [()]}
        return sorted(f"{name}: {' '.join(path)}" for name, path in wanted - self.seen)
