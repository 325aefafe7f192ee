"""The picture in docs/ shows the current output of shapelint."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from command_line import ROOT, clean_environment, run

PICTURE = ROOT / "docs" / "report.svg"
FILE = "fixtures/three-faults.yaml"


def lines(svg: str) -> list[str]:
    """Return the lines of a picture: its pieces by height, and from left to right, in columns of equal width."""
    root = ElementTree.fromstring(svg)
    pieces: dict[float, list[tuple[float, str, float]]] = defaultdict(list)
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        if text.get("textLength") and text.text and text.text.strip("\n"):
            pieces[float(text.get("y", 0))].append(
                (float(text.get("x", 0)), text.text, float(text.get("textLength", 0)))
            )
    shown = []
    for _, row in sorted(pieces.items()):
        line = ""
        for x, text, length in sorted(row):
            line = line.ljust(round(x / (length / len(text)))) + text
        shown.append(line.replace("\N{NO-BREAK SPACE}", " ").rstrip())
    return shown


def test_the_picture_is_up_to_date() -> None:
    """If it is not, run: python scripts/screenshot.py"""
    printed = [f"$ shapelint {FILE}", *run(ROOT, FILE).stdout.rstrip("\n").split("\n")]
    assert lines(PICTURE.read_text(encoding="utf-8")) == [line for line in printed if line]


def test_the_script_generates_the_picture(tmp_path: Path) -> None:
    command = [sys.executable, "scripts/screenshot.py", FILE, str(tmp_path / "report.svg")]
    subprocess.run(command, cwd=ROOT, check=True, env=clean_environment())
    made = (tmp_path / "report.svg").read_text(encoding="utf-8")
    assert lines(made) == lines(PICTURE.read_text(encoding="utf-8"))
    assert "\x1b" not in made
    assert len(set(re.findall(r"fill: (#\w+)", made))) >= 3  # it has colours


def test_the_picture_loads_nothing() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    assert not re.search(r"url\(['\"]?(?!#)|href=|@import|<script", text)
