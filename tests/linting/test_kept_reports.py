"""After an edit of one file, the reports of those that did not read it are kept; what is printed is the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import CLEAN, ONE_FAULT, clean_environment, write
from conftest import ROOT
from kept_project import Project, made

from shapelint.common.reads import digest

FORMATS = ("text", "json", "sarif")
EDITS = {
    "a config": ("model.yaml", CLEAN, {"model.yaml"}),
    "an imported module": ("heads.py", "WIDTH = 256\n", {"heads.py", "train.py", "model.yaml", "composed.yaml"}),
    "a part of a config": ("backbone/small.yaml", "backbone: resnet18\n", {"backbone/small.yaml", "composed.yaml"}),
    "a script": ("train.py", "import torch\n", {"train.py", "model.yaml", "composed.yaml"}),
    "a config of the same content": ("model.yaml", ONE_FAULT, set()),
}
"""What is edited, its new text, and what read it: a config reads the scripts near it, since one may load it."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return made(tmp_path)


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("edit", EDITS)
def test_only_what_read_an_edited_file_is_linted_again(edit: str, output_format: str, project: Project) -> None:
    arguments = (".", "--output-format", output_format, "-v")
    project.run(*arguments)  # this may trace, and so is not kept
    project.run(*arguments)
    path, text, expected = EDITS[edit]
    (project.folder / path).write_text(text)
    (project.folder / "shapelint.toml").touch()
    found = project.run(*arguments)
    assert project.linted() - {"backbone/small.yaml"} == expected - {"backbone/small.yaml"}
    assert found == project.run(*arguments, "--no-cache")


OPEN = """\
from torch import nn
from lightly.models.modules import BYOLProjectionHead


class BYOL(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.projection_head = BYOLProjectionHead(300, 1024, 256)

    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""
BUILDER = "import torch\nfrom open_model import BYOL\n\nBYOL(torch.nn.Linear(64, {width}))(torch.rand(8, 64))\n"
UNRELATED = "import torch\nfrom torch import nn\n\nnet = nn.Sequential(nn.Linear({width}, 8), nn.Linear(8, 4))\n"


@pytest.mark.parametrize(
    ("name", "text", "linted"),
    [
        pytest.param("unrelated.py", UNRELATED.format(width=20), {"unrelated.py"}, id="names the same"),
        pytest.param("unrelated.py", BUILDER.format(width=200), {"unrelated.py", "open_model.py"}, id="builds it now"),
        pytest.param("builder.py", BUILDER.format(width=200), {"builder.py", "open_model.py"}, id="builds it anew"),
        pytest.param("builder.py", UNRELATED.format(width=9), {"builder.py", "open_model.py"}, id="builds it no more"),
    ],
)
def test_a_class_that_others_build_is_linted_again_if_it_is_built_otherwise(
    name: str, text: str, linted: set[str], project: Project
) -> None:
    """Who builds it is looked for among all programs: of the others it depends on what they name alone."""
    first = {"open_model.py": OPEN, "builder.py": BUILDER.format(width=300), "unrelated.py": UNRELATED.format(width=10)}
    write(project.folder, first)
    for path in ("model.yaml", "composed.yaml", "train.py"):  # a config reads all programs beside it
        (project.folder / path).unlink()
    project.run(".")
    project.run(".")
    (project.folder / name).write_text(text)
    found = project.run(".")
    assert project.linted() - {"backbone/small.yaml"} == linted
    assert found == project.run(".", "--no-cache")


def test_another_command_line_and_another_set_of_files_have_reports_of_their_own(project: Project) -> None:
    project.run(".")
    for arguments in ((".", "--ignore", "SL101"), ("model.yaml", "train.py")):
        found = project.run(*arguments)
        assert "model.yaml" in project.linted()
        assert found == project.run(*arguments, "--no-cache")


@pytest.mark.parametrize("output_format", ["text", "json"])
def test_the_reports_of_all_fixtures_hold(output_format: str, project: Project) -> None:
    write(project.folder, {"fixtures/model.yaml": ONE_FAULT})
    for path in (ROOT / "fixtures").rglob("*"):
        if path.is_file():
            target = project.folder / "fixtures" / path.relative_to(ROOT / "fixtures")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    arguments = ("fixtures", "--output-format", output_format, "-v")
    project.run(*arguments)
    project.run(*arguments)
    (project.folder / "fixtures" / "model.yaml").write_text(CLEAN)
    found = project.run(*arguments)
    assert "fixtures/model.yaml" in project.linted()
    assert len(project.linted()) < 20
    assert found == project.run(*arguments, "--no-cache")


FORGED = {
    "no report": lambda kept: kept.pop("report"),
    "another kind of report": lambda kept: kept.update(report={"path": 1}),
    "a report with more in it": lambda kept: kept["report"].update(findings=[{"code": "SL101"}]),
    "a text": lambda kept: kept.update(report="all clear"),
    "no reads": lambda kept: kept.pop("reads"),
}


@pytest.mark.parametrize("fault", FORGED)
def test_a_report_that_does_not_validate_is_not_believed(fault: str, project: Project) -> None:
    project.run("model.yaml", "composed.yaml")
    before = project.run("model.yaml", "composed.yaml")
    for path in project.results.iterdir():
        kept = json.loads(path.read_bytes().partition(b"\n")[2])
        if "report" not in kept:
            path.unlink()  # the run as a whole
            continue
        FORGED[fault](kept)  # type: ignore[no-untyped-call]
        body = json.dumps(kept).encode()
        path.write_bytes(f"shapelint results 2 {digest(body)}\n".encode() + body)
    assert project.run("model.yaml", "composed.yaml") == before
    assert project.linted() == {"model.yaml", "composed.yaml"}


READS = """
import json, os, sys
from pathlib import Path
from shapelint.common.reads import recording
from shapelint.linting import lint_paths
from shapelint.linting.collect import collect
from shapelint.linting.run_files import RunFiles
from shapelint.settings.settings import Settings
candidates = sorted(collect([Path(".")]), key=lambda one: one.path.suffix in (".yaml", ".yml"))
files, settings = RunFiles.of(one.path for one in candidates), Settings()

def asked(candidate):
    with recording() as reads:
        lint_paths._lint_candidate(candidate, settings, files)
    answers = ((path, *one) for path, (_, found) in reads.paths.items() for one in found.items())
    return {**{f"{question} {path}": answer for path, question, answer in answers}, **reads.places}

def alone(candidate):
    reader, writer = os.pipe()
    if not os.fork():
        with os.fdopen(writer, "w") as stream:
            json.dump(asked(candidate), stream)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        return json.load(stream)

expected = [alone(one) for one in candidates]
lost = {}
for order in (candidates, candidates[::-1]):
    for one in order:
        among = asked(one)
        missing = [key for key, answer in expected[candidates.index(one)].items() if among.get(key) != answer]
        lost.update({str(one.path): missing} if missing else {})
print(json.dumps([len(candidates), sum(map(len, expected)), lost]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.parametrize("folder", ["fixtures", "project"])
def test_what_a_file_depends_on_does_not_depend_on_what_was_linted_before(folder: str, project: Project) -> None:
    """Whatever is remembered from one file for the next, each notes all that it would have read alone."""
    place = ROOT / "fixtures" if folder == "fixtures" else project.folder
    environment = clean_environment(PYTHONPATH=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-c", READS], cwd=place, env=environment, capture_output=True, text=True, timeout=300
    )
    count, asked, lost = json.loads(done.stdout)
    assert lost == {}
    assert count >= 4
    assert asked > 5 * count
