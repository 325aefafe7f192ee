"""What may be instantiated: real module constructors of four libraries, by name; nothing else of them is ever called.

A target is a dotted name (`torch.nn.Linear`, `torchvision.models.resnet18`), literally that module, or `library/model`
(`torchvision/resnet18`, `timm/resnet50`), the model as a feature extractor. A library is imported when its target is.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shapelint.resolve.meta import Untraceable, one_line, quiet

WEIGHT_ARGUMENTS = frozenset(
    {
        "weights", "pretrained", "weights_backbone", "pretrained_backbone", "progress", "checkpoint_path", "cache_dir",
        "pretrained_cfg", "pretrained_cfg_overlay", "pretrained_strict",
    }
)  # fmt: skip
"""Arguments that load weights: never passed on."""


@dataclass(frozen=True)
class Library:
    """Where a library's constructors are, and how it is installed."""

    name: str
    prefix: str
    kind: Literal["layer", "image"]
    install: str


LIBRARIES = (
    Library("torch", "torch.nn", "layer", "pip install torch"),
    Library("lightly", "lightly.models.modules", "layer", "pip install lightly"),
    Library("torchvision", "torchvision.models", "image", "pip install torchvision"),
    Library("timm", "timm", "image", "pip install timm"),
)


@dataclass(frozen=True)
class Constructor:
    """A callable that makes a module, and what is known of it beforehand."""

    library: Library
    target: str
    call: Callable[..., Any]
    features: bool = False

    def parameters(self) -> dict[str, inspect.Parameter]:
        """The parameters of the constructor, by name, without those that only load weights."""
        return dict(inspect.signature(self.call).parameters)


def is_allowed(target: str) -> bool:
    """Whether a target lies in one of the libraries (it may still not exist there)."""
    return library_of(target) is not None


def library_of(target: str) -> Library | None:
    """The library that a target names, or None."""
    for library in LIBRARIES:
        if target.startswith((f"{library.prefix}.", f"{library.name}/")):
            return library
    return None


def find(target: str) -> Constructor:
    """The constructor that a target names. Raises Untraceable where it is not allowed, not installed or not there."""
    library = library_of(target)
    if library is None or not re.fullmatch(r"[\w./\-]+", target):
        raise Untraceable(f"{target} is none of the constructors that may be run (torch.nn, lightly, torchvision, timm)")
    features = "/" in target
    if library.kind == "image":
        name = re.split(r"[./]", target)[-1] if library.name != "timm" or not features else target.partition("/")[2]
        return Constructor(library, target, _builder(library, target, name), features)
    if features:
        raise Untraceable(f"{library.name} has no models to take features of")
    return Constructor(library, target, _module_class(library, target))


def _import(library: Library, path: str) -> Any:
    try:
        with quiet():
            return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in (library.name, "torch"):
            missing = (error.name or "").partition(".")[0]
            raise Untraceable(f"{missing} is not installed ({library.install})") from error
        raise Untraceable(f"{path} cannot be imported: {one_line(error)}") from error
    except Exception as error:
        raise Untraceable(f"{path} cannot be imported: {one_line(error)}") from error


def _module_class(library: Library, target: str) -> Callable[..., Any]:
    path, _, name = target.rpartition(".")
    module_class = getattr(_import(library, path), name, None)
    if not inspect.isclass(module_class):
        raise Untraceable(f"{path} has no class {name}")
    from torch import nn

    if not issubclass(module_class, nn.Module):
        raise Untraceable(f"{target} is not an nn.Module")
    return module_class


def _builder(library: Library, target: str, name: str) -> Callable[..., Any]:
    package = _import(library, library.prefix)
    if library.name == "timm":
        if target == "timm.create_model":
            return _create_timm
        if not package.is_model(name):
            raise Untraceable(f"timm has no model {name!r}")
        return package.model_entrypoint(name.partition(".")[0])
    if name == "get_model":
        return _create_torchvision
    if name not in package.list_models(module=package):
        raise Untraceable(f"torchvision.models has no classification model {name!r}")
    return package.get_model_builder(name)


def _create_timm(model_name: str, **arguments: Any) -> Any:
    return find(f"timm/{model_name}").call(**arguments)


def _create_torchvision(name: str, **config: Any) -> Any:
    return find(f"torchvision/{name}").call(**config)


def without_weights(constructor: Constructor, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that shape the model; none that loads weights."""
    kept = {name: value for name, value in arguments.items() if name not in WEIGHT_ARGUMENTS}
    if constructor.target.endswith("googlenet") and (arguments.get("weights") or arguments.get("pretrained")):
        kept.setdefault("aux_logits", False)  # the builder drops the auxiliary heads of a model with weights
    return kept
