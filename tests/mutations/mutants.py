"""The mutants: defects put into the code one at a time. Each must make some test fail.

Those of resources are found in their declarations; those of the kernel and of the traps are written down here, as the
exact text that is replaced. A text that is not there (or twice) is an error: the table must follow the code.
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
    "user": "institutions/api/user.py",
    "instructor": "institutions/api/instructor.py",
    "learner": "learners/api/learner.py",
}


def _of(resource: str, *files: str, about: str = "") -> tuple[tuple[str, ...], ...]:
    word = f"{resource}- or {resource}s" if resource in ("ic", "user") else resource
    return tuple((f"{CONTRACT}{file}", "-k", f"({word}) and {about}" if about else word) for file in files)


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
    tests = _of(resource, "test_access.py", "test_tokens.py")
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
    tests = _of(resource, "test_access.py", "test_operations.py")
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        for keyword in node.keywords:
            if node.func.id == "under" and keyword.arg == "rows":
                yield source.replaced(f"{resource}: scope without rows", *source.span(keyword), "rows={}", tests)
            if node.func.id in ("TenantRelatedField", "TenantFilter") and keyword.arg == "tenant":
                name = f"{resource}: {node.func.id} of any tenant"
                yield source.replaced(name, *source.span(keyword), "tenant=None", tests)


def _lists(resource: str, source: _Source) -> Iterator[Mutant]:
    """A searched column is missing, the filters are, the columns that order are, the default order is upside down."""
    tests = _of(resource, "test_lists.py", about="search")
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
            _of(resource, "test_lists.py", about="(filter or box)"),
        )


_TOKENS = ((f"{CONTRACT}test_tokens.py",),)
_ACCESS = ((f"{CONTRACT}test_access.py",),)
_PATHS = ((f"{CONTRACT}test_paths.py",),)
_LISTS = ((f"{CONTRACT}test_lists.py",),)
_TRAPS = ((f"{CONTRACT}test_traps.py",),)
_ROWS = (("tests/kernel/test_rows.py",), (f"{CONTRACT}test_golden.py",))
_SIGN_IN = (("tests/signin",),)
_API = "tesla_api/api/"
# name, file, old text, new text, tests
WRITTEN = [
    # Who may come in.
    ("strangers come in", f"{_API}access.py", "        if not view.roles:\n", "        if False:\n", _ACCESS),
    (
        "modules come in",
        f"{_API}access.py",
        "if request.user.kind not in root.kinds:",
        "if False:",
        _TOKENS,
    ),
    ("no grant is needed", f"{_API}access.py", "return bool(view.grants)", "return True", _ACCESS),
    (
        "parents are not looked for",
        f"{_API}access.py",
        "        view.enter()\n",
        "        view.__dict__.setdefault('_held', tuple(view.access.values()))\n",
        _ACCESS,
    ),
    ("rows of all grants", f"{_API}access.py", "        if found.rows is None:\n", "        if True:\n", _ACCESS),
    (
        "only the first grant's rows",
        f"{_API}access.py",
        "        seen |= found.rows(caller)\n",
        "        seen |= found.rows(caller)\n        break\n",
        _ACCESS,
    ),
    (
        "rights of roles do not add up",
        f"{_API}viewsets.py",
        "        self._held = tuple(grants)\n",
        "        self._held = tuple(grants[:1])\n",
        _ACCESS,
    ),
    ("rights of other actions count", f"{_API}viewsets.py", "if self.action in g.actions)", "if True)", _ACCESS),
    (
        "every verb is open",
        f"{_API}viewsets.py",
        '["head", "options", *sorted(verbs)]',
        '["head", "options", "get", "post", "put", "patch", "delete"]',
        _PATHS,
    ),
    ("roles of home count abroad", f"{_API}caller.py", "tenant in (None, self.institution_id)", "True", _ACCESS),
    ("sent by a VLE with flags", "signin/callers.py", "        roles &= UNFLAGGED", "        pass", _TOKENS),
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
        "        _MAY_SIGN_IN | ~Q(kind=CallerKind.PERSON.value),\n",
        "",
        _TOKENS,
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
    ("no lock-out", "signin/services.py", "if counter.failures >= limits[counter.key]]", "if False]", _SIGN_IN),
    (
        "refresh of an ended session",
        "signin/services.py",
        'or caller_of(token["sid"], token["kind"]) is None',
        "",
        _SIGN_IN,
    ),
    (
        "two sessions in one refresh",
        "signin/services.py",
        'if any(old.get(claim) != token.get(claim) for claim in ("sid", "sub", "kind")):',
        "if False:",
        _SIGN_IN,
    ),
    ("logout ends nothing", "signin/services.py", "update(ended_at=timezone.now())", "update(ended_at=None)", _SIGN_IN),
    # Ids, texts, bodies.
    ("ids of any length", f"{_API}routing.py", 'regex = "[1-9][0-9]{0,17}"', 'regex = "[0-9]+"', _PATHS),
    (
        "any language code",
        f"{_API}routing.py",
        'regex = "[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}"',
        'regex = "[^/]+"',
        _PATHS,
    ),
    ("control characters", f"{_API}text.py", "    if found is not None:\n", "    if False:\n", _TRAPS),
    (
        "constraints are not checked",
        f"{_API}serializers.py",
        "            refuse_violations(draft, writable)\n",
        "            pass\n",
        (("tests/kernel/test_constraints.py", "tests/kernel/test_requests.py", "tests/institutions/test_vle.py"),),
    ),
    (
        "no slash, no answer",
        f"{_API}paths.py",
        '            elif not bare and not path.endswith("/"):',
        "            elif False:",
        _PATHS,
    ),
    (
        "errors show what broke",
        f"{_API}errors.py",
        'return _answer(500, "Server error.")',
        "import sys; return _answer(500, str(sys.exc_info()[1]))",
        _TRAPS,
    ),
    # Lists.
    ("pages without a limit", f"{_API}pagination.py", "    max_limit = 1000\n", "    max_limit = None\n", _LISTS),
    ("pages of twenty", f"{_API}pagination.py", "    default_limit = 10\n", "    default_limit = 20\n", _LISTS),
    (
        "offsets of any size",
        f"{_API}pagination.py",
        "min(super().get_offset(request), LARGEST)",
        "super().get_offset(request)",
        _LISTS,
    ),
    ("nulls first", f"{_API}filters.py", "c.asc(nulls_last=True)", "c.asc(nulls_first=True)", _LISTS),
    ("ordering is not total", f"{_API}filters.py", "order_by(*first, *view.ordering)", "order_by(*first)", _LISTS),
    ("orders by every column", f"{_API}filters.py", "in view.orderable:", "in view.orderable or name:", _LISTS),
    (
        "the last mention counts",
        f"{_API}filters.py",
        'chosen.setdefault(name, term.startswith("-"))',
        'chosen[name] = term.startswith("-")',
        _LISTS,
    ),
    (
        "column boxes fail",
        f"{_API}filters.py",
        "        except (ModelValidationError, ValueError):\n            return queryset.none()",
        "        except ModelValidationError:\n            return queryset.none()",
        _LISTS,
    ),
    # Fast rows.
    (
        "blank e-mails are null",
        f"{_API}rows.py",
        "({self.column(prefix + path)} or '')",
        "{self.column(prefix + path)}",
        _ROWS,
    ),
    (
        "empty relations are objects",
        f"{_API}rows.py",
        "return f\"None if {self.column(f'{path}_id')} is None else {display}\" if nullable else display",
        "return display",
        _ROWS,
    ),
    (
        "columns read twice",
        f"{_API}rows.py",
        "self.columns.setdefault(path, len(self.columns))",
        "self.columns.setdefault(path, 0)",
        _ROWS,
    ),
    # Traps.
    (
        "D-1 anonymous",
        f"{_API}access.py",
        "        if not request.user.is_authenticated:\n            return False\n",
        "        if not request.user.is_authenticated:\n            return True\n",
        _TRAPS,
    ),
    (
        "D-6 data admin raises",
        "institutions/api/person.py",
        "    names = own | (CORRECTABLE",
        "    names = own | (CORRECTABLE | {'inst_admin', 'login_allowed'}",
        _TRAPS,
    ),
    (
        "D-6 flags are not looked at",
        "institutions/api/person.py",
        "Role.DATA in roles and not person.has_flag",
        "Role.DATA in roles",
        _TRAPS,
    ),
    (
        "D-6 last administrator",
        "institutions/services/people.py",
        "    if not others.exists():\n",
        "    if False:\n",
        _TRAPS,
    ),
    (
        "D-11 secret in clear",
        "institutions/models.py",
        "lti_secret = EncryptedTextField(",
        "lti_secret = models.TextField(",
        _TRAPS,
    ),
    (
        "D-11 credentials in every answer",
        "institutions/api/vle.py",
        'if self.action == "create" else answer',
        "if hasattr(self, 'issued') or not setattr(self, 'issued', {'secret_id': 'x'}) else answer",
        _TRAPS,
    ),
    (
        "D-12 suffix",
        "institutions/services/mail.py",
        'email.rpartition("@")[2].lower() not in domains',
        "not email.lower().endswith(tuple(domains))",
        _TRAPS,
    ),
    (
        "D-12 case",
        "institutions/services/mail.py",
        'email.rpartition("@")[2].lower() not in domains',
        'email.rpartition("@")[2] not in domains',
        _TRAPS,
    ),
    (
        "D-13 HTML",
        "institutions/services/documents.py",
        'values["html"] = html_cleaned(values["html"])',
        "pass",
        _TRAPS,
    ),
    (
        "D-13 HTML of new documents",
        "institutions/services/documents.py",
        "html=html_cleaned(html)\n",
        "html=html\n",
        _TRAPS,
    ),
    (
        "D-13 PDF by name",
        "institutions/services/documents.py",
        'if not (starts and b"%%EOF" in content.read()):',
        "if False:",
        _TRAPS,
    ),
    (
        "D-19 no freeze",
        "institutions/services/consents.py",
        "    if consent.accepted_at is not None:\n",
        "    if False:\n",
        _TRAPS,
    ),
    ("D-19 records change", f"{_API}models.py", "        if not self._state.adding:\n", "        if False:\n", _TRAPS),
    (
        "D-29 teachers see all",
        "learners/api/learner.py",
        "    return Q(courses__instructors=me.id)\n",
        "    return Q(institution=me.institution_id)\n",
        _ACCESS,
    ),
    (
        "D-31 both roles go",
        "institutions/services/people.py",
        "    _role_erase(held, role)\n    if not (",
        "    _role_erase(held, INSTRUCTOR)\n    _role_erase(held, LEARNER)\n    if not (",
        _TRAPS,
    ),
    (
        "D-42 negative versions",
        "institutions/services/consents.py",
        '_VERSION = re.compile(r" *([0-9]+)',
        '_VERSION = re.compile(r" *(-?[0-9]+)',
        _TRAPS,
    ),
    ("D-42 any locale", "institutions/api/person.py", "validators=[validate_language]", "validators=[]", _TRAPS),
    (
        "D-44 switches of PUT",
        "institutions/api/person.py",
        'inst_admin = serializers.BooleanField(source="user.inst_admin", required=False)',
        'inst_admin = serializers.BooleanField(source="user.inst_admin", default=False)',
        _TRAPS,
    ),
    (
        "D-44 data_admin of PUT",
        "institutions/api/person.py",
        'data_admin = serializers.BooleanField(source="user.data_admin", required=False)',
        'data_admin = serializers.BooleanField(source="user.data_admin", default=False)',
        _TRAPS,
    ),
    (
        "D-44 client_id of PUT",
        "institutions/api/vle.py",
        '{"client_id": {"allow_blank": False}}',
        '{"client_id": {"allow_blank": False, "default": None}}',
        _TRAPS,
    ),
    (
        "D-56 current by date",
        "institutions/services/consents.py",
        '.order_by("-major", "-minor", "-patch", "-pk")',
        '.order_by("-valid_from", "-pk")',
        _TRAPS,
    ),
    (
        "D-56 current before its time",
        "institutions/services/consents.py",
        "consents.filter(valid_from__lte=Now())",
        "consents.all()",
        _TRAPS,
    ),
    (
        "imports rename who holds a flag or a password",
        "institutions/services/people.py",
        "    if person.has_flag or person.has_usable_password():\n",
        "    if False:\n",
        (("tests/courses/test_import_csv.py", "-k", "not_taken_over"),),
    ),
    (
        "imports write global administrators",
        "institutions/services/people.py",
        "    if person is not None and person.is_staff:\n",
        "    if False:\n",
        (("tests/courses/test_import_csv.py", "-k", "global_administrator"),),
    ),
    (
        "imports join courses of others",
        "courses/imports/people.py",
        "        home = self._institution.vles.filter(name=vle).first()\n",
        "        from institutions.models import VLE; home = VLE.objects.filter(name=vle).order_by('-pk').first()\n",
        (("tests/courses/test_import_csv.py", "-k", "another_institution"),),
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
        f"{_API}tables.py",
        "self._rows.writerow([formula_safe(cell) for cell in cells])",
        "self._rows.writerow([*cells])",
        (("tests/kernel/test_tables.py", "-k", "formula"),),
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
    "D-1 anonymous": "anonymous",
    "D-6": "data_admin or last_administrator",
    "D-11": "secret",
    "D-12": "mail_domain",
    "D-13": "html or pdf",
    "D-19": "frozen or decision",
    "D-29": "exactly_these_rows",
    "D-31": "two_roles",
    "D-42": "version or locale",
    "D-44": "put_resets",
    "D-56": "current or lower_version",
}


# Mutants that change nothing, and why.
EQUIVALENT = {
    "institution: ADMIN without READ": "whoever administers is a member",
    "constraints are not checked": "the database refuses, and the answer names the same field",
    "tokens never expire": "the token's class looks at the time again",
    "any language code": "what no document can be called is found nowhere",
    "offsets of any size": "past the end of the list the database is not asked",
    "D-42 negative versions": "the column refuses them",
    "D-42 any locale": "the service refuses it, too",
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
