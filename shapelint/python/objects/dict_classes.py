"""User-defined dicts whose keys are read as attributes, as configs often are.

Such an object is a dict here if its class does nothing else, which its source says: it has no method of its own, names
nothing but what it is given, and computes nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from shapelint.common.words import words
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.values import Function, Library, UserClass

DICT_CLASSES = words("builtins.dict collections.OrderedDict")
DICT_METHODS_DEFINED = words(
    """
    __init__ __getattr__ __setattr__ __delattr__ __getstate__ __setstate__ __dir__ __repr__ __str__ __copy__
    __deepcopy__
    """
)
"""What such a class may define: nothing that gives a key another value."""
KEY_READERS = words("builtins.dict.get builtins.dict.__getitem__")
NAMED_BUILTINS = words("super type isinstance hasattr dict list tuple set str KeyError AttributeError property")
NODES_THAT_COMPUTE = (ast.BinOp, ast.Lambda, ast.Await, ast.Yield, ast.Global, ast.Delete, ast.AugAssign)


def is_dict(cls: UserClass, arguments: Arguments) -> bool:
    """Return whether an object of a class is a dict of these arguments whose keys are read as attributes."""
    line = class_lookup.resolution_order(cls)
    own = [one for one in line if isinstance(one, UserClass)]
    libraries = {one.name for one in line if isinstance(one, Library)} - {"builtins.object"}
    if not libraries or not libraries <= DICT_CLASSES or len(own) + len(libraries) < len(line) - 1:
        return False
    if any(one.meta or one.strange or one.fields is not None or not _is_plain(one) for one in own):
        return False
    made = class_lookup.find(cls, "__init__")
    taken = _parameters(made) if isinstance(made, Function) else set()
    return _reads_keys(cls) and len(arguments.positional) <= 1 and taken.isdisjoint(arguments.keywords)


def _is_plain(cls: UserClass) -> bool:
    for name, value in cls.scope.names.items():
        is_shared = isinstance(value, Function) and value.wrapper in ("classmethod", "staticmethod")
        if name not in DICT_METHODS_DEFINED and not is_shared and isinstance(value, Function):
            return False
        if isinstance(value, Function) and not is_shared and not _computes_nothing(value, cls.name):
            return False
    return True


def _reads_keys(cls: UserClass) -> bool:
    """Return whether the keys of an object are its attributes: `__getattr__` reads them, or they are its `__dict__`."""
    getter, made = class_lookup.find(cls, "__getattr__"), class_lookup.find(cls, "__init__")
    if isinstance(getter, Library):
        return getter.name in KEY_READERS
    if isinstance(getter, Function):
        return any(isinstance(node, ast.Return) for node in ast.walk(getter.node))
    return isinstance(made, Function) and "self.__dict__ = self" in ast.unparse(made.node)


def _computes_nothing(function: Function, own: str) -> bool:
    """Return whether a method names nothing but its parameters, its class and builtins, and has no number in it."""
    nodes = list(ast.walk(function.node))
    known = {own, *NAMED_BUILTINS, *_parameters(function), *_stored(nodes), "self"}
    loaded = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    numbers = (node for node in nodes if isinstance(node, ast.Constant) and type(node.value) in (int, float))
    return (
        loaded <= known
        and not any(numbers)
        and not any(isinstance(n, NODES_THAT_COMPUTE) or _sets_a_key(n) for n in nodes)
    )


def _sets_a_key(node: ast.AST) -> bool:
    """Return whether a node sets a key that is written in the class: `self["width"] = ...`."""
    stored = isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load)
    return stored and isinstance(node.slice, ast.Constant)  # type: ignore[attr-defined]


def _parameters(function: Function) -> set[str]:
    given = function.node.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return {one.arg for one in every if one is not None}


def _stored(nodes: list[ast.AST]) -> Iterator[str]:
    yield from (node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    yield from (node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name)
