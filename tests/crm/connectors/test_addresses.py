from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.connectors.addresses import is_address, why_barred, why_odd

SPECIAL = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4"),
    "240.0.0.0/4",
]
SPECIAL_6 = ["::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "2001::/32", "100::/64"]


def within(nets: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(nets).flatmap(lambda net: st.ip_addresses(network=net)).map(str)


around = st.sampled_from([*map(IPv4Network, SPECIAL), *map(IPv6Network, SPECIAL_6)]).flatmap(
    lambda net: st.sampled_from([int(net[0]) - 1, int(net[0]), int(net[-1]), int(net[-1]) + 1]).map(
        lambda n: type(net[0])(max(n, 0) & ((1 << net.max_prefixlen) - 1))
    )
)
anywhere = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6), around).map(str)


@given(within(SPECIAL))
def test_every_address_of_a_special_range_is_barred(address: str) -> None:
    assert why_barred(address)


@given(within(SPECIAL_6))
def test_every_address_of_a_special_range_of_the_new_kind_is_barred(address: str) -> None:
    assert why_barred(address)
    assert why_barred(f"{address}%eth0")


@given(anywhere)
@settings(max_examples=200)
def test_what_is_let_through_is_the_worlds(address: str) -> None:
    """Held against Python's own list."""
    if why_barred(address) is None:
        parsed = ip_address(address)
        embedded = isinstance(parsed, IPv6Address) and parsed.ipv4_mapped
        assert (embedded or parsed).is_global
        assert not parsed.is_multicast


@given(st.one_of(within(SPECIAL), st.ip_addresses(v=4).map(str)), st.booleans())
@settings(max_examples=100)
def test_an_address_inside_another_is_judged_as_itself(address: str, own: bool) -> None:
    number = int(IPv4Address(address))
    mapped, nat64 = IPv6Address(0xFFFF << 32 | number), IPv6Address(int(IPv6Address("64:ff9b::")) | number)
    sixth = IPv6Address(0x2002 << 112 | number << 80 | 1)
    isatap = IPv6Address(int(IPv6Address("2606:4700::")) | 0x5EFE << 32 | number)
    for disguise in (mapped, nat64, sixth, isatap):
        assert (why_barred(str(disguise), own=own) is None) == (why_barred(address, own=own) is None)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "104.16.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_ordinary_addresses_are_let_through(address: str) -> None:
    assert why_barred(address) is None


def test_a_house_may_have_its_own_system_at_home_but_nobody_has_one_at_the_clouds_secrets() -> None:
    for address in ("127.0.0.1", "10.1.2.3", "192.168.1.9", "172.20.0.1", "100.64.0.7", "::1", "fd12::1"):
        assert why_barred(address) == "a private address"
        assert why_barred(address, own=True) is None
    for address in (
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fd00:ec2::254",
        "fe80::1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
    ):
        assert why_barred(address, own=True)


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.1", "127.0.0.01", "1.2.3.4.5"),
        *(
            "127.0.0.1.",
            "0x7F.0.0.1",
            "256.1.1.1",
            "a.0x1",
            "",
            "-",
            "a..b",
            ".a",
            "a b",
            "a/b",
            "a\\b",
            "a@b",
            "münchen.de",
        ),
        *("１２７.0.0.1", "127。0。0。1", "a%2e", "x" * 254),
    ],
)
def test_a_host_in_an_odd_spelling_is_refused_unseen(host: str) -> None:
    assert why_odd(host)


@pytest.mark.parametrize(
    "host", ["crm.example.org", "CRM-1.example.org.", "localhost", "10.0.0.1", "::1", "_x.example"]
)
def test_an_honest_spelling_is_not(host: str) -> None:
    assert why_odd(host) is None
    assert is_address(host) == (host in ("10.0.0.1", "::1"))
