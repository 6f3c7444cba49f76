"""The goal's public names, and that importing them loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import kapso.goal


def test_the_public_names_are_sorted_and_exist() -> None:
    names = kapso.goal.__all__
    assert sorted(names) == names
    assert all(hasattr(kapso.goal, name) for name in names)


def test_importing_loads_no_reader_of_yaml_or_patterns() -> None:
    heavy = "{'ruamel', 'pathspec', 'pydantic', 'pygit2'}"
    code = f"import sys, kapso.goal; print(sorted({heavy} & {{name.split('.')[0] for name in sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
