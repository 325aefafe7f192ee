"""Rows that do not agree, batches of one, queues that are too short: what is said of a program, and what torch does."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")

from loops import error_of, errors_in, programs, save  # noqa: E402

from shapelint.linting.lint_paths import lint_text  # noqa: E402
from shapelint.settings.settings import Settings  # noqa: E402
from shapelint.text.source import Source  # noqa: E402


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run everything in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


SCRIPT = """
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


class SimCLR(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projection_head = nn.Sequential(nn.Linear(8, 24), norm(24), nn.ReLU(), nn.Linear(24, 12))

    def forward(self, x):
        return self.projection_head(self.backbone(x))


def images(count):
    return TensorDataset(torch.randn(count, 3, 9, 9))


def nt_xent(z, rows):
    sim = F.normalize(z, dim=1) @ F.normalize(z, dim=1).T
    sim = sim.masked_fill(torch.eye(2 * rows, dtype=torch.bool), -9)
    return F.cross_entropy(sim, torch.arange(2 * rows).roll(rows))


model = SimCLR(nn.BatchNorm1d)
"""
STOPS = {
    "model(torch.rand(1, 3, 9, 9))": "SL107",
    "with torch.no_grad():\n    model(torch.rand(1, 3, 9, 9))": "SL107",
    "model.eval()\nmodel.train()\nmodel(torch.rand(1, 3, 9, 9))": "SL107",
    "for (x,) in DataLoader(images(5)):\n    model(x)": "SL107",
    "for (x,) in DataLoader(images(9), batch_size=4):\n    model(x)": "SL107",
    "for (x,) in DataLoader(images(9), 8, drop_last=False):\n    model(x).sum().backward()": "SL107",
    "z = model(torch.rand(6, 3, 9, 9))\nF.cross_entropy(z, torch.zeros(5, dtype=torch.long))": "SL115",
    "z = model(torch.rand(6, 3, 9, 9))\n(z @ z.T)[~torch.eye(5, dtype=torch.bool)].view(6, 5)": "SL115",
    "nt_xent(model(torch.rand(8, 3, 9, 9)), 8)": "SL115",
    "for (x,) in DataLoader(images(12), 6):\n    nt_xent(model(torch.cat([x, x])), 5)": "SL115",
    "for (x,) in DataLoader(images(14), 6):\n    nt_xent(model(torch.cat([x, x])), 6)": "SL115",
    "for (x,) in DataLoader(images(14), 6):\n    z = model(x)\n    assert len(z) == 6": "SL117",
    "for (x,) in DataLoader(images(12), 6):\n    z = model(x)\n    b, d = z.shape\n    assert d == 24": "SL117",
    "z = model(torch.rand(6, 3, 9, 9))\nrows, width = z.size()\nassert rows == 6 and width == 8": "SL117",
    "for (x,) in DataLoader(images(12), 5):\n    z = model(x)\n    assert 64 % z.shape[0] == 0": "SL116",
}
RUNS = (
    "model.eval()\nmodel(torch.rand(1, 3, 9, 9))",
    "model.backbone(torch.rand(1, 3, 9, 9))",
    "model.projection_head[1].eval()\nmodel(torch.rand(1, 3, 9, 9))",
    "for part in model.modules():\n    part.eval()\nmodel(torch.rand(1, 3, 9, 9))",
    "SimCLR(nn.LayerNorm)(torch.rand(1, 3, 9, 9))",
    "for (x,) in DataLoader(images(9), batch_size=4, drop_last=True):\n    model(x)",
    "for (x,) in DataLoader(images(9), batch_size=4):\n    if x.shape[0] < 2:\n        continue\n    model(x)",
    "for (x,) in DataLoader(images(9), batch_size=4):\n    model(x)\n    break",
    "for (x,), step in zip(DataLoader(images(9), batch_size=4), range(2)):\n    model(x)",
    "model(next(iter(DataLoader(images(9), batch_size=4)))[0])",
    "try:\n    model(torch.rand(1, 3, 9, 9))\nexcept ValueError:\n    pass",
    "for (x,) in DataLoader(images(14), 6):\n    nt_xent(model(torch.cat([x, x])), len(x))",
    "for (x,) in DataLoader(images(14), 6, drop_last=True):\n    nt_xent(model(torch.cat([x, x])), 6)",
    "z = model(torch.rand(6, 3, 9, 9))\nz[torch.eye(5, dtype=torch.bool).long()]",
    "z = model(torch.rand(6, 3, 9, 9))\nF.cross_entropy(z, torch.zeros(6, dtype=torch.long))",
)
UNKNOWN = (
    "for (x,) in DataLoader(images(9), batch_size=4, sampler=sampler):\n    model(x)",
    "for (x,) in DataLoader(images(9), batch_size=1, collate_fn=together):\n    model(x)",
    "for (x,) in DataLoader(images(9), batch_sampler=sampler):\n    model(x)",
    "for (x,) in DataLoader(images(9), batch_size=4, drop_last=later):\n    model(x)",
    "for (x,) in DataLoader(images(9), batch_size=4):\n    if skips(x):\n        continue\n    model(x)",
    "nn.SyncBatchNorm.convert_sync_batchnorm(model)\nmodel(torch.rand(1, 3, 9, 9))",
    "model = nn.DataParallel(model)\nfor (x,) in DataLoader(images(12), 6):\n    nt_xent(model(torch.cat([x, x])), 5)",
    "set_up(model)\nif later:\n    model.eval()\nmodel(torch.rand(1, 3, 9, 9))",
)


@pytest.mark.parametrize("code", STOPS)
def test_what_stops_is_reported(code: str) -> None:
    assert error_of(f"{SCRIPT}{code}\n")
    assert [error[:5] for error in errors_in(f"{SCRIPT}{code}\n")] == [STOPS[code]]


@pytest.mark.parametrize("code", RUNS)
def test_what_runs_is_left_alone(code: str) -> None:
    assert error_of(f"{SCRIPT}{code}\n") == ""
    assert errors_in(f"{SCRIPT}{code}\n") == []


@pytest.mark.parametrize("code", UNKNOWN)
def test_what_code_that_is_not_seen_decides_is_left_alone(code: str) -> None:
    assert errors_in(f"from settings import later, sampler, set_up, skips, together\n{SCRIPT}{code}\n") == []


@pytest.mark.parametrize(("drop", "found"), [("", {"SL211"}), (", drop_last=True", set()), (", drop_last=last", set())])
def test_a_last_batch_of_a_dataset_of_unknown_length_is_a_warning(drop: str, found: set[str]) -> None:
    code = f"for x in DataLoader(photos, 16{drop}):\n    nt_xent(model(torch.cat([x, x])), 16)\n"
    findings = lint_text(Source("train.py", f"from data import last, photos\n{SCRIPT}{code}"), Settings()).findings
    assert {finding.code for finding in findings} == found
    assert all("drop_last=True is not set" in finding.message for finding in findings)
    assert {finding.severity for finding in findings} <= {"warning"}


@pytest.mark.parametrize(("trainer", "found"), [
    ("Trainer(devices=1, max_epochs=1)", {"SL115"}),
    ("Trainer(accelerator='cpu')", {"SL115"}),
    ("Trainer(devices=1, limit_train_batches=1)", set()),
    ("Trainer(devices=2)", set()),
    ("Trainer()", set()),
])  # fmt: skip
def test_the_last_batch_of_lightning_is_known_of_one_device(trainer: str, found: set[str]) -> None:
    model = SCRIPT.replace("nn.Module", "LightningModule").replace(
        "\n\ndef images", "\n    def training_step(self, batch, index):\n"
        "        return nt_xent(self(torch.cat([batch[0], batch[0]])), 6)\n\n\ndef images", 1
    )  # fmt: skip
    fit = f"{trainer}.fit(model, DataLoader(images(14), 6))"
    text = f"from pytorch_lightning import LightningModule, Trainer\n{model}{fit}\n"
    assert {finding.code for finding in lint_text(Source("train.py", text), Settings()).findings} == found


SUPCON = """
def supervised(features, labels):
    rows, views = features.shape[:2]
    labels = labels.contiguous().view(-1, 1)
    if labels.shape[0] != rows:
        raise ValueError("as many labels as images")
    same = torch.eq(labels, labels.T).float()
    flat = torch.cat(torch.unbind(features, dim=1), dim=0)
    logits = flat @ flat.T
    mask = same.repeat(views, views)
    return -(mask * F.log_softmax(logits, dim=1)).sum(1).mean()


data = TensorDataset(torch.randn(12, 3, 9, 9), torch.randn(12, 3, 9, 9), torch.randint(5, (12,)))
for one, two, labels in DataLoader(data, batch_size=6):
    supervised({}).backward()
"""
PAIRS = "from data import pairs\n"


@pytest.mark.parametrize(("operands", "codes"), [
    ("torch.stack([model(one), model(two)], dim=1), labels", []),
    ("torch.stack([model(one), model(two)], dim=0), labels", ["SL117"]),
    ("torch.stack([model(one), model(two)], dim=1), labels.repeat(2)", ["SL117"]),
    ("model(torch.cat([one, two])).unsqueeze(1), labels", ["SL117"]),
    ("model(torch.cat([one, two])).unsqueeze(1), torch.cat([labels, labels])", []),
    ("torch.stack(model(torch.cat([one, two])).split([6, 6]), 1), labels", []),
    ("torch.stack(model(torch.cat([one, two])).split([len(labels) * 2] * 2), 1), labels", ["SL115"]),
])  # fmt: skip
def test_supervised_contrast_takes_one_label_for_all_views(operands: str, codes: list[str]) -> None:
    program = SCRIPT + SUPCON.format(operands)
    assert bool(error_of(program)) is bool(codes)
    assert [error[:5] for error in errors_in(program)] == codes
    of_others = program.replace("DataLoader(data, batch_size=6)", "pairs")
    assert not errors_in(f"{PAIRS}{of_others}") or codes == ["SL117"]


QUEUE = """

class Queue(nn.Module):
    def __init__(self, length):
        super().__init__()
        self.length = length
        self.model = SimCLR(nn.Identity)
        self.register_buffer("queue", torch.randn(length, 12))
        self.register_buffer("pointer", torch.zeros(1, dtype=torch.long))

    def forward(self, x):
        keys = self.model(x).detach()
        start, rows = int(self.pointer), len(keys)
        self.queue[start : start + rows] = keys
        self.pointer[0] = (start + rows) % self.length


"""


@pytest.mark.parametrize(("length", "samples", "wrong"), [(15, 28, False), (15, 30, False), (16, 30, True)])
def test_a_last_batch_is_written_once_and_where_the_others_end(length: int, samples: int, wrong: bool) -> None:
    program = f"{SCRIPT}{QUEUE}queue = Queue({length})\nfor (x,) in DataLoader(images({samples}), 5):\n    queue(x)\n"
    assert bool(error_of(program)) is wrong
    assert [error[:5] for error in errors_in(program)] == (["SL116"] if wrong else [])


UNEVEN = (
    (20, 12, 1, 1),
    (20, 12, 3, 1),
    (24, 12, 40, 1),
    (20, 13, 2, 1),
    (20, 13, 3, 2),
    (20, 12, 3, 2),
    (16, 12, 9, 1),
)
"""The length of a queue, how many samples it gets in batches of 5, in how many epochs, and how often each of them."""


@pytest.mark.parametrize(("length", "samples", "epochs", "writes"), UNEVEN)
def test_shorter_last_batches_move_the_pointer_of_a_queue(length: int, samples: int, epochs: int, writes: int) -> None:
    calls = "        queue(x)\n" * writes
    program = f"{SCRIPT}{QUEUE}queue = Queue({length})\nloader = DataLoader(images({samples}), 5)\n"
    program += f"for epoch in range({epochs}):\n    for (x,) in loader:\n{calls}"
    stops = bool(error_of(program)) and writes == 1
    assert [error[:5] for error in errors_in(program)] == (["SL116"] if stops else [])


LOOSE = """
queue = torch.randn({length}, 12)
pointer = 0
for epoch in range(3):
    for (x,) in DataLoader(images({samples}), 5{drop}):
        keys = model.backbone(x).detach().repeat(1, 2)[:, :12]
        {guard}
        queue[pointer : pointer + len(keys)] = keys
        pointer = (pointer + len(keys)) % {length}
"""


@pytest.mark.parametrize(("length", "samples", "drop", "guard", "wrong"), [
    (15, 15, "", "pass", False),
    (15, 12, "", "pass", True),
    (15, 12, ", drop_last=True", "pass", False),
    (15, 12, "", "if len(keys) < 5: continue", False),
    (18, 15, "", "pass", True),
    (18, 15, "", "if pointer + len(keys) > 18: pointer = 0", False),
])  # fmt: skip
def test_a_queue_of_a_script_is_one(length: int, samples: int, drop: str, guard: str, wrong: bool) -> None:
    program = SCRIPT + LOOSE.format(length=length, samples=samples, drop=drop, guard=guard)
    assert bool(error_of(program)) is wrong
    assert [error[:5] for error in errors_in(program)] == (["SL116"] if wrong else [])


def test_no_loop_that_runs_is_called_wrong(folder: Path) -> None:
    save(str(folder))
    found = [(error_of(program), errors_in(program)) for program in programs(120, seed=3)]
    assert [reported for error, reported in found if reported and not error] == []
    assert sum(bool(reported) for _, reported in found) > 25
    assert sum(bool(error) and not reported for error, reported in found) < 9
