"""The mutants: defects put into the code one at a time. Each must make some test fail.

Those of resources are found in their declarations; all others are written down here, as the exact text that is
replaced. A text that is not there (or twice) is an error: the table must follow the code.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CONTRACT = "tests/contract/"


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    at: int  # offset of the text in the file
    old: str
    new: str
    tests: tuple[tuple[str, ...], ...]  # arguments of pytest, one run after the other until one fails


# Resource -> its file, and the word in the names of its tests.
RESOURCES = {
    "institution": "institutions/api/institution.py",
    "vle": "institutions/api/vle.py",
    "course": "courses/api/course.py",
    "ic": "institutions/api/ic.py",
    "document": "institutions/api/document.py",
    "instrument": "institutions/api/instrument.py",
    "user": "institutions/api/shared/users.py",
    "instructor": "institutions/api/instructor.py",
    "learner": "learners/api/learner.py",
    "course_": "courses/api/shared/members.py",
    "course_instructor": "courses/api/course_instructor.py",
    "course_learner": "courses/api/course_learner.py",
    "activity": "courses/api/activity.py",
    "activity_instrument": "courses/api/activity_instrument.py",
    "group": "courses/api/group.py",
    "group_course": "courses/api/group_course.py",
    "ui": "institutions/api/ui.py",
    "send": "learners/api/send.py",
    "learner_send": "learners/api/learner_send.py",
    "learner_decision": "learners/api/learner_decision.py",
    "learner_membership": "courses/api/learner_membership.py",
    "report": "reports/api/report.py",
    "request": "reports/api/request.py",
    "audit": "reports/api/audit.py",
    "vle_self": "institutions/api/vle_self.py",
    "vle_instrument": "institutions/api/vle_instrument.py",
    "vle_": "courses/api/shared/vle_members.py",
    "vle_course": "courses/api/vle_course.py",
    "vle_instructor": "courses/api/vle_course_instructor.py",
    "vle_learner": "courses/api/vle_course_learner.py",
    "vle_activity": "courses/api/vle_activity.py",
    "vle_tool": "courses/api/vle_activity_instrument.py",
    "vle_participant": "courses/api/vle_activity_learner.py",
    "vle_report": "reports/api/vle_report.py",
    "vle_request": "reports/api/vle_request.py",
    "provider_self": "institutions/api/provider_self.py",
    "provider_notification": "institutions/api/provider_notification.py",
    "provider_enrolment": "learners/api/provider_enrolment.py",
    "provider_validation": "learners/api/provider_validation.py",
    "provider_request": "reports/api/provider_request.py",
}
OF_VLES = {  # the tests of that tree, in place of those of the institution's
    "test_search.py": "test_vle_lists.py", "test_filters.py": "test_vle_lists.py",
}  # fmt: skip
# What only a resource's own tests notice.
_OF_PROVIDERS = ("tests/providers/test_isolation.py", "tests/providers/test_withdrawal.py")
MORE = {
    "learner": ("tests/learners/test_legacy.py",),
    **dict.fromkeys(("provider_enrolment", "provider_validation", "provider_request"), _OF_PROVIDERS),
}


def _of(resource: str, *files: str, about: str = "", whole: bool = False) -> tuple[tuple[str, ...], ...]:
    """The tests of the contract whose names hold "resource.operation"; then, with `whole`, all tests of the files."""
    word = resource if resource.endswith("_") else f"{resource}."
    if resource.startswith("vle_"):
        files = tuple(dict.fromkeys(OF_VLES.get(file, file) for file in files))
    chosen = f"({word}) and {about}" if about else word
    narrow = tuple((f"{CONTRACT}{file}", "-k", chosen) for file in files)
    return narrow + tuple((f"{CONTRACT}{file}",) for file in files) * whole


class _Source:
    def __init__(self, root: Path, file: str) -> None:
        self.file = file
        self.text = (root / file).read_text()
        self.tree = ast.parse(self.text)
        self.starts = [0]
        for line in self.text.encode().splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        text = self.text.encode()
        begin = self.starts[node.lineno - 1] + node.col_offset
        end = self.starts[node.end_lineno - 1] + node.end_col_offset
        return len(text[:begin].decode()), len(text[:end].decode())

    def replaced(self, name: str, begin: int, end: int, new: str, tests) -> Mutant:
        return Mutant(name, self.file, begin, self.text[begin:end], new, tests)

    def dropped(self, name: str, siblings: list[ast.AST], node: ast.AST, tests) -> Mutant:
        """Without one of several elements, and without its comma."""
        begin, end = self.span(node)
        rest = self.text[end:]
        if rest.lstrip().startswith(","):
            end += rest.index(",") + 1
        elif node is not siblings[0]:
            begin = self.span(siblings[siblings.index(node) - 1])[1]
        return self.replaced(name, begin, end, "", tests)


def of_resources(root: Path) -> Iterator[Mutant]:
    for resource, file in RESOURCES.items():
        source = _Source(root, file)
        yield from _fields(resource, source)
        yield from _access(resource, source)
        yield from _scope(resource, source)
        yield from _lists(resource, source)


def _assigned(tree: ast.AST, *names: str) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name) and target.id in names and getattr(node, "value", None) is not None:
                yield target.id, node.value


def _fields(resource: str, source: _Source) -> Iterator[Mutant]:
    """Two fields change places; a field is missing."""
    tests = _of(resource, "test_operations.py", "test_golden.py")
    found = [value for _, value in _assigned(source.tree, "fields") if isinstance(value, ast.Tuple)]
    stars = {e.value.id for t in found for e in t.elts if isinstance(e, ast.Starred) and isinstance(e.value, ast.Name)}
    found += [value for _, value in _assigned(source.tree, *stars) if isinstance(value, ast.Tuple)]
    for n, value in enumerate(found):
        words = [e for e in value.elts if isinstance(e, ast.Constant)]
        if len(words) < 2 or "created_at" not in ast.dump(source.tree) or _is_filter(source, value):
            continue
        (begin, middle), (other, end) = source.span(words[0]), source.span(words[1])
        swapped = source.text[other:end] + source.text[middle:other] + source.text[begin:middle]
        yield source.replaced(f"{resource}: fields {n} swapped", begin, end, swapped, tests)
        yield source.dropped(f"{resource}: field {n} {words[-1].value} dropped", value.elts, words[-1], tests)


def _is_filter(source: _Source, value: ast.Tuple) -> bool:
    begin, _ = source.span(value)
    return "FilterSet" in source.text[:begin].rpartition("\nclass ")[2].partition("\n")[0]


def _access(resource: str, source: _Source) -> Iterator[Mutant]:
    """A line of the table of rights is missing, a role of a line, an action; a row or parent rule is forgotten."""
    tests = _of(resource, "test_access.py", *(("test_vle_access.py",) if resource.startswith("vle_") else ()))
    tests += tuple((file,) for file in MORE.get(resource, ()))
    for _, table in _assigned(source.tree, "access"):
        assert isinstance(table, ast.Dict)
        for role, held in zip(table.keys, table.values, strict=True):
            assert isinstance(held, ast.Call)
            who = ast.unparse(role).replace("Role.", "")
            (begin, _), (_, end) = source.span(role), source.span(held)
            if len(table.keys) > 1:
                end += source.text[end] == ","
                yield source.replaced(f"{resource}: no line {who}", begin, end, "", tests)
            if isinstance(role, ast.BinOp):
                for side, kept in ((role.left, role.right), (role.right, role.left)):
                    text = source.text[slice(*source.span(kept))]
                    name = f"{resource}: {who} without {ast.unparse(side)}"
                    yield source.replaced(name, *source.span(role), text, tests)
            for argument in held.args if len(held.args) > 1 else ():
                name = f"{resource}: {who} without {ast.unparse(argument)}"
                yield source.dropped(name, held.args, argument, tests)
            for keyword in held.keywords:
                name = f"{resource}: {who} without {keyword.arg}="
                yield source.dropped(name, [*held.args, *held.keywords], keyword, tests)


def _scope(resource: str, source: _Source) -> Iterator[Mutant]:
    """Rows are not tied to the parent of the URL; related rows not to the institution."""
    tests = _of(
        resource, "test_access.py", "test_golden.py", "test_operations.py", "test_paths.py", "test_vle_access.py"
    )
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        for keyword in node.keywords:
            if node.func.id == "under" and keyword.arg == "rows":
                yield source.replaced(f"{resource}: scope without rows", *source.span(keyword), "rows={}", tests)
            limited = keyword.arg == "tenant" and ast.unparse(keyword.value) != "None"
            if node.func.id in ("TenantRelatedField", "TenantFilter") and limited:
                name = f"{resource}: {node.func.id} of any tenant"
                own = f"tests/{source.file.partition('/')[0]}/test_{Path(source.file).stem}.py"
                yield source.replaced(name, *source.span(keyword), 'tenant="pk__gte"', ((own,), *tests))


def _lists(resource: str, source: _Source) -> Iterator[Mutant]:
    """A searched column is missing, the filters are, the columns that order are, the default order is upside down."""
    tests = _of(resource, "test_search.py", about="search", whole=True)
    for _, words in _assigned(source.tree, "search_fields"):
        if isinstance(words, ast.Tuple) and len(words.elts) > 1:
            name = f"{resource}: search without {words.elts[0].value}"
            kept = "".join(f"{ast.unparse(element)}, " for element in words.elts[1:])
            yield source.replaced(name, *source.span(words), f"({kept})", tests)
        else:
            yield source.replaced(f"{resource}: no search", *source.span(words), "()", tests)
    for _, columns in _assigned(source.tree, "orderable"):
        yield source.replaced(
            f"{resource}: no ordering", *source.span(columns), "{}", _of(resource, "test_lists.py", about="ordering")
        )
    for node in _assigned(source.tree, "filterset_class"):
        yield source.replaced(
            f"{resource}: no filters",
            *source.span(node[1]),
            "None",
            _of(resource, "test_filters.py", about="(filter or box)", whole=True),
        )


_TOKENS = ((f"{CONTRACT}test_tokens.py",),)
_ACCESS = ((f"{CONTRACT}test_access.py",),)
_PATHS = ((f"{CONTRACT}test_paths.py",),)
_LISTS = ((f"{CONTRACT}test_lists.py",),)
_FILTERS = ((f"{CONTRACT}test_filters.py",),)
_TRAPS = ((f"{CONTRACT}test_traps.py",),)
_ROWS = (("tests/kernel/test_rows.py",), (f"{CONTRACT}test_plans.py",), (f"{CONTRACT}test_golden.py",))
_SIGN_IN = (("tests/signin",),)
_APPROLE = (("tests/signin/test_approle.py",),)
_LAUNCHER = (("tests/signin/test_launcher.py",),)
_PROVIDERS = (("tests/pages/test_oidc.py",),)
_COURSES = (("tests/courses",),)
_ASSESSMENT = (("tests/courses/test_assessment.py",),)
_SESSION_LINKS = (("tests/courses/test_session_links.py",),)
_VLE_LAUNCHER = (("tests/courses/test_launcher.py",),)
_GROUP = (("tests/courses/test_group.py",),)
_GROUP_COURSE = (("tests/courses/test_group_course.py",),)
_UI = (("tests/institutions/test_ui.py",),)
_SEND = (("tests/learners/test_send.py",),)
_LEARNER_SEND = (("tests/learners/test_learner_send.py",),)
_EVIDENCE = (("tests/reports/test_evidence.py",),)
_REPORT = (("tests/reports/test_report.py",),)
_REQUEST = (("tests/reports/test_request.py",),)
_CONSOLE = (("tests/console",),)
_STATES = ((f"{CONTRACT}test_states.py",),)
_SPOOLED = (("tests/kernel/test_spooled.py",),)
_ATTACHMENT = (("tests/reports/test_attachment.py",),)
_SEAL = (("tests/kernel/test_seal.py",),)
_VALIDATION = (("tests/providers/test_validation.py",),)
_UNANSWERED = (("tests/providers/test_unanswered.py",),)
_MODELS = (("tests/providers/test_enrolment.py",),)
_WITHDRAWAL = (("tests/providers/test_withdrawal.py",),)
_ISOLATION = (("tests/providers/test_isolation.py",),)
_ANSWERS = (("tests/providers/test_request.py",),)
_REMINDERS = (("tests/providers/test_notification.py",),)
_RULES_OF_PROVIDERS = (("tests/providers/test_rules.py",),)
_ENROL = (("tests/learners/test_lapi_enrolment.py",),)
_VERIFY = (("tests/reports/test_lapi_verification.py",),)
_STATUS = (("tests/reports/test_lapi_status.py",),)
_CAPTURE_ACCESS = ((f"{CONTRACT}test_access.py", "-k", "matrix and lapi"),)
_ACCOUNTS = (("tests/institutions/test_admin_user.py",),)
_INSTRUMENTS = (("tests/institutions/test_admin_instrument.py",),)
_PROVIDER = (("tests/institutions/test_admin_provider.py",),)
_DEEP = (("tests/kernel/test_nesting.py",),)
_TEXT = (("tests/kernel/test_text.py",),)
_PASSWORDS = (("tests/pages/test_passwords.py",),)
_VLE_TEXTS = ((f"{CONTRACT}test_vle_texts.py", "-k", "vle_course"),)
_VLE_LISTS = ((f"{CONTRACT}test_vle_lists.py",),)
_ENROLMENT_SAMPLE = (("tests/learners/test_lapi_enrolment.py",),)
_ALERT = (("tests/reports/test_lapi_alert.py",),)
_CORS = (("tests/kernel/test_cors.py",),)
_ADDRESS = (("tests/kernel/test_public_address.py",),)
_ACTIVITIES = (("tests/courses/test_user_activities.py",),)
_PROFILE = (("tests/institutions/test_user.py", "tests/institutions/test_people_services.py"),)
_ENROLMENT = (("tests/learners/test_enrolment.py",),)
_LEGACY = (("tests/learners/test_legacy.py",),)
_RUNNING = (("tests/pipeline/test_running.py",),)
_LOOP = (("tests/pipeline/test_loop.py",),)
_RELAY = (("tests/pipeline/test_relay.py",),)
_BROKER_ACCOUNTS = (("tests/pipeline/test_accounts.py",),)
_JOBS_STATUS = (("tests/pipeline/test_status.py",),)
_CONTENTS = (("tests/reports/test_contents.py", "-k", "of_these_documents"),)
_DEPTHS = (("tests/pipeline/test_depths.py",),)
_METRICS = (("tests/pipeline/test_metrics.py",),)
_GUARDS = "trail/migrations/0002_guards.py"
_CHAIN = (("tests/trail/test_chain.py",),)
_CUTS = "trail/migrations/0005_cuts.py"
_CUTTING = (("tests/trail/test_cutting.py",),)
_LINES = (("tests/trail/test_lines.py",),)
_COMING = (("tests/trail/test_signing_in.py",),)
_SEEN = (("tests/trail/test_seen.py",),)
_MERGING_KEYS = (("tests/reports/test_merging.py",),)
_TRAIL = ((f"{CONTRACT}test_trail.py",),)
_SETTINGS = "tesla_api/settings.py"
_ENVIRONMENT = "tesla_api/environment.py"
_REPLACED = (("tests/courses/test_replaced_secret.py",),)
_QUOTAS = (("tests/reports/test_quotas.py",),)
_HASHING = (("tests/kernel/test_hashing.py",),)
_LAUNCHED = (("tests/courses/test_launched.py",),)
_ATTEMPTS = (("tests/signin/test_attempts.py",),)
_SAME_ADDRESS = (("tests/signin/test_accounts.py",),)
_SPELLINGS = ((f"{CONTRACT}test_spellings.py",),)
_ELSEWHERE = ((f"{CONTRACT}test_names_elsewhere.py",),)
_OWN_PASSWORD = (("tests/institutions/test_own_password.py",),)
_STARTS = (("tests/kernel/test_settings.py",),)
_USER = "institutions/api/shared/users.py"
_OLD = "learners/api/shared/legacy.py"
_VLE_ACCESS = ((f"{CONTRACT}test_vle_access.py",),)
_VLE_EVIDENCE = ((f"{CONTRACT}test_vle_answers.py",),)
_VLE_COURSE = (("tests/courses/test_vle_course.py",),)
_VLE_MEMBER = (("tests/courses/test_vle_course_member.py",),)
_VLE_ACTIVITY = (("tests/courses/test_vle_activity.py",),)
_REGISTRATIONS = "courses/services/registrations.py"
_RULES = "reports/visibility.py"
_COUNTING, _COUNTS, _VERIFYING, _CONTENTS = (
    ((f"tests/reports/test_{name}.py",),) for name in ("counting", "counts", "verifying", "contents")
)
_KERNEL = "kernel/"
_REFERENCE = (("tests/kernel/test_reference.py",),)
_REPEATS = (("tests/kernel/test_repeats.py",),)
_LOCKS = (("tests/kernel/test_locks.py",),)
_BUDGETS = (f"{CONTRACT}test_write_budgets.py",)
# name, file, old text, new text, tests
WRITTEN = [
    # Who may come in.
    ("strangers come in", f"{_KERNEL}access.py", "        if not view.roles:\n", "        if False:\n", _ACCESS),
    (
        "modules come in",
        f"{_KERNEL}access.py",
        "if kind not in root.kinds or ",
        "if ",
        _TOKENS,
    ),
    (
        "a link sets the password of who may not sign in",
        "signin/services/passwords.py",
        "User.objects.filter(MAY_SIGN_IN, email__isnull=False)",
        "User.objects.filter(email__isnull=False)",
        _PASSWORDS,
    ),
    (
        "links are asked for without end",
        "signin/services/passwords.py",
        "REQUESTS = 5",
        "REQUESTS = 500",
        _PASSWORDS,
    ),
    (
        "addresses without an account cause no job",
        "signin/services/passwords.py",
        "the work must be the same.\n    add([Job(",
        "the work must be the same.\n    accounts and add([Job(",
        _PASSWORDS,
    ),
    (
        "the present password is not asked for on the page",
        "signin/services/passwords.py",
        "        refuse_unproven(person=person, given=given, address=address, session_id=session_id)\n",
        "        pass\n",
        _PASSWORDS,
    ),
    (
        "kept searches look for their stand-ins",
        f"{_KERNEL}fast/prepared.py",
        'f"%{connection.ops.prep_for_like_query(self.text)}%"',
        'f"%{self.text}%"',
        (("tests/kernel/test_prepared.py",),),
    ),
    ("no grant is needed", f"{_KERNEL}access.py", "return bool(view.grants)", "return True", _ACCESS),
    (
        "parents are not looked for",
        f"{_KERNEL}access.py",
        "        view.enter()\n",
        "        view.__dict__.setdefault('_entered_grants', tuple(view.access.values()))\n",
        _ACCESS,
    ),
    ("rows of all grants", f"{_KERNEL}row_rules.py", "        if not rule:", "        if True:\n", _ACCESS),
    (
        "only the first grant's rows",
        f"{_KERNEL}row_rules.py",
        "        seen |= rule\n",
        "        seen |= grant.rows(caller)\n        break\n",
        _ACCESS,
    ),
    (
        "rights of roles do not add up",
        f"{_KERNEL}viewsets.py",
        "        self._entered_grants = tuple(grants)\n",
        "        self._entered_grants = tuple(grants[:1])\n",
        _ACCESS,
    ),
    ("rights of other actions count", f"{_KERNEL}rooted.py", "if self.action in g.actions)", "if True)", _ACCESS),
    (
        "every verb is open",
        f"{_KERNEL}viewsets.py",
        '["head", "options", *sorted(verbs)]',
        '["head", "options", "get", "post", "put", "patch", "delete"]',
        _PATHS,
    ),
    (
        "undeclared keys take every id",
        f"{_KERNEL}serializers.py",
        "    serializer_related_field = TenantRelatedField",
        "    not_the_field = TenantRelatedField",
        _SEAL,
    ),
    (
        "ids of other institutions in bodies",
        f"{_KERNEL}serializers.py",
        "        return rows.filter(**limits)\n",
        "        return rows\n",
        ((f"{CONTRACT}test_unknown_ids.py", "-k", "bodies and group"),),
    ),
    (
        "what is of another institution is refused, not unknown",
        f"{_KERNEL}rooted.py",
        "        return ROOTS[self.root].roles(self.caller, self.root_id)\n",
        "        return ROOTS[self.root].roles(self.caller, self.root_id if (self.root_id or 0) < 10**8 else None)\n",
        ((f"{CONTRACT}test_unknown_ids.py", "-k", "addresses and vle.read"),),
    ),
    (
        "keys of institutions are everybody's",
        f"{_KERNEL}tenancy.py",
        '        return "institution"\n',
        "        return None\n",
        _SEAL,
    ),
    (
        "fields of related rows take every id",
        f"{_KERNEL}serializers.py",
        '            _refuse_unlimited(f"{type(self).__name__}.{name}", field)\n',
        "",
        _SEAL,
    ),
    (
        "columns of keys take every id",
        f"{_KERNEL}serializers.py",
        "            if is_key and not field.read_only",
        "            if False and not field.read_only",
        _SEAL,
    ),
    (
        "lists of plain values are given to relations",
        f"{_KERNEL}serializers.py",
        "    return columns | ends | {field.name for field in relations if not field.auto_created}\n",
        "    return columns\n",
        _SEAL,
    ),
    (
        "rows of nobody are written by a slip",
        f"{_KERNEL}viewsets.py",
        "        self._refuse_shared_rows(row)\n",
        "",
        _SEAL,
    ),
    (
        "paths of a scope lead anywhere",
        f"{_KERNEL}tenancy.py",
        "    return [path for table, wanted, path in pairs if table is None or table is not wanted]\n",
        "    return []\n",
        (("tests/kernel/test_viewsets.py", "-k", "declared_wrongly"),),
    ),
    (
        "rows of procedures are tied to no root",
        f"{_KERNEL}procedures.py",
        "        if scope and (scope.root_kwarg != cls.root_kwarg or",
        "        if scope and (",
        _SEAL,
    ),
    (
        "scopes do not name the root's id",
        f"{_KERNEL}checks.py",
        "ROOTS[resource.root].id_is_own and view.root_kwarg != resource.kwargs[0]",
        "False",
        (("tests/kernel/test_viewsets.py", "-k", "declared_wrongly"),),
    ),
    (
        "nested serializers take every id",
        f"{_KERNEL}serializers.py",
        "    if isinstance(innermost, serializers.BaseSerializer) and",
        "    if False and",
        _SEAL,
    ),
    (
        "all rows are called shared",
        f"{_KERNEL}serializers.py",
        "tenant is root is None and tenant_path(rows.model) is not None:",
        "False:",
        _SEAL,
    ),
    (
        "keys of everywhere inside an institution",
        f"{_KERNEL}serializers.py",
        "return rows if view.tenant_id is None else rows.none()",
        "return rows",
        _SEAL,
    ),
    (
        "filters over rows of everywhere",
        f"{_KERNEL}filters.py",
        "        if is_of_rows or isinstance(declared, _OF_VALUES):\n",
        "        if False:\n",
        _SEAL,
    ),
    (
        "overrides that are mixed in",
        f"{_KERNEL}seal.py",
        "        if not was_examined and owner not in",
        "        if owner is cls and owner not in",
        _SEAL,
    ),
    (
        "handlers beside the actions",
        f"{_KERNEL}seal.py",
        "hasattr(base, name) or name in VERBS or",
        "hasattr(base, name) or",
        _SEAL,
    ),
    (
        "actions without permissions",
        f"{_KERNEL}viewsets.py",
        '            refuse_options(f"{cls.__name__}.{extra.__name__}", extra.kwargs)  # type: ignore[attr-defined]\n',
        "",
        _SEAL,
    ),
    (
        "URLs without permissions",
        f"{_KERNEL}seal.py",
        "        refuse_options(cls.__name__, initkwargs)\n        return super().as_view(*args, **initkwargs)",
        "        return super().as_view(*args, **initkwargs)",
        _SEAL,
    ),
    (
        "rules of procedures do not hold",
        f"{_KERNEL}procedures.py",
        "            if not grants:\n",
        "            if False:\n",
        _SEAL,
    ),
    ("roles of home count abroad", f"{_KERNEL}caller.py", "tenant in (None, self.institution_id)", "True", _ACCESS),
    (
        "sent by a VLE with flags",
        "signin/callers.py",
        "roles if _is_trusted_by(institution, kind) else roles & UNFLAGGED",
        "roles",
        _TOKENS,
    ),
    (
        "sent by a VLE as global admin",
        "signin/callers.py",
        "if kind is CallerKind.PERSON and staff:",
        "if staff:",
        _TOKENS,
    ),
    # Sessions and tokens.
    (
        "ended sessions live",
        "signin/callers.py",
        "_LIVE = Q(ended_at=None, expires_at__gt=Now())",
        "_LIVE = Q(expires_at__gt=Now())",
        _TOKENS,
    ),
    (
        "expired sessions live",
        "signin/callers.py",
        "_LIVE = Q(ended_at=None, expires_at__gt=Now())",
        "_LIVE = Q(ended_at=None)",
        _TOKENS,
    ),
    ("old generations live", "signin/callers.py", '        generation=F("user__session_generation"),\n', "", _TOKENS),
    ("deactivated people live", "signin/callers.py", "        user__is_active=True,\n", "", _TOKENS),
    (
        "sign-in need not be allowed",
        "signin/callers.py",
        "        _BY_PASSWORD | _BY_PROVIDER | ~Q(kind=CallerKind.PERSON.value),\n",
        "",
        _TOKENS,
    ),
    (
        "providers sign in for good",
        "signin/callers.py",
        "_BY_PASSWORD | _BY_PROVIDER | ~Q(kind",
        "_BY_PASSWORD | Q(oidc__isnull=False) | ~Q(kind",
        _PROVIDERS,
    ),
    (
        "provider's session is a password's",
        "signin/callers.py",
        "        login_allowed = False  # no password was shown\n",
        "        pass\n",
        _PROVIDERS,
    ),
    (
        "any provider's person",
        "signin/services/oidc.py",
        "        institution__oidc_connections=connection.pk,\n",
        "",
        _PROVIDERS,
    ),
    (
        "e-mails need not be verified",
        "signin/services/oidc.py",
        'is_proven = connection.match != OIDCMatch.EMAIL or claims.get("email_verified") is True',
        "is_proven = True",
        _PROVIDERS,
    ),
    (
        "tokens for others",
        "signin/services/oidc.py",
        'wanted = {"iss": connection.issuer, "aud": connection.client_id}',
        'wanted = {"iss": connection.issuer}',
        _PROVIDERS,
    ),
    (
        "the state is not compared",
        "signin/oidc.py",
        'if not compare_digest(state, kept["state"].encode()):',
        "if False:",
        _PROVIDERS,
    ),
    (
        "the state is used again",
        "signin/oidc.py",
        "kept = request.session.pop(KEPT, None)",
        "kept = request.session.get(KEPT)",
        _PROVIDERS,
    ),
    (
        "the secret goes to another issuer",
        "institutions/services/oidc.py",
        'if values.get("issuer", connection.issuer) != connection.issuer:',
        "if False:",
        _PROVIDERS,
    ),
    (
        "providers inside are asked",
        "signin/services/guarded.py",
        "return address.is_global and not address.is_multicast",
        "return True",
        (("tests/signin/test_guarded.py",),),
    ),
    ("revoked credentials live", "signin/callers.py", "        credential__revoked_at=None,\n", "", _TOKENS),
    (
        "overlaps never end",
        "signin/callers.py",
        "        Q(credential__expires_at=None) | Q(credential__expires_at__gt=Now()),\n",
        "",
        _TOKENS,
    ),
    (
        "kind of the token is believed",
        "signin/callers.py",
        "if row is None or row[1] != kind:",
        "if row is None:",
        _TOKENS,
    ),
    (
        "refresh tokens give access",
        "signin/tokens.py",
        "            return cls(raw).payload  # type: ignore[arg-type] # it is the raw text\n",
        "            return _RING.decode(raw)\n",
        _TOKENS,
    ),
    (
        "signatures are not checked",
        "signin/tokens.py",
        '"verify_exp": not expired,',
        '"verify_exp": not expired, "verify_signature": False,',
        _TOKENS,
    ),
    ("tokens never expire", "signin/tokens.py", '"verify_exp": not expired,', '"verify_exp": False,', _TOKENS),
    (
        "unknown keys are the first key",
        "signin/tokens.py",
        "settings.TOKEN_KEYS.get(name) if isinstance(name, str) else None",
        "settings.TOKEN_KEYS.get(name if isinstance(name, str) else '', next(iter(settings.TOKEN_KEYS.values())))",
        _TOKENS,
    ),
    (
        "every algorithm will do",
        "signin/tokens.py",
        "algorithms=[ALGORITHM]",
        'algorithms=[ALGORITHM, "HS384", "HS512", "none"]',
        _TOKENS,
    ),
    (
        "no lock-out",
        "signin/services/attempts.py",
        "if counter.failures < self.failures:",
        "if True:",
        _SIGN_IN,
    ),
    (
        "accounts are guessed from everywhere",
        "signin/services/attempts.py",
        "_seconds(waits.values())",
        "0",
        _ATTEMPTS,
    ),
    (
        "no place is known",
        "signin/services/attempts.py",
        "account in known.there",
        "False",
        _ATTEMPTS,
    ),
    (
        "no device is known",
        "signin/services/attempts.py",
        "account in known.with_device",
        "False",
        _ATTEMPTS,
    ),
    (
        "sign-in: a stolen device may try for ever",
        "signin/services/attempts.py",
        "waits.pop(with_device) > timedelta(0)",
        "waits.pop(with_device) is None",
        _ATTEMPTS,
    ),
    (
        "sign-in: places are known while account and place wait",
        "signin/services/attempts.py",
        "attempt.here and account in",
        "account in",
        _ATTEMPTS,
    ),
    (
        "sign-in: a device is known to everybody",
        "signin/services/attempts.py",
        'return _key(f"known device of {what}", str(account), device)',
        'return _key(f"known device of {what}", device)',
        _ATTEMPTS,
    ),
    (
        "a wrong password shows known places",
        "signin/services/people.py",
        "    if attempt.wait:\n",
        "    if attempt.wait and not known.there:\n",
        _ATTEMPTS,
    ),
    (
        "sign-in: a match that waits is seen",
        "signin/services/people.py",
        "for match in matches if",
        "for match in matches[:1] if",
        _ATTEMPTS,
    ),
    (
        "sign-in: another account hides guesses",
        "signin/services/attempts.py",
        "attempt.counted if is_known else attempt.counted.keys() & {attempt.place}",
        "attempt.counted",
        _ATTEMPTS,
    ),
    (
        "sign-in: passwords are known with every e-mail",
        "signin/services/attempts.py",
        'return _key(f"known password of {what}", who, str(account), stored)',
        'return _key(f"known password of {what}", str(account), stored)',
        _ATTEMPTS,
    ),
    (
        "sign-in: passwords become known without being counted",
        "signin/services/attempts.py",
        "    if is_known or not attempt.wait:\n",
        "    if True:\n",
        _ATTEMPTS,
    ),
    ("ports are part of addresses", "kernel/http/address.py", 'elif text.count(":") == 1:', "elif False:", _ATTEMPTS),
    (
        "old dashboards set passwords from anywhere",
        "signin/services/people.py",
        " == [address_group(address)]",
        " != []",
        _OWN_PASSWORD,
    ),
    (
        "the own password asks for nothing",
        "institutions/api/shared/users.py",
        "if person is None or person.pk != view.caller.id:",
        "if True:",
        _OWN_PASSWORD,
    ),
    (
        "wrong present passwords are not counted",
        "kernel/errors.py",
        "        error.count()\n",
        "        pass\n",
        _OWN_PASSWORD,
    ),
    (
        "refresh of an ended session",
        "signin/services/sessions.py",
        "if session is None or caller is None:",
        "if session is None:",
        _SIGN_IN,
    ),
    (
        "two sessions in one refresh",
        "signin/services/sessions.py",
        'if any(old.get(claim) != token.get(claim) for claim in ("sid", "sub", "kind")):',
        "if False:",
        _SIGN_IN,
    ),
    (
        "logout ends nothing",
        "signin/services/sessions.py",
        "update(ended_at=timezone.now())",
        "update(ended_at=None)",
        _SIGN_IN,
    ),
    (
        "every institution trusts its VLEs",
        "signin/callers.py",
        "institution is not None and institution.launcher_admin",
        "institution is not None",
        _LAUNCHER,
    ),
    (
        "trust is for captures, too",
        "signin/callers.py",
        "return kind is CallerKind.LAUNCHED and institution",
        "return institution",
        _LAUNCHER,
    ),
    (
        "launched people set passwords",
        "institutions/api/shared/people.py",
        "    if view.caller.kind is CallerKind.LAUNCHED:\n        raise",
        "    if False:\n        raise",
        _LAUNCHER,
    ),
    (
        "launched people are told to set passwords",
        "signin/callers.py",
        "        login_allowed = False\n",
        "",
        _LAUNCHER,
    ),
    (
        "every secret will do",
        "signin/services/modules.py",
        "filter(role_id=role, secret_hash=secret_hash(secret))",
        "filter(role_id=role)",
        _APPROLE,
    ),
    (
        "revoked credentials sign in",
        "institutions/services/credentials.py",
        'return not_over & Q(**{f"{path}revoked_at": None})',
        "return not_over",
        _APPROLE,
    ),
    (
        "credentials sign in after the overlap",
        "institutions/services/credentials.py",
        "return not_over & Q(",
        "return Q(",
        _APPROLE,
    ),
    (
        "credentials of all modules end",
        "institutions/services/credentials.py",
        "credentials_live().filter(vle=vle, provider=provider)",
        "credentials_live()",
        _APPROLE,
    ),
    (
        "roles are counted as they are written",
        "signin/services/modules.py",
        "who, limit = str(role or role_id),",
        "who, limit = role_id,",
        _APPROLE,
    ),
    (
        "sign-ins of modules are not recorded",
        "signin/services/modules.py",
        '    credential.save(update_fields=["last_used_at"])\n',
        "",
        _APPROLE,
    ),
    (
        "wrong secrets are not counted",
        "signin/services/modules.py",
        '        failure_counted(what="role", who=who, address=address, per_account=limit)\n',
        "",
        _APPROLE,
    ),
    (
        "roles are guessed from everywhere",
        "signin/services/modules.py",
        "per_account=limit",
        "per_account=10**6",
        _APPROLE,
    ),
    (
        "two slashes are another path",
        f"{_KERNEL}http/paths.py",
        'path = "/" + request.path_info.lstrip("/")',
        "path = request.path_info",
        _APPROLE,
    ),
    (
        "VLEs are told of the broker",
        "signin/api/approle.py",
        '        "config": {"TESLA_DOMAIN": domain},\n',
        '        "config": {"TESLA_DOMAIN": domain, "CELERY_BROKER_URL": url_for_provider("")},\n',
        _APPROLE,
    ),
    ("launchers never expire", "signin/services/launchers.py", ", expires_at__gt=now)", ")", _LAUNCHER),
    (
        "launchers work twice",
        "signin/services/launchers.py",
        "used_at=None, expires_at__gt=now)",
        "expires_at__gt=now)",
        _LAUNCHER,
    ),
    ("launchers with any token", "signin/services/launchers.py", "token_hash=_hash(token), used", "used", _LAUNCHER),
    (
        "launchers' tokens in clear",
        "signin/services/launchers.py",
        "return hashlib.sha256(token.lower().encode()).hexdigest()",
        "return token.lower()",
        _LAUNCHER,
    ),
    (
        "launchers of deactivated people",
        "signin/services/launchers.py",
        "if not person.is_active or (launcher",
        "if (launcher",
        _LAUNCHER,
    ),
    (
        "launchers for people next door",
        "signin/services/launchers.py",
        "person.institution_id != vle.institution_id or not person.is_active",
        "not person.is_active",
        _LAUNCHER,
    ),
    (
        "anybody captures",
        "signin/services/launchers.py",
        " or (launcher.target == Target.LAPI and learner is None)",
        "",
        _LAUNCHER,
    ),
    (
        "launched sessions live for weeks",
        "signin/services/launchers.py",
        "min(launcher.expires_at - launcher.created_at, settings.PERSON_SESSION_LIFETIME)",
        "launcher.expires_at - launcher.created_at",
        _LAUNCHER,
    ),
    (
        "sittings of others",
        "signin/services/sessions.py",
        "if assessment_session is not None and assessment_session.learner_id != person.pk:",
        "if False:",
        _LAUNCHER,
    ),
    (
        "launched sessions outlive their VLE",
        "signin/services/launchers.py",
        '"address": address, "launcher": launcher}',
        '"address": address}',
        _LAUNCHER,
    ),
    ("no quota", "files/quotas.py", "return 0 < limit <= used", "return False", _QUOTAS),
    ("quotas count nothing new", "learners/services.py", "    quotas.stored(learner, file.size)\n", "", _QUOTAS),
    (
        "all passwords at once",
        "kernel/hashing.py",
        "BoundedSemaphore(settings.PASSWORD_HASHES)",
        "BoundedSemaphore(99)",
        _HASHING,
    ),
    (
        "overload counts as a failure",
        "signin/services/attempts.py",
        "    except Unavailable:\n        attempt_taken_back(attempt)\n",
        "    except Unavailable:\n",
        _HASHING,
    ),
    (
        "VLEs send everybody",
        "courses/api/vle_launcher.py",
        "if not self.tenant.launcher_everywhere:",
        "if False:",
        _LAUNCHED,
    ),
    (
        "whom a VLE sent sees the courses of another",
        "courses/row_rules.py",
        "own = memberships if me.vle_id is None else memberships.filter(course__vle=me.vle_id)",
        "own = memberships",
        _LAUNCHED,
    ),
    (
        "whom a VLE sent sees other courses of groups",
        "courses/row_rules.py",
        "Q() if me.vle_id is None else ",
        "Q() if True else ",
        _LAUNCHED,
    ),
    (
        "whom a VLE sent to capture does so for another",
        "signin/callers.py",
        "    if institution is not None and institution.launcher_everywhere:\n",
        "    if kind is not CallerKind.LAUNCHED or (institution is not None and institution.launcher_everywhere):\n",
        _LAUNCHED,
    ),
    (
        "whom a VLE sent captures for another",
        "reports/api/shared/captures.py",
        "if self.caller.kind is CallerKind.VLE else self.caller.vle_id",
        "if self.caller.kind is CallerKind.VLE else None",
        _LAUNCHED,
    ),
    (
        "launchers outlive their credential",
        "signin/services/launchers.py",
        "if issuer is None and (",
        "if False and (",
        _LAUNCHER,
    ),
    (
        "links of a replaced secret show launchers",
        "courses/services/assessments.py",
        "if session.credential is not None and not is_live(session.credential):",
        "if False:",
        _REPLACED,
    ),
    (
        "launchers of a session's data outlive the secret",
        "signin/services/launchers.py",
        'Coalesce("credential", "session__credential")',
        '"credential"',
        _REPLACED,
    ),
    (
        "sessions last as long as they like",
        "courses/services/assessments.py",
        "max_ttl=min(max_ttl, LONGEST)",
        "max_ttl=max_ttl",
        _REPLACED,
    ),
    (
        "every reading of a session leaves a launcher",
        "courses/services/assessments.py",
        "    session_launchers_forgotten(session=session)\n",
        "",
        _REPLACED,
    ),
    (
        "tokens of a replaced secret tell the profile",
        "learners/api/lapi_profile.py",
        ", when=may_know_more",
        "",
        _REPLACED,
    ),
    (
        "dashboards outlive the assessment",
        "signin/services/sessions.py",
        "launcher__in=launchers, kind=CallerKind.LAUNCHED.value",
        'launcher__in=launchers, kind="nobody"',
        _REPLACED,
    ),
    (
        "launchers forget what they were asked for with",
        "courses/api/vle_launcher.py",
        "            credential_id=self.request.user.credential_id,\n",
        "",
        _VLE_LAUNCHER,
    ),
    (
        "launched sessions outlive a leaked secret",
        "institutions/services/credentials.py",
        "        dashboards.update(ended_at=ends)\n",
        "        pass\n",
        _LAUNCHER,
    ),
    (
        "launched sessions outlive the overlap",
        "institutions/services/credentials.py",
        "        dashboards.filter(expires_at__gt=ends).update(expires_at=ends)\n",
        "        pass\n",
        _LAUNCHER,
    ),
    (
        "sessions launched during an overlap outlive it",
        "signin/services/launchers.py",
        "if issuer is not None and issuer.expires_at is not None and not is_for_exam:",
        "if False:",
        _LAUNCHER,
    ),
    (
        "exams end with an overlap",
        "signin/services/launchers.py",
        " and not is_for_exam:",
        ":",
        _LAUNCHER,
    ),
    (
        "exams break when a secret is replaced",
        "institutions/services/credentials.py",
        "sessions.filter(assessment_session=None, ended_at=None)",
        "sessions.filter(ended_at=None)",
        _LAUNCHER,
    ),
    (
        "launchers of no credential stay",
        "institutions/services/credentials.py",
        "used_at=None, expires_at__gt=ends).update(expires_at=ends)",
        "used_at=None, expires_at__gt=ends)",
        _LAUNCHER,
    ),
    (
        "people of the VLE next door are out",
        "institutions/services/credentials.py",
        "filter(launcher__vle=vle)",
        "filter(launcher__isnull=False)",
        _LAUNCHER,
    ),
    (
        "launchers outlive their sitting",
        "signin/models.py",
        'on_delete=models.CASCADE, related_name="+")\n    target',
        'on_delete=models.SET_NULL, related_name="+")\n    target',
        _LAUNCHER,
    ),
    (
        "launchers in use are forgotten",
        "signin/services/sessions.py",
        "Q(expires_at__lt=before) | Q(used_at__lt=before), ~Exists(launcher_sessions))",
        "Q(expires_at__lt=before) | Q(used_at__lt=before))",
        _LAUNCHER,
    ),
    (
        "one count for all ways to sign in",
        "signin/services/attempts.py",
        '_key(f"address of {what}", place)',
        '_key("address", place)',
        _APPROLE,
    ),
    # Courses.
    (
        "instructors give roles",
        "courses/services/members.py",
        "    if not may_give_role:\n",
        "    if False:\n",
        _COURSES,
    ),
    (
        "who replaces is added",
        "courses/services/members.py",
        "if not _unlink(course, membership, [member]):",
        "if False:",
        _COURSES,
    ),
    (
        "people of any institution join",
        "courses/services/members.py",
        "User.objects.filter(institution=course.institution_id, uid=uid)",
        "User.objects.filter(uid=uid).order_by('-pk')",
        _COURSES,
    ),
    (
        "what a VLE has told is changed",
        "courses/api/activity.py",
        "self.instance.vle_activity_type != activities.MANUAL",
        "False",
        _COURSES,
    ),
    (
        "files stay behind",
        "courses/services/activities.py",
        "    files_erase_unreferenced(institution=activity.institution)\n",
        "",
        _COURSES,
    ),
    ("ends before starts", "courses/services/activities.py", "activity.end < activity.start", "False", _COURSES),
    (
        "disabled instruments",
        "courses/services/activities.py",
        "    if not instrument.enabled:\n",
        "    if False:\n",
        _COURSES,
    ),
    ("any options", "courses/services/activities.py", "    if row.options is None or", "    if True or", _COURSES),
    ("schemas are fetched", "institutions/services/options.py", "offline=True, ", "", _INSTRUMENTS),
    ("values are repeated", "institutions/services/options.py", ', mask="the value"', "", _COURSES),
    (
        "alternatives of elsewhere",
        "courses/services/activities.py",
        "if primary.activity_id != row.activity_id:",
        "if False:",
        _COURSES,
    ),
    (
        "chains of alternatives",
        "courses/services/activities.py",
        "    if next_primary is not None:\n",
        "    if False:\n",
        _COURSES,
    ),
    (
        "alternatives with alternatives",
        "courses/services/activities.py",
        "if row.pk is not None and row.alternatives.exists():",
        "if False:",
        _COURSES,
    ),
    (
        "null characters in objects",
        f"{_KERNEL}serializers.py",
        'if rb"\\u0000" in orjson.dumps(value):',
        "if False:",
        _COURSES,
    ),
    (
        "objects of any depth",
        f"{_KERNEL}nesting.py",
        "return any(isinstance(inner, dict | list)",
        "return any(False",
        _DEEP,
    ),
    # What VLEs tell.
    ("every VLE enters", f"{_KERNEL}access.py", "role if id == caller.id else NOBODY", "role", _VLE_ACCESS),
    (
        "VLEs edit who can sign in",
        "institutions/services/person_values.py",
        "person.has_flag or person.login_allowed or ",
        "person.has_flag or ",
        _VLE_MEMBER,
    ),
    (
        "VLEs edit who holds a flag",
        _REGISTRATIONS,
        "values_compared(person, values).changed",
        "{name: value for name, value in values.items() if getattr(person, name) != value}",
        _VLE_MEMBER,
    ),
    (
        "VLEs rename",
        _REGISTRATIONS,
        "        _refuse_rename(person, vle_id, uid)\n",
        "",
        (("tests/courses/test_rename.py",),),
    ),
    ("VLEs make people", _REGISTRATIONS, "home.disable_vle_user_creation or ", "", _VLE_MEMBER),
    (
        "VLEs make people with the role",
        _REGISTRATIONS,
        "home.disable_vle_user_creation or getattr(home, membership.creation_switch)",
        "home.disable_vle_user_creation",
        _VLE_MEMBER,
    ),
    (
        "VLEs give roles",
        _REGISTRATIONS,
        "    if getattr(home, membership.creation_switch):\n",
        "    if False:\n",
        _VLE_MEMBER,
    ),
    (
        "global administrators are locked out of order",
        _REGISTRATIONS,
        "rows.filter(is_staff=False).select",
        "rows.select",
        _VLE_MEMBER,
    ),
    ("half people", _REGISTRATIONS, "if missing := [", "if missing := [][:0] and [", _VLE_MEMBER),
    (
        "who is slower is refused",
        _REGISTRATIONS,
        "        if person is None:\n            raise\n",
        "        raise\n",
        _VLE_MEMBER,
    ),
    (
        "alternatives of another VLE",
        "courses/api/vle_activity_instrument.py",
        '        root="activity__vle",\n',
        "",
        _VLE_ACTIVITY,
    ),
    ("1970 is a date", "courses/api/vle_course.py", "NEVER = datetime(1970", "NEVER = datetime(1971", _VLE_COURSE),
    (
        "dates of VLEs are refused",
        "courses/services/activities.py",
        "    save_values(activity, values)",
        "    save_values(activity, values)\n    _refuse_end_before_start(activity)",
        _VLE_ACTIVITY,
    ),
    (
        "writes: 1 is taken for True in JSON",
        f"{_KERNEL}writes.py",
        "json.dumps(value) if isinstance(value, dict | list) else value",
        "value",
        (("tests/kernel/test_writes.py",),),
    ),
    (
        "writes: what is sent back is saved",
        f"{_KERNEL}writes.py",
        "    return _comparable(row, values) != before",
        "    return True",
        (("tests/contract/test_put_back.py",),),
    ),
    (
        "repeats: a database that is away is an error of the service",
        f"{_KERNEL}repeats.py",
        "        or is_away(error)\n",
        "",
        (("tests/kernel/test_repeats.py",),),
    ),
    (
        "errors by the model's names",
        f"{_KERNEL}errors.py",
        "names.get(name, name): [text]",
        "name: [text]",
        (("tests/courses/test_activity_instrument.py",),),
    ),
    (
        "reports show modules evidence",
        "reports/api/vle_report.py",
        "    data = LinkField(no_evidence)\n",
        "    pass\n",
        _VLE_EVIDENCE,
    ),
    (
        "samples of any model are used",
        "learners/queries.py",
        'learner=OuterRef("sample__learner"), ',
        "",
        (("tests/learners/test_services.py",),),
    ),
    # Ids, texts, bodies.
    ("ids of any length", f"{_KERNEL}routing.py", 'regex = "[1-9][0-9]{0,17}"', 'regex = "[0-9]+"', _PATHS),
    (
        "any language code",
        f"{_KERNEL}routing.py",
        'regex = "[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}"',
        'regex = "[^/]+"',
        _PATHS,
    ),
    (
        "VLEs' controls are refused",
        f"{_KERNEL}access.py",
        "drops_controls=True,  # VLEs",
        "drops_controls=False,  # VLEs",
        _TEXT,
    ),
    (
        "names of files stop a sample",
        f"{_KERNEL}access.py",
        "drops_controls=True,  # no one",
        "drops_controls=False,  # no one",
        _ENROLMENT_SAMPLE,
    ),
    (
        "ids of VLEs are cut",
        "courses/api/vle_course.py",
        'frozenset({"code"})',
        'frozenset({"code", "vle_course_id"})',
        _VLE_TEXTS,
    ),
    ("long names are refused", "courses/api/vle_course.py", 'frozenset({"code"})', "frozenset()", _VLE_TEXTS),
    (
        "an empty id finds everything",
        f"{_KERNEL}filters.py",
        "if given and value in EMPTY_VALUES:",
        "if False:",
        _VLE_LISTS,
    ),
    ("a small z is no zone", f"{_KERNEL}text.py", 'f"{text[:-1]}Z" if text.endswith("z") else text', "text", _TEXT),
    (
        "the plugin's folder has no slash",
        "courses/web_plugin.py",
        "{settings.WEB_PLUGIN_URL.rstrip('/')}/",
        "{settings.WEB_PLUGIN_URL.rstrip('/')}",
        _SESSION_LINKS,
    ),
    (
        "each page writes a line of log",
        "courses/web_plugin.py",
        'if not cache.add(f"web-plugin-failed:{vle}:{kind}", True, QUIET_SECONDS):',
        "if False:",
        _SESSION_LINKS,
    ),
    (
        "exams of any length",
        "courses/services/assessments.py",
        "max_ttl=min(max_ttl, LONGEST)",
        "max_ttl=max_ttl",
        _ASSESSMENT,
    ),
    (
        "captures jam the plugin",
        "learners/api/shared/captures.py",
        "elif answer.status_code == 400 and (",
        "elif False and (",
        _VERIFY,
    ),
    (
        "what is no capture is taken for one",
        "learners/api/shared/captures.py",
        "isinstance(body, dict) and not serializer._declared_fields.keys().isdisjoint(body)",
        "True",
        ((f"{CONTRACT}test_refused_captures.py", "-k", "no_capture"),),
    ),
    (
        "learners of others are unknown to strangers, too",
        "learners/api/shared/captures.py",
        "may_capture = bool(self.roles) and ",
        "may_capture = True or ",
        ((f"{CONTRACT}test_access.py", "-k", "lapi"),),
    ),
    (
        "a store that fails has lost everything",
        "files/services.py",
        '        raise Unavailable("Files cannot be read at the moment.") from error\n',
        "        raise FileNotFoundError from error\n",
        (("tests/reports/test_contents.py", "-k", "store_is_away"),),
    ),
    (
        "an upload that finds no room is a server error",
        f"{_KERNEL}http/repeats.py",
        "_NO_ROOM = {errno.ENOSPC, ",
        "_NO_ROOM = {",
        ((f"{CONTRACT}test_failing_store.py", "-k", "room"),),
    ),
    (
        "a store that fails is a server error",
        "files/services.py",
        '        raise Unavailable("Files cannot be stored at the moment.") from error\n',
        "        raise\n",
        _ENROLMENT_SAMPLE,
    ),
    (
        "unknown codes are lost",
        "reports/services/captures.py",
        'unknown_code="" if message else text',
        'unknown_code=""',
        _ALERT,
    ),
    (
        "warnings of the other university",
        "institutions/services/vles.py",
        "VLEWarning.objects.filter(vle=vle_id, updated_at__gte=since)",
        "VLEWarning.objects.filter(updated_at__gte=since)",
        (("tests/console/test_vle.py",),),
    ),
    (
        "only one case of jwt",
        "signin/authentication.py",
        "known.get(word.lower(), word)",
        "word",
        (("tests/signin/test_tokens.py",),),
    ),
    ("control characters", f"{_KERNEL}text.py", "    if control is not None:\n", "    if False:\n", _TRAPS),
    (
        "constraints are not checked",
        f"{_KERNEL}serializers.py",
        "            refuse_violations(self._draft, writable)\n",
        "            pass\n",
        (("tests/kernel/test_constraints.py", "tests/kernel/test_requests.py", "tests/institutions/test_vle.py"),),
    ),
    (
        "what is written answers from memory to those who see only some rows",
        f"{_KERNEL}reading.py",
        "self.checks_rows or any(g.rows is None for g in self.grants)",
        "True",
        (("tests/kernel/test_writes.py",),),
    ),
    (
        "constraints are told only if nothing else is wrong",
        f"{_KERNEL}serializers.py",
        "            self._refuse_violations()\n            raise\n",
        "            raise\n",
        (("tests/kernel/test_writes.py",),),
    ),
    (
        "no slash, no answer",
        f"{_KERNEL}http/paths.py",
        '            elif not bare and not path.endswith("/"):',
        "            elif False:",
        _PATHS,
    ),
    (
        "errors show what broke",
        f"{_KERNEL}errors.py",
        'or _answer(500, "Server error.")',
        "or _answer(500, str(sys.exc_info()[1]))",
        _TRAPS,
    ),
    # Lists.
    ("pages without a limit", f"{_KERNEL}pagination.py", "    max_limit = 1000\n", "    max_limit = None\n", _LISTS),
    ("pages of twenty", f"{_KERNEL}pagination.py", "    default_limit = 10\n", "    default_limit = 20\n", _LISTS),
    (
        "offsets of any size",
        f"{_KERNEL}pagination.py",
        "min(super().get_offset(request), LARGEST)",
        "super().get_offset(request)",
        _LISTS,
    ),
    ("nulls first", f"{_KERNEL}filters.py", ".asc(nulls_last=nulls_last)", ".asc(nulls_first=nulls_last)", _LISTS),
    ("ordering is not total", f"{_KERNEL}filters.py", "order_by(*first, *view.ordering)", "order_by(*first)", _LISTS),
    ("orders by every column", f"{_KERNEL}filters.py", "in view.orderable:", "in view.orderable or name:", _LISTS),
    (
        "the last mention counts",
        f"{_KERNEL}filters.py",
        'chosen.setdefault(name, term.startswith("-"))',
        'chosen[name] = term.startswith("-")',
        _LISTS,
    ),
    (
        "column boxes fail",
        f"{_KERNEL}filters.py",
        "        except (ModelValidationError, ValueError):\n            return queryset.none()",
        "        except ModelValidationError:\n            return queryset.none()",
        _FILTERS,
    ),
    # Fast rows.
    (
        "blank e-mails are null",
        f"{_KERNEL}fast/rows.py",
        "({self.column(prefix + path)} or '')",
        "{self.column(prefix + path)}",
        _ROWS,
    ),
    (
        "empty relations are objects",
        f"{_KERNEL}fast/rows.py",
        "return f\"None if {self.column(f'{path}_id')} is None else {display}\" if nullable else display",
        "return display",
        _ROWS,
    ),
    (
        "columns read twice",
        f"{_KERNEL}fast/rows.py",
        "self.columns.setdefault(path, len(self.columns))",
        "self.columns.setdefault(path, 0)",
        _ROWS,
    ),
    # Defects of an earlier implementation of this API: tests/contract/test_traps.py and the tests of the resources.
    (
        "anonymous callers enter",
        f"{_KERNEL}access.py",
        "        if not request.user.is_authenticated:\n            return False\n",
        "        if not request.user.is_authenticated:\n            return True\n",
        _ACCESS,
    ),
    (
        "privileges: data administrators grant flags",
        "institutions/api/shared/people.py",
        "    names = own | (CORRECTABLE",
        "    names = own | (CORRECTABLE | {'inst_admin', 'login_allowed'}",
        _TRAPS,
    ),
    (
        "privileges: data administrators edit who holds a flag",
        "institutions/api/shared/people.py",
        "Role.DATA in roles and not person.has_flag",
        "Role.DATA in roles",
        _TRAPS,
    ),
    (
        "privileges: the last administrator goes",
        "institutions/services/people.py",
        "    if not others.exists():\n",
        "    if False:\n",
        _TRAPS,
    ),
    (
        "secrets: stored in clear",
        "institutions/models.py",
        "lti_secret = EncryptedTextField(",
        "lti_secret = models.TextField(",
        _TRAPS,
    ),
    (
        "secrets: credentials in every answer",
        "institutions/api/vle.py",
        'if self.action == "create" else values',
        "if hasattr(self, 'issued') or not setattr(self, 'issued', {'secret_id': 'x'}) else values",
        _TRAPS,
    ),
    (
        "mail domains: any suffix",
        "institutions/services/mail.py",
        'email.rpartition("@")[2].lower() not in domains',
        "not email.lower().endswith(tuple(domains))",
        _TRAPS,
    ),
    (
        "mail domains: case matters",
        "institutions/services/mail.py",
        'email.rpartition("@")[2].lower() not in domains',
        'email.rpartition("@")[2] not in domains',
        _TRAPS,
    ),
    (
        "consent documents: HTML is not cleaned",
        "institutions/services/documents.py",
        'values["html"] = html_cleaned(values["html"])',
        "pass",
        _TRAPS,
    ),
    (
        "consent documents: HTML of new ones is not cleaned",
        "institutions/services/documents.py",
        "html=html_cleaned(html)\n",
        "html=html\n",
        _TRAPS,
    ),
    (
        "consent documents: a PDF by its name",
        "institutions/services/documents.py",
        'if not (agrees("application/pdf", content.read(HEAD)) and _has_end(content)):',
        "if False:",
        _TRAPS,
    ),
    (
        "consent: an accepted version changes",
        "institutions/services/consents.py",
        "    if consent.accepted_at is not None:\n",
        "    if False:\n",
        _TRAPS,
    ),
    *(
        (f"consent: {name}", file, old, new, (("tests/learners/test_consent_decision.py",),))
        for name, file, old, new in (
            (
                "a version without a text is accepted",
                "learners/services.py",
                "if document_has_text(document)]",
                "]",
            ),
            (
                "any language is accepted",
                "learners/services.py",
                "        if not any(is_language(document.language, language) for document in documents):\n",
                "        if False:\n",
            ),
            (
                "another text than the one that was shown",
                "learners/services.py",
                "if document_hash(document) == sha256.lower()]",
                "]",
            ),
            (
                "a text that was changed since it was served",
                "learners/services.py",
                "        if served.get(document.language, digest) != digest:\n",
                "        if False:\n",
            ),
            (
                "the hash leaves out the PDF",
                "institutions/services/texts.py",
                "{html_sha256}\\n{pdf_sha256 or ''}\\n",
                "{html_sha256}\\n\\n",
            ),
            (
                "kept PDFs go with their documents",
                "institutions/services/texts.py",
                "pk__in=file_ids, consent_texts=None)",
                "pk__in=file_ids)",
            ),
            (
                "addresses of deleted learners stay",
                "learners/models.py",
                "filter(owner=instance).update(address=None)",
                "filter(owner=None).update(address=None)",
            ),
            (
                "launchers are called passwords",
                "learners/services.py",
                "CallerKind.LAUNCHED: SignIn.LAUNCHER, ",
                "",
            ),
        )
    ),
    (
        "courses: nobody is said to have added a member",
        "courses/services/members.py",
        '"added_by": self.kind.value, "added_by_id": self.id',
        '"added_by": self.kind.value',
        (("tests/courses/test_learner_membership.py",),),
    ),
    (
        "courses: names of other institutions' people",
        "courses/queries.py",
        "person = User.objects.filter(pk=key, institution=home)",
        "person = User.objects.filter(pk=key)",
        (("tests/courses/test_learner_membership.py",),),
    ),
    (
        "consent: decisions change",
        f"{_KERNEL}models.py",
        "        if not self._state.adding:\n",
        "        if False:\n",
        _TRAPS,
    ),
    (
        "evidence: valid audits for everybody",
        _RULES,
        "unflagged=institution.allow_valid_audit,",
        "unflagged=True,",
        _EVIDENCE,
    ),
    (
        "evidence: for every learner who sees the report",
        _RULES,
        "return institution.allow_learner_report and institution.allow_learner_audit",
        "return institution.allow_learner_report",
        _EVIDENCE,
    ),
    (
        "evidence: of reports that are hidden",
        _RULES,
        "return institution.allow_learner_report and institution.allow_learner_audit",
        "return institution.allow_learner_audit",
        _EVIDENCE,
    ),
    (
        "evidence: flagged from the level OK on",
        _RULES,
        "integrity_level) >= Level.WARNING",
        "integrity_level) >= Level.OK",
        _EVIDENCE,
    ),
    (
        "evidence: flagged by identity alone",
        _RULES,
        "max(identity_level, content_level, integrity_level)",
        "identity_level",
        _EVIDENCE,
    ),
    (
        "evidence: flagged without a look at content",
        _RULES,
        "        | Q(content_level__gte=Level.WARNING)\n",
        "",
        _EVIDENCE,
    ),
    (
        "evidence: flagged by any report",
        _RULES,
        "flagged_rows().filter(report=report)",
        "flagged_rows()",
        _EVIDENCE,
    ),
    (
        "evidence: audits of rows that are not flagged",
        _RULES,
        "any(visibility.shows(flagged) for _, visibility",
        "any(visibility.shows(True) for _, visibility",
        _EVIDENCE,
    ),
    ("evidence: requests flagged by others of the learner", _RULES, ".filter(request__in=asked)", "", _EVIDENCE),
    ("evidence: links for modules", _RULES, "    if caller.kind not in PEOPLE:\n", "    if False:\n", _EVIDENCE),
    (
        "evidence: teachers of any course",
        _RULES,
        'all_reports.filter(taught("activity__course__")(caller))',
        "all_reports",
        _EVIDENCE,
    ),
    (
        "evidence: learners who have left",
        _RULES,
        'attended("activity__course__")(caller), own_work(caller)',
        "own_work(caller)",
        _EVIDENCE,
    ),
    (
        "evidence: all learners of the course",
        _RULES,
        'attended("activity__course__")(caller), own_work(caller)',
        'attended("activity__course__")(caller)',
        _EVIDENCE,
    ),
    (
        "evidence: files of other institutions",
        _RULES,
        "Report.objects.filter(reports, institution=file.institution_id)",
        "Report.objects.filter(reports)",
        _EVIDENCE,
    ),
    (
        "evidence: reading is not recorded",
        "files/permissions.py",
        "NOT_SENSITIVE = frozenset({Kind.CONSENT_PDF, Kind.SESSION})",
        "NOT_SENSITIVE = frozenset({Kind.CONSENT_PDF, Kind.SESSION, Kind.REPORT_AUDIT})",
        _EVIDENCE,
    ),
    (
        "counting: a result counts each time",
        "reports/services/counting.py",
        "            if place != row.counted_bin:\n",
        "            if place is not None:\n",
        _COUNTING,
    ),
    (
        "counting: answers of a provider are forgotten",
        "reports/services/reporting.py",
        "answered[str(provider)] += number",
        "answered[str(provider)] = number",
        _COUNTING,
    ),
    (
        "counting: alerts count each time",
        "reports/services/reporting.py",
        "update(is_counted=True)",
        "update(is_counted=False)",
        _COUNTING,
    ),
    (
        "counting: histograms of the last one",
        "reports/rows.py",
        "{name} = {table}.{name} + excluded.{name}",
        "{name} = excluded.{name}",
        _COUNTING,
    ),
    (
        "retention: what is held back is deleted",
        "retention/services/kinds.py",
        "rows = rows.filter(~held)",
        "pass",
        (("tests/retention",),),
    ),
    (
        "retention: results of the deleted stay in histograms",
        "retention/services/work.py",
        "results_leave(owner, request__in=part)",
        "pass",
        (("tests/retention",),),
    ),
    (
        "suspension: tokens go on",
        "signin/authentication.py",
        "if (why := suspended(caller)) is not None:",
        "if (why := None) is not None:",
        (("tests/signin/test_suspension.py",),),
    ),
    (
        "counting: results of the deleted stay in activities",
        "reports/services/leaving.py",
        'results_leave("activity", request__learner=instance.pk)',
        "pass",
        _COUNTING,
    ),
    (
        "counting: low confidence does not warn",
        "reports/counts.py",
        "return level if confidence >= ENOUGH_CONFIDENCE else max(level, Level.WARNING)",
        "return level",
        _COUNTS,
    ),
    (
        "verifying: without a valid consent",
        "reports/services/verifying.py",
        "        if not _is_valid(state):\n            found[each] = NO_CONSENT\n",
        "        if False:\n            found[each] = NO_CONSENT\n",
        _VERIFYING,
    ),
    (
        "verifying: with an instrument that does not apply",
        "reports/services/verifying.py",
        "            if each.instrument not in applying[pair]:\n",
        "            if False:\n",
        _VERIFYING,
    ),
    (
        "verifying: the file of the answer before stays",
        "reports/services/verifying.py",
        "    if old is not None:\n        files_erase",
        "    if False:\n        files_erase",
        _VERIFYING,
    ),
    (
        "verifying: a request is asked again",
        "reports/services/verifying.py",
        "request in requests and request not in done]",
        "request in requests]",
        _VERIFYING,
    ),
    (
        "verifying: many answers of a learner who has withdrawn",
        "reports/services/verifying.py",
        "    barred = obstacles({_asked_of(row) for row in found})\n    outcomes",
        "    barred: dict[Asked, Obstacle] = {}\n    outcomes",
        _ANSWERS,
    ),
    (
        "verifying: many answers to others' requests",
        "reports/services/verifying.py",
        "rows = RequestProviderResult.objects.filter(provider=provider, request__in=answers)",
        "rows = RequestProviderResult.objects.filter(request__in=answers)",
        _ANSWERS,
    ),
    (
        "verifying: many answers end the time of open ones",
        "reports/services/verifying.py",
        "        if open_again:\n",
        "        if False:\n",
        _ANSWERS,
    ),
    (
        "errors: places as keys",
        "kernel/errors.py",
        "        translated.detail = _named(translated.detail)\n",
        "",
        _ANSWERS,
    ),
    (
        "contents: pictures stay inside",
        "reports/audits.py",
        "    if file is not None:\n",
        "    if False:\n",
        _CONTENTS,
    ),
    (
        "contents: reading is not recorded",
        "files/api/file.py",
        "        _record_reading(caller, content.",
        "        (caller, content.",
        _CONTENTS,
    ),
    (
        "reports: histograms of all activities",
        "reports/queries.py",
        "ActivityInstrumentHistogram.objects.filter(activity=activity)",
        "ActivityInstrumentHistogram.objects.filter(activity__gte=0)",
        _REPORT,
    ),
    (
        "reports: a histogram must be there",
        "reports/queries.py",
        "self.histograms.get((_ACTIVITY, instrument), [0] * arithmetic.BINS)",
        "self.histograms[_ACTIVITY, instrument]",
        _REPORT,
    ),
    (
        "requests: search through a relation",
        "reports/api/request.py",
        '"message_code__code")',
        '"instruments")',
        _REQUEST,
    ),
    (
        "reports: any number is a level",
        "reports/api/report.py",
        'level = LevelFilter(method="any_level")',
        'level = ColumnFilter(method="any_level")',
        _REPORT,
    ),
    (
        "requests: documents first",
        "reports/api/request.py",
        'F("session").asc(nulls_last=True)',
        'F("session").asc(nulls_first=True)',
        _REQUEST,
    ),
    (
        "another's report is empty",
        f"{_KERNEL}rooted.py",
        "        if holding and not seeing:\n",
        "        if False:\n",
        _ACCESS,
    ),
    (
        "learners: teachers see all of the institution",
        "learners/api/learner.py",
        '    return Q(pk__in=attending.values("learner"))\n',
        "    return Q(institution=me.institution_id)\n",
        _ACCESS,
    ),
    (
        "people: both roles go at once",
        "institutions/services/people.py",
        "    _role_erase(stored, role)\n    if not (",
        "    _role_erase(stored, INSTRUCTOR)\n    _role_erase(stored, LEARNER)\n    if not (",
        _TRAPS,
    ),
    (
        "negative consent versions",
        "institutions/services/consents.py",
        '_VERSION = re.compile(r" *([0-9]+)',
        '_VERSION = re.compile(r" *(-?[0-9]+)',
        _TRAPS,
    ),
    (
        "any locale",
        f"{_KERNEL}serializers.py",
        "return language_in(data if isinstance(data, str) else super().run_validation(data))",
        "return super().run_validation(data)",
        _TRAPS,
    ),
    (
        "PUT resets inst_admin",
        "institutions/api/shared/people.py",
        'inst_admin = serializers.BooleanField(source="user.inst_admin", required=False)',
        'inst_admin = serializers.BooleanField(source="user.inst_admin", default=False)',
        _TRAPS,
    ),
    (
        "PUT resets data_admin",
        "institutions/api/shared/people.py",
        'data_admin = serializers.BooleanField(source="user.data_admin", required=False)',
        'data_admin = serializers.BooleanField(source="user.data_admin", default=False)',
        _TRAPS,
    ),
    (
        "PUT resets client_id",
        "institutions/api/vle.py",
        '{"client_id": {"allow_blank": False}}',
        '{"client_id": {"allow_blank": False, "default": None}}',
        _TRAPS,
    ),
    (
        "shared rows can be changed",
        f"{_KERNEL}viewsets.py",
        "        if self.action not in READ and self.scope.is_shared(row):\n",
        "        if False:\n",
        _UI,
    ),
    (
        "routes of every institution",
        f"{_KERNEL}scope.py",
        "return own | Q(**dict.fromkeys(self.rows, None)) if self.with_shared_rows else own",
        "return Q() if self.with_shared_rows else own",
        _UI,
    ),
    (
        "route of a user of any institution",
        "institutions/api/ui.py",
        "TenantRelatedField(queryset=User.objects.all(), ",
        'TenantRelatedField(queryset=User.objects.all(), tenant="pk__gte", ',
        _UI,
    ),
    (
        "routes that do not exist",
        "institutions/services/routes.py",
        "    if not UIOption.objects.filter(route=route, institution=None).exists():\n",
        "    if not UIOption.objects.filter(route=route).exists():\n",
        _UI,
    ),
    (
        "parent group of any institution",
        "courses/api/group.py",
        "        queryset=CourseGroup.objects.all(), required=False",
        "        tenant=None, queryset=CourseGroup.objects.all(), required=False",
        _GROUP,
    ),
    (
        "course of any institution",
        "courses/api/group_course.py",
        "get_object_or_404(self.tenant.courses, ",
        "get_object_or_404(Course, ",
        _GROUP_COURSE,
    ),
    (
        "course of any institution in the service",
        "courses/services/groups.py",
        "filter(pk=course.pk, institution=institution_id)",
        "filter(pk=course.pk)",
        _GROUP_COURSE,
    ),
    (
        "category of any institution",
        "learners/api/learner_send.py",
        "TenantRelatedField(queryset=SENDCategory.objects.all())",
        'TenantRelatedField(tenant="pk__gte", queryset=SENDCategory.objects.all())',
        _LEARNER_SEND,
    ),
    (
        "category of any institution in the service",
        "learners/services.py",
        "SENDCategory.objects.filter(pk=category.pk, institution=institution_id)",
        "SENDCategory.objects.filter(pk=category.pk)",
        _LEARNER_SEND,
    ),
    (
        "SEND: keys as they are stored",
        "learners/queries.py",
        'disabled_instruments=stored.get("disabled_instruments") or [],',
        'disabled_instruments=stored["disabled_instruments"],',
        _SEND,
    ),
    ("repeats: never", f"{_KERNEL}repeats.py", "ATTEMPTS = 5", "ATTEMPTS = 1", _REPEATS),
    ("repeats: what is committed", f"{_KERNEL}repeats.py", " or _commits() != committed", "", _REPEATS),
    ("repeats: parts of a transaction", f"{_KERNEL}repeats.py", "1 if _is_inside_transaction() else ", "", _REPEATS),
    ("repeats: a busy SQLite", f"{_KERNEL}repeats.py", "(is_lost(error) or", "(is_busy(error) or", _REPEATS),
    ("repeats: no vanished references", f"{_KERNEL}repeats.py", '_GONE = "23503"', '_GONE = ""', _REPEATS),
    (
        "repeats: a vanished reference is a wrong body",
        f"{_KERNEL}errors.py",
        "    if is_passing(exc):\n",
        "    if is_passing(exc) and not isinstance(exc, IntegrityError):\n",
        _REPEATS,
    ),
    (
        "repeats: middleware's error is 500",
        f"{_KERNEL}errors.py",
        "passing_answer(sys.exc_info()[1])",
        "passing_answer(None)",
        _REPEATS,
    ),
    (
        "repeats: admin pages tell it as a refusal",
        f"{_KERNEL}admin.py",
        "or is_passing(error)",
        "or is_passing(None)",
        (("tests/kernel/test_repeats.py", "-k", "admin"),),
    ),
    (
        "repeats: forms of the admin tell it as a refusal",
        "institutions/admin/service.py",
        "                if is_passing(error):\n                    raise\n",
        "",
        (("tests/kernel/test_repeats.py", "-k", "admin"),),
    ),
    (
        "repeats: pages tell of what was taken back",
        f"{_KERNEL}http/repeats.py",
        'if hasattr(request, "_messages"):',
        "if False:",
        (("tests/kernel/test_repeats.py", "-k", "tell"),),
    ),
    (
        "repeats: the body is read once",
        f"{_KERNEL}http/parsers.py",
        'body = parser_context["request"]._request._body = stream.read()',
        "body = stream.read()",
        _REPEATS,
    ),
    (
        "repeats: the sample is read once",
        f"{_KERNEL}http/parsers.py",
        '        if not hasattr(request, "sample_body"):\n',
        "        if True:\n",
        _REPEATS,
    ),
    (
        "locks: relations as they are named",
        f"{_KERNEL}locks.py",
        "of = sorted(locks, key=lambda path: place_of(_model_of(rows.model, path)))",
        "of = list(locks)",
        _LOCKS,
    ),
    (
        "locks: deletes meet in an institution",
        f"{_KERNEL}locks.py",
        "if home is not None:",
        "if home is None:",
        _LOCKS,
    ),
    ("locks: rows in any order", f"{_KERNEL}locks.py", 'rows.order_by("pk")', "rows.order_by()", _LOCKS),
    (
        "locks: a course alone",
        "courses/services/courses.py",
        "    cascade_locked(course)\n",
        "",
        ((*_BUDGETS, "-k", "course.delete"),),
    ),
    (
        "locks: no course for a new activity",
        "courses/services/activities.py",
        '        raise Unknown("There is no such course any more.")',
        "        pass",
        _LOCKS,
    ),
    (
        "group courses: a swap changes nothing",
        "courses/services/groups.py",
        'row.save(update_fields=("course",))',
        "pass",
        _GROUP_COURSE,
    ),
    (
        "group tree: cycles of two",
        "courses/services/groups.py",
        "        if ancestor == group.pk:\n",
        "        if ancestor == group.pk == parent.pk:\n",
        _GROUP,
    ),
    (
        "group tree: not locked",
        "courses/services/groups.py",
        "    rows = Institution.objects.filter(pk=institution_id).select_for_update(no_key=True)\n",
        "    rows = Institution.objects.filter(pk=institution_id)\n",
        _GROUP,
    ),
    (
        "group tree: the group is locked first",
        "courses/api/group.py",
        'lock_before = ("institution",)',
        "lock_before = ()",
        _GROUP,
    ),
    (
        "group tree: the database's cascade",
        "courses/services/groups.py",
        "CourseGroup.objects.filter(pk__in=part).delete()",
        "CourseGroup.objects.filter(pk=group.pk).delete()",
        _GROUP,
    ),
    (
        "SEND: only the instruments of the import",
        "learners/services.py",
        '    instruments = {*Instrument.objects.values_list("pk", flat=True)}\n',
        "    instruments = {1, 2, 3, 4, 5}\n",
        _SEND,
    ),
    (
        "SEND: PUT drops what its data leaves out",
        "learners/services.py",
        '_send_data(values["data"], send_data(row.data))',
        '_send_data(values["data"], send_data({}))',
        _SEND,
    ),
    (
        "SEND: PUT drops the end of an assignment",
        "learners/services.py",
        '    if "expires_at" in values:\n        if _is_same',
        '    values.setdefault("expires_at", None)\n    if "expires_at" in values:\n        if _is_same',
        _LEARNER_SEND,
    ),
    (
        "SEND: an end in the past",
        "learners/services.py",
        "    if expires_at is not None and expires_at < timezone.now():\n",
        "    if False:\n",
        _LEARNER_SEND,
    ),
    (
        "SEND: what has run out cannot be sent back",
        "learners/services.py",
        "one == other or (one is not None and other is not None and abs(one - other) < timedelta(milliseconds=1))",
        "one is None and other is None",
        _LEARNER_SEND,
    ),
    (
        "SEND: assignments that have run out count",
        "learners/queries.py",
        "    active = Q(expires_at=None) | Q(expires_at__gte=Now())\n",
        "    active = Q()\n",
        _LEARNER_SEND,
    ),
    (
        "current consent by date",
        "institutions/services/consents.py",
        '.order_by("-major", "-minor", "-patch", "-pk")',
        '.order_by("-valid_from", "-pk")',
        _TRAPS,
    ),
    (
        "current consent before its time",
        "institutions/services/consents.py",
        "consents.filter(valid_from__lte=Now())",
        "consents.all()",
        _TRAPS,
    ),
    (
        "imports rename who holds a flag or a password",
        "institutions/services/person_values.py",
        "    if values.keys() & _GUARDED and is_guarded(person):",
        "    if False:",
        (("tests/courses/test_import_csv.py", "-k", "not_taken_over"),),
    ),
    (
        "imports write global administrators",
        "courses/imports/people.py",
        "        if person.is_staff:\n            raise",
        "        if False:\n            raise",
        (("tests/courses/test_import_csv.py", "-k", "global_administrator"),),
    ),
    (
        "imports join courses of others",
        "courses/imports/people.py",
        "VLE.objects.filter(institution=self._home).values_list",
        "VLE.objects.order_by('pk').values_list",
        (("tests/courses/test_import_csv.py", "-k", "another_institution"),),
    ),
    (
        "imports change people of others",
        "institutions/services/rosters.py",
        'Among(F("uid_key"), map(identifier_key, uids)), institution=institution)',
        'Among(F("uid_key"), map(identifier_key, uids)))',
        (("tests/courses/test_import_csv.py", "-k", "another_institution"),),
    ),
    (
        "imports overwrite what changed meanwhile",
        "institutions/services/rosters.py",
        '        if locked.get(person.pk) != before | {"pk": person.pk}:\n',
        "        if False:\n",
        (("tests/courses/test_import_tables.py", "-k", "meanwhile"),),
    ),
    (
        "two people are one after a spreadsheet",
        "courses/imports/people.py",
        "        elif _SHORTENED.fullmatch(uid):\n",
        "        elif False:\n",
        (("tests/courses/test_import_tables.py", "-k", "spoilt"),),
    ),
    (
        "short rows clear",
        "courses/imports/people.py",
        "if place is None or (cell := row.cells[place]) is None:\n",
        'if place is None or (cell := row.cells[place] or "") is None:\n',
        (("tests/courses/test_import_tables.py", "-k", "short_rows"),),
    ),
    (
        "enrolments that are over",
        "courses/imports/people.py",
        '            if folded(row.cells[place] or "") in values:\n',
        "            if False:\n",
        (("tests/courses/test_import_tables.py", "-k", "oneroster or canvas or moodle"),),
    ),
    (
        "columns that nobody knows are left out unasked",
        "courses/imports/jobs.py",
        "columns=mapping, ignored=left_out",
        "columns=mapping, ignored=None",
        (("tests/console/test_imports.py", "-k", "column"),),
    ),
    (
        "many rows without what is derived",
        "kernel/many.py",
        "tuple(map(fields[name].folded, zip(*texts, strict=True)))",
        '("",) * len(rows)',
        (("tests/kernel/test_many.py",),),
    ),
    (
        "many rows with secrets as they are",
        "kernel/many.py",
        "    return [field.get_db_prep_save(value, connection) for value in values]\n",
        "    return values\n",
        (("tests/kernel/test_many.py",),),
    ),
    (
        "checks of imports write",
        "courses/imports/jobs.py",
        "_people(job, trial).part_outcomes(rows)",
        "_people(job, None).part_outcomes(rows)",
        (("tests/console/test_imports.py", "-k", "upload_check"),),
    ),
    (
        "parts of imports twice",
        "courses/imports/jobs.py",
        "filter(pk=job.pk, state=job.state, parts_done=job.parts_done, **same)\n    counted",
        "filter(pk=job.pk)\n    counted",
        (("tests/console/test_imports.py", "-k", "once"),),
    ),
    (
        "imports of all or nothing write what is not refused",
        "courses/imports/jobs.py",
        "            if is_refused:\n                transaction.set_rollback(True)\n",
        "            if is_refused:\n                pass\n",
        (("tests/console/test_imports.py", "-k", "all_or_nothing"),),
    ),
    (
        "imports of other institutions",
        "console/imports.py",
        'keys = {"institution": self.kwargs["institution"], "pk": self.kwargs["import"]}',
        'keys = {"pk": self.kwargs["import"]}',
        (("tests/console/test_imports.py", "-k", "another_institution"),),
    ),
    (
        "imports by every administrative role",
        "console/imports.py",
        '        if not self.caller.roles_in(self.kwargs["institution"]) & Role.ADMIN:\n',
        "        if False:\n",
        (("tests/console/test_imports.py", "-k", "only_administrators"),),
    ),
    (
        "changes by whom the API refuses",
        "console/work/pages.py",
        "        if not self.is_allowed():\n",
        "        if False:\n",
        (("tests/console/test_access.py", "-k", "role_and_page"),),
    ),
    (
        "a preview that is written",
        "console/work/needs.py",
        "            if not is_done:\n",
        "            if is_wrong:\n",
        (("tests/console/test_work_needs.py", "-k", "previewed"),),
    ),
    (
        "half a person",
        "console/work/people.py",
        "                transaction.set_rollback(True)\n",
        "                pass\n",
        (("tests/console/test_work_people.py", "-k", "not_at_all"),),
    ),
    (
        "changes over those of others",
        "console/work/pages.py",
        'self.api.send("PATCH", self.api_path, body, self.opened_with)',
        'self.api.send("PATCH", self.api_path, body, self.tag)',
        (("tests/console/test_work_meanwhile.py",),),
    ),
    (
        "a form that was refused stands for what nobody has seen",
        "console/work/pages.py",
        'if self.request.method == "POST" else self.tag',
        "if False else self.tag",
        (("tests/console/test_work_meanwhile.py",),),
    ),
    (
        "deletions of what has changed",
        f"{_KERNEL}http/client.py",
        'request.META["HTTP_IF_MATCH"] = tag or NO_STATE',
        'request.META["HTTP_IF_MATCH"] = "*" if method == "DELETE" else tag or NO_STATE',
        (("tests/console/test_work_meanwhile.py",),),
    ),
    (
        "alerts' pictures of a good session",
        "reports/contents.py",
        "if visibility.shows(is_flagging(alert.level)) else {}",
        "if visibility.evidence else {}",
        (("tests/reports/test_contents.py", "-k", "with_an_alert_is_evidence"),),
    ),
    (
        "uploads from other sites",
        "console/imports.py",
        "return csrf_protect(self.uploaded)(request)",
        "return self.uploaded(request)",
        (("tests/console/test_imports.py", "-k", "another_site"),),
    ),
    (
        "a presentation in parts",
        "courses/imports/oulad/loading.py",
        "@transaction.atomic(durable=True)\ndef _loaded(",
        "def _loaded(",
        (
            ("tests/servers/test_import.py", "-k", "killed"),
            ("tests/courses/test_import_oulad.py", "-k", "again_and_again"),
        ),
    ),
    (
        "results with formulas",
        "kernel/spreadsheets.py",
        "self._rows.writerow([formula_safe(cell) for cell in cells])",
        "self._rows.writerow([*cells])",
        (("tests/kernel/test_tables.py", "-k", "formula"),),
    ),
    # Sessions of assessments, and launchers that VLEs ask for.
    (
        "procedures for every role",
        f"{_KERNEL}rooted.py",
        "if who & roles and (g.when",
        "if (g.when",
        (("tests/kernel/test_procedures.py",),),
    ),
    (
        "activities of every VLE",
        "courses/queries.py",
        "Activity.objects.filter(vle=vle, vle_activity_type=kind, vle_activity_id=key)",
        "Activity.objects.filter(vle_activity_type=kind, vle_activity_id=key)",
        _ASSESSMENT,
    ),
    (
        "a uid means people of every institution",
        "institutions/services/named.py",
        "people = User.objects.filter(institution=institution_id)",
        "people = User.objects.order_by('-pk')",
        _VLE_MEMBER,
    ),
    (
        "the uid of a merged account means nobody",
        "institutions/services/named.py",
        '        Subquery(former.values("person")),\n',
        "",
        _VLE_MEMBER,
    ),
    (
        "sessions of every VLE",
        "courses/api/vle_assessment.py",
        'rows.filter(pk=body["session_id"], activity__vle=self.root_id)',
        'rows.filter(pk=body["session_id"])',
        _ASSESSMENT,
    ),
    (
        "another learner's session",
        "courses/api/vle_assessment.py",
        "        if named[:2] != own[:2] or not is_meant(person, identifier_key(named[2])):\n",
        "        if False:\n",
        _ASSESSMENT,
    ),
    (
        "the case of uids counts",
        "kernel/text.py",
        '    return as_identifier(unicodedata.normalize("NFD", as_identifier(text)).casefold())\n',
        "    return as_identifier(text)\n",
        _SPELLINGS,
    ),
    (
        "look-ups by the stored spelling",
        "kernel/fields.py",
        "compared_in is not None and isinstance(lhs, Col)",
        "False and isinstance(lhs, Col)",
        _SPELLINGS,
    ),
    (
        "identifiers are stored as they were typed",
        "kernel/fields.py",
        "            setattr(model_instance, self.attname, value)  # the row in memory is as the stored one\n",
        "",
        (("tests/kernel/test_derived.py",),),
    ),
    (
        "derived columns are left behind",
        "kernel/models.py",
        '            kwargs["update_fields"] = frozenset(with_derived(type(self), kwargs["update_fields"]))\n',
        "            pass\n",
        (("tests/kernel/test_derived.py",),),
    ),
    (
        "e-mails of everywhere are taken",
        "institutions/services/rosters.py",
        'Among(F("email_key"), emails), institution=institution)',
        'Among(F("email_key"), emails))',
        _ELSEWHERE,
    ),
    (
        "usernames of everywhere are taken",
        "institutions/services/person_values.py",
        'Among(F("username"), names), institution=institution)',
        'Among(F("username"), names))',
        _ELSEWHERE,
    ),
    (
        "a username of elsewhere is no other's",
        "institutions/services/people.py",
        "User.objects.filter(institution=institution, username=person.username).exists()",
        "User.objects.filter(username=person.username).exists()",
        (("tests/institutions/test_people_services.py",),),
    ),
    (
        "sign-in is quicker where there is nobody",
        "signin/services/people.py",
        "    for _ in range(TRIED - len(accounts)):\n",
        "    for _ in range(1 - len(accounts)):\n",
        _SAME_ADDRESS,
    ),
    (
        "the account that was used first is opened",
        "signin/services/people.py",
        'F("last_login").desc(nulls_last=True)',
        'F("last_login").asc(nulls_last=True)',
        _SAME_ADDRESS,
    ),
    (
        "places are known to an address",
        "signin/services/attempts.py",
        'return _key(f"known place of {what}", str(account), address_group(address))',
        'return _key(f"known place of {what}", address_group(address))',
        _ATTEMPTS,
    ),
    (
        "rows that become one are lost",
        "institutions/migrations/0005_identifiers.py",
        "    if problems:\n",
        "    if False:\n",
        (("tests/packaging/test_identifiers_migration.py",),),
    ),
    (
        "sessions of who is not in the course",
        "courses/services/assessments.py",
        "pk=key, courses=course, user__is_active=True",
        "pk=key, user__is_active=True",
        _ASSESSMENT,
    ),
    (
        "deactivated learners",
        "courses/services/assessments.py",
        "courses=course, user__is_active=True",
        "courses=course",
        _ASSESSMENT,
    ),
    (
        "any consent",
        "courses/services/assessments.py",
        '    if not status.startswith("VALID"):\n',
        "    if False:\n",
        _ASSESSMENT,
    ),
    (
        "any enrolment",
        "courses/services/assessments.py",
        '    if enrolments["missing_enrolments"]:\n',
        "    if False:\n",
        _ASSESSMENT,
    ),
    (
        "sessions without end",
        "courses/models.py",
        "return self.closed_at is not None or self.ends_at <= timezone.now()",
        "return self.closed_at is not None",
        _ASSESSMENT,
    ),
    (
        "closed sessions go on",
        "courses/models.py",
        "return self.closed_at is not None or self.ends_at <= timezone.now()",
        "return self.ends_at <= timezone.now()",
        _ASSESSMENT,
    ),
    (
        "closing closes newer ones",
        "courses/services/assessments.py",
        "rows = list(pair.filter(pk__lte=session.pk)",
        "rows = list(pair",
        _ASSESSMENT,
    ),
    (
        "closing closes all of the activity",
        "courses/services/assessments.py",
        "activity=session.activity_id, learner=session.learner_id, closed_at=None)",
        "activity=session.activity_id, closed_at=None)",
        _ASSESSMENT,
    ),
    (
        "tokens outlive their session",
        "courses/services/assessments.py",
        "    learner_sessions_end(assessment_sessions=closed)\n",
        "",
        _ASSESSMENT,
    ),
    (
        "launchers outlive their session",
        "signin/services/sessions.py",
        "    tickets.update(expires_at=ends)\n",
        "",
        _ASSESSMENT,
    ),
    (
        "closing lengthens tokens",
        "signin/services/sessions.py",
        "assessment_session__in=assessment_sessions, expires_at__gt=ends)",
        "assessment_session__in=assessment_sessions)",
        _ASSESSMENT,
    ),
    (
        "links to sessions without a signature",
        "courses/links.py",
        "        name = signer(SALT).unsign(token)\n",
        '        name = token.rpartition(".")[0]\n',
        _SESSION_LINKS,
    ),
    (
        "links to whatever has the number",
        "courses/links.py",
        "session is not None and _session_name(session) == name",
        "session is not None",
        _SESSION_LINKS,
    ),
    (
        "links without consent",
        "courses/services/assessments.py",
        "    _refuse_without_consent(state, enrolments)\n    caller_session",
        "    caller_session",
        _SESSION_LINKS,
    ),
    (
        "links of sessions that were ended",
        "courses/services/assessments.py",
        "own if own is not None and caller_of(own.pk, own.kind) is not None else None",
        "own",
        _SESSION_LINKS,
    ),
    (
        "scripts that end a page",
        "courses/api/session.py",
        ".translate(ESCAPES)",
        "",
        _SESSION_LINKS,
    ),
    (
        "sessions: accessibility is off",
        "courses/api/session.py",
        "{name: name in options for name in SENDOption.values}",
        "dict.fromkeys(SENDOption.values, False)",
        _SESSION_LINKS,
    ),
    (
        "sessions: no defaults of options",
        "courses/queries.py",
        'properties.get(name, {}).get("default")',
        "None",
        _SESSION_LINKS,
    ),
    (
        "launchers for anybody's session",
        "courses/api/vle_launcher.py",
        "filter(pk=number, learner=person.pk, activity__vle=self.root_id)",
        "filter(pk=number)",
        _VLE_LAUNCHER,
    ),
    # The administration.
    (
        "the own account ends",
        "institutions/services/accounts.py",
        "    if own and revoked:\n",
        "    if False:\n",
        _ACCOUNTS,
    ),
    ("the own account is deleted", "institutions/services/accounts.py", "    if own:\n", "    if False:\n", _ACCOUNTS),
    (
        "the last global administrator goes",
        "institutions/services/people.py",
        "    if not User.objects.filter(_ADMINISTERS_ALL).exclude(pk=person.pk).exists():\n",
        "    if False:\n",
        _ACCOUNTS,
    ),
    (
        "who cannot sign in takes over",
        "institutions/services/people.py",
        "is_active=True, email__isnull=False)",
        "is_active=True)",
        (*_ACCOUNTS, ("tests/institutions/test_people_services.py", "-k", "administrator")),
    ),
    (
        "global administrators are locked one by one",
        "institutions/services/people.py",
        'next((row for row in rows.filter(is_staff=True).order_by("pk") if row.pk == person_id), None)',
        "rows.filter(pk=person_id).first()",
        _ACCOUNTS,
    ),
    (
        "people move with what hangs from them",
        "institutions/services/people.py",
        "    if person.institution_id is not None and bound:\n",
        "    if False:\n",
        _ACCOUNTS,
    ),
    (
        "flags of nowhere",
        "institutions/services/person_values.py",
        "        if person.institution_id is None and getattr(person, name):\n",
        "        if False:\n",
        _ACCOUNTS,
    ),
    (
        "mail domains of the new institution",
        "institutions/services/person_values.py",
        '    if changed & {"email", "institution"}:\n',
        '    if "email" in changed:\n',
        _ACCOUNTS,
    ),
    (
        "administrators go with an institution unrecorded",
        "institutions/api/admin_institution.py",
        "for person in gone))",
        "for person in ()))",
        (("tests/institutions/test_admin_institution.py",),),
    ),
    (
        "global administrators go with an institution",
        "institutions/services/institutions.py",
        "_DELETED_WITH_INSTITUTION = Q(inst_admin=True, is_staff=False)",
        "_DELETED_WITH_INSTITUTION = Q(inst_admin=True)",
        (("tests/institutions/test_admin_institution.py",),),
    ),
    (
        "the first id of the administration is not looked up",
        f"{_KERNEL}viewsets.py",
        "        if not ROOTS[cls.root].id_is_own:\n",
        "        if False:\n",
        (("tests/institutions/test_admin_provider.py", "-k", "own_instrument"),),
    ),
    (
        "what is used is deleted",
        "institutions/services/instruments.py",
        "    if uses:\n",
        "    if False:\n",
        _INSTRUMENTS,
    ),
    (
        "special needs name what is gone",
        "learners/services.py",
        'instrument.pk in (data.get("disabled_instruments") or ())',
        "instrument.pk in ()",
        (("tests/institutions/test_admin_instrument.py", "-k", "one_use"),),
    ),
    (
        "broken schemas",
        "institutions/services/instruments.py",
        "and schema_is_broken(schema):\n",
        "and False:\n",
        _INSTRUMENTS,
    ),
    (
        "credentials of a provider outlive a rotation",
        "institutions/services/instruments.py",
        "    credentials_end(provider=stored, overlap_minutes=overlap_minutes)\n",
        "",
        _PROVIDER,
    ),
    (
        "credentials of a provider in every answer",
        "institutions/api/admin_provider.py",
        'if self.action in ("create", "credentials") else values',
        'if hasattr(self, "issued") or not setattr(self, "issued", {"secret_id": "x"}) else values',
        _PROVIDER,
    ),
    (
        "rows of institutions are everybody's",
        "institutions/api/admin_ui.py",
        "UIOption.objects.filter(institution=None)",
        "UIOption.objects.all()",
        (("tests/institutions/test_admin_ui.py",),),
    ),
    # Dashboards: other hosts, addresses, and what they have beside the document.
    ("pages open to other hosts", _SETTINGS, 'r"^/+(api|lapi|files)/"', 'r"^/"', _CORS),
    ("any origin", _SETTINGS, "CORS_ALLOW_CREDENTIALS = False", "CORS_ALLOW_ALL_ORIGINS = True", _CORS),
    ("cookies from other hosts", _SETTINGS, "CORS_ALLOW_CREDENTIALS = False", "CORS_ALLOW_CREDENTIALS = True", _CORS),
    (
        "what is no origin starts",
        _ENVIRONMENT,
        'and _has_host(value) and (patterns or "*" not in value),',
        "",
        _STARTS,
    ),
    ("wrong encryption keys start", _ENVIRONMENT, "not all(_is_encryption_key(key) for key in keys)", "False", _STARTS),
    ("numbers have no bounds", _ENVIRONMENT, " and lowest <= int(value) <= highest", "", _STARTS),
    ("workers with wrong settings start again", "tesla_api/wsgi.py", "sys.exit(3)", "sys.exit(1)", _STARTS),
    (
        "the server binds before settings are checked",
        "tesla_api/gunicorn.py",
        "from tesla_api import settings\n",
        "class settings: WEB_HOST, WEB_PORT, WEB_CONCURRENCY, WEB_THREADS = '127.0.0.1', 0, 1, 1\n",
        _STARTS,
    ),
    (
        "anybody forwards",
        f"{_KERNEL}http/paths.py",
        ' and is_trusted(request.META.get("REMOTE_ADDR", "")):',
        ":",
        _ADDRESS,
    ),
    (
        "links as the request says",
        f"{_KERNEL}http/paths.py",
        "        if settings.PUBLIC_URL:\n",
        "        if False:\n",
        _ADDRESS,
    ),
    (
        "activities of anybody",
        "courses/api/user.py",
        'grant("activities", rows=own)',
        'grant("activities")',
        _ACTIVITIES,
    ),
    (
        "instruments that needs take away",
        "courses/api/user.py",
        '.get(view.person_id, NO_SEND)["send"]["disabled_instruments"]',
        " and []",
        _ACTIVITIES,
    ),
    (
        "instruments that dashboards cannot draw",
        "courses/api/user.py",
        "if _is_drawn(row)",
        "if row",
        _ACTIVITIES,
    ),
    (
        "activities of everybody's courses",
        "courses/queries.py",
        'Q(course__in=attending.values("course")) | Q(course__in=teaching.values("course"))',
        "Q()",
        _ACTIVITIES,
    ),
    (
        "profile: may change more",
        _USER,
        "person=person, may=may, session_id=own",
        "person=person, may=None, session_id=own",
        _PROFILE,
    ),
    (
        "own password: the session of a barred person lives",
        "institutions/services/people.py",
        " and _may_sign_in(saved)",
        "",
        _PROFILE,
    ),
    (
        "merge: global administrators",
        "institutions/services/people.py",
        "    if kept.is_staff or gone.is_staff:\n",
        "    if kept.is_staff:\n",
        (("tests/reports/test_merging.py",),),
    ),
    (
        "merge: the own account",
        "institutions/services/people.py",
        "    if gone.pk == by_id:\n",
        "    if False:\n",
        (("tests/reports/test_merging.py",),),
    ),
    (
        "merge: the last administrator",
        "institutions/services/people.py",
        "        if not _administers(after):\n",
        "        if False:\n",
        (("tests/reports/test_merging.py",),),
    ),
    (
        "merge: rights of a deactivated account",
        "institutions/services/people.py",
        "    if gone.is_active:\n",
        "    if True:\n",
        (("tests/reports/test_merging.py",),),
    ),
    (
        "merge: password under another address",
        "institutions/services/people.py",
        " and is_same(email, gone.email):",
        ":",
        (("tests/reports/test_merging.py",),),
    ),
    (
        "merge: what has changed since the preview",
        "reports/services/merging.py",
        "    if state not in (None, merged.state):\n",
        "    if False:\n",
        (("tests/reports/test_merging.py",),),
    ),
    (
        "merge: sign-ins go on",
        "reports/services/merging.py",
        "    rows.filter(assessment_session=None, ended_at=None).update(ended_at=timezone.now())\n",
        "",
        (("tests/reports/test_merging.py",),),
    ),
    (
        "merge: cascades delete what was not moved",
        "reports/services/merging.py",
        "    if left := uses_of(row):\n",
        "    if False and (left := uses_of(row)):\n",
        (("tests/reports/test_merging.py",),),
    ),
    (
        "merge: earlier decision counts",
        "reports/services/merging.py",
        "if _decided_at(leaving) > _decided_at(staying):",
        "if True:",
        (("tests/reports/test_merging.py",),),
    ),
    (
        "merge: in the middle of an exam",
        "reports/services/merging.py",
        "any(not session.is_over for session in sessions)",
        "False",
        (("tests/reports/test_merging.py",),),
    ),
    (
        "merge: better half of a report",
        "reports/services/merging.py",
        "worse = max(kept, gone,",
        "worse = min(kept, gone,",
        (("tests/reports/test_merging.py",),),
    ),
    (
        "former uids: given to new people",
        "institutions/services/people.py",
        "    if institution is not None:\n        former_uid_taken_over(person=person)\n",
        "",
        (("tests/institutions/test_user.py", "-k", "former_uid"),),
    ),
    (
        "former uids: given to others",
        "institutions/services/named.py",
        "    if row.person_id != person.pk:\n",
        "    if False:\n",
        (("tests/institutions/test_user.py", "-k", "former_uid"),),
    ),
    (
        "former uids: left in imported tables",
        "rights/services/erasures.py",
        ", *former_uids_of(person))",
        ")",
        (("tests/rights/test_erasure.py", "-k", "nothing_personal"),),
    ),
    (
        "VLEs: addresses that a provider finds people by",
        "courses/services/registrations.py",
        '        del changed["email"]\n',
        "        pass\n",
        (("tests/courses/test_vle_course_member.py", "-k", "provider_finds"),),
    ),
    (
        "launched: values that a provider finds people by",
        "institutions/api/shared/people.py",
        " or is_found_by(person, names))",
        ")",
        (("tests/signin/test_launcher.py", "-k", "nobodys_way"),),
    ),
    (
        "rename: people of others",
        "courses/services/registrations.py",
        "if person.brought_by_vle != vle_id or is_elsewhere or is_guarded(person):",
        "if is_elsewhere or is_guarded(person):",
        (("tests/courses/test_rename.py",),),
    ),
    (
        "rename: people in courses of others",
        "courses/services/registrations.py",
        " or is_elsewhere or ",
        " or ",
        (("tests/courses/test_rename.py",),),
    ),
    (
        "rename: people who may sign in",
        "courses/services/registrations.py",
        " or is_guarded(person):",
        ":",
        (("tests/courses/test_rename.py",),),
    ),
    (
        "rename: who was added by the uid",
        "courses/services/members.py",
        "        person_brought(person=person, vle_id=by.id if by.kind is Adder.VLE else None)\n",
        "",
        (("tests/courses/test_rename.py",),),
    ),
    (
        "rename: whose e-mail an administrator has changed",
        "institutions/services/people.py",
        'changed.keys() & {"uid", "email"}',
        'changed.keys() & {"uid"}',
        (("tests/courses/test_rename.py",),),
    ),
    (
        "rename: e-mails of VLEs are an administrator's",
        "courses/services/registrations.py",
        "is_locked=not person.is_staff, brought_by_vle=person.brought_by_vle, **changed",
        "is_locked=not person.is_staff, **changed",
        (("tests/courses/test_rename.py",),),
    ),
    (
        "rename: another VLE is not noticed",
        "institutions/services/people.py",
        "    if person.brought_by_vle not in (None, vle_id):\n",
        "    if False:\n",
        (("tests/courses/test_rename.py",),),
    ),
    (
        "typed JSON is quoted",
        "kernel/serializers.py",
        "        return _JSONText(value) if isinstance(value, str) else value\n",
        "        return value\n",
        (("tests/pages/test_json_in_forms.py",),),
    ),
    (
        "institution under the wrong key",
        "institutions/api/shared/administration.py",
        "if meant and meant not in data and not",
        "if False and not",
        (("tests/institutions/test_admin_keys.py",),),
    ),
    (
        "misspelt keys are ignored",
        "institutions/api/shared/administration.py",
        "            if misnamed:\n",
        "            if False:\n",
        (("tests/institutions/test_admin_keys.py",),),
    ),
    (
        "a learner without e-mail is refused",
        "kernel/serializers.py",
        "if not value and self.parent.instance is None:",
        "if not value:",
        (("tests/contract/test_put_back.py",),),
    ),
    (
        "own password: Django's session ends",
        "kernel/http/browser.py",
        "        session[auth.HASH_SESSION_KEY] = new_hash\n",
        "",
        (("tests/pages/test_browsable.py", "tests/admin/test_person.py"),),
    ),
    ("profile of global admins", _USER, "        changeable(self, person, may)\n", "", _PROFILE),
    (
        "profile: a session that ended goes on",
        "institutions/services/people.py",
        "user=saved.pk, generation=generation)",
        "user=saved.pk)",
        _PROFILE,
    ),
    (
        "profile: another's session goes on",
        "institutions/services/people.py",
        "pk=session_id, user=saved.pk,",
        "pk=session_id,",
        _PROFILE,
    ),
    (
        "profile: every session ends",
        "institutions/services/people.py",
        "        current_session.update(generation=saved.session_generation)\n",
        "",
        _PROFILE,
    ),
    (
        "erasing leaves samples",
        "learners/services.py",
        "    EnrolmentSample.objects.filter(learner=learner).delete()\n",
        "",
        _ENROLMENT,
    ),
    (
        "erasing leaves files",
        "learners/services.py",
        "    files_erase(files=StoredFile.objects.filter(owner=learner.pk, kind__in=BIOMETRIC))\n",
        "",
        _ENROLMENT,
    ),
    (
        "erasing takes other files",
        "learners/services.py",
        "BIOMETRIC = (",
        "BIOMETRIC = (Kind.REPORT, Kind.SESSION, ",
        _ENROLMENT,
    ),
    ("old shapes always", _OLD, "return settings.LEGACY_DASHBOARD", "return True", _LEGACY),
    ("old shape of anybody", _OLD, "if (person == view.caller.id or reads_all) and", "if", _LEGACY),
    ("old shape of other institutions", _OLD, ", institution=view.tenant_id", "", _LEGACY),
    # What people are told of what is held about them, and contests.
    (
        "rights: everybody's reports",
        "rights/row_rules.py",
        'return Q(learner=me.id) & of_own_vle("activity__")(me)',
        'return of_own_vle("activity__")(me)',
        (("tests/contract/test_access.py", "-k", "me_report"),),
    ),
    (
        "rights: reports of other VLEs' courses",
        "rights/row_rules.py",
        'return Q(learner=me.id) & of_own_vle("activity__")(me)',
        "return Q(learner=me.id)",
        (("tests/rights/test_see.py",),),
    ),
    (
        "rights: lines about other VLEs' courses",
        "rights/row_rules.py",
        "    if me.vle_id is None:\n        return lines\n",
        "    return lines\n",
        (("tests/rights/test_see.py",),),
    ),
    (
        "rights: levels that the institution does not show",
        "rights/api/report.py",
        "return level if shown else None",
        "return level",
        (("tests/rights/test_see.py",),),
    ),
    (
        "holds: the role of a held learner goes",
        "rights/leaving.py",
        "    refuse_held(instance.pk)\n",
        "",
        (("tests/rights/test_holds.py",),),
    ),
    (
        "holds: an activity with work of a held learner goes",
        "rights/leaving.py",
        "    refuse_held_in(instance)\n",
        "",
        (("tests/rights/test_holds.py",),),
    ),
    (
        "holds: the enrolment of a held learner goes",
        "learners/services.py",
        "    refuse_kept(learner.pk)\n",
        "",
        (("tests/rights/test_holds.py",),),
    ),
    (
        "withdrawal: restricted evidence is opened by an old link",
        "reports/visibility.py",
        "        if is_closed(roles, report.learner.is_restricted, report.contest):\n",
        "        if False:\n",
        (("tests/rights/test_withdrawal.py",),),
    ),
    (
        "withdrawal: a contest opens restricted evidence to everybody",
        "reports/visibility.py",
        "not (roles & DECIDING and is_contested(contest))",
        "not is_contested(contest)",
        (("tests/rights/test_withdrawal.py",),),
    ),
    (
        "withdrawal: a hold keeps nothing",
        "rights/services/erasing.py",
        " or obstacles(learner_id):\n",
        ":\n",
        (("tests/rights/test_withdrawal.py",),),
    ),
    (
        "withdrawal: another policy than the learner was told",
        "rights/services/withdrawing.py",
        "(OnWithdrawal(models), OnWithdrawal(evidence)) != (",
        "() == (",
        (("tests/rights/test_withdrawal.py",),),
    ),
    (
        "erasure: a hold that is set meanwhile is not seen",
        "rights/services/erasures.py",
        "    if erasure_obstacles(person):  # there was none when it began\n",
        "    if False:\n",
        (("tests/rights/test_erasure.py",),),
    ),
    (
        "erasure: one decides about the own data",
        "rights/services/erasures.py",
        "    if person_id == by_id:\n",
        "    if False:\n",
        (("tests/rights/test_erasure.py",),),
    ),
    (
        "erasure: messages to providers stay",
        "rights/services/erasures.py",
        "    _outbox_cleared(pseudonym, names)\n",
        "",
        (("tests/rights/test_erasure.py",),),
    ),
    (
        "erasure: sessions of browsers stay",
        "rights/services/erasures.py",
        "    _browsers_signed_out(person)\n",
        "",
        (("tests/rights/test_erasure.py",),),
    ),
    (
        "erasure: rows of uploaded tables stay",
        "rights/services/erasures.py",
        "    phase = Phase.REST if after is None else Phase.IMPORTS\n",
        "    phase = Phase.REST\n",
        (("tests/rights/test_erasure.py",),),
    ),
    (
        "erasure: histograms keep the results",
        "reports/services/leaving.py",
        '    results_leave("activity", request__in=keys)\n',
        "",
        (("tests/rights/test_erasure.py",),),
    ),
    (
        "contests: who teaches the course decides",
        "rights/services/contests.py",
        "administrators.filter(~Exists(teaching), ~Exists(set_up)",
        "administrators.filter(~Exists(set_up)",
        (("tests/rights/test_contests.py",),),
    ),
    (
        "contests: who set up the activity decides",
        "rights/services/contests.py",
        "administrators.filter(~Exists(teaching), ~Exists(set_up)",
        "administrators.filter(~Exists(teaching)",
        (("tests/rights/test_contests.py",),),
    ),
    (
        "contests: anybody decides",
        "rights/services/contests.py",
        "    if stored.assignee_id != by_id:\n",
        "    if False:\n",
        (("tests/rights/test_contests.py",),),
    ),
    (
        "contests: final while one is open",
        "rights/services/contests.py",
        "is_final=is_open is None",
        "is_final=True",
        (("tests/rights/test_contests.py",),),
    ),
    (
        "contests: a decision stands for a level that came later",
        "reports/contests.py",
        "level not in (Level.PENDING, judged.get(kind, level))",
        "level not in (Level.PENDING, level)",
        (("tests/rights/test_contests.py",),),
    ),
    (
        "contests: an open one goes with the activity",
        "rights/services/contests.py",
        "    if not is_wanted and any(",
        "    if False and any(",
        (("tests/rights/test_contests.py",),),
    ),
    (
        "contests: texts stay when the learner goes",
        "rights/services/contests.py",
        'contests.update(reason="", answer="", assignee=None)',
        "contests.update(assignee=None)",
        (("tests/rights/test_contests.py",),),
    ),
    # The console shows what the API shows.
    (
        "pages take a rule for known of all courses",
        f"{_KERNEL}row_rules.py",
        "return name, me.kind, me.id, me.vle_id, key\n",
        "return name, me.kind, me.id, me.vle_id\n",
        (("tests/kernel/test_local.py",),),
    ),
    (
        "pages take a rule for known of whom a VLE sent",
        "courses/api/course.py",
        "rows if self.caller.vle_id is None else ()",
        "rows",
        (("tests/kernel/test_local.py",),),
    ),
    (
        "console numbers of lists that are seen in part",
        f"{_KERNEL}http/client.py",
        "grant.rows is grant.parent is grant.sees is None",
        "grant.rows is grant.parent is None",
        _CONSOLE,
    ),
    (
        "console without a flag",
        "console/views.py",
        "        if not roles & self.open_to:\n",
        "        if False:\n",
        _CONSOLE,
    ),
    (
        "console courses that are only attended",
        "console/views.py",
        "if not self.is_whole(self.reports_path):",
        "if False:",
        (("tests/console/test_instructors.py",),),
    ),
    (
        "reports that somebody else has looked at",
        "reports/looking.py",
        "else Q(actor_id=person)",
        "else Q()",
        (("tests/reports/test_institution_report.py", "-k", "looked"),),
    ),
    (
        "console special needs for everybody",
        "console/views.py",
        'if api.lists_all(f"{self.home}send/") and api.lists_all(f"{self.home}learner/{ANY_ID}/send/"):',
        "if True:",
        _CONSOLE,
    ),
    (
        "console reports of a learner for everybody",
        "console/views.py",
        '"reports": api.lists_all(self.reports_path),',
        '"reports": True,',
        (("tests/console/test_learner.py",),),
    ),
    # What is captured from learners.
    (
        "captures of other learners",
        "learners/api/shared/captures.py",
        "    return Q(pk=me.id)\n",
        "    return Q(pk__gt=0)\n",
        _CAPTURE_ACCESS,
    ),
    (
        "captures for learners of other institutions",
        "learners/api/shared/captures.py",
        'learner_id="learner_id", institution_id="institution")',
        'learner_id="learner_id", institution_id="institution__gte")',
        _ENROL,
    ),
    (
        "captures by any kind of caller",
        f"{_KERNEL}access.py",
        "(role is not None and not any(role & who for who in view.access))",
        "False",
        _CAPTURE_ACCESS,
    ),
    (
        "strangers may know who is here",
        f"{_KERNEL}access.py",
        "    return caller.roles_in(id)\n",
        "    return caller.roles_in(None)\n",
        _CAPTURE_ACCESS,
    ),
    (
        "captures by VLEs of other institutions",
        f"{_KERNEL}access.py",
        "return Role.VLE if id == caller.institution_id else NOBODY",
        "return Role.VLE",
        _CAPTURE_ACCESS,
    ),
    (
        "a session's token enrols",
        "learners/api/lapi_enrolment.py",
        "parent=own, when=outside_sessions)",
        "parent=own)",
        _CAPTURE_ACCESS,
    ),
    (
        "the body is of another learner",
        "learners/api/shared/captures.py",
        'if value != self.context["view"].learner.learner_id:',
        "if False:",
        _ENROL,
    ),
    (
        "a session's token opens other sessions",
        "reports/api/shared/captures.py",
        'if bound is not None and body.get("session_id") not in (None, bound):',
        "if False:",
        _VERIFY,
    ),
    (
        "a session's token without its session",
        "reports/api/shared/captures.py",
        'number = bound or body.get("session_id")',
        'number = body.get("session_id")',
        _VERIFY,
    ),
    (
        "sessions of other learners",
        "courses/queries.py",
        'Q(sessions__id=more["session"], sessions__learner=learner)',
        'Q(sessions__id=more["session"])',
        _VERIFY,
    ),
    (
        "documents in sessions of other learners",
        "reports/api/vle_attachment.py",
        '{"id": number, "learner": learner.pk}',
        '{"id": number}',
        _ATTACHMENT,
    ),
    (
        "captures in activities of other VLEs",
        "courses/queries.py",
        'activities = activities.filter(vle=more["vle"])',
        "pass",
        _VERIFY,
    ),
    (
        "captures of who left the course",
        "courses/queries.py",
        "Activity.objects.filter(institution=home, course__learners=learner, course=course, pk=key)",
        "Activity.objects.filter(institution=home, course=course, pk=key)",
        _VERIFY,
    ),
    (
        "captures without consent",
        "learners/services.py",
        '    if not status.startswith("VALID"):\n        raise Invalid(consent=status)\n',
        "",
        _ATTACHMENT,
    ),
    (
        "consent is asked before alone",
        "learners/services.py",
        "        _refuse_without_consent(locked() if locked else learner_state_locked(learner.pk))\n",
        "        _ = locked() if locked else learner_state_locked(learner.pk)\n",
        _ATTACHMENT,
    ),
    (
        "consent is asked for at the end alone",
        "learners/services.py",
        "    _refuse_without_consent(learner_state_known(learner))\n    quotas",
        "    quotas",
        _ATTACHMENT,
    ),
    (
        "sessions are looked at before alone",
        "reports/services/captures.py",
        "        lock.refuse_closed(lock.is_enabled, lock.session)\n",
        "",
        _VERIFY,
    ),
    (
        "objects stay when the row is refused",
        "files/services.py",
        "            _object_erase(key)  # what was written so far\n",
        "            pass\n",
        _ATTACHMENT,
    ),
    (
        "any media type agrees",
        "learners/api/shared/captures.py",
        "if not agrees(declared, content.head(HEAD)):",
        "if False:",
        _ATTACHMENT,
    ),
    (
        "samples of others have a status",
        "reports/queries.py",
        'EnrolmentSample.objects.filter(learner=learner_id, pk__in=ids["sample"])',
        'EnrolmentSample.objects.filter(pk__in=ids["sample"])',
        _STATUS,
    ),
    (
        "any name of a sample will do",
        "reports/api/lapi_status.py",
        "if number and name == path_of(self.learner, kind, number) else None",
        "if number else None",
        _STATUS,
    ),
    (
        "instruments that want no document get it",
        "reports/api/vle_attachment.py",
        "if takes_documents(row)]",
        "if True]",
        _ATTACHMENT,
    ),
    (
        "attachments of who is not in the course",
        "reports/api/vle_attachment.py",
        "filter(institution=self.tenant_id, courses=course, learner_id=learner_id)",
        "filter(institution=self.tenant_id, learner_id=learner_id)",
        _ATTACHMENT,
    ),
    (
        "schema: nulls of columns are denied",
        f"{_KERNEL}fast/rows.py",
        "        nullable = nullable or bool",
        "        nullable = (nullable or (not last)) and bool",
        (("tests/kernel/test_rows.py",),),
    ),
    (
        "schema: an empty e-mail is none",
        f"{_KERNEL}schema.py",
        'can_be_blank = direction == "response" or self.target.allow_blank',
        "can_be_blank = self.target.allow_blank",
        ((f"{CONTRACT}test_schema.py", "-k", "is_the_codes"),),
    ),
    (
        "schema: levels are any number",
        f"{_KERNEL}serializers.py",
        "return serializers.ChoiceField([(number.value, number.name) for number in numbers], read_only=True)",
        "return serializers.ChoiceField([], read_only=True)",
        ((f"{CONTRACT}test_schema.py", "-k", "is_the_codes"),),
    ),
    (
        "states: changes of other ones are made",
        f"{_KERNEL}states.py",
        "            raise Changed\n        self.tag",
        "            pass\n        self.tag",
        _STATES,
    ),
    (
        "states: weak tags match",
        f"{_KERNEL}states.py",
        "in map(lasting, parse_etags(named))",
        "in named",
        _STATES,
    ),
    (
        "states: expired addresses are good for ever",
        f"{_KERNEL}states.py",
        "> time.time())",
        "> 0)",
        _STATES,
    ),
    (
        "states: each address is another state",
        f"{_KERNEL}states.py",
        "return value.stands_for",
        "return str(value)",
        _STATES,
    ),
    (
        "states: members are not locked",
        f"{_KERNEL}viewsets.py",
        "if not self.locks_row and not self.is_conditional:",
        "if not self.locks_row:",
        _STATES,
    ),
    (
        "states: actions meet any condition",
        f"{_KERNEL}states.py",
        "self.action not in METHOD and not is_wanted",
        "self.action not in METHOD and is_wanted",
        _STATES,
    ),
    (
        "states: the console gives the page's conditions on",
        f"{_KERNEL}http/client.py",
        'if not name.startswith("HTTP_IF_")',
        "if name",
        (("tests/console/test_access.py",),),
    ),
    (
        "states: forms send none",
        f"{_KERNEL}browsable/renderer.py",
        '"tag": response.get("ETag") or',
        '"tag":',
        (("tests/pages/test_browsable.py",),),
    ),
    (
        "data twice",
        f"{_KERNEL}http/parsers.py",
        "if scanner.is_broken or scanner.times > 1:",
        "if scanner.is_broken:",
        _SPOOLED,
    ),
    (
        "padding in the middle",
        f"{_KERNEL}http/spooled.py",
        'if b"=" in letters and not is_last:',
        "if False:",
        _SPOOLED,
    ),
    (
        "samples without a limit",
        f"{_KERNEL}http/spooled.py",
        "return self.size > self.limit",
        "return False",
        _SPOOLED,
    ),
    (
        "the rest without a limit",
        f"{_KERNEL}http/spooled.py",
        "if len(self.rest) + len(part) > self.limit:",
        "if False:",
        _SPOOLED,
    ),
    (
        "nested data is streamed",
        f"{_KERNEL}http/spooled.py",
        "        outermost = self._depth == 1 and self._in_object\n",
        "        outermost = True\n",
        _SPOOLED,
    ),
    (
        "providers: rejected consents are valid",
        "learners/row_rules.py",
        '            f"{learner}__consent_rejected__isnull": True,\n',
        "",
        _RULES_OF_PROVIDERS,
    ),
    (
        "providers: consents that will be valid are",
        "learners/row_rules.py",
        '            f"{learner}__consent__valid_from__lte": Now(),\n',
        "",
        _RULES_OF_PROVIDERS,
    ),
    (
        "providers: older consents are valid",
        "learners/row_rules.py",
        '        Q(major__gt=OuterRef(f"{learner}__consent__major"))\n        | Q(',
        "        Q(",
        _RULES_OF_PROVIDERS,
    ),
    (
        "providers: newer versions that are not valid yet count",
        "learners/row_rules.py",
        "        valid_from__lte=Now(),\n",
        "",
        _RULES_OF_PROVIDERS,
    ),
    (
        "providers: special needs never end",
        "learners/row_rules.py",
        "Q(expires_at=None) | Q(expires_at__gte=Now())\n    return SENDLearner.objects.filter(active, ",
        "Q()\n    return SENDLearner.objects.filter(active, ",
        _RULES_OF_PROVIDERS,
    ),
    (
        "providers: special needs take nothing away",
        "learners/row_rules.py",
        "    return consents(learner) & ~Q(Exists(",
        "    return consents(learner) | ~Q(Exists(",
        _WITHDRAWAL,
    ),
    (
        "providers: used samples are available",
        "learners/row_rules.py",
        " & ~Q(_used(me))",
        "",
        _MODELS,
    ),
    (
        "providers: samples of an error are available",
        "learners/row_rules.py",
        "Q(_validated(me, status=ValidationStatus.VALID))",
        "Q(_validated(me))",
        _MODELS,
    ),
    (
        "providers: samples of others are used",
        "learners/row_rules.py",
        "    return Q(_validated(me)) & Q(_used(me))",
        "    return Q(_validated(me))",
        _MODELS,
    ),
    (
        "providers: links to all samples",
        "learners/row_rules.py",
        "validations_of(provider).filter(sample__data_id=file)",
        "EnrolmentSampleValidation.objects.filter(sample__data_id=file)",
        _ISOLATION,
    ),
    (
        "providers: links to samples for all callers",
        "learners/row_rules.py",
        "    return caller.kind is CallerKind.PROVIDER\n",
        "    return True\n",
        _ISOLATION,
    ),
    (
        "providers: asked twice",
        "learners/validating.py",
        "        if (sample, provider) not in known\n",
        "",
        _VALIDATION,
    ),
    (
        "providers: asked without a consent",
        "learners/validating.py",
        'filter(at_work("sample__learner"), pk__in=validations).order_by',
        "filter(pk__in=validations).order_by",
        _VALIDATION,
    ),
    (
        "providers: no status without a validator",
        "learners/validating.py",
        "    samples.filter(~Exists(asked)).update(",
        "    samples.filter(Exists(asked)).update(",
        _VALIDATION,
    ),
    (
        "providers: old information stays",
        "learners/validating.py",
        '    if "info" in changes and old_info is not None:',
        "    if False:",
        _VALIDATION,
    ),
    (
        "providers: enrolled at every answer",
        "learners/validating.py",
        "    if row.status != was:\n        if row",
        "    if True:\n        if row",
        _VALIDATION,
    ),
    (
        "providers: valid while one is open",
        "learners/validating.py",
        "        When(some(*OPEN), then=Value(SampleStatus.STORED)),\n",
        "",
        _VALIDATION,
    ),
    (
        "providers: closed ones time out",
        "learners/validating.py",
        "    return EnrolmentSampleValidation.objects.filter(status__in=OPEN)\n",
        "    return EnrolmentSampleValidation.objects.all()\n",
        _VALIDATION,
    ),
    (
        "providers: one time for all instruments",
        "institutions/services/unanswered.py",
        "Value(timedelta(minutes=each * part)))",
        "Value(timedelta(minutes=USUAL_MINUTES * part)))",
        _VALIDATION,
    ),
    (
        "providers: time goes on",
        "learners/validating.py",
        '{"status": status, **asked_now()}',
        '{"status": status}',
        _VALIDATION,
    ),
    (
        "providers: several locks",
        "learners/enrolling.py",
        "if row.locked_by not in (None, task_id) and row.is_locked:",
        "if False:",
        _MODELS,
    ),
    (
        "providers: locks never end",
        "learners/row_rules.py",
        "Q(locked_at__isnull=False) & Q(locked_at__gt=Now() - Value(LOCK))",
        "Q(locked_at__isnull=False)",
        _MODELS,
    ),
    (
        "providers: learners of others are told from nobody",
        "learners/enrolling.py",
        "Learner.objects.filter(Exists(validated) | Exists(enrolled)).select_related",
        "Learner.objects.select_related",
        ((f"{CONTRACT}test_unknown_ids.py", "-k", "provider"),),
    ),
    (
        "providers: any task unlocks",
        "learners/enrolling.py",
        "    if row.locked_by != task_id:\n        raise Forbidden(OTHER_TASK)",
        "    if False:\n        raise Forbidden(OTHER_TASK)",
        _MODELS,
    ),
    (
        "providers: samples of others can be used",
        "learners/enrolling.py",
        "    if unknown := sorted({*keys} - known):",
        "    if unknown := []:",
        _MODELS,
    ),
    (
        "providers: the same again is refused",
        "learners/enrolling.py",
        "    if row.locked_by is None and not new_samples and not changes:",
        "    if False:",
        _MODELS,
    ),
    (
        "providers: uploads without a lock",
        "learners/enrolling.py",
        "        if row.locked_by != task_id or not row.is_locked:",
        "        if False:",
        _MODELS,
    ),
    (
        "providers: models that are no JSON",
        "learners/enrolling.py",
        "    _refuse_no_json(content)\n    learner",
        "    learner",
        _MODELS,
    ),
    (
        "providers: earlier models stay",
        "learners/enrolling.py",
        "        if old is not None:\n",
        "        if False:\n",
        _MODELS,
    ),
    (
        "providers: addresses for uploads never end",
        "learners/api/provider_model.py",
        " or int(match[4]) <= time.time()",
        "",
        _MODELS,
    ),
    (
        "providers: uploads without credentials",
        "learners/api/provider_model.py",
        " or caller_now(CallerKind.PROVIDER, int(match[2])) is None",
        "",
        _MODELS,
    ),
    (
        "providers: models of any size",
        "learners/api/provider_model.py",
        "        if file.size > settings.MODEL_BYTES:",
        "        if False:",
        _MODELS,
    ),
    (
        "providers: reminders before their time",
        "institutions/services/notifications.py",
        "filter(when__lte=Now(), sent_at=None",
        "filter(sent_at=None",
        _REMINDERS,
    ),
    (
        "providers: reminders to who is off",
        "institutions/services/notifications.py",
        ", provider__enabled=True)",
        ")",
        _REMINDERS,
    ),
    (
        "providers: reminders at the earlier time only",
        "institutions/services/notifications.py",
        "row.when, row.sent_at, row.asked_again = when, None, 0",
        "row.when = when",
        _REMINDERS,
    ),
    (
        "providers: reminders forget",
        "institutions/services/notifications.py",
        "{**(row.info or {}), **info}",
        "{**info}",
        _REMINDERS,
    ),
    (
        "providers: requests without a model",
        "reports/providing.py",
        " & (needs_no_model | Q(Exists(model)))",
        "",
        _ANSWERS,
    ),
    (
        "providers: instruments that are off",
        "reports/providing.py",
        "        instrument__enabled=True,\n",
        "",
        _RULES_OF_PROVIDERS,
    ),
    (
        "providers: alternatives of what is not replaced",
        "reports/providing.py",
        "    stands_in = Q(alternative_to__active=True, alternative_to__alternative_to=None) & (",
        "    stands_in = Q(alternative_to__isnull=False) | (",
        _RULES_OF_PROVIDERS,
    ),
    (
        "providers: links to all requests",
        "reports/providing.py",
        "results_of(provider).filter(request__data_id=file)",
        "RequestProviderResult.objects.filter(request__data_id=file)",
        _ISOLATION,
    ),
    (
        "demo: providers everywhere",
        "demo/jobs.py",
        "if settings.DEMO:",
        "if True:",
        (("tests/demo/test_provider.py", "-k", "outside"),),
    ),
    (
        "demo: any lock",
        "demo/provider.py",
        'uuid5(TASKS_OF, f"{self.root} {learner} {sample}")',
        '__import__("uuid").uuid4()',
        (("tests/demo/test_provider.py", "-k", "own_lock"),),
    ),
    (
        "demo: one result",
        "demo/measuring.py",
        "measure.name.encode() + content",
        "measure.name.encode()",
        (("tests/demo/test_measuring.py",),),
    ),
    (
        "providers: numbers are tasks",
        "learners/api/shared/providing.py",
        '        if not isinstance(data, str):\n            self.fail("invalid", value=data)\n',
        "",
        _MODELS,
    ),
    # Background work.
    (
        "taken jobs are taken again at once",
        "pipeline/running.py",
        "taken_at=Now(), due_at=_lease_end())",
        "taken_at=Now())",
        _RUNNING,
    ),
    ("tries are not counted", "pipeline/running.py", 'tries=F("tries") + 1, ', "", _RUNNING),
    (
        "poison is never parked",
        "pipeline/running.py",
        "is_last = row.tries + 1 >= TRIES",
        "is_last = row.tries >= TRIES",
        _RUNNING,
    ),
    (
        "a job is done by who has lost it",
        "pipeline/running.py",
        "return [row for row in found if row.parked_at is None and row.tries == tries[row.pk]]",
        "return [*found]",
        _RUNNING,
    ),
    (
        "a broken key holds up others",
        "pipeline/running.py",
        "    if len({row.key for row in rows}) > 1:\n",
        "    if False:\n",
        _RUNNING,
    ),
    ("done jobs stay", "pipeline/running.py", "        _of(mine).delete()\n", "", _RUNNING),
    ("retried jobs stay parked", "pipeline/running.py", "update(parked_at=None, taken_at", "update(taken_at", _RUNNING),
    (
        "what could not be carried counts as tried",
        "pipeline/running.py",
        "mine.update(tries=number, taken_at",
        "mine.update(taken_at",
        _RUNNING,
    ),
    ("every process has the turn", "pipeline/turns.py", "return bool(due(", "return True or bool(due(", _LOOP),
    ("pauses do not grow", "pipeline/loop.py", "LOOK * 2 ** (failures - 1)", "LOOK", _LOOP),
    (
        "a message for each look",
        "pipeline/relay.py",
        "            if turns.claimed(turn, seconds=RENEW):\n",
        "            if True:\n",
        _RELAY,
    ),
    (
        "messages that were not sent are deleted",
        "pipeline/relay.py",
        "        carried(sent)\n",
        "        carried(rows)\n",
        _RELAY,
    ),
    (
        "a failed message is forgotten",
        "pipeline/tasks.py",
        "            failed([row], error)\n",
        "            carried([row])\n",
        _RELAY,
    ),
    (
        "a rotation keeps the old account",
        "pipeline/accounts.py",
        "        _end(queue, timedelta(minutes=overlap_minutes))\n",
        "",
        _BROKER_ACCOUNTS,
    ),
    (
        "an ended account takes the virtual host along",
        "pipeline/accounts.py",
        "    if is_last and account.queue",
        "    if account.queue",
        _BROKER_ACCOUNTS,
    ),
    ("what is done counts as waiting", "pipeline/status.py", 'row["live"] - row["doing"]', 'row["live"]', _JOBS_STATUS),
    (
        "a dead broker is asked for every provider",
        "pipeline/depths.py",
        'away = error if error.startswith(AWAY) else ""',
        'away = ""',
        _DEPTHS,
    ),
    (
        "a queue that the broker does not have is an error",
        "pipeline/depths.py",
        "except NotFound:",
        "except ZeroDivisionError:",
        _DEPTHS,
    ),
    (
        "what may lie in a provider's queue is sent again",
        "institutions/services/unanswered.py",
        "    if lying == 0:\n",
        "    if lying is not None:\n",
        _UNANSWERED,
    ),
    (
        "what waits here is sent again",
        "institutions/services/unanswered.py",
        "if str(row.pk) not in here]",
        "]",
        _UNANSWERED,
    ),
    (
        "providers are asked again at each look",
        "institutions/services/unanswered.py",
        "    rows_updated(due.model, ",
        "    0 and rows_updated(due.model, ",
        _UNANSWERED,
    ),
    (
        "who has withdrawn is asked about again",
        "reports/services/verifying.py",
        "        if _asked_of(row) not in barred\n    ]",
        "    ]",
        _UNANSWERED,
    ),
    (
        "providers at work on a model are told of samples again",
        "learners/validating.py",
        "samples_to_learn().filter(~Exists(Enrolment.objects.filter(lock_holds(), **mine)))",
        "samples_to_learn()",
        _UNANSWERED,
    ),
    (
        "a message for each sample of a learner",
        "learners/validating.py",
        "filter(~Exists(newer), at_work",
        "filter(at_work",
        _UNANSWERED,
    ),
    (
        "a refused message waits for ever",
        "pipeline/relay.py",
        "if publisher is None or not is_refusal(error) or",
        "if True or",
        _RELAY,
    ),
    (
        "a full broker parks messages",
        "pipeline/broker.py",
        "return isinstance(cause, NoPermissionError) or",
        "return True or",
        _RELAY,
    ),
    ("wake-ups pile up", "pipeline/relay.py", "if publisher.depth(OWN_QUEUE) >= len(WORKS):", "if False:", _RELAY),
    (
        "owners that have only histograms are not rebuilt",
        "reports/services/rebuilding.py",
        "keys | _counted_owners(owner, scope)",
        "keys",
        (("tests/reports/test_rebuilding.py", "-k", "owners_without"),),
    ),
    (
        "a withdrawal leaves the model locked",
        "learners/services.py",
        "    model_locks_ended([learner.pk])\n",
        "",
        _WITHDRAWAL,
    ),
    ("a special need leaves the model locked", "reports/jobs.py", "    model_locks_ended(keys)\n", "", _WITHDRAWAL),
    (
        "a lock ends although the provider may work",
        "learners/services.py",
        "    locked.filter(~Exists(at_work)).update(",
        "    locked.update(",
        _WITHDRAWAL,
    ),
    (
        "a document has no session but null",
        "reports/audits.py",
        'request.session_id or ""',
        "request.session_id",
        _CONTENTS,
    ),
    (
        "a demonstration is not labelled in reports",
        "reports/api/report.py",
        'DEMONSTRATION if measured.demonstrations & {*answered} else ""',
        '""',
        _CONTENTS,
    ),
    (
        "every session is labelled as a demonstration",
        "reports/contents.py",
        "row.session_id in demonstrated",
        "bool(demonstrated)",
        _CONTENTS,
    ),
    (
        "an audit has no label of a demonstration",
        "reports/audits.py",
        'label = label or provider["demonstration"]',
        'label = ""',
        _CONTENTS,
    ),
    (
        "everybody reads the metrics",
        "tesla_api/metrics.py",
        "is_among(client_address(request), settings.METRICS_ADDRESSES)",
        "True",
        _METRICS,
    ),
    (
        "labels have addresses",
        "tesla_api/metrics.py",
        "or found.route)) or NO_OPERATION",
        "or found.route)) or request.path",
        _METRICS,
    ),
    # The trail.
    ("lines of the trail can be changed", _GUARDS, "BEFORE UPDATE OR DELETE OR TRUNCATE", "BEFORE TRUNCATE", _CHAIN),
    (
        "SQLite changes the trail",
        _GUARDS,
        'for what in ("UPDATE", "DELETE")\n    ),\n    """',
        'for what in ()\n    ),\n    """',
        _CHAIN,
    ),
    ("a digest forgets the one before", "trail/chain.py", "{previous}\\n{text}", "{text}", _CHAIN),
    (
        "a digest leaves out the actor",
        "trail/chain.py",
        '!= "written_in")',
        'not in ("written_in", "actor_id"))',
        _CHAIN,
    ),
    (
        "any signature is good",
        "trail/chain.py",
        "            key.public_key().verify(bytes.fromhex(signature), text.encode())\n",
        "            bytes.fromhex(signature)\n",
        _CHAIN,
    ),
    ("a cut tail is not seen", "trail/verifying.py", "        if link is None:\n", "        if False:\n", _CHAIN),
    (
        "a signed chain may be another one",
        "trail/verifying.py",
        "        elif link.digest != head.digest:\n",
        "        elif False:\n",
        _CHAIN,
    ),
    (
        "a gap in a chain is not seen",
        "trail/verifying.py",
        "        if position != at + 1:\n",
        "        if False:\n",
        _CHAIN,
    ),
    (
        "a line that is gone is not seen",
        "trail/verifying.py",
        "        elif line is None:\n",
        "        elif False:\n",
        _CHAIN,
    ),
    (
        "a line that was put in is not seen",
        "trail/verifying.py",
        "    faults += _without_place(institution_id)\n",
        "",
        _CHAIN,
    ),
    ("SQLite lets young lines go", _CUTS, "WHEN NOT ({_IS_OLD} AND {IS_CUT})", "WHEN NOT ({IS_CUT})", _CUTTING),
    (
        "SQLite lets links go before their lines",
        _CUTS,
        "WHERE trail_line.id = OLD.line_id) AND",
        "WHERE false) AND",
        _CUTTING,
    ),
    (
        "SQLite lets cuts go",
        _CUTS,
        "BEFORE DELETE ON trail_cut {_REFUSED}",
        "BEFORE DELETE ON trail_key {_REFUSED}",
        _CUTTING,
    ),
    (
        "any cut is good",
        "trail/verifying.py",
        "    return chain.is_signed(chain.cut_text(cut), cut.key_name, cut.signature)\n",
        "    return True\n",
        _CUTTING,
    ),
    (
        "a cut that is gone is not seen",
        "trail/verifying.py",
        "    if place != before.position + 1:\n",
        "    if False:\n",
        _CUTTING,
    ),
    ("a cut forgets its heads", "trail/verifying.py", "[first:behind]) != cut.heads", ") is None", _CUTTING),
    ("a head before a cut is not compared", "trail/verifying.py", "if head not in known:", "if False:", _CUTTING),
    ("what was tampered with is cut", "trail/cutting.py", "if place.fault or ", "if ", _CUTTING),
    ("lines of another head are cut", "trail/cutting.py", "if sent - {*heads} or any(", "if any(", _CUTTING),
    ("a forged cut is gone on from", "trail/cutting.py", "cut is BEGINNING or is_signed(cut)", "cut", _CUTTING),
    ("the last line is cut", "trail/cutting.py", "[: LINES + 1])][:-1]", "[: LINES + 1])]", _CUTTING),
    ("what a held person did is cut", "trail/cutting.py", "concerned | {*sealed", "concerned & {*sealed", _CUTTING),
    ("keys outlive a cut", "trail/cutting.py", "Key.objects.filter(line_id__in=part.lines).delete()", "pass", _CUTTING),
    ("the trail is kept for a day", "retention/api/retention.py", "< least:", "< 1:", (("tests/retention",),)),
    ("names are not sealed", "trail/writing.py", "        known = seal(known, actor_key)\n", "", _LINES),
    ("details are not sealed", "trail/writing.py", "        details = seal(details, person_key)\n", "", _LINES),
    (
        "keys outlive the account on SQLite",
        "trail/migrations/0009_merged_accounts.py",
        'GONE = "DELETE FROM trail_key WHERE person_id = OLD.id;"',
        'GONE = "SELECT 1;"',
        _LINES,
    ),
    (
        "a merge leaves the keys",
        "reports/services/merging.py",
        "    account_merged(gone_id, kept_id)\n",
        "",
        _MERGING_KEYS,
    ),
    (
        "changes leave no line",
        "kernel/told.py",
        "        self.recorded(verb, serializer.instance, before)\n",
        "",
        _TRAIL,
    ),
    (
        "an import tells nobody",
        "courses/imports/people.py",
        "details=numbers), *lines, by=runner)",
        "details=numbers), by=runner)",
        (("tests/courses/test_import_csv.py",),),
    ),
    (
        "work that goes with an activity is told to nobody",
        "reports/services/leaving.py",
        "    record(*_lines_of_learners(instance))\n",
        "    pass\n",
        (("tests/courses/test_vle_course.py",),),
    ),
    (
        "what goes in bulk is told to nobody",
        "retention/services/kinds.py",
        "        record(*lines, by=by)\n",
        "",
        (("tests/retention/test_bulk.py",),),
    ),
    (
        "lines of a merged account are not the own ones",
        "rights/row_rules.py",
        '.values_list("pk").union(merged)',
        '.values_list("pk")',
        _MERGING_KEYS,
    ),
    ("deletions leave no line", "kernel/told.py", '        self.recorded("delete", deleted)\n', "", _TRAIL),
    (
        "secrets are told",
        "kernel/changes.py",
        "Hidden(row.__dict__[field.attname]) if _is_secret(field) else ",
        "",
        _TRAIL,
    ),
    (
        "captures leave no line",
        "reports/services/captures.py",
        '        _recorded("lapi/alert", alert, activity)\n',
        "",
        _TRAIL,
    ),
    (
        "failures to sign in leave no line",
        "signin/services/people.py",
        "    failure_recorded(*((account.institution_id, account.pk) for account in accounts))\n",
        "",
        _COMING,
    ),
    (
        "a failure needs its line",
        "signin/services/people.py",
        "    except DatabaseError:\n",
        "    except ZeroDivisionError:\n",
        _COMING,
    ),
    (
        "passwords in web addresses are told",
        "kernel/changes.py",
        '        value = _ACCOUNT.sub("", value)\n',
        "",
        (("tests/institutions/test_admin_provider.py",),),
    ),
    (
        "rows inside a page leave no values",
        "kernel/admin.py",
        "            changes |= _changes_inside(formset)\n",
        "            pass\n",
        (("tests/admin/test_log.py",),),
    ),
    (
        "global administrators read all lines",
        "trail/admin.py",
        ".filter(OF_SERVICE)",
        "",
        (("tests/admin/test_log.py",),),
    ),
    (
        "what was told of both is told twice",
        "trail/earlier.py",
        "if not _is_near(row, written)",
        "if row",
        (("tests/packaging/test_earlier_records.py",),),
    ),
    (
        "a name stays of who is gone",
        "trail/earlier.py",
        "        details = _json(None)\n",
        "        pass\n",
        (("tests/packaging/test_earlier_records.py",),),
    ),
    (
        "commands are nobody",
        "kernel/commands.py",
        "    BaseCommand.execute = named  # type: ignore[method-assign]\n",
        "",
        _COMING,
    ),
    (
        "a command in a command acts itself",
        "kernel/commands.py",
        "        if origin().kind == COMMAND:\n",
        "        if False:\n",
        _COMING,
    ),
    (
        "a superuser is made unseen",
        "institutions/models.py",
        '            record(Entry("create"',
        '            (Entry("create"',
        _COMING,
    ),
    ("an audit tells of nobody", "kernel/told.py", ', "report__learner")', ")", _SEEN),
    ("who reads the trail leaves no line", "institutions/api/trail.py", "    shows_people = True\n", "", _SEEN),
    (
        "VLEs list learners unseen",
        "courses/api/vle_activity_learner.py",
        "    shows_people = True\n",
        "",
        _SEEN,
    ),
    (
        "the trail as a table has the first part only",
        "institutions/api/trail.py",
        "    while part := list(",
        "    if part := list(",
        (("tests/trail/test_api.py",),),
    ),
    (
        "the trail as a table is not told",
        "institutions/api/trail.py",
        '        self.seen(None, found["lines"])\n',
        "",
        (("tests/trail/test_api.py",),),
    ),
    (
        "the trail shows names of elsewhere",
        "console/trail.py",
        'filter(institution=ids["institution"], pk__in',
        "filter(pk__in",
        (("tests/console/test_trail.py",),),
    ),
    ("readings leave no line", "kernel/reading.py", "        self.seen(row)\n", "", _SEEN),
    (
        "lists leave no line",
        "kernel/reading.py",
        "        self.seen(rows[0] if len(rows) == 1 else None, len(rows))\n",
        "",
        _SEEN,
    ),
    ("typed texts are kept", "kernel/filters.py", "values if is_kept else [TYPED]", "values", _SEEN),
    (
        "logs name people",
        "kernel/http/logs.py",
        "unnamed(super().format(record))",
        "super().format(record)",
        (("tests/rights/test_erasure.py",),),
    ),
    (
        "who was sent by a VLE erases at once",
        "rights/services/erasing.py",
        " or is_waiting(row)",
        "",
        (("tests/rights/test_withdrawal.py",),),
    ),
    # The reference.
    ("the reference names roles twice", "kernel/wording.py", "    partly &= ~wholly\n", "", _REFERENCE),
    (
        "the reference promises limited roles everything",
        "kernel/wording.py",
        "(roles & _PROGRAMS or not _is_limited(grant))",
        "True",
        _REFERENCE,
    ),
    (
        "the reference's examples have any type",
        "kernel/examples.py",
        " and self.fits(self.samples[sample], schema)",
        "",
        _REFERENCE,
    ),
    (
        "the reference has what is told once in one answer for all",
        "kernel/examples.py",
        "name if told or not component else component",
        "component or name",
        _REFERENCE,
    ),
]


