"""Moving averages as programs write them out: loops over two lists of parameters, and functions with such a loop."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from shapelint.common.frozen import frozen
from shapelint.common.patterns import pattern
from shapelint.common.while_it_lives import while_it_lives

WRITES = frozenset({"mul_", "lerp_", "copy_"})
"""Methods by which a moving average writes into a tensor."""
NEEDED = WRITES | {"data", "load_state_dict", "_foreach_lerp_", "_foreach_add_"}
"""The attributes of which a program with a moving average has at least one."""
AVERAGES = pattern(r"average|lerp|(^|[._])ema([._]|$)", re.IGNORECASE)
"""What functions of two tensors are called that return their moving average."""
DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef)


@frozen
class Average:
    """The statement of a moving average over two lists of parameters: the module that it writes, and the one it reads.

    The names of the modules are what differs in how they are written.
    """

    node: ast.AST
    written: str
    read: str
    decay: ast.expr | None = None


@frozen
class Helper:
    """A function that averages one of its parameters into another."""

    parameters: tuple[str, ...]
    average: Average


def helpers(trees: Iterable[ast.AST]) -> dict[str, Helper]:
    """Return the functions that average two of their parameters, by name; those with one name that differ are left."""
    found: dict[str, Helper | None] = {}
    for name, helper in (each for tree in trees for each in _helpers_of(tree)):
        found[name] = None if name in found else helper
    return {name: helper for name, helper in found.items() if helper is not None}


@while_it_lives
def _helpers_of(tree: ast.AST) -> list[tuple[str, Helper]]:
    """Return the functions of one file that average two of their parameters, with their names."""
    found = []
    for function in (one for one in ast.walk(tree) if isinstance(one, DEFINED)):
        names = tuple(one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs))
        parameters = names[1:] if names[:1] == ("self",) else names
        for average in find(function.body, {}):
            if {average.written, average.read} <= {*parameters}:
                found.append((function.name, Helper(parameters, average)))
    return found


def find(body: Sequence[ast.AST], helpers: Mapping[str, Helper]) -> Iterator[Average]:
    """Yield the averages in statements; those of a helper are found where it is called, with the names there."""
    nodes = list(_nodes(body, helpers))
    tables = dict(_tables(nodes))
    for node in nodes:
        if isinstance(node, ast.For):
            yield from _of_loop(node, tables)
        elif isinstance(node, ast.Call):
            yield from _of_call(node, helpers)
    yield from _of_lists([node for node in nodes if isinstance(node, (ast.Assign, ast.Call))])
    yield from _of_tables(nodes, tables)


def _nodes(body: Iterable[ast.AST], helpers: Mapping[str, Helper]) -> Iterator[ast.AST]:
    """Yield the nodes of statements in order, without those of helpers."""
    for node in body:
        if not (isinstance(node, DEFINED) and node.name in helpers):
            yield node
            yield from _nodes(ast.iter_child_nodes(node), helpers)


def different(read: str, written: str) -> tuple[str, str]:
    """Return the last names in two dotted names that differ.

    >>> different("student.encoder", "teacher.encoder"), different("self.net", "self.net_ema")
    (('student', 'teacher'), ('net', 'net_ema'))
    """
    pairs = list(zip(reversed(read.split(".")), reversed(written.split("."))))
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])


def _average(node: ast.AST, written: str, read: str, decay: ast.expr | None = None) -> Average:
    read, written = different(read, written)
    return Average(node, written, read, decay)


def _of_loop(loop: ast.For, tables: Mapping[str, str]) -> Iterator[Average]:
    """Yield the averages `for p, q in zip(a.parameters(), b.parameters()): ...`, and those over one module by name."""
    names = _parameters(loop)
    known = {**tables, **names, **dict(_aliases(loop, names))}
    for node in ast.walk(loop) if names else ():
        variable, parts = _written(node)
        others = [module for _, module in _mentioned(parts, known) if module != names.get(variable)]
        others += [module for part in parts for one in ast.walk(part) if (module := _module(one, {"state_dict"}))]
        if variable in names and len(others) == 1 and others[0] != names[variable]:
            yield _average(node, names[variable], others[0], _decay(parts, variable) or _scaled(node))


def _aliases(loop: ast.For, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield other names of the tensors of a loop, with the module: `old, new = p.data, q.data`."""
    for node in ast.walk(loop) if names else ():
        for name, value in _assigned(node.targets[0], node.value) if isinstance(node, ast.Assign) else ():
            tensor = value.value if isinstance(value, ast.Attribute) and value.attr == "data" else value
            if isinstance(name, ast.Name) and isinstance(tensor, ast.Name) and tensor.id in names:
                yield name.id, names[tensor.id]


