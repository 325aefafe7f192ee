# ruff: noqa: E501 -- a table: one line a case
"""Operations and losses in a `forward`: those that torch refuses are errors, and their fitting counterparts are not.

In each line `x` is (4, 3, 8, 8), `h` is (4, 64), `z` is (4, 32) and `self.b` a vector of 64; a layer `self.p` is built
first. Every line is run with torch, too.
"""

from __future__ import annotations

import pytest

from shapelint.chain.chain import Flow
from shapelint.linting.lint_source import lint_source
from shapelint.python.libraries.torch import tensor_methods
from shapelint.python.state.arguments import NO_SITE, Arguments
from shapelint.python.state.run import Run
from shapelint.python.state.values import NO_SPAN, UNKNOWN, Const, Data, Given, Tensor
from shapelint.python.tensors import axes, tensor_operations
from shapelint.resolve.options import Options
from shapelint.shapes import dims
from shapelint.text.source import Source

torch = pytest.importorskip("torch")

MODEL = """
import torch
import torch.nn.functional as F
from torch import nn
class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 64, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Linear(64, 32)
        self.b = nn.Parameter(torch.zeros(64))
        self.p = {layer}
    def forward(self, x):
        h = self.encoder(x)
        z = self.projector(h)
        {line}
model = SimCLR()
model(torch.randn(4, 3, 8, 8))
"""

