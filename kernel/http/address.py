"""The client's address: the one helper for throttling, lock-out, records and logs."""

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


@lru_cache(maxsize=1)
def _networks(declared: tuple[str, ...]):
    return tuple(ip_network(text, strict=False) for text in declared)


def _parse(text: str):
    try:
        found = ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def is_trusted(address: str) -> bool:
    """The address is one of TRUSTED_PROXIES."""
    found = _parse(address)
    return found is not None and any(found in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


def client_address(request: HttpRequest) -> str | None:
    """The nearest address that is not one of TRUSTED_PROXIES; X-Forwarded-For counts only behind those.

    None when the server was reached without an address (a Unix socket).
    """
    found = _parse(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while found is not None and forwarded and is_trusted(str(found)):
        further = _parse(forwarded.pop())
        if further is None:
            break  # what stands further left cannot be believed
        found = further
    return None if found is None else str(found)


def address_group(address: str | None) -> str:
    """What counts as one place for limits: an IPv4 address, or the /64 network that one IPv6 client owns."""
    found = _parse(address or "")
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, 64), strict=False))
    return str(found)
