"""The proposer `agent` with scripts for agents: what they see, what of their work counts, how they end."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import Interrupted, UsageError
from kapso.propose.agent.home import logins_in
from kapso.propose.author import Failure, NoUsableEdit, Unavailable
from kapso.propose.prompts import Templates
from tests.propose.agent.conftest import FILES, GOAL, PROMPT

MODES = {
    "overlay": ("auto", True),
    "copy": ("auto", False),
    "landlock": ("landlock", False),
    "limits": ("limits", False),
}
SOME = [
    "overlay",
    "copy",
    pytest.param("landlock", marks=pytest.mark.slow),
    pytest.param("limits", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("mode", SOME)
def test_what_it_changed_within_edit_is_the_candidate(make_shop: Callable[..., Any], mode: str) -> None:
    shop = make_shop(mode=MODES[mode])
    edits = shop.edits(
        "echo two > src/pack.sh && rm src/lib/util.sh && mkdir -p src/new && echo new > src/new/a.sh"
        " && printf 'x' >> README && rm score.sh goal.yaml; echo junk > src/run.log; mkdir src/__pycache__"
        " && echo junk > src/__pycache__/a.pyc; ln -s /etc/passwd src/link; touch src/same; true"
    )
    assert edits == {"src/pack.sh": "two\n", "src/lib/util.sh": None, "src/new/a.sh": "new\n", "src/same": ""}
    undone = shop.reply["data"]["undone"]
    assert "`edit` does not match" in undone["README"]
    assert set(undone) == {"README", "goal.yaml"}  # the scorer is hidden: it was never there
    assert (shop.root / "README").read_text() == "read me\n"


@pytest.mark.parametrize("mode", SOME)
def test_folders_that_become_files_and_back(make_shop: Callable[..., Any], mode: str) -> None:
    shop = make_shop({"src/a/b/c": "c\n", "src/f": "f\n"}, mode=MODES[mode])
    script = (
        "rm -r src/a && echo file > src/a && rm src/f && mkdir src/f && echo inner > src/f/g "
        "&& mv src/lib src/moved"
    )
    assert shop.edits(script) == {
        "src/a/b/c": None,
        "src/a": "file\n",
        "src/f": None,
        "src/f/g": "inner\n",
        "src/lib/util.sh": None,
        "src/moved/util.sh": "echo util\n",
    }


def test_a_folder_that_is_made_anew_hides_what_was_in_it(shop: Any) -> None:
    assert shop.edits("rm -r src/lib && mkdir src/lib && echo n > src/lib/n") == {
        "src/lib/util.sh": None,
        "src/lib/n": "n\n",
    }


def test_its_own_commits_count(shop: Any) -> None:
    edits = shop.edits(
        "echo two > src/pack.sh && git add -A && git commit -qm 'faster' && echo three > src/b.sh"
        " && git checkout -q -b other && git log --format=%s | tr '\n' '|' > src/log.txt"
    )
    assert edits["src/pack.sh"] == "two\n" and edits["src/b.sh"] == "three\n"
    assert edits["src/log.txt"] == "faster|The program as it stands|"


def test_its_repository_is_one_commit_of_what_is_visible(shop: Any) -> None:
    script = (
        "{ git rev-list --all --parents | wc -w; git ls-files; git status --porcelain; git remote; "
        "git config --get-regexp remote; git log --format=%an; cat .git/objects/info/alternates; "
        "git cat-file --batch-all-objects --batch-check='%(objecttype)' | sort | uniq -c | tr -s ' '; } "
        "> src/seen 2>/dev/null; git fsck > /dev/null || echo broken >> src/seen; "
        "git grep 42 $(git rev-list --all) >> src/seen; ls -a >> src/seen; pwd >> src/seen"
    )
    seen = str(shop.edits(script)["src/seen"]).split("\n")
    assert seen[0].strip() == "1"
    assert seen[1:6] == [".gitignore", "README", "goal.yaml", "src/lib/util.sh", "src/pack.sh"]
    assert seen[6:8] == ["?? src/seen", "Kapso"]
    assert [each.strip() for each in seen[8:11]] == ["5 blob", "1 commit", "3 tree"]
    assert seen[11:] == [".", "..", ".git", ".gitignore", "README", "goal.yaml", "src", str(shop.root), ""]


def test_it_sees_nothing_of_the_users(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_MINE", "do not tell")
    monkeypatch.setenv("NAMED_KEY", "this one it may have")
    home = Path.home()
    (home / ".agent/login").mkdir(parents=True, exist_ok=True)
    (home / ".agent/login/token").write_text("let me in\n")
    (home / ".agent.json").write_text("{}\n")
    (home / ".ssh").mkdir(exist_ok=True)
    (home / ".ssh/id").write_text("private\n")
    script = (
        "env > src/env; cat ~/.agent/login/token ~/.agent.json > src/home; echo no > ~/.agent/login/token; "
        f"cat {home}/.ssh/id ~/.ssh/id > src/ssh; git -C {shop.root} log >> src/git; "
        f"ls {shop.repository.common_dir}/kapso {shop.cache} > src/private 2>&1; true"
    )
    edits = shop.edits(script, env=("NAMED_KEY",), home=("~/.agent", "~/.agent.json"))
    env = dict(
        line.split("=", 1)
        for line in shop.reply["data"]["files"].get("src/env", {"text": ""})["text"].split("\n")
        if "=" in line
    )
    assert env == {} and "holds the value of [NAMED_KEY]" in shop.reply["data"]["undone"]["src/env"]
    assert edits["src/home"] == "let me in\n{}\n"
    assert edits["src/ssh"] == "" and "start" not in str(edits["src/git"])
    assert "No such file" in str(edits["src/private"])
    assert (home / ".agent/login/token").read_text() == "let me in\n"


def test_it_gets_no_variable_that_is_not_named(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_MINE", "do not tell")
    monkeypatch.setenv("http_proxy", "http://user:password@proxy")
    monkeypatch.setenv("NAMED", "yes")
    text = str(shop.edits("env | grep -v ^KAPSO_PROMPT= > src/env", env=("NAMED",))["src/env"])
    names = {line.split("=")[0] for line in text.splitlines() if "=" in line}
    assert "NAMED" in names and {"KAPSO_PROMPT_FILE", "KAPSO_RUN", "KAPSO_ATTEMPT", "HOME", "PATH"} <= names
    assert not names & {"SECRET_OF_MINE", "http_proxy", "KAPSO_OUT"}


def test_the_prompt_comes_in_three_ways(shop: Any) -> None:
    shop.prompt = 'Wörds\nand "quotes" $HOME `id`\n'
    edits = shop.edits('cat > src/a; cat "$KAPSO_PROMPT_FILE" > src/b; printf %s "$KAPSO_PROMPT" > src/c')
    assert edits == dict.fromkeys(("src/a", "src/b", "src/c"), shop.prompt)


def test_a_long_prompt_is_pointed_to(shop: Any) -> None:
    shop.prompt = "long " * 50_000
    edits = shop.edits('cat > src/a; printf %s "$KAPSO_PROMPT" > src/c; echo "$KAPSO_PROMPT_FILE" > src/f')
    assert edits["src/a"] == shop.prompt
    assert str(edits["src/f"]).strip() in str(edits["src/c"]) and len(str(edits["src/c"])) < 300


def test_it_may_use_the_network(shop: Any) -> None:
    import http.server

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"from outside")

        def log_message(self, *arguments: Any) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        edits = shop.edits(
            f"python3 -c 'import urllib.request as u; print(u.urlopen(\"{url}\").read())' > src/a"
        )
        server.shutdown()
    assert "from outside" in str(edits["src/a"])


def test_a_time_limit_ends_all_of_it_and_what_it_wrote_counts(shop: Any) -> None:
    started = time.monotonic()
    edits = shop.edits("echo two > src/pack.sh; (setsid sleep 300 &) ; sleep 300", timeout_s=1.0)
    assert time.monotonic() - started < 10
    assert edits == {"src/pack.sh": "two\n"}
    assert shop.reply["data"]["stopped_by"] == "timeout"
    assert "stopped: timeout" in shop.log


def test_a_cancel_ends_it_within_a_second(shop: Any) -> None:
    desk = shop.desk()
    timer = threading.Timer(1.0, desk.cancel.set)
    timer.start()
    started = time.monotonic()
    with pytest.raises(Interrupted):
        shop.write(shop.agent("sleep 300"), desk)
    assert 0.9 < time.monotonic() - started < 4
    assert not list(shop.folder.glob("*.json"))


def test_nothing_changed_is_repaired_and_then_no_usable_edit(shop: Any) -> None:
    desk = shop.desk(repairs=1)
    script = "echo hello; grep -q 'What came of it' && echo two > src/pack.sh; true"
    assert shop.edits(script, desk) == {"src/pack.sh": "two\n"}
    assert [each["purpose"] for each in desk.requests] == ["edit", "repair"]
    assert "changed nothing that it may change" in desk.requests[1]["prompt"]

    desk = shop.desk()
    desk.folder = shop.folder / "other"
    desk.folder.mkdir()
    with pytest.raises(NoUsableEdit, match="changed nothing that it may change"):
        shop.write(shop.agent("echo x >> README"), desk)


def test_a_known_program_is_told_and_asked_again(shop: Any) -> None:
    desk = shop.desk(
        repairs=2, is_known=lambda ws: "it is attempt 7, score 2" if ws["src/pack.sh"] == b"two\n" else None
    )
    script = "if grep -q 'attempt 7'; then echo three > src/pack.sh; else echo two > src/pack.sh; fi"
    assert shop.edits(script, desk) == {"src/pack.sh": "three\n"}


def test_a_repair_starts_from_the_failed_candidate(shop: Any) -> None:
    desk = shop.desk(failures=[Failure("`run` crashed", "line 3: no such thing")])
    workspace = shop.workspace()
    workspace["src/pack.sh"] = b"failed\n"
    shop.write(shop.agent("cat > src/told; sed -i s/failed/mended/ src/pack.sh"), desk, workspace)
    assert workspace["src/pack.sh"] == b"mended\n"
    assert b"`run` crashed" in workspace["src/told"] and b"line 3: no such thing" in workspace["src/told"]
    assert desk.requests[0]["purpose"] == "repair"


def test_what_a_repair_is_told_can_be_overridden(shop: Any) -> None:
    desk = shop.desk(failures=[Failure("`run` crashed", "line 3: no such thing")])
    shop.templates = Templates({"agent-repair.md.j2": "Mine: {{ failures[0].feedback }}"})
    shop.write(shop.agent("echo two > src/pack.sh"), desk)
    assert desk.requests[0]["prompt"] == f"{PROMPT}\nMine: line 3: no such thing\n"


def test_an_agent_that_fails_and_leaves_nothing_is_unavailable(shop: Any) -> None:
    with pytest.raises(Unavailable, match=r"failed \(exit code 3\): 401 no such key"):
        shop.write(shop.agent("echo 401 no such key >&2; exit 3"), shop.desk(repairs=2))


def test_a_reply_that_is_on_the_disk_is_not_paid_again(shop: Any) -> None:
    first = shop.desk()
    script = "printf '\\377\\0binary' > src/data && rm src/lib/util.sh && echo 'Title: shrink it'"
    idea, workspace = shop.write(shop.agent(script), first)
    again = shop.desk()
    same, other = shop.write(shop.agent("exit 9"), again)
    assert (first.made, again.made, len(again.requests)) == (1, 0, 1)
    assert workspace.tree() == other.tree() and idea == same
    assert other["src/data"] == b"\377\0binary"


def test_title_and_hypothesis_are_its_own_words(shop: Any) -> None:
    told = "Done.\\n\\n**Title:** Halve it\\nWhat: less work\\nWhy: it is twice\\nExpect: score up\\n"
    said = f"echo two > src/pack.sh; printf '{told}'"
    idea, _ = shop.write(shop.agent(said))
    assert idea.title == "Halve it"
    assert idea.hypothesis == "What: less work\nWhy: it is twice\nExpect: score up"


def test_secrets_are_struck_out_of_everything(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-0123456789")
    script = (
        'echo "key $SOME_API_KEY"; printf sk-01234; sleep 0.3; printf "56789\n"; echo "$SOME_API_KEY" >&2; '
        'echo ok > src/a; echo "$SOME_API_KEY" > src/b'
    )
    desk = shop.desk()
    assert shop.edits(script, desk, env=("SOME_API_KEY",)) == {"src/a": "ok\n"}
    assert shop.log.count("[SOME_API_KEY]") == 4  # three times said, and once why `src/b` was undone
    everything = [path.read_text() for path in shop.folder.rglob("*") if path.is_file()]
    assert not any("0123456789" in text for text in [*everything, str(desk.requests)])


def test_only_the_blocks_of_a_file_count(make_shop: Callable[..., Any]) -> None:
    marked = "echo head\n# EVOLVE-BLOCK-START\necho one\n# EVOLVE-BLOCK-END\necho tail\n"
    shop = make_shop({"src/marked.sh": marked})
    edits = shop.edits("sed -i 's/one/two/; s/head/HEAD/' src/marked.sh")
    assert edits == {"src/marked.sh": marked.replace("one", "two")}
    assert "EVOLVE-BLOCK" in shop.reply["data"]["undone"]["src/marked.sh"]


def test_the_users_repository_stays_as_it_is(shop: Any) -> None:
    def state() -> str:
        commands = ("status --porcelain", "for-each-ref", "reflog", "config --list --local", "worktree list")
        return "".join(
            subprocess.run(
                ["git", *each.split()], cwd=shop.root, capture_output=True, text=True, check=True
            ).stdout
            for each in commands
        )

    before = state()
    shop.edits("echo two > src/pack.sh; git commit -qam x; git gc -q; git push origin main; true")
    assert state() == before
    assert not [each for each in shop.sandbox._session.folder.glob("agent-*")]


@pytest.fixture
def claude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command of that name, as if it were installed."""
    command = tmp_path / "bin/claude"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\necho 2.1\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cli": "claude"}, "has no login"),
        ({"cli": "claude", "env": ("NOT_SET_AT_ALL",)}, "not set"),
        ({"command": "true", "home": ("~/.not-there",)}, "names nothing that exists"),
        ({"command": "true", "home": ("/etc",)}, "is not inside your home folder"),
    ],
)
def test_check_finds_what_is_missing(claude: None, shop: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        shop.agent(**options).check()


@pytest.mark.parametrize("options", [{}, {"env": ("NOT_SET_AT_ALL",)}])
def test_that_it_is_not_installed_is_said_before_all_else(shop: Any, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="`claude` is not installed") as caught:
        shop.agent(cli="claude", **options).check()
    assert "npm install -g @anthropic-ai/claude-code" in str(caught.value.help)


def test_its_last_line_is_shown_while_it_works(shop: Any) -> None:
    desk = shop.desk()
    event = '{"type": "item.completed", "item": {"type": "agent_message", "text": "I look around"}}'
    shop.edits(f"echo two > src/pack.sh; echo '{event}'; sleep 1.5; echo done", desk)
    assert "I look around" in desk.shown


def test_it_is_ended_before_it_costs_more_than_it_may(shop: Any) -> None:
    desk = shop.desk()
    step = '{"type": "step_finish", "part": {"cost": 0.04, "tokens": {"input": 1, "output": 1}}}'
    script = f"echo two > src/pack.sh; for i in 1 2 3 4 5 6 7 8 9; do echo '{step}'; sleep 0.8; done"
    assert shop.edits(script, desk, max_cost=0.1) == {"src/pack.sh": "two\n"}
    assert desk.requests[0]["most_cost"] == 0.1
    assert shop.reply["cost"] <= 0.1 and shop.reply["data"]["stopped_by"] == "cost"


def test_a_goal_in_a_folder_of_its_repository(make_shop: Callable[..., Any]) -> None:
    inner = {f"inner/{path}": text for path, text in FILES.items()}
    shop = make_shop(
        {**dict.fromkeys(FILES), **inner, "outer/x": "x\n", ".gitignore": "*.log\n"}, folder="inner"
    )
    edits = shop.edits(
        "echo two > src/pack.sh; pwd > src/pwd; git ls-files ../ | sort > src/all; echo y > ../outer/x"
    )
    assert edits["inner/src/pack.sh"] == "two\n" and edits["inner/src/pwd"] == f"{shop.root}/inner\n"
    assert "../outer/x\n" in str(edits["inner/src/all"]) and "score.sh" not in str(edits["inner/src/all"])
    assert set(shop.reply["data"]["undone"]) == {"outer/x"}


def test_two_work_at_once(shop: Any) -> None:
    found: dict[int, Any] = {}

    def work(number: int) -> None:
        desk = shop.desk()
        desk.folder = shop.folder / str(number)
        desk.folder.mkdir()
        found[number] = shop.edits(
            f"echo {number} > src/pack.sh; sleep 0.5; cat src/pack.sh > src/seen", desk
        )

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: {"src/pack.sh": f"{n}\n", "src/seen": f"{n}\n"} for n in (1, 2)}


