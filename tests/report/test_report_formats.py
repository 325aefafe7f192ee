"""Properties of all formats."""

from __future__ import annotations

import subprocess
import sys

import pytest
from report_examples import REPORTS

from shapelint.report import FORMATS, RenderOptions, render

RAW_CONTROL = {chr(code) for code in [*range(32), 127, 0x85, 0x2028, 0x2029, 0x202E, 0xFEFF]} - {"\n"}


def test_formats_have_the_names_of_the_contract() -> None:
    assert list(FORMATS) == ["text", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown", "azure"]


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("name", REPORTS)
def test_every_report_renders_without_raw_control_characters(output_format: str, name: str) -> None:
    rendered = render(REPORTS[name], output_format, RenderOptions(root="/repo"))
    assert rendered.endswith("\n")
    assert not RAW_CONTROL & set(rendered)
    assert rendered == render(REPORTS[name], output_format, RenderOptions(root="/repo"))


@pytest.mark.parametrize("output_format", FORMATS)
def test_shapelint_draws_in_ascii(output_format: str) -> None:
    for name in ("nothing", "seed", "mixed"):
        assert render(REPORTS[name], output_format).isascii()


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a statement imports in a fresh interpreter."""
    script = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_a_format_is_imported_only_when_it_is_chosen() -> None:
    heavy = {"xml.etree.ElementTree", "json", "hashlib", "urllib.parse", "torch", "click", "pydantic", "yaml"}
    chosen = "from shapelint.report import render; from shapelint.spec.findings import Report; render(Report(), {!r})"
    assert "shapelint.report.text" in loaded_by(chosen.format("text"))
    assert not heavy & loaded_by(chosen.format("text"))
    assert "shapelint.report.sarif" not in loaded_by(chosen.format("json"))
    assert heavy & loaded_by(chosen.format("junit")) == {"xml.etree.ElementTree"}
