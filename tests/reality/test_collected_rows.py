"""What loops collect from all batches of a loader: one number decides whether torch goes on, and what is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")

from loops import error_of, errors_in  # noqa: E402

from shapelint.linting.lint_paths import lint_text  # noqa: E402
from shapelint.settings.settings import Settings  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

HEAD = """
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from torchvision.datasets import FakeData
from torchvision.transforms import ToTensor


class Net(nn.Module):
    def __init__(self, norm=nn.Identity):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 6, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Sequential(nn.Linear(6, 20), norm(20), nn.ReLU(), nn.Linear(20, 12))

    def forward(self, x):
        return self.projector(self.backbone(x))


net, probe = Net(), nn.Linear(6, 4)
pictures = FakeData(11, (3, 10, 10), 4, ToTensor())
loader = DataLoader(pictures, batch_size=4)
net(torch.randn(2, 3, 10, 10))
"""
LISTS = (
    "kept, classes = [], []\nfor x, y in loader:\n    kept.append(net.backbone(x).detach())\n    classes.append(y)\n"
)
JUDGE = "F.cross_entropy(probe(kept), classes).backward()\n"
PAIRS = {
    "the first label is dropped": (
        f"{LISTS}kept, classes = torch.cat(kept), torch.cat(classes)[HOLE:]\n{JUDGE}", "1", "0",
    ),
    "the last features are dropped": (
        f"{LISTS}kept, classes = torch.cat(kept, dim=0)[:HOLE], torch.cat(classes, 0)\n{JUDGE}", "-2", "11",
    ),
    "lists of a function": (
        "def features(net, loader):\n    bank, labels = [], []\n    with torch.no_grad():\n"
        "        for step, (x, y) in enumerate(loader):\n            bank += [net.backbone(x).flatten(1).cpu()]\n"
        "            labels.append(y.clone())\n    return torch.cat(bank), torch.cat(labels)\n\n\n"
        f"kept, classes = features(net, loader)\nkept = kept[: len(kept) - HOLE]\n{JUDGE}",
        "3", "0",
    ),
    "comprehensions": (
        "kept = torch.cat([net.backbone(x).detach() for x, _ in loader])\n"
        f"classes = torch.cat([y for _, y in DataLoader(pictures, 3, drop_last=HOLE)])\n{JUDGE}",
        "True", "False",
    ),
    "numbers": (
        "kept, classes = [], []\nfor x, y in loader:\n    kept.extend(net.backbone(x).detach().numpy())\n"
        "    classes += y.tolist()\n"
        f"kept, classes = torch.from_numpy(np.array(kept)), torch.tensor(classes[HOLE:])\n{JUDGE}",
        "1", "0",
    ),
    "arrays": (
        "kept, classes = [], []\nfor x, y in loader:\n    kept.append(net.backbone(x).detach().numpy())\n"
        "    classes.append(y.numpy())\nkept, classes = np.concatenate(kept), np.concatenate(classes)\n"
        f"kept, classes = torch.from_numpy(kept[HOLE:]), torch.from_numpy(classes)\n{JUDGE}",
        "1", "0",
    ),
    "arrays in a row": (
        "kept, classes = [], []\nfor x, y in loader:\n    kept.append(net.backbone(x).detach().numpy())\n"
        "    classes.append(y.numpy())\nkept = torch.from_numpy(np.vstack(kept))\n"
        f"classes = torch.from_numpy(np.hstack(classes)[HOLE:])\n{JUDGE}",
        "3", "0",
    ),
    "a tensor that grows from nothing": (
        "kept = classes = None\nfor x, y in loader:\n    h = net.backbone(x).detach()\n"
        "    kept = h if kept is None else torch.cat([kept, h])\n"
        "    classes = y if classes is None else torch.cat((classes, y))\n"
        f"classes = classes[HOLE:]\n{JUDGE}",
        "1", "0",
    ),
    "a tensor that grows from no rows": (
        "kept, classes = torch.empty(0), torch.LongTensor()\nfor x, y in loader:\n"
        "    kept = torch.cat([kept, net.backbone(x).detach()])\n    classes = torch.cat([classes, y])\n"
        f"kept = kept[: len(kept) - HOLE]\n{JUDGE}",
        "2", "0",
    ),
    "rows of a tensor that grows": (
        "kept = None\nfor x, y in loader:\n    h = net.backbone(x).detach()\n"
        "    kept = h if kept is None else torch.cat([kept, h])\nclasses = torch.zeros(HOLE).long()\n" + JUDGE,
        "4", "11",
    ),
    "right ones are counted": (
        f"{LISTS}kept, classes = torch.cat(kept), torch.cat(classes)\n"
        "print((probe(kept)[HOLE:].argmax(1) == classes).float().mean())\n",
        "1", "0",
    ),
    "a dataset of features": (
        f"{LISTS}held = TensorDataset(torch.cat(kept), torch.cat(classes)[HOLE:])\n"
        "for x, y in DataLoader(held, 3):\n    F.cross_entropy(probe(x), y).backward()\n",
        "1", "0",
    ),
    "a dataset of two tensors": (
        "for x, y in DataLoader(TensorDataset(torch.randn(12, 3, 10, 10), torch.zeros(HOLE).long()), 3):\n"
        "    F.cross_entropy(probe(net.backbone(x)), y).backward()\n",
        "10", "12",
    ),
    "two views of each image": (
        "both, classes = [], []\nfor x, y in loader:\n    both.append(net.backbone(x).detach())\n"
        "    both.append(net.backbone(x.flip(-1)).detach())\n    classes.append(y)\n"
        "kept, classes = torch.cat(both), torch.cat(classes * HOLE)\n" + JUDGE,
        "1", "2",
    ),
    "rows of all batches": (f"{LISTS}kept, classes = torch.cat(kept), torch.zeros(HOLE).long()\n{JUDGE}", "12", "11"),
    "labels of pictures": (
        "for x, y in loader:\n    F.cross_entropy(probe(net.backbone(x)), y[:HOLE]).backward()\n", "2", "4",
    ),
    "labels of a part of the pictures": (
        "part, _ = torch.utils.data.random_split(pictures, [8, 3])\nfor x, y in DataLoader(part, 4):\n"
        "    F.cross_entropy(probe(net.backbone(x)), torch.cat([y] * HOLE)).backward()\n",
        "2", "1",
    ),
    "a literal list of labels": (
        "F.cross_entropy(probe(net.backbone(torch.randn(3, 3, 10, 10))), torch.tensor([HOLE])).backward()\n",
        "1, 0", "1, 0, 2",
    ),
}  # fmt: skip
HARMLESS = {
    "some batches": LISTS.replace("    kept", "    if len(x) < 4: continue\n    kept"),
    "a list that holds something": LISTS.replace("[], []\n", "[torch.zeros(1, 6)], [torch.tensor([1])]\n"),
    "two loops": f"{LISTS}for x, y in loader:\n    kept.append(net.backbone(x))\n    classes.append(y)\n",
    "the first batches": LISTS.replace("in loader", "in zip(loader, range(2))").replace("x, y in", "(x, y), _ in"),
    "what an iterator has left": "batches = iter(loader)\nnext(batches)\n" + LISTS.replace("in loader", "in batches"),
    "a slice of the batches": "from itertools import islice\n" + LISTS.replace("in loader", "in islice(loader, 1, 3)"),
    "a list that forgets": f"{LISTS}    if len(kept) > 2:\n        kept.pop(0)\n        classes.pop(0)\n",
    "a loop that ends": f"{LISTS}    if len(kept) > 1:\n        break\n",
    "epochs": "kept, classes = [], []\nfor epoch in range(2):\n  for x, y in loader:\n"
    "    kept.append(net.backbone(x))\n    classes.append(y)\n",
}  # fmt: skip
"""Loops that collect another number of rows than the loader has."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run everything in a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", PAIRS)
def test_one_number_decides(name: str) -> None:
    text, wrong, right = PAIRS[name]
    programs = [HEAD + text.replace("HOLE", number, 1) for number in (wrong, right)]
    assert [bool(error_of(program)) for program in programs] == [True, False]
    assert [[error[:5] for error in errors_in(program)] for program in programs] == [["SL115"], []]


