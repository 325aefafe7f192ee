"""Programs in pairs, one number apart: torch stops the first and runs the second, and only the first is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightly")

from loops import error_of, errors_in  # noqa: E402

HEAD = """
import torch
from lightly.loss import BarlowTwinsLoss, NegativeCosineSimilarity, NTXentLoss, VICRegLoss
from torch import nn
from torch.nn import functional as F
from torch.utils.data import BatchSampler, ConcatDataset, DataLoader, DistributedSampler, RandomSampler
from torch.utils.data import SubsetRandomSampler, TensorDataset


class Net(nn.Module):
    def __init__(self, width=12, norm=nn.Identity):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 6, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Sequential(nn.Linear(6, 20), norm(20), nn.ReLU(), nn.Linear(20, width))

    def forward(self, x):
        return self.projector(self.backbone(x))


def images(count):
    return TensorDataset(torch.randn(count, 3, 12, 12))


"""
NORMED = "net = Net(norm=nn.BatchNorm1d)\nfor (x,) in DataLoader({}):\n    net(x).sum().backward()\n"
VIEWS = "net = Net()\nfor (x,) in DataLoader(images({}), 5):\n    z, w = net(x), net(x.flip(-1){})\n    {}.backward()\n"


def queue(push: str) -> str:
    """Return a program that pushes batches of 4 keys on a queue."""
    body = "\n".join(f"        {line}" for line in push.split("\n"))
    return f"""class Queue(nn.Module):
    def __init__(self, length):
        super().__init__()
        self.length = length
        self.net = Net()
        self.register_buffer("keys", torch.randn(12, length))
        self.register_buffer("place", torch.zeros(1, dtype=torch.long))

    @torch.no_grad()
    def push(self, new):
        rows, start = new.shape[0], int(self.place)
{body}

    def forward(self, x):
        z = self.net(x)
        self.push(z.detach())
        return (z @ self.keys.clone()).mean()


queue = Queue(HOLE)
for (x,) in DataLoader(images(32), 4):
    queue(x).backward()
