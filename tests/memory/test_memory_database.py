"""Files that are held, corrupt, foreign or newer, and folders that cannot be written."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from kapso.errors import MachineError
from kapso.memory import Episode, Episodes

MakeEpisode = Callable[..., Episode]

ROOT = Path(__file__).parents[2]

HOLDER = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


@contextmanager
def held_by_another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout and holder.stdin
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.stdin.close()


def test_a_file_that_is_held_for_too_long_names_the_holder(log: Episodes, make_episode: MakeEpisode) -> None:
    log.record([make_episode(0)])
    path = log.database.path
    assert path is not None
    impatient = Episodes(path, patience_s=0.3)
    with held_by_another_process(path) as holder:
        with pytest.raises(MachineError, match=rf"\(pid {holder.pid}\)") as caught:
            impatient.attempts("pack-3f9a")
        assert caught.value.help and "git has every attempt" in caught.value.help
        with pytest.raises(MachineError):
            impatient.record([make_episode(1)])
    assert len(log.attempts("pack-3f9a")) == 1


def test_a_file_that_is_held_for_a_moment_is_waited_for(log: Episodes, make_episode: MakeEpisode) -> None:
    log.record([make_episode(0)])
    assert log.database.path is not None
    with held_by_another_process(log.database.path) as holder:
        assert holder.stdin
        threading.Timer(0.3, holder.stdin.close).start()
        started = time.monotonic()
        assert len(log.attempts("pack-3f9a")) == 1
        assert time.monotonic() - started > 0.1


def test_writers_and_readers_in_many_processes_lose_nothing(log: Episodes, make_episode: MakeEpisode) -> None:
    log.record([make_episode(0)])
    program = (
        "import sys; from pathlib import Path; from dataclasses import replace\n"
        "from kapso.memory import Episodes; log = Episodes(Path(sys.argv[1]))\n"
        "first = log.episode('pack-3f9a', 0); base = int(sys.argv[2])\n"
        "for n in range(base, base + 5):\n"
        "    log.record([replace(first, attempt=replace(first.attempt, number=n))])\n"
        "    assert log.attempts('pack-3f9a')"
    )
    command = [sys.executable, "-c", program, str(log.database.path)]
    writers = [subprocess.Popen([*command, str(base)], cwd=ROOT) for base in (100, 200)]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert len(log.attempts("pack-3f9a")) == 11


def foreign(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE birds (name VARCHAR)")


def newer(path: Path) -> None:
    Episodes(path).record([])
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE kapso_schema SET version = 999")


def rotten(path: Path) -> None:
    Episodes(path).record([])
    content = bytearray(path.read_bytes())
    content[12288:] = b"\xa5" * (len(content) - 12288)
    path.write_bytes(content)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.write_bytes(b"not a database" * 999), id="garbage"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(rotten, id="rotten"),
        pytest.param(foreign, id="foreign"),
        pytest.param(newer, id="newer"),
    ],
)
@pytest.mark.parametrize("reads_first", [True, False])
def test_a_file_that_cannot_be_used_is_set_aside(
    spoil: Callable[[Path], object],
    reads_first: bool,
    tmp_path: Path,
    make_episode: MakeEpisode,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "kapso.duckdb"
    spoil(path)
    spoilt = path.read_bytes()
    log = Episodes(path)
    if reads_first:
        assert log.attempts("pack-3f9a") == []
    log.record([make_episode(0)])
    assert len(log.attempts("pack-3f9a")) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and "kapso.duckdb.set-aside" in message and "rebuilt from git" in message
    assert (tmp_path / "kapso.duckdb.set-aside").read_bytes() == spoilt


def test_a_folder_that_cannot_be_made_is_the_machines_fault(
    tmp_path: Path, make_episode: MakeEpisode
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(MachineError, match="cannot create"):
        Episodes(tmp_path / "state" / "kapso.duckdb").record([make_episode(0)])


def test_a_folder_that_cannot_be_looked_into_is_told_of_with_its_remedy(tmp_path: Path) -> None:
    file = tmp_path / ("x" * 300) / "kapso.duckdb"  # no name may be so long; a lack of rights ends alike
    with pytest.raises(MachineError, match="cannot look into") as told:
        Episodes(file).overview()
    assert told.value.slug == "state-folder" and told.value.help