@pytest.mark.parametrize("name", HARMLESS)
def test_the_rows_of_other_loops_are_not_those_of_the_loader(name: str) -> None:
    program = f"{HEAD}{HARMLESS[name]}kept, classes = torch.cat(kept), torch.cat(classes)\n"
    assert errors_in(f"{program}{JUDGE}") == []
    assert errors_in(f"{program}classes = torch.zeros(11).long()\n{JUDGE}") == []
    assert error_of(f"{program}{JUDGE}") == ""
    assert error_of(f"{program}classes = torch.zeros(11).long()\n{JUDGE}")


@pytest.mark.parametrize("loader", [
    "DataLoader(photos, 16)", "DataLoader(photos, batch_size=settings.batch)",
    "DataLoader(FakeData(settings.count), 8, drop_last=settings.drop)",
])  # fmt: skip
@pytest.mark.parametrize(("cut", "codes"), [("[1:]", ["SL115"]), ("[:-1]", ["SL115"]), ("[:100]", []), ("", [])])
def test_one_row_less_is_too_few_whatever_an_epoch_has(loader: str, cut: str, codes: list[str]) -> None:
    program = HEAD.replace("DataLoader(pictures, batch_size=4)", loader)
    program += f"{LISTS}kept, classes = torch.cat(kept), torch.cat(classes){cut}\n{JUDGE}"
    findings = lint_text(Source("train.py", f"from mine import photos, settings\n{program}"), Settings()).findings
    assert [finding.code for finding in findings if finding.severity == "error"] == codes
    assert all("N-1 rows where N are needed (N: the rows of all batches)" in one.message for one in findings)


