"""The checkpoint of the command line, for a program that loads none: compared with the part whose names it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from shapelint.checkpoints import CheckpointError, state_dicts
from shapelint.python.libraries.torch import state_names
from shapelint.python.state.run import Run
from shapelint.python.state.saved_weights import LoadedWeights
from shapelint.python.state.values import Chained, Component, Instance, Node
from shapelint.text.source import Span


def of_model(run: Run, model: Instance, span: Span) -> Iterator[LoadedWeights]:
    """Yield the weights of the checkpoint as if they were loaded, not strictly, into the model or one of its parts.

    Which part that is, and which of several dictionaries, is decided by the number of names that both have.
    """
    path = Path(run.options.checkpoint)
    try:
        dictionaries = state_dicts(path)
    except CheckpointError:
        return
    names = {label: (part, state_names.of(run, part)) for label, part in _parts(model)}
    found = [(label, given) for given in dictionaries for label in names]
    if not found:
        return
    label, given = max(found, key=lambda pair: len(names[pair[0]][1].tensors.keys() & pair[1].keys()))
    part, held = names[label]
    yield LoadedWeights(part, label, span, held, given, strict=False, file=path.name)


def _parts(model: Instance) -> Iterator[tuple[str, Node]]:
    yield "the model", model
    for name, value in model.attributes.items():
        if isinstance(value, (Instance, Chained, Component)):
            yield name, value
