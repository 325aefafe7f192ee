"""Rows of libraries whose models have names: `python -m shapelint.trace.make.library_rows ultralytics|smp|open_clip`.

Each library has a file in `rules/`, with a line for each name: the name, a tab, and what was measured of it. The first
line holds the version. `rules/python/` has the classes that read them.
"""

from __future__ import annotations

import copy
import importlib
import importlib.metadata
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from shapelint.knowledge import rules_folder

NamedRow = tuple[str, str]
MEASURED_AT = 256


def ultralytics() -> Iterator[NamedRow]:
    """Yield the layers of each network: `class:channels/kernel,stride,padding<from`, separated by spaces.

    The kernel is that of a convolution. Of anything else there is only the stride, and without one the size is kept.
    """
    tasks: Any = importlib.import_module("ultralytics.nn.tasks")
    folder = Path(tasks.__file__).parent.parent / "cfg" / "models"
    for path in sorted(folder.rglob("yolo*.yaml")) + sorted(folder.rglob("rtdetr*.yaml")):
        config = tasks.yaml_model_load(path)
        for scale in config.get("scales") or ("",):
            stem = re.sub(r"(yolo(?:e-)?v?\d+)(?=-|$)", rf"\g<1>{scale}", path.stem, count=1)
            if (layers := _layers(tasks, {**copy.deepcopy(config), "scale": scale})) is not None:
                yield stem, layers


def _layers(tasks: Any, config: dict[str, Any]) -> str | None:
    """Return the layers of one network; None if it cannot be run as it is."""
    found: dict[int, str] = {}
    sizes: dict[int, int] = {}
    try:
        network, _ = tasks.parse_model(config, ch=3, verbose=False)
    except OSError:  # weights that are downloaded
        return None

    def note(layer: Any, _inputs: Any, output: Any) -> None:
        before = MEASURED_AT if layer.i == 0 else sizes[(layer.f if isinstance(layer.f, int) else layer.f[0]) % layer.i]
        taken = "" if layer.f == -1 else "<" + ",".join(map(str, [layer.f] if isinstance(layer.f, int) else layer.f))
        name = type(layer).__name__
        if name == "Classify":
            found[layer.i] = f"{name}:{layer.linear.in_features},{layer.linear.out_features}{taken}"
        elif isinstance(output, torch.Tensor) and output.dim() == 4:
            sizes[layer.i] = output.shape[2]
            found[layer.i] = f"{name}:{output.shape[1]}{_step(layer, before, output.shape[2])}{taken}"
        else:
            found[layer.i] = f"{name}{taken}"

    for layer in network:
        layer.register_forward_hook(note)
    try:
        _forward(network)
    except Exception:
        return None
    return " ".join(found.get(index, type(layer).__name__) for index, layer in enumerate(network))


def _forward(network: Any) -> None:
    value: Any = torch.zeros(2, 3, MEASURED_AT, MEASURED_AT)
    seen: list[Any] = []
    for layer in network:
        if layer.f != -1:
            many = isinstance(layer.f, list)
            value = [value if one == -1 else seen[one] for one in layer.f] if many else seen[layer.f]
        if hasattr(layer, "nc") and not hasattr(layer, "linear"):
            return  # what a head of detection gives is not recorded
        value = layer(value)
        seen.append(value)


def _step(layer: Any, before: int, after: int) -> str:
    convolution = getattr(layer, "conv", None)
    if type(layer).__name__ == "Conv" and isinstance(convolution, torch.nn.Conv2d):
        return "/" + ",".join(str(one[0]) for one in (convolution.kernel_size, convolution.stride, convolution.padding))
    return "" if before == after else f"/{before // after}" if after < before else f"*{after // before}"


def smp() -> Iterator[NamedRow]:
    """Yield the channels of each map of the encoders of segmentation_models_pytorch, and its reduction."""
    library = importlib.import_module("segmentation_models_pytorch")
    for name in library.encoders.get_encoder_names():
        try:
            maps = _maps(library, name, "meta")
        except RuntimeError:  # its constructor computes with numbers
            maps = _maps(library, name, "cpu")
        yield name, " ".join(f"{one.shape[1]}/{MEASURED_AT // one.shape[2]}" for one in maps)


def _maps(library: Any, name: str, device: str) -> list[torch.Tensor]:
    with torch.device(device):
        encoder = library.encoders.get_encoder(name, weights=None).eval()
        maps: list[torch.Tensor] = encoder(torch.zeros(1, 3, MEASURED_AT, MEASURED_AT))
    assert [one.shape[1] for one in maps] == list(encoder.out_channels)
    return maps


def open_clip() -> Iterator[NamedRow]:
    """Yield the width of the embedding, the image size, and the width of the image tower before its projection."""
    library = importlib.import_module("open_clip")
    for name in library.list_models():
        config = library.get_model_config(name)
        vision = config["vision_cfg"]
        size, width = vision.get("image_size", 224), vision.get("width", 768)
        tower = "timm" if "timm_model_name" in vision else "resnet" if isinstance(vision.get("layers"), list) else "vit"
        yield name, f"{config['embed_dim']} {size} {tower} {width} {vision.get('patch_size', 16)}"


LIBRARIES: dict[str, tuple[str, Callable[[], Iterator[NamedRow]]]] = {
    "ultralytics": ("ultralytics", ultralytics),
    "smp": ("segmentation_models_pytorch", smp),
    "open_clip": ("open_clip_torch", open_clip),
}


def main(name: str) -> None:
    """Write the file of a library anew."""
    package, rows = LIBRARIES[name]
    with torch.device("meta" if name == "ultralytics" else "cpu"), torch.no_grad():
        lines = [f"# {package} {importlib.metadata.version(package)}", *("\t".join(row) for row in rows())]
    (rules_folder.folder() / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
