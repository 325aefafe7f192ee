"""Operations called in a forward: an error is found exactly where the real torch refuses the shapes."""

from __future__ import annotations

from typing import Any

import pytest

from shapelint.linting import python_models
from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source

torch = pytest.importorskip("torch")
pytest.importorskip("lightly")

assert python_models.__name__

TEMPLATE = """
import torch
from torch import nn
from torch.nn import functional as F
from lightly.models.modules import BYOLProjectionHead, BYOLPredictionHead


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
        self.projection_head = BYOLProjectionHead(8, 16, 12)
        self.prediction_head = BYOLPredictionHead(12, 16, 6)
        self.weight = nn.Parameter(torch.rand(5, 12))

    def forward(self, x):
        m = self.backbone(x)
        z = self.projection_head(m.mean((2, 3)))
        p = self.prediction_head(z)
        t = m.flatten(2).permute(0, 2, 1)
        return {expression}
"""

EXPRESSIONS = [
    *("z.flatten(1)", "z.flatten(2)", "z.flatten(start_dim=2)", "m.flatten(2, 3)", "m.flatten(2, 4)", "z.flatten(-3)"),
    *("z.mean(1)", "z.mean(dim=2)", "m.mean((2, 3))", "m.mean((3, 4))", "m.sum(dim=[-1, -2])", "z.sum(dim=[-1, -3])"),
    *("z.argmax(1)", "z.argmax(2)", "z.max(dim=1)", "z.max(dim=2)", "z.norm(dim=1)", "z.norm(dim=2)", "z.norm(2, 1)"),
    *("z.transpose(0, 1)", "z.transpose(1, 2)", "t.transpose(1, 2)", "torch.transpose(z, 0, 2)"),
    *("z.permute(1, 0)", "z.permute(0, 2, 1)", "t.permute(0, 2, 1)", "t.permute(1, 0)", "m.permute(0, 2, 3, 1)"),
    *("z.squeeze(1)", "z.squeeze(2)", "z.unsqueeze(2)", "z.unsqueeze(3)", "z.unsqueeze(-3)", "z.unsqueeze(-4)"),
    *("F.normalize(z)", "F.normalize(z, dim=2)", "F.normalize(z, dim=-1)", "F.normalize(z.mean(0))"),
    *("z.softmax(1)", "F.softmax(z, dim=2)", "F.log_softmax(z, dim=-2)", "F.log_softmax(z, dim=-3)"),
    *("z.chunk(2, dim=1)", "z.chunk(2, dim=2)", "z.split(3, 1)", "z.split(3, 2)", "z.unbind(1)", "z.unbind(2)"),
    *("z.topk(2)", "z.topk(2, 2)", "z.cumsum(1)", "z.cumsum(2)", "z.select(1, 0)", "z.select(2, 0)"),
    *("z + z", "z + p", "p - z", "z * z[:, :1]", "z * 2", "z + m.mean()", "z / p.mean(1, keepdim=True)", "z.mul(p)"),
    *("z @ z.t()", "z @ p.t()", "z @ self.weight.t()", "z @ self.weight", "p.matmul(z.t())", "torch.mm(z, z.t())"),
    *("torch.mm(t, z.t())", "torch.bmm(t, t.transpose(1, 2))", "torch.bmm(z, z.t())", "torch.matmul(z, p.T)"),
    *("F.linear(z, self.weight)", "F.linear(p, self.weight)", "F.linear(t, self.weight)"),
    *("torch.einsum('nc,nc->n', z, z)", "torch.einsum('nc,nc->n', [z, p])", "torch.einsum('nc,nc->n', z, p[:, :1])"),
    *("torch.einsum('nc,ck->nk', z, self.weight.t())", "torch.einsum('nc,ck->nk', [z, self.weight])"),
    *("torch.einsum('ncd,nd->nc', z, z)", "torch.einsum('nld,nd->nl', t, p)", "torch.einsum('ij,ik->jk', z, p)"),
    *("torch.cat([z, p], dim=1)", "torch.cat([z, p])", "torch.cat([z, z], dim=2)", "torch.cat([t, z])"),
    *("torch.cat((z, p), -1)", "torch.stack([z, z], dim=2)", "torch.stack([z, z], dim=3)", "torch.stack([z, z])"),
    *("z.view(z.size(0), 3, 4)", "z.view(z.size(0), 24)", "z.reshape(z.size(0), 6)", "z.view(z.size(0), -1)"),
    *("z.mean(0).mean(0)", "z.mean(0).mean(-1)", "z.mean(0).mean(1)", "z.mean().mean(0)", "z.mean().flatten()"),
    *("F.cosine_similarity(z, p)", "F.cosine_similarity(z, z)", "F.pairwise_distance(z, p)"),
    *("F.pairwise_distance(z[:, :6], p)", "F.cosine_similarity(z[:, :1], p)"),
    *("torch.add(z, p)", "torch.flatten(z, 2)", "torch.maximum(z, p)", "torch.where(z > 0, z, z)"),
]


