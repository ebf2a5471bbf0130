"""Institutions as a whole: registering one with its first administrator, and deleting one that has no data."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import ProtectedError, Q
from django.utils import timezone

from institutions.models import Institution, User
from institutions.services.mail import mail_domains_checked
from institutions.services.people import person_create
from institutions.services.returns import allowed_domains_checked
from institutions.services.uses import amount_of, uses_of
from kernel.domain import Conflict, Invalid, Unknown
from kernel.writes import one_transaction, save_values, set_values

# Accounts of global administrators are never deleted together with an institution.
_DELETED_WITH_INSTITUTION = Q(inst_admin=True, is_staff=False)


@one_transaction()
def institution_create(
    *, acronym: str, name: str, administrator: Mapping[str, Any], **values: Any
) -> tuple[Institution, User]:
    """A new institution and its administrator.

    `administrator` are values of a person: uid and optionally others. With `password` the person can sign in at once;
    without one a global administrator has to set it before anybody can administer the institution.
    """
    institution = institution_register(acronym=acronym, name=name, **values)
    return institution, person_create(institution=institution, **{**administrator, "inst_admin": True})


@one_transaction()
def institution_register(*, acronym: str, name: str, **values: Any) -> Institution:
    """A new institution without an administrator."""
    institution = Institution(acronym=acronym, name=name, **_cleaned(values))
    institution.full_clean()
    institution.save()
    return institution


@one_transaction()
def institution_update(*, institution: Institution, **values: Any) -> Institution:
    """Validate and write these values only."""
    if set_values(institution, _cleaned(values)):
        institution.full_clean(exclude={field.name for field in Institution._meta.fields} - values.keys())
        institution.save(update_fields=(*values, "updated_at"))
    return institution


@one_transaction()
def institution_suspend(*, institution: Institution, reason: str) -> Institution:
    """Nobody of it is let in until it is resumed; everything stays as it is. A second time only the reason changes."""
    if not reason.strip():
        raise Invalid(reason="Say why: its administrators read it.")
    values = {"suspension_reason": reason, "suspended_at": institution.suspended_at or timezone.now()}
    save_values(institution, values)
    return institution


@one_transaction()
def institution_resume(*, institution: Institution) -> Institution:
    """People, VLEs and captures are let in again, with the sessions that they had; a second time it is no change."""
    save_values(institution, {"suspension_reason": "", "suspended_at": None})
    return institution


def _cleaned(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they are stored: unrestricted mail domains are null, unrestricted return addresses are empty."""
    cleaned = dict(values)
    if "mail_domain" in cleaned:
        try:
            cleaned["mail_domain"] = mail_domains_checked(cleaned["mail_domain"])
        except ValidationError as error:
            raise ValidationError({"mail_domain": error}) from error
    if "allowed_domains" in cleaned:
        try:
            cleaned["allowed_domains"] = allowed_domains_checked(cleaned["allowed_domains"])
        except ValidationError as error:
            raise ValidationError({"allowed_domains": error}) from error
    return cleaned


@one_transaction()
def institution_delete(*, institution: Institution) -> list[int]:
    """Delete the institution with its administrators and UI options; answer the ids of these people.

    Conflict when it has anything else, Unknown if it is gone.
    """
    people = [person.pk for person in administrators_locked(institution=institution)]
    stored = Institution.objects.select_for_update().filter(pk=institution.pk).first()
    if stored is None:
        raise Unknown("There is no such institution any more.")
    obstacles = institution_obstacles(institution=stored)
    if obstacles:
        raise Conflict(f"{stored.acronym} cannot be deleted: it still has {', '.join(obstacles)}.")
    try:
        stored.ui_options.all().delete()
        stored.people.filter(pk__in=people).delete()
        stored.delete()
    except ProtectedError as error:  # a row was added after the check
        raise Conflict(f"{stored.acronym} cannot be deleted: it is in use.") from error
    return people


def administrators_locked(*, institution: Institution) -> list[User]:
    """The people who are deleted with the institution, locked until the transaction ends.

    People are always locked before their institution.
    """
    return list(institution.people.filter(_DELETED_WITH_INSTITUTION).order_by("pk").select_for_update())


def institution_obstacles(*, institution: Institution) -> list[str]:
    """What prevents the deletion, in words: "3 courses". Records, such as past decisions, are never deleted."""
    people = institution.people.exclude(_DELETED_WITH_INSTITUTION).count()
    others = uses_of(institution, own=("people", "ui_options", "retention_periods", "bulk_deletions"))
    return sorted([*others, amount_of(User, people)] if people else others)
