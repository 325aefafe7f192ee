"""Library plugins: every library has one, no two claim the same name, and an additional one makes its models known."""

from __future__ import annotations

import importlib
import inspect
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from shapelint.knowledge import rules_folder
from shapelint.linting.lint_source import lint_source
from shapelint.python.interpreter import Interpreter
from shapelint.python.libraries import library_functions
from shapelint.python.libraries.registry import PLUGINS
from shapelint.python.libraries.stand_in_tools import STAND_IN_TOOLS
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import Components, Libraries, LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.values import Component, Const, Value
from shapelint.resolve.options import Options
from shapelint.signatures import stored
from shapelint.spec.findings import Finding
from shapelint.text.source import Source

ROOT = Path(__file__).resolve().parents[3]
RULES = yaml.safe_load((ROOT / "rules" / "libraries.yaml").read_text())
LIBRARIES = Libraries(PLUGINS)
INNER = ("lightly.models.modules.memory_bank",)
"""Modules with classes that their package does not export."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["library"])
def test_every_library_has_a_plugin(rule: dict[str, Any]) -> None:
    assert LIBRARIES.of(rule["module"]).name == rule["library"]
    assert Libraries(one for one in PLUGINS if one.name != rule["library"]).of(rule["module"]).name == ""


def claims(plugin: LibraryPlugin) -> list[str]:
    """Return everything that only one library may claim."""
    methods = [f".{name}" for name in (*plugin.returns_self, *plugin.quiet)]
    passed = [f"*.{name}" for name in plugin.passes_on]
    return [plugin.name, *plugin.packages, *plugin.functions, *plugin.constants, *plugin.stand_ins, *methods, *passed]


def twice(plugins: tuple[LibraryPlugin, ...]) -> list[str]:
    """Return the names that several plugins claim, or that one plugin claims twice."""
    counted = Counter(name for one in plugins for name in {one.name, *claims(one)})
    within = Counter(name for one in plugins for name in (*one.functions, *one.constants, *one.stand_ins))
    return sorted(name for name, times in (counted | within).items() if times > 1)


def test_no_two_plugins_claim_the_same_name() -> None:
    assert twice(PLUGINS) == []
    assert twice((*PLUGINS, LibraryPlugin("other", packages=frozenset({"timm"})))) == ["timm"]


def named(dotted: str) -> Any:
    """Return the object of a dotted name in the installed library; skip the test if it is not installed."""
    head, *rest = dotted.split(".")
    found = pytest.importorskip(head)
    for name in rest:
        if not hasattr(found, name):
            importlib.import_module(f"{found.__name__}.{name}")
        found = getattr(found, name)
    return found


OF_STAND_INS = set(STAND_IN_TOOLS.functions)
"""Names that only stand-ins use."""
OF_EARLIER_VERSIONS = {
    "pytorch_lightning.utilities.cli.LightningCLI",
    "timm.models.layers.Mlp",
    "timm.models.layers.PatchEmbed",
}
"""Names that earlier versions of lightning and timm have, and scripts still use."""
OF_OBJECTS = {
    "ruamel.yaml.YAML.parser.load",
    "timm.models.forward_intermediates",
    "timm.models.get_intermediate_layers",
}
"""Methods of objects that are all alike, so that one name stands for each of them."""
UNUSUAL = LIBRARIES.decorators | OF_EARLIER_VERSIONS | OF_STAND_INS | OF_OBJECTS
HANDLED = {*LIBRARIES.functions, *LIBRARIES.stand_ins} - UNUSUAL


@pytest.mark.parametrize("name", sorted(HANDLED))
def test_handled_functions_exist_in_the_library(name: str) -> None:
    assert callable(named(name))


@pytest.mark.parametrize(("name", "value"), sorted(LIBRARIES.constants.items()))
def test_constants_are_those_of_the_library(name: str, value: object) -> None:
    assert named(name) == value


@pytest.mark.parametrize(
    ("library", "name"), [(one.name, name) for one in PLUGINS for name in one.components.parameters]
)
def test_parameters_are_in_the_order_of_the_library(library: str, name: str) -> None:
    rule = next(rule for rule in RULES if rule["library"] == library)
    homes = [named(home) for home in (rule["module"], *rule["also"], *INNER) if home not in ("models", "nn")]
    cls = next(getattr(home, name) for home in homes if hasattr(home, name))
    known = LIBRARIES.of(rule["module"]).components.parameters[name]
    assert tuple(inspect.signature(cls).parameters)[: len(known)] == known


def create(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `madeup.create("vast18")`."""
    name = arguments.get(0, "name")
    return run.call_library(f"madeup.models.{name.value}", Arguments(), site) if isinstance(name, Const) else None


def attribute(run: Run, component: Component, name: str) -> Value | None:
    """Read `model.embedding_size`."""
    return Const(640) if name == "embedding_size" else None


