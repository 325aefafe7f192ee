"""Parts and weights that meet what is not followed: the link is checked or said to be unchecked, never left out.

Each program is run: torch takes the right width and refuses the wrong one.
"""

from __future__ import annotations

import sys
import types

import pytest

torch = pytest.importorskip("torch")

from shapelint.linting.lint_source import lint_source  # noqa: E402
from shapelint.report import render  # noqa: E402
from shapelint.resolve.options import Options  # noqa: E402
from shapelint.spec.findings import Report  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

PROGRAM = """\
import torch
import torch.utils.checkpoint as cp
from torch import nn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

{top}

class Bank(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("center", torch.zeros(1, width))
        self.register_buffer("queue", torch.randn(16, width))

    def forward(self, z):
        {bank}


class SimCLR(nn.Module):
    def __init__(self, n={n}):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Linear(16, 64)
        {init}

    def tail(self, h):
        return self.predictor(h)

    def forward(self, x):
        h = self.projector(self.encoder(x))
        return {forward}


m = SimCLR()
{end}
m(torch.randn(4, 3, 8, 8))
"""
RIGHT, WRONG = 64, 32
Change = dict[str, str]
"""Text by the place of the program where it is put."""
WHOLE: Change = {
    "top": "", "bank": "return z", "init": "self.predictor = nn.Linear(n, 64)", "forward": "self.predictor(h)",
    "end": "",
}  # fmt: skip

