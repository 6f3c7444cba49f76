"""The release profile of Cargo.toml: how `cargo build --release` optimises.

Only where a package or a workspace stands, as Cargo ignores profiles elsewhere. A setting that is not
there has the value that Cargo gives it, and is written under `[profile.release]` when it takes another.
"""

from __future__ import annotations

from collections.abc import Mapping

from kapso.propose.tune.markers import Marker
from kapso.propose.tune.slots import CONFIGURED, LOCAL, Place, Slot, Value, make_switch
from kapso.propose.tune.toml import Document, read_document

_PROFILE = ("profile", "release")
# Of each setting: what Cargo takes when it is not there, what it may be, how likely it helps.
_SETTINGS: Mapping[str, tuple[str, tuple[str, ...], int]] = {
    "opt-level": ("3", ("3", "2", '"s"', "1", "0"), CONFIGURED),
    "lto": ("false", ('"fat"', '"thin"', "false"), CONFIGURED),
    "codegen-units": ("16", ("1", "16"), CONFIGURED),
    "panic": ('"unwind"', ('"abort"', '"unwind"'), LOCAL),
    "debug-assertions": ("false", ("false",), LOCAL),
    "overflow-checks": ("false", ("false",), LOCAL),
    "incremental": ("false", ("false",), LOCAL),
}
_ONLY_WHERE_SET = {"debug-assertions", "overflow-checks", "incremental"}


def find_flags(text: str, markers: list[Marker]) -> list[Slot]:
    """The switches of the release profile."""
    document = read_document(text)
    if document is None or not {("package",), ("workspace",)} & set(document.headers):
        return []
    marked = {marker.line for marker in markers}
    # Spelt with dotted keys or as an inline table, the profile cannot have a header as well.
    is_there = any(entry.keys[:2] == _PROFILE for entry in document.entries)
    can_grow = _PROFILE in document.headers or not is_there
    slots: list[Slot] = []
    for key, (usual, options, tier) in _SETTINGS.items():
        entry = next((e for e in document.entries if e.keys == (*_PROFILE, key)), None)
        if entry is None and (key in _ONLY_WHERE_SET or not can_grow):
            continue
        if entry is not None and text.count("\n", 0, entry.end) + 1 in marked:
            continue
        value = text[entry.start : entry.end] if entry is not None else usual
        place = (
            Place(entry.start, entry.end, {}) if entry is not None else _absent(text, document, key, options)
        )
        if len({value, *options}) > 1:
            slots.append(make_switch(f"profile.release.{key}", value, options, [place], tier))
    return slots


def _absent(text: str, document: Document, key: str, options: tuple[str, ...]) -> Place:
    """Behind the header of the profile, or at the end of the file under a header of its own."""
    at = document.headers.get(_PROFILE)
    if at is not None:
        return Place(at, at, {option: f"\n{key} = {option}" for option in options})
    header = ("" if text.endswith("\n") or not text else "\n") + "\n[profile.release]\n"
    texts: dict[Value, str] = {option: f"{key} = {option}\n" for option in options}
    return Place(len(text), len(text), texts, header)