def test_line_ends_are_those_of_git(make_shop: Callable[..., Any]) -> None:
    shop = make_shop({".gitattributes": "*.bat text eol=crlf\n", "src/a.bat": "one\ntwo\n"})
    edits = shop.edits(
        "od -c src/a.bat | grep -q '\\\\r' && printf 'three\\r\\n' >> src/a.bat; git status --short > src/st"
    )
    assert edits == {"src/a.bat": "one\ntwo\nthree\n", "src/st": " M src/a.bat\n?? src/st\n"}


def test_a_login_is_struck_out_too(shop: Any) -> None:
    (Path.home() / ".agent-login").mkdir()
    login = (
        '{"claudeAiOauth": {"accessToken": "sk-ant-oat01-abcdefgh0123456789", "scopes": ["user:inference"]}}'
    )
    (Path.home() / ".agent-login/credentials.json").write_text(login)
    edits = shop.edits(
        "cat ~/.agent-login/* | tee src/a; echo user:inference > src/b", home=("~/.agent-login",)
    )
    assert edits == {"src/b": "user:inference\n"}
    assert '"accessToken": "[accessToken]"' in shop.log
    assert "sk-ant" not in "".join(path.read_text() for path in shop.folder.rglob("*") if path.is_file())


def test_a_command_that_is_not_there_is_found_before_it_is_needed(shop: Any) -> None:
    with pytest.raises(UsageError, match="`no-such-agent` is not installed"):
        shop.agent('no-such-agent -p "$KAPSO_PROMPT"').check()
    for command in ("cat > src/a", "./tools/mine", "A=b sh -c true", "n=$(cat n); true"):
        shop.agent(command).check()


def test_odd_output_takes_no_time(shop: Any) -> None:
    odd = "import sys; [sys.stdout.write(x * 20000) for x in ('\\n', '* ', 'Tokens: 1 sent,', 'Title:', '{')]"
    started = time.monotonic()
    assert shop.edits(f'python3 -c "{odd}"; echo two > src/pack.sh') == {"src/pack.sh": "two\n"}
    assert time.monotonic() - started < 20


def test_odd_files_in_the_home_take_no_time(tmp_path: Path) -> None:
    for number, text in enumerate(("a" * 60_000, "key" * 20_000, "auth: " * 10_000, "key" + " " * 60_000)):
        (tmp_path / str(number)).write_text(text)
    started = time.monotonic()
    assert logins_in(tmp_path) == {}
    assert time.monotonic() - started < 5


def test_what_is_hidden_cannot_be_replaced_unseen(make_shop: Callable[..., Any]) -> None:
    shop = make_shop({"goal.yaml": GOAL + "hide: [score.sh, src/answers]\n", "src/answers": "42\n"})
    assert shop.edits("cat src/answers > src/seen; echo 43 > src/answers") == {"src/seen": ""}
    assert "`hide` keeps it" in shop.reply["data"]["undone"]["src/answers"]
