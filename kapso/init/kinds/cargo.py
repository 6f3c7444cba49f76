"""Rust with cargo: built for release, with the crates fetched once by `setup`."""

from __future__ import annotations

import tomllib
from typing import Any

from kapso.init.folder import Folder, is_test
from kapso.init.program import Program


def look(folder: Folder) -> list[Program]:
    if not folder.has("Cargo.toml"):
        return []
    try:
        manifest = tomllib.loads(folder.text("Cargo.toml"))
    except tomllib.TOMLDecodeError:
        return []
    package = manifest.get("package", {})
    sources = [name for name in folder.ending(".rs") if not is_test(name) and not _is_aside(name)]
    needs_crates = bool(manifest.get("dependencies") or manifest.get("build-dependencies"))
    offline = " --offline" if needs_crates else ""
    has_tests = any("#[test]" in folder.text(name) for name in folder.ending(".rs"))
    return [
        Program(
            kind="Rust program with cargo",
            main=binary,
            edit=folder.patterns(sources),
            build_files=folder.patterns(["Cargo.toml"]),
            run=f"./target/release/{binary}",
            setup="CARGO_HOME=$PWD/.cargo-home cargo fetch" if needs_crates else "",
            build=_with_home(f"cargo build --release --quiet{offline}", needs_crates),
            keep=("target/",),
            suite=_with_home(f"cargo test --release --quiet{offline}", needs_crates) if has_tests else "",
            tools=("cargo",),
            about=str(package.get("description", "")),
        )
        for binary in _binaries(folder, manifest, str(package.get("name", "")))
    ]


def _with_home(command: str, needs_crates: bool) -> str:
    """Without network, the crates are where `setup` has put them."""
    return f"CARGO_HOME=$PWD/.cargo-home {command}" if needs_crates else command


def _binaries(folder: Folder, manifest: dict[str, Any], name: str) -> list[str]:
    named = [str(each["name"]) for each in manifest.get("bin", []) if "name" in each]
    if not named and folder.has("src/main.rs"):
        named = [name]
    return [each for each in named if each]


def _is_aside(name: str) -> bool:
    return name.split("/")[0] in {"benches", "examples"} or name == "build.rs"
