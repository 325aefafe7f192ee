"""What may be instantiated: the constructors of the libraries in `rules/libraries.yaml`; nothing else is ever called.

A target is a dotted name (`torch.nn.Linear`, `torchvision.models.resnet18`), literally that module, or `library/model`
(`torchvision/resnet18`, `timm/resnet50`), the model as a feature extractor. A library is imported when one of its
targets is used.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.library_rules import LibraryRule
from shapelint.signatures.stored import libraries, library_of
from shapelint.trace.meta import Untraceable, one_line, quiet

WEIGHT_ARGUMENTS = frozenset(
    {
        "weights", "pretrained", "weights_backbone", "pretrained_backbone", "progress", "checkpoint_path", "cache_dir",
        "pretrained_cfg", "pretrained_cfg_overlay", "pretrained_strict",
    }
)  # fmt: skip
"""Arguments that load weights: never passed on."""

MODULE_HOMES = (
    "torch.nn", "torchvision.ops", "torchvision.models", "timm.layers", "timm.models", "lightly.models",
)  # fmt: skip
"""The packages whose modules may be handed over as classes."""


@frozen
class Constructor:
    """A callable that makes a module: one of images if `images`, a feature extractor if `features`."""

    library: str
    target: str
    call: Callable[..., Any]
    images: bool = False
    features: bool = False


def find(target: str) -> Constructor:
    """The constructor that a target names. Raises Untraceable if it is not allowed, not installed or does not exist."""
    library = library_of(target)
    if library is None or not re.fullmatch(r"[\w./\-]+", target):
        raise Untraceable(
            f"{target} is none of the constructors that may be run (torch.nn, lightly, torchvision, timm)"
        )
    if not library.features:
        return Constructor(library.library, target, _module_class(library, target))
    features = "/" in target
    name = target.partition("/")[2] if features else target.rpartition(".")[2]
    return Constructor(library.library, target, _builder(library, name, target), images=True, features=features)


def _import(library: LibraryRule, path: str) -> Any:
    try:
        with quiet():
            return importlib.import_module(path)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing in (library.library, "torch"):
            raise Untraceable(f"{missing} is not installed (pip install {missing})") from error
        raise Untraceable(f"{path} cannot be imported: {one_line(error)}") from error
    except Exception as error:
        raise Untraceable(f"{path} cannot be imported: {one_line(error)}") from error


def _module_class(library: LibraryRule, target: str) -> Callable[..., Any]:
    """The class in its library's module, or in one of the other modules that hold the same classes."""
    path, _, name = target.rpartition(".")
    homes = [path, *(other for other in library.also if other.startswith(library.module + "."))]
    found = (getattr(_import(library, home), name, None) for home in homes)
    module_class = next((value for value in found if inspect.isclass(value)), None)
    if module_class is None:
        raise Untraceable(f"{path} has no class {name}")
    from torch import nn

    if not issubclass(module_class, nn.Module):
        raise Untraceable(f"{target} is not an nn.Module")
    return module_class


def _builder(library: LibraryRule, name: str, target: str) -> Callable[..., Any]:
    package = _import(library, library.module)
    if library.library == "timm":
        if name == "create_model":
            return _create_timm
        if not package.is_model(name):
            raise Untraceable(f"timm has no model {name!r}")
        model, _, tag = name.partition(".")
        make = package.model_entrypoint(model)
        return partial(make, pretrained_cfg=tag) if tag else make
    if name[:1].isupper():
        return _module_class(library, target)
    if name not in package.list_models(module=package):
        raise Untraceable(f"torchvision.models has no classification model {name!r}")
    builder: Callable[..., Any] = package.get_model_builder(name)
    return builder


def handed_over(name: str) -> Any:
    """The class that an argument names, of a library whose constructors may be run. Raises Untraceable."""
    library = next((one for one in libraries() if name.startswith(f"{one.module.partition('.')[0]}.")), None)
    path, _, last = name.rpartition(".")
    is_allowed = library and any(f"{path}.".startswith(f"{home}.") for home in MODULE_HOMES)
    found = getattr(_import(library, path), last, None) if library and is_allowed else None
    if not inspect.isclass(found) or not _is_module(found):
        raise Untraceable(f"{name} is no class of a library that may be run")
    return found


def _is_module(found: type) -> bool:
    from torch import nn

    return issubclass(found, nn.Module)


def _create_timm(model_name: str, **arguments: Any) -> Any:
    given = {name: value for name, value in arguments.items() if value is not None}  # as timm does
    return find(f"timm/{model_name}").call(**given)


def without_weights(constructor: Constructor, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that affect shapes, without those that load weights."""
    kept = {name: value for name, value in arguments.items() if name not in WEIGHT_ARGUMENTS}
    if constructor.target.endswith("googlenet") and (arguments.get("weights") or arguments.get("pretrained")):
        kept.setdefault("aux_logits", False)  # the builder drops the auxiliary heads of a model with weights
    return kept
