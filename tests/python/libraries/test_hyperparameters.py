"""What `self.hparams` holds after `save_hyperparameters`, compared with what the installed Lightning saves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shapelint.python.models.entry_points import interpret
from shapelint.python.state.values import Const, Instance, Items, Table, Value
from shapelint.resolve.options import Options
from shapelint.text.source import Source

PREAMBLE = """
import argparse
import pytorch_lightning as pl
import torchvision
from torch import nn

class Base(pl.LightningModule):
    ignore = "net"

    def __init__(self, seed=1, *args, **more):
        super().__init__()
        SAVE
        self.encoder = torchvision.models.resnet18()

class SimCLR(Base):
    ignore = ("net", "rate")

    def __init__(self, width=64, rate=0.1, net=None, names=("a", "b"), **more):
        width = width * 2
        BEFORE
        super().__init__(seed=width)
        AFTER

class Small(SimCLR):
    def __init__(self, depth, width=16):
        super().__init__(width, rate=depth, flag=True)
"""
PROGRAMS = {
    "in the class itself": ("", "", "self.save_hyperparameters()", "SimCLR(32, other=5)"),
    "in the base": ("self.save_hyperparameters()", "", "", "SimCLR(32, other=5)"),
    "in the base, of a class with two": ("self.save_hyperparameters()", "", "", "Small(3)"),
    "without what the class ignores": ("self.save_hyperparameters(ignore=self.ignore)", "", "", "SimCLR(net=3)"),
    "without one": ("", "", "self.save_hyperparameters(ignore='width')", "SimCLR()"),
    "without a list": ("", "", "self.save_hyperparameters(ignore=['net', 'names'])", "SimCLR()"),
    "those that are listed": ("", "", "self.save_hyperparameters('width', 'rate')", "SimCLR()"),
    "twice": ("self.save_hyperparameters('seed')", "", "self.save_hyperparameters('rate')", "SimCLR()"),
    "in a method": ("self.keep()", "", "", "SimCLR(8)"),
    "of a namespace": ("", "", "self.save_hyperparameters(argparse.Namespace(lr=3, deep=names))", "SimCLR()"),
    "of a dict": ("", "", "self.save_hyperparameters({'lr': 3})", "SimCLR()"),
    "changed afterwards": ("", "", "self.save_hyperparameters()\n        width = 5", "SimCLR()"),
    "not given to the base": ("", "", "", "SimCLR()"),
}


def program(name: str) -> str:
    save, before, after, call = PROGRAMS[name]
    text = (
        PREAMBLE.replace("SAVE", save or "pass").replace("BEFORE", before or "pass").replace("AFTER", after or "pass")
    )
    return f"{text}\n    def keep(self):\n        self.save_hyperparameters()\n\nmodel = {call}\n".replace(
        "class Small", "    def keep(self):\n        self.save_hyperparameters()\n\nclass Small"
    )


def plain(value: Value) -> Any:
    if isinstance(value, Items):
        return tuple(map(plain, value.items))
    if isinstance(value, Table):
        assert not value.open or "lr" in value.items  # argparse's namespaces may have other attributes
        return {key: plain(item) for key, item in value.items.items()}
    assert isinstance(value, Const)
    return value.value


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_saved_is_what_lightning_saves(tmp_path: Path, name: str) -> None:
    text = program(name)
    scope: dict[str, Any] = {"__name__": "program"}
    exec(text, scope)
    _, read = interpret(Source(str(tmp_path / "program.py"), text), Options())
    model = read.names["model"]
    assert isinstance(model, Instance)
    saved = {} if model.hyperparameters is None else plain(model.hyperparameters)
    assert saved == dict(scope["model"].hparams)
