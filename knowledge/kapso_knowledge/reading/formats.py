"""Which format a document has: by its media type, by its name, and in doubt by its first bytes."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Literal

Format = Literal["markdown", "html", "rst", "pdf", "notebook", "commit", "text", "code"]

_SUFFIXES: dict[str, Format] = {
    **dict.fromkeys(("md", "markdown", "mdx", "mkd", "qmd", "rmd", "myst"), "markdown"),
    **dict.fromkeys(("html", "htm", "xhtml", "shtml"), "html"),
    **dict.fromkeys(("rst", "rest"), "rst"),
    **dict.fromkeys(("txt", "text", "adoc", "asciidoc", "org", "tex", "pod"), "text"),
    **{"pdf": "pdf", "ipynb": "notebook"},
}
_LANGUAGES = {
    **dict.fromkeys("py pyi pyx pyw".split(), "python"),
    **dict.fromkeys("c h".split(), "c"),
    **dict.fromkeys("cc cpp cxx cu hh hpp hxx cuh inl".split(), "cpp"),
    **dict.fromkeys("js mjs cjs jsx".split(), "javascript"),
    **dict.fromkeys("ts mts cts".split(), "typescript"),
    **dict.fromkeys("kt kts".split(), "kotlin"),
    **dict.fromkeys("scala sc".split(), "scala"),
    **dict.fromkeys("sh bash zsh".split(), "bash"),
    **dict.fromkeys("ex exs".split(), "elixir"),
    **dict.fromkeys("f f90 f95 f03 for".split(), "fortran"),
    **dict.fromkeys("r".split(), "r"),
    **{"tsx": "tsx", "rs": "rust", "go": "go", "java": "java", "cs": "csharp", "swift": "swift"},
    **{"rb": "ruby", "php": "php", "hs": "haskell", "lua": "lua", "jl": "julia", "sql": "sql", "zig": "zig"},
}
_SETTINGS = {"toml": "toml", "yaml": "yaml", "yml": "yaml", "cfg": "ini", "ini": "ini", "mk": "make"}
_NAMES: dict[str, tuple[Format, str | None]] = {
    **dict.fromkeys(("makefile", "gnumakefile"), ("code", "make")),
    **dict.fromkeys(("dockerfile", "containerfile"), ("code", "dockerfile")),
    **{"cmakelists.txt": ("code", "cmake"), "go.mod": ("code", "go.mod"), "gemfile": ("code", "ruby")},
    **{"package.json": ("code", "json"), "cargo.toml": ("code", "toml")},
}
_PROSE_NAMES = re.compile(
    r"(?:readme|licen[cs]e|copying|notice|changes|changelog|history|news|authors|contributing|install|"
    r"security|todo|faq|hacking)\b[^.]*",
    re.IGNORECASE,
)
_ALIASES = {
    **dict.fromkeys(("py", "python3", "python2", "pycon", "ipython", "ipython3", "py3", "pypy"), "python"),
    **dict.fromkeys(("c++", "cxx", "cc", "cuda"), "cpp"),
    **dict.fromkeys(("sh", "shell", "console", "zsh", "shell-session", "terminal", "bash-session"), "bash"),
    **dict.fromkeys(("js", "jsx", "node", "mjs"), "javascript"),
    **{"ts": "typescript", "rs": "rust", "golang": "go", "rb": "ruby", "yml": "yaml", "c#": "csharp"},
    **{
        "cs": "csharp",
        "kt": "kotlin",
        "hs": "haskell",
        "jl": "julia",
        "postgres": "sql",
        "docker": "dockerfile",
    },
}
_MEDIA: tuple[tuple[str, Format], ...] = (
    ("text/html", "html"),
    ("application/xhtml", "html"),
    ("application/pdf", "pdf"),
    ("text/markdown", "markdown"),
    ("text/x-rst", "rst"),
    ("application/x-ipynb", "notebook"),
    ("text/x-commit", "commit"),
)


def language_of(path: str) -> str | None:
    """The programming language that a file's name tells, as ast-grep names it where it knows it."""
    pure = PurePosixPath(path.lower())
    if pure.name in _NAMES:
        return _NAMES[pure.name][1]
    suffix = pure.suffix[1:]
    return _LANGUAGES.get(suffix) or _SETTINGS.get(suffix)


def known_language(tag: str | None) -> str | None:
    """A code block's language tag (`py3`, `{code-block} python`, `.lang-c++`) under our name for it."""
    words = re.findall(r"[\w+#.-]+", (tag or "").lower())
    words = [word for word in words if word not in ("code", "code-block", "sourcecode", "highlight")]
    if not words:
        return None
    word = words[0].lstrip(".").removeprefix("language-").removeprefix("lang-").removeprefix("highlight-")
    if word in ("text", "none", "default", "output", "plaintext", "plain", "txt", "log", "literal", "source"):
        return None
    return _ALIASES.get(word, word) or None


def guessed_language(code: str) -> str | None:
    """The language of an untagged block, where a prompt betrays it."""
    start = code.lstrip()
    if start.startswith((">>> ", "In [")):
        return "python"
    return "bash" if start.startswith(("$ ", "% ", "# apt", "pip install", "#!/bin/")) else None


def format_by_name(path: str) -> Format | None:
    """The format of a file of this name; None where it tells nothing, or something that is not read."""
    pure = PurePosixPath(path)
    name, suffix = pure.name.lower(), pure.suffix.lower()[1:]
    if name in _NAMES:
        return _NAMES[name][0]
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if suffix in _LANGUAGES or suffix in _SETTINGS:
        return "code"
    return "text" if _PROSE_NAMES.fullmatch(pure.name) else None


def format_of(path: str, media: str | None, content: bytes) -> Format | None:
    """The format of a document; None for what is not read here (a picture, an archive, a program)."""
    if content[:1024].lstrip().startswith(b"%PDF-"):
        return "pdf"
    kind = (media or "").split(";")[0].strip().lower()
    told = next((name for prefix, name in _MEDIA if kind.startswith(prefix)), None)
    if told or (told := format_by_name(path)):
        return told
    start = content[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")) or b"<body" in start:
        return "html"
    if kind.startswith(("image/", "audio/", "video/", "font/")):
        return None
    if kind.startswith("text/") or not _is_binary(content):
        return "text"
    return None


def _is_binary(content: bytes) -> bool:
    start = content[:8192]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    return b"\0" in start
