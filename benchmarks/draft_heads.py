"""Heads of random training scripts, from `inside` over `hidden` to `outside` features, in several styles."""

from __future__ import annotations

import random
import re

from draft_parts import Draft, Part, once


def _layers(inside: int, hidden: int, outside: int) -> str:
    return (
        f"nn.Linear(<{inside}>, <{hidden}>), nn.BatchNorm1d(<{hidden}>), nn.ReLU(), nn.Linear(<{hidden}>, <{outside}>)"
    )


def _lightly(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    cls = chance.choice(["BYOLProjectionHead", "BYOLPredictionHead"])
    spelled = chance.choice(
        [
            f"{cls}(<{inside}>, <{hidden}>, <{outside}>)",
            f"{cls}(input_dim=<{inside}>, hidden_dim=<{hidden}>, output_dim=<{outside}>)",
            f"partial({cls}, hidden_dim=<{hidden}>)(<{inside}>, output_dim=<{outside}>)",
            f"{cls}(*(<{inside}>, <{hidden}>, <{outside}>))",
        ]
    )
    return Part(spelled, outside)


def _sequence(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    if chance.random() < 0.5:
        return Part(f"nn.Sequential({_layers(inside, hidden, outside)})", outside)
    names = (
        f"('{name}', {layer})" for name, layer in zip("abcd", re.split(r", (?=nn\.)", _layers(inside, hidden, outside)))
    )
    return Part(f"nn.Sequential(OrderedDict([{', '.join(names)}]))", outside)


def _function(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    once(
        draft,
        """def mlp(inside, outside, hidden=64):
    first, last = nn.Linear(inside, hidden), nn.Linear(hidden, outside)
    return nn.Sequential(first, nn.BatchNorm1d(hidden), nn.ReLU(inplace=True), last)
""",
    )
    return Part(f"mlp(<{inside}>, <{outside}>, hidden=<{hidden}>)", outside)


def _loop(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    once(
        draft,
        """class Head(nn.Module):
    def __init__(self, inside, hidden, outside, depth=3):
        super().__init__()
        sizes = [inside] + [hidden] * (depth - 1)
        layers = []
        for i in range(depth - 1):
            layers.append(nn.Linear(sizes[i], sizes[i + 1]))
            layers.append(nn.BatchNorm1d(sizes[i + 1]))
            layers.append(nn.GELU())
        self.layers = nn.ModuleList(layers)
        self.last = nn.Linear(sizes[-1], outside)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.last(x)
""",
    )
    return Part(f"Head(<{inside}>, <{hidden}>, <{outside}>)", outside)


def _inherited(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    once(
        draft,
        """class MLP(nn.Sequential):
    def __init__(self, inside, hidden, outside):
        super().__init__(
            nn.Linear(inside, hidden), nn.LayerNorm(hidden), nn.ReLU(), nn.Linear(hidden, outside)
        )
""",
    )
    return Part(f"MLP(<{inside}>, <{hidden}>, <{outside}>)", outside)


def _stages(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    once(
        draft,
        """class Stages(nn.Module):
    def __init__(self, in_dim, hidden_dim=2048, out_dim=2048):
        super().__init__()
        self.layer1 = nn.Sequential(nn.Linear(in_dim, hidden_dim), nn.BatchNorm1d(hidden_dim), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Linear(hidden_dim, out_dim), nn.BatchNorm1d(out_dim))

    def forward(self, x):
        return self.layer2(self.layer1(x))
""",
    )
    return Part(f"Stages(in_dim=<{inside}>, hidden_dim=<{hidden}>, out_dim=<{outside}>)", outside)


def _flags(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    once(
        draft,
        """class Projector(nn.Module):
    def __init__(self, inside, hidden=64, outside=64, use_norm=True, dropout=0.0, final_norm=False):
        super().__init__()
        self.fc1 = nn.Linear(inside, hidden, bias=not use_norm)
        self.norm = nn.BatchNorm1d(hidden) if use_norm else nn.Identity()
        self.drop = nn.Dropout(dropout)
        self.fc2 = nn.Linear(hidden, outside)
        self.last = nn.LayerNorm(outside) if final_norm else None

    def forward(self, x):
        x = self.drop(F.gelu(self.norm(self.fc1(x))))
        x = self.fc2(x)
        if self.last is not None:
            x = self.last(x)
        return x
""",
    )
    flags = chance.choice(["", ", use_norm=False", ", final_norm=True", ", dropout=0.1, final_norm=True"])
    return Part(f"Projector(<{inside}>, <{hidden}>, outside=<{outside}>{flags})", outside)


def _dictionary(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    once(
        draft,
        """class Named(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.parts = nn.ModuleDict({"first": nn.Linear(sizes["in"], sizes["hidden"]), "act": nn.ReLU()})
        self.parts["last"] = nn.Linear(sizes["hidden"], sizes["out"])

    def forward(self, x):
        for name in ("first", "act"):
            x = self.parts[name](x)
        return self.parts["last"](x)
""",
    )
    return Part(f"Named({{'in': <{inside}>, 'hidden': <{hidden}>, 'out': <{outside}>}})", outside)


def _registered(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    once(
        draft,
        """class Registered(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        self.count = len(sizes) - 1
        for index in range(self.count):
            self.add_module(f"fc{index}", nn.Linear(sizes[index], sizes[index + 1]))

    def forward(self, x):
        for index in range(self.count):
            x = getattr(self, f"fc{index}")(x)
            if index < self.count - 1:
                x = x.relu()
        return x
""",
    )
    return Part(f"Registered(<{inside}>, <{hidden}>, <{outside}>)", outside)


def _wrapped(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    once(
        draft,
        """class Normalized(nn.Module):
    def __init__(self, cls, *args, **kwargs):
        super().__init__()
        self.inner = cls(*args, **kwargs)

    def forward(self, x):
        return F.normalize(self.inner(x), dim=1)
""",
    )
    return Part(f"Normalized(BYOLProjectionHead, <{inside}>, hidden_dim=<{hidden}>, output_dim=<{outside}>)", outside)


def _gated(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    once(
        draft,
        """class Gated(nn.Module):
    def __init__(self, inside, hidden, outside):
        super().__init__()
        self.enter = nn.Linear(inside, 2 * hidden)
        self.leave = nn.Linear(hidden, outside)

    def forward(self, x):
        value, gate = self.enter(x).chunk(2, dim=-1)
        return self.leave(value * torch.sigmoid(gate))
""",
    )
    return Part(f"Gated(<{inside}>, <{hidden}>, <{outside}>)", outside)


def _joined(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    once(
        draft,
        """class Joined(nn.Module):
    def __init__(self, inside, hidden, outside, total):
        super().__init__()
        self.one = nn.Linear(inside, hidden)
        self.two = nn.Sequential(nn.Linear(inside, hidden), nn.Tanh())
        self.out = nn.Linear(total, outside)

    def forward(self, x):
        return self.out(torch.cat([self.one(x), self.two(x)], dim=1))
""",
    )
    return Part(f"Joined(<{inside}>, <{hidden}>, <{outside}>, total=<{2 * hidden}>)", outside)


def _residual(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    once(
        draft,
        """class Residual(nn.Module):
    def __init__(self, width, hidden, outside):
        super().__init__()
        self.inner = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))
        self.out = nn.Linear(width, outside)

    def forward(self, x):
        x = x + self.inner(x)
        return self.out(x)
""",
    )
    return Part(f"Residual(<{inside}>, <{hidden}>, <{outside}>)", outside)


def _weights(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    product = chance.choice(["x @ self.weight", "torch.matmul(x, self.weight)", "F.linear(x, self.weight.t())"])
    name = f"Weighted{len(draft.helpers)}"
    draft.helpers.append(
        f"""class {name}(nn.Module):
    def __init__(self, inside, hidden, outside):
        super().__init__()
        self.enter = nn.utils.parametrizations.weight_norm(nn.Linear(inside, hidden, bias=False))
        self.weight = nn.Parameter(torch.randn(hidden, outside) * 0.02)

    def forward(self, x):
        x = self.enter(x)
        return {product}
"""
    )
    return Part(f"{name}(<{inside}>, <{hidden}>, <{outside}>)", outside)


def _grouped(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    shape = chance.choice(["x.view(x.size(0), 4, -1)", "x.reshape(len(x), 4, -1)", "x.unflatten(1, (4, -1))"])
    name = f"Grouped{len(draft.helpers)}"
    draft.helpers.append(
        f"""class {name}(nn.Module):
    def __init__(self, inside, hidden, outside):
        super().__init__()
        self.enter = nn.Linear(inside, hidden)
        self.out = nn.Linear(hidden // 4, outside)

    def forward(self, x):
        x = F.relu(self.enter(x))
        x = {shape}.mean(dim=1)
        return self.out(x)
"""
    )
    return Part(f"{name}(<{inside}>, <{hidden}>, <{outside}>)", outside)


def _configured(draft: Draft, chance: random.Random, inside: int, hidden: int, outside: int) -> Part:
    name = f"CONFIG_{len(draft.helpers)}"
    draft.helpers.append(f"{name} = {{'mlp': {{'sizes': [<{inside}>, <{hidden}>, <{outside}>], 'norm': 'bn'}}}}\n")
    once(
        draft,
        """def build(config):
    norms = {"bn": nn.BatchNorm1d, "ln": nn.LayerNorm}
    sizes, norm = config["sizes"], norms[config.get("norm", "ln")]
    layers = [layer for a, b in zip(sizes, sizes[1:-1]) for layer in (nn.Linear(a, b), norm(b), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(*sizes[-2:]))
""",
    )
    return Part(f"build({name}['mlp'])", outside)


HEADS = [
    _lightly,
    _lightly,
    _sequence,
    _sequence,
    _function,
    _loop,
    _inherited,
    _stages,
    _flags,
    _dictionary,
    _registered,
    _wrapped,
    _gated,
    _joined,
    _residual,
    _weights,
    _grouped,
    _configured,
]
