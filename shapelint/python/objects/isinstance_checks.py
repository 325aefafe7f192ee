"""`isinstance`: whether a value is an instance of a class, if that is certain."""

from __future__ import annotations

from typing import Any

from shapelint.common.patterns import pattern
from shapelint.common.words import words
from shapelint.python.state import class_lookup
from shapelint.python.state.values import (
    Chained,
    Component,
    Const,
    Function,
    Instance,
    Items,
    Library,
    Table,
    Tensor,
    UserClass,
    Value,
)
from shapelint.shapes.dims import Expression

MAPPINGS = words(
    """
    collections.abc.Mapping collections.abc.MutableMapping typing.Mapping typing.MutableMapping typing.Dict
    """
)
CONFIGS = ("DictConfig", "ListConfig")
"""What OmegaConf makes of a dict and of a list."""
BUILTIN_SCALARS: dict[str, Any] = {
    "builtins.int": int,
    "builtins.float": float,
    "builtins.str": str,
    "builtins.bool": bool,
}
UNRELATED = pattern(
    r"builtins\.(int|float|str|bool|bytes|complex|dict|list|tuple|set|frozenset|slice)$"
    r"|torch\.(Tensor|device|dtype)$|torch\.nn\.(?!Parameter|parameter)|numpy\.ndarray$|pathlib\.\w*Path$"
)
"""Classes that are not derived from each other, except bool from int and layers from layers."""
DERIVED = words(
    """
    GRU:RNNBase LSTM:RNNBase RNN:RNNBase GRUCell:RNNCellBase LSTMCell:RNNCellBase RNNCell:RNNCellBase ReLU6:Hardtanh
    NLLLoss2d:NLLLoss UpsamplingBilinear2d:Upsample UpsamplingNearest2d:Upsample ZeroPad1d:ConstantPad1d
    ZeroPad2d:ConstantPad2d ZeroPad3d:ConstantPad3d
    """
)
"""Layers of torch.nn that are derived from other layers, without the lazy ones."""


BATCH_NORM = pattern(r"BatchNorm\dd")


def is_a(value: Value, cls: Value) -> bool | None:
    """Return whether a value is an instance of a class; None if that is uncertain."""
    if isinstance(value, Instance) and isinstance(cls, UserClass) and value.cls is not None:
        return _is_own(value.cls, cls)
    if isinstance(cls, UserClass) and isinstance(value, (Const, Items, Table, Tensor)):
        return None if isinstance(value, Table) and (value.namespace or value.of or value.kind) else _may_not_be(cls)
    if not isinstance(cls, Library):
        return None
    if cls.name == "builtins.object":
        return True
    unrelated = False if UNRELATED.match(cls.name) else None
    if isinstance(value, Const):
        kind = BUILTIN_SCALARS.get(cls.name)
        if isinstance(value.value, Expression):
            return True if kind is int else None
        return isinstance(value.value, kind) if kind is not None else unrelated
    if isinstance(value, Items):
        return True if cls.name == f"builtins.{value.kind}" else unrelated
    if isinstance(value, Table) and not value.namespace and value.of is None:
        return _is_mapping(value, cls.name, unrelated)
    if isinstance(value, Tensor):
        return True if cls.name == "torch.Tensor" else unrelated
    if isinstance(value, (Component, Chained)) and cls.name.startswith("torch.nn."):
        return _is_layer(value, cls.name)
    return None


def _is_mapping(value: Table, name: str, otherwise: bool | None) -> bool | None:
    """Return whether a dict, or a config whose keys are attributes as well, is an instance of a library's class."""
    if name in MAPPINGS:
        return True
    if name == "builtins.dict":
        return None if value.converts == "any" else True  # a config of OmegaConf is no dict, a Box is one
    if name.startswith("omegaconf.") and name.endswith(CONFIGS):
        return value.attributes and name.endswith("DictConfig")
    return otherwise


def _may_not_be(cls: UserClass) -> bool | None:
    """Return False for a class of which no number, text, list or dict is an instance; None if that is uncertain."""
    line = class_lookup.resolution_order(cls)
    plain = all(
        one.name == "builtins.object" if isinstance(one, Library) else isinstance(one, UserClass) for one in line
    )
    return False if plain and not any(isinstance(one, UserClass) and one.meta for one in line) else None


def _is_own(own: UserClass, cls: UserClass) -> bool | None:
    """Return whether a user-defined class is derived from another; None if the other may have virtual subclasses."""
    if cls in class_lookup.resolution_order(own):
        return True
    line = class_lookup.resolution_order(cls)
    plain = all(
        one.name.endswith((".Module", ".object")) if isinstance(one, Library) else isinstance(one, UserClass)
        for one in line
    )
    asked = any(isinstance(one, UserClass) and one.meta for one in line)
    return False if plain and not asked and not isinstance(class_lookup.find(own, "__class__"), Function) else None


def _is_layer(value: Component | Chained, name: str) -> bool | None:
    """Return whether a module is an instance of a torch class; None if that is uncertain.

    Batch norms may have been converted to synchronized ones, which are not instances of the original classes.
    """
    target = value.spec.target if isinstance(value, Component) else f"torch.nn.{value.kind}"
    kind, asked = target.rpartition(".")[2], name.rpartition(".")[2]
    if asked == "Module" or f"{kind}:{asked}" in DERIVED:
        return True
    if "BatchNorm" in kind and "BatchNorm" in asked:
        plain = BATCH_NORM.fullmatch(kind) and BATCH_NORM.fullmatch(asked)
        return False if plain and kind != asked else None
    if kind == asked:
        return True
    layer = target.startswith("torch.nn.") and not asked.startswith("_") and "Lazy" not in kind + asked
    return False if layer else None
