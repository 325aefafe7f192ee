"""Checkpoints in programs: `torch.load` and the like give the names and shapes in a file, without loading a weight."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any

from shapelint.chain.chain import Flow, Origin
from shapelint.checkpoints import CheckpointError, StoredTensor, contents
from shapelint.python.libraries.paths_ import path_of
from shapelint.python.libraries.torch import state_names
from shapelint.python.state import guards
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.loading import OVERWRITTEN, is_overwritten, locate, note_writing
from shapelint.python.state.run import Run
from shapelint.python.state.saved_weights import CHECKPOINT, LoadedWeights
from shapelint.python.state.value_facts import cause_among, truth
from shapelint.python.state.values import (
    UNKNOWN,
    Const,
    Items,
    Node,
    Table,
    Tensor,
    Unknown,
    Value,
)
from shapelint.shapes.signatures import Shape
from shapelint.spec.spec import Cause
from shapelint.text.source import Span

MAXIMUM_LIST = 1000
REMEDY = "pass it as --checkpoint PATH"


def load(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `torch.load(path)` or `safetensors.torch.load_file(path)`."""
    value = arguments.get(0, "f", "filename")
    path = path_of(value)
    overwritten = path is not None and is_overwritten(run, path)
    found = locate(run, path) if path is not None and not overwritten else None
    found = found or run.options.checkpoint or None
    if found is None:
        absent = OVERWRITTEN.format(path) if overwritten else f"{path} is not there to be read"
        reason = "which checkpoint is read here is not known" if path is None else absent
        return _unread(run, reason, value if path is None else None, site)
    try:
        held = contents(Path(found))
    except CheckpointError as error:
        return _unread(run, f"the checkpoint {path or found} is not read: {error}", None, site)
    name = os.path.basename(found)
    run.weight_files.append(name)
    place = run.place(site.node, site.scope.file)
    made = _value(held, Origin(f"{CHECKPOINT} {name}", place=place))
    if isinstance(made, (Table, Tensor)):
        return made
    return _unread(run, f"{name} holds no dictionary of tensors", None, site)


def save(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `torch.save(object, path)` or `safetensors.torch.save_file(tensors, path)`: the file is another one."""
    note_writing(run, path_of(arguments.get(1, "f", "filename")))
    return None


def from_url(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `torch.hub.load_state_dict_from_url(url)`: nothing is downloaded."""
    return _unread(run, "the weights are downloaded when it runs", None, site)


def _unread(run: Run, reason: str, value: Value | None, site: Site) -> Value:
    unknown = run.unknown(reason, site.node, site.scope.file)
    earlier = cause_among(value)
    assert unknown.cause is not None
    text = f"{reason}: {earlier.reason}" if earlier is not None else reason
    return Unknown(Cause(text, unknown.cause.span, REMEDY))


def _value(held: Any, origin: Origin) -> Value:
    """Return what a file holds as a value of the program."""
    if isinstance(held, StoredTensor):
        return Tensor(Flow(held.shape, (origin,) * len(held.shape), origin))
    if isinstance(held, dict):
        return Table({key: _value(item, origin) for key, item in held.items()})
    if isinstance(held, (list, tuple)) and len(held) <= MAXIMUM_LIST:
        return Items([_value(item, origin) for item in held], "list" if isinstance(held, list) else "tuple")
    return Const(held) if isinstance(held, (str, int, float, bool, type(None))) else UNKNOWN


def state_dict(run: Run, owner: Node) -> Value:
    """Interpret `module.state_dict()`: its tensors by name, as far as they are known."""
    names = state_names.of(run, owner)
    origin = Origin("")
    items: dict[Any, Value] = {
        name: Tensor(Flow(shape, (origin,) * len(shape) if shape is not None else (), origin))
        for name, shape in names.tensors.items()
    }
    return Table(items, bool(names.unseen or names.variants & names.tensors.keys()), maybe_missing=names.doubtful)


def load_into(run: Run, owner: Node, arguments: Arguments, site: Site) -> Value:
    """Interpret `module.load_state_dict(state, strict=...)`: what comes from a file is compared with the module."""
    value = arguments.get(0, "state_dict")
    strict = arguments.get(1, "strict")
    label = _label(site.node)
    known = (None, frozenset[str](), "") if value is None else _given(run, value)
    if known is None:
        return UNKNOWN
    given, maybe, file = known
    file = file or (_text(site.node.args[0]) if isinstance(site.node, ast.Call) and site.node.args else "")
    cause = None
    span = run.place(site.node, site.scope.file) or Span(0, 0)
    if given is not None and site.node in guards.expected(run.tree):
        given, cause = None, Cause("what the program does where these weights do not fit is not followed", span)
    elif given is None:
        cause = cause_among(value) or (value.cause if isinstance(value, Table) else None)
        if cause is None and "state_dict()" in _text(site.node):
            return UNKNOWN
        cause = cause or Cause("which weights are loaded here is not known", span, REMEDY)
    run.loads.append(
        LoadedWeights(
            owner, label, span, state_names.of(run, owner), given, maybe,
            True if strict is None else truth(strict), file, _read_at(value), cause,
        )
    )  # fmt: skip
    return UNKNOWN


def _given(run: Run, value: Value) -> tuple[dict[str, Shape | None] | None, frozenset[str], str] | None:
    """Return the tensors that are loaded, those that may be missing, and the file; None if they are not of a file."""
    if not isinstance(value, Table):
        return (None, frozenset(), "") if isinstance(value, Unknown) else None
    roles = [item.flow.maker.role for item in value.items.values() if isinstance(item, Tensor)]
    file = next((role.removeprefix(f"{CHECKPOINT} ") for role in roles if role.startswith(CHECKPOINT)), "")
    if value.open:
        return (None, frozenset(), file) if file or value.cause is not None else None
    if not file and not value.items and not run.weight_files:
        return None
    shapes = {
        str(key): item.shape if isinstance(item, Tensor) else None
        for key, item in value.items.items()
        if isinstance(key, str)
    }
    return shapes, frozenset(map(str, value.maybe_missing)), file or (run.weight_files[-1] if not value.items else "")


def _read_at(value: Value | None) -> Span | None:
    """Return where the file of the first tensor of a state dict is read."""
    items = value.items.values() if isinstance(value, Table) else ()
    makers = (item.flow.maker for item in items if isinstance(item, Tensor))
    return next((maker.place for maker in makers if maker.role.startswith(CHECKPOINT)), None)


def _label(node: ast.AST) -> str:
    """Return how the program writes the module that weights are loaded into."""
    called = node.func if isinstance(node, ast.Call) else None
    return _text(called.value) if isinstance(called, ast.Attribute) else "the model"


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split()) if hasattr(node, "lineno") else ""
