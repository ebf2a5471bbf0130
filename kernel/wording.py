"""How the reference speaks of operations: groups, summaries and descriptions, from the declarations and a few words.

The words stand in the module of the setting API_REFERENCE. What has none is called by its class.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.access import ROOTS, Grant
from kernel.browsable.navigation import title
from kernel.caller import Role
from kernel.declared import declared_reference

_ROLES = {
    Role.GLOBAL: "global administrators",
    Role.ADMIN: "administrators",
    Role.LEGAL: "legal administrators",
    Role.DATA: "data administrators",
    Role.SEND: "SEND administrators",
    Role.INSTRUCTOR: "instructors",
    Role.LEARNER: "learners",
    Role.MEMBER: "all members",
    Role.VLE: "the VLE itself",
    Role.PROVIDER: "the provider itself",
}
_PROGRAMS = Role.VLE | Role.PROVIDER  # the rows below their own ids are all theirs
# Institutions, VLEs and providers see the same things: the summary says whose view it is.
_SEEN_BY = {"vle": " (VLE)", "provider": " (provider)", "admin": " (global administrator)"}


@dataclass(frozen=True)
class Words:
    """Of a resource. `about` is the sentence of its lists and rows, `sentences` are those of other actions."""

    tag: str
    one: str  # with its article
    many: str
    about: str
    of: str | None = None  # what it belongs to, where the resource above has another name; "" leaves that out
    sentences: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OperationWords:
    """Of an operation beside the tree, by its operationId."""

    tag: str
    summary: str
    description: str


def words_of(view: Any) -> Words:
    words = declared_reference().RESOURCES.get(view.basename)
    if words is not None:
        return words
    name = title(view)
    plain = name if name.split()[0].isupper() else name[0].lower() + name[1:]
    return Words(name, f"one {plain}", f"all of: {plain}", f"{name}.")


def tag_of(view: Any) -> str:
    words = words_of(view)
    return words.tags.get(view.action, words.tag)


def summary_of(view: Any) -> str:
    """List VLEs; Read a report of an activity."""
    words = words_of(view)
    verbs = {
        "list": f"List {words.many}",
        "retrieve": f"Read {words.one}",
        "create": f"Create {words.one}",
        "update": f"Update {words.one}",
        "partial_update": f"Change fields of {words.one}",
        "destroy": f"Delete {words.one}",
    }
    if view.action in words.titles:
        return f"{words.titles[view.action]}{_SEEN_BY.get(view.root, '')}"
    name = verbs.get(view.action) or f"{view.action.replace('_', ' ').capitalize()}: {words.one}"
    return f"{name}{_parent_of(view, words)}{_SEEN_BY.get(view.root, '')}"


def description_of(view: Any, documented: str) -> str:
    """What it is or does, and whom it is for: two sentences. `documented` is the docstring of an action."""
    words = words_of(view)
    below = _parent_of(view, words)
    unless = ", unless the present state forbids it (409)" if view.conflicts else ""
    usual = {
        "create": f"Add {words.one}{below}.",
        "update": f"Change {words.one}{below}: what the body leaves out stays as it is.",
        "partial_update": f"Change {words.one}{below}: the fields that the body names, and no others.",
        "destroy": f"Delete {words.one}{below}{unless}.",
        "list": words.about,
        "retrieve": words.about,
    }
    sentence = words.sentences.get(view.action) or usual.get(view.action) or _in_one_line(documented)
    return f"{sentence} {whom(view.access, view.action)}"


def _parent_of(view: Any, words: Words) -> str:
    """ " of a course": the resource above, unless it is the root's own row."""
    if words.of is not None:
        return f" of {words.of}" if words.of else ""
    above = view.basename.rpartition("-")[0]
    known = declared_reference().RESOURCES.get(above)
    return "" if known is None or above in ROOTS else f" of {known.one}"


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def whom(access: Mapping[Role, Grant], action: str) -> str:
    """ "For administrators, and for learners where it concerns them.": the roles that an access table grants it to."""
    wholly = partly = Role(0)
    for roles, grant in access.items():
        if action in grant.actions and (roles & _PROGRAMS or not _is_limited(grant)):
            wholly |= roles
        elif action in grant.actions:
            partly |= roles
    partly &= ~wholly
    named = [_named(roles) for roles in (wholly, partly)]
    if Role.MEMBER in wholly:
        named = [_named(wholly & (Role.GLOBAL | Role.MEMBER)), []]
    elif Role.MEMBER in partly:
        named[1] = _named(partly & (Role.GLOBAL | Role.MEMBER))
    all_of, some = (_list_of(names) for names in named)
    parts = [f"for {all_of}" if all_of else "", f"for {some} where it concerns them" if some else ""]
    return f"{', and '.join(filter(None, parts)).replace('for', 'For', 1)}."


def _is_limited(grant: Grant) -> bool:
    return any(rule is not None for rule in (grant.parent, grant.rows, grant.when, grant.sees))


def _named(roles: Role) -> list[str]:
    return [name for role, name in _ROLES.items() if role in roles]


def _list_of(names: Sequence[str]) -> str:
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last
