"""Moving averages of a model: which branch is written into which, by their names, and with which decay."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from shapelint.common import disk
from shapelint.common.frozen import frozen
from shapelint.python.models import averages
from shapelint.python.models.averages import Average
from shapelint.python.state import class_lookup, local_trees, naming
from shapelint.python.state.run import Run
from shapelint.python.state.values import Const, Instance, Node, SourceFile, UserClass
from shapelint.text.source import Span

MOMENTUM = "_m"
"""What is added to the name of a module to name its moving average."""


@frozen
class UpdateFault:
    """A moving average that writes the target into the online branch, or whose decay lies outside of 0 to 1."""

    span: Span
    words: str
    effect: str


def faults(run: Run, model: Instance | None, first: bool) -> Iterator[UpdateFault]:
    """Yield what is wrong with the moving averages of a model, or those of none if it is the `first`."""
    for online, target, span in run.averaged:
        if isinstance(online, Node) and isinstance(target, Node) and _is_of(target, model, first):
            yield from _swapped(*averages.different(_dotted(online), _dotted(target)), span)
    for target, decay, span in run.decays:
        if isinstance(target, Node) and _is_of(target, model, first):
            yield from _outside(decay, span)
    for file, average in written_out(run, model, first):
        yield from _swapped(average.read, average.written, file.span(average.node))
        decay_of = _number(run, average.decay, model)
        if average.decay is not None and decay_of is not None:
            yield from _outside(decay_of, file.span(average.decay))


def _dotted(module: Node) -> str:
    return ".".join(one.name for one in module.path if one.name)


def _is_of(target: Node, model: Instance | None, first: bool) -> bool:
    """Return whether a module is a part of a model, or of none."""
    if model is not None and model in target.path:
        return True
    return first and not any(naming.is_model_like(one) for one in target.path[:-1] if isinstance(one, Instance))


def written_out(run: Run, model: Instance | None, first: bool) -> Iterator[tuple[SourceFile, Average]]:
    """Yield the averages in the classes of a model, and those elsewhere in the file that name two of its parts.

    What names the parts of no model is a matter of the first.
    """
    trees = list(local_trees.of(run))
    if not any(local_trees.words(tree).attributes & averages.NEEDED for tree in trees):
        return
    helpers = averages.helpers(trees)
    for cls in class_lookup.resolution_order(model.cls) if model is not None and model.cls is not None else ():
        file = cls.scope.file if isinstance(cls, UserClass) else None
        if isinstance(cls, UserClass) and file is not None and file.main:
            yield from ((file, average) for average in averages.find([cls.node], helpers))
    scope = run.modules.get(disk.real(run.others.source.path))
    if scope is None or scope.file is None:
        return
    elsewhere = [statement for statement in run.tree.body if not isinstance(statement, ast.ClassDef)]
    for average in averages.find(elsewhere, helpers):
        owners = [one for one in run.instances if {average.read, average.written} <= one.attributes.keys()]
        if model in owners or (first and not owners):
            yield scope.file, average


def _swapped(read: str, written: str, span: Span) -> Iterator[UpdateFault]:
    """Yield a fault if the names say that what is read is the target of what is written."""
    kind = naming.kind(written)
    is_target = naming.is_target(read) or read == f"{written}{MOMENTUM}"
    if is_target and not naming.is_target(written) and kind and kind == naming.kind(read):
        effect = f"each update pulls {written} towards {read}, which never changes"
        yield UpdateFault(span, f"the moving average writes the target {read} into {written}", effect)


def _outside(decay: float, span: Span) -> Iterator[UpdateFault]:
    if not 0 <= decay <= 1:
        effect = "each update moves the target away from the online branch"
        yield UpdateFault(span, f"the decay of the moving average is {decay:g}, which is not between 0 and 1", effect)


def _number(run: Run, decay: ast.expr | None, model: Instance | None) -> float | None:
    """Return the value of a decay: a literal, a global that is set once, or an attribute of the model."""
    if isinstance(decay, ast.Attribute) and isinstance(decay.value, ast.Name):
        value = model.attributes.get(decay.attr) if model is not None else None
        number = value.value if isinstance(value, Const) else None
    elif isinstance(decay, ast.Name):
        number = _set_once(run.tree, decay.id)
    else:
        number = decay.value if isinstance(decay, ast.Constant) else None
    return number if isinstance(number, (int, float)) and not isinstance(number, bool) else None


def _set_once(tree: ast.Module, name: str) -> object:
    """Return the literal that a global of the program is, if no other thing in it has the name; None for any other."""
    others = [one for one in ast.walk(tree) if isinstance(one, ast.arg) and one.arg == name]
    stored = [one for one in ast.walk(tree) if isinstance(one, ast.Name) and one.id == name and _is_stored(one)]
    given = [one.value for one in tree.body if isinstance(one, ast.Assign) and one.targets[0] in stored]
    is_once = len(stored) == len(given) == 1 and not others
    return given[0].value if is_once and isinstance(given[0], ast.Constant) else None


def _is_stored(name: ast.Name) -> bool:
    return not isinstance(name.ctx, ast.Load)
