"""The checkpoint of the command line, for a program that loads none: compared with the part whose names it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from shapelint.checkpoints import CheckpointError, state_dicts
from shapelint.common.frozen import replace
from shapelint.python.libraries.torch import state_names
from shapelint.python.state.run import Call, Run
from shapelint.python.state.saved_weights import LoadedWeights
from shapelint.python.state.values import NO_SPAN, Chained, Component, Instance, Node
from shapelint.spec.spec import Cause
from shapelint.text.source import Span

KINDS_OF_NETWORKS = (Instance, Chained, Component)


def of_model(run: Run, model: Instance, span: Span) -> Iterator[LoadedWeights]:
    """Yield the weights of the checkpoint as if they were loaded, not strictly, into the model or one of its parts.

    Which part that is, and which of several dictionaries, is decided by the number of names that both have.
    """
    parts = [(name, value) for name, value in model.attributes.items() if isinstance(value, KINDS_OF_NETWORKS)]
    found = _closest(run, {"the model": model, **dict(parts)})
    if found is not None:
        yield replace(found, span=span)


def of_script(run: Run, calls: Sequence[Call]) -> Iterator[LoadedWeights]:
    """Yield the same for the networks of a script; one of which no name is in the checkpoint may be read otherwise."""
    called = {call.component.path[0]: call.span for call in reversed(calls)}
    found = _closest(run, {node.name: node for node in called if node.name})
    if found is None or found.given is None:
        return
    place = called[found.owner]
    if found.given.keys() & found.names.tensors.keys():
        yield replace(found, span=place)
    else:
        cause = Cause(f"none of the names in {found.file} is one of a network here")
        yield replace(found, span=place, given=None, cause=cause)


def _closest(run: Run, parts: Mapping[str, Node]) -> LoadedWeights | None:
    """Return the checkpoint, and the network that has most of its names."""
    path = Path(run.options.checkpoint)
    try:
        dictionaries = state_dicts(path)
    except CheckpointError:
        return None
    names = {label: (part, state_names.of(run, part)) for label, part in parts.items()}
    pairs = [(label, given) for given in dictionaries for label in names]
    if not pairs:
        return None
    label, given = max(pairs, key=lambda pair: len(names[pair[0]][1].tensors.keys() & pair[1].keys()))
    part, held = names[label]
    return LoadedWeights(part, label, NO_SPAN, held, given, strict=False, file=path.name)
