"""Programs run as `python train.py` runs them, each in a process of its own that has torch already.

Importing torch takes longer than all that such a program does.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import traceback
import warnings
from pathlib import Path
from tempfile import TemporaryFile
from typing import NoReturn


def run_program(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in its folder, with arguments, and return its exit code and what it prints."""
    import torch
    import torchvision  # noqa: F401

    command = [script.name, *arguments]
    with TemporaryFile() as out, TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            torch.set_num_threads(1)  # those of the parent are not here
            _become(script, command, out.fileno(), err.fileno())
        _, status = os.waitpid(child, 0)
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess(
            command, os.waitstatus_to_exitcode(status), out.read().decode(), err.read().decode()
        )


def _become(script: Path, command: list[str], out: int, err: int) -> NoReturn:
    """End this process as the interpreter does that was started with a script."""
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    os.chdir(script.parent)
    sys.argv = command
    sys.path.insert(0, str(script.parent))
    warnings.resetwarnings()
    code = 1
    try:
        runpy.run_path(str(script), run_name="__main__")
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
