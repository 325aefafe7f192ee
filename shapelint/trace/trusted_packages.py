"""Import of a package that the user trusts: of the one below the settings' folder, whatever else has its name."""

from __future__ import annotations

import importlib
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from typing import Any

from torch import nn

from shapelint.trace.meta import Untraceable, one_line

SOURCES = ("", "src")
"""Where a project keeps its packages, from its root."""


def load_package(name: str, root: str) -> None:
    """Import a package or module that lies below a folder; raises Untraceable for any other.

    The folder is last on the path: no module in it stands in for one of Python or of a library.
    """
    folders = [os.path.join(root, source) for source in SOURCES]
    spec = None if name in sys.stdlib_module_names else PathFinder.find_spec(name, folders)
    if spec is None or not _is_below(spec, root):
        raise Untraceable(f"{name} is trusted, but there is no such package in {root}")
    loaded = sys.modules.get(name)
    if loaded is None:
        sys.path += [folder for folder in folders if folder not in sys.path]
        _run(spec)
    elif getattr(loaded.__spec__, "origin", None) != spec.origin:
        raise Untraceable(f"{name} is the name of a library, too, which is imported already")


def _is_below(spec: ModuleSpec, root: str) -> bool:
    places = [spec.origin] if spec.has_location else list(spec.submodule_search_locations or ())
    above = os.path.realpath(root)
    return all(place and os.path.commonpath([os.path.realpath(place), above]) == above for place in places)


def _run(spec: ModuleSpec) -> None:
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        if spec.loader is not None:
            spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[spec.name]
        raise _failed(spec.name, error) from error


def module_class(target: str) -> type[nn.Module]:
    """The class of a dotted name, whose longest importable part is its module; raises Untraceable for anything else."""
    parts = target.split(".")
    for count in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:count])
        try:
            found: Any = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
                continue  # this part is not a module, but may be a class in one
            raise _failed(name, error) from error
        except BaseException as error:
            raise _failed(name, error) from error
        for part in parts[count:]:
            found = getattr(found, part, None)
        if not isinstance(found, type) or not issubclass(found, nn.Module):
            raise Untraceable(f"{name} has no nn.Module {'.'.join(parts[count:])}, and nothing else is called")
        return found
    raise Untraceable(f"{target} is the name of a package")


def _failed(name: str, error: BaseException) -> Untraceable:
    return Untraceable(f"{name} cannot be imported: {one_line(error)}")
