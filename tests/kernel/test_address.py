"""The client's address behind and beside trusted proxies."""

import pytest
from django.test import RequestFactory

from kernel.http.address import address_group, client_address, is_trusted


@pytest.mark.parametrize(
    ("remote", "forwarded", "found"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),  # forged by the client itself
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),  # the left part is the client's own invention
        ("10.0.0.1", "1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:198.51.100.7", "", "198.51.100.7"),
        ("10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("", "203.0.113.9", None),
    ],
)
def test_client_address(settings, remote, forwarded, found):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == found


def test_without_trusted_proxies_the_header_is_nothing(settings):
    settings.TRUSTED_PROXIES = []
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert client_address(request) == "10.0.0.1"
    assert not is_trusted("10.0.0.1")
    assert not is_trusted("")


def test_one_ipv6_client_is_one_place():
    assert address_group("2001:db8::1") == address_group("2001:db8::ffff") == "2001:db8::/64"
    assert address_group("2001:db8:0:1::1") != address_group("2001:db8::1")
    assert address_group("198.51.100.7") == "198.51.100.7"
    assert address_group(None) == "None"
