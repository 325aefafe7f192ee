"""What a trace may use: processor time, memory, and no longer than the process that asked for it lives."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

CPU_SECONDS = 30.0
"""The processor time of one trace, with all its attempts."""
ATTEMPT_SECONDS = 5.0
"""The processor time after which no formula in the image size is looked for any more: one size is tried alone."""
MEMORY_BYTES = 2 << 30
"""The memory that a process which traces may use: shapes alone take little."""
FILE_BYTES = 1 << 20
"""How large a file it may write: libraries try on import whether they can write one."""
OPEN_FILES = 1024
"""How many files it may have open."""
PROCESS_SECONDS = 120
"""The processor time after which a request that swallows all interruptions ends the process."""
REPEAT_SECONDS = 1.0
"""How soon the limit is enforced again, should what is traced have swallowed the first interruption."""
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS of prctl(2)
NEW_NETWORK, NEW_USER = 0x40000000, 0x10000000  # CLONE_NEWNET and CLONE_NEWUSER of unshare(2)


class TooLongError(BaseException):
    """The processor time is used up. No `except Exception` in a traced library holds it up."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TooLongError in the block once it has used so much processor time; an enclosing limit stays in force.

    It is raised after the block, too: what is traced may have swallowed it or made another error of it, and then
    whatever the block says of a model is not to be trusted. Without effect on Windows, and outside the main thread:
    neither has such a timer.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    interrupts: list[int] = []

    def interrupt(number: int, _: Any) -> None:
        interrupts.append(number)
        raise TooLongError

    outer = signal.getitimer(signal.ITIMER_PROF)[0]
    before = signal.signal(signal.SIGPROF, interrupt)
    allowed = min(seconds, outer or seconds)
    signal.setitimer(signal.ITIMER_PROF, allowed, REPEAT_SECONDS)
    try:
        yield
    except Exception:
        if not interrupts:
            raise
    finally:
        left = signal.getitimer(signal.ITIMER_PROF)[0]
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        if outer:
            signal.setitimer(signal.ITIMER_PROF, max(outer - (allowed - left), 1e-3), REPEAT_SECONDS)
    if interrupts:
        raise TooLongError


@contextmanager
def attempt() -> Iterator[None]:
    """Raise TooLongError once the block has used its share of the limit that is in force; without one, never."""
    if not hasattr(signal, "getitimer") or not signal.getitimer(signal.ITIMER_PROF)[0]:
        yield
        return
    with limited(ATTEMPT_SECONDS):
        yield


def can_take(seconds: float) -> bool:
    """Whether so much processor time is left within the limit that is in force, if there is one."""
    left = signal.getitimer(signal.ITIMER_PROF)[0] if hasattr(signal, "getitimer") else 0
    return not left or seconds < left


def confine() -> None:
    """Bound what this process may use, take the network from it, and end it with its parent, as the system can."""
    sys.dont_write_bytecode = True
    with suppress(ImportError):
        import resource

        limits = {"DATA": MEMORY_BYTES, "NOFILE": OPEN_FILES, "FSIZE": FILE_BYTES, "CORE": 0}
        for name, most in limits.items():
            _limit(getattr(resource, f"RLIMIT_{name}"), most)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write fails with an error instead
    end_with_parent()
    with suppress(OSError, AttributeError, TypeError):
        import ctypes

        system = ctypes.CDLL(None)
        prctl: Callable[..., int] = system.prctl
        prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        if system.unshare(NEW_NETWORK):
            system.unshare(NEW_USER | NEW_NETWORK)


def end_with_parent(parent: int | None = None, number: int = signal.SIGKILL) -> None:
    """Have the system end this process with the one that started it, where it can; at once if that ended already.

    `parent` is the process that should still be the parent; without it, any but the first of the system. `number` is
    the signal that this process gets.
    """
    with suppress(OSError, AttributeError, TypeError):
        import ctypes

        prctl: Callable[..., int] = ctypes.CDLL(None).prctl
        prctl(DIES_WITH_PARENT, number)
        if os.getppid() == 1 if parent is None else os.getppid() != parent:
            os.kill(os.getpid(), number)


@cache
def end_session_with_process() -> None:
    """Fork a process that ends this one's whole session after it: what a package starts does not outlive its trace.

    Without effect where this process shares its session with the linter, and elsewhere than on Linux. What gives itself
    a session of its own is not reached.
    """
    if sys.platform != "linux" or os.getsid(0) != os.getpid():
        return
    parent = os.getpid()
    if os.fork():
        return
    try:
        os.closerange(0, OPEN_FILES)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        end_with_parent(parent, signal.SIGTERM)
        signal.sigwait({signal.SIGTERM})
    finally:
        os.killpg(0, signal.SIGKILL)


def allow_more_time() -> None:
    """Let the process use so much processor time more before the system ends it."""
    with suppress(ImportError):
        import resource

        usage = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + PROCESS_SECONDS)


def _limit(what: int, most: int) -> None:
    """Lower a limit of this process; one that is lower stays."""
    import resource

    hard = resource.getrlimit(what)[1]
    with suppress(OSError, ValueError):
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