def refuses(text: str) -> bool:
    """Return whether the real torch raises in the forward."""
    names: dict[str, Any] = {}
    exec(text, names)
    try:
        names["Model"]()(torch.rand(4, 3, 8, 8))
    except (RuntimeError, IndexError, ValueError):
        return True
    return False


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_operation_is_an_error_if_torch_refuses_it(expression: str) -> None:
    text = TEMPLATE.format(expression=expression)
    found = lint_source(Source("model.py", text), Options()).findings
    errors = [finding for finding in found if finding.severity == "error"]
    assert bool(errors) == refuses(text), [finding.message for finding in found]
    line = text[: text.index("return ")].count("\n") + 1
    # An operation that compares two ends of a model is its loss, and is reported where their widths are written.
    assert all(finding.location.line == line or finding.code == "SL103" for finding in errors)


ASSIGNMENTS = {
    "z.clone()[:, 1:] = p": True,
    "z.clone()[:, 6:] = p": False,
    "z.clone()[:, :6] = p[:, :1]": False,
    "torch.zeros(4, 16)[:, 1:] = torch.zeros(4, 5, 5)": True,
    "torch.zeros(4, 26)[:, 1:] = torch.zeros(4, 5, 5).flatten(1)": False,
    "torch.zeros(4, 5)[:, 1:] = 1": False,
}


@pytest.mark.parametrize("statement", ASSIGNMENTS)
def test_an_assignment_is_an_error_if_torch_refuses_it(statement: str) -> None:
    text = TEMPLATE.replace("return {expression}", f"{statement}\n        return z")
    errors = [f for f in lint_source(Source("model.py", text), Options()).findings if f.severity == "error"]
    assert bool(errors) == refuses(text) == ASSIGNMENTS[statement]


def test_the_list_contains_both_verdicts() -> None:
    refused = sum(refuses(TEMPLATE.format(expression=expression)) for expression in EXPRESSIONS)
    assert 30 < refused < len(EXPRESSIONS) - 30


def test_a_starred_list_of_unknown_length_makes_sizes_unknown() -> None:
    text = TEMPLATE.format(expression="self.prediction_head(z.view(z.size(0), *self.sizes))")
    assert lint_source(Source("model.py", text), Options()).findings == ()


UTILS = """
import torch
from torch import nn
from lightly.models import utils
from lightly.models.modules import SimCLRProjectionHead

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.projection_head = SimCLRProjectionHead(8, 16, 4)

    def forward(self, x, mask):
        features = self.backbone(x)
        {line}
        return self.projection_head(features.mean((2, 3)))

model = Model()
model(torch.rand(2, 3, 32, 32), torch.rand(2, 1, 32, 32))
"""


@pytest.mark.parametrize(
    "line",
    [
        "utils.pool_masked(features, torch.zeros(2, 32, 32).long(), num_cls=5)",
        "utils.pool_masked(features, torch.zeros(2, 1, 32, 32).long(), num_cls=5)",
        "utils.pool_masked(features, mask.squeeze(1).long(), num_cls=5)",
        "utils.pool_masked(features, mask.squeeze(2).long(), num_cls=5)",
        "utils.patchify(x, 8)",
        "utils.patchify(x, 12)",
        "utils.patchify(x[:, :, :16], 8)",
        "utils.get_at_index(features.flatten(2), torch.zeros(2, 3).long())",
        "utils.get_at_index(features, torch.zeros(2, 3).long())",
        "utils.get_at_index(features.flatten(2), torch.zeros(3).long())",
        "features.mean((2, 3)).unsqueeze(1).expand(2, 5, 8)",
        "features.mean((2, 3)).expand(4, 8)",
        "features.mean((2, 3)).shape[2]",
        "features.mean((2, 3)).shape[-3]",
        "features.shape[2]",
        "features.flatten(2).size(3)",
        "features.flatten(2).size(-3)",
        "b, c = features.shape",
        "b, c, h, w = features.size()",
        "b, *rest = features.shape",
        "b, c, h, w = features.flatten(2).shape",
        "b, c = (2, 8) if mask is None else features.flatten(1).shape",
        "features.mean((2, 3)).expand(8)",
        "features.mean((2, 3)).unsqueeze(2).expand(-1, -1, 7)",
    ],
)
def test_functions_and_expansions_agree_with_torch(line: str) -> None:
    text = UTILS.replace("{line}", line)
    found = [f for f in lint_source(Source("train.py", text), Options()).findings if f.severity == "error"]
    try:
        exec(compile(text, "train.py", "exec"), {"__name__": "__main__"})
    except (RuntimeError, AssertionError, ValueError, IndexError):
        assert found, "torch refuses it"
    else:
        assert found == [], "torch takes it"


def test_an_axis_expanded_to_the_batch_fits_one_batch_size_only() -> None:
    line = "torch.arange(5).unsqueeze({axis}).expand(x.shape[0], -1)"
    text = UTILS.replace("{line}", line).replace("model(torch.rand(2, 3, 32, 32), torch.rand(2, 1, 32, 32))", "")
    for axis, expected in ((0, []), (1, [("SL211", "an expansion writes 5 where the batch is")])):
        found = lint_source(Source("train.py", text.replace("{axis}", str(axis))), Options()).findings
        assert [(f.code, f.message.partition(":")[0]) for f in found] == expected
