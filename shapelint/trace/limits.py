"""What a trace may use: processor time, memory, and no longer than the process that asked for it lives."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

CPU_SECONDS = 30.0
"""The processor time of one trace, with all its attempts."""
ATTEMPT_SECONDS = 5.0
"""The processor time after which no formula in the image size is looked for any more: one size is tried alone."""
MEMORY_BYTES = 2 << 30
"""The memory that a process which traces may use: shapes alone take little."""
REPEAT_SECONDS = 1.0
"""How soon the limit is enforced again, should what is traced have swallowed the first interruption."""
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


class TooLongError(BaseException):
    """The processor time is used up. No `except Exception` in a traced library holds it up."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TooLongError in the block once it has used so much processor time; an enclosing limit stays in force.

    Without effect on Windows, and outside the main thread: neither has such a timer.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: Any) -> None:
        raise TooLongError

    outer = signal.getitimer(signal.ITIMER_PROF)[0]
    before = signal.signal(signal.SIGPROF, interrupt)
    allowed = min(seconds, outer or seconds)
    signal.setitimer(signal.ITIMER_PROF, allowed, REPEAT_SECONDS)
    try:
        yield
    finally:
        left = signal.getitimer(signal.ITIMER_PROF)[0]
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        if outer:
            signal.setitimer(signal.ITIMER_PROF, max(outer - (allowed - left), 1e-3), REPEAT_SECONDS)


@contextmanager
def attempt() -> Iterator[None]:
    """Raise TooLongError once the block has used its share of the limit that is in force; without one, never."""
    if not hasattr(signal, "getitimer") or not signal.getitimer(signal.ITIMER_PROF)[0]:
        yield
        return
    with limited(ATTEMPT_SECONDS):
        yield


def confine() -> None:
    """Bound the memory of this process, and end it with its parent, as far as the system can."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    with suppress(OSError, AttributeError, TypeError):
        import ctypes

        prctl: Callable[..., int] = ctypes.CDLL(None).prctl
        prctl(DIES_WITH_PARENT, signal.SIGKILL)
        if os.getppid() == 1:
            os._exit(1)