CHECKED: dict[str, Change] = {
    "checkpoint": {"forward": "torch.utils.checkpoint.checkpoint(self.predictor, h, use_reentrant=False)"},
    "imported checkpoint": {"forward": "checkpoint(self.predictor, h, use_reentrant=False)"},
    "renamed module": {"forward": "cp.checkpoint(self.predictor, h, use_reentrant=True)"},
    "lambda": {"forward": "checkpoint(lambda z: self.predictor(z), h, use_reentrant=False)"},
    "method": {"forward": "checkpoint(self.tail, h, preserve_rng_state=False, use_reentrant=False)"},
    "keywords": {"forward": "checkpoint(function=self.tail, h=h, use_reentrant=False)"},
    "several inputs": {"forward": "checkpoint(lambda a, b: self.predictor(a + b), h, h, use_reentrant=False)"},
    "sequential": {"forward": "checkpoint_sequential(nn.Sequential(self.predictor), 1, h, use_reentrant=False)"},
    "list": {"forward": "checkpoint_sequential([self.predictor], 1, input=h, use_reentrant=False)"},
    "orthogonal": {"init": "self.predictor = nn.utils.parametrizations.orthogonal(nn.Linear(n, 5))"},
    "spectral norm": {"init": "self.predictor = nn.utils.parametrizations.spectral_norm(nn.Linear(n, 5))"},
    "list of parameters": {
        "init": "self.p = nn.ParameterList([torch.randn(n, 5) for _ in range(2)])", "forward": "h @ self.p[1]",
    },
    "all of a list": {
        "init": "self.p = nn.ParameterList([torch.randn(n, 5)])", "forward": "[h @ one for one in self.p][0]",
    },
    "appended parameter": {
        "init": "self.p = nn.ParameterList(); self.p.append(nn.Parameter(torch.randn(n, 5)))",
        "forward": "h @ self.p[0]",
    },
    "dict of parameters": {
        "init": "self.p = nn.ParameterDict({{'a': nn.Parameter(torch.randn(n, 5))}})", "forward": "h @ self.p['a']",
    },
    "embedding": {"init": "self.p = nn.Embedding(5, n)", "forward": "h @ self.p.weight.T"},
    "turned embedding": {"init": "self.p = nn.Embedding(n, 5)", "forward": "h @ self.p.weight"},
    "reduced embedding": {"init": "self.p = nn.Embedding(5, n)", "forward": "h + self.p.weight.mean(0)"},
    "layer norm": {"init": "self.p = nn.LayerNorm(n)", "forward": "h * self.p.weight"},
    "running mean": {"init": "self.p = nn.BatchNorm1d(n)", "forward": "h - self.p.running_mean"},
}  # fmt: skip
"""What is followed: the wrong width is an error, and the right one is clear."""
BANKS = {
    "minus": "return (z - self.center).sum()",
    "method": "return z.sub(self.center)",
    "matrix": "return z @ self.center.T",
    "einsum": "return torch.einsum('nc,kc->nk', z, self.queue)",
    "written": "self.queue[:4] = z",
}
UNCHECKED: dict[str, Change] = {
    "functional call": {
        "forward": "torch.func.functional_call(self.predictor, dict(self.predictor.named_parameters()), (h,))",
    },
    "vmap": {"forward": "torch.func.vmap(self.predictor)(h)"},
    "function": {"top": "from mystery import call", "forward": "call(self.predictor, h)"},
    "whole model": {"top": "from mystery import tail", "forward": "tail(self, h)"},
    "wrapper": {"top": "from mystery import wrap", "forward": "wrap(self.predictor)(h)"},
    "lambda": {"top": "from mystery import call", "forward": "call(lambda z: self.predictor(z), h)"},
    "method": {"top": "from mystery import call", "forward": "call(self.tail, h)"},
    "class after an import": {
        "top": "try:\n    from absent_package import Head\nexcept ImportError:\n    class Head(nn.Linear): pass\n",
        "init": "self.predictor = Head(n, 64)",
    },
    "layer after an import": {
        "top": "try:\n    from absent_package import Head\nexcept ImportError:\n    Head = nn.Linear\n",
        "init": "self.predictor = Head(n, 64)",
    },
    "submodule by its name": {
        "end": "for name, one in list(m.named_modules()):\n"
        "    path, _, key = name.rpartition('.')\n"
        "    if isinstance(one, nn.ReLU):\n"
        "        setattr(m.get_submodule(path), key, nn.BatchNorm2d({n} // 4))",
        "init": "self.predictor = nn.Identity()",
    },
}  # fmt: skip
"""What is not followed: there is no error, and the link is listed."""
WEIGHTS: dict[str, Change] = {
    "parameter": {"end": "m.predictor.weight = nn.Parameter(torch.randn(64, {n}))"},
    "by its name": {"end": "setattr(m.predictor, 'weight', nn.Parameter(torch.randn(64, {n})))"},
    "bias": {"end": "m.predictor.bias = nn.Parameter(torch.randn({n}))"},
    "found by its path": {"end": "m.get_parameter('predictor.weight').data = torch.zeros(64, {n})"},
    "data": {"end": "m.predictor.weight.data = torch.zeros(64, {n})"},
    "of another layer": {"end": "m.predictor.weight = nn.Linear({n}, 64).weight"},
    "copied from another layer": {"end": "m.predictor.weight = nn.Parameter(nn.Linear({n}, 64).weight.clone())"},
}
"""A weight of another shape is not followed; one of the same is."""
KEPT = [
    "m.predictor.bias = None",
    "m.predictor.weight = nn.Parameter(m.predictor.weight.clone() * 0.1)",
    "m.predictor.weight.data.normal_(0, 0.02); m.predictor.bias.data.zero_()",
    "for one in m.parameters():\n    one.data = one.data * 0.5",
    "for one in m.modules():\n    one.momentum = 0.1",
    "other = nn.Linear(64, 64); other.weight = m.predictor.weight",
]
SELECTED = """\
import torch
from torch import nn


class MAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 64, 8, 8), nn.Flatten(2))
        self.projector = nn.Linear({width}, 8)

    def forward(self, x, mask):
        x = self.encoder(x).transpose(1, 2)
        return self.projector(x[mask].reshape({sizes}))


mask = torch.zeros(4, 64, dtype=torch.bool)
mask[:, :16] = True
MAE()(torch.randn(4, 3, 64, 64), mask)
"""


