"""Which kind a node is, by rules: what its headings promise, what its words do, what form it has."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kapso_knowledge.nodes import KINDS, Kind
from kapso_knowledge.reading.document import Document, Passage
from kapso_knowledge.reading.formats import language_of


def _words(alternatives: str) -> re.Pattern[str]:
    """A pattern of whole words, which are written here in lower case, with ` | ` between them."""
    return re.compile(rf"\b(?:{'|'.join(alternatives.split(' | '))})\b")


_HEADINGS: Mapping[Kind, re.Pattern[str]] = {
    "workflow": _words(
        r"how[ -]to | tutorial | quick ?start | getting started | install(?:ing|ation)? | set ?up | steps?"
        r" | guide | workflow | walk-?through | recipes? | building | deploy\w* | migrat\w* | upgrading"
    ),
    "environment": _words(
        r"requirements? | compatib\w+ | supported | versions? | platforms? | prerequisites? | dependenc\w+"
        r" | system | licen[cs]\w+ | limits? | limitations? | hardware | environment | python \d"
    ),
    "principle": _words(
        r"why | how (?:it|this|does) | theory | background | concepts? | design | rationale | overview"
        r" | models? | introduction | principles? | architecture | internals? | complexity | definition"
        r" | what is | understanding | algorithms?"
    ),
    "heuristic": _words(
        r"tips? | best practices? | performance | pitfalls? | gotchas? | faq | troubleshooting | recommend\w+"
        r" | guidelines? | caveats? | warnings? | optimi[sz]\w+ | tuning | faster | speed\w* | avoid\w*"
        r" | when to | choosing | instead | common (?:mistakes|errors) | do and don'?t | advice"
    ),
    "implementation": _words(
        r"examples? | api | reference | code | implementation | snippets? | class | function | method"
    ),
}
_ADVICE = _words(
    r"should | avoid | prefer | instead of | rather than | faster | slower | speed ?up | recommend\w* | never"
    r" | always | consider | best to | tends? to | beware | careful | pays? off | worth | cheaper | expensive"
    r" | try to | better to | don'?t"
)
_CONDITION = re.compile(
    r"(?:>=|<=|==|~=)\s*\d"
    r"|\b(?:requires?|supports?|needs?|works? with|tested on|compatible with|available (?:on|for))\b.{0,40}?"
    r"\b(?:python|linux|windows|macos|cuda|gpu|gcc|clang|version|\d+\.\d+|gb|cores?)\b"
    r"|\b\d+(?:\.\d+)? ?(?:gb|gib|mb|mib|tb)\b|\blicen[cs]e[ds]?\b|\bversion \d"
)
_STEPS = re.compile(
    r"(?:^|[.;:]\s+)(?:first|then|next|finally|afterwards|step \d)\b|^\s*(?:\d+[.)]|\$) ", re.MULTILINE
)
_REASON = re.compile(
    r"\b(?:because|therefore|since|means that|is defined|follows|guarantee\w*|complexity|theorem)\b"
    r"|\b(?:represents?|consists? of|is called|refers to|by definition|the reason)\b|\bo\("
)
_CONDITIONS_FILES = re.compile(
    r"(?:requirements[\w.-]*\.(?:txt|in)|constraints\.txt|pyproject\.toml|setup\.cfg|environment\.ya?ml|dockerfile|"
    r"containerfile|package\.json|cargo\.toml|go\.mod|gemfile|tox\.ini|runtime\.txt|licen[cs]e.*|copying.*|"
    r"notice.*|cmakelists\.txt|pipfile)",
    re.IGNORECASE,
)

_CHANGES = re.compile(
    r"(?:.*/)?(?:change(?:s|log)?|history|news|release|whats_?new|what-s-new|v?\d+[._]\d+)", re.I
)
_CHANGE_LOG = re.compile(r"\b(?:change ?log|release notes|what.?s new)\b|^v(?:ersion )?\d+\.\d", re.I)


def kind_of(document: Document, group: list[Passage], name: str) -> Kind:
    """The kind with the most signs; `principle` (it says how something is) where there are none."""
    told = document.front.get("kind")
    if told in KINDS and any(passage.form != "code" for passage in group):
        return told  # type: ignore[no-any-return]
    if _CONDITIONS_FILES.fullmatch(name) or _is_change_log(name, group[0]):
        return "environment"
    if language_of(name) is not None and group[0].form == "code":
        return "implementation"
    signs = _signs(group)
    best = max(signs, key=lambda kind: signs[kind])
    return best if signs[best] > 0 else "principle"


def _is_change_log(name: str, passage: Passage) -> bool:
    """Whether it says what which version has."""
    headings = " ".join(passage.place.section[:2])
    return bool(_CHANGES.match(name) or _CHANGES.match(passage.place.path) or _CHANGE_LOG.search(headings))


def _signs(group: list[Passage]) -> dict[Kind, float]:
    prose = "\n".join(passage.text for passage in group if passage.form != "code").lower()
    code = sum(len(passage.text) for passage in group if passage.form == "code")
    words = max(len(prose.split()), 20)
    per_hundred = 100 / words
    signs: dict[Kind, float] = {
        "heuristic": len(_ADVICE.findall(prose)) * per_hundred,
        "environment": len(_CONDITION.findall(prose)) * per_hundred * 1.5,
        "workflow": len(_STEPS.findall(prose)) * per_hundred * 0.7,
        "implementation": 4 * code / (code + len(prose) + 1),
        "principle": 0.5 + len(_REASON.findall(prose)) * per_hundred * 0.7,
    }
    if any(passage.form == "steps" for passage in group):
        signs["workflow"] += 2.5
    if any(passage.language == "bash" for passage in group):
        signs["workflow"] += 1.5
    section = group[0].place.section
    for heading, weight in zip(reversed(section), (3.0, 1.0, 0.5), strict=False):
        for kind, pattern in _HEADINGS.items():
            if pattern.search(heading.lower()):
                signs[kind] += weight
    return signs
