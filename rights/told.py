"""The trail as the person whom it is about is told it.

An actor is told by role, a learning platform or provider also by its name, and the person as "you". Names and addresses
of staff are their own personal data: which of them looked is told by the data administrators, who read the whole trail.
Of what was changed the names of the columns are told, not what others have typed or asked for.
"""

import json
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any, TypedDict

from django.db.models import Count, Q

from institutions.models import VLE, Provider, User
from kernel.caller import FLAGS, PEOPLE, Caller, CallerKind, Role
from rights.row_rules import lists_seen
from rights.words import KIND_OF_ACTOR, ROLES, deed, is_link
from trail.accounts import merged_into
from trail.models import Key, Line, Part
from trail.sealed import opened

CHANGES = frozenset({"create", "update"})
GONE = "somebody whose account is gone"
_PEOPLE = frozenset(kind.value for kind in PEOPLE)


class OwnLine(TypedDict):
    who: str  # "you", a role, or the name of a learning platform or provider
    is_me: bool
    did: str
    what: str
    changed: list[str]  # names of columns


def lines_told(lines: Collection[Line], person_id: int, institution_id: int | None) -> dict[int, OwnLine]:
    names = _names(lines, institution_id)
    changed = _changed(line for line in lines if line.verb in CHANGES and not is_link(line.verb, line.resource))
    actors = {line.actor_id for line in lines if line.actor_kind in _PEOPLE and names[line.pk] == GONE}
    own = {person_id, *(merged_into([person_id]) if actors else ())}
    answer = {}
    for line in lines:
        did, what = deed(line.verb, line.resource)
        is_me = line.actor_kind in _PEOPLE and line.actor_id in own
        answer[line.pk] = OwnLine(
            who="you" if is_me else names[line.pk],
            is_me=is_me,
            did=did,
            what=what,
            changed=changed.get(line.pk, []),
        )
    return answer


class Opened(TypedDict):
    who: str  # a role
    number: int


def lists_opened(caller: Caller, since: datetime) -> list[Opened]:
    """How often people of each role have opened lists in which the caller may have been; those who did most first."""
    lines = Line.objects.filter(lists_seen(caller), written_at__gte=since).order_by()
    by_actor = dict(lines.values_list("actor_id").annotate(number=Count("pk")))
    roles, opened = _roles(by_actor, caller.institution_id), Counter[str]()
    for actor, number in by_actor.items():
        opened[roles.get(actor, GONE)] += number
    return [Opened(who=who, number=number) for who, number in opened.most_common()]


def _names(lines: Collection[Line], institution: int | None) -> dict[int, str]:
    """Who the actors are, as far as it is told."""
    by_kind: dict[str, set[int]] = {}
    for line in lines:
        if line.actor_id is not None:
            kind = CallerKind.PERSON.value if line.actor_kind in _PEOPLE else line.actor_kind
            by_kind.setdefault(kind, set()).add(line.actor_id)
    roles = _roles(by_kind.get(CallerKind.PERSON.value, set()), institution)
    names = {
        CallerKind.VLE.value: dict(
            VLE.objects.filter(pk__in=by_kind.get(CallerKind.VLE.value, ()), institution=institution).values_list(
                "pk", "name"
            )
        ),
        CallerKind.PROVIDER.value: dict(
            Provider.objects.filter(pk__in=by_kind.get(CallerKind.PROVIDER.value, ())).values_list("pk", "name")
        ),
    }
    return {line.pk: _name(line, roles, names) for line in lines}


def _name(line: Line, roles: dict[int, str], names: dict[str, dict[int, str]]) -> str:
    if line.actor_kind in (CallerKind.PERSON.value, CallerKind.LAUNCHED.value):
        return roles.get(line.actor_id or 0, GONE)
    kind = KIND_OF_ACTOR.get(line.actor_kind, line.actor_kind)
    name = names.get(line.actor_kind, {}).get(line.actor_id or 0)
    return f"{kind} {name}" if name else kind


def _roles(people: Collection[int], institution: int | None) -> dict[int, str]:
    """What these people are in the institution now."""
    flags = [name for name, role in FLAGS.items() if role in ROLES and role is not Role.INSTRUCTOR]
    rows = User.objects.filter(pk__in=people, institution=institution).annotate(teaches=Q(instructor__isnull=False))
    told = {}
    for row in rows.values("pk", "teaches", *flags):
        held = [ROLES[FLAGS[name]] for name in flags if row[name]] + [ROLES[Role.INSTRUCTOR]] * row["teaches"]
        told[row["pk"]] = " and ".join(held) or "member of your institution"
    return told


def _changed(lines: Any) -> dict[int, list[str]]:
    """The names of the columns that these lines have changed."""
    texts = {line.pk: line.details for line in lines}
    keys = {row.line_id: bytes(row.key) for row in Key.objects.filter(line_id__in=texts, part=Part.DETAILS)}
    told = {key: json.loads(opened(text, keys.get(key)) or "{}") for key, text in texts.items()}
    return {key: sorted(details) for key, details in told.items()}