PAIRS: list[tuple[str, str]] = [
    # Losses ------------------------------------------------------------------------------------------------------------
    ("return F.binary_cross_entropy_with_logits(z, torch.zeros(4, 64))", "return F.binary_cross_entropy_with_logits(z, torch.zeros(4, 32))"),
    ("return F.binary_cross_entropy_with_logits(z, torch.zeros(4, 1))", "return F.binary_cross_entropy_with_logits(z[:, :1], torch.zeros(4, 1))"),
    ("return F.binary_cross_entropy_with_logits(z, torch.zeros(5, 32))", "return F.binary_cross_entropy_with_logits(z.mean(1), torch.zeros(4))"),
    ("return F.binary_cross_entropy_with_logits(z, torch.zeros(4, 32), pos_weight=torch.ones(64))", "return F.binary_cross_entropy_with_logits(z, torch.zeros(4, 32), pos_weight=torch.ones(32))"),
    ("return F.binary_cross_entropy(z.sigmoid(), torch.zeros(4, 64))", "return F.binary_cross_entropy(z.sigmoid(), torch.zeros(4, 32))"),
    ("return F.binary_cross_entropy(z.sigmoid(), torch.zeros(4, 32), torch.ones(64))", "return F.binary_cross_entropy(z.sigmoid(), torch.zeros(4, 32), None)"),
    ("return F.kl_div(F.log_softmax(z, 1), h.softmax(1), reduction='batchmean')", "return F.kl_div(F.log_softmax(z, 1), z.softmax(1), reduction='batchmean')"),
    ("return F.kl_div(z, torch.zeros(4, 2))", "return F.kl_div(z, torch.zeros(4, 1))"),
    ("return F.nll_loss(z, torch.arange(32))", "return F.nll_loss(z, torch.arange(4))"),
    ("return F.nll_loss(z, torch.zeros(4, 32, dtype=torch.long))", "return F.nll_loss(z[:, :, None], torch.zeros(4, 1, dtype=torch.long))"),
    ("return F.nll_loss(z[:, :, None], torch.zeros(4, 3, dtype=torch.long))", "return F.nll_loss(z, torch.arange(4), torch.ones(32))"),
    ("return F.cross_entropy(z, torch.arange(4), weight=torch.ones(64))", "return F.cross_entropy(z, torch.arange(4), weight=torch.ones(32))"),
    ("return F.cross_entropy(z.unsqueeze(2), torch.zeros(4, 3, dtype=torch.long))", "return F.cross_entropy(z.unsqueeze(2), torch.zeros(4, 1, dtype=torch.long))"),
    ("return F.multi_margin_loss(z, torch.zeros(5, dtype=torch.long))", "return F.multi_margin_loss(z, torch.zeros(4, dtype=torch.long))"),
    ("return F.cosine_embedding_loss(z, h, torch.ones(4))", "return F.cosine_embedding_loss(z, z, torch.ones(4))"),
    ("return F.cosine_embedding_loss(z, z, torch.ones(5))", "return F.cosine_embedding_loss(z, z.flip(0), target=torch.ones(4))"),
    ("return F.gaussian_nll_loss(z, h, torch.ones(4, 32))", "return F.gaussian_nll_loss(z, z, torch.ones(4, 32))"),
    ("return F.gaussian_nll_loss(z, z, torch.ones(4, 64))", "return F.gaussian_nll_loss(z, z, torch.ones(4, 1))"),
    ("return F.gaussian_nll_loss(z, z, torch.ones(4, 2))", "return F.gaussian_nll_loss(z, z, torch.ones(4))"),
    ("return F.gaussian_nll_loss(z, z, torch.ones(1, 4, 1, 1))", "return F.gaussian_nll_loss(z, z[:, :1], var=torch.ones(4, 32))"),
    ("return F.margin_ranking_loss(z, h, torch.ones(4, 1))", "return F.margin_ranking_loss(z, z, torch.ones(4, 1))"),
    ("return F.margin_ranking_loss(z, z, h)", "return F.margin_ranking_loss(h, h, h)"),
    ("return F.hinge_embedding_loss(z, torch.ones(4, 64))", "return F.hinge_embedding_loss(z, torch.ones(4, 32))"),
    ("return F.poisson_nll_loss(z, h)", "return F.poisson_nll_loss(z, z)"),
    ("return F.soft_margin_loss(z, torch.ones(4, 64))", "return F.soft_margin_loss(z, torch.ones(4, 1))"),
    ("return F.multilabel_soft_margin_loss(z, torch.ones(4, 64))", "return F.multilabel_soft_margin_loss(z, torch.ones(4, 32))"),
    ("return F.multilabel_soft_margin_loss(z, torch.ones(4, 32), torch.ones(64))", "return F.multilabel_soft_margin_loss(h, torch.ones(4, 64), torch.ones(64))"),
    ("nn.PairwiseDistance() ;; return self.p(z, h)", "nn.PairwiseDistance() ;; return self.p(z, z)"),
    ("nn.PairwiseDistance() ;; return self.p(z, z) + z", "nn.PairwiseDistance(keepdim=True) ;; return self.p(z, z) + z"),
    ("nn.CosineEmbeddingLoss() ;; return self.p(z, h, torch.ones(4))", "nn.CosineEmbeddingLoss() ;; return self.p(z, z, torch.ones(4))"),
    ("nn.CosineEmbeddingLoss() ;; return self.p(z, z, torch.ones(5))", "nn.CosineEmbeddingLoss() ;; return self.p(input1=z, input2=z, target=torch.ones(4))"),
    ("nn.BCEWithLogitsLoss() ;; return self.p(z, torch.zeros(4, 64))", "nn.BCEWithLogitsLoss() ;; return self.p(z, torch.zeros(4, 32))"),
    ("nn.BCELoss() ;; return self.p(z.sigmoid(), torch.zeros(4, 64))", "nn.BCELoss() ;; return self.p(z.sigmoid(), torch.zeros(4, 32))"),
    ("nn.KLDivLoss() ;; return self.p(z, h)", "nn.KLDivLoss(reduction='batchmean') ;; return self.p(z, z)"),
    ("nn.NLLLoss() ;; return self.p(z, torch.arange(32))", "nn.NLLLoss() ;; return self.p(z, torch.arange(4))"),
    ("nn.GaussianNLLLoss() ;; return self.p(z, h, torch.ones(4, 32))", "nn.GaussianNLLLoss() ;; return self.p(z, z, torch.ones(4, 1))"),
    ("nn.MarginRankingLoss() ;; return self.p(z, h, torch.ones(4, 1))", "nn.MarginRankingLoss() ;; return self.p(z, z, torch.ones(4, 1))"),
    ("nn.HingeEmbeddingLoss() ;; return self.p(z, torch.ones(4, 64))", "nn.HingeEmbeddingLoss() ;; return self.p(z, torch.ones(4, 32))"),
    ("nn.PoissonNLLLoss() ;; return self.p(z, h)", "nn.PoissonNLLLoss() ;; return self.p(z, z)"),
    ("nn.SoftMarginLoss() ;; return self.p(z, torch.ones(4, 64))", "nn.SoftMarginLoss() ;; return self.p(z, torch.ones(4, 32))"),
    ("nn.MultiLabelSoftMarginLoss() ;; return self.p(z, torch.ones(4, 64))", "nn.MultiLabelSoftMarginLoss() ;; return self.p(z, torch.ones(4, 32))"),
    ("nn.MultiMarginLoss() ;; return self.p(z, torch.zeros(5, dtype=torch.long))", "nn.MultiMarginLoss() ;; return self.p(z, torch.zeros(4, dtype=torch.long))"),
    # Elementwise operations --------------------------------------------------------------------------------------------
    ("return torch.where(z > 0, z, h)", "return torch.where(z > 0, z, 0.0)"),
    ("return torch.where(z > 0, h, z)", "return torch.where(z > 0, z, z.mean(1, keepdim=True))"),
    ("return torch.clamp(z, min=h)", "return torch.clamp(z, min=z)"),
    ("return z.clamp(None, h)", "return z.clamp(None, 1)"),
    ("return z.clamp_min(h)", "return z.clamp_min(0)"),
    ("return torch.addcmul(z, z, h)", "return torch.addcmul(z, z, z, value=0.5)"),
    ("return torch.addcdiv(z, z, h)", "return torch.addcdiv(z, z, z.exp())"),
    ("return torch.lerp(z, z, h)", "return torch.lerp(z, z, 0.5)"),
    # Products ----------------------------------------------------------------------------------------------------------
    ("return torch.addmm(self.b, z, torch.zeros(32, 32))", "return torch.addmm(self.b, z, torch.zeros(32, 64))"),
    ("return torch.addmm(self.b, z, torch.zeros(31, 64))", "return torch.addmm(torch.zeros(4, 1), z, torch.zeros(32, 64), beta=0.5)"),
    ("return torch.addmv(torch.zeros(5), z, torch.zeros(32))", "return torch.addmv(torch.zeros(4), z, torch.zeros(32))"),
    ("return torch.baddbmm(torch.zeros(4, 1, 9), z.unsqueeze(1), torch.zeros(4, 32, 8))", "return torch.baddbmm(torch.zeros(4, 1, 8), z.unsqueeze(1), torch.zeros(4, 32, 8))"),
    ("return torch.inner(z, h)", "return torch.inner(z, z)"),
    ("return torch.inner(z, z) + z", "return torch.inner(z, z[0]) + z[:, 0]"),
    ("return torch.vdot(z[0], h[0])", "return torch.vdot(z[0], z[1])"),
    ("return torch.dot(z[0], h[0])", "return torch.dot(z[0], z[1])"),
    ("return torch.tensordot(z, h, dims=([1], [1]))", "return torch.tensordot(z, z, dims=([1], [1])) + z[:, :4]"),
    ("return torch.tensordot(z, h, 1)", "return torch.tensordot(z, h.T, 0)"),
    ("return torch.tensordot(z, h, dims=([0], [0])) + z", "return torch.tensordot(z, h, dims=([0], [0])) + h[0]"),
    ("return torch.linalg.multi_dot([z, h])", "return torch.linalg.multi_dot([z.T, h])"),
    ("return torch.linalg.multi_dot([z.T, h]) + z", "return torch.linalg.multi_dot([z, z.T, h]) + h"),
    ("return torch.chain_matmul(z, h)", "return torch.chain_matmul(z.T, h)"),
    ("return torch.cross(z, h)", "return torch.cross(z[:, :3], h[:, :3], dim=1)"),
    ("return torch.cross(z, z, dim=1)", "return torch.cross(z[:3], z[:3], dim=0)"),
    ("return F.linear(z, torch.zeros(8, 32), self.b)", "return F.linear(z, torch.zeros(64, 32), self.b)"),
    ("return F.linear(h, torch.zeros(8, 32))", "return F.linear(z, torch.zeros(8, 32), torch.zeros(1))"),
    ("nn.Linear(31, 5) ;; return F.linear(z, self.p.weight, self.p.bias)", "nn.Linear(32, 5) ;; return F.linear(z, self.p.weight, self.p.bias)"),
    ("nn.LayerNorm(64) ;; return F.layer_norm(z, (64,), self.p.weight, self.p.bias)", "nn.LayerNorm(32) ;; return F.layer_norm(z, (32,), self.p.weight, self.p.bias)"),
    ("nn.LayerNorm(64) ;; return F.group_norm(z, 5, self.p.weight, self.p.bias)", "nn.BatchNorm1d(32) ;; return F.batch_norm(z, self.p.running_mean, self.p.running_var, self.p.weight, self.p.bias)"),
    ("return F.conv2d(x, torch.zeros(8, 4, 3, 3), torch.zeros(8))", "nn.Conv2d(3, 8, 3) ;; return F.conv2d(x, self.p.weight, self.p.bias, padding=1)"),
    ("return F.prelu(z, torch.zeros(31))", "nn.PReLU() ;; return F.prelu(z, self.p.weight)"),
    ("return F.bilinear(z, h, torch.zeros(5, 32, 63))", "return F.bilinear(z, h, torch.zeros(5, 32, 64))"),
    ("return F.bilinear(z, h, torch.zeros(5, 32, 64)) + z", "return F.bilinear(z, h, torch.zeros(32, 32, 64)) + z"),
    ("nn.Bilinear(32, 63, 5) ;; return self.p(z, h)", "nn.Bilinear(32, 64, 5) ;; return self.p(z, h)"),
    ("nn.Bilinear(31, 64, 5) ;; return self.p(z, h)", "nn.Bilinear(64, 32, 5) ;; return self.p(input1=h, input2=z)"),
    ("nn.Bilinear(32, 64, 5) ;; return self.p(z, h) + z", "nn.Bilinear(32, 64, 32) ;; return self.p(z, h) + z"),
    ("return F.scaled_dot_product_attention(z[None], h[None], h[None])", "return F.scaled_dot_product_attention(z[None], z[None], h[None])"),
    ("return F.scaled_dot_product_attention(z[None], z[None], h[None, :3])", "return F.scaled_dot_product_attention(z[None, :3], z[None], h[None])"),
    # Several tensors, and the shape of another -------------------------------------------------------------------------
    ("return torch.vstack([z, h])", "return torch.vstack([z, z[0]])"),
    ("return torch.vstack([z, z]) + z", "return torch.vstack([z[:2], z[2], z[3]]) + z"),
    ("return torch.hstack([z, h[:2]])", "return torch.hstack([z, h])"),
    ("return torch.hstack([z, h]) + z", "return torch.hstack([z[0], z[1]]) + h"),
    ("return torch.dstack([z, h])", "return torch.dstack([z, z])"),
    ("return torch.dstack([z, z]) @ torch.zeros(3, 1)", "return torch.dstack([z[0], z[0], z[1]]) @ torch.zeros(3, 1)"),
    ("return z.expand_as(h)", "return z.mean(1, keepdim=True).expand_as(h)"),
    ("return z.view_as(h)", "return z.view_as(torch.zeros(8, 16))"),
    ("return z.reshape_as(h)", "return z.reshape_as(z.T)"),
    # Layers as functions -----------------------------------------------------------------------------------------------
    ("return F.layer_norm(z, (64,))", "return F.layer_norm(z, z.shape[1:])"),
    ("return F.layer_norm(z, (4, 64))", "return F.layer_norm(z, (4, 32))"),
    ("return F.layer_norm(z, (4, 4, 32))", "return F.layer_norm(z[None].expand(4, 4, 32), (4, 4, 32))"),
    ("return F.layer_norm(z, (32,), self.b, self.b)", "return F.layer_norm(h, (64,), self.b, self.b)"),
    ("return F.layer_norm(z, (32,), bias=self.b)", "return F.layer_norm(z, (32,), None, None, 1e-6)"),
    ("return F.layer_norm(z, (32,), torch.ones(1, 32))", "return F.layer_norm(z, (32,), torch.ones(32))"),
    ("return F.rms_norm(z, (64,))", "return F.rms_norm(z, (32,))"),
    ("return F.rms_norm(z, (32,), self.b)", "return F.rms_norm(h, (64,), self.b)"),
    ("return F.batch_norm(z, torch.zeros(64), torch.ones(64))", "return F.batch_norm(z, torch.zeros(32), torch.ones(32))"),
    ("return F.batch_norm(z, torch.zeros(32), torch.ones(64))", "return F.batch_norm(z, None, None, training=True)"),
    ("return F.batch_norm(z, torch.zeros(32), torch.ones(32), self.b)", "return F.batch_norm(h, torch.zeros(64), torch.ones(64), self.b, self.b)"),
    ("return F.batch_norm(z, None, None, None, self.b, training=True)", "return F.batch_norm(h, None, None, None, self.b, training=True)"),
    ("return F.group_norm(z, 5)", "return F.group_norm(z, 4)"),
    ("return F.group_norm(z, 4, self.b)", "return F.group_norm(h, 4, self.b, self.b)"),
    ("return F.instance_norm(x, weight=self.b)", "return F.instance_norm(x, weight=torch.ones(3))"),
    ("return F.prelu(z, self.b)", "return F.prelu(h, self.b)"),
    ("return F.prelu(z, torch.zeros(2))", "return F.prelu(z, torch.zeros(1))"),
    ("return F.conv1d(z.unsqueeze(1), torch.zeros(5, 2, 3))", "return F.conv1d(z.unsqueeze(1), torch.zeros(5, 1, 3))"),
    ("return F.conv1d(z.unsqueeze(1), torch.zeros(5, 1, 3), self.b)", "return F.conv1d(z.unsqueeze(1), torch.zeros(64, 1, 3), self.b)"),
    ("return F.conv1d(z.unsqueeze(2), torch.zeros(32, 1, 1), groups=16)", "return F.conv1d(z.unsqueeze(2), torch.zeros(32, 1, 1), groups=32)"),
    ("return F.conv2d(x, torch.zeros(8, 4, 3, 3))", "return F.conv2d(x, torch.zeros(3, 1, 3, 3), None, 1, 1, 1, 3)"),
    ("return F.conv2d(x, torch.zeros(8, 3, 3, 3), torch.zeros(9))", "return F.conv2d(x, torch.zeros(8, 3, 3, 3), torch.zeros(8))"),
    ("return F.conv2d(x, torch.zeros(8, 3, 3, 3)) + x[:, :, 2:, 2:]", "return F.conv2d(x, torch.zeros(3, 3, 3, 3)) + x[:, :, 2:, 2:]"),
    # Statistics, and parts of a tensor ---------------------------------------------------------------------------------
    ("return torch.var_mean(z, 0)[0] + h", "return torch.var_mean(z, 0)[0] + z"),
    ("return torch.std_mean(z, 1)[1] + z", "return torch.std_mean(z, 1, keepdim=True)[1] + z"),
    ("return torch.cov(z.T) + torch.zeros(64, 64)", "return torch.cov(z.T) + torch.zeros(32, 32)"),
    ("return torch.corrcoef(z) + torch.zeros(32, 32)", "return torch.corrcoef(z) + torch.zeros(4, 4)"),
    ("return z[:, 40]", "return h[:, 40]"),
    ("return z[:, -33]", "return z[:, -32]"),
    ("return z[5]", "return z[-4]"),
    ("return z[1:, 32]", "return z[1:, 31]"),
    ("return z.narrow(1, 30, 5)", "return z.narrow(1, 27, 5)"),
    ("return z.topk(33)", "return z.topk(32)"),
    ("return z.topk(5, dim=0)", "return h.topk(33)"),
    ("return z.gather(1, torch.zeros(5, 3, dtype=torch.long))", "return z.gather(1, torch.zeros(3, 50, dtype=torch.long))"),
    ("return z.gather(1, torch.zeros(4, dtype=torch.long))", "return z.gather(0, torch.zeros(9, 32, dtype=torch.long))"),
    # Matrices ----------------------------------------------------------------------------------------------------------
    ("return torch.linalg.det(z)", "return torch.linalg.det(z[:, :4])"),
    ("return z.det()", "return torch.det(A=z[:, :4]) if False else torch.linalg.det(A=z[:, :4])"),
    ("return torch.inverse(z)", "return torch.inverse(z @ z.T + torch.eye(4)) + torch.eye(4)"),
    ("return torch.linalg.inv(z @ z.T + torch.eye(4)) + z", "return torch.linalg.inv(z @ z.T + torch.eye(4), out=torch.zeros(4, 4)) if False else z"),
    ("return torch.logdet(z)", "return torch.logdet(z @ z.T + torch.eye(4)) + z"),
    ("return torch.slogdet(z)", "sign, value = torch.slogdet(z @ z.T + torch.eye(4)); return value + z"),
    ("return torch.linalg.cholesky(z)", "return torch.linalg.cholesky(torch.eye(4), upper=True) @ z"),
    ("return torch.linalg.cholesky(torch.eye(4)) + z", "return torch.linalg.cholesky(torch.eye(32)) @ z[0]"),
    ("return torch.linalg.eigh(z)", "values, vectors = torch.linalg.eigh(z @ z.T, UPLO='U'); return vectors @ z + values[:, None]"),
    ("values, vectors = torch.linalg.eigh(z @ z.T); return vectors + z", "values, vectors = torch.linalg.eigh(z.T @ z); return values + z"),
    ("return torch.linalg.eigvalsh(z)", "return torch.linalg.eigvalsh(z.T @ z) + z"),
    ("return torch.linalg.eigvalsh(z @ z.T) + z", "return torch.linalg.eigvals(z.T @ z).real + z"),
    ("return torch.matrix_exp(z)", "return torch.matrix_exp(z @ z.T) @ z"),
    ("return torch.linalg.matrix_power(z, 2)", "return torch.linalg.matrix_power(z @ z.T, 2) @ z"),
    ("return torch.linalg.solve(z, z)", "return torch.linalg.solve(torch.eye(4), z) + z"),
    ("return torch.linalg.solve(torch.eye(5), z)", "return torch.linalg.solve(torch.eye(4).expand(2, 4, 4), torch.zeros(2, 4))"),
    ("return torch.linalg.solve(torch.eye(4), z) + h", "return torch.linalg.solve(torch.eye(32), z[0]) + z"),
    ("return torch.linalg.solve_triangular(torch.eye(5), z, upper=True)", "return torch.linalg.solve_triangular(torch.eye(4), z, upper=True) + z"),
    ("return torch.linalg.solve_triangular(z[0], z, upper=True, left=False)", "return torch.linalg.solve_triangular(torch.eye(32), z, upper=True, left=False)"),
    ("return torch.cholesky_solve(z, torch.eye(5))", "return torch.cholesky_solve(z, torch.eye(4)) + z"),
    ("return torch.linalg.lstsq(z[0], z)", "return torch.linalg.lstsq(z, h).solution"),
    ("return torch.linalg.svd(z[0])", "u, s, v = torch.linalg.svd(z, full_matrices=False); return (u * s) @ v + z"),
    ("u, s, v = torch.linalg.svd(z); return u @ z[0]", "u, s, v = torch.linalg.svd(z); return u @ z @ v"),
    ("u, s, v = torch.svd(z); return s + z", "u, s, v = torch.svd(z); return (u * s) @ v.T + z"),
    ("return torch.linalg.svdvals(z) + z", "return torch.linalg.svdvals(z)[:, None] + z"),
    ("return torch.linalg.qr(z[0])", "q, r = torch.linalg.qr(z); return q @ r + z"),
    ("q, r = torch.linalg.qr(z.T); return q + z", "q, r = torch.linalg.qr(z.T, mode='complete'); return q + z[0]"),
    ("return torch.linalg.pinv(z[0])", "return torch.linalg.pinv(z) @ z + z[0]"),
    ("return torch.pinverse(z) + z", "return torch.pinverse(z).T + z"),
    ("return torch.linalg.matrix_rank(z[0])", "return torch.linalg.matrix_rank(z) + z"),
    ("return torch.linalg.matrix_norm(z[0])", "return torch.linalg.matrix_norm(z, 'nuc') + z"),
    ("return torch.linalg.matrix_norm(z, dim=(0, 2))", "return torch.linalg.matrix_norm(x, dim=(0, 2)) + x[:, 0, :3].permute(1, 0, 2)[:, 0]"),
    ("return torch.linalg.vector_norm(z, dim=2)", "return torch.linalg.vector_norm(z, 2, -1, True) + z"),
    ("return torch.linalg.vector_norm(z, dim=1) + z", "return torch.linalg.vector_norm(z, ord=1) + z"),
    ("return torch.linalg.norm(z, dim=2)", "return torch.linalg.norm(z, ord=2, dim=1, keepdim=True) + z"),
    ("return torch.linalg.norm(z, dim=1) + z", "return torch.linalg.norm(z, 'fro') + z"),
    ("return torch.trace(x)", "return torch.trace(z) + z"),
    ("return torch.linalg.cross(z, z)", "return torch.linalg.cross(z[:3], z[:3], dim=0) + z[:3]"),
    ("return torch.linalg.vecdot(z, h)", "return torch.linalg.vecdot(z, z[0]) + z[:, 0]"),
    ("return torch.linalg.vecdot(z, h, dim=0)", "return torch.linalg.vecdot(z[0], z[0], dim=5) + torch.linalg.vecdot(z, z, dim=0)"),
    ("return torch.linalg.vecdot(z, z) + z", "return torch.linalg.vecdot(z, z) + z[:, 0]"),
    ("return torch.dist(z, h)", "return torch.dist(z, z[:1], 1) + z"),
    ("return torch.addr(torch.zeros(4, 5), z[0], z[1])", "return torch.addr(torch.zeros(32), z[:, 0], z[0], alpha=2) + z"),
    ("return torch.addr(z, z, z[0])", "return torch.addr(torch.zeros(4, 1), z[:, 0], z[0]) + z"),
    ("return z.ger(z[0])", "return z[:, 0].ger(z[0]) + z"),
    ("return torch.kron(z, torch.zeros(1, 2)) + z", "return torch.kron(z, torch.zeros(1, 2)) + h"),
    ("return torch.linalg.diagonal(z[0])", "return torch.linalg.diagonal(x).sum() + z"),
    ("return z.diagonal(0, 0, 2)", "return x.diagonal(dim1=-2, dim2=-1) + x[:, :, 0]"),
    ("return torch.diag_embed(z, dim1=0, dim2=5)", "return torch.diag_embed(z) + z[:, None]"),
    ("return torch.vander(z)", "return torch.vander(z[0], N=3) + torch.zeros(32, 3)"),
    ("return z[0].mT", "return z.mT @ h"),
    ("return x[0].H", "return z.H @ h"),
    ("return torch.inner(z, h[0])", "return torch.inner(torch.zeros(2, 3, 32), z) + torch.zeros(3, 4)"),
    ("return torch.cov(x)", "return torch.cov(z[0]) + z"),
    ("return torch.tensor([[1.0, 2.0], [3.0, 4.0]]) @ z", "return z @ torch.tensor([[1.0], [2.0]] * 16) + h"),
    ("return z + torch.as_tensor([(1, 2, 3)])", "return z[:, :3] + torch.as_tensor([(1, 2, 3)])"),
    ("return torch.view_as_complex(z)", "return torch.view_as_complex(z.view(4, 16, 2)).real + z[:, :16]"),
    ("return torch.diagflat(z[0]) + h", "return torch.diagflat(z[:, :8]) + z[0]"),
    # Fourier transforms ------------------------------------------------------------------------------------------------
    ("return torch.fft.fft(z, dim=2)", "return torch.fft.fft(z, 64, dim=1).real + h"),
    ("return torch.fft.fft2(z[0])", "return torch.fft.fft2(x, norm='ortho').abs() + x"),
    ("return torch.fft.fft(z, norm='ortho').abs() + h", "return torch.fft.ifft(torch.fft.fft(z)).real + z"),
    ("return torch.fft.rfft(z, dim=2)", "return torch.fft.rfft(z).abs() + z[:, :17]"),
    ("return torch.fft.rfft(z).abs() + z", "return torch.fft.irfft(torch.fft.rfft(z), n=32) + z"),
    ("return torch.fft.fftshift(z, dim=3)", "return torch.fft.fftshift(z, dim=(0, 1)) + z"),
    ("return torch.stft(x, 4)", "return torch.stft(z, 4, window=torch.ones(4), return_complex=True).abs().mean()"),
    # Indices -----------------------------------------------------------------------------------------------------------
    ("return z.select(1, 32)", "return z.select(1, 31) + z[:, 0]"),
    ("return z.select(1, -33)", "return z.select(-1, index=-32) + z[:, 0]"),
    ("return z.narrow(1, -40, 3)", "return z.narrow(1, -3, 3)"),
    ("return z.kthvalue(33)", "return z.kthvalue(32, dim=1, keepdim=True).values + z"),
    ("return z.kthvalue(5, 0)", "return z.kthvalue(5)[0] + z[:, 0]"),
    ("return z.scatter(1, torch.zeros(5, 2, dtype=torch.long), 1.0)", "return z.scatter(1, torch.zeros(4, 99, dtype=torch.long), 1.0) + z"),
    ("return z.scatter(1, torch.zeros(3, 2, dtype=torch.long), z[:2])", "return z.scatter(0, torch.zeros(2, 3, dtype=torch.long), z) + z"),
    ("return z.scatter(1, torch.zeros(4, dtype=torch.long), 1.0)", "return z.scatter(dim=1, index=torch.zeros(4, 1, dtype=torch.long), value=1.0) + z"),
    ("return z.scatter_add(1, torch.zeros(4, 33, dtype=torch.long), z)", "return z.scatter_add(1, torch.zeros(4, 32, dtype=torch.long), z) + z"),
    ("return z.scatter_reduce(0, torch.zeros(4, 33, dtype=torch.long), h, 'sum')", "return z.scatter_reduce(0, torch.zeros(9, 32, dtype=torch.long), torch.zeros(9, 32), reduce='amax', include_self=False)"),
    ("return z.index_add(0, torch.tensor([0, 1]), z)", "return z.index_add(0, torch.tensor([0, 1]), z[:2], alpha=2) + z"),
    ("return z.index_add(0, torch.tensor([0]), h[:1])", "return z.index_add(1, torch.tensor([0]), z[:, :1]) + z"),
    ("return z.index_copy(1, torch.tensor([0, 1]), z[:, :3])", "return z.index_copy(0, torch.tensor([3, 0, 1, 2]), z) + z"),
    ("return z.index_select(1, torch.zeros(2, 2, dtype=torch.long))", "return z.index_select(1, torch.tensor([0, 1])) + z[:, :2]"),
    ("return torch.take_along_dim(z, torch.zeros(3, 2, dtype=torch.long), 1)", "return torch.take_along_dim(z, torch.zeros(1, 2, dtype=torch.long), dim=1) + z[:, :2]"),
    ("return torch.take_along_dim(z, torch.zeros(4, 2, dtype=torch.long), dim=1) + z", "return torch.take_along_dim(z, torch.zeros(9, dtype=torch.long)).mean() + z"),
    ("return z.take(torch.zeros(2, 3, dtype=torch.long)) + z", "return z.take(torch.zeros(2, 32, dtype=torch.long)).sum(0) + z"),
    ("return z.unfold(1, 33, 1)", "return z.unfold(1, 32, 1)[:, 0] + z"),
    ("return z.unfold(1, 4, 4) + z", "return z.unfold(1, 4, 4).flatten(1) + z"),
    ("return z.nonzero() @ z", "return z.nonzero().float() @ torch.zeros(2, 3)"),
    ("return torch.argwhere(x).float() @ torch.zeros(3, 3)", "rows, columns = z.nonzero(as_tuple=True); return z[rows, columns]"),
    ("return z.unique(dim=2)", "values, counts = z.unique(dim=1, return_counts=True); return values"),
    ("return torch.unique_consecutive(z, dim=2)", "return torch.unique_consecutive(z, dim=0)"),
    ("return torch.searchsorted(torch.zeros(3, 9), z)", "return torch.searchsorted(torch.zeros(4, 9), z, right=True) + z"),
    ("return torch.searchsorted(torch.zeros(9), z) + h", "return torch.searchsorted(torch.zeros(9), z) + z"),
    ("return torch.bucketize(z, z)", "return torch.bucketize(z, z[0].sort()[0]) + z"),
    ("return torch.bincount(z.long())", "return torch.bincount(torch.zeros(4, dtype=torch.long), minlength=3).float()"),
    ("return F.embedding(torch.zeros(4, dtype=torch.long), z) + h", "return F.embedding(torch.zeros(4, dtype=torch.long), z, padding_idx=0) + z"),
    ("return F.embedding(torch.zeros(4, dtype=torch.long), z[0])", "return F.embedding_bag(torch.zeros(4, 2, dtype=torch.long), z) + z"),
    ("return F.embedding_bag(torch.zeros(4, 2, dtype=torch.long), z) + h", "return F.embedding_bag(torch.zeros(5, dtype=torch.long), z, torch.tensor([0, 2])).mean(0) + z"),
    # Shapes and statistics ---------------------------------------------------------------------------------------------
    ("return z.quantile(0.5, dim=2)", "return z.quantile(0.5, dim=1, keepdim=True) + z"),
    ("return z.quantile(torch.tensor([0.1, 0.9]), dim=1) + z", "return z.quantile(torch.tensor([0.1, 0.9]), dim=1)[0][:, None] + z"),
    ("return z.diff(dim=2)", "return z.diff(dim=1) + z[:, 1:]"),
    ("return z.diff(dim=1) + z", "return z.diff(dim=1, prepend=z[:, :1]) + z"),
    ("return torch.aminmax(z, dim=2)", "low, high = z.aminmax(dim=1, keepdim=True); return (z - low) / (high - low)"),
    ("return torch.rot90(z[0])", "return torch.rot90(z, 1, (0, 1)) @ h"),
    ("return torch.rot90(z) + z", "return torch.rot90(z, 2) + z"),
    ("return torch.fliplr(z[0])", "return torch.fliplr(z) + z"),
    ("return torch.allclose(z, h)", "return z if torch.allclose(z, z[:1], atol=1e-3) else h"),
    ("return torch.complex(z, h)", "return torch.complex(z, z).abs() + z"),
    ("return torch.polar(z, h)", "return torch.polar(z, z).real + z"),
    ("return torch.arctan2(z, h)", "return torch.arctan2(z, z[0]) + z"),
    ("return z.float_power(h)", "return z.float_power(2) + z"),
    ("return z ** h", "return z ** z.mean(1, keepdim=True)"),
    ("return z // h", "return z // 2 + z"),
    ("return z % h", "return z % z.abs()"),
    ("return (z > 0) & (h > 0)", "return (z > 0) & (z[0] > 0)"),
    ("return z.vsplit(3)", "a, b = z.vsplit(2); return a + b"),
    ("return z.dsplit(2)", "a, b = x.vsplit([1]); return b + x[1:]"),
    ("return x.dsplit(3)", "a, b = x.dsplit(2); return a + b"),
    ("return torch.meshgrid(z, z)", "a, b = torch.meshgrid(z[:, 0], z[0], indexing='ij'); return a + z"),
    ("a, b = torch.meshgrid(z[:, 0], z[0], indexing='xy'); return a + z", "a, b = torch.meshgrid([z[0], z[:, 0]], indexing='xy'); return b + z"),
    ("return torch.block_diag(x, z)", "return torch.block_diag(z, z) @ h[0]"),
    ("return torch.block_diag(z, h) + z", "return torch.block_diag(z, h[0]) + torch.zeros(5, 96)"),
    ("return torch.cartesian_prod(z, z)", "return torch.cartesian_prod(z[0], z[0]) @ torch.zeros(2, 3)"),
    ("return torch.broadcast_tensors(z, h)", "a, b = torch.broadcast_tensors(z, z[:1]); return b + z"),
    ("return torch.column_stack([z, torch.zeros(5, 2)])", "return torch.column_stack([z, z]) + h"),
    ("return torch.column_stack((z, z)) + z", "return torch.column_stack((z[:, 0], z[:, :31])) + z"),
    ("return torch.cat([z, z[0]], 0)", "return torch.cat([torch.empty(0), z], 0) + z"),
    ("return z[:, 1::3] + z", "return z[:, ::2] + z[:, 1::2]"),
    ("return z[:, 1:30:3] + h", "return z[::3] + z[:2]"),
    ("return torch.atleast_2d(z[0]) + h", "return torch.atleast_2d(z[0]) + z"),
    ("return z.item()", "return z.sum().item()"),
    ("return z[:, 0].item()", "return z[:1, :1].item()"),
    ("return float(z)", "return float(z.mean())"),
    ("return int(z[0])", "return int(z[0, 0])"),
    ("return bool(z > 0)", "return bool((z > 0).all())"),
    ("return z if z > 0 else h", "return z if z.sum() > 0 else h"),
    ("while z.isnan(): z = z + 1", "while z.isnan().any(): z = z + 1\n        return z"),
    ("if z.mean(1) > 0: return z", "if z[:1, :1] > 0: z = -z\n        return z"),
    ("z.backward(); return z", "z.backward(torch.ones_like(z)); return z"),
    ("z.sum(1).backward(); return z", "z.sum(1, keepdim=True)[:1].backward(retain_graph=True); return z"),
    ("return torch.multinomial(x, 2)", "return torch.multinomial(z.softmax(1), 2, replacement=True) + z[:, :2]"),
    # Layers as functions -----------------------------------------------------------------------------------------------
    ("return F.glu(z[:, :3])", "return F.glu(z, dim=1) + z[:, :16]"),
    ("return F.glu(z) + z", "return F.glu(h) + z"),
    ("return F.pixel_shuffle(x, 2)", "return F.pixel_shuffle(torch.zeros(1, 12, 8, 8), 2).mean(0)[None, :, :8, :8] + x"),
    ("return F.pixel_shuffle(torch.zeros(1, 12, 8, 8), 2) + x", "return F.pixel_shuffle(torch.zeros(12, 4, 4), upscale_factor=2) + x"),
    ("return F.pixel_unshuffle(x, 3)", "return F.pixel_unshuffle(x, 2) + torch.zeros(12, 4, 4)"),
    ("return F.channel_shuffle(x, 2)", "return F.channel_shuffle(x, 3) + x"),
    ("return F.grid_sample(x, torch.zeros(5, 6, 6, 2))", "return F.grid_sample(x, torch.zeros(4, 6, 6, 2), align_corners=False) + x[:, :, :6, :6]"),
    ("return F.grid_sample(x, torch.zeros(4, 6, 6, 3))", "return F.grid_sample(x[:, :, None], torch.zeros(4, 1, 8, 8, 3), 'nearest', align_corners=False)[:, :, 0] + x"),
    ("return F.grid_sample(z, torch.zeros(4, 6, 6, 2))", "return F.grid_sample(x, grid=F.affine_grid(torch.zeros(4, 2, 3), (4, 3, 8, 8), align_corners=False), align_corners=False) + x"),
    ("return F.affine_grid(z, (4, 3, 8, 8))", "return F.affine_grid(z[:, :6].view(4, 2, 3), x.shape, align_corners=True)"),
    ("return F.unfold(z[0], 2)", "return F.unfold(x, 2, stride=2) + torch.zeros(12, 16)"),
    ("return F.unfold(x, 2) + z", "return F.fold(F.unfold(x, 2, stride=2), (8, 8), 2, stride=2) + x"),
    ("return F.fold(x, (8, 8), 2)", "return F.fold(torch.zeros(12, 16), (8, 8), 2, stride=2) + x"),
    ("return F.max_pool1d(z[0], 2)", "return F.max_pool1d(z, 2) + z[:, :16]"),
    ("return F.max_pool2d(z, 2)", "return F.max_pool2d(x, 2, stride=2, ceil_mode=True) + x[:, :, :4, :4]"),
    ("return F.max_pool3d(z, 2)", "return F.max_pool3d(x[None], (1, 2, 2)) + x[:, :, :4, :4]"),
    ("return F.avg_pool1d(z[0], 2)", "return F.avg_pool1d(z[None], 2) + z[:, :16]"),
    ("return F.avg_pool2d(z, 2)", "return F.avg_pool2d(x, kernel_size=2) + x[:, :, :4, :4]"),
    ("return F.avg_pool3d(z, 2)", "return F.avg_pool3d(x, (1, 2, 2)) + x[:, :, :4, :4]"),
    ("return F.lp_pool2d(z[0], 2, 2)", "return F.lp_pool2d(x, 2, kernel_size=2) + x[:, :, :4, :4]"),
    ("return F.adaptive_avg_pool2d(z[0], 1)", "return F.adaptive_avg_pool2d(x, (None, 1)) + x"),
    ("return F.adaptive_max_pool2d(z, 1)", "return F.adaptive_avg_pool2d(z, 1) + z"),
    ("return F.adaptive_avg_pool2d(z, 1).reshape(4)", "return F.adaptive_avg_pool2d(z, 1).reshape(1) + z"),
    ("return F.adaptive_avg_pool1d(x, 4)", "return F.adaptive_avg_pool1d(z, 4) + z[:, :4]"),
    ("return F.interpolate(z, size=(4, 4), mode='bilinear')", "return F.interpolate(x, scale_factor=0.5, mode='bilinear')"),
    ("return F.local_response_norm(z, 2)", "return F.local_response_norm(x, 2, alpha=0.1) + x"),
    ("return F.conv3d(x[None], torch.zeros(5, 3, 1, 1, 1))", "return F.conv3d(x[None], torch.zeros(5, 4, 1, 1, 1)) + torch.zeros(5, 3, 8, 8)"),
    ("return F.conv2d(z, torch.zeros(8, 3, 3, 3))", "return F.conv2d(x[0], torch.zeros(8, 3, 3, 3), padding='same') + torch.zeros(8, 8, 8)"),
    ("return F.conv_transpose2d(x, torch.zeros(4, 5, 2, 2))", "return F.conv_transpose2d(x, torch.zeros(3, 5, 2, 2), stride=2) + torch.zeros(5, 16, 16)"),
    ("return F.conv_transpose2d(x, torch.zeros(3, 5, 2, 2), torch.zeros(3))", "return F.conv_transpose2d(x, torch.zeros(3, 5, 2, 2), torch.zeros(15), groups=3).mean() + x"),
    ("return F.conv_transpose1d(z, torch.zeros(5, 3, 2))", "return F.conv_transpose1d(z, torch.zeros(4, 5, 2), bias=torch.zeros(5))"),
    ("return F.pad(z, (0, 0, 0, 0, 0, 1))", "return F.pad(z, (0, 32)) + h"),
    ("return F.pad(z[0], (1, 1), mode='reflect')", "return F.pad(z, (1, 1), mode='reflect')[:, 1:-1] + z"),
    ("return F.pad(x, (8, 0), mode='reflect')", "return F.pad(x, (8, 0, 0, 0), mode='circular')[..., 8:] + x"),
    ("return F.pad(x, (0, 0, 9, 0), mode='circular')", "return F.pad(x, (9, 0, 0, 0), mode='replicate')[..., 9:] + x"),
    ("return torch.pdist(x)", "return F.pdist(z) + torch.zeros(6)"),
    ("return F.pdist(z) + z", "return torch.pdist(h, p=1).mean() + z"),
]  # fmt: skip
"""Lines that torch refuses, each with one that it takes."""


