"""Moving averages of a model: which branch is written into which, by their names, and with which decay."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from shapelint.common.frozen import frozen
from shapelint.python.state import class_lookup, naming
from shapelint.python.state.run import Run
from shapelint.python.state.values import Const, Instance, Node, UserClass
from shapelint.text.source import Span

IN_PLACE = frozenset({"mul_", "lerp_", "copy_"})
"""Methods by which a moving average writes into a tensor."""


@frozen
class UpdateFault:
    """A moving average that writes the target into the online branch, or whose decay lies outside of 0 to 1."""

    span: Span
    words: str
    effect: str


@frozen
class _Average:
    """The statement of a moving average over two lists of parameters: what it writes, and what it reads as well."""

    node: ast.AST
    written: str
    read: str
    decay: ast.expr | None = None


def faults(run: Run, model: Instance) -> Iterator[UpdateFault]:
    """Yield what is wrong with the moving averages of a model, lightly's and those written out in its class."""
    for online, target, span in run.averaged:
        if isinstance(online, Node) and isinstance(target, Node) and model in target.path:
            yield from _swapped(online.name, target.name, span)
    for target, decay, span in run.decays:
        if isinstance(target, Node) and model in target.path:
            yield from _outside(decay, span)
    for cls in class_lookup.resolution_order(model.cls) if model.cls is not None else ():
        file = cls.scope.file if isinstance(cls, UserClass) else None
        if not isinstance(cls, UserClass) or file is None or not file.main:
            continue
        for average in _averages(cls.node):
            yield from _swapped(average.read, average.written, file.span(average.node))
            decay_of = _number(average.decay, model)
            if average.decay is not None and decay_of is not None:
                yield from _outside(decay_of, file.span(average.decay))


def _swapped(read: str, written: str, span: Span) -> Iterator[UpdateFault]:
    """Yield a fault if the names say that what is read is the target of what is written."""
    kind = naming.kind(written)
    if naming.is_target(read) and not naming.is_target(written) and kind and kind == naming.kind(read):
        effect = f"each update pulls {written} towards {read}, which never changes"
        yield UpdateFault(span, f"the moving average writes the target {read} into {written}", effect)


def _outside(decay: float, span: Span) -> Iterator[UpdateFault]:
    if not 0 <= decay <= 1:
        effect = "each update moves the target away from the online branch"
        yield UpdateFault(span, f"the decay of the moving average is {decay:g}, which is not between 0 and 1", effect)


def _number(decay: ast.expr | None, model: Instance) -> float | None:
    """Return the value of a decay: a literal, or an attribute of the model."""
    if isinstance(decay, ast.Attribute) and isinstance(decay.value, ast.Name):
        value = model.attributes.get(decay.attr)
        number = value.value if isinstance(value, Const) else None
    else:
        number = decay.value if isinstance(decay, ast.Constant) else None
    return number if isinstance(number, (int, float)) and not isinstance(number, bool) else None


def _averages(tree: ast.AST) -> Iterator[_Average]:
    """Yield the moving averages `for p, q in zip(a.parameters(), b.parameters()): ...` in a class."""
    for loop in ast.walk(tree):
        names = _parameters(loop) if isinstance(loop, ast.For) else {}
        for node in ast.walk(loop) if len(names) == 2 else ():
            variable, parts = _written(node)
            other = next((name for name in names if name != variable), "")
            mentioned = {one.id for part in parts for one in ast.walk(part) if isinstance(one, ast.Name)}
            if variable in names and other in mentioned:
                yield _Average(node, names[variable], names[other], _decay(parts, variable))


def _parameters(loop: ast.For) -> dict[str, str]:
    """Return the two variables of a loop over two lists of parameters, with the names of the modules."""
    call, target = loop.iter, loop.target
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "zip":
        return {}
    modules = [_module(argument) for argument in call.args]
    variables = [one.id for one in target.elts if isinstance(one, ast.Name)] if isinstance(target, ast.Tuple) else []
    return dict(zip(variables, modules)) if len(variables) == len(modules) == 2 and all(modules) else {}


def _module(argument: ast.expr) -> str:
    """Return the last name of the module in `module.parameters()`."""
    called = argument.func if isinstance(argument, ast.Call) else None
    if not isinstance(called, ast.Attribute) or called.attr != "parameters":
        return ""
    owner = called.value
    return owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""


def _written(node: ast.AST) -> tuple[str, list[ast.expr]]:
    """Return the variable whose tensor a statement overwrites by an average, and the expressions of the average."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute) and node.targets[0].attr == "data":
        owner = node.targets[0].value
        mixed = isinstance(node.value, ast.BinOp)
        return (owner.id, [node.value]) if isinstance(owner, ast.Name) and mixed else ("", [])
    if not isinstance(node, ast.Expr):
        return "", []
    arguments: list[ast.expr] = []
    methods: set[str] = set()
    part: ast.expr = node.value
    while isinstance(part, (ast.Call, ast.Attribute)):
        if isinstance(part, ast.Call):
            arguments += [*part.args, *(keyword.value for keyword in part.keywords)]
            methods.add(part.func.attr if isinstance(part.func, ast.Attribute) else "")
            part = part.func
        else:
            part = part.value
    averages = methods & IN_PLACE and (len(methods) > 1 or any(isinstance(one, ast.BinOp) for one in arguments))
    return (part.id, arguments) if isinstance(part, ast.Name) and averages else ("", [])


def _decay(parts: list[ast.expr], variable: str) -> ast.expr | None:
    """Return the factor of the written tensor in `p.data * m + q.data * (1 - m)`."""
    products = [one for part in parts for one in ast.walk(part) if isinstance(one, ast.BinOp)]
    for product in (one for one in products if isinstance(one.op, ast.Mult)):
        for factor, tensor in ((product.left, product.right), (product.right, product.left)):
            named = tensor.value if isinstance(tensor, ast.Attribute) and tensor.attr == "data" else tensor
            if isinstance(named, ast.Name) and named.id == variable:
                return factor
    return None
