"""The work of a run grows linearly with the number of faults. Calls are counted, not seconds.

The last tests remove one optimisation each, and show that the counts notice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import shapelint.documents.composing
import shapelint.judge.rulebook
import shapelint.linting.analyse
import shapelint.linting.file_report
import shapelint.linting.trials
import shapelint.python.models.recognise
import shapelint.shapes.signatures
import shapelint.text.source
from shapelint.linting.lint_paths import lint, lint_files
from shapelint.linting.lint_source import lint_source
from shapelint.linting.run_files import RunFiles
from shapelint.resolve.options import Options
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source, read_source

FAULTY = """
{name}:
  method: byol
  backbone: resnet18
  projection_head: BYOLProjectionHead({input}, 1024, 256)
  prediction_head: BYOLPredictionHead(128, 1024, 256)
"""

MERGED = """
{name}:
  <<: *base
  backbone: resnet18
  projection_head: {{input_dim: {input}, hidden_dim: "${{hidden}}", output_dim: *width}}
  prediction_head: BYOLPredictionHead(128, 1024, 256)
"""
SHARED = "hidden: 1024\nwidth: &width 256\nbase: &base {method: byol, batch_size: 64}\n"

LISTED = """
- backbone: resnet18
  projection_head: [{{Linear: 1}}, "Linear({input}, 1024)", BatchNorm1d(1000), ReLU, "Linear(1024, 256)"]
  prediction_head: BYOLPredictionHead(128, 1024, 256)
"""

PROGRAM = """
import torch
from torch import nn
import torchvision


class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        resnet = torchvision.models.resnet18()
        self.backbone = nn.Sequential(*list(resnet.children())[:-1])
        self.projection_head = nn.Sequential({layers})
        self.prediction_head = nn.Sequential(nn.Linear(256, 1024), nn.ReLU(), nn.Linear(1024, 256))

    def forward(self, x):
        z = self.projection_head(self.backbone(x).flatten(start_dim=1))
        return self.prediction_head(z)


model = BYOL()
model(torch.randn(2, 3, 224, 224))
"""


class Calls:
    """Counts the calls of functions, whose behaviour does not change."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.monkeypatch = monkeypatch
        self.counts: Counter[str] = Counter()

    def count(self, owner: Any, name: str, weigh: Callable[..., int] = lambda *_, **__: 1) -> None:
        real = getattr(owner, name)

        def counted(*arguments: Any, **keywords: Any) -> Any:
            self.counts[name] += weigh(*arguments, **keywords)
            return real(*arguments, **keywords)

        self.monkeypatch.setattr(owner, name, counted)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    monkeypatch.setattr(shapelint.documents.composing, "_kept", shapelint.documents.composing.KeptTexts())
    return Calls(monkeypatch)


def config(number: int, model: str = FAULTY, shared: str = "") -> Source:
    """Return a config of some faulty models, no two of which need the same numbers."""
    models = (model.format(name=f"model_{index}", input=1000 + index) for index in range(number))
    return Source("model.yaml", shared + "".join(models))


def linted(source: Source) -> FileReport:
    return lint_source(source, Options())


def counted(calls: Calls, source: Source) -> Counter[str]:
    """Return the work of linting a config: models that are wired, and characters that are parsed as YAML."""
    calls.counts.clear()
    report = linted(source)
    assert report.findings
    assert all(finding.fix for finding in report.findings if finding.severity == "error")
    return Counter(calls.counts)


def growth(calls: Calls, number: int, model: str = FAULTY, shared: str = "") -> tuple[float, float]:
    """Return the growth of the work from one model to many: of models that are wired, and of text that is parsed."""
    calls.count(shapelint.linting.analyse, "wire")
    calls.count(yaml, "parse", lambda text, **_: len(text))
    one = counted(calls, config(1, model, shared))
    many = counted(calls, config(number, model, shared))
    wired, parsed = (many[name] / one[name] / number for name in ("wire", "parse"))
    return wired, parsed


@pytest.mark.parametrize("number", [5, 30])
@pytest.mark.parametrize(("model", "shared"), [(FAULTY, ""), (MERGED, SHARED), (FAULTY + "---", "")])
def test_the_work_grows_linearly_with_the_number_of_models(calls: Calls, model: str, shared: str, number: int) -> None:
    assert max(growth(calls, number, model, shared)) <= 1.3


BASE = "base: &base {backbone: resnet18, projection_head: {input_dim: 512, hidden_dim: 1024, output_dim: 300}}\n"
OF_BASE = "{name}:\n  <<: *base\n  prediction_head: BYOLPredictionHead(256, 1024, 256)\n"


def test_an_edit_that_models_share_is_judged_once_in_each(calls: Calls) -> None:
    """All models need the same number behind the merge key: one edited text serves all of them."""
    assert max(growth(calls, 20, OF_BASE, BASE)) <= 1.3


