"""Reports of single files that are kept between runs with the same command line: after an edit of one, the others hold.

Only what takes longer to work out than to read is kept. A file whose report was kept is not even read again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Union

from shapelint.common import disk
from shapelint.common.kept_entries import BegunEntry, KeptEntry
from shapelint.common.notices import has_said
from shapelint.common.reads import Reads, digest, note_reads, recording, signature_of
from shapelint.linting.collect import Candidate
from shapelint.resolve.begun_traces import BEGUN
from shapelint.spec.findings import FileReport

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LEAST_SECONDS_TO_KEEP = 0.02
"""Time of the processor that a report must have taken to be kept."""


class KeptReports:
    """The reports of the files of a run: any of them may depend on which files these are."""

    def __init__(self, run: BegunEntry, files: Sequence[Candidate]) -> None:
        self._run = run.entry
        self._first = run.reads
        places = [[str(one.path), disk.real(one.path), one.named] for one in files]
        self._name = digest(json.dumps([run.entry.key, places]).encode())
        self._readable = run.entry.is_readable()
        self._signature = lru_cache(maxsize=None)(signature_of)
        self._answer = lru_cache(maxsize=None)(disk.answer_to)

    def of_file(self, candidate: Candidate, lint: Callable[[], FileReport | None]) -> FileReport | None:
        """Return what is kept of a file, if it still holds, else what `lint` gives, which is kept if that may be."""
        entry = KeptEntry(self._run.folder, [self._name, str(candidate.path)], self._run.engine)
        kept = self._found(entry) if self._readable else None
        if kept is not None:
            return kept[0]
        began = time.process_time()
        with recording() as reads:
            report = lint()
        is_whole = reads.repeatable and not BEGUN.get() and not has_said()
        if is_whole and time.process_time() - began > LEAST_SECONDS_TO_KEEP:
            reads.begun = self._first.begun
            reads.add(self._first)
            entry.store({"report": _adapter().dump_python(report, mode="json"), "reads": reads.as_json()})
        return report

    def _found(self, entry: KeptEntry) -> tuple[FileReport | None] | None:
        kept = entry.found(lambda reads: disk.still_hold(reads, self._signature, self._answer, self._first.begun))
        if kept is None:
            return None
        try:
            report = _adapter().validate_python(kept["report"])
        except (KeyError, ValueError, TypeError):
            return None
        note_reads(Reads.of_json(kept["reads"]))
        return (report,)


@cache
def _adapter() -> TypeAdapter[FileReport | None]:
    """What writes and validates reports as JSON."""
    from pydantic import TypeAdapter

    return TypeAdapter(Union[FileReport, None])
