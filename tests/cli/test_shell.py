"""In the shell: help, versions, completion in real shells, a progress bar on a real terminal, encodings."""

from __future__ import annotations

import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest
from command_line import CLEAN, ONE_FAULT, ROOT, clean_environment, run, run_process

from shapelint import __version__
from shapelint.common.progress import PATIENCE, watched

COMMANDS = ("check", "clean", "completion", "config", "explain", "mcp", "rule", "schema", "server", "show", "signature")


@pytest.mark.parametrize("library", ["torch", "lightly", "torchvision", "timm"])
def test_version_lists_installed_libraries(library: str, tmp_path: Path) -> None:
    lines = run(tmp_path, "--version").stdout.splitlines()
    assert lines[0] == f"shapelint {__version__}"
    assert lines[1].startswith(f"python {sys.version.split()[0]} ")
    assert f"{library} {metadata.version(library)}" in lines


def test_version_lists_missing_libraries(tmp_path: Path) -> None:
    """In an isolated interpreter without site-packages, except for what the command line needs."""
    code = "import sys, importlib.util as u; real = u.find_spec\n"
    code += "u.find_spec = lambda name, *a: None if name == 'torch' else real(name, *a)\n"
    code += "from shapelint.cli.app import main; sys.argv = ['shapelint', '--version']; main()"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False)
    assert (result.returncode, "torch not installed" in result.stdout) == (0, True), result.stderr


def test_help_lists_every_option_in_its_group(tmp_path: Path) -> None:
    text = run(tmp_path, "check", "--help").stdout
    groups = re.findall(r"^(\w[\w ]+):$", text, re.MULTILINE)
    assert groups == ["Rules", "Fixes", "Known faults", "Files", "Report", "Settings", "Other"]
    from shapelint.cli.app import check

    for parameter in check.params:
        assert parameter.param_type_name != "option" or any(name in text for name in parameter.opts)
    assert max(map(len, text.splitlines())) <= 80


def test_the_general_help_lists_every_command(tmp_path: Path) -> None:
    text = run(tmp_path, "--help").stdout
    assert re.findall(r"^  (\w+)  +[A-Z]", text, re.MULTILINE) == list(COMMANDS)


def examples(text: str) -> list[str]:
    """Return the commands of an examples section, without the comments next to them."""
    after = text.partition("Examples:\n")[2].partition("\n\n")[0]
    lines = [line.strip() for line in after.splitlines() if "shapelint" in line]
    return [re.split(r"  +", line)[0] for line in lines]


@pytest.mark.parametrize("command", [(), ("check",), ("explain",)])
def test_the_examples_of_the_help_run(command: tuple[str, ...], tmp_path: Path) -> None:
    """Each returns 0 or 1 in a folder with the files that they name, never 2."""
    (tmp_path / "configs").mkdir()
    for name in ("model.yaml", "configs/model.yaml", "configs/byol.yaml"):
        (tmp_path / name).write_text(ONE_FAULT)
    crash = "mat1 and mat2 shapes cannot be multiplied (2x256 and 512x1024)"
    (tmp_path / "crash.log").write_text(crash)
    (tmp_path / "train.py").write_text(f"raise RuntimeError({crash!r})")
    found = examples(run(tmp_path, *command, "--help").stdout)
    assert len(found) >= 3
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "shapelint").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m shapelint "$@"\n')
    (tools / "shapelint").chmod(0o755)
    (tools / "python").symlink_to(sys.executable)
    environment = clean_environment(PATH=f"{tools}{os.pathsep}{os.environ['PATH']}")
    for line in found:
        result = subprocess.run(line, shell=True, cwd=tmp_path, env=environment, capture_output=True, check=False)
        assert result.returncode in (0, 1), f"{line}\n{result.stderr.decode()}"


@pytest.fixture
def tools(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which `shapelint` is a command, as after an installation."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "shapelint"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nfrom shapelint.cli.app import main\nsys.argv[0] = 'shapelint'\nmain()\n"
    )
    program.chmod(0o755)
    return clean_environment(PATH=f"{folder}{os.pathsep}{os.environ['PATH']}", TERM="xterm", HOME=str(tmp_path))


