"""Packages of which little is known: imports of these names do not refer to files of the repository."""

from __future__ import annotations

from shapelint.common.words import words
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.values import NONE, UNKNOWN, Items, Value


def _initialized(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `amp.initialize(model, optimizer)` of apex, which returns what it gets."""
    models, optimizers = arguments.get(0, "models"), arguments.get(1, "optimizers")
    if models is None or not arguments.complete:
        return UNKNOWN
    return models if optimizers in (None, NONE) else Items([models, optimizers or UNKNOWN], "tuple")


OTHERS = LibraryPlugin(
    "others",
    packages=words("scipy sklearn tqdm wandb einops PIL cv2 pandas matplotlib apex"),
    functions={"apex.amp.initialize": _initialized},
    passes_on=frozenset({"tqdm"}),
)
