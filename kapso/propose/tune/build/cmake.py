"""Flags in CMakeLists.txt: the flag variables, compile options, and the type of build."""

from __future__ import annotations

import re
from collections import defaultdict

from kapso.propose.tune.build.flags import C, FlagList, switches
from kapso.propose.tune.build.variables import Variable, flags_of_variables
from kapso.propose.tune.markers import Marker
from kapso.propose.tune.slots import CONFIGURED, Place, Slot, Value, make_switch

_SET = re.compile(
    r"^[ \t]*set\s*\(\s*(?P<name>CMAKE_(?:C|CXX|Fortran)_FLAGS\w*)\s+"
    r'(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s")]+))',
    re.MULTILINE | re.IGNORECASE,
)
_OPTIONS = re.compile(
    r"^[ \t]*(?:add_compile_options\s*\(|target_compile_options\s*\(\s*\S+\s+(?:PRIVATE|PUBLIC|INTERFACE))"
    r"(?P<flags>[^()]*)\)",
    re.MULTILINE | re.IGNORECASE,
)
_BUILD_TYPE = re.compile(
    r'^[ \t]*set\s*\(\s*CMAKE_BUILD_TYPE\s+(?P<type>"\w*"|\w+)', re.MULTILINE | re.IGNORECASE
)
_PROJECT = re.compile(r"^[ \t]*project\s*\([^()]*\)", re.MULTILINE | re.IGNORECASE)
_TYPES = ("Release", "RelWithDebInfo", "MinSizeRel")
NO_TYPE = "none"


def find_flags(text: str, markers: list[Marker]) -> list[Slot]:
    """The type of build, then the switches of the flags; without any flags, options of their own."""
    marked = {marker.line for marker in markers}
    lists: dict[str, list[Variable]] = defaultdict(list)
    for match in _SET.finditer(text):
        part = "quoted" if match["quoted"] is not None else "bare"
        start, end = match.span(part)
        flags = FlagList(start, end, start + len(match[part].rstrip()), can_grow=part == "quoted")
        if text.count("\n", 0, end) + 1 not in marked:
            lists[match["name"]].append(Variable(match["name"], "", flags))
    slots = [*_build_type(text, marked), *flags_of_variables(text, lists)]
    options = [
        FlagList(m.start("flags"), m.end("flags"), m.start("flags") + len(m["flags"].rstrip()))
        for m in _OPTIONS.finditer(text)
        if text.count("\n", 0, m.end()) + 1 not in marked
    ]
    if any(variable.is_for_speed for assigned in lists.values() for variable in assigned):
        return slots
    if not options and not _OPTIONS.search(text):
        options = _alone(text)
    return slots + (switches(text, "compile_options", options, C) if options else [])


def _build_type(text: str, marked: set[int]) -> list[Slot]:
    found = list(_BUILD_TYPE.finditer(text))
    if any(text.count("\n", 0, match.end()) + 1 in marked for match in found):
        return []
    if found:
        value: Value = found[-1]["type"].strip('"') or NO_TYPE
        places = [Place(*match.span("type"), {NO_TYPE: '""'}) for match in found]
        return [make_switch("CMAKE_BUILD_TYPE", value, _TYPES, places, CONFIGURED)]
    project = _PROJECT.search(text)
    if project is None or "CMAKE_BUILD_TYPE" in text:
        return []
    texts: dict[Value, str] = {type_: f"\nset(CMAKE_BUILD_TYPE {type_})" for type_ in _TYPES}
    place = Place(project.end(), project.end(), texts)
    return [make_switch("CMAKE_BUILD_TYPE", NO_TYPE, _TYPES, [place], CONFIGURED)]


def _alone(text: str) -> list[FlagList]:
    """For a project without options: each on a line of its own behind `project(…)`."""
    project = _PROJECT.search(text)
    at = project.end() if project is not None else 0
    return [FlagList(at, at, at, added="\nadd_compile_options({})")] if project is not None else []
