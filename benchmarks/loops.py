"""Training loops against real torch: what is said of their rows, and whether they run.

Each program has a dataset of known length, of one or two views, a loader, a small network and a loss, by hand or
lightly's, and maybe a queue, a probe beside the network or after it, guards of its own, or weights that were saved
before; right, or with a wrong row count, length, pointer, width or key somewhere. It is linted, and run on one thread.
An error that is reported of a program which runs is a disagreement; one that is not reported of a program which stops
is a miss.

    .venv/bin/python benchmarks/loops.py [COUNT] [SEED]
"""

from __future__ import annotations

import io
import os
import random
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings

HEAD = """
import torch
import numpy as np
from lightly.loss import BarlowTwinsLoss, DCLLoss, NegativeCosineSimilarity, NTXentLoss, VICRegLoss
from torch import nn
from torch.nn import functional as F
from torch.utils.data import BatchSampler, ConcatDataset, DataLoader, Dataset, RandomSampler, SequentialSampler
from torch.utils.data import Subset, TensorDataset, random_split
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


class Pairs(Images):
    def __getitem__(self, index):
        image, label = super().__getitem__(index)
        return (image, image.flip(-1)), label


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
{loader}
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
    "ConcatDataset([Images(1), Images(n - 1)])",
)
LOADERS = (
    "loader = DataLoader({data}, batch_size=batch{drop})",
    "loader = DataLoader({data}, batch_size=batch{drop})",
    "loader = DataLoader({data}, batch{drop}, num_workers=0)",
    "data = {data}\nloader = DataLoader(dataset=data, batch_size=batch, sampler=RandomSampler(data))",
    "data = {data}\nloader = DataLoader(data, batch_sampler=BatchSampler(SequentialSampler(data), batch, {dropped}))",
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
    "z = F.normalize(model(images), dim=1)\nkeys = z.detach()\nn_keys = keys.shape[0]\n"
    "(z @ queue.clone()).logsumexp(1).mean().backward()\n{cut}queue[:, pointer : pointer + n_keys] = keys.T\n"
    "pointer = (pointer + n_keys) % {length}",
    "z = model(images)\nkeys = z.detach()\n(z @ queue.clone()).logsumexp(1).mean().backward()\n"
    "queue[:, pointer : pointer + {rows}] = keys.t()\npointer = (pointer + {rows}) % {length}",
    "z = model(images)\nassert z.shape == ({rows}, {width})\nz.sum().backward()",
    "z = model(images)\nb, d = z.shape\nassert d == {width}, 'width'\n"
    "F.cross_entropy(z @ z.T, torch.arange(b)).backward()",
    "h = model.backbone(images)\nif h.dim() != {axes} or h.size(-1) not in (8, {width}):\n"
    "    raise RuntimeError('features')\nmodel.projection_head(h).sum().backward()",
    "features = torch.stack([model(images), model(images)], dim=1)\nrows, views, width = features.shape\n"
    "flat = torch.cat(torch.unbind(features, dim=1))\nsame = labels.view(-1, 1).eq(labels.view(1, -1)).float()\n"
    "mask = same.repeat(views, {views}) * (1 - torch.eye(rows * views))\n((flat @ flat.T) * mask).sum().backward()",
    "features = torch.stack([model(images), model(images)], dim=1)\nsame = torch.eq(labels[: {rows}].unsqueeze(1), "
    "labels.unsqueeze(0)).float()\nassert same.shape[0] == features.shape[0]\n"
    "anchors = features[:, 0]\n((anchors @ anchors.T) * same).mean().backward()",
    "nn.TripletMarginLoss()(model(images), model(images.flip(-1)), model(images)[: {rows}]).backward()",
    "DCLLoss()(model(images), model(images[: {rows}])).backward()",
    "NTXentLoss(memory_bank_size=({length}, {width}))(model(images), model(images)).backward()",
    "z = model(images)\nl_pos = (z * z).sum(1, keepdim=True)\nl_neg = z @ torch.randn({width}, 9)\n"
    "logits = torch.cat([l_pos, l_neg], dim=1)\n"
    "F.cross_entropy(logits, torch.zeros({rows}, dtype=torch.long)).backward()",
    "z = model(torch.cat([images, images]))\npositives = torch.cat([torch.diag(z @ z.T, {rows}), torch.diag(z @ z.T, "
    "-{rows})])\n(positives - torch.ones(2 * len(images))).sum().backward()",
    "z = model(images)\nz = z.view({rows}, 2, -1)\nz.mean(1).sum().backward()",
    "assert model(images).shape[1] == {width}, 'width'\nmodel(images).sum().backward()",
    "if model(images).size() != ({rows}, 16):\n    raise ValueError('rows')\nmodel(images).sum().backward()",
    "F.cross_entropy(model(images), labels[:{rows}]).backward()",
    "F.cross_entropy(model(images), labels.view(-1, {views})).backward()",
    "z = model(images)\n(z * F.one_hot(labels, {width}).float()).sum().backward()",
    "print((model(images).argmax(1)[:{rows}] == labels).sum().item() < 0)",
)
AFTER = (
    "",
    "",
    "",
    "bank = torch.cat([model.backbone(x).detach() for x, _ in evaluation])\n"
    "for x, _ in evaluation:\n  (model.backbone(x){query} @ bank.T).topk(1)",
    "features, targets = [], []\nmodel.eval()\nfor x, y in evaluation:\n  with torch.no_grad():\n"
    "    features.append({net}(x))\n  targets.append(y)\nfeatures, targets = torch.cat(features), torch.cat(targets)\n"
    "classifier = nn.Linear({probed}, 5)\nF.cross_entropy(classifier(features), targets{cut}).backward()",
    "features = torch.cat([{net}(x).detach() for x, _ in evaluation])\n"
    "targets = torch.cat([y for _, y in evaluation]){cut}\nclassifier = nn.Linear({probed}, 5)\n"
    "for x, y in DataLoader(TensorDataset(features, targets), 2):\n  F.cross_entropy(classifier(x), y).backward()",
    "features, targets = [], []\nfor step, (x, y) in enumerate(evaluation):\n"
    "  features += [{net}(x).detach()]\n  targets += y.tolist()\n"
    "features, targets = torch.cat(features, dim=0){cut}, torch.tensor(targets)\n"
    "right = nn.Linear({probed}, 5)(features).argmax(1) == targets",
    "rows, numbers = [], []\nmodel.eval()\nfor x, y in evaluation:\n  rows.extend({net}(x).detach().numpy())\n"
    "  numbers.extend(y.numpy())\n"
    "held = TensorDataset(torch.from_numpy(np.array(rows)), torch.tensor(np.array(numbers)))\n"
    "classifier = nn.Sequential(nn.Linear({probed}, 5))\nfor x, y in DataLoader(held, batch_size=3):\n"
    "  F.cross_entropy(classifier(x), y).backward()",
)
"""What is done with the features after training; most programs end before it."""
PROBES = ("nn.Identity()", "nn.BatchNorm1d(width)", "nn.LayerNorm(width)")
WIDTHS = (8, 8, 16, 12)
LOADS = (
    "net.load_state_dict(torch.load({path!r}))",
    "net.load_state_dict(torch.load({path!r}), strict=False)",
    "state = torch.load({path!r})\n    net.load_state_dict({{k.replace('module.', ''): v for k, v in state.items()}})",
    "state = torch.load({path!r})\n    for key in list(state):\n        if key.startswith('module.'):\n"
    "            state[key[7:]] = state[key]\n            del state[key]\n    net.load_state_dict(state)",
    "state = torch.load({path!r})\n    for key in list(state.keys()):\n        if 'head' in key:\n"
    "            del state[key]\n    print(len(net.load_state_dict(state, strict=False).missing_keys))",
    "state = torch.load({path!r})\n    state = {{k: v for k, v in state.items() if k in net.state_dict() and "
    "v.shape == net.state_dict()[k].shape}}\n    net.load_state_dict(state, strict=False)",
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
        is_pair = choose((False, False, True))
        data = "Pairs(n)" if is_pair else choose(DATASETS)
        loader = choose(LOADERS).format(data=data, drop=drop, dropped="True" in drop)
        if "sampler" in loader and samples < batch:
            continue
        head = HEAD.format(
            norm=choose(NORMS), guard=choose(GUARDS), batch=batch, samples=samples, loader=loader,
            mode=choose(MODES), probe=choose(PROBES),
        )  # fmt: skip
        rows = choose(("len(images)", "images.size(0)", "batch", "batch", str(batch), str(batch + 1)))
        length, width = batch * choose((2, 3, 4)) + choose((0, 0, 1, 2)), choose((16, 16, 16, 8))
        loop = choose(LOOPS).format("(images, others), labels" if is_pair else "images, labels")
        body = choose(BODIES).format(
            rows=rows, views=choose((2, 2, 2, 1)), length=length, width=width, axes=choose((2, 2, 4)),
            cut=choose(("", "", "if n_keys < batch: continue\n")),
        )  # fmt: skip
        setup = f"moco = MoCo({length})\n" if "moco" in body else ""
        if "queue" in body:
            setup = f"queue = torch.randn(16, {length})\npointer = 0\n"
        if "probe" in body:
            setup = f"probe = Probe({choose(WIDTHS)})\n"
        if "load(" in body:
            setup = f"def load(net):\n    {choose(LOADS).format(path=f'saved{choose(range(len(SAVED)))}.pth')}\n\n\n"
        after = choose(AFTER).format(
            query=choose(("", "", "[:, :6]")), net=choose(("model.backbone", "model.backbone", "model")),
            probed=choose(WIDTHS), cut=choose(("", "", "[1:]")),
        )  # fmt: skip
        if after:
            held = choose(("Images({})", "FakeData({}, (3, 12, 12), 5, transforms.ToTensor())")).format(
                choose((4, 5, 9))
            )
            dropped = choose(("", "", ", drop_last=True"))
            after = f"evaluation = DataLoader({held}, batch_size={choose((2, 4))}{dropped})\n{after}\n"
        if is_pair:
            body = body.replace("model(images.flip(-1))", "model(others)")
        indent = "    " if loop.startswith("for epoch") else "  "
        yield f"{head}{setup}{loop}\n" + "\n".join(indent + line for line in body.split("\n")) + f"\n{after}"
        count -= 1


def error_of(program: str) -> str:
    """Return the error with which a program stops, "" if it runs to its end."""
    try:
        with redirect_stdout(io.StringIO()):
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
