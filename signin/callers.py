"""The caller of a session, found in one query together with roles, flags and the state of the session."""

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Q
from django.db.models.functions import Now

from files.permissions import caller_finder
from institutions.models import Institution, User
from institutions.services.credentials import credentials_live
from institutions.services.oidc import provider_admits
from kernel.caller import FLAGS, NOBODY, UNFLAGGED, Caller, CallerKind, Role
from kernel.fast.prepared import Prepared
from kernel.fields import Derived
from signin.models import CallerSession
from signin.suspension import is_suspended, suspended

# Without what is derived from the others: rows in memory compute it.
_INSTITUTION_COLUMNS = [field.attname for field in Institution._meta.concrete_fields if not isinstance(field, Derived)]
OIDC = "OIDC"  # how people are signed in whom the identity provider of their institution knows
_BY_PASSWORD = Q(oidc=None) & (Q(user__login_allowed=True) | Q(user__is_staff=True))
_BY_PROVIDER = provider_admits("oidc", "user") & Q(oidc__institution=F("user__institution"))
_LIVE = Q(ended_at=None, expires_at__gt=Now())
_FLAG_COLUMNS = {"is_instructor": "taught", "is_learner": "assessed"}


def _person(sid):
    """The live session of a person.

    Sessions opened by a password are live only while `login_allowed` is set, those of an identity provider while it
    admits the person.
    """
    rows = CallerSession.objects.filter(
        _LIVE,
        _BY_PASSWORD | _BY_PROVIDER | ~Q(kind=CallerKind.PERSON.value),
        pk=sid,
        user__is_active=True,
        generation=F("user__session_generation"),
    )
    rows = rows.annotate(
        assessed=Q(user__learner__isnull=False), taught=Q(user__instructor__isnull=False), name=F("user__username")
    )
    flags = [_FLAG_COLUMNS.get(flag) or f"user__{flag}" for flag in FLAGS]
    institution_columns = [f"user__institution__{column}" for column in _INSTITUTION_COLUMNS]
    return rows.values_list(
        "pk",
        "kind",
        "user_id",
        "name",
        "user__is_staff",
        "user__login_allowed",
        "assessment_session_id",
        "launcher__vle",
        "oidc",
        *flags,
        *institution_columns,
    )


def _module(sid):
    """The live session of a VLE or a provider whose credential is neither revoked nor past its overlap."""
    rows = CallerSession.objects.filter(
        _LIVE,
        Q(credential__expires_at=None) | Q(credential__expires_at__gt=Now()),
        pk=sid,
        credential__revoked_at=None,
        credential__isnull=False,
    )
    institution_columns = [f"credential__vle__institution__{column}" for column in _INSTITUTION_COLUMNS]
    return rows.values_list(
        "pk",
        "kind",
        "credential__vle_id",
        "credential__provider_id",
        "credential__role_id",
        "credential_id",
        *institution_columns,
    )


_PERSON = Prepared(_person, "sid")
_MODULE = Prepared(_module, "sid")
_MODULES = {CallerKind.VLE.value, CallerKind.PROVIDER.value}


def caller_of(session_id: int, kind: str) -> Caller | None:
    """The caller of this session with the roles of this moment; None when the session is over.

    `kind` is the caller kind named in the token; it must be the session's.
    """
    row = (_MODULE if kind in _MODULES else _PERSON)(sid=session_id).first()
    if row is None or row[1] != kind:
        return None
    return _module_caller(*row) if kind in _MODULES else _person_caller(*row)


@caller_finder
def caller_named(kind: CallerKind, id: int, sent_by: int | None = None) -> Caller | None:
    """The caller named in a signed link, with the roles of this moment. Links are followed without a token.

    `sent_by` is the VLE that had sent the caller, who sees what that one may be shown.
    """
    if kind.value in _MODULES:
        return _module_named(kind, id)
    condition = Q(pk=id, is_active=True)
    if kind in (CallerKind.PERSON, CallerKind.GLOBAL_ADMIN):
        by_provider = provider_admits("institution__oidc_connections")
        condition &= Q(login_allowed=True) | Q(is_staff=True) | by_provider
        kind = CallerKind.PERSON  # whether it is a global administrator is read anew, too
    rows = User.objects.filter(condition).annotate(
        assessed=Q(learner__isnull=False), taught=Q(instructor__isnull=False)
    )
    flags = [_FLAG_COLUMNS.get(flag, flag) for flag in FLAGS]
    institution_columns = [f"institution__{column}" for column in _INSTITUTION_COLUMNS]
    row = rows.values_list("pk", "username", "is_staff", "login_allowed", *flags, *institution_columns).first()
    caller = row and _person_caller(None, kind, *row[:4], None, sent_by, None, *row[4:])
    return None if caller is None or suspended(caller) is not None else caller


def _module_named(kind: CallerKind, id: int) -> Caller | None:
    module = "vle" if kind is CallerKind.VLE else "provider"
    credential = credentials_live().filter(**{module: id}).select_related("vle__institution").first()
    if credential is None:
        return None
    institution = credential.vle.institution if credential.vle else None
    if is_suspended(institution):
        return None
    return Caller(kind, id, institution, name=str(credential.role_id), credential_id=credential.pk)


def _institution(columns) -> Institution | None:
    return None if columns[0] is None else Institution.from_db(DEFAULT_DB_ALIAS, _INSTITUTION_COLUMNS, columns)


def _person_caller(session, kind, person, name, staff, login_allowed, assessment, vle, oidc, *rest) -> Caller:
    institution = _institution(rest[len(FLAGS) :])
    roles, everywhere = NOBODY, NOBODY
    if institution is not None:
        roles = Role.MEMBER
        for has_flag, role in zip(rest, FLAGS.values(), strict=False):
            roles |= role if has_flag else NOBODY
    kind = CallerKind(kind)
    if kind is CallerKind.PERSON and staff:
        kind, everywhere = CallerKind.GLOBAL_ADMIN, Role.GLOBAL
    elif oidc is not None:
        login_allowed = False  # no password was shown
    elif kind is not CallerKind.PERSON:
        roles = roles if _is_trusted_by(institution, kind) else roles & UNFLAGGED
        login_allowed = False
    seen = vle
    if institution is not None and institution.launcher_everywhere:
        seen = None
    how = "" if oidc is None else OIDC
    return Caller(
        kind, person, institution, roles, everywhere, name, session, assessment, login_allowed, vle_id=seen,
        sent_by=vle, signed_in=how,
    )  # fmt: skip


def _is_trusted_by(institution: Institution | None, kind: CallerKind) -> bool:
    """Whether people whom a VLE has signed in, without a password, keep their administrative flags.

    The institution decides it with `launcher_admin`. It never covers the rights of a global administrator.
    """
    return kind is CallerKind.LAUNCHED and institution is not None and institution.launcher_admin


def _module_caller(session, kind, vle, provider, role_id, credential, *institution_columns) -> Caller:
    kind, institution, name = CallerKind(kind), _institution(institution_columns), str(role_id)
    return Caller(kind, vle or provider, institution, name=name, session_id=session, credential_id=credential)
