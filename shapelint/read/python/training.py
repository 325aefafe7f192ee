"""What a Lightning module is trained on: the loader that `trainer.fit` gets, or what `train_dataloader` returns."""

from __future__ import annotations

import ast

from shapelint.read.python import attributes, calling
from shapelint.read.python.calling import Arguments, Keywords
from shapelint.read.python.run import Run
from shapelint.read.python.values import Function, Given, Instance, Items, Value

LOADER_NAMES = ("train_dataloaders", "train_dataloader", "train_loader", "datamodule")


def note_fit(run: Run, node: ast.AST, positional: Arguments, keywords: Keywords) -> None:
    """Remember what `trainer.fit(model, loader)` trains a module of the file on."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fit"):
        return
    given: list[Given | None] = [keywords.get("model"), *positional[:1]]
    model = next((one.value for one in given if one is not None), None)
    after = positional[1:] if "model" not in keywords else positional
    loaders = [*after[:1], *(keywords[name] for name in LOADER_NAMES if name in keywords)]
    if isinstance(model, Instance) and loaders:
        run.batches[id(model)] = _batch(run, loaders[0].value)


def batch(run: Run, model: Instance) -> Value | None:
    """What `training_step` of a module gets; None where nothing in the file says it."""
    return run.batches.get(id(model)) or _own(run, model)


def _batch(run: Run, loader: Value) -> Value | None:
    if isinstance(loader, Instance):
        return _own(run, loader)
    return loader.rest if isinstance(loader, Items) and not loader.items else None


def _own(run: Run, owner: Instance) -> Value | None:
    """The batch of what the `train_dataloader` of a module or of a data module returns."""
    method = attributes.find(owner.cls, "train_dataloader") if owner.cls is not None else None
    if not isinstance(method, Function):
        return None
    setup = attributes.find(owner.cls, "setup") if owner.cls is not None else None
    if isinstance(setup, Function) and (id(owner), id(setup.node)) not in run.visited:
        calling.call_function(run, setup, [], {}, owner)
    loader = calling.call_function(run, method, [], {}, owner)
    return loader.rest if isinstance(loader, Items) and not loader.items else None
