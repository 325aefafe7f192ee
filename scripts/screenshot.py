"""Make docs/report.svg, the picture of a real report in the README.

    python scripts/screenshot.py [FILE] [PICTURE]

Runs shapelint on a terminal's terms (with colour) and draws what it prints. The picture names no font to download.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
FILE = "fixtures/three-faults.yaml"
PICTURE = "docs/report.svg"
FONT_FACE = re.compile(r"\s*@font-face \{\{.*?\}\}", re.DOTALL)


def report(file: str) -> str:
    """What `shapelint FILE` prints on a terminal, escapes and all."""
    environment = {**os.environ, "FORCE_COLOR": "1", "NO_COLOR": "", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "shapelint", file]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
    if result.returncode == 2:
        raise SystemExit(result.stderr)
    return result.stdout.rstrip("\n")


def picture(file: str) -> str:
    """The report as SVG, as wide as its longest line."""
    text = Text.from_ansi(f"$ shapelint {file}\n{report(file)}")
    width = max(len(line) for line in text.plain.splitlines())
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    console.print(text, soft_wrap=True)
    template = FONT_FACE.sub("", CONSOLE_SVG_FORMAT)
    svg = console.export_svg(title="shapelint", code_format=template, unique_id="shapelint")
    svg = svg.replace("<text ", '<text xml:space="preserve" ')  # not every renderer keeps leading spaces without
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main(arguments: list[str]) -> None:
    """Write the picture."""
    file, target = [*arguments, *(FILE, PICTURE)[len(arguments) :]]
    path = ROOT / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(picture(file), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
