"""Imports between packages only go down the layers. The last tests show that each check can fail."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping

import pytest
from import_graph import PACKAGE, Sources, circles, imports, sources

LAYERS = """
    cli, testing > editor > live, report > linting > suppress > settings > judge > python, read > chain > resolve
        > trace > signatures > checkpoints > knowledge > spec > documents > shapes, text > common
"""
INSIDE_PYTHON = "models > interpreter > syntax, libraries > builtins > objects > tensors > state"

LAZY = {
    ("shapelint.testing.pytest_plugin", "shapelint.live.asserting"): "torch, where a test asks for it",
    ("shapelint.cli.check", "shapelint.cli.known_faults"): "start-up: few runs have a baseline",
    ("shapelint.cli.check", "shapelint.linting.dependents"): "start-up: few runs ask for dependents",
    (
        "shapelint.settings.config_files",
        "shapelint.settings.config_schema",
    ): "start-up: pydantic, where there are settings",
    ("shapelint.common.disk", "shapelint.common.mentions"): "start-up: few runs ask who imports a file",
    ("shapelint.linting.analyse", "shapelint.linting.python_models"): "start-up: the interpreter, for Python files",
    ("shapelint.documents.defaults", "shapelint.documents.hydra"): "start-up: few configs have a defaults list",
    ("shapelint.resolve.resolver", "shapelint.resolve.tracing_requests"): "start-up, and optional torch",
    ("shapelint.checkpoints", "shapelint.checkpoints.pickled"): "start-up: few configs name a checkpoint",
    ("shapelint.checkpoints", "shapelint.checkpoints.safetensors"): "start-up: the same",
}
"""Allowed imports inside functions: the importing and the imported module, with the reason."""

TORCH = {"torch", "torchvision", "lightly", "timm"}


def ranks(layers: str) -> dict[str, int]:
    """Return the rank of each package in a line of layers, the lowest 0."""
    groups = reversed([group.split(",") for group in layers.replace("\n", " ").split(">")])
    return {name.strip(): rank for rank, group in enumerate(groups) for name in group}


def upward(modules: Sources) -> list[str]:
    """Return imports that go up, or to another package in the same layer."""
    outer, inner = ranks(LAYERS), ranks(INSIDE_PYTHON)
    found = []
    for one in imports(modules):
        above, below = (name.split(".")[1:] for name in (one.importer, one.imported))
        if not one.is_own or not above or above == ["__main__"]:
            continue
        if above[0] == below[0] == "python" and len(above) > 1 and len(below) > 1:
            above, below, places = above[1:], below[1:], inner
        else:
            places = outer
        if above[0] != below[0] and places[above[0]] <= places[below[0]]:
            found.append(f"{one.importer} imports {one.imported}")
    return found


def circular(modules: Sources) -> list[str]:
    """Return files that import each other."""
    graph: dict[str, set[str]] = defaultdict(set)
    for one in imports(modules):
        if one.is_own and one.importer != one.imported:
            graph[one.importer].add(one.imported)
    return [", ".join(sorted(circle)) for circle in circles(graph)]


def unexplained(modules: Sources, reasons: Mapping[tuple[str, str], str] = LAZY) -> list[str]:
    """Return imports of shapelint inside functions that have no reason."""
    return [
        f"{one.importer} imports {one.imported}"
        for one in imports(modules)
        if one.lazy and one.is_own and (one.importer, one.imported) not in reasons
    ]


def torch_elsewhere(modules: Sources) -> list[str]:
    """Return imports of torch and its libraries outside `trace/` and `live/`."""
    return [
        f"{one.importer} imports {one.imported}"
        for one in imports(modules)
        if one.imported.partition(".")[0] in TORCH and one.importer.split(".")[1] not in ("trace", "live")
    ]


def repeated_names(modules: Sources) -> list[str]:
    """Return file names that occur in two folders."""
    places: dict[str, list[str]] = defaultdict(list)
    for name in modules:
        is_package = any(other.startswith(f"{name}.") for other in modules)
        if not is_package and not name.endswith(".__main__"):
            places[name.rpartition(".")[2]].append(name)
    return [f"{name}: {', '.join(found)}" for name, found in places.items() if len(found) > 1]


def repeated_definitions(modules: Sources) -> list[str]:
    """Public classes and constants that two modules define."""
    places: dict[str, list[str]] = defaultdict(list)
    for module, text in modules.items():
        for node in ast.parse(text).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            names = [node.name] if isinstance(node, ast.ClassDef) else [getattr(one, "id", "_") for one in targets]
            for name in names:
                if not name.startswith("_"):
                    places[name].append(module)
    return [f"{name}: {', '.join(found)}" for name, found in places.items() if len(found) > 1]


CHECKS = [upward, circular, unexplained, torch_elsewhere, repeated_names, repeated_definitions]


@pytest.mark.parametrize("check", CHECKS)
def test_the_layers_hold(check) -> None:  # type: ignore[no-untyped-def]
    assert check(sources()) == []


def test_imports_inside_functions_have_a_reason() -> None:
    assert len(LAZY) <= 10
    assert {(one.importer, one.imported) for one in imports(sources()) if one.lazy and one.is_own} == set(LAZY)


BROKEN = [
    (upward, "shapelint.shapes.dims", "from shapelint.cli import app"),
    (upward, "shapelint.report.text", "from shapelint.live import guarding"),
    (upward, "shapelint.python.state.values", "def f():\n    from shapelint.python.syntax import calls"),
    (upward, "shapelint.python.syntax.calls", "if TYPE_CHECKING:\n    from shapelint.python.libraries import dispatch"),
    (circular, "shapelint.shapes.dims", "from shapelint.shapes import signatures"),
    (unexplained, "shapelint.judge.facts", "def f():\n    from shapelint.shapes import dims"),
    (torch_elsewhere, "shapelint.judge.facts", "def f():\n    import torch.nn"),
    (repeated_names, "shapelint.judge.calls", ""),
    (repeated_definitions, "shapelint.judge.facts", "class Signature:\n    pass"),
]


@pytest.mark.parametrize(("check", "module", "line"), BROKEN)
def test_each_check_can_fail(check, module: str, line: str) -> None:  # type: ignore[no-untyped-def]
    modules = sources()
    assert check({**modules, module: f"{modules.get(module, '')}\n{line}\n"}) != []


def test_every_package_is_in_a_layer() -> None:
    packages = {name.split(".")[1] for name in sources() if name.count(".")} - {"__main__"}
    assert packages == set(ranks(LAYERS))
    inside = {name.split(".")[2] for name in sources() if name.startswith(f"{PACKAGE}.python.")}
    assert inside == set(ranks(INSIDE_PYTHON))
