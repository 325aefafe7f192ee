"""Every bank of `rules/banks.yaml` compared with the installed library: its arguments, and when it uses features."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest
import torch
from torch import nn

from shapelint.knowledge import banks, methods, rules_folder
from shapelint.knowledge.banks import BankModule


def real(bank: BankModule) -> type[nn.Module]:
    module, _, name = bank.target.rpartition(".")
    kind: type[nn.Module] = getattr(importlib.import_module(module), name)
    return kind


def named(bank: BankModule) -> str:
    return bank.target


@pytest.mark.parametrize("bank", banks.modules(), ids=named)
def test_the_arguments_are_those_of_the_class(bank: BankModule) -> None:
    own = inspect.signature(real(bank)).parameters
    assert [parameter.name for parameter in bank.parameters] == list(own)
    assert bank.parameters[0].name == bank.size
    for parameter in bank.parameters:
        default = own[parameter.name].default
        assert (default is inspect.Parameter.empty) == parameter.required
        assert parameter.required or parameter.default == default
    called = list(inspect.signature(real(bank).forward).parameters)[1:]
    assert called[0] == bank.takes
    assert not bank.when or bank.when in called


@pytest.mark.parametrize("bank", banks.modules(), ids=named)
def test_features_of_another_width_are_compared_with_stored_vectors(bank: BankModule) -> None:
    asked: dict[str, Any] = {bank.when: True} if bank.when else {}
    assert runs(bank, 16, asked)
    assert not runs(bank, 12, asked)
    if bank.when:
        assert runs(bank, 12, {bank.when: False})


def runs(bank: BankModule, width: int, asked: dict[str, Any]) -> bool:
    """Return whether features of a width can be passed to a bank that stores vectors of width 16."""
    module = real(bank)(**{bank.size: (32, 16)})
    try:
        module(**{bank.takes: torch.rand(6, width)}, **asked)
    except RuntimeError:
        return False
    return True


@pytest.mark.parametrize("bank", banks.modules(), ids=named)
def test_a_bank_is_found_wherever_it_is_imported_from(bank: BankModule) -> None:
    name = bank.target.rpartition(".")[2]
    assert banks.find(bank.target) is bank
    assert banks.find(f"lightly.models.modules.{name}") is bank
    assert banks.find(f"mylib.{name}") is None
    assert banks.find(name) is None
    assert f"lightly.models.modules.{name}" in rules_folder.load("library_functions.yaml")["methods"]


def test_the_banks_of_methods_are_known_by_name() -> None:
    packs = [pack for pack in map(methods.pack, methods.names()) if pack is not None]
    assert {name for pack in packs for name in pack.banks} == set(banks.names())


@pytest.mark.parametrize(
    ("kind", "width"),
    [(nn.Linear, "in_features"), (nn.Embedding, "embedding_dim"), (nn.BatchNorm1d, "num_features")],
)
def test_a_width_is_an_argument_of_a_layer(kind: type[nn.Module], width: str) -> None:
    assert width in banks.widths()
    assert width in inspect.signature(kind).parameters
