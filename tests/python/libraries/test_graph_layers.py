"""Layers and readouts of torch_geometric: what is found is what the installed library does."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from taken_features import Taken, known_width, reasons, reported

NODES = (5, 6)
IMPORTS = "import torch_geometric.nn as geo"
EDGES = "torch.tensor([[0, 1, 2, 3], [1, 2, 0, 4]])"
TWO = "torch.tensor([0, 0, 1, 1, 1])"
NETWORK = "nn.Sequential(nn.Linear({}, 14), nn.ReLU(), nn.Linear(14, 22))"
LAYERS = (
    "ARMAConv(6, 10, num_stacks=2)", "ChebConv(6, 10, 3)", "ClusterGCNConv(6, 10)", "EGConv(6, 16)", "FeaStConv(6, 10)",
    "FiLMConv(6, 10)", "GCNConv(6, 10)", "GENConv(6, 10)", "GraphConv(6, 10, aggr='mean')", "LEConv(6, 10)",
    "MFConv(6, 10)", "ResGatedGraphConv(6, 10)", "SAGEConv(6, 10)", "SAGEConv((6, 6), 10)", "SGConv(6, 10, K=2)",
    "SSGConv(6, 10, alpha=0.1)", "TAGConv(6, 10)", "GATConv(6, 10)", "GATConv(6, 10, 3)", "GATConv(6, 10, 3, False)",
    "GATv2Conv(6, 10, heads=4)", "SuperGATConv(6, 10, heads=2)", "TransformerConv(6, 10, heads=2, concat=False)",
    f"GINConv({NETWORK.format(6)})", f"EdgeConv({NETWORK.format(12)})", "GCN(6, 12, num_layers=2)", "GIN(6, 12, 3, 9)",
    "GraphSAGE(6, 12, 2, out_channels=7, jk='cat')", "GAT(6, 12, 2, 8, heads=4)", "EdgeCNN(6, 12, 2)",
)  # fmt: skip
POOLS = ("global_add_pool", "global_max_pool", "global_mean_pool", "MeanAggregation()", "aggr.MaxAggregation()")


def real(backbone: str, features: str) -> int:
    """Return the width of what the installed library gives."""
    import torch_geometric.nn

    names: dict[str, Any] = {"torch": torch, "nn": torch.nn, "geo": torch_geometric.nn, "x": torch.zeros(NODES)}
    names["self"] = type("Holder", (), {"backbone": eval(backbone, names).eval()})
    width: int = eval(features, names).shape[1]
    return width


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_has_the_width_of_the_real_one(layer: str) -> None:
    pytest.importorskip("torch_geometric")
    backbone, features = f"geo.{layer}", f"self.backbone(x, {EDGES})"
    if "(6, 6)" in layer:
        assert any("several kinds of nodes" in one for one in reasons(Taken(backbone, features, NODES, IMPORTS)))
    else:
        assert known_width(Taken(backbone, features, NODES, IMPORTS)) == real(backbone, features)


@pytest.mark.parametrize("pool", POOLS)
def test_a_readout_keeps_the_width(pool: str) -> None:
    pytest.importorskip("torch_geometric")
    backbone, features = "geo.GATConv(6, 9, heads=2)", f"geo.{pool}(self.backbone(x, {EDGES}), {TWO})"
    assert known_width(Taken(backbone, features, NODES, IMPORTS)) == real(backbone, features) == 18


def test_without_a_batch_there_is_one_graph() -> None:
    pytest.importorskip("torch_geometric")
    taken = Taken("geo.GCNConv(6, 9)", f"geo.global_add_pool(self.backbone(x, {EDGES}), None)", NODES, IMPORTS)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        exec(taken.script(9), {})
    assert {one.code for one in reported(taken, 9).findings} == {"SL107"}


@pytest.mark.parametrize(("module", "fits"), [
    ("MLP([6, 8, 11])", True),
    ("MLP([7, 8, 11])", False),
    ("MLP(in_channels=6, hidden_channels=8, out_channels=11, num_layers=3)", True),
    ("BatchNorm(6)", True),
    ("BatchNorm(9)", False),
    ("Linear(6, 11)", True),
])  # fmt: skip
def test_what_stands_between_layers(module: str, fits: bool) -> None:
    pytest.importorskip("torch_geometric")
    taken = Taken(f"geo.{module}", "self.backbone(x)", NODES, IMPORTS)
    if fits:
        assert known_width(taken) == real(taken.backbone, taken.features)
    else:
        with pytest.raises(RuntimeError):
            real(taken.backbone, taken.features)
        assert [one.severity for one in reported(taken, 11).findings] == ["error"]


def test_layers_that_jump() -> None:
    pytest.importorskip("torch_geometric")
    layer, jump = "geo.GCNConv(6, 10)", "geo.JumpingKnowledge('cat')"
    features = f"{jump}([self.backbone(x, {EDGES}), self.backbone(x, {EDGES})])"
    assert known_width(Taken(layer, features, NODES, IMPORTS)) == real(layer, features) == 20


def test_nodes_of_another_width_are_refused() -> None:
    pytest.importorskip("torch_geometric")
    taken = Taken("geo.SAGEConv(7, 10)", f"self.backbone(x, {EDGES})", NODES, IMPORTS)
    with pytest.raises(RuntimeError):
        real(taken.backbone, taken.features)
    assert [one.severity for one in reported(taken, 10).findings] == ["error"]
