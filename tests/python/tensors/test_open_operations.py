"""Operations on what a model makes: what torch refuses for certain is an error, what it may refuse an unchecked link.

In each line `z` is (4, 32), `m` is (4, 2, 4, 4), and `anything` is known at run time only. Every line is run
with torch, too: one that is said to be clear runs, and one that is an error does not.
"""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.python.tensors import axes
from shapelint.resolve.options import Options
from shapelint.shapes import dims
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

torch = pytest.importorskip("torch")

MODEL = """
import os
import torch
import torch.nn.functional as F
from torch import nn
class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 64, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Linear(64, 32)
        self.places = nn.Parameter(torch.zeros(1, 32))
    def forward(self, x):
        anything = int(os.environ.get("SIZE", "0"))
        z = self.projector(self.encoder(x))
        m = z.view(4, 2, 4, 4)
        {line}
        return z
model = SimCLR()
model(torch.randn(4, 3, 8, 8))
"""
CLEAR = [
    # An index of numbers has as many elements as it takes.
    "z = z[torch.tensor([0, 1])] + z[:2]",
    "z = z[[0, 1, 3]] + z[torch.tensor([1, 2, 0])]",
    "z = z[torch.randperm(4)] + z",
    "z = z[torch.randperm(len(z))[:2]] + z[:2]",
    "z = z[z[:, :4].argmax(1)] + z[:4]",
    "z = z[torch.tensor([[0, 1], [2, 3]])] + z[:2]",
    "z = z[torch.arange(4), torch.tensor([5, 0, 1, 2])] + z[:, 0]",
    "z = z[torch.arange(4), torch.arange(4)] + z[:, 0]",
    "z = m[:, torch.tensor([0, 1, 1]), 0] + torch.ones(4, 3, 4)",
    "z = m[torch.tensor([0, 1, 1]), :, torch.tensor([0, 1, 3])] + torch.ones(3, 2, 4)",
    "z = m[torch.tensor([0, 1, 1]), ..., torch.tensor([0, 1, 3])] + torch.ones(3, 2, 4)",
    "z = m[..., torch.tensor([0, 1, 1]), torch.tensor([0, 1, 3])] + torch.ones(4, 2, 3)",
    "z = m[torch.tensor([0, 1, 1]), 1, torch.tensor([0, 1, 3])] + torch.ones(3, 4)",
    "z = z[None, torch.tensor([2])] + torch.ones(1, 1, 32)",
    "z = z[torch.tensor(2)] + z[0]",
    "z = z[z[:, 0].argmax()] + torch.ones(32)",
    "z = z[z[:, 0].topk(3)[1]] + z[:3]",
    "z = z[z[:, 0].sort(descending=True).indices] + z",
    "z = z[z[:, 0].sort().indices == 3].mean()",
    "z = z[(z[:, 0] > 0).long()] + z",
    "z = z[[True, False, True, True]].mean()",
    # Slices with a step.
    "z = z[:, 1::2] @ torch.ones(16, 7)",
    "z = z[::2] + z[1::2]",
    "z = z[:, 3:30:4] + torch.ones(7)",
    # Single numbers.
    "z = z.mean().item()",
    "z = float(z[0, 0].detach()) + int(z.detach().sum())",
    "z.sum().backward()",
    "z.backward(torch.ones(4, 32))",
    "z = z if z.mean() > 0 else -z",
    "z = z if (z > 0).all() and not z.isnan().any() else -z",
    "z = -z if z == None else z",
    "z = -z if z is None or z != 'no' and len(z) < 2 else z",
    # What is selected by a mask, as far as nothing asks how much it is.
    "z = z[z[:, 0] > 0] @ torch.ones(32, 5)",
    "z = z[z[:, 0] > 0] + self.places",
    "z = z[z > 0].mean()",
    "z = sum([z, z, z])",
    # A list of truth values, and numbers that are computed.
    "z = z[[True, False, True, False]] + torch.ones(2, 32)",
    "z = z[:, [True, False] * 16] + torch.ones(4, 16)",
    "n = len(z); i = (torch.arange(n)[:, None] + torch.arange(n)[None]) % n; z = z[i].mean(2)",
    "i, j = torch.meshgrid(torch.arange(4), torch.arange(4), indexing='ij'); z = (z[i] - z[j]).sum(-1).diagonal()",
    # What gets another shape in place.
    "b = torch.zeros(5, 10); b.resize_(20, 10).zero_(); z = z.sum() + b + torch.ones(20, 10)",
    "b = torch.empty(0); b.resize_as_(z).zero_(); z = z + b",
    "b = z.detach().clone(); b.t_(); z = b @ z",
    "b = z.detach().clone(); b.unsqueeze_(1); z = torch.cat([b, z[:, None]], 1)",
    "o = torch.empty(0); torch.cat([z.detach(), z.detach()], out=o); z = o + torch.ones(8, 32)",
    "v, i = torch.empty(0), torch.empty(0).long(); torch.max(z.detach(), 1, out=(v, i)); z = v + torch.ones(4)",
    "q = torch.zeros(2); q.data = torch.ones(32); z = z * q",
    # What is written into a tensor.
    "h = z.detach().clone(); h[0] = z[:1]; h[:, :3] = z[0, :3]; h[1:3, :1] = 0; z = h",
    "m = torch.zeros(4, 32); m += z.detach()[:1]; m.mul_(0.9).add_(z.detach()[0], alpha=0.1); z = m",
    # Batches of matrices.
    "z = torch.ones(4, 1, 8, 8) @ z.view(4, 4, 8, 1)",
    "z = z.sum(dim=()) + torch.ones(3)",
    "z = z ** torch.ones(32)",
    "z = z % torch.ones(4, 1)",
    "z = z // torch.ones(4, 1)",
    # How many elements a mask selects that is made of `eye` and of ones.
    "s = z @ z.t(); n = len(s); z = s[~torch.eye(n, dtype=torch.bool)].view(n, n - 1)",
    "s = z @ z.t(); z = s[~torch.eye(4).bool()].view(4, -1) + torch.ones(4, 3)",
    "s = z @ z.t(); z = s[(1 - torch.eye(4)).bool()].view(4, 3)",
    "s = z @ z.t(); z = s[torch.eye(4) == 0].view(4, 3)",
    "s = z @ z.t(); z = s[(torch.ones(4, 4) - torch.eye(4)).bool()].view(4, 3)",
    "s = z @ z.t(); q = torch.ones(4, 4).bool(); q.fill_diagonal_(False); z = s[q].view(4, 3)",
    "s = z @ z.t(); z = s[torch.ones_like(s).fill_diagonal_(0) > 0].view(4, 3)",
    "s = z @ z.t(); z = s[torch.eye(4).bool().roll(2, 0)] + s.logsumexp(1)",
    "s = z @ z.t(); z = s[torch.eye(2).repeat(2, 2).bool()].view(4, 2)",
    "s = z @ z.t(); z = s.masked_select(torch.eye(4).bool().logical_not()).view(3, 4)",
    "s = z @ z.t(); z = s[:, :3][torch.eye(4, 3).bool()] + torch.ones(3)",
    "s = z @ z.t(); s.detach()[torch.eye(4).bool()] = torch.zeros(4)",
    # A row of scores for each label.
    "z = F.cross_entropy(z[0], torch.tensor(3))",
    "z = F.cross_entropy(z[0], z[1].softmax(0))",
    # What is switched off.
    "if anything and False: z = z @ z",
    "z = z if anything or True else z @ z",
    "scaler = torch.amp.GradScaler('cpu', enabled=False); scaler.scale(z.var(0).mean()).backward()",
    # The rows of a tensor, one after the other.
    "z = torch.stack([one * two for one, two in zip(z, z.flip(0))]) + z",
    "z = torch.stack([one @ two for one, two in zip(z, z)]) + z[:, 0]",
    "z = torch.stack(list(map(self.projector, torch.ones(3, 64)))) + z[:3]",
    "z = torch.stack([one for one in reversed(z)]) + z",
]
WRONG = [
    "z = z[torch.tensor([0, 1])] + z",
    "z = z[[0, 1, 3]] + z[torch.tensor([1, 2])]",
    "z = z[torch.randperm(3)] + z",
    "z = z[z.argmax(1)[:3]] + z",
    "z = z[torch.tensor([[0, 1, 1], [2, 3, 3]])] + z[:3, :4]",
    "z = z[torch.arange(4), torch.tensor([5, 0, 1, 2])] + z[:, :3]",
    "z = m[:, torch.tensor([0, 1, 1]), 0] + torch.ones(4, 2, 4)",
    "z = m[torch.tensor([0, 1, 1]), :, torch.tensor([0, 1, 3])] + torch.ones(4, 3, 4)",
    "z = m[torch.tensor([0, 1, 1]), 1, torch.tensor([0, 1, 3])] + torch.ones(3, 3)",
    "z = z[z[:, 0].topk(3)[1]] + z",
    "z = z[torch.tensor(2)] + torch.ones(4)",
    "z = z[:, 1::2] @ torch.ones(32, 7)",
    "z = z[::2] + z[::3][:1].repeat(3, 1)",
    "z = z[:, 3:30:4] + torch.ones(6)",
    "z = z.item()",
    "z = z[:, 0].item()",
    "z = float(z[0]) + int(z.sum())",
    "z = int(z)",
    "z.backward()",
    "z.mean(1).backward()",
    "z = z if z > 0 else -z",
    "z = z if not z.isnan() else -z",
    "z = [one for one in (z, z) if one > 0]",
    "z = sum([z, z[:, :3]])",
    "h = z.detach().clone(); h[:, -1:] = z[:, :2]; z = h",
    "h = z.detach().clone(); h[0] = z[:2]; z = h",
    "m = torch.zeros(32); m.add_(z.detach()); z = m",
    "m = torch.zeros(32); m += z.detach(); z = m",
    "m = torch.zeros(32); m.mul_(0.9).add_(z.detach(), alpha=0.1); z = m",
    "m = torch.zeros(32); m += z.detach()[:1]; z = m",
    "z = torch.ones(4, 4, 8, 8) @ z.view(16, 8, 1)",
    "b = z.detach().clone(); b.t_(); z = z @ b @ b",
    "z = z ** torch.ones(5)",
    "z = z % torch.ones(5)",
    "z = z // torch.ones(5)",
    "z = (z > 0) & torch.ones(5, dtype=torch.bool)",
    "s = z @ z.t(); n = len(s); z = s[~torch.eye(n, dtype=torch.bool)].view(n, n)",
    "s = z @ z.t(); z = s[(1 - torch.eye(4)).bool()].view(4, -1) + torch.ones(4, 4)",
    "s = z @ z.t(); z = s[torch.eye(4) != 1].view(3, 3)",
    "s = z @ z.t(); z = s[torch.eye(4).bool()] + torch.ones(3)",
    "s = z @ z.t(); q = torch.ones(4, 4); q.fill_diagonal_(0); z = s[q.bool()].view(4, 4)",
    "s = z @ z.t(); z = s.masked_select(~torch.eye(4).bool()).view(4, 4)",
    "s = z @ z.t(); z = s[torch.eye(2).repeat(2, 2).bool()].view(4, 3)",
    "s = z @ z.t(); s.detach()[torch.eye(4).bool()] = torch.zeros(3)",
    "z = F.cross_entropy(z[:, 0], torch.arange(4))",
    "z = nn.NLLLoss()(z.flatten().log_softmax(0), torch.arange(4))",
    "scaler = torch.amp.GradScaler('cpu', enabled=False); scaler.scale(z.var(0)).backward()",
    "z = torch.stack([one * two for one, two in zip(z, z[:, :3])])",
    "z = torch.stack([one @ two for one, two in zip(z, z)]) + z",
    "z = torch.stack(list(map(self.projector, z)))",
    "z = torch.stack([one for one in reversed(z)]) + z[:, :5]",
]
OPEN = [
    # How many rows a mask selects is not known, nor how many elements one does that may have been written to.
    "z = z[z[:, 0] > 0] + z",
    "z = z.t() @ z[z[:, 0] > 0]",
    "z = torch.cdist(z[None], z[None, :, z[0] > 0])",
    "z = torch.bmm(m[:, 0], m[:, 1][:, m[0, 0, 0] > 0])",
    "z = z[z > 0].view(8, 8)",
    "s = z @ z.t(); q = torch.ones(4, 4).bool(); q[0, 1] = False; z = s[q].view(3, 5)",
    "s = z @ z.t(); q = torch.eye(4).bool(); k = q; k[0] = True; z = s[q].view(7, 1)",
    "s = z @ z.t(); q = torch.eye(4).bool(); q.view(16)[1] = True; z = s[q].view(5, 1)",
    "s = z @ z.t(); q = torch.eye(4); q += 1; z = s[q.bool()].view(2, 8)",
    "s = z @ z.t(); q = torch.eye(4).bool(); q |= s > 0; z = s[q].view(4, 4)",
    "s = z @ z.t(); self.q = torch.eye(4).bool(); self.q[1, 0] = True; z = s[self.q].view(5, 1)",
    "s = z @ z.t(); q = nn.Parameter(torch.ones(4, 4)); q.data[0] = 0; z = s[q > 0].view(3, 4)",
    "s = z @ z.t(); q = torch.ones(4, 4).bool(); os.environ['SIZE'].fill(q); z = s[q].view(4, 4)",
    # Nor is a size or an axis that is known at run time only.
    "z = z.flatten(anything)",
    "z = z.sum(dim=anything)",
    # Torch refuses an axis that is named twice, and Python another number of names than there are values.
    "z = z.mean((1, -1))",
    "z = m.permute(0, 2, 2, 1)",
    "z = z.flip(0, -2)",
    "z = m.squeeze((1, 1))",
    "z = torch.fft.fftn(m, dim=(2, 2))",
    "z, other = z.chunk(4)",
    "one, two, three = z.split(2); z = one",
    "*one, two, three = z.split(4); z = two",
    # Nor is what an operation takes of which nothing is known here.
    "z = torch.linalg.tensorinv(z)",
]