# Words in the names of the tests that are meant to notice: the others of those files need not run.
ABOUT = {
    "control characters": "nonsense_in_a_body",
    "errors show what broke": "server_error",
    "nulls first": "ordering",
    "ordering is not total": "ordering",
    "orders by every column": "ordering",
    "the last mention counts": "unknown_names",
    "column boxes fail": "box",
    "pages without a limit": "thousand",
    "anonymous callers enter": "matrix",
    "privileges:": "data_admin or last_administrator",
    "secrets:": "secret",
    "mail domains:": "mail_domain",
    "consent documents:": "html or pdf",
    "another's report is empty": "what_the_institution_allows",
    "consent:": "frozen or decision",
    "learners: teachers see": "exactly_these_rows",
    "people: both roles": "two_roles",
    "negative consent versions": "version",
    "any locale": "locale",
    "PUT resets": "put_resets",
    "current consent": "current or lower_version",
}


# Mutants that change nothing, and why.
EQUIVALENT = {
    "course of any institution": "the service refuses it, too",
    "institution: ADMIN without READ": "whoever administers is a member",
    "constraints are not checked": "the database refuses, and the answer names the same field",
    "tokens never expire": "the token's class looks at the time again",
    "any language code": "what no document can be called is found nowhere",
    "offsets of any size": "past the end of the list the database is not asked",
    "negative consent versions": "the column refuses them",
    "vle_self: VLE without rows=": "the role is held below the own id alone",
    "provider_self: PROVIDER without rows=": "the role is held below the own id alone",
    "provider_enrolment: scope without rows": "the rule about rows names the provider, too",
    "provider_request: scope without rows": "the rule about rows names the provider, too",
    "provider_validation: no ordering": "its lists have one row",
}


def all_mutants(root: Path) -> list[Mutant]:
    found, wrong = list(of_resources(root)), []
    for name, file, old, new, tests in WRITTEN:
        text = (root / file).read_text()
        if text.count(old) != 1:
            wrong.append(f"mutant {name!r}: its text stands {text.count(old)} times in {file}: {old!r}")
        else:
            words = next((words for begin, words in ABOUT.items() if name.startswith(begin)), None)
            chosen = tuple((*run, "-k", words) for run in tests) if words else tests
            found.append(Mutant(name, file, text.index(old), old, new, chosen))
    if wrong:
        raise SystemExit("\n".join(wrong))
    names = [mutant.name for mutant in found]
    assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)
    return found
