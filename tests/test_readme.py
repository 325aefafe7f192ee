"""The content of the README and of the pages is run: commands, reports, tables, and links between them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

from shapelint import report as reports
from shapelint.cli.explain import severities_of
from shapelint.knowledge import rule_pages
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.signatures.known_models import known_models
from shapelint.spec.findings import Report
from shapelint.text.source import Source

README = (ROOT / "README.md").read_text(encoding="utf-8")
COPIED = ("shapelint", "rules", "fixtures", "scripts", "pyproject.toml", "README.md", "LICENSE")


PAGES = {path: path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}


def page(name: str) -> str:
    return PAGES[ROOT / "docs" / name]


def command(name: str) -> str:
    match = re.search(rf"<!-- command: {name} -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    assert match is not None
    return match[1]


def first_report() -> str:
    match = re.search(r"```text\n(error\[.*?)```", README, re.DOTALL)
    assert match is not None
    return match[1]


def test_ci_runs_the_test_command() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert command("test") in lines
    assert lines[-1] == command("test")


def test_the_command_to_try_it_prints_the_report_of_the_readme(tmp_path: Path) -> None:
    """In a copy of the project and a new environment, like a new user would run it."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    result = subprocess.run(command("try"), shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert result.stdout == first_report()
    assert result.returncode == 1
    installed = subprocess.run(
        [".venv/bin/python", "-m", "pip", "list", "--format=freeze"], cwd=tmp_path, capture_output=True, text=True
    )
    assert "torch" not in installed.stdout


def test_the_script_gives_the_report_below_it() -> None:
    match = re.search(r"```python\n(# train\.py\n.*?)```\n\n```text\n(.*?)```", page("programs.md"), re.DOTALL)
    assert match is not None
    report = lint_text(Source("train.py", match[1]), Settings())
    assert reports.render(Report((report,)), "text") == match[2]


def rules_table() -> str:
    """Return the table of rules that the README shows, generated from the pages."""
    rows = ["| code | fault | what it means | severity |", "|---|---|---|---|"]
    for code, rule in rule_pages.built_in().items():
        meaning = first_sentence(rule.prose)
        severity = " or ".join(severities_of(rule.page.severity))
        rows.append(f"| [{code}](../rules/{rule.path.name}) | {rule.page.name} | {meaning} | {severity} |")
    return "\n".join(rows)


COMMON = (
    "torchvision/resnet18", "torchvision/resnet34", "torchvision/resnet50", "torchvision/resnet101",
    "torchvision/wide_resnet50_2", "torchvision/resnext50_32x4d", "torchvision/densenet121",
    "torchvision/efficientnet_b0", "torchvision/efficientnet_b3", "torchvision/mobilenet_v2",
    "torchvision/mobilenet_v3_small", "torchvision/mobilenet_v3_large", "torchvision/regnet_y_400mf",
    "torchvision/convnext_tiny", "torchvision/convnext_base", "torchvision/swin_t", "torchvision/swin_b",
    "torchvision/vit_b_16", "torchvision/vit_l_16", "timm/vit_tiny_patch16_224", "timm/vit_small_patch16_224",
    "timm/vit_base_patch14_dinov2", "timm/deit_small_patch16_224", "timm/mobilenetv3_small_100",
    "timm/convnextv2_tiny", "timm/efficientnet_b0",
)  # fmt: skip


def backbones_table() -> str:
    """Return the table of common backbones by the width of their features."""
    widths: dict[int, list[str]] = {}
    for name in COMMON:
        (model,) = [model for model in known_models(name) if model.name == name]
        widths.setdefault(model.width, []).append(f"`{name}`")
    rows = [f"| {width} | {', '.join(names)} |" for width, names in sorted(widths.items())]
    return "\n".join(["| features | backbones |", "|---|---|", *rows])


def first_sentence(prose: str) -> str:
    """Return the first sentence of the section that describes a rule."""
    section = re.search(r"^## What it does\n+(.*?)(?=\n\n|\Z)", prose, re.MULTILINE | re.DOTALL)
    assert section is not None
    return " ".join(section[1].split()).split(". ")[0].rstrip(".").replace("|", "\\|")


TABLES = [("rules.md", "rules", rules_table), ("how-it-knows.md", "backbones", backbones_table)]


@pytest.mark.parametrize(("file", "name", "make"), TABLES)
def test_the_tables_are_made_from_what_they_show(file: str, name: str, make: Callable[[], str], update: bool) -> None:
    before, _, rest = page(file).partition(f"<!-- {name} -->\n")
    shown, _, after = rest.partition(f"<!-- /{name} -->")
    expected = f"\n{make()}\n\n"
    if update:
        text = f"{before}<!-- {name} -->\n{expected}<!-- /{name} -->{after}"
        (ROOT / "docs" / file).write_text(text, encoding="utf-8")
        shown = expected
    assert shown == expected


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "snippets").iterdir()), ids=lambda path: path.name)
def test_every_snippet_is_in_the_readme_or_a_page(path: Path) -> None:
    assert any(path.read_text(encoding="utf-8").rstrip() in text for text in PAGES.values())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_rules_and_files_that_a_page_names_exist(path: Path) -> None:
    assert set(re.findall(r"SL\d{3}", PAGES[path])) <= set(rule_pages.built_in())
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", PAGES[path], flags=re.DOTALL)
    for target, anchor in re.findall(r"\]\((?![a-z]+:)([^)#\s]*)(#[^)\s]*)?\)", prose):
        assert (path.parent / target).is_file(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)", (path.parent / target).read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor[1:] in [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_the_config_of_the_readme_is_clean_and_every_spelling_is_read() -> None:
    config = re.search(r"```yaml\n(method: byol .*?)```", README, re.DOTALL)
    assert config is not None
    report = lint_text(Source("model.yaml", config[1]), Settings())
    assert (report.status, report.findings) == ("checked", ())
    table = page("configs.md").partition("| a component is written as |")[2].partition("\n\n")[0]
    spellings = [text for text in re.findall(r"`([^`]+)`", table) if "..." not in text]
    assert len(spellings) > 10
    for text in spellings:
        report = lint_text(Source("model.yaml", f"backbone: resnet18\nprojection_head: {text}\n"), Settings())
        assert report.status == "checked", text
        assert not [finding for finding in report.findings if finding.code == "SL903"], text
