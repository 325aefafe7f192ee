"""Why a value is not known, in the words of the program: what a report says about a link that was not checked."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from shapelint.chain.chain import Flow, Origin
from shapelint.common.frozen import replace
from shapelint.knowledge import operations, rules_folder
from shapelint.python.state import naming
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import OpenOperation, Run
from shapelint.python.state.value_facts import LONGEST_LIST, cause_among
from shapelint.python.state.values import (
    Bound,
    Data,
    Function,
    Given,
    Instance,
    Items,
    Library,
    Node,
    Tensor,
    Unknown,
    Value,
)
from shapelint.shapes import dims
from shapelint.signatures import declared
from shapelint.spec.spec import Cause

LONGEST_TEXT = 60
IMPORTABLE_ONLY = frozenset({"builtins", *sys.stdlib_module_names})
"""Packages whose functions build no networks."""
MOVES = frozenset({"to", "cuda", "cpu", "float", "half", "double", "bfloat16", "type", "contiguous", "detach", "clone"})
"""Methods that leave a tensor or network what it is."""


def of_parameter(function: Function, node: ast.arg, serial: int) -> Unknown:
    """Return the value of a parameter that is passed from code that was not read; each call is told by its serial."""
    owner = function.owner.name if function.owner and function.name == "__init__" else function.name
    file = function.scope.file
    span = file.span(node) if file is not None and file.main else None
    reason = f"what {owner} gets as {node.arg} is not in the files that were read"
    cause = Cause(reason, span, "lint it with the file that passes it")
    return Unknown(cause, number=dims.unknown(node.arg, str(serial)))


def of_call(run: Run, function: Value, value: Value, arguments: Arguments, site: Site) -> Value:
    """Return the result of a call; one that is unknown, or a tensor whose shape was lost here, gets its cause."""
    if isinstance(value, Unknown) and (value.cause is None or _is_foreign(run, function)):
        return replace(value, cause=_cause(run, function, arguments, site))
    if not isinstance(value, Tensor) or isinstance(function, Node):
        return value
    is_operation = isinstance(function, Library) or (isinstance(function, Bound) and isinstance(function.owner, Tensor))
    trace = of_operation if is_operation else _blamed
    return trace(run, value, tuple(_tensors(function, arguments)), site)


def of_operation(run: Run, value: Tensor, operands: Sequence[Tensor], site: Site) -> Tensor:
    """Return what an operation gives, with the cause of what was lost by it; one that loses a shape may be refused."""
    found = _blamed(run, value, operands, site)
    if found is not value and found.flow.value is None and found.flow.maker.cause is not None:
        leave_open(run, _name(site.node), operands, found.flow.maker.cause, site)
    return found


def _blamed(run: Run, value: Tensor, operands: Sequence[Tensor], site: Site) -> Tensor:
    """Return what an operation gives; a shape or a width that is not known after it was before gets its cause."""
    flow = value.flow
    if isinstance(flow.value, tuple):
        lost = [not dims.is_known(size) and origin.cause is None for size, origin in zip(flow.value, flow.origins)]
        known = all(dims.is_known(size) for one in operands for size in one.shape or ())
        if not any(lost) or not known:
            return value
        cause = _lost(run, site)
        origins = tuple(replace(one, cause=cause) if new else one for one, new in zip(flow.origins, lost))
        return replace(value, flow=replace(flow, origins=origins))
    if flow.value is not None or flow.maker.cause is not None or not any(one.flow.value for one in operands):
        return value
    return replace(value, flow=replace(flow, maker=replace(flow.maker, cause=_lost(run, site))))


def _name(node: ast.AST) -> str:
    """Return what an operation is called: `view` for `x.view(*sizes)`."""
    function = node.func if isinstance(node, ast.Call) else node
    return getattr(function, "attr", None) or getattr(function, "id", "") or "an index"


def _lost(run: Run, site: Site) -> Cause:
    return Cause(f"what {_text(site.node)} gives is not known", run.place(site.node, site.scope.file))


def unfollowed(run: Run, values: Sequence[Value], site: Site) -> None:
    """Note that code which is not seen gets hold of networks, and may change what they do."""
    networks = tuple(value for value in values if isinstance(value, Node))
    if networks and hasattr(site.node, "lineno"):
        place = run.place(site.node, site.scope.file)
        run.unfollowed.append((networks, Cause(f"what {_text(site.node)} does to it is not seen", place)))


def reshaped(run: Run, values: Sequence[Value], site: Site) -> None:
    """Note that a weight of networks, or of any if there are none, is set to a tensor that may be of another shape."""
    networks = tuple(value for value in values if isinstance(value, Node))
    place = run.place(site.node, site.scope.file)
    run.unfollowed.append((networks, Cause(f"{_text(site.node)} may get another shape", place)))


def handed_over(
    run: Run, values: Sequence[Value], site: Site, reason: str = "it is passed to {}, which is not followed"
) -> None:
    """Note that code which is not seen gets networks that it may call, or why else it is not seen what they get."""
    cause = Cause(reason.format(_text(site.node, call=False)), run.place(site.node, site.scope.file))
    for value in values:
        if isinstance(value, Node):
            run.handed_over.setdefault(id(value), (value, cause))


def leave_open(
    run: Run, name: str, operands: Sequence[Tensor], cause: Cause | None, site: Site, is_certain: bool = False
) -> None:
    """Note an operation of which it is not known whether torch takes what a component made: an unchecked link.

    If it `is_certain` that torch does not, who made it does not matter. Nothing is noted of what is interpreted for a
    library, or only supposed to run.
    """
    file = site.scope.file
    span = run.place(site.node, file)
    if file is None or span is None or run.supposed or Path(file.path).is_relative_to(rules_folder.folder()):
        return
    flows = tuple(one.flow for one in operands if is_certain or _is_made(one.flow))
    if flows:
        cause = cause or _of_sizes(operands) or Cause(f"a size of what {_text(site.node)} gets is not known", span)
        cause = cause if cause.span is not None else replace(cause, span=span)
        run.open_operations.setdefault((span, name), OpenOperation(name, flows, cause))


def leave_unknown_open(run: Run, name: str, given: Sequence[Given], site: Site) -> None:
    """Note a function of torch of which it is not known what it takes, or what it gets."""
    operands = tuple(_tensors_among(one.value for one in given))
    is_known = bool(operations.find(name.rpartition(".")[2]))
    cause = None if is_known else Cause(f"what {name} takes is not known here")
    leave_open(run, name.rpartition(".")[2], operands, cause, site)


def _of_sizes(operands: Sequence[Tensor]) -> Cause | None:
    """Return why a shape or a size of tensors is not known."""
    origins = (
        origin
        for one in operands
        for size, origin in zip(one.shape or (None,), one.flow.origins or (one.flow.maker,))
        if size is None or not dims.is_known(size)
    )
    return next((origin.cause for origin in origins if origin.cause is not None), None)


def _is_made(flow: Flow) -> bool:
    """Return whether a component made a tensor, or an axis of it."""
    return any(origin.component is not None for origin in (flow.maker, *flow.origins))


def tensor(value: Value | None, cause: Cause | None = None) -> Tensor:
    """Return an unknown value as a tensor of unknown shape."""
    return Tensor(Flow(None, (), Origin("", cause=cause_among(value) or cause)))


def argument(run: Run, site: Site) -> Cause | None:
    """Return that the argument of a call is not known, in its own words."""
    given = [*site.node.args, *(one.value for one in site.node.keywords)] if isinstance(site.node, ast.Call) else []
    return Cause(f"{_text(given[0])} is not known", run.place(given[0], site.scope.file)) if given else None


def layers(run: Run, site: Site) -> Cause:
    """Return that the layers of a network are not all known."""
    reason = f"{_text(site.node, call=False)} has layers that are not known"
    return Cause(reason, run.place(site.node, site.scope.file), _settings_line(site))


def chosen(run: Run, key: Value, names: Sequence[str], site: Site) -> Cause:
    """Return that a key is not known which chooses among these."""
    node = site.node.slice if isinstance(site.node, ast.Subscript) else site.node
    listed = " and ".join(names) if len(names) <= LONGEST_LIST else f"{len(names)} of them"
    cause = cause_among(key)
    reason = f"{_text(node)} is not known, and chooses among {listed}"
    return Cause(reason, run.place(site.node, site.scope.file), cause.help if cause is not None else "")


def unseen_call(run: Run, function: Value, site: Site) -> Unknown:
    """Return what a call gives of a network or a method that is not seen, and the settings that would say it."""
    cause = cause_among(function) or Cause(f"{_text(site.node, call=False)}(...) cannot be seen")
    span = cause.span or run.place(site.node, site.scope.file)
    line = cause.help if cause.help.startswith('"') else _settings_line(site) or cause.help
    return Unknown(replace(cause, span=span, help=line, is_output=True))


def _cause(run: Run, function: Value, arguments: Arguments, site: Site) -> Cause:
    place = run.place(site.node, site.scope.file)
    values = [given.value for given in arguments.every]
    passed = cause_among(*values)
    if isinstance(function, Library) and _is_foreign(run, function):
        if passed is not None and any(isinstance(value, (Tensor, Data)) for value in values):
            return passed
        return Cause(f"{function.name} has no signature here", place, declared.suggestion(function.name, "backbone"))
    moved = moved_by(site.node)
    earlier = cause_among(function) or (passed if moved is None else None)
    if earlier is not None:
        return earlier
    if moved is not None:
        return Cause(f"{_text(moved)} is not known", place)
    if isinstance(function, Library) and function.name.partition(".")[0] in IMPORTABLE_ONLY:
        return Cause(f"{_text(site.node)} is known at run time only", place)
    return Cause(f"what {_text(site.node)} gives is not known", place)


def moved_by(node: ast.AST) -> ast.expr | None:
    """Return what a call only moves to a device or type, which the arguments say nothing of: `x` in `x.to(device)`."""
    called = node.func if isinstance(node, ast.Call) else None
    return called.value if isinstance(called, ast.Attribute) and called.attr in MOVES else None


def _is_foreign(run: Run, function: Value) -> bool:
    """Return whether a function is of a library that is not known here."""
    if not isinstance(function, Library) or function.name.partition(".")[0] in IMPORTABLE_ONLY:
        return False
    return not (run.knows(function.name) or function.name.startswith("torch."))


def _settings_line(site: Site) -> str:
    """Return a signature that would make the callee known: of the class around it, or of this part of a model."""
    function = site.node.func if isinstance(site.node, ast.Call) else None
    path = path_of(function, site)
    if path is None:
        return ""
    owner, names = path
    assert owner.cls is not None
    if owner.holder is not None and not naming.has_backbone(owner):
        return declared.suggestion(owner.cls.name, naming.kind(owner.name) or "backbone")
    return declared.suggestion(f"{owner.cls.name}.{names}", naming.kind(names.partition(".")[0]) or "backbone")


def path_of(function: ast.expr | None, site: Site) -> tuple[Instance, str] | None:
    """Return the object and the attributes of it that a callee names: `self.encoder.extract_features`."""
    names: list[str] = []
    while isinstance(function, ast.Attribute):
        names.insert(0, function.attr)
        function = function.value
    owner = site.scope.names.get(function.id) if isinstance(function, ast.Name) else None
    return (owner, ".".join(names)) if isinstance(owner, Instance) and owner.cls is not None and names else None


def _tensors(function: Value, arguments: Arguments) -> Iterator[Tensor]:
    """Yield the tensors that an operation is called with, including those in lists."""
    owner = [function.owner] if isinstance(function, Bound) else []
    yield from _tensors_among([*owner, *(given.value for given in arguments.every)])


def _tensors_among(values: Iterable[Value]) -> Iterator[Tensor]:
    """Yield the tensors among values, including those in lists."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, Items):
            yield from (item for item in value.items if isinstance(item, Tensor))


def _text(node: ast.AST, call: bool = True) -> str:
    part = node if call or not isinstance(node, ast.Call) else node.func
    text = " ".join(ast.unparse(part).split()) if hasattr(node, "lineno") else ""
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 3]}..."
