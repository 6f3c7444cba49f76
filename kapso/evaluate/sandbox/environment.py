"""The environment of commands: what all of them get, and what `setup` gets to reach package indexes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_LOCALE = re.compile(r"LANG|LANGUAGE|LC_[A-Z]+|TZ")

_INDEXES = re.compile(
    r"(?i:https?|ftp|all|no)_(?i:proxy)|(PIP|UV|CARGO)_\w+|(npm_config|NPM_CONFIG)_\w+"
    r"|GO(PROXY|PRIVATE|NOSUMDB|NOPROXY|SUMDB)|SSL_CERT_(FILE|DIR)"
    r"|(REQUESTS_CA|CURL_CA)_BUNDLE|NODE_EXTRA_CA_CERTS|GIT_SSL_CAINFO"
)
_FOLDERS_THAT_ARE_NOT_THERE = re.compile(
    r"(?i:\w+_cache(_dir)?)|CARGO_(HOME|TARGET_DIR|INSTALL_ROOT)|(?i:npm_config_prefix)"
    r"|UV_(PROJECT_ENVIRONMENT|PYTHON_BIN_DIR|PYTHON_INSTALL_DIR|TOOL_BIN_DIR|TOOL_DIR)"
)
_SETTINGS_FILES = {
    "PIP_CONFIG_FILE": (".config/pip/pip.conf", ".pip/pip.conf"),
    "UV_CONFIG_FILE": (".config/uv/uv.toml",),
    "NPM_CONFIG_USERCONFIG": (".npmrc",),
}


def locale_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's language and time zone; UTF-8 where no language is set."""
    found = {name: value for name, value in environ.items() if _LOCALE.fullmatch(name)}
    return found or {"LANG": "C.UTF-8"}


def index_variables(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """What tells installers where packages come from: proxies, certificates, settings of pip, uv and so on.

    Variables that name a cache or a target are left out, since these folders are not there inside.
    """
    found = {
        name: value
        for name, value in environ.items()
        if _INDEXES.fullmatch(name) and not _FOLDERS_THAT_ARE_NOT_THERE.fullmatch(name)
    }
    for name, places in _SETTINGS_FILES.items():
        for place in places:
            if (home / place).is_file():
                found.setdefault(name, str(home / place))
    return found


def paths_in(variables: Mapping[str, str]) -> set[Path]:
    """The files and folders that the values of `variables` name."""
    words = (word for value in variables.values() for word in value.split())
    return {Path(word) for word in words if word.startswith("/") and Path(word).exists()}
