"""Run all attacks in one process under an audit hook: `python attacked.py FOLDER` prints a line of JSON for each."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import signal
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from attacks import ATTACKS, Attack

from shapelint.cli import app
from shapelint.common import notices
from shapelint.settings import config_files

SECONDS = 60
"""A run that takes longer is stopped: the processor's time alone is judged."""

FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "subprocess.Popen", "pty.spawn",
             "socket.", "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.", "ctypes.", "os.putenv",
             "os.kill", "shutil.", "code.interact")  # fmt: skip
TRACER = "from shapelint.trace import child"
"""The process that traces, where torch is installed; what it may do is tested with it."""
CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
           "os.chown")  # fmt: skip
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """What happened during one attack that may not: processes, sockets, writes, code from the linted folder."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.may_write = False
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.folder is None:
            return
        if event == "subprocess.Popen" and any(TRACER in str(word) for word in arguments[1]):
            return
        if event.startswith(FORBIDDEN) or (event.startswith(CHANGES) and not self._is_allowed(arguments[0])):
            self.seen.append(f"{event} {arguments!r:.200}")
        elif event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES:
            if not self._is_allowed(arguments[0]):
                self.seen.append(f"write {arguments!r:.200}")
        elif event == "exec" and str(self.folder) in getattr(arguments[0], "co_filename", ""):
            self.seen.append(f"exec of {arguments[0].co_filename}")

    def _is_allowed(self, path: object) -> bool:
        """Whether a path may be written: the cache, and the linted files if they are to be fixed."""
        if not isinstance(path, (str, os.PathLike)):
            return True  # a stream that was opened before, which was seen
        place = os.path.realpath(path)
        inside = self.may_write and place.startswith(str(self.folder))
        return inside or place == os.devnull or place.startswith(os.environ["SHAPELINT_CACHE_DIR"])


def write(folder: Path, attack: Attack) -> None:
    for name, content in attack.files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            place.unlink(missing_ok=True)
            content(place)
        else:
            place.write_bytes(content if isinstance(content, bytes) else content.encode())


def peak_megabytes() -> int:
    """The most memory that this program has had; what `getrusage` says includes the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s*(\d+)", status.read_text())[1]) >> 10  # type: ignore[index]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def attacked(folder: Path, attack: Attack, watch: Watch) -> dict[str, Any]:
    """Run one attack, and return how it ended, how long it took, and what it did."""
    config_files.forget()
    notices.say_once.cache_clear()
    (folder / ".git").mkdir(parents=True)
    write(folder, attack)
    os.chdir(folder)
    before = set(sys.modules)
    out, err = io.StringIO(), io.StringIO()
    watch.seen, watch.may_write, watch.folder = [], "--fix" in attack.arguments, folder
    started = time.process_time()
    signal.alarm(SECONDS)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            app.main(list(attack.arguments))
        code: object = 0
    except SystemExit as error:
        code = error.code
    except BaseException as error:
        code = f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
        watch.folder = None
    seconds = time.process_time() - started
    imported = [
        name for name in set(sys.modules) - before if str(folder) in str(getattr(sys.modules[name], "__file__", ""))
    ]
    return {
        "code": code,
        "seconds": round(seconds, 2),
        "megabytes": peak_megabytes(),
        "seen": watch.seen + [f"import of {name}" for name in imported],
        "pwned": (folder / "pwned").exists(),
        "text": out.getvalue()[-20_000:] + err.getvalue()[-20_000:],
    }


def main(root: Path) -> None:
    """Run every attack, each in a folder of its own."""

    def stop(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    watch = Watch()
    sys.addaudithook(watch)
    for number, (name, attack) in enumerate(ATTACKS.items()):
        result = attacked(root / str(number), attack, watch)
        print(json.dumps({"name": name, **result}), flush=True)


if __name__ == "__main__":
    main(Path(os.path.realpath(sys.argv[1])))