def written(line: str) -> str:
    layer, _, rest = line.rpartition(" ;; ")
    return MODEL.format(layer=layer or "None", line=rest)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("refused", "taken"), PAIRS, ids=[refused for refused, _ in PAIRS])
def test_what_torch_refuses_is_an_error_and_what_it_takes_is_none(refused: str, taken: str) -> None:
    with pytest.raises((RuntimeError, ValueError, IndexError)):
        exec(written(refused), {})
    exec(written(taken), {})
    findings = lint_source(Source("model.py", written(refused)), Options()).findings
    assert [finding.severity for finding in findings] == ["error"]
    assert lint_source(Source("model.py", written(taken)), Options()).findings == ()


@pytest.mark.parametrize("taken", [taken for _, taken in PAIRS])
def test_of_what_torch_takes_nothing_is_said_for_any_batch(taken: str) -> None:
    text = written(taken).replace("model(torch.randn(4, 3, 8, 8))", "")
    assert [one for one in lint_source(Source("model.py", text), Options()).findings if one.severity == "error"] == []


OPEN = [
    "return torch.where(z > 0, z, self.unknown(x))",
    "return F.layer_norm(z, self.unknown(x))",
    "return F.batch_norm(z, self.unknown(x), self.unknown(x))",
    "return F.binary_cross_entropy_with_logits(z, self.unknown(x))",
    "return F.cross_entropy(z, self.unknown(x), self.unknown(x))",
    "return F.gaussian_nll_loss(self.unknown(x), z, h)",
    "return torch.tensordot(z, h, self.unknown(x))",
    "return torch.tensordot(z, h, ([2], [1]))",
    "return torch.hstack([z, self.unknown(x)])",
    "return torch.linalg.multi_dot([z, self.unknown(x), h])",
    "return torch.linalg.multi_dot(self.unknown(x))",
    "return F.conv2d(x, torch.zeros(8, 4, 3, 3), groups=self.unknown(x))",
    "return F.conv2d(x, torch.zeros(3, 1, 3, 3), *self.unknown(x))",
    "return F.conv2d(x, torch.zeros(3, 1, 3, 3), **self.unknown(x))",
    "return F.cross_entropy(z, torch.arange(4), torch.ones(64), **self.unknown(x))",
    "return F.adaptive_avg_pool2d(z, (1, 1)) + torch.zeros(7)",
    "return z[self.unknown(x), 40]",
    "return z[None, :, 40]",
    "return z.gather(1, self.unknown(x))",
    "return z.narrow(1, self.unknown(x), 40)",
]
"""Lines of which too little is known to say anything."""


