"""robots.txt, after the rules and examples of RFC 9309."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from kapso_knowledge.net.client import Client
from kapso_knowledge.net.outcome import Unfetched
from kapso_knowledge.net.robots import RobotsOf, parse
from tests.knowledge.net.site import Answer, Site, html

SITE = "https://example.org"


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Disallow: /a", "/b", True),
        ("Disallow: /a", "/abc", False),
        ("Disallow:", "/a", True),
        ("Disallow: /", "/robots", False),
        ("Disallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("Allow: /a\nDisallow: /a", "/a", True),
        ("Disallow: /*.php$", "/x/index.php", False),
        ("Disallow: /*.php$", "/x/index.php?a=1", True),
        ("Disallow: /*.php", "/x/index.php5", False),
        ("Disallow: /a*b*c", "/a-x-b-y-c-z", False),
        ("Disallow: /a*b*c", "/a-x-c", True),
        ("Disallow: /*?", "/a?b=1", False),
        ("Disallow: /%7eada", "/~ada/x", False),
        ("Disallow: /a%2Fb", "/a/b", True),
        ("Disallow: /a # why", "/a", False),
        ("nonsense\nDisallow: /a", "/a", False),
        ("Disallow: /fish$", "/fish", False),
        ("Disallow: /fish$", "/fishing", True),
    ],
)
def test_the_longest_rule_decides(rules: str, path: str, allowed: bool) -> None:
    robots = parse(f"User-agent: *\n{rules}\n", "kapso")
    assert robots.allows(SITE + path) is allowed


def test_the_own_groups_count_together_and_alone() -> None:
    robots = parse(
        "User-agent: *\nDisallow: /\n\nUser-agent: Other\nUser-agent: KAPSO\nDisallow: /a\nCrawl-delay: 2.5\n"
        "User-agent: kapso\nDisallow: /b\n\nSitemap: https://example.org/map.xml\n",
        "kapso",
    )
    assert [robots.allows(f"{SITE}/{path}") for path in "abc"] == [False, False, True]
    assert robots.delay_s == 2.5
    assert robots.sitemaps == ["https://example.org/map.xml"]


@settings(deadline=None, max_examples=300)
@given(some.text(alphabet="abc*$", max_size=10), some.text(alphabet="abc", max_size=12))
def test_a_rule_matches_as_the_pattern_that_it_is(rule: str, path: str) -> None:
    stars = rule.removesuffix("$").split("*")
    pattern = ".*".join(map(re.escape, stars)) + (r"\Z" if rule.endswith("$") else "")
    robots = parse(f"User-agent: *\nDisallow: /{rule}\n", "kapso")
    assert robots.allows(f"{SITE}/{path}") is (re.match(pattern, path) is None)


def test_a_hostile_rule_costs_no_time() -> None:
    rule = "/" + "a*" * 2_000 + "b$"
    robots = parse(f"User-agent: *\nDisallow: {rule}\n" * 20, "kapso")
    start = time.process_time()
    assert robots.allows(f"{SITE}/{'a' * 10_000}")
    assert time.process_time() - start < 2


def test_none_allows_all_and_a_broken_one_nothing(site: Site, client: Client) -> None:
    assert RobotsOf(client).why_not(f"{site.url}/a") is None
    site.pages["/robots.txt"] = Answer("", 500)
    assert (
        RobotsOf(client).why_not(f"{site.url}/a") == "its robots.txt cannot be read: it cannot answer (500)"
    )
    with pytest.raises(Unfetched):
        RobotsOf(client).of(f"{site.url}/a")


def test_it_is_asked_for_once(site: Site, client: Client) -> None:
    site.pages["/robots.txt"] = html("User-agent: *\nDisallow: /private\n")
    robots = RobotsOf(client)
    assert [robots.why_not(f"{site.url}/{path}") for path in ("a", "private/b")] == [
        None,
        "robots.txt forbids it",
    ]
    assert len(site.asked) == 1
