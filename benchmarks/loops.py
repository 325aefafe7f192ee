"""Training loops against real torch: what is said of their rows, and whether they run.

Each program has a dataset of known length, a loader, a small network and a loss, by hand or lightly's, and maybe a
queue, a probe beside the network, or weights that were saved before; right, or with a wrong number somewhere. It is
linted, and run on one thread. An error that is reported of a program which runs is a disagreement; one that is not
reported of a program which stops is a miss.

    .venv/bin/python benchmarks/loops.py [COUNT] [SEED]
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings

HEAD = """
import torch
from lightly.loss import BarlowTwinsLoss, NegativeCosineSimilarity, NTXentLoss, VICRegLoss
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset, random_split
from torchvision import transforms
from torchvision.datasets import FakeData


class SimCLR(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projection_head = nn.Sequential(nn.Linear(8, width), {norm}nn.ReLU(), nn.Linear(width, width))

    def forward(self, x):
        return F.normalize(self.projection_head(self.backbone(x)), dim=1)


class Images(Dataset):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return torch.randn(3, 12, 12), index % 5


class MoCo(nn.Module):
    def __init__(self, length):
        super().__init__()
        self.length = length
        self.encoder = SimCLR()
        self.register_buffer("queue", torch.randn(16, length))
        self.register_buffer("pointer", torch.zeros(1, dtype=torch.long))

    @torch.no_grad()
    def enqueue(self, keys):
        rows, start = keys.shape[0], int(self.pointer)
        {guard}
        self.queue[:, start : start + rows] = keys.T
        self.pointer[0] = (start + rows) % self.length

    def forward(self, images):
        keys = self.encoder(images)
        logits = keys @ self.queue.clone()
        self.enqueue(keys)
        return logits


class Probe(nn.Module):
    def __init__(self, width, classes=5):
        super().__init__()
        self.norm = {probe}
        self.head = nn.Linear(width, classes)

    def forward(self, features):
        return self.head(self.norm(features.detach()))


batch, n = {batch}, {samples}
loader = DataLoader({data}, batch_size=batch{drop})
model = SimCLR()
{mode}
"""
NORMS = ("", "", "nn.BatchNorm1d(width), ", "nn.LayerNorm(width), ")
MODES = ("", "", "model.train()", "model.eval()", "model.eval()\nmodel.train()")
DATASETS = (
    "TensorDataset(torch.randn(n, 3, 12, 12), torch.randint(5, (n,)))",
    "FakeData(n, image_size=(3, 12, 12), num_classes=5, transform=transforms.ToTensor())",
    "Images(n)",
    "Subset(Images(60), range(n))",
    "random_split(Images(n + 7), [n, 7])[0]",
)
LOOPS = ("for {0} in loader:", "for step, ({0}) in enumerate(loader):", "for epoch in range(2):\n  for {0} in loader:")
BODIES = (
    "F.cross_entropy(model(images), labels).backward()",
    "F.cross_entropy(model(images), torch.zeros({rows}, dtype=torch.long)).backward()",
    "F.cross_entropy(model(images) @ model(images.flip(-1)).t(), torch.arange({rows})).backward()",
    "z = model(torch.cat([images, images.flip(-1)]))\nsim = (z @ z.T).masked_fill(torch.eye(2 * {rows}, "
    "dtype=torch.bool), -1e9)\nsim.logsumexp(1).mean().backward()",
    "z = model(torch.cat((images, images)))\nsim = z @ z.t()\nmask = ~torch.eye(2 * {rows}, dtype=torch.bool)\n"
    "sim[mask].sum().backward()",
    "ids = torch.arange({rows}).repeat(2)\nsame = ids[None] == ids[:, None]\nz = torch.cat([model(images), "
    "model(images)])\n((z @ z.T) * same).sum().backward()",
    "ids = torch.arange({rows})\nsame = ids.unsqueeze(0).eq(ids.unsqueeze(1))\nz = model(images)\n"
    "(z @ z.T)[same].sum().backward()",
    "h = model.backbone[:3](images).squeeze()\nF.normalize(model.projection_head(h), dim=1).sum().backward()",
    "F.mse_loss(model(images), torch.randn({rows}, 16)).backward()",
    "(model(images) - torch.zeros({rows}, 1)).sum().backward()",
    "z = model(images)\nassert z.shape[0] == {rows}, 'rows'\nz.sum().backward()",
    "z = model(images)\nif len(z) != {rows}:\n    raise ValueError('rows')\nz.sum().backward()",
    "if len(images) != {rows}:\n    continue\nz = model(images)\n"
    "F.cross_entropy(z @ z.T, torch.arange({rows})).backward()",
    "F.cross_entropy(model(images) @ model(images).T, torch.arange({rows})).backward()\nbreak",
    "F.cross_entropy(model(torch.cat([images, images])), labels.repeat({views})).backward()",
    "F.cross_entropy(model(images), torch.cat([labels] * {views})).backward()",
    "model(torch.cat([images, images])).view({rows}, 32).sum().backward()",
    "z1, z2 = model(torch.cat([images, images])).chunk(2)\n(z1 * z2[: {rows}]).sum().backward()",
    "z = model(images)\n(z + torch.ones({rows}, 16)).sum().backward()",
    "z = torch.stack([model(images), model(images)], 1)\n(z - torch.zeros({rows}, {views}, 16)).sum().backward()",
    "z = model(images)\nwith torch.no_grad():\n    model.eval()\n    y = model(images[:1])\n    model.train()\n"
    "(z - y).sum().backward()",
    "model(images[:{views}]).sum().backward()",
    "try:\n    F.cross_entropy(model(images), torch.zeros({rows}, dtype=torch.long)).backward()\n"
    "except ValueError:\n    pass",
    "moco(images).logsumexp(1).mean().backward()",
    "moco(images).logsumexp(1).mean().backward()",
    "moco(images).logsumexp(1).mean().backward()",
    "F.cross_entropy(probe(model.backbone(images)), labels).backward()",
    "h = model.backbone(images[:{views}])\nF.cross_entropy(probe(h), labels[:{views}]).backward()",
    "F.cross_entropy(probe(model(images)), torch.zeros({rows}, dtype=torch.long)).backward()",
    "NTXentLoss()(model(images), model(images.flip(-1))).backward()",
    "NTXentLoss()(model(images), model(images[: {rows}])).backward()",
    "NegativeCosineSimilarity()(model(images), model(images[: {rows}])).backward()",
    "BarlowTwinsLoss()(model(images), model(images)).backward()",
    "VICRegLoss()(model(images), model(images[: {rows}])).backward()",
    "load(model)\nmodel(images).sum().backward()",
    "load(model)\nmodel(images).sum().backward()",
    "load(model)\nmodel(images).sum().backward()",
)
PROBES = ("nn.Identity()", "nn.BatchNorm1d(width)", "nn.LayerNorm(width)")
WIDTHS = (8, 8, 16, 12)
LOADS = (
    "net.load_state_dict(torch.load({path!r}))",
    "net.load_state_dict(torch.load({path!r}), strict=False)",
    "state = torch.load({path!r})\n    net.load_state_dict({{k.replace('module.', ''): v for k, v in state.items()}})",
    "state = torch.load({path!r})\n    net.backbone.load_state_dict({{k[9:]: v for k, v in state.items() if k[:9] == "
    "'backbone.'}})",
)
SAVED = ((16, ""), (16, ""), (16, "module."), (24, ""), (24, "module."))
"""The weights that a program may load: the width of their head, and what their names begin with."""
GUARDS = ("pass", "pass", "assert self.length % rows == 0", "if start + rows > self.length: return")


def save(folder: str) -> None:
    """Save the weights that programs load."""
    import torch

    for number, (width, before) in enumerate(SAVED):
        names: dict[str, Any] = {}
        network = HEAD.partition("class Images")[0].format(norm="")
        exec(network, names)
        state = names["SimCLR"](width).state_dict()
        torch.save({f"{before}{name}": tensor for name, tensor in state.items()}, Path(folder, f"saved{number}.pth"))


def programs(count: int, seed: int = 0) -> Iterator[str]:
    """Yield programs, the same for the same seed."""
    choose = random.Random(seed).choice
    while count:
        batch, samples = choose((1, 2, 3, 4, 4, 6, 8)), choose((1, 6, 7, 8, 9, 12, 13, 16, 17, 40))
        drop = choose(("", ", drop_last=True", ", drop_last=False", ", shuffle=True"))
        if samples < batch and "True" in drop:
            continue  # No batch at all.
        head = HEAD.format(
            norm=choose(NORMS), guard=choose(GUARDS), batch=batch, samples=samples, data=choose(DATASETS), drop=drop,
            mode=choose(MODES), probe=choose(PROBES),
        )  # fmt: skip
        rows = choose(("len(images)", "images.size(0)", "batch", "batch", str(batch), str(batch + 1)))
        loop = choose(LOOPS).format("images, labels")
        body = choose(BODIES).format(rows=rows, views=choose((2, 2, 2, 1)))
        queue = f"moco = MoCo({batch * choose((2, 3, 4)) + choose((0, 0, 1, 2))})\n" if "moco" in body else ""
        if "probe" in body:
            queue = f"probe = Probe({choose(WIDTHS)})\n"
        if "load(" in body:
            queue = f"def load(net):\n    {choose(LOADS).format(path=f'saved{choose(range(len(SAVED)))}.pth')}\n\n\n"
        indent = "    " if loop.startswith("for epoch") else "  "
        yield f"{head}{queue}{loop}\n" + "\n".join(indent + line for line in body.split("\n")) + "\n"
        count -= 1


def error_of(program: str) -> str:
    """Return the error with which a program stops, "" if it runs to its end."""
    try:
        exec(compile(program, "train.py", "exec"), {"__name__": "__main__"})
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def errors_in(program: str) -> list[str]:
    """Return the errors that are reported of a program in the working folder, each with its code."""
    Path("train.py").write_text(program, encoding="utf-8")
    found = lint([Path("train.py")], Settings(isolated=True)).findings
    return [f"{finding.code}: {finding.message}" for finding in found if finding.severity == "error"]


def main(count: int, seed: int) -> int:
    """Print what was said of programs that run and of those that stop; return 1 if the two disagree."""
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    said: Counter[tuple[str, str]] = Counter()
    disagreements = 0
    folder = tempfile.mkdtemp()
    save(folder)
    os.chdir(folder)
    for program in programs(count, seed):
        error, reported = error_of(program), errors_in(program)
        said[reported[0][:5] if reported else "nothing", error.partition(":")[0] or "runs"] += 1
        if reported and not error:
            disagreements += 1
            print(f"runs, but {reported[0]}:\n{program}")
        elif error and not reported and "-v" in sys.argv:
            print(f"{error}, but nothing is reported:\n{program}")
    for (code, outcome), number in sorted(said.items()):
        print(f"{number:6} {code:8} {outcome}")
    print(f"{disagreements} disagreements in {count} programs")
    return int(disagreements > 0)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    sys.exit(main(*(numbers + [300, 0][len(numbers) :])))
