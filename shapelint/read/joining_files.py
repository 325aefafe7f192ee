"""The files that a config is composed of, joined to it: those of a Hydra defaults list, or the bases of OpenMMLab's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from shapelint.documents.defaults import join_defaults
from shapelint.read import openmmlab
from shapelint.text.source import Source, read_source


def join_parts(source: Source, read: Callable[[Path], Source] = read_source) -> Source:
    """Join to a config the files that it names, directly or through others; `read` reads one."""
    if openmmlab.is_config(source):
        return openmmlab.gathered(source, read)
    return join_defaults(source, read)
