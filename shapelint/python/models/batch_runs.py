"""What stops a program at certain batches: at the first of its loaders, or at the last, where that is a shorter one.

The file is interpreted again with the rows of such a batch as a number, if there is anything to which that can matter.
What stops there and not for any batch is a fault of the rows. One run stands for what one batch does: after its first
fault nothing of it is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from shapelint.common.patterns import pattern
from shapelint.common.words import words
from shapelint.python.libraries.torch import queues
from shapelint.python.models.entry_points import Question
from shapelint.python.state import local_trees
from shapelint.python.state.loader_rows import FedBatch
from shapelint.python.state.run import Call, Run
from shapelint.shapes.signatures import Misfit
from shapelint.spec.spec import Problem
from shapelint.text.source import Span

DIVIDED = pattern(r"\bDataParallel\b")
"""What splits each batch among devices, whose number is not known."""
COUNTS = words(
    """
    view reshape unflatten Unflatten expand tile squeeze chunk tensor_split unfold one_hot arange eye fill_diagonal_
    rand randn randint randperm rand_like randn_like randint_like Parameter Assert Raise eval rearrange reduce
    """
)
"""What a program has in which a number of rows can matter: tensors of its own, other axes, conditions, banks."""
COUNTING_STARTS = ("repeat", "split", "diag", "zeros", "ones", "full", "empty", "SupCon")
COUNTING_PARTS = ("Bank", "Queue", "Memory")
JOINING = frozenset(
    {"cat", "concat", "concatenate", "stack", "vstack", "hstack", "array", "asarray", "tensor", "as_tensor"}
)
Problems = Callable[[Run], Sequence[Sequence[Problem]]]


def find(run: Run, asked: Callable[[Question], Run], problems: Problems) -> list[tuple[Problem, ...]]:
    """Return the faults of the rows in each model of a run; `problems` gives what stops in each model of another."""
    here = [tuple(one) for one in problems(run)]
    known = {*(problem.span for one in here for problem in one), *_misfits(run)}
    nothing: list[tuple[Problem, ...]] = [()] * len(here)
    if DIVIDED.search(run.text):
        return nothing

    runs: dict[FedBatch, Run] = {}
    counted = len({loader.size for loader in run.loaders}) > 1 or _counts_rows(run)

    def stops(batch: FedBatch) -> list[tuple[Problem, ...]]:
        rows = {loader.of(batch) for loader in run.loaders} - {None}
        if batch != "epoch" and (not rows or not (counted or 1 in rows)):
            return nothing
        runs[batch] = asked(Question(feeds=batch))
        if batch == "last" and "first" in runs:
            queues.note_uneven(runs["first"], runs["last"])
        if batch == "shorter" and "first" in runs:
            queues.note_of_one_size(runs["first"], runs["shorter"])
        found = problems(runs[batch])
        new = [tuple(problem for problem in one if problem.span not in known)[:1] for one in found]
        return new if len(new) == len(here) else nothing

    for batch in ("first", "last") if run.loaders else ():
        found = stops(batch)
        if any(found):
            return found
    shorter = stops("shorter")
    uneven = _both(shorter, stops("half"), runs["shorter"].uneven) if any(shorter) else nothing
    return [(*one, *two) for one, two in zip(uneven, stops("epoch") if _collects(run) else nothing)]


def _counts_rows(run: Run) -> bool:
    """Return whether a program does more with the rows of its batches than to pass them on."""
    found = map(local_trees.words, local_trees.of(run))
    return any(_counts(word) for one in found for word in one.called | one.kinds)


def _counts(word: str) -> bool:
    name = word.removeprefix("new_")
    begins_or_ends = name.startswith(COUNTING_STARTS) or name.endswith(("tensor", "Tensor"))
    return begins_or_ends or word in COUNTS or any(part in word for part in COUNTING_PARTS)


def _collects(run: Run) -> bool:
    """Return whether a program may join what it collects from the batches of a loader."""
    if run.exhausted or not run.has_loaders:
        return False
    return any(local_trees.words(tree).called & JOINING for tree in local_trees.of(run))


def holds(one: Span, places: Iterable[Span]) -> bool:
    """Return whether a span overlaps one of several places."""
    return any(place.start < one.end and one.start < place.end for place in places)


def _both(
    one: Sequence[Sequence[Problem]], two: Sequence[Sequence[Problem]], certain: set[Span]
) -> list[tuple[Problem, ...]]:
    """Return the warnings of one run that stand in the other, too, or that are certain as they are."""
    again = certain | {problem.span for problems in two for problem in problems}
    return [tuple(each for each in problems if each.span in again and each.code == "SL211") for problems in one]


def _misfits(run: Run) -> Iterator[Span]:
    """Yield where something does not fit for any batch."""
    calls: list[Call] = [*run.calls, *run.misuses]
    yield from (call.span for call in calls if isinstance(call.edge.result, Misfit))
