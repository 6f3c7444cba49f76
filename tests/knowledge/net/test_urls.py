"""One spelling for each address, and no secret in any that is shown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from kapso_knowledge.net.outcome import Unfetched
from kapso_knowledge.net.urls import normal, shown


@pytest.mark.parametrize(
    ("url", "spelled"),
    [
        ("HTTP://Example.ORG:80", "http://example.org/"),
        ("https://example.org.:443/a#b", "https://example.org/a"),
        ("https://example.org:8443/a b".replace(" ", "%20"), "https://example.org:8443/a%20b"),
        ("https://exämple.org/ü?q=ü", "https://xn--exmple-cua.org/%C3%BC?q=%C3%BC"),
        ("https://example.org/?a=1&utm_source=x&gclid=2&sid=9&b=", "https://example.org/?a=1&b="),
        ("https://example.org/a;jsessionid=AB12?x=1", "https://example.org/a?x=1"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
    ],
)
def test_each_address_has_one_spelling(url: str, spelled: str) -> None:
    assert normal(url) == spelled
    assert normal(spelled) == spelled


def test_links_are_relative_to_their_page() -> None:
    assert normal("../b.html#x", "https://example.org/docs/a.html") == "https://example.org/b.html"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "`file` is not http or https"),
        ("javascript:alert(1)", "`javascript` is not http or https"),
        ("example.org/a", "is not http or https"),
        ("http://", "names no host"),
        ("http://example.org:99999/", "not an address"),
        ("http://exam\\ple.org/", "backslashes"),
        ("http://example.org/\r\nHost: x", "control characters"),
        ("http://[::1/", "not an address"),
        ("https://ada:hunter2@example.org/", "name and password"),
    ],
)
def test_what_is_no_address_is_refused(url: str, why: str) -> None:
    with pytest.raises(Unfetched, match=why) as failure:
        normal(url)
    assert "hunter2" not in failure.value.reason


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.org/x?api_key=hunter2&page=3", "https://a.org/x?api_key=…&page=3"),
        ("https://a.org/x?X-Amz-Signature=hunter2", "https://a.org/x?X-Amz-Signature=…"),
        ("https://ada:hunter2@a.org/x", "https://a.org/x"),
        ("https://a.org/x?keyword=fast&page=%20", "https://a.org/x?keyword=fast&page=%20"),
    ],
)
def test_secrets_are_not_shown(url: str, safe: str) -> None:
    assert shown(url) == safe


_STARTS = some.sampled_from(["http://", "https://", "HTTP://a.org/", "//", "/", "", "http://[::1]"])
_ENDS = some.text(alphabet="abz:/?#@[]%&=;.\\-_~19é…*$\u200b\0 \n", max_size=40)


@settings(deadline=None, max_examples=300)
@given(_STARTS, _ENDS)
def test_whatever_is_written_is_spelled_once_or_refused(start: str, end: str) -> None:
    try:
        spelled = normal(start + end, "https://example.org/a/b?c")
    except Unfetched:
        return
    assert normal(spelled) == spelled and spelled.isascii()
    assert shown(spelled)


def test_a_name_that_only_looks_like_one_is_refused() -> None:
    for url in ("http://…/", "http://a..b/", "http://a b/", "http://é\u3002/", "http://exa%6dple.org/"):
        with pytest.raises(Unfetched):
            normal(url)
