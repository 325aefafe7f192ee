"""Regenerate the generated files of rules/signatures and rules/tensors: `python -m shapelint.trace.make [FILE...]`.

It needs torch, torchvision and lightly, and takes about half an hour for everything; FILE, such as
`lightly.models.modules` or `torchvision.models/resnet18`, restricts it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.signature_files import SignatureFile
from shapelint.trace.make import lightly_heads, torchvision_models
from shapelint.trace.make.emit import tensors_to_yaml, to_yaml

GENERATED_HEADER = ("Made by `python -m shapelint.trace.make`; do not edit.",)


def files() -> Iterator[tuple[str, Callable[[], SignatureFile]]]:
    """The name of every generated file under rules/signatures, without suffix, and the function that makes it."""
    import torchvision

    yield "lightly.models.modules", lightly_heads.component_file
    for name in torchvision.models.list_models(module=torchvision.models):
        yield f"torchvision.models/{name}", partial(torchvision_models.component_file, name)


def main(wanted: list[str]) -> int:
    """Write the requested files, or all of them."""
    known = dict(files())
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"not a generated file: {', '.join(unknown)}", file=sys.stderr)
        return 2
    for name in wanted or known:
        started = time.perf_counter()
        file = known[name]()
        path = _write("signatures", name, to_yaml(file, GENERATED_HEADER))
        if tensors := stored_tensors(file):
            _write("tensors", name, tensors_to_yaml(tensors, GENERATED_HEADER))
        print(f"{path} ({time.perf_counter() - started:.1f} s)", file=sys.stderr, flush=True)
    return 0


def stored_tensors(file: SignatureFile) -> Mapping[str, str]:
    """The tensors of the fullest model of a file; those of a head follow from its table of parts."""
    literal = file.components[-1]
    return literal.rows[0].tensors if literal.role == "backbone" else {}


def _write(folder: str, name: str, text: str) -> Path:
    path = rules_folder.folder() / folder / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
