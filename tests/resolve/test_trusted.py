"""Packages that the user trusts are traced in a separate process; whatever they do, the linter is unaffected."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from command_line import clean_environment, run

from shapelint.resolve import tracing_child, trusted
from shapelint.trace.meta import Untraceable
from shapelint.trace.tracing_request import TracingRequest

NETS = '''\
"""A project's own networks."""

import torch
from torch import nn

print("noise on stdout")


class Trunk(nn.Module):
    def __init__(self, width=256):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, x):
        return self.body(x)


class Neck(nn.Module):
    def __init__(self, n_in, n_out=256):
        super().__init__()
        self.layer = nn.Linear(n_in, n_out)

    def forward(self, x):
        return self.layer(x)
'''

MODEL = """\
method: byol
backbone: mynet.nets.Trunk(width=384)
projection_head: mynet.nets.Neck(512)
"""


@pytest.fixture
def project(trusting: Path) -> Path:
    (trusting / "src" / "mynet" / "nets.py").write_text(NETS)
    (trusting / "model.yaml").write_text(MODEL)
    return trusting


def test_a_trusted_package_is_traced_and_its_fault_repaired(project: Path) -> None:
    """The linter itself imports neither torch nor the package."""
    code = "import sys; from shapelint.cli.app import main\n"
    code += "try: main(['--output-format', 'json', 'model.yaml'])\nexcept SystemExit: pass\n"
    code += "print(sorted({'torch', 'mynet'} & sys.modules.keys()), file=sys.stderr)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, env=clean_environment(), check=False
    )
    (finding,) = json.loads(result.stdout)["findings"]
    assert (finding["code"], finding["expected"], finding["actual"]) == ("SL101", 512, 384)
    assert finding["fix"]["message"] == "use mynet.nets.Neck(384)"
    chain = json.loads(result.stdout)["files"][0]["models"][0]["chain"]
    assert [link["source"] for link in chain] == ["traced", "traced"]
    assert result.stderr.splitlines()[-1] == "[]"


def test_a_package_that_is_not_trusted_is_not_imported(project: Path) -> None:
    (project / "src" / "mynet" / "nets.py").write_text("open('imported', 'w')\n")
    (project / "shapelint.toml").write_text('trust = ["mynet_other"]\n')
    result = run(project, "--output-format", "json", "model.yaml")
    assert {finding["code"] for finding in json.loads(result.stdout)["findings"]} == {"SL901"}
    assert not list(project.rglob("imported"))


def reason(project: Path, target: str, time_limit: float = 60.0) -> str:
    with pytest.raises(Untraceable) as caught:
        trusted.trace(TracingRequest(target, {}, (), ""), str(project), time_limit)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "import no_such_library\n",
            "mynet.bad cannot be imported: ModuleNotFoundError: No module named 'no_such_library'",
        ),
        ("1 / 0\n", "mynet.bad cannot be imported: ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(3)\n", "mynet.bad cannot be imported: SystemExit: 3"),
        ("import os; os._exit(3)\n", "ended without an answer: exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n", "ended without an answer: exit code -9"),
        ("x = 1\n", "mynet.bad has no nn.Module Net"),
        ("Net = 3\n", "mynet.bad has no nn.Module Net"),
        ("def Net(): return 3\n", "mynet.bad has no nn.Module Net"),
        ("from os import getcwd as Net\n", "mynet.bad has no nn.Module Net"),
        ("from subprocess import Popen as Net\n", "mynet.bad has no nn.Module Net"),
        (
            "from torch.nn import Module\nclass Net(Module):\n def __init__(self): raise RuntimeError('no\\nway')\n",
            "RuntimeError: no",
        ),
        ("import sys\nsys.stdout.write('{')\nsys.stdout.close()\n", "mynet.bad has no nn.Module Net"),
    ],
)
def test_what_a_package_may_do_on_import(project: Path, text: str, words: str) -> None:
    (project / "src" / "mynet" / "bad.py").write_text(text)
    told = reason(project, "mynet.bad.Net")
    assert words in told
    assert "\n" not in told


def test_a_package_of_the_folder_does_not_stand_in_for_a_library(project: Path) -> None:
    """The folder in which the process runs may have a module of any name: only the package's own root is searched."""
    (project / "typing.py").write_text("open('imported', 'w')\n")
    (project / "json.py").write_text("open('imported', 'w')\n")
    first = trusted.trace(TracingRequest("mynet.nets.Neck", {}, (384,), "projection_head"), str(project))
    assert first.rows[0].shapes == "... n_in -> ... n_out"
    assert not list(project.rglob("imported"))


@pytest.mark.parametrize("name", ["absent", "os", "subprocess", "torch", "outside"])
def test_only_packages_below_the_folder_of_the_settings_are_imported(
    project: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "outside.py"
    elsewhere.write_text(f"open({str(project / 'imported')!r}, 'w')\n")
    (project / "outside.py").symlink_to(elsewhere)
    assert reason(project, f"{name}.Net") == f"{name} is trusted, but there is no such package in {project}"
    assert not (project / "imported").exists()


def test_a_library_that_is_imported_already_is_not_replaced(project: Path) -> None:
    (project / "numpy.py").write_text("raise SystemExit\n")
    assert "is the name of a library, too" in reason(project, "numpy.Net")


def test_settings_alone_have_nothing_imported(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes the linted files writes the settings beside them: somebody else has to agree."""
    monkeypatch.delenv("SHAPELINT_ALLOW_TRUSTED")
    (project / "src" / "mynet" / "nets.py").write_text("open('imported', 'w')\n")
    told = run(project, "model.yaml")
    assert not list(project.rglob("imported"))
    assert "mynet is imported only if the run allows it as well (--allow-trusted" in told.stdout
    run(project, "--allow-trusted", "model.yaml")
    assert list(project.rglob("imported"))


NETWORK = """\
import socket, torch
try:
    socket.create_connection(("127.0.0.1", {port}), timeout=5)
except OSError as error:
    raise RuntimeError(f"no network: {{type(error).__name__}}")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the network is taken away on Linux alone")
def test_a_package_has_no_network(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        (project / "src" / "mynet" / "bad.py").write_text(NETWORK.format(port=server.getsockname()[1]))
        told = reason(project, "mynet.bad.Net")
    if "has no nn.Module Net" in told:
        pytest.skip("this system does not let a process give up its network")
    assert "no network: OSError" in told or "no network: ConnectionRefusedError" in told


def test_a_package_writes_no_large_file(project: Path) -> None:
    (project / "src" / "mynet" / "bad.py").write_text("open('large', 'wb').write(bytes(1 << 24))\n")
    assert "File too large" in reason(project, "mynet.bad.Net")
    assert (project / "large").stat().st_size <= 1 << 20


SPAWNING = """\
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", "{mark}"])
open("started", "w").close()
time.sleep(60)
"""


def _running(mark: str) -> list[str]:
    """Return the whole command lines of the processes that have a mark among their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_bytes().decode(errors="replace"))
    return [line for line in found if mark in line.split("\0")]


@pytest.mark.skipif(sys.platform != "linux", reason="processes end with their parent on Linux alone")
def test_what_a_package_starts_ends_with_its_trace(project: Path) -> None:
    (project / "src" / "mynet" / "bad.py").write_text(SPAWNING.format(mark=f"grandchild of {project}"))
    assert "takes longer than" in reason(project, "mynet.bad.Net", time_limit=15.0)
    assert (project / "started").exists()
    assert not _running(f"grandchild of {project}")


@pytest.mark.skipif(sys.platform != "linux", reason="processes end with their parent on Linux alone")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_the_process_that_traces_ends_with_the_linter(project: Path, number: signal.Signals) -> None:
    """So does what the package started."""
    mark = f"grandchild of {project}"
    (project / "src" / "mynet" / "nets.py").write_text(SPAWNING.format(mark=mark))
    command = [sys.executable, "-m", "shapelint", "model.yaml"]
    linter = subprocess.Popen(
        command,
        cwd=project,
        env=clean_environment(),
        stderr=subprocess.DEVNULL,
        preexec_fn=_heed,
    )
    try:
        _wait_for(lambda: (project / "started").exists())
        children = Path(f"/proc/{linter.pid}/task/{linter.pid}/children").read_text().split()
        assert children
        assert _running(mark)
    finally:
        linter.send_signal(number)
        linter.wait(20)
    _wait_for(lambda: not any(Path("/proc", child).exists() for child in children))
    _wait_for(lambda: not _running(mark))


def _heed() -> None:
    """Undo that signals are ignored, as they are in what runs in the background."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen in a minute")


def test_a_trace_ends_at_its_time_limit(project: Path) -> None:
    (project / "src" / "mynet" / "bad.py").write_text("while True: pass\n")
    started = time.monotonic()
    assert (
        reason(project, "mynet.bad.Net", time_limit=2.0)
        == "mynet.bad.Net takes longer than 2 s to be imported and traced"
    )
    assert time.monotonic() - started < 20


def test_other_widths_start_no_other_process(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = trusted.trace(TracingRequest("mynet.nets.Neck", {"n_out": 128}, (512,), "projection_head"), str(project))
    assert str(first.rows[0].shapes) == "... n_in -> ... n_out"
    monkeypatch.setattr(tracing_child, "ask", None)
    assert trusted.trace(TracingRequest("mynet.nets.Neck", {}, (64,), "projection_head"), str(project)) is first
