"""What a Lightning module is trained on: the loader that `trainer.fit` gets, or what `train_dataloader` returns."""

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
"""What Lightning calls before the first step: https://lightning.ai/docs/pytorch/stable/common/lightning_module.html"""
LOADER_NAMES = ("train_dataloaders", "train_dataloader", "train_loader", "datamodule")


def note_fit(run: Run, site: Site, arguments: Arguments) -> None:
    """Remember what `trainer.fit(model, loader)` trains a module of the file on."""
    node = site.node
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fit"):
        return
    given = arguments
    model, loader = given.get(0, "model"), given.get(0 if "model" in arguments.keywords else 1, *LOADER_NAMES)
    for hook in SETUP_HOOKS if isinstance(model, Instance) and model.cls is not None else ():
        found = class_lookup.find(model.cls, hook) if isinstance(model, Instance) and model.cls is not None else None
        if isinstance(found, Function):
            run.call_function(found, Arguments(complete=False), model)
    if isinstance(model, Instance) and loader is not None:
        run.batches[id(model)] = _own(run, loader) if isinstance(loader, Instance) else _one(loader)


def batch(run: Run, model: Instance) -> Value | None:
    """What `training_step` of a module gets; None where nothing in the file says it."""
    return run.batches.get(id(model)) or _own(run, model)


def _one(loader: Value) -> Value | None:
    """One batch of what a loader gives."""
    return loader.rest if isinstance(loader, Items) and not loader.items else None


def _own(run: Run, owner: Instance) -> Value | None:
    """The batch of what the `train_dataloader` of a module or of a data module returns."""
    assert owner.cls is not None
    method, setup = class_lookup.find(owner.cls, "train_dataloader"), class_lookup.find(owner.cls, "setup")
    if not isinstance(method, Function):
        return None
    if isinstance(setup, Function) and (id(owner), id(setup.node)) not in run.visited:
        run.call_function(setup, Arguments(), owner)
    return _one(run.call_function(method, Arguments(), owner))


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
