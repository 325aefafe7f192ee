"""Operations without a signature are run by torch on the meta device, but never those that a table describes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.shapes import dims
from shapelint.text.source import Source
from shapelint.trace import asking
from shapelint.trace.asking import Operand
from tests.python.features import HEAD, RESNET, model  # type: ignore[import-not-found]

B = dims.symbol("B")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHAPELINT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("shapelint.signatures.cache.TRACED", {})


@pytest.mark.parametrize(
    ("name", "tensors", "positional", "keywords", "expected"),
    [
        ("torch.cumprod", [(B, 256)], [Operand(0), 1], {}, "a0 256 -> a0 256"),
        ("torch.nn.functional.glu", [(B, 256)], [Operand(0)], {"dim": -1}, "a0 256 -> a0 128"),
        ("torch.Tensor.diff", [(B, 256)], [Operand(0)], {"dim": 0}, "a0 256 -> (a0-1) 256"),
        ("torch.Tensor.diag_embed", [(B, 256)], [Operand(0)], {}, "a0 256 -> a0 256 256"),
        ("torch.kron", [(B, 3), (2, 5)], [Operand(0), Operand(1)], {}, "a0 3, 2 5 -> (2*a0) 15"),
        ("torch.cdist", [(B, 7), (8, 7)], [Operand(0), Operand(1)], {}, "a0 7, 8 7 -> a0 8"),
        ("torch.cdist", [(B, 7), (8, 6)], [Operand(0), Operand(1)], {}, None),  # raises
        ("torch.nn.functional.pdist", [(B, 7)], [Operand(0)], {}, None),  # B*(B-1)/2: no formula that is looked for
        ("torch.diag", [(B, B)], [Operand(0), 500], {}, None),  # empty for these sizes, but not for a large batch
        ("torch.nonzero", [(B, 7)], [Operand(0)], {}, None),  # depends on the values
        ("torch.Tensor.kthvalue", [(B, 7)], [Operand(0), 1], {}, None),  # two tensors
        ("torch.Tensor.register_hook", [(B, 7)], [Operand(0), None], {}, None),  # no operation
        ("torch.no_such_thing", [(B, 7)], [Operand(0)], {}, None),
    ],
)
def test_the_answer_of_torch(
    name: str, tensors: list[tuple[object, ...]], positional: list[object], keywords: dict[str, object], expected: str
) -> None:
    assert not asking.is_answered(name, tensors, positional, keywords)  # type: ignore[arg-type]
    assert asking.ask(name, tensors, positional, keywords) == expected  # type: ignore[arg-type]
    assert asking.is_answered(name, tensors, positional, keywords)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("torch.cumprod", True),
        ("torch.nn.functional.glu", True),
        ("torch.Tensor.diff", True),
        ("torch.hub.load", False),
        ("torch.Tensor.__reduce__", False),
        ("mine.glu", False),
        ("torch._C.glu", False),
    ],
)
def test_only_operations_of_torch_are_asked(name: str, expected: bool) -> None:
    assert asking.is_asked(name) is expected


FORWARD = "z = self.backbone(x).flatten(1)\nreturn self.projection_head({operation})"


@pytest.mark.parametrize(
    ("operation", "width"),
    [
        ("F.glu(z, dim=1)", 256),
        ("torch.bucketize(z, torch.zeros(3))", 512),
        ("z.diff(dim=1)", 511),
        ("torch.kron(z, torch.zeros(1, 2))", 1024),
        ("torch.column_stack([z, z])", 1024),
    ],
)
def test_a_width_after_an_unknown_operation(operation: str, width: int) -> None:
    for number in (width, width + 1):
        text = model(RESNET + HEAD.replace("{H}", str(number)), FORWARD.format(operation=operation))
        found = lint_source(Source("train.py", text), Options()).findings
        assert [(one.code, one.expected, one.actual) for one in found] == (
            [] if number == width else [("SL101", number, width)]
        )


@pytest.mark.parametrize(
    "operation", ["torch.kron(z, torch.zeros(3, 7), 1)", "F.glu(z, *unknown)", "F.glu(z, dim=unknown)"]
)
def test_an_operation_that_raises_or_has_unknown_arguments_is_unknown(operation: str) -> None:
    text = model(RESNET + HEAD.replace("{H}", "77"), FORWARD.format(operation=operation))
    assert lint_source(Source("train.py", text), Options()).findings == ()


LINT = """
import sys
from shapelint.linting.lint_source import lint_source
from shapelint.text.source import Source
from shapelint.resolve.options import Options
report = lint_source(Source("train.py", sys.argv[1]), Options())
print(len(report.findings), "torch" in sys.modules)
"""


def test_torch_is_only_imported_for_the_first_answer() -> None:
    """A second process uses the cache; and if every operation has a signature, torch is not imported."""

    def run(operation: str) -> str:
        text = model(RESNET + HEAD.replace("{H}", "256"), FORWARD.format(operation=operation))
        command = [sys.executable, "-c", LINT, text]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout.strip()

    assert run("F.normalize(z[:, :256], dim=1)") == "0 False"
    assert run("torch.cumulative_trapezoid(z[:, :257], dim=1)") == "0 True"
    assert run("torch.cumulative_trapezoid(z[:, :257], dim=1)") == "0 False"