@pytest.mark.parametrize("line", OPEN)
def test_of_unknown_operands_nothing_is_said(line: str) -> None:
    assert lint_source(Source("model.py", written(line)), Options()).findings == ()


def test_images_between_two_numbers_are_images() -> None:
    images = Data(dims.symbol("B"))
    for name, numbers in [("clamp", (0, 1)), ("clip", (0,)), ("clamp_min", (0,)), ("mul", (2.0,))]:
        given = Arguments(tuple(Given(Const(number), NO_SPAN) for number in numbers))
        assert tensor_methods.data_method(Run(Options()), images, name, given, NO_SITE) is images
        scaled = getattr(torch.ones(4, 3, 8, 8), name)(*numbers)
        assert scaled.shape == (4, 3, 8, 8)
    for name in ("clamp", "where"):
        assert (
            tensor_methods.data_method(Run(Options()), images, name, Arguments((Given(UNKNOWN, NO_SPAN),)), NO_SITE)
            is UNKNOWN
        )


def test_a_tensor_between_two_numbers_stays_what_it_is() -> None:
    loose = Tensor(Flow(None, (), axes.NO_ORIGIN), loose=True)
    assert tensor_operations.apply("clamp", loose, Arguments((Given(Const(0), NO_SPAN),))) == loose


def test_a_wrong_number_of_names_leaves_the_pieces_unknown() -> None:
    line = "a, b = z.split(8, 1); return a + torch.zeros(4, 5)"
    with pytest.raises(ValueError, match="too many values"):
        exec(written(line), {})
    assert lint_source(Source("model.py", written(line)), Options()).findings == ()
