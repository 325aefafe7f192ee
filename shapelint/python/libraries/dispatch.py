"""Functions and classes of installed libraries, by dotted name; what is not known here gives an unknown value."""

from __future__ import annotations

import ast
from collections.abc import Callable

from shapelint.common.words import words
from shapelint.knowledge import rules_folder
from shapelint.python.builtins import builtin_functions, standard_library
from shapelint.python.libraries import argparse_, library_functions, transforms
from shapelint.python.libraries.torch import constructing, loss_calls, misuse, torch_functions
from shapelint.python.objects import copying, dataclass_fields, dicts
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.forgetting import hide
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    Bound,
    Const,
    Given,
    Instance,
    Items,
    Library,
    Partial,
    Scope,
    UserClass,
    Value,
)
from shapelint.text.source import Span

FIRST_ARGUMENT = words(
    """
    tqdm DataParallel DistributedDataParallel compile convert_sync_batchnorm Parameter script checkpoint_wrapper
    FullyShardedDataParallel TransformerEncoder Subset
    """
)

STAND_INS = {
    "lightly.models.ResNetGenerator": "lightly_resnet.py",
    "lightly.models.resnet.ResNetGenerator": "lightly_resnet.py",
    "lightly.models.modules.heads.ProjectionHead": "lightly_heads.py",
    "torchvision.ops.MLP": "mlps.py",
    "torchvision.ops.misc.MLP": "mlps.py",
    "timm.layers.Mlp": "mlps.py",
    "timm.layers.mlp.Mlp": "mlps.py",
}
LOADERS = frozenset({"torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader"})

CONTAINERS = {
    "torch.nn.Sequential": "Sequential",
    "torch.nn.ModuleList": "ModuleList",
    "torch.nn.ModuleDict": "ModuleDict",
    "torch.nn.modules.container.Sequential": "Sequential",
}


LEAVES_ITERATORS = frozenset(
    f"builtins.{name}"
    for name in ["callable", "getattr", "hasattr", "id", "isinstance", "iter", "next", "print", "type"]
)
"""Functions that take nothing out of an iterator, or say themselves what they take."""
REGISTRIES = frozenset({"torchvision.models.get_model", "torchvision.models.api.get_model"})
"""Functions that build a model by its name."""


def call(run: Run, name: str, arguments: Arguments, site: Site) -> Value:
    """Call something of a library; iterators that it gets are used up, or nobody knows how far."""
    iterators = [given.value for given in arguments.positional if is_iterator(given.value)]
    if name in LEAVES_ITERATORS or not iterators:
        return _called(run, name, arguments, site)
    repeated = len({id(one) for one in iterators}) < len(iterators)
    value = UNKNOWN if repeated else _called(run, name, arguments, site)
    for one in iterators:
        if one is not value:
            hide(run, one)
    return value


def is_iterator(value: Value) -> bool:
    """Whether a value gives each of its elements once."""
    return isinstance(value, Items) and value.kind == "iterator"


def _called(run: Run, name: str, arguments: Arguments, site: Site) -> Value:
    if name.endswith((".__setattr__", ".__delattr__")) and arguments.positional:
        return builtin_functions.call(run, name.rpartition(".__")[2].rstrip("_"), arguments, site)
    if name.startswith("builtins.") and name.count(".") == 2 and arguments.positional:
        bound = Bound(arguments.positional[0].value, name.rpartition(".")[2])
        return run.call(bound, Arguments(arguments.positional[1:], arguments.keywords, arguments.complete), site)
    if name.startswith("builtins."):
        if not arguments.complete and name != "builtins.dict":
            return UNKNOWN
        made = builtin_functions.call(run, name[9:], arguments, site)
        if not arguments.complete:
            hide(run, made)
        return made
    if name in CONTAINERS:
        return constructing.container(run, CONTAINERS[name], arguments)
    if name in REGISTRIES and arguments.positional and isinstance(arguments.positional[0].value, Const):
        return call(
            run,
            f"torchvision.models.{arguments.positional[0].value.value}",
            Arguments(arguments.positional[1:], arguments.keywords, arguments.complete),
            site,
        )
    handler = _HANDLERS.get(name)
    if handler is not None:
        return handler(run, arguments)
    if (own := stand_in(run, name)) is not None:
        return run.call(own, arguments, Site(ast.Constant(None), site.scope))
    if name in LOADERS:
        return transforms.loader(run, arguments)
    if (views := transforms.construct(run, name, arguments, site)) is not None:
        return views
    last = name.rpartition(".")[2]
    if last in ("from_vit", "from_vit_encoder") and arguments.positional:
        return constructing.wrapped(run, name.rpartition(".")[0], arguments.positional[0].value, site)
    if last in FIRST_ARGUMENT and arguments.positional:
        return arguments.positional[0].value
    if loss_calls.is_loss(name):
        return loss_calls.construct(run, name, arguments, site)
    known = library_functions.find(name)
    if known is not None:
        misuse.note_function(run, known, arguments, site)
        return library_functions.call(run, known, arguments)
    if constructing.is_component(name) or _is_the_users(run, name):
        return constructing.construct(run, name, arguments, site)
    if name.startswith("torch.") and not arguments.complete:
        return torch_functions.blank()
    if name.startswith("torch."):
        return torch_functions.call(run, name, arguments, site)
    return torch_functions.unseen(run, name, arguments, site)


