"""How components are resolved."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from shapelint.common.frozen import frozen
from shapelint.documents.overrides import Override


@frozen
class Options:
    """How to resolve: `trace` traces every component anew, including those whose signature is stored.

    `signatures` are declared by the user, as pairs of a target and a line. Packages in `trust` are imported and traced
    in a child process, with `root` as the folder where they are found; those in `untrusted` are named by the settings,
    but not allowed by whoever runs shapelint. `method` and `input` (channels, height, width)
    are for models that do not set them; `rules` are folders of rule pages in addition to shapelint's own; `checkpoint`
    is a file to compare every model with. `users` are the Python files of the run that import the linted one;
    `folder` is where a program that is in no file finds its modules and data. `overrides` are of the values of Hydra
    configs; `sweeps` says that a sweep which a config describes is judged, too. `config` is a file that the command
    line of a program names: by these `words` of it, None where it is not yet known which, as the path `named_as`.
    Components that are equal may be one object if it `shares` them: those of a config, which nothing changes. Reports
    have the `chains` of models: with their layers, with their links alone, or not at all.
    """

    trace: bool = False
    signatures: tuple[tuple[str, str], ...] = ()
    trust: tuple[str, ...] = ()
    untrusted: tuple[str, ...] = ()
    root: str = ""
    method: str = ""
    input: tuple[int | None, int | None, int | None] | None = None
    rules: tuple[Path, ...] = ()
    checkpoint: str = ""
    users: tuple[str, ...] = ()
    folder: str = ""
    overrides: tuple[Override, ...] = ()
    sweeps: bool = True
    config: str = ""
    words: tuple[tuple[str, str], ...] | None = None
    named_as: str = ""
    shares: bool = False
    chains: Literal["layers", "links", ""] = "layers"
