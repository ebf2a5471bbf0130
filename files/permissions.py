"""Who may read which kind of file.

The app whose rows refer to a kind of file registers its rule here; files of a kind without a rule are refused.
"""

from collections.abc import Callable

from files.models import Kind, StoredFile
from kernel.caller import Caller, CallerKind

Rule = Callable[[Caller, StoredFile], bool]
FindCaller = Callable[[CallerKind, int, int | None], Caller | None]

# Who reads a file of any other kind is recorded.
NOT_SENSITIVE = frozenset({Kind.CONSENT_PDF, Kind.SESSION})

_RULES: dict[str, list[Rule]] = {}
_FIND_CALLER: list[FindCaller] = []


def readable(*kinds: Kind) -> Callable[[Rule], Rule]:
    """@readable(Kind.REPORT) registers a rule(caller, file) that says whether the caller may read the file now.

    A rule asks the database for the caller's rights in the file's institution and whether the caller may read the row
    that refers to the file. Nobody may read a file to which no row refers any more. Of several rules for a kind, such
    as those for people and for providers, one is enough.
    """

    def register(rule: Rule) -> Rule:
        for kind in kinds:
            _RULES[kind.value] = [*_RULES.get(kind.value, ()), rule]
        return rule

    return register


def may_read(caller: Caller, file: StoredFile) -> bool:
    return any(rule(caller, file) for rule in _RULES.get(file.kind, ()))


def caller_finder(find_caller: FindCaller) -> FindCaller:
    """Register the function that finds a link's caller with the roles of this moment: sign-in is a layer above."""
    _FIND_CALLER[:] = [find_caller]
    return find_caller


def caller_now(kind: CallerKind, id: int, sent_by: int | None = None) -> Caller | None:
    """The caller with the roles of this moment, sent by this VLE; None when account or credential are not valid now."""
    return _FIND_CALLER[0](kind, id, sent_by) if _FIND_CALLER else None