def _is_the_users(run: Run, name: str) -> bool:
    """Whether the user declared a signature of a name, or trusts its package."""
    return any(name == target for target, _ in run.options.signatures) or name.partition(".")[0] in run.options.trust


def knows(run: Run, name: str) -> bool:
    """Whether a dotted name is something that is known here."""
    return (
        name in CONTAINERS
        or name in _HANDLERS
        or name in STAND_INS
        or loss_calls.is_loss(name)
        or constructing.is_component(name)
    )


def stand_in(run: Run, name: str) -> Value | None:
    """What a file of `rules/python/`, which is interpreted, has in the place of something of a library."""
    file = STAND_INS.get(name)
    scope = run.load_file(rules_folder.folder() / "python" / file) if file else None
    return scope.names.get(name.rpartition(".")[2]) if scope else None


def _first(run: Run, arguments: Arguments) -> Value:
    """What gives its first argument back."""
    return arguments.positional[0].value if arguments.positional else UNKNOWN


def _partial(run: Run, arguments: Arguments) -> Value:
    if not arguments.positional:
        return UNKNOWN
    return Partial(arguments.positional[0].value, tuple(arguments.positional[1:]), tuple(arguments.keywords.items()))


def _momentum(run: Run, arguments: Arguments) -> Value:
    """`update_momentum(model, model_ema, m)`."""
    online = (
        arguments.keywords["model"].value
        if "model" in arguments.keywords
        else arguments.positional[0].value
        if arguments.positional
        else UNKNOWN
    )
    target = (
        arguments.keywords["model_ema"].value
        if "model_ema" in arguments.keywords
        else arguments.positional[1].value
        if len(arguments.positional) > 1
        else UNKNOWN
    )
    run.averaged.append((online, target, run.anchors[-1] if run.anchors else Span(0, 0)))
    return NONE


def _ordered(run: Run, arguments: Arguments) -> Value:
    return builtin_functions.call(run, "dict", arguments, Site(ast.Constant(None), Scope({})))


def _namespace(run: Run, arguments: Arguments) -> Value:
    return dicts.namespace({name: given.value for name, given in arguments.keywords.items()})


def _field(run: Run, arguments: Arguments) -> Value:
    """`dataclasses.field`: what a class decorator makes a field of, as it was called."""
    return Partial(Library("dataclasses.field"), (), tuple(arguments.keywords.items()))


def _dataclass(name: str) -> Callable[[Run, Arguments], Value]:
    """`@dataclass`, and `@dataclass(...)`, which is that with arguments."""

    def handler(run: Run, arguments: Arguments) -> Value:
        if not arguments.positional:
            return Partial(Library(name), (), tuple(arguments.keywords.items()))
        cls = arguments.positional[0].value
        return dataclass_fields.decorate(run, cls, arguments.keywords) if isinstance(cls, UserClass) else UNKNOWN

    return handler


def _replaced(run: Run, arguments: Arguments) -> Value:
    """`dataclasses.replace`: an object of the same class, built with other values."""
    old = arguments.positional[0].value if arguments.positional else UNKNOWN
    if not isinstance(old, Instance) or old.cls is None or old.opaque:
        return UNKNOWN
    given = {name: Given(value, NO_SPAN) for name, value in old.attributes.items()}
    return run.call(old.cls, Arguments(keywords={**given, **arguments.keywords}), Site(ast.Constant(None), Scope({})))


_HANDLERS: dict[str, Callable[[Run, Arguments], Value]] = {
    **standard_library.HANDLERS,
    "copy.deepcopy": copying.deepcopy,
    "copy.copy": copying.shallow,
    "functools.partial": _partial,
    "dataclasses.field": _field,
    **{name: _dataclass(name) for name in dataclass_fields.DATACLASSES},
    "dataclasses.asdict": copying.as_dict,
    "dataclasses.replace": _replaced,
    "collections.OrderedDict": _ordered,
    "typing.OrderedDict": _ordered,
    "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace,
    "argparse.ArgumentParser": argparse_.parser,
    "torch.multiprocessing.spawn": argparse_.spawn,
    "omegaconf.OmegaConf.create": _ordered,
    "torch.nn.utils.parametrizations.weight_norm": _first,
    "torch.nn.utils.weight_norm": _first,
    "torch.nn.utils.spectral_norm": _first,
    "lightly.models.utils.update_momentum": _momentum,
    "lightly.models.utils.deactivate_requires_grad": lambda run, given: NONE,
    "lightly.models.utils.activate_requires_grad": lambda run, given: NONE,
    "lightly.models.utils.update_drop_path_rate": lambda run, given: NONE,
    "lightly.models.utils.initialize_2d_sine_cosine_positional_embedding": lambda run, given: NONE,
    "lightly.models.utils.get_weight_decay_parameters": lambda run, given: Items([UNKNOWN, UNKNOWN], "tuple"),
}
