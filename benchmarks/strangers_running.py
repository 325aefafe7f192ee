"""Run a class of a public file on random images: without a network, a GPU or weights, in a temporary folder."""

from __future__ import annotations

import argparse
import contextlib
import inspect
import io
import itertools
import os
import re
import socket
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn

BATCH = 4
SIZES = (64, 224)
MOST_ARGUMENTS = 12
NO_MORE = "IndexError: no more arguments"
ON_IMAGES = "RuntimeError: on images"
Names = dict[str, Any]


@dataclass(frozen=True)
class Way:
    """How a class is run: on `count` batches of images, with the arguments of this index, or by its file's own main."""

    size: int = 0
    count: int = 0
    arguments: int = 0

    @property
    def is_main(self) -> bool:
        """Whether the file is run as a program."""
        return not self.count


def prepare(folders: list[Path]) -> None:
    """Confine this process, and let it import what lies in these folders."""

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("there is no network here")

    def load(self: nn.Module, state: Any, *rest: Any, **given: Any) -> Any:
        return None if state is None else real(self, state, *rest, **given)

    replaced: Any = nn.Module
    real = replaced.load_state_dict
    replaced.load_state_dict = load
    for holder, name, value in (
        (socket.socket, "connect", refuse),
        (socket, "getaddrinfo", refuse),
        (torchvision.models.WeightsEnum, "get_state_dict", lambda *_, **__: None),
        (nn.Module, "cuda", lambda self, *_, **__: self),
        (torch.Tensor, "cuda", lambda self, *_, **__: self),
    ):
        setattr(holder, name, value)
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    os.chdir(tempfile.mkdtemp(prefix="strangers"))
    sys.argv = ["benchmark"]
    sys.path[:0] = [str(folder.resolve()) for folder in folders]


def way_to_run(path: Path, text: str, name: str) -> Way | None:
    """Return the first way of running a class that raises no error."""
    for index in range(MOST_ARGUMENTS):
        for size, count in itertools.product(SIZES, (1, 2)):
            way = Way(size, count, index)
            error = raised(path, text, name, way)
            if not error:
                return way
            if not error.startswith(ON_IMAGES):
                break
        if error.startswith(NO_MORE):
            break
    return Way() if "__main__" in text and not raised(path, text, name, Way()) else None


def raised(path: Path, text: str, name: str, way: Way) -> str:
    """Return the first line of the error that one way of running a class raises; "" if it runs."""
    torch.manual_seed(0)
    heard = io.StringIO()
    try:
        with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _run(path, text, name, way)
    except (Exception, SystemExit) as error:
        return f"{type(error).__name__}: {error}".split("\n", maxsplit=1)[0]
    return ""


def _run(path: Path, text: str, name: str, way: Way) -> None:
    names: Names = {"__name__": "__main__" if way.is_main else "benchmark", "__file__": str(path)}
    code = compile(text, str(path), "exec", dont_inherit=True)
    if way.is_main:
        _run_main(code, names, name)
        return
    exec(code, names)
    images = [torch.rand(BATCH, 3, way.size, way.size) for _ in range(way.count)]
    choices = list(itertools.islice(_arguments(names[name], names), MOST_ARGUMENTS))
    if way.arguments >= len(choices):
        raise IndexError("no more arguments")
    built = names[name](**{parameter: make() for parameter, make in choices[way.arguments].items()})
    try:
        built(*images)
    except Exception as error:
        raise RuntimeError(f"on images: {type(error).__name__}: {error}") from error


def _run_main(code: Any, names: Names, name: str) -> None:
    """Run a file as a program, which must call the class."""
    called: set[str] = set()
    hook = torch.nn.modules.module.register_module_forward_pre_hook(lambda one, _: called.add(type(one).__name__))
    try:
        exec(code, names)
    finally:
        hook.remove()
    if name not in called:
        raise LookupError(f"the program does not call {name}")


def _arguments(cls: Callable[..., object], names: Names) -> Iterator[dict[str, Callable[[], Any]]]:
    """Yield simple arguments for what a constructor requires, by the names of its parameters."""
    parameters = inspect.signature(cls).parameters.values()
    required = [one.name for one in parameters if one.default is one.empty and one.kind not in (2, 4)]
    choices = [[(name, make) for make in _makers(name, names)] for name in required]
    yield from map(dict, itertools.product(*choices))


def _makers(name: str, names: Names) -> list[Callable[[], Any]]:
    if re.search("args|arguments|config|cfg|opt|hparams|params", name):
        return [partial(_command_line, names)]
    if re.search("dim|width|feature|channel|hidden|out|size|num", name):
        return [partial(_same, number) for number in (512, 2048, 128)]
    if re.search("encoder|backbone|model|net|arch", name):
        models = torchvision.models
        plain = ["resnet18", "resnet50", models.resnet18, models.resnet50]
        return [*(partial(_features, arch) for arch in plain[:2]), *(partial(_same, value) for value in plain)]
    return [partial(_same, 10)]


def _same(value: Any) -> Any:
    return value


def _features(arch: str) -> nn.Module:
    model = torchvision.models.get_model(arch)
    model.fc = nn.Identity()
    return model


def _command_line(names: Names) -> argparse.Namespace:
    """Return the defaults of the parser that a file makes."""
    makers = [value for name, value in names.items() if re.match("(get|make|build|create).*(arg|pars)", name)]
    made = [value for value in names.values() if isinstance(value, argparse.ArgumentParser)]
    parsers = made or [one for maker in makers if isinstance(one := maker(), argparse.ArgumentParser)]
    if not parsers:
        return argparse.Namespace()
    for action in parsers[0]._actions:
        action.required = False
    return parsers[0].parse_known_args([])[0]
