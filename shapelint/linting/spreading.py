"""Work on many files, spread over forked processes: the outcomes are those of one process, in the same order."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from shapelint.common.notices import held, say_once
from shapelint.common.reads import note_reads, record_no_more, recording
from shapelint.resolve.begun_traces import TRACE_READERS

LEAST_ITEMS = 200
"""Number of items from which it pays to start processes at once."""
LEAST_SECONDS_TO_SPREAD = 0.5
"""Time that fewer items must seem to take, after the first ones, for it to pay to start processes for the others."""
MOST_PROCESSES = 16
ITEMS_OF_A_MEMO = 250
"""Number of outcomes between which equal parts are passed on once."""
_SPREADING: ContextVar[bool] = ContextVar("_SPREADING", default=False)
"""Whether this is one of the processes, which start no others."""

SpreadItem = TypeVar("SpreadItem")
SpreadOutcome = TypeVar("SpreadOutcome")


def spread(items: Sequence[SpreadItem], work: Callable[[SpreadItem], SpreadOutcome]) -> Iterator[SpreadOutcome]:
    """Yield what `work` returns for each item, in order; a notice of all processes is said once.

    Few items are begun in this process, until they are seen to take long. Each process works on every n-th item, and
    waits where it is far ahead of the others. What one does not return, because it was killed or its work raised an
    error, is worked out in this process.
    """
    done, began = 0, time.process_time()
    while len(items) < LEAST_ITEMS and done < len(items):
        left = len(items) - done
        if done and left > 1 and (time.process_time() - began) / done * left > LEAST_SECONDS_TO_SPREAD:
            break
        yield work(items[done])
        done += 1
    items = items[done:]
    count = 1 if _SPREADING.get() or not items else _processes(len(items))
    workers: list[_Worker[SpreadItem, SpreadOutcome]] = []
    try:
        if count > 1:
            with _late_interrupts():
                workers.extend(_Worker(items[number::count], work) for number in range(count))
        for number, item in enumerate(items):
            found = workers[number % count].next() if workers else None
            yield work(item) if found is None else found[0]
    finally:
        for worker in workers:
            worker.end()


def _processes(items: int) -> int:
    """Return how many processes to start: none where a fork is unknown, or unsafe because of threads of others."""
    others = [one for one in threading.enumerate() if one is not threading.main_thread() and one.name != TRACE_READERS]
    if not hasattr(os, "fork") or others:
        return 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, items, MOST_PROCESSES)


@contextmanager
def _late_interrupts() -> Iterator[None]:
    """Hold interrupts back until all processes are known to the one that ends them, and ignore what they get."""
    import signal

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Worker(Generic[SpreadItem, SpreadOutcome]):
    """A forked process that works on some items, and writes the outcomes to a pipe."""

    def __init__(self, items: Sequence[SpreadItem], work: Callable[[SpreadItem], SpreadOutcome]) -> None:
        reader, writer = os.pipe()
        self._process = os.fork()
        if not self._process:
            os.close(reader)
            _work(items, work, writer)
        os.close(writer)
        self._stream = os.fdopen(reader, "rb")
        self._count = 0
        self._has_ended = False
        self._loading: Any = None

    def next(self) -> tuple[SpreadOutcome] | None:
        """Return the outcome for its next item; None if there is none, or will be none any more."""
        import pickle

        if self._has_ended:
            return None
        if self._count % ITEMS_OF_A_MEMO == 0:
            self._loading = pickle.Unpickler(self._stream)
        self._count += 1
        try:
            outcome, said, reads = self._loading.load()
        except (EOFError, OSError, pickle.UnpicklingError):
            self._has_ended = True
            return None
        note_reads(reads)
        for text in said:
            say_once(text)
        return (outcome,)

    def end(self) -> None:
        """End the process, whatever it is doing."""
        import signal

        self._stream.close()
        with suppress(OSError):
            os.kill(self._process, signal.SIGKILL)
        with suppress(OSError):
            os.waitpid(self._process, 0)


def _work(items: Sequence[SpreadItem], work: Callable[[SpreadItem], SpreadOutcome], writer: int) -> None:
    """Work on items and write each outcome with the notices to a pipe, as the only thing that this process does."""
    import pickle
    import signal

    _SPREADING.set(True)
    record_no_more()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other process ends this one
    try:
        with os.fdopen(writer, "wb") as stream:
            for number, item in enumerate(items):
                if number % ITEMS_OF_A_MEMO == 0:
                    pickler = pickle.Pickler(stream, pickle.HIGHEST_PROTOCOL)
                with held() as said, recording() as reads:
                    outcome = work(item)
                pickler.dump((outcome, said, reads))
                stream.flush()
    finally:
        os._exit(0)
