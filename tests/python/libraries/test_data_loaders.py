"""Lengths of datasets, and the arguments of loaders, as torch and torchvision have them."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from shapelint.python.libraries import data_loaders
from shapelint.python.models.entry_points import interpret
from shapelint.python.state.loader_rows import LoaderRows
from shapelint.resolve.options import Options
from shapelint.text.source import Source

torch = pytest.importorskip("torch")
datasets = pytest.importorskip("torchvision.datasets")

START = """
import torch
from torch import nn
from torch.utils.data import ConcatDataset, DataLoader, Dataset, Subset, TensorDataset, random_split
from torchvision.datasets import CIFAR10, STL10, FakeData

backbone = nn.Linear(4, 4)


class Rows(Dataset):
    def __init__(self, count, step=1):
        self.names = [f"{number}.png" for number in range(count)]
        self.step = step

    def __len__(self):
        return len(self.names) // self.step

    def __getitem__(self, index):
        return torch.zeros(4), index


"""
LENGTHS = (
    "FakeData(12)", "FakeData(size=9)", "FakeData()", "TensorDataset(torch.zeros(11, 4), torch.zeros(11))", "Rows(14)",
    "Rows(14, step=3)", "Subset(Rows(20), range(2, 9))", "Subset(FakeData(30), [1, 4])",
    "random_split(Rows(21), [13, 8])[0]", "random_split(FakeData(25), [0.5, 0.5])[0]",
    "random_split(Rows(23), [0.3, 0.7])[1]", "Subset(random_split(Rows(9), [5, 4])[1], [0, 1, 2])",
)  # fmt: skip
UNKNOWN = (
    "DataLoader(Rows(7), batch_size=3, collate_fn=together)", "DataLoader(Rows(7), batch_sampler=sampler)",
    "DataLoader(Rows(7), **settings)", "DataLoader(Rows(7), batch_size=size)", "DataLoader(Rows(7), batch_size=None)",
)  # fmt: skip


def loaders(text: str) -> list[LoaderRows]:
    return interpret(Source("train.py", START + text), Options())[0].loaders


@pytest.mark.parametrize("dataset", LENGTHS)
def test_a_dataset_is_as_long_as_in_torch(dataset: str) -> None:
    names: dict[str, Any] = {}
    exec(START, names)
    (rows,) = loaders(f"DataLoader({dataset}, batch_size=4)\n")
    assert rows.samples == len(eval(dataset, names))
    assert (rows.size, rows.drops_last) == (4, False)


@pytest.mark.parametrize("loader", UNKNOWN)
def test_code_that_is_not_seen_decides_the_rows(loader: str) -> None:
    assert loaders(f"{loader}\n") == []


@pytest.mark.parametrize(("text", "samples", "drops"), [
    ("DataLoader(Rows(7), 3, True, None, None, 0, None, False, True)", 7, True),
    ("DataLoader(Rows(7), 3, drop_last=later)", 7, None),
    ("DataLoader(Rows(7), 3, sampler=sampler)", None, False),
    ("DataLoader(images, 3)", None, False),
    ("rows = Rows(7)\nrows.names = rows.names[:5]\nDataLoader(rows, 3)", 5, False),
    ("rows = FakeData(7)\nrows.size = 5\nDataLoader(rows, 3)", None, False),
    ("rows = STL10('.', split='unlabeled')\nDataLoader(rows, 3)", 100000, False),
    ("rows = STL10('.', folds=1)\nDataLoader(rows, 3)", None, False),
    ("rows = CIFAR10('.', False)\nDataLoader(rows, 3)", 10000, False),
    ("rows = CIFAR10('.', train=part)\nDataLoader(rows, 3)", None, False),
    ("rows = CIFAR10('.')\nif short:\n    rows = Subset(rows, range(50))\nDataLoader(rows, 3)", None, False),
])  # fmt: skip
def test_what_is_known_of_a_loader(text: str, samples: int | None, drops: bool | None) -> None:
    (rows,) = loaders(f"{text}\n")
    assert (rows.size, rows.samples, rows.drops_last) == (3, samples, drops)


def test_the_arguments_of_a_loader_are_those_of_torch() -> None:
    parameters = list(inspect.signature(torch.utils.data.DataLoader).parameters)
    assert {name: parameters.index(name) for name in data_loaders.PLACES} == data_loaders.PLACES
    assert inspect.signature(torch.utils.data.DataLoader).parameters["batch_size"].default == 1


@pytest.mark.parametrize("name", data_loaders.lengths())
def test_a_dataset_has_the_arguments_that_choose_a_part(name: str) -> None:
    known = data_loaders.lengths()[name]
    parameters = inspect.signature(eval(name, {"torchvision": torchvision()})).parameters
    for position, parameter in enumerate(known.parameters):
        assert list(parameters)[position] == parameter.name
        assert parameter.required or parameters[parameter.name].default == parameter.default
    assert not known.unless or known.unless in parameters


@pytest.mark.parametrize(
    "name", [name for name, one in data_loaders.lengths().items() if isinstance(one.lengths, dict)]
)
def test_a_dataset_has_the_parts_whose_lengths_are_listed(name: str, tmp_path: Path) -> None:
    known, build = data_loaders.lengths()[name], eval(name, {"torchvision": torchvision()})
    last = known.parameters[-1].name
    parts = [True, False] if isinstance(known.parameters[-1].default, bool) else list(known.lengths)
    assert list(map(str, parts)) == list(known.lengths)
    for part in parts:
        with pytest.raises((RuntimeError, FileNotFoundError, ImportError)):
            build(str(tmp_path), **{last: part})
    if last == "split":
        with pytest.raises((ValueError, RuntimeError), match=r"no such part|h5py"):
            build(str(tmp_path), **{last: "no such part"})


@pytest.mark.parametrize("name", [name for name, one in data_loaders.lengths().items() if one.labels is not None])
def test_the_place_of_what_changes_labels_is_that_of_torchvision(name: str) -> None:
    parameters = list(inspect.signature(eval(name, {"torchvision": torchvision()})).parameters)
    place = data_loaders.lengths()[name].labels
    assert place is not None
    assert parameters[place : place + 1] == ["target_transform"] or parameters[place:] == ["kwargs"]


def images(count: int, folder: Path) -> None:
    """Write pictures of two classes."""
    image = pytest.importorskip("PIL.Image")
    for number in range(count):
        path = folder / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.new("RGB", (8, 8)).save(path)


@pytest.mark.parametrize(("dataset", "is_number"), [
    ("ImageFolder('.', ToTensor())", True),
    ("ImageFolder('.', transform=ToTensor(), target_transform=None)", True),
    ("ImageFolder('.', ToTensor(), lambda label: [label, label])", False),
    ("FakeData(5, (3, 8, 8), 2, ToTensor())", True),
    ("Subset(FakeData(5, (3, 8, 8), 2, ToTensor()), range(5))", True),
    ("ConcatDataset([ImageFolder('.', ToTensor()), FakeData(1, (3, 8, 8), 2, ToTensor())])", True),
    ("ImageFolder('.', ToTensor(), target_transform=lambda label: torch.zeros(3))", False),
])  # fmt: skip
def test_labels_of_pictures_are_a_vector(
    dataset: str, is_number: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    images(5, tmp_path)
    start = START + "from torchvision.datasets import ImageFolder\nfrom torchvision.transforms import ToTensor\n"
    text = f"for x, y in DataLoader({dataset}, 5):\n    break\n"
    names: dict[str, Any] = {}
    exec(start + text, names)
    labels = interpret(Source("train.py", start + text), Options())[1].names["y"]
    assert (isinstance(names["y"], torch.Tensor) and names["y"].shape == (5,)) is is_number
    assert (str(getattr(labels, "shape", None)) == "(B,)") is is_number


def torchvision() -> Any:
    return pytest.importorskip("torchvision")
