"""Who may read which kind of file. The app that refers to a kind registers its rule; a kind without one is refused."""

from collections.abc import Callable

from files.models import Kind, StoredFile
from kernel.caller import Caller, CallerKind

Rule = Callable[[Caller, StoredFile], bool]
WhoIs = Callable[[CallerKind, int], Caller | None]

# Reading anything else is recorded.
NOT_SENSITIVE = frozenset({Kind.CONSENT_PDF, Kind.SESSION})

_RULES: dict[str, Rule] = {}
_WHO_IS: list[WhoIs] = []


def readable(*kinds: Kind) -> Callable[[Rule], Rule]:
    """@readable(Kind.REPORT): the decorated rule(caller, file) says whether the caller may read that file now.

    It asks the database: the caller's rights inside the file's institution, and whether the row that refers to the
    file is one that the caller sees. A file that no row refers to any more is nobody's.
    """

    def register(rule: Rule) -> Rule:
        for kind in kinds:
            _RULES[kind.value] = rule
        return rule

    return register


def may_read(caller: Caller, file: StoredFile) -> bool:
    rule = _RULES.get(file.kind)
    return rule is not None and rule(caller, file)


def callers_found_by(who_is: WhoIs) -> WhoIs:
    """Register the function that finds a link's caller, with the rights of this moment."""
    _WHO_IS[:] = [who_is]
    return who_is


def caller_now(kind: CallerKind, id: int) -> Caller | None:
    """The caller as the database knows it now; None when it may not ask for anything any more."""
    return _WHO_IS[0](kind, id) if _WHO_IS else None