def _mentioned(parts: Iterable[ast.AST], modules: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the names in expressions that stand for tensors of modules, each once, with the module."""
    found = {one.id for part in parts for one in ast.walk(part) if isinstance(one, ast.Name)}
    return [(name, module) for name, module in modules.items() if name in found]


def _tables(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield the names of `module.state_dict()` and `dict(module.named_parameters())`, with the module."""
    for node in (node for node in nodes if isinstance(node, ast.Assign)):
        for name, value in _assigned(node.targets[0], node.value):
            is_dict = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "dict"
            inner = value.args[0] if is_dict and isinstance(value, ast.Call) and value.args else value
            module = _module(inner, {"named_parameters"} if is_dict else {"state_dict"})
            if isinstance(name, ast.Name) and module:
                yield name.id, module


def _of_tables(nodes: Sequence[ast.AST], tables: Mapping[str, str]) -> Iterator[Average]:
    """Yield the averages `old[key] = m * old[key] + (1 - m) * new[key]` of a dict that a module then loads."""
    for call in (node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        written = _dotted(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        if not written or not call.args or getattr(call.func, "attr", "") != "load_state_dict":
            continue
        for node, value in _entries(call.args[0], nodes):
            known = _mentioned([value], tables)
            own = [name for name, module in known if module == written]
            others = [module for _, module in known if module != written]
            if isinstance(value, ast.BinOp) and len(own) == len(others) == 1:
                yield _average(node, written, others[0], _decay([value], own[0]))


def _entries(loaded: ast.expr, nodes: Sequence[ast.AST]) -> Iterator[tuple[ast.AST, ast.expr]]:
    """Yield what is set in a dict that is loaded, with the statements."""
    if isinstance(loaded, ast.DictComp):
        yield loaded, loaded.value
    for node in nodes if isinstance(loaded, ast.Name) else ():
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Subscript) and ast.unparse(target.value) == ast.unparse(loaded):
            yield node, getattr(node, "value", loaded)


def _of_call(call: ast.Call, helpers: Mapping[str, Helper]) -> Iterator[Average]:
    """Yield the average that a call of a helper does, with the names of its arguments."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    helper = helpers.get(name)
    if helper is None or any(isinstance(one, ast.Starred) for one in call.args):
        return
    given = {**dict(zip(helper.parameters, call.args)), **{one.arg: one.value for one in call.keywords if one.arg}}
    modules = [_dotted(given.get(one)) for one in (helper.average.written, helper.average.read)]
    if all(modules):
        decay = helper.average.decay
        yield _average(call, modules[0], modules[1], given.get(decay.id) if isinstance(decay, ast.Name) else None)


def _of_lists(nodes: Sequence[ast.Assign | ast.Call]) -> Iterator[Average]:
    """Yield the averages by torch's functions on lists of tensors: `torch._foreach_lerp_(theirs, ours, 1 - m)`."""
    pairs = (pair for node in nodes if isinstance(node, ast.Assign) for pair in _assigned(node.targets[0], node.value))
    lists = {name.id: module for name, value in pairs if isinstance(name, ast.Name) and (module := _listed(value))}
    scaled: dict[str, ast.expr] = {}
    for call in (node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        written, read = ([lists.get(getattr(one, "id", "")) or _listed(one) for one in call.args[:2]] + ["", ""])[:2]
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name == "_foreach_mul_" and written and len(call.args) == 2:
            scaled[written] = call.args[1]
        if written and read and (name == "_foreach_lerp_" or (name == "_foreach_add_" and written in scaled)):
            yield _average(call, written, read, scaled.get(written))


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what an assignment assigns to what, element by element of a tuple."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from zip(target.elts, value.elts)
    yield target, value


def _listed(node: ast.expr) -> str:
    """Return the module in `list(module.parameters())`."""
    is_list = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("list", "tuple")
    return _module(node.args[0]) if is_list and isinstance(node, ast.Call) and len(node.args) == 1 else ""


def _parameters(loop: ast.For) -> dict[str, str]:
    """Return the variables of a loop over one or two lists of parameters, with the names of the modules."""
    call, target = loop.iter, loop.target
    targets = target.elts if isinstance(target, ast.Tuple) else []
    if not isinstance(call, ast.Call) or len(targets) != 2:
        return {}
    if not isinstance(call.func, ast.Name):
        return _variable(target, call)
    found = (
        {**_variable(targets[0], call.args[0]), **_variable(targets[1], call.args[1])} if len(call.args) == 2 else {}
    )
    return found if call.func.id == "zip" and len(found) == 2 else {}


def _variable(target: ast.expr, listed: ast.expr) -> dict[str, str]:
    """Return the variable of the tensors in a list of parameters, alone or behind their names, with the module."""
    inner = listed.func.value if isinstance(listed, ast.Call) and isinstance(listed.func, ast.Attribute) else listed
    last = listed.func.attr if isinstance(listed, ast.Call) and isinstance(listed.func, ast.Attribute) else ""
    with_names = isinstance(target, ast.Tuple) and len(target.elts) == 2
    named = target.elts[1] if isinstance(target, ast.Tuple) and with_names else target
    if last in ("values", "items"):
        module = _module(inner, {"state_dict"}) if with_names is (last == "items") else ""
    else:
        module = _module(listed, {"named_parameters"} if with_names else {"parameters"})
    return {named.id: module} if module and isinstance(named, ast.Name) else {}


def _module(argument: ast.AST, listings: Collection[str] = ("parameters",)) -> str:
    """Return the dotted name of the module in `module.parameters()`."""
    called = argument.func if isinstance(argument, ast.Call) else None
    return _dotted(called.value) if isinstance(called, ast.Attribute) and called.attr in listings else ""


def _dotted(node: ast.expr | None) -> str:
    """Return a name with its owners; empty for any other expression."""
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return node.id if isinstance(node, ast.Name) else ""


def _written(node: ast.AST) -> tuple[str, list[ast.expr]]:
    """Return the variable whose tensor a statement overwrites by an average, and the expressions of the average."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute) and node.targets[0].attr == "data":
        owner = node.targets[0].value
        mixed = isinstance(node.value, ast.BinOp) or _is_averaging(node.value)
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
    averages = methods & WRITES and (len(methods) > 1 or any(isinstance(one, ast.BinOp) for one in arguments))
    return (part.id, arguments) if isinstance(part, ast.Name) and averages else ("", [])


def _scaled(node: ast.AST) -> ast.expr | None:
    """Return the factor in `p.data.mul_(m).add_(...)`."""
    calls = (one for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute))
    factors = (call.args[0] for call in calls if getattr(call.func, "attr", "") == "mul_" and len(call.args) == 1)
    return next(factors, None)


def _is_averaging(value: ast.expr) -> bool:
    """Return whether a call is named after an average: `ema.update_average(old, new)`."""
    return isinstance(value, ast.Call) and AVERAGES.search(ast.unparse(value.func)) is not None


def _decay(parts: list[ast.expr], variable: str) -> ast.expr | None:
    """Return the factor of the written tensor in `p.data * m + q.data * (1 - m)`."""
    products = [one for part in parts for one in ast.walk(part) if isinstance(one, ast.BinOp)]
    for product in (one for one in products if isinstance(one.op, ast.Mult)):
        for factor, tensor in ((product.left, product.right), (product.right, product.left)):
            named = tensor.value if isinstance(tensor, ast.Attribute) and tensor.attr == "data" else tensor
            named = named.value if isinstance(named, ast.Subscript) else named
            if isinstance(named, ast.Name) and named.id == variable:
                return factor
    return None
