"""Trust boundary: which machines may be asked. What counts is the address that is connected to.

A page can name any host, and a host's name can lead anywhere, also elsewhere the next time. So a name is
resolved once, what is private is taken out, and the connection goes to what is left.
"""

from __future__ import annotations

import ipaddress
import socket

from kapso_knowledge.net.outcome import Unfetched

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")


def is_public(address: str) -> bool:
    """Whether `address` is on the open internet, also by what it embeds (`::ffff:127.0.0.1`, NAT64, 6to4)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return all(each.is_global and not each.is_multicast and not each.is_reserved for each in _reached(ip))


def _reached(ip: _Address) -> list[_Address]:
    """What a packet to `ip` may end up at: the address, or the IPv4 addresses within it."""
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    if ip.ipv4_mapped:
        return [ip.ipv4_mapped]
    if any(ip in network for network in _NAT64):
        return [ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)]
    if ip in _COMPATIBLE and int(ip) > 1:
        return [ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)]
    if ip.sixtofour:
        return [ip.sixtofour]
    if ip.teredo:
        return [ip, *ip.teredo]
    return [ip]


def resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The addresses of `host` that may be connected to, in the resolver's order.

    Raises Unfetched when there is none, or when all are private; OSError when the resolver fails for now.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise OSError(f"the address of `{host}` cannot be looked up now") from error
        raise Unfetched(f"no such host: `{host}`") from error
    except UnicodeError as error:
        raise Unfetched(f"`{host}` is no name of a host") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    allowed = [each for each in addresses if allow_private or is_public(each)]
    if not allowed:
        raise Unfetched(f"`{host}` is a private address ({addresses[0]}); `--allow-private` lets it be asked")
    return allowed