def complete(shell: str, line: str, environment: dict[str, str], folder: Path) -> list[str]:
    """Return what a shell offers at the end of a line, with the script that `shapelint completion` prints."""
    words = line.split(" ")
    scripts = {
        "bash": f"""
            eval "$(shapelint completion bash)"
            COMP_WORDS=({" ".join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}
            _shapelint_completion shapelint >/dev/null; printf '%s\\n' "${{COMPREPLY[@]}}"
        """,
        "zsh": f"""
            autoload -Uz compinit; compinit -u -D
            eval "$(shapelint completion zsh)"
            words=({" ".join(map(shlex.quote, words))}); CURRENT={len(words)}
            _describe() {{ local -a offered; offered=("${{(@P)3}}"); print -l -- $offered; }}
            compadd() {{ local name=$@[-1]; print -l -- "${{(@P)name}}"; }}
            _path_files() {{ print -l -- mod*; }}
            _shapelint_completion
        """,
        "fish": f"""
            shapelint completion fish | source
            complete --do-complete {shlex.quote(line)}
        """,
    }
    result = subprocess.run(
        [shell, "-c", scripts[shell]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return [re.split(r"[\t:]", offered)[0] for offered in result.stdout.splitlines() if offered]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("shapelint sh", ["show"]),
        ("shapelint co", ["completion", "config"]),
        ("shapelint --unsafe", ["--unsafe-fixes"]),
        ("shapelint check --unsafe", ["--unsafe-fixes"]),
        ("shapelint --output-format s", ["sarif"]),
        ("shapelint show --la", ["--layers"]),
        ("shapelint completion z", ["zsh"]),
    ],
)
def test_completion(shell: str, line: str, offered: list[str], tools: dict[str, str], tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "empty").mkdir()
    assert complete(shell, line, tools, tmp_path / "empty") == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_of_paths(shell: str, tools: dict[str, str], tmp_path: Path) -> None:
    """A path that begins like a command is offered as well as the command; other paths are left to the shell."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "show-case.yaml").write_text(CLEAN)
    (folder / "model.yaml").write_text(CLEAN)
    assert complete(shell, "shapelint sho", tools, folder) == ["show", "show-case.yaml"]
    left = complete(shell, "shapelint mod", tools, folder)
    assert left == ([] if shell == "bash" else ["model.yaml"])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_generated_without_their_shell(shell: str, tmp_path: Path) -> None:
    result = run_process(tmp_path, "completion", shell, PATH="")
    assert result.returncode == 0, result.stderr
    assert "_SHAPELINT_COMPLETE" in result.stdout


def on_a_terminal(folder: Path, code: str) -> str:
    """Return what a Python program writes to its own terminal (stdout and stderr)."""
    master, slave = pty.openpty()
    environment = clean_environment(TERM="xterm", COLUMNS="100")
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=folder, stdin=slave, stdout=slave, stderr=slave, env=environment
    )
    os.close(slave)
    written = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # Linux raises this when the other end is closed
            break
        if not part:
            break
        written += part
    process.wait(timeout=60)
    os.close(master)
    return written.decode("utf-8")


SLOW = """
import sys, time
from shapelint.linting import lint_paths
from shapelint.cli.app import main
real = lint_paths.lint_text
def slow(*arguments, **keywords):
    time.sleep({pause})
    return real(*arguments, **keywords)
lint_paths.lint_text = slow
main(["."])
"""


@pytest.mark.parametrize(("pause", "shown"), [(0.5, True), (0.0, False)])
def test_a_progress_bar_appears_for_slow_runs(pause: float, shown: bool, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.yaml").write_text(CLEAN)
    written = on_a_terminal(tmp_path, SLOW.format(pause=pause))
    assert ("linting" in written) is shown
    assert "All clear: 4 models in 4 files fit." in written
    if shown:
        assert "4/4" in written
        last = written.rpartition("4/4")[2]
        assert last.index("\x1b[K") < last.index("All clear")  # the bar is erased before the report


def test_no_progress_bar_if_stderr_is_not_a_terminal(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.yaml").write_text(CLEAN)
    command = [sys.executable, "-c", SLOW.format(pause=0.4)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, env=clean_environment(), check=False)
    assert result.stderr == b""


def test_the_bar_yields_every_item_once() -> None:
    assert list(watched(range(5))) == [0, 1, 2, 3, 4]
    assert PATIENCE == 1.0
    started = time.monotonic()
    assert list(watched([])) == []
    assert time.monotonic() - started < 0.5


WIDE = """\
m: {name: 卷积 🎯, backbone: {out_dim: 256}, projection_head: {input_dim: 512, output_dim: 256}}
"""


def columns(text: str) -> int:
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def test_carets_are_below_their_number_after_wide_characters(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(WIDE, encoding="utf-8")
    lines = run(tmp_path, "--select", "SL101", "model.yaml").stdout.splitlines()
    at = next(index for index, line in enumerate(lines) if "projection_head: {" in line)
    source, marks = lines[at], lines[at + 1]
    assert columns(source[: source.index("512")]) == columns(marks[: marks.index("^^^")])


def test_a_terminal_without_the_characters_gets_escapes(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(WIDE, encoding="utf-8")
    result = run_process(tmp_path, "--select", "SL101", "model.yaml", PYTHONIOENCODING="cp1252")
    assert (result.returncode, result.stderr) == (1, "")
    lines = result.stdout.splitlines()
    at = next(index for index, line in enumerate(lines) if "projection_head: {" in line)
    assert r"\u5377\u79ef \U0001f3af" in lines[at]
    assert lines[at].index("512") == lines[at + 1].index("^^^")


def test_the_report_is_plain_ascii(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(ONE_FAULT)
    assert run(tmp_path, "model.yaml").stdout.isascii()


def test_stdin_is_reported_under_the_given_name(tmp_path: Path) -> None:
    result = run_process(tmp_path, "-", "--stdin-filename", "conf/model.yaml", stdin=ONE_FAULT.encode())
    assert (result.returncode, "--> conf/model.yaml:3:37" in result.stdout) == (1, True)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "shapelint.toml").write_text('ignore = ["SL101"]\n')
    assert run_process(tmp_path, "-", "--stdin-filename", "conf/model.yaml", stdin=ONE_FAULT.encode()).returncode == 0


def test_a_walk_of_this_checkout_reports_what_it_skipped() -> None:
    result = run(ROOT, "--output-format", "concise", ".pre-commit-hooks.yaml", "--skip-unrecognised")
    assert (result.returncode, result.stdout) == (0, "No model found.\n1 file without a model skipped.\n")
