"""Which addresses another house's system may have.  Pure.

A name that is set here, or what a name server says of it, must not lead into our own network: to a database, to the
machine itself, to a cloud's account of secrets at 169.254.169.254.  The ranges are those of the IANA registries of
special-purpose addresses (RFC 6890 and its updates).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# A house's own system may be there, if it is named in CONNECTOR_ALLOW.
_OWN_4 = [IPv4Network(net) for net in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
_OWN_6 = [IPv6Network("::1/128"), IPv6Network("fc00::/7")]
# Nobody's system is there, whatever is allowed.
_NEVER_4 = [
    IPv4Network(net)
    for net in (
        *("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
]
_METADATA_6 = IPv6Network("fd00:ec2::/32")  # a cloud's account of secrets, inside the private range
_GLOBAL_6 = IPv6Network("2000::/3")
_NEVER_6 = [IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "3fff::/20")]  # Teredo, ORCHID, examples

_MAPPED = IPv6Network("::ffff:0:0/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")
_ISATAP = (0x00005EFE, 0x02005EFE)

_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?", re.IGNORECASE)


def why_barred(address: str, *, own: bool = False) -> str | None:
    """Why we do not connect to this address, in a few words; None if we may.  `own`: private ones are allowed."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "not an address"
    if isinstance(parsed, IPv4Address):
        return _why_4(parsed, own)
    if not any(parsed in net for net in _OWN_6):  # `::1` is written like an embedded 0.0.0.1
        for embedded in _embedded(parsed):
            if why := _why_4(embedded, own):
                return f"{why}, embedded"
    return _why_6(parsed, own)


def why_odd(host: str) -> str | None:
    """Why a host as written is refused before anybody looks it up.

    `2130706433`, `0x7f.1` and `0177.0.0.1` are 127.0.0.1 to the C library: no honest setting is written so.
    """
    if ":" in host:
        return None  # an IPv6 address, which is judged as one
    if not _NAME.fullmatch(host) or len(host) > 253:
        return "not a host name"
    if _NUMERIC.fullmatch(host.rstrip(".").rpartition(".")[2]) and not _canonical(host):
        return "an address in an odd spelling"
    return None


def is_address(host: str) -> bool:
    return ":" in host or _canonical(host)


def _canonical(host: str) -> bool:
    try:
        return str(IPv4Address(host)) == host
    except ValueError:
        return False


def _why_4(address: IPv4Address, own: bool) -> str | None:
    if any(address in net for net in _NEVER_4):
        return "an address of no host"
    if not own and any(address in net for net in _OWN_4):
        return "a private address"
    return None


def _why_6(address: IPv6Address, own: bool) -> str | None:
    if any(address in net for net in (_MAPPED, _NAT64)):
        return None  # judged by what is inside
    if any(address in net for net in _OWN_6):
        return None if own and address not in _METADATA_6 else "a private address"
    if address not in _GLOBAL_6 or any(address in net for net in _NEVER_6):
        return "an address of no host"
    return None


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses to which packets for this one may be turned."""
    number = int(address)
    if any(address in net for net in (_MAPPED, _TRANSLATED, _COMPATIBLE, _NAT64)):
        yield IPv4Address(number & 0xFFFFFFFF)
    if address in _6TO4:
        yield IPv4Address(number >> 80 & 0xFFFFFFFF)
    if number >> 32 & 0xFFFFFFFF in _ISATAP:
        yield IPv4Address(number & 0xFFFFFFFF)
