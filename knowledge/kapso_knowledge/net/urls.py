"""Addresses as text: one spelling for each, and none that tells a secret."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from kapso_knowledge.net.outcome import Unfetched

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_TRACKING = re.compile(r"(utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|igshid|ref_src)$", re.I)
_SESSION = re.compile(r"(jsessionid|phpsessid|aspsessionid\w*|sid|session_?id)$", re.I)
_SECRET = re.compile(r"(key|token|secret|signature|sig|password|passwd|pwd|auth|credential)s?$", re.I)
_KEPT = "!$&'()*+,;=:@/~%-._"  # what quoting leaves in a path; `%` because it is quoted already


def normal(url: str, base: str | None = None) -> str:
    """The one spelling of `url` (relative to `base`): no fragment, no default port, nothing that only tracks.

    Raises Unfetched for what is no http(s) address, or carries a name and password.
    """
    parts = _split(url.strip(), base)
    host, port = _host(parts), parts.port
    netloc = host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
    path = re.sub(r";jsessionid=[^/?#]*", "", parts.path, flags=re.I)
    path = quote(path, safe=_KEPT) or "/"
    return urlunsplit((parts.scheme, netloc, path, _query(parts.query), ""))


def _split(url: str, base: str | None) -> SplitResult:
    if re.search(r"[\s\\\x00-\x1f\x7f]", url):
        raise Unfetched("not an address: it holds blanks, backslashes or control characters")
    try:
        parts = urlsplit(urljoin(base, url) if base else url)
        parts.port  # noqa: B018  it is read when it is asked for
    except ValueError as error:
        raise Unfetched(f"not an address: {error}") from error
    if parts.scheme not in _PORTS:
        raise Unfetched(f"`{parts.scheme or url[:40]}` is not http or https")
    if parts.username is not None or parts.password is not None:
        raise Unfetched("an address with a name and password is not taken: it would be kept in the library")
    return parts


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host:
        raise Unfetched("not an address: it names no host")
    if ":" in host:
        return f"[{host}]"
    try:
        name = host if host.isascii() else host.encode("idna").decode().lower()
    except UnicodeError:
        name = ""
    if not _HOST.fullmatch(name):
        raise Unfetched(f"not an address: `{host}` is no name of a host")
    return name


def _query(query: str) -> str:
    """As written, without what only tracks or names a session."""
    fields = (field for field in query.split("&") if field)
    names = ((field, field.partition("=")[0]) for field in fields)
    kept = (field for field, name in names if not _TRACKING.match(name) and not _SESSION.match(name))
    return quote("&".join(kept), safe=_KEPT + "?")


def shown(url: str) -> str:
    """`url` as it may stand in messages, names and the library: what looks like a secret is `…`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "…"  # no address, so nobody knows what is secret in it
    netloc = parts.netloc.rpartition("@")[2]
    fields = parse_qsl(parts.query, keep_blank_values=True)
    if any(_SECRET.search(name) for name, _ in fields):
        query = "&".join(
            f"{quote(name)}=…" if _SECRET.search(name) else urlencode({name: value}) for name, value in fields
        )
    else:
        query = parts.query
    return urlunsplit((parts.scheme, netloc, parts.path, query, parts.fragment))


def host_of(url: str) -> str:
    """The host and port that `url` leads to, by which servers are told apart."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()