def test_two_loaders_of_unknown_length_may_have_as_many_rows() -> None:
    program = HEAD + LISTS.replace("loader", "DataLoader(photos, 8)").replace("    classes.append(y)\n", "")
    program += "classes = torch.cat([y for _, y in DataLoader(others, 8)])[1:]\nkept = torch.cat(kept)\n" + JUDGE
    assert not lint_text(Source("train.py", f"from mine import others, photos\n{program}"), Settings()).findings


@pytest.mark.parametrize(("body", "stops"), [
    ("net(x).sum().backward()\n    net.eval()\n    net(x)\n    net.train()", True),
    ("net.train()\n    net(x).sum().backward()\n    net.eval()", True),
    ("net(x).sum().backward()\n    net.eval()", False),
])  # fmt: skip
def test_the_last_batch_comes_after_the_others_have_set_the_mode(body: str, stops: bool) -> None:
    loop = f"for x, y in DataLoader(FakeData(9, (3, 10, 10), 4, ToTensor()), 4):\n    {body}\n"
    program = f"{HEAD}net = Net(nn.BatchNorm1d)\n{loop}"
    assert bool(error_of(program)) is stops
    assert [error[:5] for error in errors_in(program)] == (["SL107"] if stops else [])


@pytest.mark.parametrize(("samples", "stops"), [(9, True), (8, False)])
@pytest.mark.parametrize("kept", [
    "torch.cat([net(x).detach() for x, _ in loader])", "[net(batch[0]).sum().item() for batch in loader]",
])  # fmt: skip
def test_a_comprehension_gets_the_last_batch(kept: str, samples: int, stops: bool) -> None:
    loader = f"loader = DataLoader(FakeData({samples}, (3, 10, 10), 4, ToTensor()), 4)\n"
    program = f"{HEAD}net = Net(nn.BatchNorm1d)\n{loader}kept = {kept}\n"
    assert bool(error_of(program)) is stops
    assert [error[:5] for error in errors_in(program)] == (["SL107"] if stops else [])


def test_a_comprehension_that_chooses_its_batches_is_left_alone() -> None:
    loader = "loader = DataLoader(FakeData(9, (3, 10, 10), 4, ToTensor()), 4)\n"
    program = f"{HEAD}net = Net(nn.BatchNorm1d)\n{loader}kept = [net(x).sum() for x, _ in loader if len(x) > 1]\n"
    assert (error_of(program), errors_in(program)) == ("", [])


BROADCAST = """
queue, place = torch.randn(12, {length}), 0
for epoch in range(2):
    for x, _ in DataLoader(FakeData(7, (3, 10, 10), 4, ToTensor()), 3):
        queue[:, place : place + 3] = net(x).detach().T
        place = (place + 3) % {length}
"""


@pytest.mark.parametrize(("length", "stops"), [(14, True), (15, False), (8, False), (11, True)])
def test_a_last_row_fills_a_whole_slice(length: int, stops: bool) -> None:
    program = HEAD + BROADCAST.format(length=length)
    assert bool(error_of(program)) is stops
    assert [error[:5] for error in errors_in(program)] == (["SL116"] if stops else [])


SLIDING = """
queue, place = torch.randn(12, {length}), 0
for epoch in {epochs}:
    for x in DataLoader(photos, 8{drop}):
        keys = net(x).detach()
        {guard}
        queue[:, place : place + len(keys)] = keys.T
        place = (place + len(keys)) % {length}
"""


@pytest.mark.parametrize(("length", "epochs", "drop", "guard", "codes"), [
    (32, "range(3)", "", "pass", ["SL211"]),
    (32, "range(epochs)", "", "pass", ["SL211"]),
    (32, "range(1)", "", "pass", []),
    (32, "range(3)", ", drop_last=True", "pass", []),
    (32, "range(3)", ", drop_last=dropped", "pass", []),
    (32, "range(3)", "", "if len(keys) < 8: continue", []),
    (32, "range(3)", "", "if place + len(keys) > 32: place = 0", []),
    (32, "range(1)", "", "assert 32 % len(keys) == 0", ["SL211"]),
    (32, "range(1)", "", "assert keys.shape[0] == 8", ["SL211"]),
    (32, "range(3)", ", drop_last=True", "assert 32 % len(keys) == 0", []),
])  # fmt: skip
def test_a_queue_over_photos_of_unknown_number(
    length: int, epochs: str, drop: str, guard: str, codes: list[str]
) -> None:
    program = HEAD + SLIDING.format(length=length, epochs=epochs, drop=drop, guard=guard)
    source = Source("train.py", f"from mine import dropped, epochs, photos\n{program}")
    findings = lint_text(source, Settings()).findings
    assert [finding.code for finding in findings] == codes
    assert all("fits batches of 8 only: a last batch of another size stops here" in one.message for one in findings)
