"""Requests that are answered in forked processes, as many at once as there are processors: each with bounds of its own.

The process that forks has imported the libraries, so that no request waits for that again.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from shapelint.trace import limits

CAN_FORK = sys.platform == "linux"
"""Elsewhere a process that has imported torch may not survive a fork."""
AT_ONCE = 2
"""How many processes there are at most: each may use the whole memory of a trace."""
CHUNK = 1 << 16


@dataclass
class ForkedProcess:
    """A process that answers one request, and what it has written so far."""

    number: int
    pid: int
    written: bytes = b""


class ForkedAnswers:
    """Answers requests, numbered from 0 in the order in which they come, and passes each answer on when it is there.

    `forks` says of a request whether it is answered in a forked process, after it has imported what that needs.
    """

    def __init__(
        self,
        answer: Callable[[str], dict[str, Any]],
        forks: Callable[[str], bool],
        tell: Callable[[int, dict[str, Any]], None],
    ) -> None:
        self._answer, self._forks, self._tell = answer, forks, tell
        self._waiting: deque[tuple[int, str]] = deque()
        self._running: dict[int, ForkedProcess] = {}
        self._selector = selectors.DefaultSelector()
        self._at_once = min(AT_ONCE, os.cpu_count() or 1)

    def serve(self, requests: int) -> None:
        """Answer the requests, one a line, that are read from a file descriptor, until it is closed."""
        self._selector.register(requests, selectors.EVENT_READ)
        text, count = b"", 0
        while True:
            for key, _ in self._selector.select():
                data = os.read(key.fd, CHUNK)
                if key.fd in self._running:
                    self._take(key.fd, data)
                    continue
                if not data:
                    return
                *lines, text = (text + data).split(b"\n")
                self._waiting += [(count + index, line.decode()) for index, line in enumerate(lines)]
                count += len(lines)
            while self._waiting and len(self._running) < self._at_once:
                self._start(*self._waiting.popleft())

    def _start(self, number: int, request: str) -> None:
        if not self._forks(request):
            self._tell(number, self._answer(request))
            return
        reading, writing = os.pipe()
        parent, pid = os.getpid(), os.fork()
        if not pid:
            try:
                limits.end_with_parent(parent)
                with os.fdopen(writing, "w", encoding="utf-8") as pipe:
                    pipe.write(json.dumps(self._answer(request)))
            finally:
                os._exit(0)
        os.close(writing)
        self._running[reading] = ForkedProcess(number, pid)
        self._selector.register(reading, selectors.EVENT_READ)

    def _take(self, place: int, data: bytes) -> None:
        """Keep what a process wrote; if that was all, pass its answer on, or say that it ended without one."""
        process = self._running[place]
        process.written += data
        if data:
            return
        self._selector.unregister(place)
        os.close(place)
        del self._running[place]
        code = os.waitstatus_to_exitcode(os.waitpid(process.pid, 0)[1])
        answer: dict[str, Any] = {"error": f"the process that traces it ended without an answer: {_said(code)}"}
        with suppress(ValueError):
            answer = json.loads(process.written)
        self._tell(process.number, answer)


def _said(code: int) -> str:
    """Return an exit code in words, with the name of the signal that ended the process."""
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"exit code {code}"