def program(faults: int) -> Source:
    """Return a program with some independent wrong widths in a row."""
    layers = [f"nn.Linear({512 if index == 0 else 30 + index}, {70 + index})" for index in range(faults + 1)]
    return Source("train.py", PROGRAM.format(layers=", ".join([*layers[:-1], f"nn.Linear({30 + faults}, 256)"])))


def interpretations(calls: Calls, faults: int) -> int:
    """Return how often a program is interpreted until every fault has its fix."""
    calls.count(shapelint.python.models.recognise, "interpret")
    findings = [finding for finding in linted(program(faults)).findings if finding.severity == "error"]
    assert [finding.code for finding in findings] == ["SL104"] * faults
    assert all(finding.fix and finding.fix.alternatives for finding in findings)
    return calls.counts["interpret"]


@pytest.mark.parametrize("faults", [1, 2, 3, 4, 5])
def test_a_program_is_interpreted_twice_and_once_more_for_every_fault(calls: Calls, faults: int) -> None:
    assert interpretations(calls, faults) <= 2 + faults


def many_classes(number: int) -> Source:
    """Return a program of some classes with a wrong width each."""
    one = PROGRAM.format(layers="nn.Linear(512, 70), nn.Linear(31, 256)")
    return Source("train.py", "".join(one.replace("BYOL", f"BYOL{index}") for index in range(number)))


def test_a_program_of_many_faulty_classes_is_interpreted_a_few_times(calls: Calls) -> None:
    """Each class has two ways to be repaired; the second ones of all are proved in the number of trials of a code."""
    calls.count(shapelint.python.models.recognise, "interpret")
    report = linted(many_classes(20))
    assert [len(finding.fix.alternatives) for finding in report.findings if finding.fix] == [1] * 20
    assert calls.counts["interpret"] <= 2 + 6


def test_configs_of_a_run_that_are_alike_look_nothing_up_anew(calls: Calls, tmp_path: Path) -> None:
    """What was worked out for the components of the first config is kept for the others."""
    (tmp_path / ".git").mkdir()
    for number in range(12):
        (tmp_path / f"{number:02}.yaml").write_text(config(1).text.replace("128", "256") + f"# {number}\n")
    calls.count(shapelint.shapes.signatures, "_unified")
    calls.count(yaml, "load")
    lint([tmp_path / "00.yaml"], Settings(isolated=True))
    calls.counts.clear()
    lint([tmp_path], Settings(isolated=True))
    assert not calls.counts["_unified"]
    assert not calls.counts["load"]


def test_faults_of_several_models_of_a_program_are_proved_together(calls: Calls) -> None:
    calls.count(shapelint.python.models.recognise, "interpret")
    text = program(1).text
    source = Source("train.py", text + text.replace("BYOL", "Other").replace("(31, 256)", "(44, 256)"))
    assert [finding.model for finding in linted(source).findings if finding.fix] == ["BYOL", "Other"]
    assert calls.counts["interpret"] <= 2 + 2


def test_a_class_is_analysed_once_without_the_script_that_builds_it(calls: Calls, tmp_path: Path) -> None:
    """The first analysis finds that it needs one; only the second one searches for repairs."""
    calls.count(shapelint.python.models.recognise, "interpret")
    text = PROGRAM.format(layers="nn.Linear(512, 70), nn.Linear(31, 256)")
    resnet = "        resnet = torchvision.models.resnet18()\n"
    backbone = "nn.Sequential(*list(resnet.children())[:-1])"
    text = text.replace("__init__(self)", "__init__(self, backbone)").replace(resnet, "").replace(backbone, "backbone")
    (tmp_path / "byol.py").write_text(text[: text.index("\n\nmodel =")])
    (tmp_path / "train.py").write_text(
        "import torchvision\nfrom torch import nn\nfrom byol import BYOL\n"
        "resnet = torchvision.models.resnet18()\nmodel = BYOL(nn.Sequential(*list(resnet.children())[:-1]))\n"
    )
    report = lint_files([tmp_path / "byol.py"], Settings(isolated=True), beside=[tmp_path / "train.py"])
    assert [finding.code for finding in report.findings if finding.fix] == ["SL104"]
    own = 3 + 1
    script = 3
    assert calls.counts["interpret"] <= own + script


def test_a_run_reads_each_file_once(calls: Calls, tmp_path: Path) -> None:
    """A Hydra group is read for every config that includes it, and once as a file of its own."""
    calls.count(shapelint.text.source, "read_bounded")
    calls.count(yaml, "parse")
    files = hydra_configs(tmp_path, 6)
    files += python_files(tmp_path, 4)
    report = lint([tmp_path], Settings(isolated=True))
    assert len(report.findings) > 6
    assert calls.counts["read_bounded"] == files


