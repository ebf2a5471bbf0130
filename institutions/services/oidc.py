"""The identity provider (OpenID Connect) of an institution: what may be connected, and whom it signs in."""

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from institutions.models import Institution, OIDCConnection, OIDCMatch, User
from kernel.domain import Invalid
from kernel.locks import cascade_locked
from kernel.writes import one_transaction, save_values

HERE = frozenset({"127.0.0.1", "localhost", "::1"})
_CLAIM = re.compile(r"[A-Za-z0-9_.:/-]+")
_FLAGS = ("inst_admin", "legal_admin", "data_admin", "send_admin")


def provider_admits(connection: str, person: str = "") -> Q:
    """Whom an identity provider signs in, with these paths to the two rows: never global administrators."""
    at, of = f"{connection}__", f"{person}__" if person else ""
    staff = Q(*(Q(**{f"{of}{flag}": True}) for flag in _FLAGS), _connector=Q.OR)
    staff |= Q(**{f"{of}instructor__isnull": False})
    return Q(**{f"{at}enabled": True, f"{of}is_staff": False}) & (Q(**{f"{at}everybody": True}) | staff)


def with_admission(rows: QuerySet[User]) -> QuerySet[User]:
    """The people with `is_admitted` in the same statement, so that `is_admitted` needs none of its own."""
    admitted = User.objects.filter(provider_admits("institution__oidc_connections"), pk=OuterRef("pk"))
    return rows.annotate(is_admitted=Exists(admitted))


def is_admitted(person: User) -> bool:
    """Whether the identity provider of the institution signs this person in."""
    if person.pk is None:
        return False
    known: bool | None = getattr(person, "is_admitted", None)
    if known is None:
        return User.objects.filter(provider_admits("institution__oidc_connections"), pk=person.pk).exists()
    return known


def is_found_by(person: User, names: Collection[str]) -> bool:
    """Whether the institution's identity provider finds people by one of these values ("email", "uid", "username").

    Of those whom it does not sign in, too: the role of instructor may change that later, and who has written the value
    before would have chosen who signs in as the person.
    """
    return OIDCConnection.objects.filter(institution=person.institution_id, enabled=True, match__in=names).exists()


def is_safe_address(address: str) -> bool:
    """Whether it is an address of TLS, or in a demonstration one of this machine."""
    try:
        parts = urlsplit(address)
        port_is_good = parts.port != 0
    except ValueError:
        return False
    is_safe = parts.scheme == "https" or (settings.DEMO and parts.scheme == "http" and parts.hostname in HERE)
    return is_safe and port_is_good and bool(parts.hostname) and "@" not in parts.netloc and address.isprintable()


@one_transaction()
def connection_create(*, institution: Institution, **values: Any) -> OIDCConnection:
    """Raises Invalid for values that cannot be."""
    connection = OIDCConnection(institution=institution, **values)
    if not connection.client_secret:
        raise Invalid(client_secret="The secret is needed.")  # noqa: S106 - a message
    _refuse_wrong(connection)
    connection.save()
    return connection


@one_transaction()
def connection_update(*, connection: OIDCConnection, **values: Any) -> None:
    """The secret stays unless another one is sent. It is for one issuer: another one must not be told it."""
    if not values.get("client_secret"):
        values.pop("client_secret", None)
        if values.get("issuer", connection.issuer) != connection.issuer:
            raise Invalid(client_secret="The secret is needed again for another issuer.")  # noqa: S106
    names = ("issuer", "match", "claim")
    _refuse_wrong(OIDCConnection(**{name: values.get(name, getattr(connection, name)) for name in names}))
    save_values(connection, values)


@one_transaction()
def connection_delete(*, connection: OIDCConnection) -> None:
    """Its sessions end."""
    cascade_locked(connection)
    connection.delete()


def _refuse_wrong(connection: OIDCConnection) -> None:
    issuer = connection.issuer
    if not is_safe_address(issuer) or "?" in issuer or "#" in issuer or " " in issuer:
        raise Invalid(issuer="Enter an https address without query, such as https://login.example.org.")
    is_email = connection.match == OIDCMatch.EMAIL
    if is_email != (connection.claim == "email"):
        text = "E-mails are compared with the claim `email`, which the provider says is verified, and nothing else is."
        raise Invalid(claim=text)
    if not _CLAIM.fullmatch(connection.claim):
        raise Invalid(claim="Enter the name of a claim, such as preferred_username.")
