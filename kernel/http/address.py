"""The client's address: used for throttling, lock-out, records and logs."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


@lru_cache(maxsize=4)
def _networks(declared: tuple[str, ...]):
    return tuple(ip_network(text, strict=False) for text in declared)


def _parse(text: str):
    """The address; None if there is none. Some proxies write a port behind it: 192.0.2.1:4711, [2001:db8::1]:4711."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def is_trusted(address: str) -> bool:
    """The address is one of TRUSTED_PROXIES."""
    return is_among(address, settings.TRUSTED_PROXIES)


def is_among(address: str | None, networks: Iterable[str]) -> bool:
    """The address is one of these, or in one of these networks."""
    parsed = _parse(address or "")
    return parsed is not None and any(parsed in network for network in _networks(tuple(networks)))


def client_address(request: HttpRequest) -> str | None:
    """The nearest address that is not one of TRUSTED_PROXIES; X-Forwarded-For counts only behind those.

    None when the server was reached without an address (a Unix socket).
    """
    nearest = _parse(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while nearest is not None and forwarded and is_trusted(str(nearest)):
        previous = _parse(forwarded.pop())
        if previous is None:
            break  # entries further left cannot be trusted
        nearest = previous
    return None if nearest is None else str(nearest)


def address_group(address: str | None) -> str:
    """The unit to which limits apply: an IPv4 address, or the /64 network that one IPv6 client has."""
    parsed = _parse(address or "")
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, 64), strict=False))
    return str(parsed)
