"""Requests to servers that somebody else names: at public addresses only, over TLS, within bounds of time and size.

A name is resolved once, and the connection is made to the address that was looked at: a name that answers differently
the next time leads nowhere else.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from time import monotonic
from typing import Any

from django.conf import settings
from requests import RequestException, Response, Session
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from kernel.http.address import is_among

TIMEOUT = (3, 5)  # seconds to connect, and to wait for the next bytes
SECONDS = 10  # for a whole answer
BYTES = 256 * 1024
_TRANSLATED = IPv6Network("64:ff9b::/96")  # IPv4 addresses, written as IPv6


class TooLarge(RequestException):
    """The answer is longer than any that is meant, or takes too long."""


def guard(session: Session) -> None:
    """All requests of the session are guarded. None follows a redirect, or takes anything from the environment."""
    session.trust_env, session.max_redirects = False, 0
    session.adapters.clear()
    session.mount("https://", _Adapter())
    if settings.DEMO:
        session.mount("http://", _Adapter())


def addresses_of(host: str, port: int) -> list[str]:
    """The addresses of the host. PermissionError if one of them is inside a network of the server's own."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    if not all(_is_public(address) or is_among(address, settings.OIDC_NETWORKS) for address in addresses):
        raise PermissionError(f"{host} is inside a network that OIDC_NETWORKS does not name")
    return addresses


def _is_public(text: str) -> bool:
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address.sixtofour is not None or address.is_site_local:
            return False
        inner = ip_address(address.packed[-4:]) if address in _TRANSLATED else None
        address = address.ipv4_mapped or inner or address
    return address.is_global and not address.is_multicast


class _Checked(HTTPConnection):
    def _new_conn(self):
        name = self._dns_host  # which TLS compares with the certificate
        try:
            addresses = addresses_of(name.strip("[]"), self.port)
        except (OSError, UnicodeError) as error:  # PermissionError is one
            raise NewConnectionError(self, str(error)) from error
        try:
            self._dns_host = addresses[0]
            return super()._new_conn()
        finally:
            self._dns_host = name


class _CheckedOverTLS(_Checked, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Checked


class _PoolOverTLS(HTTPSConnectionPool):
    ConnectionCls = _CheckedOverTLS


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolOverTLS}

    def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None) -> Response:
        """The whole answer, or TooLarge."""
        answer = super().send(request, True, TIMEOUT, verify, cert, None)
        try:
            answer._content = _read(answer.raw)
        except HTTPError as error:
            raise RequestException(error, request=request) from error
        finally:
            answer.close()
        answer._content_consumed = True
        return answer


def _read(raw: Any) -> bytes:
    ends, parts, size = monotonic() + SECONDS, list[bytes](), 0
    while part := raw.read1(16 * 1024, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > BYTES or monotonic() > ends:
            raise TooLarge("The answer is too long, or takes too long.")
    return b"".join(parts)