@pytest.mark.parametrize(("start", "length"), [(-100, "min(B,100)"), (-1, "1"), (None, "B"), (2, "B-2")])
def test_a_slice_of_a_batch_is_no_longer_than_the_batch(start: int | None, length: str) -> None:
    assert str(axes.sliced(dims.symbol("B"), start, None)) == length


def linted(line: str) -> FileReport:
    return lint_source(Source("model.py", MODEL.format(line=line)), Options())


def runs(line: str) -> bool:
    try:
        exec(MODEL.format(line=line), {})
    except Exception:
        return False
    return True


def verdict(report: FileReport) -> str:
    if [one for one in report.findings if one.severity != "info"]:
        return "wrong"
    (model,) = report.models
    return "open" if model.unchecked else "clear"


@pytest.mark.parametrize("line", CLEAR)
def test_what_is_clear_runs(line: str) -> None:
    assert verdict(linted(line)) == "clear"
    assert runs(line)


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_does_not_run(line: str) -> None:
    assert verdict(linted(line)) == "wrong"
    assert not runs(line)


@pytest.mark.parametrize("line", OPEN)
def test_what_may_be_refused_is_an_unchecked_link(line: str) -> None:
    report = linted(line)
    assert verdict(report) == "open"
    (link,) = report.models[0].unchecked
    assert link.location.line == 16
    assert any(words in link.reason for words in ("is not known", "is named twice", "are assigned to"))


@pytest.mark.parametrize(("loss", "said"), [("z.var(0)", "wrong"), ("z.var(0).mean()", "clear")])
def test_what_a_trainer_that_is_not_seen_takes_back_is_one_number(loss: str, said: str) -> None:
    assert (
        verdict(linted(f"accelerator = __import__('accelerate').Accelerator(); accelerator.backward({loss})")) == said
    )
