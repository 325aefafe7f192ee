"""Chains as pictures: what a graph holds, SVG that is well formed, a page that a browser shows."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as xml
from html.parser import HTMLParser
from pathlib import Path

import pytest
from command_line import CLEAN, ONE_FAULT, ROOT, run, write
from report_examples import NASTY, REPORTS, at, finding

import shapelint
from shapelint import lint
from shapelint.report import RenderOptions, render
from shapelint.report.chain_graph import Arrow, graph
from shapelint.report.svg import picture, places
from shapelint.spec.findings import LinkReport, LossReport, ModelReport, UncheckedLink

FIXTURES = sorted(str(path) for path in (ROOT / "fixtures").glob("*.yaml")) + sorted(
    str(path) for path in (ROOT / "fixtures" / "python").glob("*.py")
)
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")

MOCO = """\
import copy
import torchvision
from torch import nn
from lightly.loss import NTXentLoss


class MoCo(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder_q = torchvision.models.resnet18()
        self.encoder_q.fc = nn.Identity()
        self.projector_q = nn.Linear(512, 128)
        self.encoder_k = copy.deepcopy(self.encoder_q)
        self.projector_k = copy.deepcopy(self.projector_q)
        self.criterion = NTXentLoss()

    def training_step(self, batch, index):
        x0, x1 = batch[0]
        query = self.projector_q(self.encoder_q(x0))
        key = self.projector_k(self.encoder_k(x1)).detach()
        return self.criterion(query, key)
"""


def drawn(folder: Path, name: str, text: str) -> set[tuple[str, str, str, str]]:
    """Return the arrows of the one model of a text, between titles."""
    write(folder, {name: text})
    (file,) = lint(folder / name).files
    (model,) = file.models
    chain = graph(model, file.findings)
    titles = {node.name: node.title for node in chain.nodes}
    return {(titles[arrow.source], titles[arrow.target], arrow.label, arrow.state) for arrow in chain.arrows}


def test_a_config_has_its_momentum_copy_and_its_loss(tmp_path: Path) -> None:
    image = "(B, 3, H, W)"
    assert drawn(tmp_path, "model.yaml", ONE_FAULT) == {
        ("input", "backbone", image, "checked"),
        ("backbone", "projection_head", "(B, 256), expected 512", "error"),
        ("projection_head", "prediction_head", "(B, 256)", "checked"),
        ("input", "target's backbone", image, "checked"),
        ("target's backbone", "target's projection_head", "(B, 256)", "error"),
        ("prediction_head", "NegativeCosineSimilarity", "(B, 256)", "checked"),
        ("target's projection_head", "NegativeCosineSimilarity", "(B, 256)", "checked"),
    }


def test_a_program_has_the_branches_that_it_runs(tmp_path: Path) -> None:
    """The momentum branch begins at the images, not at the end of the online branch."""
    image = "(B, 3, H, W)"
    assert drawn(tmp_path, "moco.py", MOCO) == {
        ("input", "encoder_q", image, "checked"),
        ("encoder_q", "projector_q", "(B, 512)", "checked"),
        ("input", "encoder_k", image, "checked"),
        ("encoder_k", "projector_k", "(B, 512)", "checked"),
        ("projector_q", "NTXentLoss", "(B, 128)", "checked"),
        ("projector_k", "NTXentLoss", "(B, 128)", "checked"),
    }


def test_an_unchecked_link_is_dashed() -> None:
    chain = (LinkReport("backbone", "my.Net", None, None, "unknown"), LinkReport("head", "H", None, ["B", 4], "stored"))
    unchecked = (UncheckedLink("head", "what backbone gives is not known", "", at(1, 1, 2)),)
    model = ModelReport("m", "byol", chain, 2, unchecked)
    assert graph(model, ()).arrows[:2] == (
        Arrow("input", "link0", "?", "checked"),
        Arrow("link0", "link1", "?", "unchecked"),
    )
    assert picture(model, ()).count('stroke-dasharray="5 4" marker-end') == 1


@pytest.mark.parametrize("path", FIXTURES, ids=[Path(path).name for path in FIXTURES])
def test_boxes_of_every_fixture_lie_apart_and_arrows_go_right(path: str) -> None:
    for file in lint(path).files:
        for model in file.models:
            chain = graph(model, file.findings)
            where = places(chain)
            assert len(set(where.values())) == len(chain.nodes)
            assert all(where[arrow.source].column < where[arrow.target].column for arrow in chain.arrows)
            root = xml.fromstring(picture(model, file.findings))
            assert len(root.findall("{*}rect")) == len(chain.nodes) + 1  # and the background


def test_nasty_text_is_text() -> None:
    link = LinkReport(NASTY, NASTY, [["B", NASTY]], None, "unknown")
    model = ModelReport(NASTY, NASTY, (link,), losses=(LossReport(NASTY, (NASTY,)),))
    drawing = picture(model, (finding(at(1, 1, 2), role=NASTY),))
    assert {element.tag.partition("}")[2] for element in xml.fromstring(drawing).iter()} <= {
        *("svg", "defs", "marker", "path", "rect", "text", "title")
    }


class Tags(HTMLParser):
    """The tags of a page, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [str(value) for name, value in attrs if name in ("src", "srcset") or (tag == "link" and name)]


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_needs_nothing_else(name: str) -> None:
    page = Tags()
    page.feed(render(REPORTS[name], "html", RenderOptions()))
    assert page.loads == []
    assert not {"script", "iframe", "img", "b"} & set(page.tags)
    assert page.tags.count("svg") == sum(len(file.models) for file in REPORTS[name].files)


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_a_browser_shows_the_page(tmp_path: Path) -> None:
    write(tmp_path, {"model.yaml": ONE_FAULT})
    page = tmp_path / "page.html"
    page.write_text(run(tmp_path, "show", "--format", "html", "model.yaml").stdout, encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    shown = subprocess.run([str(BROWSER), *options, "--dump-dom", page.as_uri()], capture_output=True, timeout=120)
    text = re.sub(r"<[^>]+>", "\n", shown.stdout.decode())
    for words in ("projection_head expects 512 features", "expected 512", "NegativeCosineSimilarity"):
        assert words in text
    image = tmp_path / "page.png"
    subprocess.run([str(BROWSER), *options, f"--screenshot={image}", page.as_uri()], capture_output=True, timeout=120)
    assert image.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("form", ["json", "mermaid", "svg", "html"])
def test_show_has_forms(form: str, tmp_path: Path) -> None:
    write(tmp_path, {"model.yaml": CLEAN})
    result = run(tmp_path, "show", "--format", form, "model.yaml")
    begins = {"json": "{", "mermaid": "flowchart LR", "svg": "<svg ", "html": "<!doctype html>"}
    assert (result.returncode, result.stdout.startswith(begins[form])) == (0, True)
    if form == "json":
        assert result.stdout == run(tmp_path, "--output-format", "json", "model.yaml").stdout


DASHED = {"mermaid": "-.->", "svg": "stroke-dasharray", "html": "stroke-dasharray"}
RED = {"mermaid": "stroke:#d1242f", "svg": 'stroke="#d1242f"', "html": 'stroke="#d1242f"'}
UNKNOWN_HEAD = CLEAN.replace("BYOLProjectionHead(256, 1024, 256)", "mine.Head(256)").replace(
    "{target: yolov8n.Backbone, out_dim: 256}", "resnet18"
)


@pytest.mark.parametrize("form", DASHED)
def test_every_picture_marks_unchecked_and_broken_links(form: str, tmp_path: Path) -> None:
    write(tmp_path, {"broken.yaml": ONE_FAULT, "unknown.yaml": UNKNOWN_HEAD})
    broken, unknown = (run(tmp_path, "show", "--format", form, f"{name}.yaml").stdout for name in ("broken", "unknown"))
    path = (
        re.compile(r"<path [^>]*>") if form != "mermaid" else re.compile(r"^.*(?:--|-\.-|linkStyle).*$", re.MULTILINE)
    )
    marks = [" ".join(path.findall(text)) for text in (broken, unknown)]
    assert [RED[form] in mark for mark in marks] == [True, False]
    assert [DASHED[form] in mark for mark in marks] == [False, True]


def test_a_notebook_shows_the_chain(tmp_path: Path) -> None:
    write(tmp_path, {"model.yaml": ONE_FAULT})
    shown = shapelint.show(tmp_path / "model.yaml")
    page = Tags()
    page.feed(shown._repr_html_())
    assert page.tags.count("svg") == 1
    assert not {"html", "body", "script"} & set(page.tags)
    rules = re.findall(r"^(\S.*?) \{", shown._repr_html_(), re.MULTILINE)
    assert rules
    assert all(rule.startswith(".shapelint") for rule in rules)  # nothing else of the notebook's page is styled
    assert "projection_head: " in str(shown)
    assert repr(shown) == str(shown)


def test_the_copy_of_what_is_not_checked_is_not_either(tmp_path: Path) -> None:
    arrows = drawn(tmp_path, "model.yaml", UNKNOWN_HEAD)
    assert ("target's backbone", "target's projection_head", "(B, 512)", "unchecked") in arrows
    assert ("input", "target's backbone", "(B, 3, H, W)", "checked") in arrows