@pytest.fixture(autouse=True)
def mystery(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that is there when the programs run, and that shapelint does not see."""
    library = types.ModuleType("mystery")
    library.call = lambda function, *given: function(*given)  # type: ignore[attr-defined]
    library.tail = lambda model, h: model.tail(h)  # type: ignore[attr-defined]
    library.wrap = lambda network: network  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mystery", library)


def program(change: Change, n: int) -> str:
    places = {**WHOLE, **change}
    return PROGRAM.format(n=n, **{place: text.format(n=n) for place, text in places.items()})


def runs(text: str) -> bool:
    try:
        exec(text, {})
    except RuntimeError:
        return False
    return True


def report(text: str) -> Report:
    return Report((lint_source(Source("train.py", text), Options()),))


def errors(found: Report) -> list[str]:
    return [one.message for one in found.files[0].findings if one.severity == "error"]


def is_clear(found: Report) -> bool:
    return "All clear" in render(found, "text")


@pytest.mark.parametrize("what", CHECKED)
@pytest.mark.parametrize("n", [RIGHT, WRONG])
def test_what_is_followed_is_checked(what: str, n: int) -> None:
    text = program(CHECKED[what], n)
    found = report(text)
    assert runs(text) is (n == RIGHT)
    assert bool(errors(found)) is (n == WRONG)
    assert is_clear(found) is (n == RIGHT)


@pytest.mark.parametrize("what", BANKS)
@pytest.mark.parametrize("n", [RIGHT, WRONG])
@pytest.mark.parametrize("is_part", [False, True])
def test_a_buffer_of_a_loss_is_compared_with_what_it_gets(what: str, n: int, is_part: bool) -> None:
    change = {"bank": BANKS[what], "init": "pass", "forward": "h", "end": f"Bank({n})(m(torch.randn(4, 3, 8, 8)))"}
    if is_part:
        change |= {"init": f"self.bank = Bank({n})", "forward": "self.bank(h)", "end": ""}
    text = program(change, n)
    assert runs(text) is (n == RIGHT)
    assert bool(errors(report(text))) is (n == WRONG)


@pytest.mark.parametrize("what", UNCHECKED)
@pytest.mark.parametrize("n", [RIGHT, WRONG])
def test_what_is_not_followed_is_listed(what: str, n: int) -> None:
    text = program(UNCHECKED[what], n)
    found = report(text)
    assert runs(text) is (n == RIGHT)
    assert not errors(found)
    assert not is_clear(found)


@pytest.mark.parametrize("what", WEIGHTS)
@pytest.mark.parametrize("n", [RIGHT, WRONG])
def test_a_weight_of_another_shape_is_not_followed(what: str, n: int) -> None:
    text = program({**WEIGHTS[what], "init": "self.predictor = nn.Linear(64, 64)"}, n)
    found = report(text)
    assert runs(text) is (n == RIGHT)
    assert not errors(found)
    assert is_clear(found) is (n == RIGHT)


@pytest.mark.parametrize("end", KEPT)
def test_a_weight_of_the_same_shape_changes_nothing(end: str) -> None:
    text = program({"end": end}, RIGHT)
    assert runs(text)
    assert is_clear(report(text))


@pytest.mark.parametrize(("sizes", "width", "fits", "is_error"), [
    ("4, -1, 64", 64, True, False),
    ("4, 16, 64", 64, True, False),
    ("2, 32, 64", 64, True, False),
    ("-1, 128", 128, True, False),
    ("3, 65", 65, False, True),
    ("2, 65", 65, False, True),
    ("4, -1, 65", 65, False, False),
    ("4, -1, 65", 64, False, False),
])  # fmt: skip
def test_rows_that_are_selected_fill_whole_axes(sizes: str, width: int, fits: bool, is_error: bool) -> None:
    text = SELECTED.format(sizes=sizes, width=width)
    found = report(text)
    assert runs(text) is fits
    assert bool(errors(found)) is is_error
    assert is_clear(found) is (fits and "-1" in sizes)  # how many rows are selected depends on numbers
