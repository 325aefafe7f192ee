"""The process that traces: started when it is first needed, asked many times, ended and started anew if it hangs.

It imports torch and the libraries, so that whatever they do, or a trusted package does on import (a dataset, a server,
an endless loop), touches neither the linter nor its report.
"""

from __future__ import annotations

import atexit
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from shapelint.common.progress import said_to_take_long
from shapelint.common.reads import note_unrepeatable
from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.resolve.begun_traces import TRACE_READERS
from shapelint.trace.meta import Untraceable
from shapelint.trace.tracing_request import TracingRequest

START = "import sys; sys.path[:] = sys.argv[1:]; from shapelint.trace import child; sys.exit(child.main())"
"""Isolated, with this process's own paths: nothing is imported from the folder in which it happens to be started."""
CLOCK_LIMIT = 180.0
"""Seconds on the clock for one trace of a library, whose own limit is processor time."""
LAST_WORDS = 4096


def _paths() -> list[str]:
    """The paths of this process, without the folder in which it happens to run, unless shapelint itself is there."""
    own = Path(__file__).parents[2]
    return [path for path in sys.path if path and (Path(path).resolve() != Path.cwd() or Path(path).resolve() == own)]


class TracingChild:
    """One such process; `folder` is where it runs."""

    def __init__(self, folder: str | None) -> None:
        command = [sys.executable, "-I", "-c", START, *_paths()]
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self._process = subprocess.Popen(
            command, cwd=folder, encoding="utf-8", errors="replace", start_new_session=True, **pipes
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._kept: dict[int, dict[str, Any]] = {}
        self._begun: dict[str, int] = {}
        self._count = 0
        self._errors = ""
        assert self._process.stdout
        assert self._process.stderr
        self._readers = [
            threading.Thread(target=reader, args=(stream,), daemon=True, name=TRACE_READERS)
            for reader, stream in ((self._read, self._process.stdout), (self._note, self._process.stderr))
        ]
        for reader in self._readers:
            reader.start()
        atexit.register(self.end)

    def begin(self, request: str) -> None:
        """Pass a request on whose answer is asked for later."""
        assert self._process.stdin
        if request in self._begun:
            return
        self._begun[request] = self._count
        self._count += 1
        with suppress(OSError):
            self._process.stdin.write(f"{request}\n")
            self._process.stdin.flush()

    def ask(self, request: str, time_limit: float) -> dict[str, Any]:
        """Return the answer to a request, {} if the process ended.

        Raises TimeoutError if no request at all is answered within the time limit.
        """
        note_unrepeatable()
        self.begin(request)
        number = self._begun.pop(request)
        while number not in self._kept:
            try:
                answer = json.loads(self._answers.get(timeout=time_limit))
                self._kept[answer["request"]] = answer
            except queue.Empty:
                raise TimeoutError from None
            except (ValueError, KeyError, TypeError):
                return {}
        return self._kept.pop(number)

    def end(self, patience: float = 0.0) -> str:
        """End the process, if it does not end by itself; return the last line of its stderr, or else its exit code."""
        atexit.unregister(self.end)
        try:
            code = self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if hasattr(os, "killpg"):
            with suppress(OSError):  # usually there is nobody left in its session
                os.killpg(self._process.pid, signal.SIGKILL)
        assert self._process.stdin
        with suppress(OSError):
            self._process.stdin.close()
        for reader in self._readers:
            reader.join(1.0)  # longer only if a process that was started by it still holds the stream
        return (self._errors.strip().splitlines() or [f"exit code {code}"])[-1]

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._answers.put(line)
        self._answers.put("")

    def _note(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._errors = (self._errors + line)[-LAST_WORDS:]


_CHILDREN: dict[str | None, TracingChild] = {}
"""One process for known libraries, under None, and one for the trusted packages of the last folder."""


def begin(request: TracingRequest) -> None:
    """Begin to trace a call of a known library in another process. Raises Untraceable."""
    line = request.to_json(None)
    with suppress(OSError):
        _child(None).begin(line)


def ask(request: TracingRequest, root: str | None = None, time_limit: float = CLOCK_LIMIT) -> ComponentSignature:
    """Trace a call in another process; raises Untraceable. `root` is the folder of a trusted package."""
    target = request.target
    line = request.to_json(root)
    started = time.monotonic()
    try:
        with said_to_take_long(f"tracing {request.label}"):
            found = _child(root).ask(line, time_limit)
    except TimeoutError:
        _CHILDREN.pop(root).end()
        seconds = round(time.monotonic() - started)
        raise Untraceable(f"{target} takes longer than {seconds} s to be imported and traced") from None
    except OSError as error:
        raise Untraceable(f"no process can be started for {target}: {error}") from None
    if not found:
        words = _CHILDREN.pop(root).end(patience=1.0)
        raise Untraceable(f"the process that traces {target} ended without an answer: {words[:200]}")
    if "error" in found:
        raise Untraceable(found["error"])
    return ComponentSignature.validated(found["component"])


def _child(root: str | None) -> TracingChild:
    """Return the process for known libraries, or for the packages in a folder, started if there is none."""
    if root not in _CHILDREN:
        for other in [one for one in _CHILDREN if one is not None]:
            _CHILDREN.pop(other).end()
        _CHILDREN[root] = TracingChild(root or None)
    return _CHILDREN[root]
