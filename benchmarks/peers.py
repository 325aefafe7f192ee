"""Compare what shapelint and other tools find in the faults of public reports (`peer_cases.py`).

python benchmarks/peers.py [--peers FOLDER]

FOLDER is the `bin` folder of an environment with pyrefly, pyrefly-torch-stubs, ty, torchtyc, torchshapeflow, jaxtyping,
lightly and torchvision. A tool gets the shape of the input in the annotation that it reads, if it reads one. It finds a
fault if it says something of the wrong program that it does not say of the mended one.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from peer_cases import CASES, HEAD, PeerCase

PLAIN = "def forward(self, x):"
UNSEEN = "not tracked"
"""What TorchShapeFlow says of a part that it passes over."""
ANNOTATIONS = {
    "": ("", "x"),
    "pyrefly": ("from torch import Tensor\n", "x: Tensor[[{sizes}]]"),
    "jaxtyping": ("from jaxtyping import Float\nfrom torch import Tensor\n", 'x: Float[Tensor, "{words}"]'),
    "torchshapeflow": (
        "from typing import Annotated\nfrom torch import Tensor\nfrom torchshapeflow import Shape\n",
        "x: Annotated[Tensor, Shape({sizes})]",
    ),
}
"""The import and the parameter of each way to write a shape."""
TOOLS: dict[str, tuple[str, list[str]]] = {
    "shapelint": (
        "",
        [sys.executable, "-m", "shapelint", "--no-cache", "--output-format", "concise", "--quiet", "{file}"],
    ),
    "pyrefly": ("pyrefly", ["{peers}/pyrefly", "check", "--python-interpreter-path", "{peers}/python", "{file}"]),
    "ty": ("jaxtyping", ["{peers}/ty", "check", "--python", sys.prefix, "--output-format", "concise", "{file}"]),
    "torchtyc check": ("jaxtyping", ["{peers}/torchtyc", "check", "{file}"]),
    "torchtyc run": ("", ["{peers}/torchtyc", "run", "{file}"]),
    "torchshapeflow": ("torchshapeflow", ["{peers}/tsf", "check", "{file}"]),
}
"""Which annotation a tool gets, and its command."""


def program(case: PeerCase, text: str, annotation: str) -> str:
    """A whole program, whose forward says the shape of its input in a way."""
    imports, parameter = ANNOTATIONS[annotation]
    sizes, words = ", ".join(map(str, case.shape)), " ".join(map(str, case.shape))
    shown = text.replace(PLAIN, f"def forward(self, {parameter.format(sizes=sizes, words=words)}):")
    future = "from __future__ import annotations\n\n" if annotation == "pyrefly" else ""
    return f"{future}{imports}{HEAD}{shown}\n\nmodel = Net()\nmodel(torch.randn({sizes}))\n"


def said(command: Sequence[str], text: str, peers: str, folder: Path) -> set[str]:
    """What a tool says of a program: its lines with an error or a warning, without places and numbers of findings."""
    path = folder / "net.py"
    path.write_text(text)
    words = [word.format(file=path.name, peers=peers) for word in command]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    spoken = (line for line in lines if re.search(r"error|warning|SL\d{3}", line, re.IGNORECASE) and UNSEEN not in line)
    return {
        re.sub(r"\d+ (?:error|warning|diagnostic).*|:\d+(?::\d+)?|line \d+", "", line).strip() for line in spoken
    } - {""}


def verdict(case: PeerCase, tool: str, peers: str, folder: Path) -> str:
    """`found` or `-`, and whether the shapes of the mended program are said to be wrong."""
    annotation, command = TOOLS[tool]
    broken, mended = (
        said(command, program(case, text, annotation), peers, folder) for text in (case.text, case.mended)
    )
    is_false = any(re.search(r"shape|\[\[|SL\d", line) for line in mended)
    return ("found" if broken - mended else "-") + (", false alarm" if is_false else "")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default="bin")
    peers = str(Path(parser.parse_args().peers).resolve())
    print("| fault |", " | ".join(TOOLS), "|")
    with TemporaryDirectory() as folder:
        (Path(folder) / "pyrefly.toml").write_text('preset = "strict"\n')  # which infers the types of attributes
        for case in CASES:
            found = [verdict(case, tool, peers, Path(folder)) for tool in TOOLS]
            print(f"| [{case.name}]({case.source}) |", " | ".join(found), "|", flush=True)


if __name__ == "__main__":
    main()