"""


def guarded(guard: str) -> str:
    """Return a program with a guard on what a network of some width gives."""
    body = "\n".join(f"        {line}" for line in guard.split("\n"))
    return f"""class Guarded(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.net = Net(width)

    def forward(self, x):
        z = self.net(x)
{body}
        return z.mean()


Guarded(HOLE)(torch.randn(3, 3, 12, 12)).backward()
"""


MOVES = "\nself.place[0] = (start + rows) % self.length"
PAIRS = {
    "several datasets": (NORMED.format("ConcatDataset([images(7), images(HOLE)]), 5"), "9", "8", "SL107"),
    "a sampler of batches": (
        NORMED.format("images(9), batch_sampler=BatchSampler(RandomSampler(images(9)), 4, drop_last=HOLE)"),
        "False", "True", "SL107",
    ),
    "a sampler of some": (NORMED.format("images(20), 4, sampler=SubsetRandomSampler(range(HOLE))"), "9", "10", "SL107"),
    "a share of the samples": (
        NORMED.format("images(18), 4, sampler=DistributedSampler(images(18), num_replicas=HOLE, rank=0)"),
        "2", "3", "SL107",
    ),
    "cosine similarity of views": (VIEWS.format(10, "[:HOLE]", "NegativeCosineSimilarity()(z, w)"), "3", "5", "SL115"),
    "contrast of views": (VIEWS.format(10, "[:HOLE]", "NTXentLoss()(z, w)"), "3", "5", "SL115"),
    "correlation of views": (VIEWS.format(10, "[:HOLE]", "BarlowTwinsLoss()(z, w)"), "3", "5", "SL115"),
    "squares of views": (VIEWS.format(10, "[:HOLE]", "F.mse_loss(z, w)"), "3", "5", "SL115"),
    "correlation of one": (VIEWS.format("HOLE", "", "BarlowTwinsLoss()(z, w)"), "11", "12", "SL107"),
    "variance of one": (VIEWS.format("HOLE", "", "VICRegLoss()(z, w)"), "11", "12", "SL107"),
    "expanded rows": (VIEWS.format(10, "", "(z + torch.zeros(HOLE, 1).expand(5, 12)).mean()"), "3", "5", "SL115"),
    "a slice that is copied to": (
        queue(f"self.keys[:, start : start + rows].copy_(new.T){MOVES}"),
        "10", "12", "SL116",
    ),
    "a narrow that is copied to": (
        queue(f"self.keys.narrow(1, start, rows).copy_(new.T){MOVES}"),
        "10", "12", "SL116",
    ),
    "an end with a name": (
        queue("end = start + rows\nself.keys[:, start:end] = new.T\nself.place[0] = end % self.length"),
        "10", "12", "SL116",
    ),
    "the first batch alone": (
        "net = Net(norm=nn.BatchNorm1d)\nx = next(iter(DataLoader(images(6), HOLE)))[0]\nnet(x).sum().backward()\n",
        "1", "2", "SL107",
    ),
    "two loaders": (
        "net = Net()\nfor (x,), (y,) in zip(DataLoader(images(8), 4), DataLoader(images(8), HOLE)):\n"
        "    F.mse_loss(net(x), net(y)).backward()\n",
        "2", "4", "SL115",
    ),
    "a matrix of targets": (
        VIEWS.format(10, "", "F.binary_cross_entropy_with_logits(z @ w.T, torch.eye(HOLE))"), "8", "5", "SL115",
    ),
    "a divergence": (
        VIEWS.format(10, "[:HOLE]", "F.kl_div(z.log_softmax(1), w.softmax(1), reduction='sum')"), "3", "5", "SL115",
    ),
    "views of a sample": (
        "net = Net()\nfor (x,) in DataLoader(images(8), 4):\n"
        "    z = net(torch.stack([x, x, x], 1).flatten(0, 1)).view(len(x), HOLE, 12)\n    z.mean().backward()\n",
        "2", "3", "SL115",
    ),
    "a number for each batch": (VIEWS.format("HOLE", "", "z.view(5, 12).mean()"), "12", "15", "SL115"),
    "a probe of its own": (
        "class Probe(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.norm, self.out = nn.BatchNorm1d(6), nn.Linear(6, 3)\n\n    def forward(self, h):\n"
        "        return self.out(self.norm(h.detach()))\n\n\nnet, probe = Net(), Probe()\n"
        "for (x,) in DataLoader(images(HOLE), 5):\n    (net(x).sum() + probe(net.backbone(x)).sum()).backward()\n",
        "11", "12", "SL107",
    ),
    "samples of a dataset": (
        "class Frames(torch.utils.data.Dataset):\n    def __len__(self):\n        return 10\n\n"
        "    def __getitem__(self, index):\n        return torch.randn(3, 12, 12), index\n\n\n"
        "net = Net()\nfor x, _ in DataLoader(Frames(), 5):\n"
        "    F.cross_entropy(net(x) @ net(x).T, torch.arange(len(x[:HOLE]))).backward()\n",
        "3", "5", "SL115",
    ),
    "diagonals of all pairs": (
        "def positives(z, w, n=HOLE):\n    both = torch.cat([z, w])\n    similar = both @ both.t()\n"
        "    return torch.cat([similar.diag(n), similar.diag(-n)]).reshape(10, 1)\n\n\n"
        + VIEWS.format(10, "", "positives(z, w).mean()"),
        "3", "5", "SL115",
    ),
    "a mask that selects": (
        VIEWS.format(10, "", "(z @ w.T).masked_select(~torch.eye(HOLE, dtype=bool)).view(5, -1).mean()"),
        "4", "5", "SL115",
    ),
    "two views by their rows": (
        "net = Net()\nfor (x,) in DataLoader(images(HOLE), 4):\n"
        "    F.mse_loss(*torch.split(net(torch.cat([x, x.flip(-1)])), [4, 4])).backward()\n",
        "15", "16", "SL115",
    ),
    "labels of a dataset, twice": (
        "class Marked(torch.utils.data.Dataset):\n    def __len__(self):\n        return 8\n\n"
        "    def __getitem__(self, index):\n        return torch.randn(3, 12, 12), index % 3\n\n\n"
        "net = Net()\nfor x, y in DataLoader(Marked(), 4):\n    y = torch.cat([y] * HOLE).contiguous().view(-1, 1)\n"
        "    z = net(x)\n    if y.shape[0] != z.shape[0]:\n        raise ValueError('labels')\n"
        "    (torch.eq(y, y.T).float() * (z @ z.T)).mean().backward()\n",
        "2", "1", "SL117",
    ),
    "a part of a dataset that knows its length": (
        "class Few(torch.utils.data.Dataset):\n    def __len__(self):\n        return 30\n\n"
        "    def __getitem__(self, index):\n        return torch.randn(3, 12, 12), 0\n\n\n"
        "few = Few()\nheld = int(0.2 * len(few))\n"
        "(train, _) = torch.utils.data.random_split(few, [len(few) - held, held])\n"
        "net = Net(norm=nn.BatchNorm1d)\nfor x, _ in DataLoader(train, HOLE):\n    net(x).mean().backward()\n",
        "23", "12", "SL107",
    ),
    "a sampler of its own module": (
        "from torch.utils.data.sampler import SubsetRandomSampler as Chosen\n"
        "order = list(range(20))\n" + NORMED.format("images(20), 5, sampler=Chosen(order[HOLE:])"),
        "4", "5", "SL107",
    ),
    "the size that a loader has": (
        "net, loader = Net(), DataLoader(images(HOLE), 5)\nfor (x,) in loader:\n    z = net(x)\n"
        "    F.cross_entropy(z @ z.T, torch.arange(loader.batch_size)).backward()\n",
        "12", "10", "SL115",
    ),
    "labels in a dict": (
        "class Named(torch.utils.data.Dataset):\n    def __len__(self):\n        return 8\n\n"
        "    def __getitem__(self, index):\n        return {'x': torch.randn(3, 12, 12), 'y': index % 3}\n\n\n"
        "net = Net()\nfor batch in DataLoader(Named(), 4):\n"
        "    F.cross_entropy(net(batch['x']), batch['y'][:HOLE]).backward()\n",
        "3", "4", "SL115",
    ),
    "labels of one score": (
        "net = Net(1)\nfor (x,) in DataLoader(images(10), 5):\n"
        "    F.binary_cross_entropy_with_logits(net(x), torch.zeros(5HOLE)).backward()\n",
        "", ", 1", "SL102",
    ),
    "a column of labels": (
        "net = Net()\nfor (x,) in DataLoader(images(10), 5):\n"
        "    F.cross_entropy(net(x), torch.zeros(5, dtype=torch.long)HOLE).backward()\n",
        ".unsqueeze(1)", "", "SL102",
    ),
    "a vector for each label": (
        "net = Net()\nfor (x,) in DataLoader(images(10), 5):\n"
        "    F.cross_entropy(net(x), F.one_hot(torch.arange(5), HOLE).float()).backward()\n",
        "10", "12", "SL103",
    ),
    "a mask times a number": (
        "import numpy as np\nnet = Net()\nfor (x,) in DataLoader(images(10), 5):\n    z = net(x)\n"
        "    (z @ z.T + torch.eye(HOLE) * np.log(1e-9)).logsumexp(1).mean().backward()\n",
        "4", "5", "SL115",
    ),
    "samples of a dataset in a condition": (
        "data = images(HOLE)\nassert len(data) % 4 == 0, 'batches'\nnet = Net()\n"
        "for (x,) in DataLoader(data, 4):\n    net(x).mean().backward()\n",
        "11", "12", "SL117",
    ),
    "triplets": (
        "net, other = Net(), nn.Linear(12, HOLE)\nfor (x,) in DataLoader(images(10), 5):\n    z = net(x)\n"
        "    nn.TripletMarginLoss()(z, z.roll(1, 0), other(z)).backward()\n",
        "9", "12", "SL103",
    ),
    "axes of images": (
        "def checked(net, x):\n    if x.ndim != 4:\n        raise ValueError(tuple(x.shape))\n    return net(x)\n\n\n"
        "checked(Net(), torch.randn(HOLE, 3, 12, 12)).mean().backward()\n",
        "2, 5", "5", "SL117",
    ),
    "a whole shape": (guarded("assert z.shape == (3, 12), z.shape"), "16", "12", "SL117"),
    "an assertion of torch": (guarded("torch._assert(z.shape[1] == 12, 'width')"), "16", "12", "SL117"),
    "a width that does not divide": (guarded("if z.shape[1] % 8:\n    raise ValueError(z.shape)"), "12", "16", "SL117"),
    "arguments of a constructor": (
        "class Heads(nn.Module):\n    def __init__(self, width, heads):\n        super().__init__()\n"
        "        if width % heads != 0:\n            raise ValueError('width')\n        self.net = Net(width)\n\n"
        "    def forward(self, x):\n        return self.net(x).mean()\n\n\n"
        "Heads(12, HOLE)(torch.randn(3, 3, 12, 12))\n",
        "5", "4", "SL117",
    ),
    "a call in a condition": (
        "net = Net(HOLE)\nassert net(torch.randn(3, 3, 12, 12)).shape[1] == 12, 'width'\n", "16", "12", "SL117",
    ),
    "two calls in a condition": (
        "net, x = Net(6), torch.randn(3, 3, 12, 12)\n"
        "if net(x).size() != net.backbone(x[:HOLE]).size():\n    raise ValueError(len(x))\n",
        "2", "3", "SL117",
    ),
    "a size of torch": (
        "z = Net()(torch.randn(3, 3, 12, 12))\nassert z.shape == torch.Size([HOLE, 12])\n", "4", "3", "SL117",
    ),
    "the number of views": (
        "views = [torch.randn(3, 3, 12, 12) for _ in range(HOLE)]\nassert len(views) == 2\nnet = Net()\n"
        "F.mse_loss(*[net(view) for view in views[:2]]).backward()\n",
        "3", "2", "SL117",
    ),
}  # fmt: skip
HARMLESS = {
    "labels of the nearest": (
        "net, labels = Net(), torch.arange(9) % 3\nz = net(torch.randn(9, 3, 12, 12))\n"
        "votes = labels[(z @ z.T).topk(4).indices].mode(1).values\nprint((votes == labels).float().mean())\n"
    ),
    "a slice that wraps": queue(
        f"index = (torch.arange(rows) + start) % self.length\nself.keys[:, index] = new.T{MOVES}"
    ),
    "a narrow that is cut": queue(
        f"rows = min(rows, self.length - start)\nself.keys.narrow(1, start, rows).copy_(new.T[:, :rows]){MOVES}"
    ),
    "a guard that is caught": guarded("try:\n    assert z.shape == (3, 12)\nexcept AssertionError:\n    z = z[:, :4]"),
    "tiles of images in one row": (
        "net, joined = Net(), nn.Linear(12 * 4, 3)\nx = torch.randn(5, 3, 24, 24)\n"
        "tiles = x.unfold(2, 12, 12).unfold(3, 12, 12).permute(0, 2, 3, 1, 4, 5).reshape(-1, 3, 12, 12)\n"
        "joined(net(tiles).view(x.size(0), -1)).mean().backward()\n"
    ),
    "one row with several": VIEWS.format(10, "[:1]", "NegativeCosineSimilarity()(z, w)").replace("HOLE", ""),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run everything in a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", PAIRS)
def test_one_number_decides(name: str) -> None:
    text, wrong, right, code = PAIRS[name]
    programs = [HEAD + text.replace("HOLE", number, 1) for number in (wrong, right)]
    assert [bool(error_of(program)) for program in programs] == [True, False]
    assert [[error[:5] for error in errors_in(program)] for program in programs] == [[code], []]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_runs_is_not_reported(name: str) -> None:
    program = HEAD + HARMLESS[name].replace("Queue(HOLE)", "Queue(10)").replace("Guarded(HOLE)", "Guarded(16)")
    assert error_of(program) == ""
    assert errors_in(program) == []