def embed(run: Run, component: Component, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `model.embed(x)`, which is equivalent to `model(x)`."""
    return run.call(component, arguments, site) if name == "embed" else None


MADE_UP = LibraryPlugin(
    "madeup",
    packages=frozenset({"madeup"}),
    functions={"madeup.create": create},
    components=Components(attribute=attribute, method=embed),
)
LIBRARY = {"library": "madeup", "module": "madeup.models", "features": "madeup"}
SIGNATURES = """
library: madeup
versions: ["1.0"]
made_by: tracer
components:
  - call: madeup/vast18()
    role: backbone
    shapes: B 3 H W -> B 640
  - call: madeup.models.vast18()
    role: backbone
    shapes: B 3 H W -> B 640
"""
FUNCTIONS = {"madeup.functional.fold(features)": "B D -> B (D//2)"}
METHODS = {"madeup.models.Tower": {"forward(images)": "B C H W -> B width"}}
SCRIPT = """
import madeup
from torch import nn
from madeup.models import vast18
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = {model}
        self.projection_head = BYOLProjectionHead({width}, 1024, 256)
        self.prediction_head = BYOLPredictionHead(256, 1024, 256)
    def forward(self, x):
        return self.prediction_head(self.projection_head(self.backbone{method}(x)))
"""
CONFIG = """
method: byol
backbone: madeup/vast18
projection_head: BYOLProjectionHead({width}, 1024, 256)
prediction_head: BYOLPredictionHead(256, 1024, 256)
"""


def forget() -> None:
    """Read the data of `rules/` again."""
    lines = (library_functions._lines, library_functions.find, library_functions.methods)
    signatures = (stored.libraries, stored.load, stored.find)
    for cached in (rules_folder.load, *lines, *signatures):
        cached.cache_clear()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add a library to the data of `rules/`."""
    for path in rules_folder.folder().iterdir():
        if path.name not in ("libraries.yaml", "library_functions.yaml", "signatures"):
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "libraries.yaml").write_text(yaml.safe_dump([*RULES, LIBRARY]))
    lines = rules_folder.load("library_functions.yaml")
    functions, methods = {**lines["functions"], **FUNCTIONS}, {**lines["methods"], **METHODS}
    (tmp_path / "library_functions.yaml").write_text(
        yaml.safe_dump({**lines, "functions": functions, "methods": methods})
    )
    (tmp_path / "signatures").mkdir()
    for path in (rules_folder.folder() / "signatures").iterdir():
        (tmp_path / "signatures" / path.name).symlink_to(path)
    (tmp_path / "signatures" / "madeup.models.yaml").write_text(SIGNATURES)
    (tmp_path / "signatures" / "madeup.models").mkdir()
    (tmp_path / "signatures" / "madeup.models" / "vast18.yaml").write_text(SIGNATURES)
    monkeypatch.setattr(rules_folder, "folder", lambda: tmp_path)
    forget()
    yield
    forget()


def found(path: str, text: str) -> list[Finding]:
    return [one for one in lint_source(Source(path, text), Options()).findings if one.severity != "info"]


def wrong(path: str, text: str) -> tuple[str, object, object]:
    """Return the code and the widths of the only finding; there is none with the correct width."""
    assert found(path, text.replace("{width}", "640")) == []
    (finding,) = found(path, text.replace("{width}", "512"))
    return finding.code, finding.expected, finding.actual


def test_a_library_with_models_in_data_only(data: None) -> None:
    assert wrong("train.py", SCRIPT.replace("{model}", "vast18()").replace("{method}", "")) == ("SL101", 512, 640)
    assert wrong("model.yaml", CONFIG) == ("SL101", 512, 640)


def test_functions_and_methods_of_a_library_need_data_only(data: None) -> None:
    script = SCRIPT.replace("from madeup", "from madeup.functional import fold\nfrom madeup", 1)
    tower = script.replace("{model}", "madeup.models.Tower(width=1280)")
    folded = tower.replace("self.backbone{method}(x)", "fold(self.backbone(x))")
    assert wrong("train.py", folded) == ("SL101", 512, 640)


def test_without_its_data_a_library_is_unknown() -> None:
    script = SCRIPT.replace("{model}", "vast18()").replace("{method}", "")
    assert found("train.py", script.replace("{width}", "512")) == []


@pytest.mark.parametrize("model", ['madeup.create("vast18")', "madeup.models.vast18()"])
def test_a_library_with_a_plugin(model: str, data: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Interpreter, "libraries", Libraries((*PLUGINS, MADE_UP)))
    script = SCRIPT.replace("{model}", model).replace("{method}", ".embed")
    assert wrong("train.py", script) == ("SL101", 512, 640)
    assert found("train.py", script.replace("{width}", "self.backbone.embedding_size")) == []
    (finding,) = found("train.py", script.replace("{width}", "self.backbone.embedding_size + 1"))
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 641, 640)