def test_a_run_composes_each_text_once(calls: Calls, tmp_path: Path) -> None:
    calls.count(yaml, "parse")
    files = hydra_configs(tmp_path, 6, head=512)
    assert not lint([tmp_path], Settings(isolated=True)).findings
    assert calls.counts["parse"] <= files


def hydra_configs(folder: Path, number: int, head: int = 300) -> int:
    """Write configs that include one group, and return the number of files."""
    (folder / ".git").mkdir()
    (folder / "head").mkdir()
    (folder / "head" / "byol.yaml").write_text(
        "projection_head: BYOLProjectionHead(512, 1024, 256)\nprediction_head: BYOLPredictionHead(256, 1024, 256)\n"
        "backbone: resnet18\nmethod: byol\n"
    )
    for index in range(number):
        own = f"model:\n  projection_head: BYOLProjectionHead({head}, 1024, 256)\n"
        (folder / f"run_{index}.yaml").write_text(f"defaults:\n  - head@model: byol\n  - _self_\nseed: {index}\n{own}")
    return number + 1


def python_files(folder: Path, number: int) -> int:
    """Write scripts, one with a class that gets its backbone from the others, and return the number of files."""
    (folder / "model.py").write_text(
        "from torch import nn\nfrom lightly.models.modules import BYOLProjectionHead\n\n\n"
        "class BYOL(nn.Module):\n    def __init__(self, backbone):\n        super().__init__()\n"
        "        self.backbone = backbone\n        self.projection_head = BYOLProjectionHead(300, 1024, 256)\n\n"
        "    def forward(self, x):\n        return self.projection_head(self.backbone(x).flatten(start_dim=1))\n"
    )
    for index in range(1, number):
        (folder / f"unrelated_{index}.py").write_text(f"import torch\n\nencoder = {index}\n")
    return number


def test_rule_pages_are_read_once(calls: Calls, tmp_path: Path) -> None:
    """For any number of folders with their own pages, and files in any order."""
    page = Path(__file__).parents[2] / "rules" / "SL301-narrow-hidden-layer.md"
    for index in range(10):
        folder = tmp_path / str(index)
        (folder / "rules").mkdir(parents=True)
        (folder / "shapelint.toml").write_text('rules = ["rules"]\n')
        text = page.read_text(encoding="utf-8").replace("SL301", f"OWN{index:03}").replace("narrow-hidden-layer", "own")
        (folder / "rules" / f"OWN{index:03}-own.md").write_text(text)
        (folder / "model.yaml").write_text(config(2).text)
    calls.count(shapelint.judge.rulebook, "read_page")
    paths = [tmp_path / str(index) / "model.yaml" for index in range(10)]
    lint(paths)
    lint(paths)
    assert calls.counts["read_page"] == 10


@pytest.mark.parametrize("saving", ["read", "compose"])
def test_the_counts_of_a_run_show_if_files_are_not_kept(
    calls: Calls, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, saving: str
) -> None:
    calls.count(shapelint.text.source, "read_bounded")
    calls.count(yaml, "parse")
    if saving == "read":
        monkeypatch.setattr(RunFiles, "read", lambda self, path: read_source(path))
    else:
        monkeypatch.setattr(shapelint.documents.composing, "MAXIMUM_OF_ONE", 0)
    files = hydra_configs(tmp_path, 6, head=512)
    lint([tmp_path], Settings(isolated=True))
    assert calls.counts["read_bounded" if saving == "read" else "parse"] > files


def test_the_growth_shows_if_all_models_are_judged(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapelint.linting.trials, "is_apart", lambda *_: False)
    monkeypatch.setattr(shapelint.linting.trials, "shifted", lambda *_: None)
    wired, _ = growth(calls, 5)
    assert wired > 1.3


def test_the_growth_shows_if_all_text_is_parsed(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapelint.linting.trials, "is_apart", lambda *_: False)
    wired, parsed = growth(calls, 5)
    assert wired <= 1.3  # those that did not change are still not judged
    assert parsed > 1.3


def test_the_growth_shows_if_edited_texts_are_not_kept(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapelint.linting.trials, "MAXIMUM_KEPT_TRIALS", 0)
    monkeypatch.setattr(shapelint.documents.composing, "MAXIMUM_OF_ONE", 0)
    assert min(growth(calls, 20, OF_BASE, BASE)) > 1.3


@pytest.mark.parametrize("faults", [2, 3, 4, 5])
def test_the_count_of_interpretations_shows_if_faults_are_proved_separately(
    calls: Calls, monkeypatch: pytest.MonkeyPatch, faults: int
) -> None:
    monkeypatch.setattr(shapelint.linting.file_report, "joint_repairs", lambda *_: {})
    assert interpretations(calls, faults) > 2 + faults
