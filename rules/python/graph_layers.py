"""Stand-ins for the layers and readouts of torch_geometric 2.8.1, interpreted in its place.

https://pytorch-geometric.readthedocs.io/en/latest/modules/nn.html: a layer takes nodes and edges; only the nodes have
widths. A readout gives one row for each graph, and how many these are is known at run time alone.
"""

from itertools import pairwise

import torch
import torch.nn as nn
from shapelint.stand_ins import has_more_parts, unseen

SEVERAL = "a layer of torch_geometric for several kinds of nodes has no signature here"


def is_single(width):
    return isinstance(width, int) and width > 0


def targets(x):
    """Return the nodes of which features come out: of a pair, those that messages go to."""
    return x[1] if isinstance(x, tuple) else x


class Layer(nn.Module):
    """A layer from `in_channels` to `out_channels` of each node, whatever its edges are."""

    def __init__(self, in_channels, out_channels, *options, **settings):
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.is_single = is_single(in_channels)
        if self.is_single:
            self.lin = nn.Linear(in_channels, self.width(out_channels, options, settings))
        has_more_parts(self)

    def width(self, out_channels, options, settings):
        return out_channels

    def forward(self, x, *args, **kwargs):
        return self.lin(targets(x)) if self.is_single else unseen(SEVERAL)


class AttentionLayer(Layer):
    """A layer whose heads stand side by side if `concat` says so."""

    def width(self, out_channels, options, settings):
        self.heads = options[0] if options else settings.get("heads", 1)
        self.concat = options[1] if len(options) > 1 else settings.get("concat", True)
        return out_channels * self.heads if self.concat else out_channels

    def forward(self, x, *args, return_attention_weights=None, **kwargs):
        nodes = super().forward(x)
        if return_attention_weights is None:
            return nodes
        return nodes, unseen("the attention weights of a layer of torch_geometric have no signature here")


ARMAConv = ChebConv = ClusterGCNConv = EGConv = FeaStConv = FiLMConv = GCNConv = GENConv = GraphConv = Layer
LEConv = MFConv = PDNConv = ResGatedGraphConv = RGCNConv = SAGEConv = SGConv = SSGConv = TAGConv = Layer
GATConv = GATv2Conv = SuperGATConv = TransformerConv = AttentionLayer


class NetworkLayer(nn.Module):
    """A layer that runs a network of its own on each node."""

    def __init__(self, nn, *options, **settings):
        super().__init__()
        self.nn = nn

    def forward(self, x, *args, **kwargs):
        return self.nn(targets(x))


class EdgeConv(NetworkLayer):
    """A layer that runs a network of its own on each pair of neighbours."""

    def forward(self, x, *args, **kwargs):
        nodes = targets(x)
        return self.nn(torch.cat([nodes, nodes], dim=-1))


GINConv = NetworkLayer
DynamicEdgeConv = EdgeConv


class BasicGNN(nn.Module):
    def __init__(self, in_channels, hidden_channels, num_layers, out_channels=None, *options, **settings):
        super().__init__()
        self.in_channels = in_channels
        self.hidden_channels = hidden_channels
        self.num_layers = num_layers
        self.out_channels = hidden_channels if out_channels is None else out_channels
        self.is_single = is_single(in_channels)
        if self.is_single:
            self.whole = nn.Linear(in_channels, self.out_channels)
        has_more_parts(self)

    def forward(self, x, *args, **kwargs):
        return self.whole(x) if self.is_single else unseen(SEVERAL)


EdgeCNN = GAT = GCN = GIN = GraphSAGE = BasicGNN


class MLP(nn.Module):
    def __init__(
        self,
        channel_list=None,
        *,
        in_channels=None,
        hidden_channels=None,
        out_channels=None,
        num_layers=None,
        **settings,
    ):
        super().__init__()
        if in_channels is not None:
            hidden = [hidden_channels] * (num_layers - 1)
            channel_list = [in_channels, *hidden, out_channels]
        self.channel_list = channel_list
        self.lins = nn.ModuleList([nn.Linear(a, b) for a, b in pairwise(channel_list)])
        has_more_parts(self)

    def forward(self, x, *args, **kwargs):
        for layer in self.lins:
            x = layer(x)
        return x


class JumpingKnowledge(nn.Module):
    def __init__(self, mode, channels=None, num_layers=None):
        super().__init__()
        self.mode = mode.lower()

    def forward(self, xs):
        if self.mode == "cat":
            return torch.cat(xs, dim=-1)
        if self.mode == "max":
            return torch.stack(xs, dim=-1).max(dim=-1)[0]
        return unseen("JumpingKnowledge of torch_geometric has no signature here with an LSTM")


class NodeNorm(nn.Module):
    """A norm of the nodes of one width."""

    def __init__(self, in_channels, *options, **settings):
        super().__init__()
        self.module = nn.LayerNorm(in_channels)
        has_more_parts(self)

    def forward(self, x, *args, **kwargs):
        return self.module(x)


BatchNorm = GraphNorm = InstanceNorm = LayerNorm = NodeNorm


class Linear(nn.Linear):
    def __init__(self, in_channels, out_channels, bias=True, **settings):
        super().__init__(in_channels, out_channels, bias)


def pooled(x, batch, size=None):
    if batch is None:
        return x.mean(dim=-2, keepdim=x.dim() <= 2)
    return x[: size if size is not None else len(batch.unique())]


global_add_pool = global_max_pool = global_mean_pool = pooled


class GraphAggregation(nn.Module):
    def forward(self, x, index=None, *args, **kwargs):
        return pooled(x, index)


MaxAggregation = MeanAggregation = SumAggregation = GraphAggregation
