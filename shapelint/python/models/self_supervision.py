"""Whether something in a program says that a model is a self-supervised one, and not a classifier or a detector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath

from shapelint.knowledge import losses as known_losses
from shapelint.knowledge import role_words
from shapelint.python.state import class_lookup, naming
from shapelint.python.state.run import Call, LossCall, Run
from shapelint.python.state.values import Instance, Library, Node, UserClass


def says_so(run: Run, model: Instance | None, calls: Sequence[Call], losses: Sequence[LossCall], path: str) -> bool:
    """Whether a model is self-supervised by its names, its heads, its losses or a momentum copy in it."""
    names = [*_parts(model), *(str(call.edge.role) for call in calls)]
    return (
        any(naming.method(name) is not None for name in (*_class_names(model), PurePath(path).stem))
        or (model is not None and naming.has_towers(model))
        or any(map(_tells, names))
        or any(naming.predicts_patches(node) for node in _objects(model))
        or _has_copy(names)
        or any(_is_of_these_methods(call) for call in calls)
        or any(naming.is_head(leaf) for leaf in (naming.leaves(model) if model is not None else ()))
        or any(known_losses.is_self_supervised(loss.loss.target) or _meets_itself(loss) for loss in losses)
        or any(model in node.path for _, node, _ in run.averaged if isinstance(node, Node))
    )


def method(model: Instance | None, path: str) -> str | None:
    """The method that a model's classes, or else its file, are named after."""
    names = (*_class_names(model), PurePath(path).stem)
    return next(filter(None, map(naming.method, names)), None)


def _parts(model: Instance | None) -> Iterator[str]:
    """The names of the parts of a model, and of the models inside it, but not those of plain layers in there."""
    for node in _objects(model):
        layers = role_words.load().layers if node is not model else ()
        yield from (name for name in node.attributes if name not in layers)


def _objects(model: Instance | None, depth: int = 0) -> Iterator[Instance]:
    """A model and the objects inside it."""
    if model is not None:
        yield model
    for value in model.attributes.values() if model is not None else ():
        if isinstance(value, Instance) and depth < naming.MAXIMUM_MODEL_DEPTH:
            yield from _objects(value, depth + 1)


def _class_names(model: Instance | None) -> Iterator[str]:
    """The names of a model's class, of those that it derives from, and of the classes of what holds it."""
    for node in reversed(model.path) if model is not None else ():
        if isinstance(node, Instance) and node.cls is not None:
            for cls in class_lookup.resolution_order(node.cls):
                yield cls.name.rpartition(".")[2] if isinstance(cls, (UserClass, Library)) else ""


def _tells(name: str) -> bool:
    """Whether a name is that of a part which only self-supervised models have."""
    return any(word.removesuffix("s") in role_words.load().telling for word in naming.words(name))


def _has_copy(names: Iterable[str]) -> bool:
    """Whether one of the parts is the momentum copy of another."""
    kinds = [(naming.kind(name), naming.is_target(name)) for name in names]
    return any(kind and (kind, False) in kinds for kind, target in kinds if target)


def _is_of_these_methods(call: Call) -> bool:
    """Whether a component is a head or a module that only self-supervised models have."""
    return naming.is_head(call.component) or call.component.spec.target.startswith("lightly.models.modules.")


def _meets_itself(loss: LossCall) -> bool:
    """Whether a loss compares two tensors that components made, such as two views of an image."""
    flows = [flow for _, flow in loss.operands]
    return (
        loss.compared
        and len(flows) > 1
        and all(flow is not None and flow.maker.component is not None for flow in flows)
    )
