"""The caller of a request, with current rights. Also DRF's `request.user`."""

import enum
from dataclasses import dataclass
from typing import Any


class CallerKind(enum.StrEnum):
    PERSON = "person"
    LAUNCHED = "launched"  # a person whom a VLE sent: instructor or learner only, unless the institution trusts VLEs
    LEARNER_SESSION = "learner"  # one learner during one assessment session: capture endpoints only
    VLE = "vle"
    PROVIDER = "provider"
    GLOBAL_ADMIN = "admin"


PEOPLE = frozenset({CallerKind.PERSON, CallerKind.LAUNCHED, CallerKind.GLOBAL_ADMIN})


class Role(enum.Flag):
    GLOBAL = enum.auto()
    ADMIN = enum.auto()
    LEGAL = enum.auto()
    DATA = enum.auto()
    SEND = enum.auto()
    INSTRUCTOR = enum.auto()
    LEARNER = enum.auto()
    MEMBER = enum.auto()
    VLE = enum.auto()
    PROVIDER = enum.auto()


NOBODY = Role(0)
# Column (or annotation) of the person that gives each role inside the person's own institution.
FLAGS = {
    "inst_admin": Role.ADMIN,
    "legal_admin": Role.LEGAL,
    "data_admin": Role.DATA,
    "send_admin": Role.SEND,
    "is_instructor": Role.INSTRUCTOR,
    "is_learner": Role.LEARNER,
}
UNFLAGGED = Role.INSTRUCTOR | Role.LEARNER | Role.MEMBER


@dataclass(frozen=True)
class Caller:
    """All values are read from the database at each request; a token only names the session."""

    kind: CallerKind
    id: int  # of the person, the VLE or the provider
    institution: Any = None  # the row of the caller's institution, None for callers without one
    roles: Role = NOBODY  # inside that institution
    everywhere: Role = NOBODY
    name: str = ""
    session_id: int | None = None
    assessment_session_id: int | None = None
    login_allowed: bool = False  # has signed in with a password, and so may change it
    credential_id: int | None = None  # with which a VLE or a provider signed in
    vle_id: int | None = None  # that sent this person, who sees the courses of that one only; None: of all VLEs
    sent_by: int | None = None  # the VLE that sent this person, whatever the institution lets people see
    signed_in: str = ""  # how, where the kind does not say it
    is_authenticated = is_active = True

    @property
    def pk(self) -> int:
        return self.id

    @property
    def institution_id(self) -> int | None:
        return self.institution and self.institution.pk

    @property
    def person_id(self) -> int | None:
        """The account. None: a VLE, a provider, or an assessment session."""
        return self.id if self.kind in PEOPLE else None

    def roles_in(self, tenant: int | None) -> Role:
        """Roles inside one institution; for None (the list of institutions) all roles of the caller."""
        at_home = self.institution is not None and tenant in (None, self.institution_id)
        return self.everywhere | self.roles if at_home else self.everywhere

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Anyone:
    """The caller of a prepared statement: rules that use more than these ids raise AttributeError."""

    id: int
    institution_id: int
    vle_id: int | None = None


class Nobody:
    """`request.user` without credentials."""

    is_authenticated = is_active = False
    pk = id = None

    def __str__(self) -> str:
        return "anonymous"
