# ruff: noqa: E501 -- a table: one line a case
"""Files that are no models, do not parse, recurse, loop forever or import themselves are handled in bounded time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source, read_source

SECONDS = 10.0
"""Upper limit for any file, on any machine that runs the tests."""

MODEL = """
from torch import nn
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 256, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projection_head = BYOLProjectionHead(512, 1024, 256)
        self.prediction_head = BYOLPredictionHead(256, 1024, 256)
    def forward(self, x):
        return self.prediction_head(self.projection_head(self.backbone(x)))
"""

UNREADABLE = {
    "python 2": "print 'hello'\n",
    "a newer syntax": "type X[T: = int\n",
    "an unfinished string": "x = 'abc\n",
    "deep brackets": "(" * 5000 + ")" * 5000,
    "a null in an escape": "x = '''\n",
    "an indent": "def f():\nreturn 1\n",
}

READABLE = {
    "nothing": "",
    "a comment": "# nothing\n",
    "a script": "import sys\nprint(sys.argv)\n",
    "a test": "def test_one():\n    assert 1 + 1 == 2\n",
    "a long sum": "x = " + " + ".join(["1"] * 900) + "\n",
    "nested lists": "x = " + "[" * 80 + "]" * 80 + "\n",
    "nested calls": "def f(x):\n    return x\ny = " + "f(" * 60 + "1" + ")" * 60 + "\n",
    "an attribute chain": "x = a" + ".b" * 800 + "\n",
    "recursion": "def f(n):\n    return f(n + 1)\nf(0)\n",
    "double recursion": "def f(n):\n    return f(n - 1) + f(n - 2)\nf(100)\n",
    "mutual recursion": "def f(n):\n    return g(n)\ndef g(n):\n    return f(n)\nf(1)\n",
    "an endless loop": "n = 0\nwhile True:\n    n += 1\n",
    "nested loops": "for a in range(500):\n"
    + "".join(" " * (i + 1) + f"for b{i} in range(500):\n" for i in range(8))
    + " " * 9
    + "x = 1\n",
    "a growing list": "x = [1]\nwhile True:\n    x += x\n",
    "a growing number": "x = 3\nwhile True:\n    x = x ** x\n",
    "a growing text": "x = 'a'\nwhile True:\n    x = x + x\n",
    "a huge range": "y = [x for x in range(10**12)]\n",
    "a product of comprehensions": "y = [a for a in range(500) for b in range(500) for c in range(500) for d in range(500)]\n",
    "a class in itself": "class A(A):\n    pass\nA()\n",
    "an object in itself": "class A:\n    def __init__(self):\n        self.me = self\na = A()\na.me.me.me = a\n",
    "a list in itself": "x = []\nx.append(x)\nimport copy\ny = copy.deepcopy(x)\n",
    "a module in itself": "from torch import nn\nm = nn.Sequential()\nm.append(m)\nm(1)\n",
    "branches": "from unknown import u\nx = 0\n"
    + "".join(f"if u({i}):\n    x = {i}\nelse:\n    x = -{i}\n" for i in range(300)),
    "nested branches": "from unknown import u\n"
    + "".join(" " * i + f"if u({i}):\n" for i in range(60))
    + " " * 60
    + "x = 1\n",
    "getattr in itself": "class A:\n    def __getattr__(self, n):\n        return getattr(self, n)\nA().x\n",
    "a property in itself": "class A:\n    @property\n    def p(self):\n        return self.p\nA().p\n",
    "a decorator in itself": "def d(f):\n    return d(f)\n@d\ndef g():\n    pass\n",
    "division by zero": "x = 1 // 0\ny = 1 % 0\nz = 1 / 0\nw = 0 ** -1\n",
    "odd values": "x = [1][5]\ny = {}['a']\nz = 'a'.b\n(1)(2)\nx.y.z = 3\ndel x\n*a, b = 1\na, b = b\n",
    "odd tensors": "import torch\nx = torch.zeros(2, 3)\nx.view(-1, -1)\nx.permute(0, 0)\nx[9, 9, 9, 9]\nx.mean(7)\ntorch.cat([])\ntorch.stack(x)\nx.flatten(5)\nx.chunk(0)\nx.split(0)\n",
    "odd modules": "from torch import nn\nnn.Linear()\nnn.Linear('a', None)(1)\nnn.Sequential(1, 2)(3)\nnn.Conv2d(3)(nn)\nnn.ModuleList(5)[3]\nnn.Linear(0, -1)\nnn.Linear(10**30, 5)\nnn.Linear(True, 2.5)\n",
    "a layer of a library that nobody builds": "import torch\nclass L(torch.nn.Linear):\n    def forward(self, x):\n        return self.backbone(x)\n",
    "every statement": "async def f():\n    async with a as b:\n        await c\n    async for x in y:\n        yield x\ntry:\n    raise E\nexcept* V:\n    pass\nmatch x:\n    case 1 | 2:\n        pass\n    case {'a': b, **c}:\n        pass\n    case _:\n        pass\nglobal g\nprint((z := 5))\n"
    if __import__("sys").version_info >= (3, 11)
    else "",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_does_not_parse_is_reported_once(name: str) -> None:
    report = lint_source(Source("train.py", UNREADABLE[name]), Options())
    assert [finding.code for finding in report.findings] == ["SL903"]


@pytest.mark.parametrize("name", READABLE)
def test_odd_files_are_read_in_bounded_time(name: str) -> None:
    start = time.perf_counter()
    report = lint_source(Source("train.py", READABLE[name]), Options())
    assert time.perf_counter() - start < SECONDS
    assert [finding for finding in report.findings if finding.severity == "error"] == []


@pytest.mark.parametrize("name", READABLE)
def test_a_model_after_odd_code_is_still_found(name: str) -> None:
    report = lint_source(Source("train.py", READABLE[name] + MODEL), Options())
    assert [finding.code for finding in report.findings if finding.code == "SL101"] == ["SL101"]


def test_ten_thousand_lines_take_bounded_time() -> None:
    lines = "".join(f"def function_{n}(x):\n    y = x + {n}\n    return [y, y * 2, y.shape]\n\n" for n in range(2500))
    start = time.perf_counter()
    report = lint_source(Source("train.py", MODEL + lines), Options())
    assert time.perf_counter() - start < SECONDS
    assert [finding.code for finding in report.findings] == ["SL101"]


def test_modules_that_import_themselves_and_each_other(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import train\nfrom other import *\nfrom other import thing\n" + MODEL)
    (tmp_path / "other.py").write_text("from train import BYOL\nimport other\nthing = BYOL\n")
    report = lint_source(read_source(tmp_path / "train.py"), Options())
    assert [finding.code for finding in report.findings] == ["SL101"]


@pytest.mark.parametrize(("head", "codes"), [
    ("BYOLProjectionHead(512, 1024, 256)", ["SL102"]),
    ("nn.Sequential(nn.Linear(256, 512), nn.ReLU(), nn.Linear(256, 256))", ["SL102", "SL104"]),
])  # fmt: skip
def test_a_tensor_without_axes_reaches_a_component(head: str, codes: list[str]) -> None:
    """torch refuses it: both arguments to linear need to be at least 1D."""
    text = MODEL.replace("self.projection_head(self.backbone(x))", "self.projection_head(self.backbone(x)[0, 0])")
    text = text.replace("BYOLProjectionHead(512, 1024, 256)", head)
    findings = lint_source(Source("model.py", text), Options()).findings
    assert sorted(finding.code for finding in findings) == codes
    assert {finding.role for finding in findings} == {"projection_head"}
