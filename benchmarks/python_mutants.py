"""Verdicts on Python files against real torch: lightly's examples, each broken in one number or one flatten at a time.

    python benchmarks/python_mutants.py path/to/lightly [--most 12] [--files byol,dino]

Every example is run as it is up to its first backward pass, on a few random images, with its own transforms.
A mutant is right where shapelint reports an error exactly if that run raises, and names the mutated line. Needs torch,
torchvision, lightly, timm and pytorch_lightning.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import io
import multiprocessing
import random
import sys
import time
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shapelint import scripts  # noqa: F401
from shapelint.linting import lint_source
from shapelint.read.python.places import Places
from shapelint.read.text import Source, read_source
from shapelint.resolve.resolver import Options

FOLDERS = ("pytorch", "pytorch_lightning")
IMAGES = 4


class ReachedLoss(BaseException):
    """The first backward pass: everything before it has run."""


@dataclass(frozen=True)
class Mutant:
    """One change of a text, and the line that it is on."""

    text: str
    line: int
    what: str


def mutants(text: str) -> Iterator[Mutant]:
    """Numbers in arguments of constructors and in constants called dim, and `.flatten(...)` calls, one at a time."""
    places = Places(text)
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "flatten":
            inner, whole = places.span(node.func.value), places.span(node)
            changed = text[: whole.start] + text[inner.start : inner.end] + text[whole.end :]
            yield Mutant(changed, node.end_lineno or 1, "flatten removed")
        for constant in _numbers(node):
            span = places.span(constant)
            for value in (constant.value * 2, constant.value // 2, constant.value + 8):
                changed = f"{text[: span.start]}{value}{text[span.end :]}"
                yield Mutant(changed, constant.lineno, f"{constant.value} -> {value}")


def _numbers(node: ast.AST) -> Iterator[ast.Constant]:
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func).rpartition(".")[2]
        if name.endswith(("Head", "Linear", "Prototypes", "BankModule", "Loss", "TIMM")):
            for value in (*node.args, *(keyword.value for keyword in node.keywords)):
                elements = value.elts if isinstance(value, ast.Tuple) else [value]
                yield from (e for e in elements if _is_width(e))
    names = [target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)]
    if isinstance(node, ast.Assign) and any("dim" in name for name in names) and _is_width(node.value):
        yield node.value


def _is_width(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value >= 32


def verdict(source: Source) -> tuple[bool, set[int], str]:
    """What shapelint says: whether there is an error, the lines it names, and the codes."""
    findings = [f for f in lint_source(source, Options()).findings if f.severity == "error"]
    lines = {location.line for f in findings for location in (f.location, *(r.location for r in f.related))}
    return bool(findings), lines, " ".join(f.code for f in findings)


def truth(text: str) -> str:
    """What torch says: empty where the script reaches its first backward pass, else the error."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(text.replace('"mps"', '"cpu"'), "example.py", "exec"), {"__name__": "__main__"})
    except ReachedLoss:
        return ""
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0][:100] if str(error) else ''}"
    return "never reached a loss"


def prepare() -> None:
    """Few random images instead of the datasets, one batch instead of a loader, a stop at the first backward pass."""
    import lightly.data
    import lightly.loss
    import lightly.models.modules
    import lightly.transforms
    import numpy
    import pytorch_lightning
    import torch
    import torchvision
    from PIL import Image

    torch.set_num_threads(1)
    assert lightly.data.__name__  # lightly is loaded before the patches
    sys.modules.setdefault("sklearn", types.ModuleType("sklearn"))
    clusters = sys.modules.setdefault("sklearn.cluster", types.ModuleType("sklearn.cluster"))
    clusters.__dict__.setdefault("KMeans", None)  # a step later than the first would need it

    class Images(torch.utils.data.Dataset):
        def __init__(self, *_: Any, transform: Any = None, **__: Any) -> None:
            self.transform = transform

        def __len__(self) -> int:
            return IMAGES

        def __getitem__(self, index: int) -> Any:
            image = Image.fromarray(numpy.random.default_rng(index).integers(0, 255, (64, 64, 3), dtype=numpy.uint8))
            return self.transform(image) if self.transform else image, 0

    real = torch.utils.data.DataLoader

    def loader(dataset: Any, **given: Any) -> Any:
        return real(dataset, batch_size=IMAGES, collate_fn=given.get("collate_fn"))

    def stop(*_: Any, **__: Any) -> None:
        raise ReachedLoss

    def fit(_: Any, model: Any, train_dataloaders: Any) -> None:
        for index, batch in enumerate(train_dataloaders):
            model.training_step(batch, index)
            raise ReachedLoss

    torchvision.datasets.CIFAR10 = torchvision.datasets.VOCDetection = Images
    torch.utils.data.DataLoader = loader
    torch.Tensor.backward = stop
    pytorch_lightning.Trainer = type("Trainer", (), {"__init__": lambda self, **_: None, "fit": fit})


@dataclass
class Counts:
    """What came of the mutants of some files."""

    mutants: int = 0
    broken: int = 0
    agreed: int = 0
    placed: int = 0


def run_file(path: Path, most: int, seconds: float) -> Counts:
    """The mutants of one file; disagreements are printed."""
    source, counts = read_source(path), Counts()
    if reason := truth(source.text):
        print(f"{path.parent.name}/{path.name}: does not run here ({reason})", flush=True)
        return counts
    todo = list(mutants(source.text))
    random.Random(path.name).shuffle(todo)
    start = time.perf_counter()
    for mutant in todo[:most]:
        if time.perf_counter() - start > seconds:
            break
        said, lines, codes = verdict(replace(source, text=mutant.text))
        error = truth(mutant.text)
        gc.collect()
        counts.mutants += 1
        counts.broken += bool(error)
        counts.agreed += said == bool(error)
        counts.placed += bool(error) and said and mutant.line in lines
        where = f"{path.parent.name}/{path.name}:{mutant.line} {mutant.what}"
        if said != bool(error):
            print(f"DIFFERS {where}: torch {error or 'runs'}; shapelint {codes or 'nothing'}", flush=True)
        elif error and mutant.line not in lines:
            print(f"ELSEWHERE {where}: {codes} names {sorted(lines)}", flush=True)
    return counts


def apart(path: Path, most: int, seconds: float) -> Counts:
    """One file in a process of its own, which gives its memory back."""
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    child = context.Process(target=lambda: results.put(run_file(path, most, seconds)))
    child.start()
    child.join()
    return results.get() if not results.empty() else Counts()


def main() -> None:
    """Run the mutants and print the disagreements and the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--most", type=int, default=12, help="mutants of one file")
    parser.add_argument("--files", default="", help="only these, by name without suffix")
    parser.add_argument("--seconds", type=float, default=20.0, help="at most this long for one file")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    paths = [path for folder in FOLDERS for path in sorted((given.checkout / "examples" / folder).glob("*.py"))]
    wanted = set(filter(None, given.files.split(",")))
    prepare()
    total = Counts()
    for path in paths:
        if not wanted or path.stem in wanted:
            counts = apart(path, given.most, given.seconds)
            for name, value in vars(counts).items():
                setattr(total, name, getattr(total, name) + value)
    share = total.agreed / max(1, total.mutants)
    print(f"{total.mutants} mutants, {total.broken} of them broken: {total.agreed} verdicts agree ({share:.1%}),")
    print(f"the mutated line is named in {total.placed} of the broken ones that are found")


if __name__ == "__main__":
    main()
