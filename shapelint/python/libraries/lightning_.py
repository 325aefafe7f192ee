"""Training batches of a Lightning module: from the loader passed to `trainer.fit`, or from `train_dataloader`."""

from __future__ import annotations

import ast

from shapelint.common.words import words
from shapelint.python.libraries.torch import weight_files
from shapelint.python.objects import methods_of_values
from shapelint.python.objects.attributes import FROM_CHECKPOINT
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments, Keywords, Site
from shapelint.python.state.kernel import Observer
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import NO_SPAN, UNKNOWN, Function, Given, Instance, Items, Table, UserClass, Value
from shapelint.python.tensors import fed_batches

OF_WHOLE_EPOCHS = frozenset(
    words(
        """
        accelerator devices max_epochs min_epochs logger precision callbacks deterministic benchmark default_root_dir
        enable_checkpointing enable_model_summary enable_progress_bar log_every_n_steps gradient_clip_val strategy
        """
    )
)
"""Arguments of a trainer with which it may still train on every batch."""
SETUP_HOOKS = ("configure_model", "setup", "on_fit_start", "on_train_start")
"""Hooks that Lightning calls before the first step:
https://lightning.ai/docs/pytorch/stable/common/lightning_module.html
"""
CALLBACK_HOOKS = (*SETUP_HOOKS[1:], "on_train_batch_end", "on_train_epoch_end", "on_validation_batch_end")
"""Hooks of callbacks, which get the trainer, the module, and, after a batch, its output, the batch and its number."""
OF_A_BATCH = "batch_end"
OWN_ARGUMENTS = words("checkpoint_path map_location hparams_file strict weights_only")
"""Arguments of `load_from_checkpoint` that are not passed to the class."""
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
    for callback in run.callbacks:
        _call_hooks(run, callback, model)


def _call_hooks(run: Run, callback: Instance, model: Instance) -> None:
    """Call the hooks of a callback with the module that is trained."""
    for hook in CALLBACK_HOOKS if callback.cls is not None else ():
        found = class_lookup.find(callback.cls, hook) if callback.cls is not None else None
        if not isinstance(found, Function):
            continue
        given: list[Value] = [UNKNOWN, model]
        if hook.endswith(OF_A_BATCH):
            given += [UNKNOWN, batch(run, model) or UNKNOWN, UNKNOWN]
        given += [UNKNOWN] if hook == "setup" else []
        run.call_function(found, Arguments(tuple(Given(value, NO_SPAN) for value in given)), callback)


def _trainer(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `Trainer(callbacks=[...])`: the callbacks are called when it trains a module."""
    given = arguments.keywords.get("callbacks")
    listed = None if given is None else sequence(given.value)
    found = listed.items if listed is not None else [given.value] if given is not None else []
    run.callbacks += [one for one in found if isinstance(one, Instance)]
    return UNKNOWN


def class_method(run: Run, cls: UserClass, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a method that a user-defined class inherits from a library."""
    if name != FROM_CHECKPOINT:
        return methods_of_values.explicit(run, cls, arguments, site)
    path = arguments.get(0, "checkpoint_path") or UNKNOWN
    loaded = weight_files.load(run, Arguments((Given(path, NO_SPAN),)), site)
    saved, complete = _hyperparameters(cls, loaded)
    own = {name: given for name, given in arguments.keywords.items() if name not in OWN_ARGUMENTS}
    model = run.instantiate(cls, Arguments((), {**saved, **own}, complete), site)
    if isinstance(model, Instance):
        state = loaded.items.get("state_dict", UNKNOWN) if isinstance(loaded, Table) else loaded
        strict = {"strict": arguments.keywords["strict"]} if "strict" in arguments.keywords else {}
        weight_files.load_into(run, model, Arguments((Given(state, NO_SPAN),), strict), site)
    return model


def _hyperparameters(cls: UserClass, loaded: Value) -> tuple[Keywords, bool]:
    """Return the arguments of a class that a checkpoint holds, and whether they are all that it is built with."""
    saved = loaded.items.get("hyper_parameters", Table({})) if isinstance(loaded, Table) else UNKNOWN
    made = class_lookup.find(cls, "__init__")
    if not isinstance(saved, Table) or not isinstance(made, Function) or "hparams_name" in getattr(loaded, "items", {}):
        return {}, not isinstance(made, Function)
    parameters = made.node.args
    names = {one.arg for one in (*parameters.args, *parameters.kwonlyargs)}
    return {
        str(name): Given(value, NO_SPAN)
        for name, value in saved.items.items()
        if name in names or parameters.kwarg is not None
    }, True


TRAINERS = ("pytorch_lightning.Trainer", "lightning.Trainer", "lightning.pytorch.Trainer")


def batch(run: Run, model: Instance) -> Value | None:
    """Return the argument of `training_step` of a module; None if the file does not determine it."""
    run.fed = None
    given = run.batches.get(id(model)) or _own_batch(run, model)
    return given if given is None or not run.feeds else fed_batches.of_step(run, given, _runs_whole_epochs(run.tree))


def _runs_whole_epochs(tree: ast.AST) -> bool:
    """Return whether one process trains on every batch: the only trainer says so, and limits nothing."""
    trainers = [
        {keyword.arg: ast.unparse(keyword.value) for keyword in part.keywords}
        for part in ast.walk(tree)
        if isinstance(part, ast.Call) and ast.unparse(part.func).rpartition(".")[2] == "Trainer"
    ]
    if len(trainers) != 1 or trainers[0].keys() - OF_WHOLE_EPOCHS:
        return False
    devices = trainers[0].get("devices", "1" if "cpu" in trainers[0].get("accelerator", "") else "")
    return devices == "1"


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
    functions=dict.fromkeys(TRAINERS, _trainer),
    quiet=words(
        """
        save_hyperparameters log log_dict print configure_optimizers manual_backward optimizers lr_schedulers
        toggle_optimizer untoggle_optimizer freeze unfreeze
        """
    ),
)
