"""Institutions that the operator has suspended: nobody of them is let in, and nothing that they have sent is taken.

It costs no statement: the institution is read with the caller. Global administrators are always let in.
"""

from institutions.models import Institution
from kernel.caller import Caller, CallerKind, Role
from kernel.domain import DomainError, Forbidden, Unavailable

WAIT = 300  # seconds until programs in the field try again


def is_suspended(institution: Institution | None) -> bool:
    return institution is not None and institution.suspended_at is not None


def suspension_text(institution: Institution, *, with_reason: bool) -> str:
    """Its administrators are told why, other people and programs only that it is so."""
    text = f"{institution.name} is suspended in this service. Nothing was deleted."
    return f"{text} The reason: {institution.suspension_reason}" if with_reason else text


def suspended(caller: Caller) -> DomainError | None:
    """Why this caller is not let in now.

    VLEs and browsers in an assessment session are answered 503: what they have captured they keep, and send again, so
    that nothing of an exam is lost unseen. People are told.
    """
    if not is_suspended(caller.institution) or caller.kind is CallerKind.GLOBAL_ADMIN:
        return None
    text = suspension_text(caller.institution, with_reason=bool(caller.roles & Role.ADMIN))
    if caller.kind in (CallerKind.VLE, CallerKind.LEARNER_SESSION):
        return Unavailable(text, WAIT)
    return Forbidden(text)
