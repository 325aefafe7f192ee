"""Training batches of a Lightning module: from the loader passed to `trainer.fit`, or from `train_dataloader`."""

from __future__ import annotations

import ast

from shapelint.common.words import words
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.kernel import Observer
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.values import Function, Instance, Items, Value

SETUP_HOOKS = ("configure_model", "setup", "on_fit_start", "on_train_start")
"""Hooks that Lightning calls before the first step:
https://lightning.ai/docs/pytorch/stable/common/lightning_module.html
"""
LOADER_NAMES = ("train_dataloaders", "train_dataloader", "train_loader", "datamodule")


def note_fit(run: Run, site: Site, arguments: Arguments) -> None:
    """Record the batches on which `trainer.fit(model, loader)` trains a user-defined module."""
    node = site.node
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fit"):
        return
    given = arguments
    model, loader = given.get(0, "model"), given.get(0 if "model" in arguments.keywords else 1, *LOADER_NAMES)
    fitted(run, model, loader)


def fitted(run: Run, model: Value | None, loader: Value | None) -> None:
    """Record that a module is trained on a loader, and call the hooks that come before."""
    if not isinstance(model, Instance):
        return
    for hook in SETUP_HOOKS if model.cls is not None else ():
        found = class_lookup.find(model.cls, hook) if model.cls is not None else None
        if isinstance(found, Function):
            run.call_function(found, Arguments(complete=False), model)
    if loader is not None:
        run.batches[id(model)] = _own_batch(run, loader) if isinstance(loader, Instance) else _first_batch(loader)


def batch(run: Run, model: Instance) -> Value | None:
    """Return the argument of `training_step` of a module; None if the file does not determine it."""
    return run.batches.get(id(model)) or _own_batch(run, model)


def _first_batch(loader: Value) -> Value | None:
    """Return one batch of a loader."""
    return loader.rest if isinstance(loader, Items) and not loader.items else None


def _own_batch(run: Run, owner: Instance) -> Value | None:
    """Return one batch of the loader that `train_dataloader` of a module or data module returns."""
    if owner.cls is None:
        return None
    method, setup = class_lookup.find(owner.cls, "train_dataloader"), class_lookup.find(owner.cls, "setup")
    if not isinstance(method, Function):
        return None
    if isinstance(setup, Function) and (id(owner), id(setup.node)) not in run.visited:
        run.call_function(setup, Arguments(), owner)
    return _first_batch(run.call_function(method, Arguments(), owner))


FIT_OBSERVER = Observer(unseen_call=note_fit)
LIGHTNING = LibraryPlugin(
    "lightning",
    packages=frozenset({"lightning", "pytorch_lightning"}),
    quiet=words(
        """
        save_hyperparameters log log_dict print configure_optimizers manual_backward optimizers lr_schedulers
        toggle_optimizer untoggle_optimizer freeze unfreeze
        """
    ),
)
