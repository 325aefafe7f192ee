"""Helpers that run the command line as a user does, in a given folder, in this process or in a separate one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from shapelint.cli import app
from shapelint.settings import config_files

ROOT = Path(__file__).resolve().parent.parent

ONE_FAULT = """\
method: byol
backbone: {target: yolov8n.Backbone, out_dim: 256}
projection_head: BYOLProjectionHead(512, 1024, 256)
prediction_head: BYOLPredictionHead(256, 1024, 256)
"""

CLEAN = ONE_FAULT.replace("512", "256")


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files in a folder, by their path relative to it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


Result = subprocess.CompletedProcess[str]


def run(folder: Path, *arguments: str, stdin: str = "") -> Result:
    """Run `shapelint` in a folder, in this process: only the start of the interpreter is not real."""
    config_files.forget()
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    text = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    with inside(folder), redirect_stdout(out), redirect_stderr(err), mock.patch("sys.stdin", text):
        try:
            app.main(list(arguments))
            code = 0
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 0
    streams = []
    for stream in (out, err):
        stream.flush()
        streams.append(stream.buffer.getvalue().decode("utf-8"))  # type: ignore[attr-defined]
    return Result(arguments, code, *streams)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Change to a folder (like contextlib.chdir, which Python 3.10 lacks)."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def run_process(folder: Path, *arguments: str, stdin: bytes = b"", **environment: str) -> Result:
    """Run `shapelint` in a separate process; stdout and stderr are decoded as UTF-8."""
    result = subprocess.run(
        [sys.executable, "-m", "shapelint", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        env=clean_environment(**environment),
        timeout=120,
        check=False,
    )
    return Result(result.args, result.returncode, result.stdout.decode("utf-8"), result.stderr.decode("utf-8"))


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment with this checkout on the path, without variables that change colours."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **more}
